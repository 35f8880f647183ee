"""Time until each command reports a user error, as a ratio to starting Python.

    python bench/error_time.py [--runs 5] [COMMAND ...]

Each command gets a mistake that it can only see once it has begun: a file that is not there, an
unknown module, a value that a design does not allow. Measured is the processor time of the whole
process against that of ``python -c pass`` right before, the least of some runs each, so that other
work on the machine counts little; 0.5 s on a quiet machine is about 40 times. Exit status 1 if a
command takes more than that, does not fail, or says more than one line.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pezoexplore.cli.commands import COMMANDS

LIMIT = 40.0
"""Most times the processor time of ``python -c pass``."""

MISTAKES = {
    "sweep": ["sweep missing.yaml", "sweep wrong.yaml", "sweep --lanes 0", "sweep -s train.x=1"],
    "search": [
        "search missing.yaml --budget 2",
        "search wrong.yaml --budget 2",
        "search --budget 0",
    ],
    "evaluate": ["evaluate --task missing", "evaluate --lanes 0"],
    "init": ["init nowhere/design.yaml"],
    "watch": ["watch missing", "watch missing --web"],
    "compare": ["compare --task missing"],
    "stream": ["stream --rng missing --count 1", "stream --lanes 0 --count 1"],
    "quality": ["quality --rng missing", "quality --lanes 0"],
    "train": ["train --task missing", "train --lanes 0"],
    "verify": [
        "verify missing",
        "verify lfsr --rtl-dir missing",
        "verify --formal missing",
        "verify missing --mutants 3",
    ],
    "cosim": ["cosim --task missing", "cosim --lanes 0"],
    "export": ["export --rng missing --out b", "export 123456 --results missing --out b"],
    "board": ["board missing", "board icebreaker --task missing"],
    "project": ["project --tool vivado --part p --rng missing --out b"],
    "log": ["log missing --mlflow x", "log wrong.csv --mlflow x"],
    "pareto": ["pareto missing.csv", "pareto wrong.csv"],
    "report": ["report missing", "report wrong.csv"],
    "recommend": ["recommend --params 9 --lanes 9 --results missing.csv", "recommend --lanes 9"],
    "sensitivity": ["sensitivity missing.csv", "sensitivity wrong.csv"],
    "show": ["show 123456 missing", "show 12"],
    "calibrate": ["calibrate missing nowhere"],
    "diff": ["diff missing.csv other.csv"],
    "doctor": ["doctor --missing"],
    "schema": ["schema --missing"],
    "list": ["list missing"],
    "cache": ["cache stats --cache missing", "cache prune"],
}
"""Command lines that end in an error, by command."""


def spent(words: list[str], folder: Path) -> tuple[float, int, str]:
    """Run a process; return its processor seconds, exit status and errors."""
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=folder, stdin=-3, stdout=-3, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return used.ru_utime + used.ru_stime, process.returncode, said.read()


def ratio(line: str, runs: int, folder: Path) -> tuple[float, str]:
    """Return the processor time of a command line over Python's, and what is wrong with it."""
    least, alone, wrong = float("inf"), float("inf"), ""
    for _ in range(runs):
        alone = min(alone, spent(["-c", "pass"], folder)[0])
        seconds, status, said = spent(["-m", "pezoexplore", *line.split()], folder)
        least = min(least, seconds)
        errors = [text for text in said.splitlines() if text.startswith("error: ")]
        if status != 2 or len(errors) != 1 or len(said.splitlines()) != 1:
            wrong = f"status {status}: {said.strip()[:200]!r}"
    return least / alone, wrong


def main() -> int:
    """Measure, print a line a command, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    names = [name for commands in COMMANDS.values() for name in commands]
    for name in names:  # a new command without listed errors
        MISTAKES.setdefault(name, [f"{name} --missing"])
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wrong.yaml").write_text("name: wrong\nspace: {lanes: [0]}\n")
        (folder / "wrong.csv").write_text("a,b\n1,2\n")
        ratio("--version", 1, folder)  # compiles what is new
        for command in given.commands or names:
            for line in MISTAKES[command]:
                times, wrong = ratio(line, given.runs, folder)
                found.append((times, line, wrong))
    for times, line, wrong in sorted(found):
        sys.stdout.write(f"{times:6.1f}  {line}{'  NOT AN ERROR LINE: ' if wrong else ''}{wrong}\n")
    return int(any(times > LIMIT or wrong for times, _, wrong in found))


if __name__ == "__main__":
    sys.exit(main())
