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

from pezoexplore import __version__, completion
from pezoexplore.axis_options import Axes, axis_options
from pezoexplore.design.point import AXES, STREAM_AXES
from pezoexplore.errors import PezoError

STATUS_ERROR = 2
"""Exit status when nothing could be done; 1 is for work of which something failed."""

LONGEST_ERROR = 1900
"""Most characters of a message."""

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
            message = "interrupted" + hint * (ctx.invoked_subcommand in ("sweep", "search"))
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
    finally:
        _speak_normally()
    return value if isinstance(value, int) else 0


def _fail(message: str, status: int = STATUS_ERROR) -> int:
    line = " ".join(message.split())
    if len(line) > LONGEST_ERROR:  # it shows something endless that was typed
        line = f"{line[: LONGEST_ERROR - 300]} ... {line[-290:]}"
    sys.stderr.write(f"error: {line}\n")
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
        str,
        typer.Option(
            "--stages",
            help="Which stages to run, comma-separated.",
            autocompletion=completion.stages,
        ),
    ] = "train,rtl,synth",
    set_: Overrides = None,
    rtl_dir: RtlDir = None,
    junit: Junit = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Run this many points only, drawn at random."),
    ] = None,
    sample_seed: Annotated[
        int, typer.Option("--sample-seed", min=0, max=2**64 - 1, help="Seed of --sample.")
    ] = 0,
    adaptive_seeds: Annotated[
        int | None,
        typer.Option(
            "--adaptive-seeds",
            min=2,
            max=10_000,
            help="Give points that cannot be told from the front more seeds, up to this many.",
        ),
    ] = None,
    executor: ExecutorOption = None,
    scheduler: SchedulerOption = None,
    cluster: ClusterOption = None,
    cache: CacheOption = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Use no shared cache, whatever is set.")
    ] = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write results.parquet beside results.csv.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the points, and what was left out and why.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Run every stage of every point of a design: training, RTL check, resources, plots.

    Axis options take lists such as 4,8 and restrict the design to those values: each replaces
    its axis in space, and the includes keep what has the values asked for. A sweep that was
    stopped goes on where it was when the same command is typed again.
    """
    from pezoexplore.commands.sweep import SweepRequest
    from pezoexplore.commands.sweep import sweep as command
    from pezoexplore.commands.workers import Workers

    _speak(quiet, verbose)
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
            sample=sample,
            sample_seed=sample_seed,
            adaptive_seeds=adaptive_seeds,
            dry_run=dry_run,
            as_json=format_ is TableOrJson.json,
            parquet=parquet,
            workers=Workers(executor, scheduler, cluster, cache, no_cache),
        )
    )


@app.command()
def init(
    design: Annotated[Path, typer.Argument(metavar="[DESIGN.yaml]", help="File to write.")] = Path(
        "design.yaml"
    ),
    task: Annotated[str, typer.Option("--task", help="Training task.")] = "digits-mlp",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> int:
    """Write a design file in which every key is explained, ready to run and to change."""
    from pezoexplore.commands.init import write_template

    return write_template(design, task, force)


@app.command()
def watch(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="What a sweep writes to.")],
    interval: Annotated[
        float, typer.Option("--interval", min=0.05, help="Seconds between two looks.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and do not wait.")] = False,
    format_: Annotated[
        TableOrJson, typer.Option("--format", help="json: look once, print one document.")
    ] = TableOrJson.table,
) -> int:
    """Show how far a running sweep is, until it ends; its directory is only read.

    The exit status is 1 when the sweep is stopped, or ends with failures.
    """
    from pezoexplore.commands.watch import watch as command

    return command(run_dir, interval, once, format_ is TableOrJson.json)


@app.command()
def pareto(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.csv", help="A results.csv.")],
    maximize: Annotated[
        list[str] | None,
        typer.Option(
            "--maximize",
            help="Column to maximize; default: accuracy_mean.",
            autocompletion=completion.columns,
        ),
    ] = None,
    minimize: Annotated[
        list[str] | None,
        typer.Option(
            "--minimize",
            help="Column to minimize; default: lut, ff.",
            autocompletion=completion.columns,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            help="Rows to look at, such as 'lut <= 500 and reuse == phased'.",
            autocompletion=completion.conditions,
        ),
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
def recommend(
    params: Annotated[int, typer.Option("--params", min=1, help="Weights of the model.")],
    lanes: Annotated[int, typer.Option("--lanes", min=1, max=256, help="Numbers a clock.")],
    target: Annotated[str, typer.Option("--target", help="FPGA family.")] = "xcup",
    max_accuracy_drop: Annotated[
        str,
        typer.Option(
            "--max-accuracy-drop", help="Percentage points that may be lost to the baseline."
        ),
    ] = "1%",
    max_lut: Annotated[
        float | None, typer.Option("--max-lut", min=0, help="LUTs there are.")
    ] = None,
    max_ff: Annotated[
        float | None, typer.Option("--max-ff", min=0, help="Flip-flops there are.")
    ] = None,
    max_bram: Annotated[
        float | None, typer.Option("--max-bram", min=0, help="Block RAMs of 36 Kb there are.")
    ] = None,
    max_dsp: Annotated[
        float | None, typer.Option("--max-dsp", min=0, help="DSP blocks there are.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", help="Run directory or results.csv; default: the grid that comes along."
        ),
    ] = None,
    results_params: Annotated[
        int | None,
        typer.Option(
            "--results-params", min=1, help="Weights of the results' model; default: as they say."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="POINT_ID",
            autocompletion=completion.points,
            help="Row that the drop is measured from; default: software Gaussian numbers.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Design file to write that measures what is named."),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Name the cheapest design for a model, the runner-up, and why.

    Cheapest is counted in LUT equivalents: an FPGA's resources at the rates it has them. A design
    is taken when the 95 % interval of its paired accuracy drop lies within the limit, and its
    updates reach a share of the model's dimensions that was shown to be enough.
    """
    from pezoexplore.commands.recommend import RecommendRequest, show_recommendation

    return show_recommendation(
        RecommendRequest(
            parameters=params,
            lanes=lanes,
            target=target,
            drop=max_accuracy_drop,
            most={"lut": max_lut, "ff": max_ff, "bram": max_bram, "dsp": max_dsp},
            results=results,
            measured_parameters=results_params,
            baseline=baseline,
            out=out,
            as_json=format_ is TableOrJson.json,
        )
    )


@app.command()
def diff(
    before: Annotated[
        Path, typer.Argument(metavar="RUN_A", help="Run directory or results.csv, the earlier.")
    ],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="The later one.")],
    point: Annotated[
        list[str] | None,
        typer.Option(
            "--point",
            metavar="POINT_ID",
            help="Look at this design; may be repeated.",
            autocompletion=completion.points,
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            "--tolerance",
            metavar="COLUMN=PERCENT",
            help="Rise of a resource that is no regression.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List what is within noise, and hashes, too.")
    ] = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Say what moved between two runs; the exit status is 1 when anything got worse.

    Resources are exact, so any rise is a regression. Accuracies are compared seed by seed, all
    designs judged together. A design that finished and no longer does is a regression; one that
    is in one run only is named.
    """
    from pezoexplore.commands.diff import DiffRequest, show_diff

    as_json = format_ is TableOrJson.json
    return show_diff(DiffRequest(before, after, point or [], tolerance or [], everything, as_json))


@app.command()
def sensitivity(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.csv", help="A results.csv.")],
    response: Annotated[
        list[str] | None,
        typer.Option(
            "--response",
            help="Result to explain; default: accuracy_mean, lut and energy_to_target_uj_est.",
            autocompletion=completion.results,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            help="Rows to look at, such as 'lut <= 500 and reuse == phased'.",
            autocompletion=completion.conditions,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for sensitivity.csv and its plot.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Say which axis moves accuracy, LUTs or energy, and how much.

    The share of an axis is what it explains beyond all others; interactions are what a pair
    explains beyond its two axes.
    """
    from pezoexplore.commands.sensitivity import show_sensitivity

    return show_sensitivity(results, response or [], where, out, format_ is TableOrJson.json)


@app.command()
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="A run directory, or a results.csv.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files; default: the run directory.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw SVG and PDF figures for print.")
    ] = True,
    format_: Format = TableOrJson.table,
) -> int:
    """Write a run as one HTML page, as Markdown, and as figures for print.

    report.html opens from disk and needs no network: the front in two and three objectives, linked
    to parallel coordinates and a table; learning curves, streams, resources, sensitivity, what
    failed and why, and provenance.
    """
    from pezoexplore.commands.report import write_report

    return write_report(run, out, figures, format_ is TableOrJson.json)


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
    set_: Overrides = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the curve as CSV and PNG.")
    ] = None,
    landscape: Annotated[
        bool,
        typer.Option(
            "--landscape", help="Draw the loss around this run and backprop's as well, into --out."
        ),
    ] = False,
    distil: Annotated[
        bool,
        typer.Option(
            "--distil",
            help="Train a lightweight student of a large teacher instead, with early halting.",
        ),
    ] = False,
    max_parameters: Annotated[
        int | None, typer.Option("--max-parameters", min=1, help="Weights the student may have.")
    ] = None,
    max_macs: Annotated[
        int | None,
        typer.Option("--max-macs", min=1, help="Multiply-accumulates of its forward pass."),
    ] = None,
    max_step_us: Annotated[
        float | None,
        typer.Option("--max-step-us", min=0.0, help="Time of its step at --macs-per-us."),
    ] = None,
    macs_per_us: Annotated[
        float,
        typer.Option("--macs-per-us", min=1e-6, help="Multiply-accumulates a microsecond."),
    ] = 1000.0,
    quiet: Quiet = False,
    verbose: Verbose = False,
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
    _speak(quiet, verbose)
    as_json = format_ is TableOrJson.json
    if distil:
        from pezoexplore.commands.distil import DistilRequest
        from pezoexplore.commands.distil import distil as distil_command

        budget = (max_parameters, max_macs, max_step_us, macs_per_us)
        files = out is not None or landscape
        return distil_command(DistilRequest(axes, settings, set_ or [], budget, files, as_json))
    return command(TrainRequest(axes, settings, set_ or [], out, landscape, as_json))


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
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Simulate the RTL, module by module, and compare it bit for bit with the software stream."""
    from pezoexplore.commands.verify import VerifyRequest
    from pezoexplore.commands.verify import verify as command

    _speak(quiet, verbose)
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
@axis_options(AXES)
def cosim(
    axes: Axes,
    task: Annotated[str | None, typer.Option("--task", help="Task; default: digits-mlp.")] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, max=10**6, help="Weight updates.")] = 10,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", min=1e-9, max=1e6, help="Learning rate.")
    ] = 0.01,
    epsilon: Annotated[
        float, typer.Option("--epsilon", min=1e-9, max=1e6, help="Size of the perturbation.")
    ] = 1e-3,
    batch: Annotated[int, typer.Option("--batch", min=1, max=10**6, help="Examples a step.")] = 64,
    sim: Annotated[str, typer.Option("--sim", help="Simulator: icarus or verilator.")] = "icarus",
    rtl_dir: RtlDir = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder that keeps the log and the RTL.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Train one design with its simulated RTL in the loop, and compare it with software.

    Every perturbed and every updated weight comes from the perturbation engine in simulation; the
    same run is trained in software, and the weights after each step must be identical. Weights are
    integers, of 16 bits unless the axes say otherwise.
    """
    from pezoexplore.commands.cosim import CosimRequest
    from pezoexplore.commands.cosim import cosim as command

    return command(
        CosimRequest(
            axes=axes,
            task=task,
            steps=steps,
            learning_rate=learning_rate,
            epsilon=epsilon,
            batch=batch,
            simulator=sim,
            rtl_dir=rtl_dir,
            out=out,
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


@app.command()
def search(
    design: Annotated[Path, typer.Argument(help="Design file.")],
    budget: Annotated[
        int, typer.Option("--budget", min=1, max=10**6, help="Designs to evaluate in full.")
    ],
    time_: Annotated[
        float | None,
        typer.Option("--time", min=0.0, help="Seconds to search at most; type again to go on."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Run directory; default: reports/NAME-search.")
    ] = None,
    jobs: Jobs = None,
    sampler: Annotated[
        str,
        typer.Option("--sampler", help="surrogate, tpe, nsga2; random and sobol for baselines."),
    ] = "surrogate",
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Study seed.")] = 0,
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, max=1024, help="Designs proposed at a time; more keep more jobs busy."
        ),
    ] = 4,
    stages: Annotated[
        str,
        typer.Option(
            "--stages",
            help="Which stages to run, comma-separated.",
            autocompletion=completion.stages,
        ),
    ] = "train,rtl,synth",
    set_: Overrides = None,
    warm_start: Annotated[
        list[Path] | None,
        typer.Option("--warm-start", help="Earlier results: a run directory or results.csv."),
    ] = None,
    rungs: Annotated[
        bool,
        typer.Option("--rungs/--no-rungs", help="Train on a small budget first, and stop early."),
    ] = True,
    executor: ExecutorOption = None,
    scheduler: SchedulerOption = None,
    cluster: ClusterOption = None,
    rtl_dir: RtlDir = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Find the front of a design from a part of its points.

    Designs are proposed in batches by a sampler of an Optuna study. Resources are counted before
    training; what they rule out never trains. A search that was stopped goes on where it was when
    the same command is typed again, and ends in the same results.
    """
    from pezoexplore.commands.search import SearchRequest
    from pezoexplore.commands.search import search as command
    from pezoexplore.commands.workers import Workers
    from pezoexplore.explore.search_run import SearchSettings

    _speak(quiet, verbose)
    return command(
        SearchRequest(
            command=_command_line(),
            design=design,
            overrides=set_ or [],
            stages=stages,
            settings=SearchSettings(
                budget=budget,
                sampler=sampler,
                seed=seed,
                batch=batch,
                time_s=time_,
                jobs=_job_count(jobs),
                warm=warm_start or [],
            ),
            out=out,
            rtl_dir=rtl_dir,
            rungs=rungs,
            as_json=format_ is TableOrJson.json,
            workers=Workers(executor, scheduler, cluster),
        )
    )


list_app = typer.Typer(help="Show what there is to choose from.")
app.add_typer(list_app, name="list")


@list_app.command("rng")
def list_rng(format_: Format = TableOrJson.table) -> int:
    """Show every generator: source, period, state bits, fresh bits a clock, weaknesses."""
    from pezoexplore.commands.list import list_generators

    return list_generators(format_ is TableOrJson.json)


cache_app = typer.Typer(help="Look after the finished runs that sweeps share.")
app.add_typer(cache_app, name="cache")


@cache_app.command("stats")
def cache_stats(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Say what the cache holds, by stage, and what it took to make."""
    from pezoexplore.commands.cache import stats

    return stats(cache, format_ is TableOrJson.json)


@cache_app.command("prune")
def cache_prune(
    cache: CacheOption = None,
    max_size: Annotated[
        str | None, typer.Option("--max-size", help="Leave the newest of this size, such as 2GB.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="Remove the results of this stage.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Remove damaged entries, those of a stage, and the oldest beyond a size."""
    from pezoexplore.commands.cache import prune

    return prune(cache, max_size, stage, format_ is TableOrJson.json)


@cache_app.command("verify")
def cache_verify(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Compare every entry with its digest; remove what is damaged."""
    from pezoexplore.commands.cache import verify

    return verify(cache, format_ is TableOrJson.json)


@cache_app.command("export")
def cache_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write (JSON lines, gzip).")],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write all entries into one file."""
    from pezoexplore.commands.cache import export

    return export(cache, file, format_ is TableOrJson.json)


@cache_app.command("import")
def cache_import(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="An exported file, or a run directory.")
    ],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Take in an exported file, or the results of a run directory; what is not sound is refused."""
    from pezoexplore.commands.cache import take_in

    return take_in(cache, source, format_ is TableOrJson.json)


def _speak(quiet: bool, verbose: bool) -> None:
    """Set how much news the command prints."""
    from pezoexplore.commands.terminal import Level, speak

    if quiet and verbose:
        raise PezoError("--quiet and --verbose: give one of them")
    speak(Level.quiet if quiet else Level.verbose if verbose else Level.normal)


def _speak_normally() -> None:
    """Forget how much news was asked for: another command line may follow in this process."""
    terminal = sys.modules.get("pezoexplore.commands.terminal")  # if a command needed it
    if terminal is not None:
        terminal.speak(terminal.Level.normal)


def _job_count(asked: int | None) -> int:
    return asked or len(os.sched_getaffinity(0))


def _command_line() -> list[str]:
    return ["pezoexplore", *sys.argv[1:]]
