"""`pezoexplore sweep`: run every stage of every point of a design."""

from __future__ import annotations

import time
from dataclasses import asdict
from enum import StrEnum
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
from pezoexplore.cli.terminal import counted, duration, echo, log, print_json_streaming
from pezoexplore.design.point import AXES
from pezoexplore.train.device import Device, choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pezoexplore.design.lattice.counting import Selection
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.run import RunPlan, Workers
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

    verbosity(quiet, verbose)
    choose(device)
    as_json = format_ is TableOrJson.json
    names = run.stage_names(stages)
    loaded, points = run.load(design, set_ or (), axes, sample, sample_seed, only or (), task)
    workers = run.Workers(job_count(jobs), executor, scheduler, cluster, cache, no_cache)
    if parquet:
        run.check_parquet()
    if dry_run:
        run.check_task(loaded.space, loaded.folder)
        from pezoexplore.cli.explore.dry_run import show_dry_run

        return show_dry_run(points, loaded.left_out, as_json)
    start = time.monotonic()
    plan = run.plan_run(
        loaded,
        names,
        out or Path("reports") / loaded.space.name,
        command=command_line(),
        points=points,
        rtl_dir=rtl_dir,
        tags=tag or (),
    )
    again = retry is Retry.failed
    result = sweep_with_progress(plan, points, workers, junit, parquet, adaptive_seeds, again)
    if as_json:
        from pezoexplore.sweeps.rows import typed_row

        rows = map(typed_row, result.rows)
        document = _document(points, result, plan) | front_document(result, points.space, plan)
        print_json_streaming(document, "results", rows)
    else:
        _print(points, result, plan.out, time.monotonic() - start, plan.info.chance)
    return 0 if result.ok else 1


def sweep_with_progress(
    plan: RunPlan,
    points: Selection,
    workers: Workers,
    junit: Path | None = None,
    parquet: bool = False,
    adaptive_seeds: int | None = None,
    retry: bool = True,
) -> SweepResult:
    """Run a plan, with progress on stderr; see :func:`pezoexplore.run.sweep`."""
    from pezoexplore import run
    from pezoexplore.cli.progress import ProgressMeter

    _log_plan(plan, points, workers.jobs)
    with ProgressMeter("runs") as meter:

        def progress(news: Progress) -> None:
            if news.point is None:
                meter.begin(news.done, news.total, news.left_s, news.running)
                return
            what = f"{news.name}: {news.status}, {duration(news.seconds)}"
            work = news.worked_s, news.left_s
            meter.advance(news.done, news.total, what, news.reason, work)

        return run.sweep(
            plan,
            points,
            workers,
            junit=junit,
            plots=True,
            parquet=parquet,
            adaptive_seeds=adaptive_seeds,
            retry=retry,
            progress=progress,
        )


def _log_plan(plan: RunPlan, points: Selection, jobs: int) -> None:
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


def _print(
    points: Selection,
    result: SweepResult,
    out: Path,
    seconds: float,
    chance: Mapping[str, float | None],
) -> None:
    """Print the front, the failures and the files."""
    print_front_of(result, points.space, chance)
    for failure in result.failures:
        label = f"{failure.stage} {failure.point.label()}"
        log.error(f"{failure.status}: {label}: {failure.reason}; log: {failure.log}")
    runs = sum(count.run for count in result.counts.values())
    stored = sum(count.from_store for count in result.counts.values())
    echo(
        f"{counted(len(points), 'design')}, {counted(runs, 'run')} in {duration(seconds)}, "
        f"{stored} from the store, {counted(len(result.failures), 'failure')}"
    )
    echo(f"results: {out / 'results.csv'}")
    echo(f"front:   {out / 'pareto.csv'}")
    for path in sorted(out.glob("results.parquet")):
        echo(f"parquet: {path}")
    patterns = ("pareto_*.png", "axis_*.png", "scale.png", "sensitivity.png", "tasks/*/*.png")
    for plot in sorted(path for pattern in patterns for path in out.glob(pattern)):
        echo(f"plot:    {plot}")


def print_front_of(
    result: SweepResult, space: DesignSpace, chance: Mapping[str, float | None]
) -> None:
    """Print the Pareto front of each task; if it is empty, why, and all designs that finished.

    Args:
        result: The run.
        space: Its design.
        chance: Accuracy of the most frequent class by task, percent.
    """
    for task in space.tasks:
        if len(space.tasks) > 1:
            echo(f"Task {task}:")
        _print_front(result, space.of_task(task), chance.get(task))


def _print_front(result: SweepResult, space: DesignSpace, chance: float | None) -> None:
    from pezoexplore.analysis.empty_front import empty_front
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.report.tables import front_table, print_front, print_table
    from pezoexplore.sweeps.rows import ON_FRONT, rows_of

    objectives = (*space.objectives.maximize, *space.objectives.minimize)
    # Of a space larger than memory only the front is held.
    held = isinstance(result.rows, list)
    rows = rows_of(result.rows if held else result.front, space.task)
    frame = frame_of_rows(rows, space.columns((space.task,)))
    front = [row["pareto"] == ON_FRONT for row in rows]
    if held or any(front):
        print_front(frame, front, objectives, constraints=space.constraints, chance=chance)
    else:
        why = empty_front(result.rows, objectives, space.constraints)
        echo(f"Pareto front: empty: {why}")
    if not any(front):
        finished = [row["status"] == "ok" for row in rows]
        print_table("All finished designs", *front_table(frame, finished, objectives))
    echo("")


def front_document(result: SweepResult, space: DesignSpace, plan: RunPlan) -> dict[str, object]:
    """Return the front of a run as plain values; if it is empty, why, and what is doubtful."""
    from pezoexplore.analysis.empty_front import empty_front
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.analysis.standing import cautions
    from pezoexplore.report.tables import standings_document
    from pezoexplore.sweeps.rows import ON_FRONT, rows_of, typed_row

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


def _document(points: Selection, result: SweepResult, plan: RunPlan) -> dict[str, object]:

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
        "path": str(plan.out),
        "points": len(points),
        "stages": {name: asdict(count) for name, count in result.counts.items()},
        "skipped": [
            {"reason": skip.reason, "count": skip.count, "example": skip.example}
            for skip in points.counts.skipped
        ],
        "failures": failures,
    }
