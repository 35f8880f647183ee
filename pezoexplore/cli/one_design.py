"""Commands on one design or module: its stream, its training, its RTL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore import completion
from pezoexplore.axis_options import Axes, axis_options
from pezoexplore.cli.app import app
from pezoexplore.cli.options import (
    Format,
    Jobs,
    Junit,
    Overrides,
    Quiet,
    RtlDir,
    Simulator,
    StreamForm,
    TableOrJson,
    TaskName,
    Verbose,
    job_count,
    speak,
)
from pezoexplore.design.point import AXES, STREAM_AXES
from pezoexplore.errors import PezoError


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
    task: TaskName = None,
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
    speak(quiet, verbose)
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
    formal: Annotated[
        bool, typer.Option("--formal", help="Prove properties of the RTL instead of simulating it.")
    ] = False,
    sim: Simulator = "icarus",
    rtl_dir: RtlDir = None,
    words: Annotated[
        int | None,
        typer.Option(
            "--words",
            min=1,
            max=10**8,
            help="Words to compare at each design of a stream, about. Default: 100000.",
        ),
    ] = None,
    waves: Annotated[
        bool | None,
        typer.Option(
            "--waves/--no-waves",
            help="Keep wave files of all simulations or of none (FST; Verilator: VCD). "
            "Default: of failures, which are repeated for it.",
        ),
    ] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(
            "--coverage",
            help="Markdown file for lines, toggles and functional points covered; Verilator only.",
        ),
    ] = None,
    junit: Junit = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for logs and waves.")] = Path(
        "reports/verify"
    ),
    mutants: Annotated[
        int | None,
        typer.Option(
            "--mutants", min=1, max=10**5, help="Test the benches: so many defects, one at a time."
        ),
    ] = None,
    mutant_list: Annotated[
        Path | None,
        typer.Option("--mutant-list", help="List of mutants to bring up to date (CSV)."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Judge also mutants that the list has a verdict on.")
    ] = False,
    least_killed: Annotated[
        float,
        typer.Option(
            "--least-killed",
            min=0,
            max=100,
            help="Percent of mutants to kill, equivalent ones aside.",
        ),
    ] = 100.0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="What draws the mutants.")
    ] = 0,
    jobs: Jobs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Simulate the RTL, module by module, and compare it bit for bit with the software stream.

    With --mutants, small defects are put into the RTL one at a time, and what the benches do not
    notice is reported. What a list of mutants says was killed or is equivalent is not judged again
    without --again.

    With --formal, properties of the modules are proved with SymbiYosys and z3 instead, and each is
    seen to fail on a copy of the RTL with one edit.
    """
    from pezoexplore.commands.verify import VerifyRequest
    from pezoexplore.commands.verify import verify as simulate
    from pezoexplore.commands.verify_formal import verify_formal
    from pezoexplore.hardware.verify.stimulus import TARGET_WORDS

    asked = {"--formal": formal, "--mutants": mutants, "--coverage": coverage}
    if len(both := [name for name, value in asked.items() if value]) > 1:
        raise PezoError(f"{' and '.join(both)}: give one of them at a time")
    simulates = not formal and mutants is None
    if not simulates and (sim != "icarus" or waves is not None or words is not None):
        raise PezoError(
            "--sim, --waves and --words are for simulations: give them without --formal, --mutants"
        )
    if mutants is None and (mutant_list is not None or again):
        raise PezoError("--mutant-list and --again are for mutants: say how many with --mutants")
    speak(quiet, verbose)
    if mutants is not None:
        from pezoexplore.commands.mutants import MutantRequest, verify_mutants

        return verify_mutants(
            MutantRequest(
                modules=modules or [],
                total=mutants,
                seed=seed,
                list_path=mutant_list,
                again=again,
                least_killed=least_killed,
                junit=junit,
                rtl_dir=rtl_dir,
                out=out,
                jobs=job_count(jobs),
                as_json=format_ is TableOrJson.json,
            )
        )
    command = verify_formal if formal else simulate
    return command(
        VerifyRequest(
            modules=modules or [],
            simulator=sim,
            rtl_dir=rtl_dir,
            words=words or TARGET_WORDS,
            waves=waves,
            coverage=coverage,
            junit=junit,
            out=out,
            jobs=job_count(jobs),
            as_json=format_ is TableOrJson.json,
        )
    )


@app.command()
@axis_options(AXES)
def cosim(
    axes: Axes,
    task: TaskName = None,
    steps: Annotated[int, typer.Option("--steps", min=1, max=10**6, help="Weight updates.")] = 10,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", min=1e-9, max=1e6, help="Learning rate.")
    ] = 0.01,
    epsilon: Annotated[
        float, typer.Option("--epsilon", min=1e-9, max=1e6, help="Size of the perturbation.")
    ] = 1e-3,
    batch: Annotated[int, typer.Option("--batch", min=1, max=10**6, help="Examples a step.")] = 64,
    sim: Simulator = "icarus",
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
@axis_options(AXES)
def export(
    axes: Axes,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the bundle: new, or an earlier one.")
    ],
    point: Annotated[
        str | None,
        typer.Argument(
            metavar="[POINT_ID]",
            help="A design of --results; default: the one that the axes say.",
            autocompletion=completion.points,
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--results", help="Run directory or results.csv, for the datasheet."),
    ] = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="Put the perturbation engine around the stream.")
    ] = False,
    segments: Annotated[
        int,
        typer.Option("--segments", min=1, max=16, help="Layers that the engine has scales for."),
    ] = 2,
    rtl_dir: RtlDir = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write one design as a bundle that needs nothing of pezoexplore.

    RTL with the parameters frozen, a FuseSoC core file, test vectors and a cocotb bench, models of
    the stream in C and Python, and a datasheet. The same design gives the same bytes.
    """
    from pezoexplore.commands.export import ExportRequest
    from pezoexplore.commands.export import export as command

    return command(
        ExportRequest(
            point_id=point,
            axes=axes,
            results=results,
            engine=engine,
            segments=segments,
            rtl_dir=rtl_dir,
            out=out,
            as_json=format_ is TableOrJson.json,
        )
    )
