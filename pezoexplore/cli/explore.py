"""Commands on design spaces: sweep, search and what goes with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore import completion
from pezoexplore.axis_options import Axes, axis_options
from pezoexplore.cli.app import app
from pezoexplore.cli.options import (
    CacheOption,
    ClusterOption,
    ExecutorOption,
    Format,
    Jobs,
    Junit,
    Overrides,
    Quiet,
    RtlDir,
    SchedulerOption,
    Stages,
    TableOrJson,
    TaskName,
    Verbose,
    command_line,
    job_count,
    speak,
)
from pezoexplore.design.point import AXES


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
    stages: Stages = "train,rtl,synth",
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

    speak(quiet, verbose)
    return command(
        SweepRequest(
            command=command_line(),
            design=design,
            axes=axes,
            overrides=set_ or [],
            stages=stages,
            out=out,
            jobs=job_count(jobs),
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
    stages: Stages = "train,rtl,synth",
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
    from pezoexplore.search.search_run import SearchSettings

    speak(quiet, verbose)
    return command(
        SearchRequest(
            command=command_line(),
            design=design,
            overrides=set_ or [],
            stages=stages,
            settings=SearchSettings(
                budget=budget,
                sampler=sampler,
                seed=seed,
                batch=batch,
                time_s=time_,
                jobs=job_count(jobs),
                warm=warm_start or [],
            ),
            out=out,
            rtl_dir=rtl_dir,
            rungs=rungs,
            as_json=format_ is TableOrJson.json,
            workers=Workers(executor, scheduler, cluster),
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
def compare(
    lanes: Annotated[int, typer.Option("--lanes", min=1, max=256, help="Numbers a clock.")] = 31,
    bit_width: Annotated[
        int, typer.Option("--bit-width", min=4, max=12, help="Bits a number.")
    ] = 8,
    seeds: Annotated[
        int, typer.Option("--seeds", min=2, max=10_000, help="Runs a design, paired by seed.")
    ] = 20,
    target: Annotated[
        str, typer.Option("--target", help="Hardware targets, comma-separated.")
    ] = "xcup",
    task: TaskName = None,
    set_: Overrides = None,
    stages: Annotated[
        str | None,
        typer.Option(
            "--stages",
            help="Which stages to run, comma-separated; default: all.",
            autocompletion=completion.stages,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Run directory; default: reports/compare.")
    ] = None,
    jobs: Jobs = None,
    rtl_dir: RtlDir = None,
    cache: CacheOption = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Measure PeZO's claim: a Gaussian generator a lane against reused uniform numbers.

    Gaussians, pools, banks and one-state streams of equal lanes and width go through a sweep into
    a run directory; a table, compare.md and a plot set their costs and paired accuracies side by
    side, next to the paper's figures. A comparison that was stopped goes on where it was.
    """
    from pezoexplore.commands.compare import CompareRequest
    from pezoexplore.commands.compare import compare as command
    from pezoexplore.commands.workers import Workers

    speak(quiet, verbose)
    return command(
        CompareRequest(
            command=command_line(),
            lanes=lanes,
            bit_width=bit_width,
            seeds=seeds,
            targets=target,
            task=task,
            overrides=set_ or [],
            stages=stages,
            out=out,
            jobs=job_count(jobs),
            rtl_dir=rtl_dir,
            as_json=format_ is TableOrJson.json,
            workers=Workers(cache=cache),
        )
    )
