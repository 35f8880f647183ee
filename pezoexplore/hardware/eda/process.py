"""Execution of an external tool: time limit for its process group, output to a bounded log."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import BinaryIO, Protocol

from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.processes import guarded, kill_session, kill_tree

MAX_LOG_BYTES = 16 * 2**20
"""Bytes of output after which a tool is stopped."""

_POLL_S = 0.05

_DROPPED_PREFIXES = ("COCOTB_", "GPI_", "PYGPI_", "VERILATOR_", "IVERILOG_", "YOSYS_", "OPT_")
_DROPPED = frozenset(
    (
        *("MODULE", "TOPLEVEL", "TOPLEVEL_LANG", "TESTCASE", "RANDOM_SEED", "SIM", "WAVES", "GUI"),
        *("SIM_ARGS", "COMPILE_ARGS", "EXTRA_ARGS", "PLUSARGS", "PLUS_ARGS", "TIMESCALE"),
        *("VERILOG_SOURCES", "VHDL_SOURCES", "MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKEFILES"),
        *("PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONDEBUG"),
        *("PYTHONVERBOSE", "PYTHONBREAKPOINT", "PYTHONDEVMODE", "PERL5OPT"),
    )
)
"""Variables that select or change what cocotb, a simulator, Yosys, make or Python runs."""


def tool_environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a tool: the user's, less what changes results of tools.

    A test filter left from other work makes cocotb run no test; ``PYTHONOPTIMIZE`` removes the
    assertions of a bench.

    Args:
        variables: The user's environment; None for that of this process.
    """
    given = os.environ if variables is None else variables
    return {
        name: text
        for name, text in given.items()
        if name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)
    }


def run_tool(
    command: Sequence[str],
    cwd: Path,
    log_path: Path,
    timeout_s: float,
    stop: Event | None = None,
    *,
    variables: Mapping[str, str] | None = None,
) -> int:
    """Run a program and wait for its end.

    Args:
        command: Program and arguments; never a shell line.
        cwd: Working folder.
        log_path: Output and errors are appended here.
        timeout_s: Seconds until its process group is killed.
        stop: Event with which another thread has the program killed immediately.
        variables: Added to :func:`tool_environment`.

    Returns:
        The exit code.

    Raises:
        ToolError: The program is missing, printed too much, or was stopped.
        ToolTimeoutError: The program timed out.
    """
    return supervised(
        lambda log: _start(command, cwd, log, variables or {}),
        log_path,
        command[0],
        timeout_s,
        stop,
    )


class Running(Protocol):
    """A process as :class:`subprocess.Popen` has it, which leads a session."""

    @property
    def pid(self) -> int:
        """Process ID."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise subprocess.TimeoutExpired where it goes on."""

    def poll(self) -> int | None:
        """Return the exit code; None while it works."""


def supervised(
    begin: Callable[[BinaryIO], Running],
    log_path: Path,
    name: str,
    timeout_s: float,
    stop: Event | None = None,
) -> int:
    """Begin a process and wait for its end; see :func:`run_tool`.

    Args:
        begin: Starts it, given the log to print to.
        log_path: The log.
        name: Its name in errors.
        timeout_s: As in :func:`run_tool`.
        stop: As there.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        start = log.tell()
        process = None
        try:
            process = begin(log)
            return _wait(process, log_path, start, timeout_s, name, stop or Event())
        finally:
            if process is not None:
                end(process)


def _start(
    command: Sequence[str], cwd: Path, log: BinaryIO, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=tool_environment() | dict(variables) | guarded(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{command[0]}: cannot be started ({error.strerror})") from error


def _wait(
    process: Running,
    log_path: Path,
    start: int,
    timeout_s: float,
    name: str,
    stop: Event,
) -> int:
    deadline = time.monotonic() + timeout_s
    pause = 0.002
    while True:
        try:
            return process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(2 * pause, _POLL_S)
        if stop.is_set():
            raise ToolError(f"{name}: stopped")
        if time.monotonic() > deadline:
            raise ToolTimeoutError(f"{name}: no end after {timeout_s:g} s; killed, see {log_path}")
        if log_path.stat().st_size - start > MAX_LOG_BYTES:
            raise ToolError(f"{name}: printed over {MAX_LOG_BYTES:,} bytes; killed, see {log_path}")


def end(process: Running) -> None:
    """Kill the rest of the program: its session and its processes in other sessions."""
    if process.poll() is None:
        kill_tree(process.pid)
    kill_session(process.pid)  # where a process between it and the tool is gone, too
    process.wait()
