"""The command line: it parses, calls and prints; what the commands do is in ``commands``.

Only Typer and small modules are imported here, the rest when a command is run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import typer
import typer.core

from pezoexplore import __version__
from pezoexplore.axis_options import Axes, axis_options
from pezoexplore.design.point import AXES, STREAM_AXES
from pezoexplore.errors import PezoError

STATUS_ERROR = 2
"""Exit status when nothing could be done; 1 is for work of which something failed."""

STATUS_INTERRUPTED = 130
STATUS_BROKEN_PIPE = 141
"""As a shell reports programs that died of SIGINT and SIGPIPE."""

# Typer brings the parser's exceptions along under a private name or not at all, by its version.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


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


class _StoppedError(Exception):
    """Ctrl-C, or nobody reads any more."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


class _Commands(typer.core.TyperGroup):
    """The commands, with the two signals turned into errors before Typer words them its way."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
            return value
        except KeyboardInterrupt:
            hint = ": type the same command again to go on from here"
            message = "interrupted" + hint * (ctx.invoked_subcommand == "sweep")
            raise _StoppedError(STATUS_INTERRUPTED, message) from None
        except BrokenPipeError:
            raise _StoppedError(STATUS_BROKEN_PIPE) from None


app = typer.Typer(
    name="pezoexplore",
    cls=_Commands,
    help="Find the cheapest random-number hardware that still trains a network, and prove it "
    "correct.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point: run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line; whatever is wrong with it becomes one line on stderr.

    Args:
        arguments: What comes after the program's name.

    Returns:
        The exit status: 0 when what was asked for is there, 1 when part of it failed, 2 when it
        could not be done at all.
    """
    try:
        value = app(
            args=list(arguments) or ["--help"], prog_name="pezoexplore", standalone_mode=False
        )
    except _StoppedError as stop:
        return _stop(stop)
    except _UsageError as error:
        return _fail(f"{cast(Any, error).format_message()} (see --help)")
    except typer.Abort:
        return _fail("interrupted", STATUS_INTERRUPTED)
    except PezoError as error:
        return _fail(str(error))
    except OSError as error:
        _discard_output()
        return _fail(str(error))
    return value if isinstance(value, int) else 0


def _fail(message: str, status: int = STATUS_ERROR) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return status


def _stop(stop: _StoppedError) -> int:
    if stop.status == STATUS_BROKEN_PIPE:
        _discard_output()
        return stop.status
    return _fail(str(stop), stop.status)


def _discard_output() -> None:
    """Forget what is still buffered if it cannot be written: Python would complain at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"pezoexplore {__version__}\n")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


Format = Annotated[TableOrJson, typer.Option("--format", help="How results are printed.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, max=1024, help="Processes; default: all CPUs.")
]
RtlDir = Annotated[
    Path | None, typer.Option("--rtl-dir", help="An edited copy of rtl/ to use instead.")
]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="File for the RTL results as JUnit XML.")
]


@app.command()
@axis_options(AXES)
def sweep(
    axes: Axes,
    design: Annotated[
        Path | None, typer.Argument(help="Design file; default: the bundled quickstart.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Run directory; default: reports/NAME.")
    ] = None,
    jobs: Jobs = None,
    stages: Annotated[
        str, typer.Option("--stages", help="Which stages to run, comma-separated.")
    ] = "train,rtl,synth",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "-s", "--set", metavar="KEY=VALUE", help="A setting, such as train.steps=2000."
        ),
    ] = None,
    rtl_dir: RtlDir = None,
    junit: Junit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the points, and what was left out and why.")
    ] = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Run every stage of every point of a design: training, RTL check, resources, plots.

    Axis options take lists such as 4,8 and restrict the design to those values: each replaces
    its axis in space, and the includes keep what has the values asked for. A sweep that was
    stopped goes on where it was when the same command is typed again.
    """
    from pezoexplore.commands.sweep import SweepRequest
    from pezoexplore.commands.sweep import sweep as command

    return command(
        SweepRequest(
            command=_command_line(),
            design=design,
            axes=axes,
            overrides=set_ or [],
            stages=stages,
            out=out,
            jobs=_job_count(jobs),
            rtl_dir=rtl_dir,
            junit=junit,
            dry_run=dry_run,
            as_json=format_ is TableOrJson.json,
        )
    )


@app.command()
def pareto(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.csv", help="A results.csv.")],
    maximize: Annotated[
        list[str] | None,
        typer.Option("--maximize", help="Column to maximize; default: accuracy_mean."),
    ] = None,
    minimize: Annotated[
        list[str] | None, typer.Option("--minimize", help="Column to minimize; default: lut, ff.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", help="Rows to look at, such as 'lut <= 500 and reuse == phased'."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for plots and pareto.csv; default: plots beside the CSV."
        ),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Print the Pareto front of a results.csv and draw its plots again."""
    from pezoexplore.commands.pareto import redraw

    as_json = format_ is TableOrJson.json
    return redraw(results, maximize or [], minimize or [], where, out, as_json)


@app.command()
@axis_options(STREAM_AXES)
def stream(
    axes: Axes,
    count: Annotated[int, typer.Option("--count", min=1, help="Words to write.")],
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**64 - 1, help="Master seed; the RTL has 0.")
    ] = 0,
    epoch: Annotated[
        int, typer.Option("--epoch", min=0, max=2**32, help="Refills or reseeds gone by.")
    ] = 0,
    format_: Annotated[
        StreamForm,
        typer.Option("--format", help="csv; hex: a beat a line, lane 0 last; npy: int32."),
    ] = StreamForm.csv,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; default: standard output.")
    ] = None,
) -> int:
    """Write the words of a design, bit for bit as its hardware delivers them.

    They are those of one epoch from its first beat, which never ends here: a refill or reseed
    comes after steps, whose length a stream does not know. Each axis takes one value; an axis
    not given has its default, and reuse is none for every generator but the lfsr.
    """
    from pezoexplore.commands.stream import StreamRequest, show_stream

    return show_stream(StreamRequest(axes, seed, epoch, count, format_.value, out))


@app.command()
@axis_options(AXES)
def train(
    axes: Axes,
    task: Annotated[str | None, typer.Option("--task", help="Task; default: digits-mlp.")] = None,
    steps: Annotated[
        str | None, typer.Option("--steps", help="Weight updates a run; default: 4000.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="Runs, for the interval; default: 5.")
    ] = None,
    learning_rates: Annotated[
        str | None,
        typer.Option("--learning-rates", help="Candidates, comma-separated."),
    ] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", help="Examples a step; default: 64.")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option("--epsilon", help="Size of the perturbation; default: 1e-3.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the curve as CSV and PNG.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Train one design, and show its learning curve and its test accuracy.

    Each axis takes one value; an axis not given has its default, and reuse is none for every
    generator but the lfsr.
    """
    from pezoexplore.commands.train import TrainRequest
    from pezoexplore.commands.train import train as command

    settings = {
        "task": task,
        "train.steps": steps,
        "train.seeds": seeds,
        "train.learning_rates": learning_rates,
        "train.batch": batch,
        "train.epsilon": epsilon,
    }
    return command(TrainRequest(axes, settings, out, format_ is TableOrJson.json))


@app.command()
def verify(
    modules: Annotated[
        list[str] | None, typer.Argument(metavar="[MODULE ...]", help="Modules; default: all.")
    ] = None,
    sim: Annotated[str, typer.Option("--sim", help="Simulator: icarus or verilator.")] = "icarus",
    rtl_dir: RtlDir = None,
    waves: Annotated[
        bool, typer.Option("--waves", help="Keep an FST wave file of each simulation.")
    ] = False,
    junit: Junit = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for logs and waves.")] = Path(
        "reports/verify"
    ),
    jobs: Jobs = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Simulate the RTL, module by module, and compare it bit for bit with the software stream."""
    from pezoexplore.commands.verify import VerifyRequest
    from pezoexplore.commands.verify import verify as command

    return command(
        VerifyRequest(
            modules=modules or [],
            simulator=sim,
            rtl_dir=rtl_dir,
            waves=waves,
            junit=junit,
            out=out,
            jobs=_job_count(jobs),
            as_json=format_ is TableOrJson.json,
        )
    )


@app.command()
def doctor(format_: Format = TableOrJson.table) -> int:
    """Say which tools are there, and what each missing one costs."""
    from pezoexplore.commands.doctor import check_up

    return check_up(format_ is TableOrJson.json)


@app.command()
def schema(
    format_: Annotated[
        TableOrJson, typer.Option("--format", hidden=True, help="Always json.")
    ] = TableOrJson.json,
) -> int:
    """Print the JSON Schema of a design file."""
    from pezoexplore.commands.schema import show_schema

    return show_schema()


def _job_count(asked: int | None) -> int:
    return asked or len(os.sched_getaffinity(0))


def _command_line() -> list[str]:
    return ["pezoexplore", *sys.argv[1:]]
