"""Options that several commands share."""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.analysis.run_files import results_file
from pezoexplore.cli import completion
from pezoexplore.cli.terminal import set_verbosity
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.train.device import VARIABLE, Device


class TableOrJson(StrEnum):
    """Format of printed results."""

    table = "table"
    json = "json"


class StreamForm(StrEnum):
    """Format of the words of a stream."""

    csv = "csv"
    hex = "hex"
    npy = "npy"
    json = "json"
    raw = "raw"


Format = Annotated[TableOrJson, typer.Option("--format", help="Format of the printed results.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=1024,
        envvar="PEZOEXPLORE_JOBS",
        help="Number of worker processes; default: one per CPU.",
    ),
]
DeviceOption = Annotated[
    Device,
    typer.Option(
        "--device",
        envvar=VARIABLE,
        help="Train on the CPU, on a GPU, or on a GPU if there is one (auto).",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--set",
        metavar="KEY=VALUE",
        help="Override a setting of the design file, such as train.steps=2000; may be repeated.",
        autocompletion=completion.settings,
    ),
]
RtlDir = Annotated[
    Path | None, typer.Option("--rtl-dir", help="Use the Verilog of this folder, a copy of rtl/.")
]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="Write the RTL results to this file as JUnit XML.")
]
ExecutorOption = Annotated[
    str | None,
    typer.Option(
        "--executor", help="local: processes on this machine; dask: workers on any machines."
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Use this running Dask scheduler."),
]
ClusterOption = Annotated[
    Path | None,
    typer.Option(
        "--cluster", help="Start Dask workers on the SLURM, LSF, PBS or SGE queue of this file."
    ),
]
MasterSeed = Annotated[
    int,
    typer.Option(
        min=0,
        max=2**64 - 1,
        help="Master seed; the RTL has 0, but in bundles exported with another.",
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Folder of finished runs that several commands share; default: $PEZOEXPLORE_CACHE.",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Use no shared cache, even if $PEZOEXPLORE_CACHE is set.")
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="NAME",
        help="Tag the run, for `list runs --tag` and `report --tag`; may be repeated; default: the "
        "tags that the run directory has.",
    ),
]
TagsWanted = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME", help="Only runs with this tag; may be repeated."),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results, warnings and errors only.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every run, tool versions and settings.")
]
Stages = Annotated[
    str,
    typer.Option(
        "--stages",
        help="Stages to run, comma-separated: train, rtl, synth, power.",
        autocompletion=completion.stages,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Use only rows that meet this condition, such as 'lut <= 500 and reuse == phased'; "
        "may be repeated: rows must meet all.",
        autocompletion=completion.conditions,
    ),
]


def there(run: Path | None) -> Path | None:
    """Refuse a run that is not there, before anything heavy is imported to read it.

    Raises:
        DesignError: There is no results.csv.
    """
    if run is not None:
        results_file(run)
    return run


ResultsFile = Annotated[
    Path,
    typer.Argument(
        metavar="RESULTS.csv", help="A results.csv, or its run directory.", callback=there
    ),
]
TaskName = Annotated[str | None, typer.Option("--task", help="Training task; default: digits-mlp.")]
TaskOfRun = Annotated[
    str | None,
    typer.Option("--task", help="Task of the rows, of a run with several.", metavar="TASK"),
]
Simulator = Annotated[str, typer.Option("--sim", help="Simulator: icarus or verilator.")]


def verbosity(quiet: bool, verbose: bool) -> None:
    """Set which log messages the command prints.

    Raises:
        PezoError: Both are given.
    """
    if quiet and verbose:
        raise PezoError("--quiet and --verbose: give one of them")
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    set_verbosity(level)


def check_simulator(name: str) -> None:
    """Refuse an unknown simulator.

    Raises:
        DesignError: It is none of those supported.
    """
    from pezoexplore.hardware.verify.simulate import SIMULATORS

    if name not in SIMULATORS:
        raise DesignError(f"--sim {name}: allowed: {', '.join(SIMULATORS)}")


def job_count(jobs: int | None) -> int:
    """Return the number of processes given, or of the CPUs that this process may use."""
    return jobs or len(os.sched_getaffinity(0))


def command_line() -> list[str]:
    """Return the command line, for run.json."""
    return ["pezoexplore", *sys.argv[1:]]
