"""`pezoexplore sweep`: run every stage of every point of a design."""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import (
    CacheOption,
    ClusterOption,
    DeviceOption,
    ExecutorOption,
    Format,
    Jobs,
    Junit,
    NoCache,
    Overrides,
    Quiet,
    RtlDir,
    SchedulerOption,
    Stages,
    TableOrJson,
    Tags,
    Verbose,
    command_line,
    job_count,
    verbosity,
)
from pezoexplore.cli.terminal import counted, duration, echo, log, print_json_streaming, print_table
from pezoexplore.design.point import AXES
from pezoexplore.sweeps.stage import stage_names
from pezoexplore.train.device import Device, choose

if TYPE_CHECKING:
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.design.lattice.counting import Selection
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.run import RunPlan, Swept
    from pezoexplore.sweeps.sweep import Progress, SweepResult


class Retry(StrEnum):
    """Which stages that ended without a good result are run again."""

    failed = "failed"
    none = "none"


@axis_options(AXES)
def sweep(
    axes: Axes,
    design: Annotated[
        Path | None, typer.Argument(help="Design file; default: the bundled quickstart.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run directory; default: reports/NAME.")] = None,
    jobs: Jobs = None,
    stages: Stages = "train,rtl,synth",
    set_: Overrides = None,
    task: Annotated[
        str | None,
        typer.Option(help="Training task, or several as in A,B, in place of the design's."),
    ] = None,
    rtl_dir: RtlDir = None,
    junit: Junit = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Run only this many points, chosen at random.")
    ] = None,
    sample_seed: Annotated[
        int, typer.Option(min=0, max=2**64 - 1, help="Random seed of --sample.")
    ] = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POINT_ID",
            help="Run only the point of this id; may be repeated. The results then hold only "
            "these, as with --sample.",
        ),
    ] = None,
    retry: Annotated[
        Retry,
        typer.Option(
            help="Stages to run again although they ended: those that failed or ran out of time, "
            "or none."
        ),
    ] = Retry.failed,
    adaptive_seeds: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=10_000,
            help="Train designs of uncertain Pareto membership with more seeds, up to this many.",
        ),
    ] = None,
    executor: ExecutorOption = None,
    scheduler: SchedulerOption = None,
    cluster: ClusterOption = None,
    cache: CacheOption = None,
    no_cache: NoCache = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write results.parquet beside results.csv.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="List the points, and why others are left out, and load the task; run nothing.",
        ),
    ] = False,
    tag: Tags = None,
    device: DeviceOption = Device.cpu,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Run every stage of every point of a design: training, RTL check, resources, plots.

    Axis options take one value or a list such as 4,8; each replaces that axis, and include
    entries with other values are dropped. Rerun the same command to resume a stopped sweep.
    """
    from pezoexplore import run
    from pezoexplore.cli.progress import ProgressMeter

    verbosity(quiet, verbose)
    choose(device)
    as_json, names = format_ is TableOrJson.json, stage_names(stages)
    request = run.Request(design, set_ or (), axes, sample, sample_seed, only or (), task)
    workers = run.Workers(job_count(jobs), executor, scheduler, cluster, cache, no_cache)
    if parquet:
        run.check_parquet()
    if dry_run:
        from pezoexplore.cli.explore.dry_run import show_dry_run

        return show_dry_run(request, as_json)
    start = time.monotonic()
    with ProgressMeter("runs") as meter:
        swept = run.sweep(
            request,
            names,
            workers,
            out,
            command=command_line(),
            rtl_dir=rtl_dir,
            tags=tag or (),
            junit=junit,
            plots=True,
            parquet=parquet,
            adaptive_seeds=adaptive_seeds,
            retry=retry is Retry.failed,
            planned=partial(log_plan, workers.jobs),
            progress=partial(advance, meter),
        )
    if as_json:
        from pezoexplore.sweeps.rows import typed_row

        rows = map(typed_row, swept.result.rows)
        document = _document(swept) | front_document(swept.result, swept.plan)
        print_json_streaming(document, "results", rows)
    else:
        _print(swept, time.monotonic() - start)
    return 0 if swept.result.ok else 1


def advance(meter: ProgressMeter, news: Progress) -> None:
    """Count a run that ended; the first news, of none, begins the count."""
    if news.point is None:
        meter.begin(news.done, news.total, news.left_s, news.running)
        return
    what = f"{news.name}: {news.status}, {duration(news.seconds)}"
    meter.advance(news.done, news.total, what, news.reason, (news.worked_s, news.left_s))


def log_plan(jobs: int, plan: RunPlan, points: Selection) -> None:
    """Log what a sweep is about to run."""
    for skip in points.counts.skipped:
        combinations = counted(skip.count, "combination")
        log.info(f"skipped: {combinations}: {skip.reason} (such as {skip.example})")
    for line in plan.missing_figures:
        log.warning(line)
    of = "" if points.drawn is None else f" of {points.counts.points}"
    tasks = plan.space.tasks
    names = ", ".join(dict.fromkeys(stage.label for stage in plan.stages))
    on = f" on {counted(len(tasks), 'task')}" if len(tasks) > 1 else ""
    designs = f"{counted(len(points), 'design')}{of}{on}"
    log.info(f"{plan.space.name}: {designs}, {names}, into {plan.out}")
    tools = plan.info.tools
    found = ", ".join(f"{name} {version}" for name, version in tools.items() if version)
    missing = ", ".join(name for name, version in tools.items() if version is None)
    log.debug(f"jobs: {jobs}")
    log.debug(f"rtl: {plan.rtl_dir}")
    log.debug(f"tools: {found}" + (f"; missing: {missing}" if missing else ""))


def _print(swept: Swept, seconds: float) -> None:
    """Print the front, the failures and the files."""
    result, out = swept.result, swept.plan.out
    print_front_of(result, swept.plan)
    for failure in result.failures:
        label = f"{failure.stage} {failure.point.label()}"
        log.error(f"{failure.status}: {label}: {failure.reason}; log: {failure.log}")
    runs = sum(count.run for count in result.counts.values())
    stored = sum(count.from_store for count in result.counts.values())
    echo(
        f"{counted(len(swept.points), 'design')}, {counted(runs, 'run')} in {duration(seconds)}, "
        f"{stored} from the store, {counted(len(result.failures), 'failure')}"
    )
    echo(f"results: {out / 'results.csv'}")
    echo(f"front:   {out / 'pareto.csv'}")
    for path in sorted(out.glob("results.parquet")):
        echo(f"parquet: {path}")
    patterns = ("pareto_*.png", "axis_*.png", "scale.png", "sensitivity.png", "tasks/*/*.png")
    for plot in sorted(path for pattern in patterns for path in out.glob(pattern)):
        echo(f"plot:    {plot}")


def print_front_of(result: SweepResult, plan: RunPlan) -> None:
    """Print the Pareto front of each task; if it is empty, why, and all designs that finished."""
    space = plan.space
    for task in space.tasks:
        if len(space.tasks) > 1:
            echo(f"Task {task}:")
        _print_front(result, space.of_task(task), plan.info.chance.get(task))


def _print_front(result: SweepResult, space: DesignSpace, chance: float | None) -> None:
    from pezoexplore.analysis.empty_front import empty_front
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.report.tables import annotated_front, front_table
    from pezoexplore.sweeps.rows import ON_FRONT, rows_of

    objectives = (*space.objectives.maximize, *space.objectives.minimize)
    # Of a space larger than memory only the front is held.
    held = isinstance(result.rows, list)
    rows = rows_of(result.rows if held else result.front, space.task)
    frame = frame_of_rows(rows, space.columns((space.task,)))
    front = [row["pareto"] == ON_FRONT for row in rows]
    if held or any(front):
        print_table(*annotated_front(frame, front, objectives, space.constraints, chance))
    else:
        why = empty_front(result.rows, objectives, space.constraints)
        echo(f"Pareto front: empty: {why}")
    if not any(front):
        finished = [row["status"] == "ok" for row in rows]
        print_table("All finished designs", *front_table(frame, finished, objectives))
    echo("")


def front_document(result: SweepResult, plan: RunPlan) -> dict[str, object]:
    """Return the front of a run as plain values; if it is empty, why, and what is doubtful."""
    from pezoexplore.analysis.empty_front import empty_front
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.analysis.standing import cautions
    from pezoexplore.report.tables import standings_document
    from pezoexplore.sweeps.rows import ON_FRONT, rows_of, typed_row

    space = plan.space
    objectives = (*space.objectives.maximize, *space.objectives.minimize)
    columns = space.columns(space.tasks[:1])
    held = result.rows if isinstance(result.rows, list) else result.front
    why = None if result.front else empty_front(result.rows, objectives, space.constraints)
    found: list[dict[str, object]] = []
    warnings: list[str] = []
    for task in space.tasks:
        rows, of = rows_of(held, task), f"task {task}: " if len(space.tasks) > 1 else ""
        front = [row["pareto"] == ON_FRONT for row in rows]
        found += standings_document(frame_of_rows(rows, columns), front, objectives)
        warnings += [of + line for line in cautions(rows, front, plan.info.chance.get(task))]
    return {
        "front": [typed_row(row) for row in result.front],
        "why_empty": why,
        "standings": found,
        "warnings": warnings,
    }


def _document(swept: Swept) -> dict[str, object]:
    points, result = swept.points, swept.result
    failures = [
        {
            "point_id": failure.point_id,
            "point": failure.point.label(),
            "stage": failure.stage,
            "status": failure.status,
            "reason": failure.reason,
            "log": str(failure.log),
        }
        for failure in result.failures
    ]
    return {
        "ok": result.ok,
        "design": points.space.name,
        "path": str(swept.plan.out),
        "points": len(points),
        "stages": {name: asdict(count) for name, count in result.counts.items()},
        "skipped": [
            {"reason": skip.reason, "count": skip.count, "example": skip.example}
            for skip in points.counts.skipped
        ],
        "failures": failures,
    }
