"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore import completion
from pezoexplore.errors import PezoError


class TableOrJson(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"


class StreamForm(StrEnum):
    """How words are written."""

    csv = "csv"
    hex = "hex"
    npy = "npy"
    json = "json"


Format = Annotated[TableOrJson, typer.Option("--format", help="How results are printed.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=1024,
        envvar="PEZOEXPLORE_JOBS",
        help="Processes; default: all CPUs.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--set",
        metavar="KEY=VALUE",
        help="A setting, such as train.steps=2000.",
        autocompletion=completion.settings,
    ),
]
RtlDir = Annotated[
    Path | None, typer.Option("--rtl-dir", help="An edited copy of rtl/ to use instead.")
]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="File for the RTL results as JUnit XML.")
]
ExecutorOption = Annotated[
    str | None,
    typer.Option("--executor", help="local: processes here; dask: workers anywhere."),
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A running Dask scheduler.")
]
ClusterOption = Annotated[
    Path | None,
    typer.Option("--cluster", help="File that names a SLURM, LSF, PBS or SGE queue (YAML)."),
]
CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", help="Folder of finished runs to share; default: $PEZOEXPLORE_CACHE."),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results and troubles only, no progress.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every run and what it is run with.")
]
Stages = Annotated[
    str,
    typer.Option(
        "--stages",
        help="Which stages to run, comma-separated.",
        autocompletion=completion.stages,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        help="Rows to look at, such as 'lut <= 500 and reuse == phased'.",
        autocompletion=completion.conditions,
    ),
]
ResultsFile = Annotated[
    Path, typer.Argument(metavar="RESULTS.csv", help="A results.csv, or its run directory.")
]
TaskName = Annotated[str | None, typer.Option("--task", help="Task; default: digits-mlp.")]
Simulator = Annotated[str, typer.Option("--sim", help="Simulator: icarus or verilator.")]


def speak(quiet: bool, verbose: bool) -> None:
    """Set how much news the command prints."""
    from pezoexplore.commands import terminal

    if quiet and verbose:
        raise PezoError("--quiet and --verbose: give one of them")
    level = terminal.Level
    terminal.speak(level.quiet if quiet else level.verbose if verbose else level.normal)


def speak_normally() -> None:
    """Forget how much news was asked for: another command line may follow in this process."""
    terminal = sys.modules.get("pezoexplore.commands.terminal")  # if a command needed it
    if terminal is not None:
        terminal.speak(terminal.Level.normal)


def job_count(asked: int | None) -> int:
    """Processes asked for, or as many as there are CPUs for us."""
    return asked or len(os.sched_getaffinity(0))


def command_line() -> list[str]:
    """What was typed, for run.json."""
    return ["pezoexplore", *sys.argv[1:]]
