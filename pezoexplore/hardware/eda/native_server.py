"""A process of native Yosys that reads models of cells once and maps each design in a fork.

Run as a program by :mod:`pezoexplore.hardware.eda.native_yosys`; it imports nothing of the package,
so that it starts fast. Its argument is a JSON list of the Yosys commands to run first. Each line of
its input is a job in JSON: ``folder`` to run in, ``log`` for what Yosys' own log lacks, and
``commands``. It answers :data:`READY`, then for each job the process ID of the fork and, when that
has ended, its exit code, a line each.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

READY = "ready"
"""First line of the answers: Yosys has run the first commands."""

YOSYS_LOG = "yosys.log"
"""Name of the log file written by Yosys itself."""

TECHMAP = "techmap -map "
"""Start of a command that maps cells by a file, which must be the same for all jobs."""


def main() -> None:
    """Run the first commands, then the jobs, until the input ends."""
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    from pyosys import libyosys

    design = libyosys.Design()

    def run(command: str) -> None:
        libyosys.run_pass(command, design)

    for command in json.loads(sys.argv[1]):
        run(command)
    os.dup2(nothing, 2)
    os.write(answers, f"{READY}\n".encode())
    saved: set[str] = set()
    for line in sys.stdin:
        job = json.loads(line)
        os.chdir(job["folder"])
        job["commands"] = [_with_saved_map(command, saved, run) for command in job["commands"]]
        pid = os.fork()
        if pid == 0:
            _work(job, run, nothing)
        os.write(answers, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _with_saved_map(command: str, saved: set[str], run: Callable[[str], None]) -> str:
    """Return a command whose map, if techmap reads one, is a saved design in place of the file.

    The first job that needs a file has it read and saved. An error, which is in the log of that
    job, ends the process.
    """
    name = command.removeprefix(TECHMAP)
    if name == command:
        return command
    if name not in saved:
        for reading in (
            "design -push",
            f"read_verilog -nooverwrite -noblackbox -icells {name}",  # as techmap does
            f"design -save {name}",
            "design -pop",
        ):
            run(f"tee -q -a {YOSYS_LOG} {reading}")
        saved.add(name)
    return f"{TECHMAP}%{name}"


def _work(job: dict[str, Any], run: Callable[[str], None], nothing: int) -> NoReturn:
    """Run a job's commands and end this process: with 1 after an error."""
    code = 1
    try:
        os.setsid()
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(nothing, 0)
        os.dup2(log, 2)
        os.environ["TMPDIR"] = "."  # what ABC reads goes with the folder, should this be killed
        open(YOSYS_LOG, "wb").close()  # noqa: PTH123 - as few imports as possible
        for command in job["commands"]:
            run(f"tee -q -a {YOSYS_LOG} {command}")
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent does
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
