"""`pezoexplore search`: the front of a design from a part of its points."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.explore.sweep import front_document, print_front_of
from pezoexplore.cli.options import (
    CacheOption,
    ClusterOption,
    DeviceOption,
    ExecutorOption,
    Format,
    Jobs,
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
from pezoexplore.cli.terminal import counted, duration, echo, log, print_json
from pezoexplore.sweeps.stage import stage_names
from pezoexplore.train.device import Device, choose

if TYPE_CHECKING:
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.run import RunPlan
    from pezoexplore.search.search_run import SearchNews, SearchResult, SearchSettings


def search(
    design: Annotated[Path, typer.Argument(help="Design file.")],
    budget: Annotated[
        int, typer.Option(min=1, max=10**6, help="Number of designs to evaluate fully.")
    ],
    time_: Annotated[
        float | None,
        typer.Option(
            "--time", min=0.0, help="Stop after so many seconds; rerun the command to resume."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory; default: reports/NAME-search.")
    ] = None,
    jobs: Jobs = None,
    sampler: Annotated[
        str, typer.Option(help="surrogate, tpe or nsga2; random and sobol serve as baselines.")
    ] = "surrogate",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Random seed of the sampler.")
    ] = 0,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=1024,
            help="Number of designs proposed at a time; larger batches keep more jobs busy.",
        ),
    ] = 4,
    stages: Stages = "train,rtl,synth",
    set_: Overrides = None,
    warm_start: Annotated[
        list[Path] | None,
        typer.Option(help="Start from earlier results: a run directory or results.csv."),
    ] = None,
    rungs: Annotated[
        bool,
        typer.Option(
            "--rungs/--no-rungs",
            help="Train with fewer steps first, and drop designs that cannot reach the front.",
        ),
    ] = True,
    executor: ExecutorOption = None,
    scheduler: SchedulerOption = None,
    cluster: ClusterOption = None,
    cache: CacheOption = None,
    no_cache: NoCache = False,
    rtl_dir: RtlDir = None,
    tag: Tags = None,
    device: DeviceOption = Device.cpu,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Find the front of a design from a part of its points.

    A sampler of an Optuna study proposes designs in batches. Resources are counted before
    training, and designs that they rule out are never trained. Rerun the same command to resume a
    stopped search; the results are those of an uninterrupted one.
    """
    from pezoexplore import run
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.design.loading import read_design

    verbosity(quiet, verbose)
    choose(device)
    loaded, names = read_design(design, set_ or []), stage_names(stages)
    from pezoexplore.search.search_run import SearchSettings

    settings = SearchSettings(
        budget, sampler, seed, batch, time_, job_count(jobs), warm_start or []
    )
    workers = run.Workers(settings.jobs, executor, scheduler, cluster, cache, no_cache)
    plan = run.plan_search(
        loaded,
        names,
        out or Path("reports") / f"{loaded.space.name}-search",
        sampler,
        command=command_line(),
        rtl_dir=rtl_dir,
        rungs=rungs,
        tags=tag or (),
    )
    log.info(_headline(plan, settings))
    start = time.monotonic()
    with ProgressMeter("evaluations", "rerun the same command to resume") as meter:
        result = run.search(plan, settings, workers, progress=partial(_advance, meter))
    _draw_progress(plan, settings, result)
    if format_ is TableOrJson.json:
        print_json(_document(plan, settings, result))
    else:
        _print(plan, settings, result, time.monotonic() - start)
    return 0 if result.ok else 1


def _headline(plan: RunPlan, settings: SearchSettings) -> str:
    names = ", ".join(stage.label for stage in plan.stages)
    early = ", trained in two steps" if plan.rungs else ""
    return (
        f"{plan.space.name}: {counted(settings.budget, 'evaluation')}, sampler {settings.sampler}, "
        f"seed {settings.seed}, {names}{early}, into {plan.out}"
    )


def _advance(meter: ProgressMeter, news: SearchNews) -> None:
    """Count a batch; the first news, before any, begins the count."""
    if not meter.begun:
        meter.begin(news.evaluations, news.budget, news.left_s, news.running)
        return
    more = [
        f"{number} {state}"
        for state, number in sorted(news.outcomes.items())
        if state != "complete"
    ]
    more += [f"{news.warm} known before"] if news.warm else []
    share = f"hypervolume {news.hypervolume:.4f} of the box of the results so far"
    what = f"{share}{'; ' * bool(more)}{', '.join(more)}"
    work = None if news.left_s is None else (news.worked_s, news.left_s)
    meter.advance(news.evaluations, news.budget, what, work=work)


def _draw_progress(plan: RunPlan, settings: SearchSettings, result: SearchResult) -> None:
    from pezoexplore.report.plots.search_plot import draw_search
    from pezoexplore.search.goal import Goal
    from pezoexplore.search.search import evaluations, progress

    space, history = plan.space, result.history
    goal = Goal(space.objectives.maximize, space.objectives.minimize, space.constraints)
    counts = [evaluations(history[: number + 1]) for number in range(len(history))]
    title = f"{space.name}, {settings.sampler}, seed {settings.seed}"
    draw_search([0, *counts], [0.0, *progress(goal, history)], title, plan.out / "search")


def _print(plan: RunPlan, settings: SearchSettings, result: SearchResult, seconds: float) -> None:
    """Print the front, the failures and the files."""
    from pezoexplore.search.search import evaluations

    out = plan.out
    if result.sweep is not None:
        print_front_of(result.sweep, plan)
    for item in result.failures:
        log.error(f"failed: {item.point.label()}: {item.finding.reason}; logs in {out / 'logs'}")
    if not result.complete:
        log.error("time is up: rerun the same command to resume")
    tried = [item for item in result.history if not item.warm]
    ruled_out = sum(not item.finding.full for item in tried)
    echo(
        f"{counted(evaluations(result.history), 'evaluation')} of {settings.budget} in "
        f"{duration(seconds)}, {counted(ruled_out, 'design')} ruled out before, "
        f"{counted(len(result.failures), 'failure')}"
    )
    echo(f"hypervolume: {result.hypervolume:.4f} of the box around the feasible results")
    files = {"results.csv": "results", "pareto.csv": "front", "search.csv": "history"}
    for name, what in (files | {"study.sqlite": "study"}).items():
        if (out / name).exists():
            echo(f"{what + ':':9}{out / name}")
    for plot in sorted([*out.glob("search.png"), *out.glob("pareto_*.png")]):
        echo(f"plot:    {plot}")


def _document(plan: RunPlan, settings: SearchSettings, result: SearchResult) -> dict[str, object]:
    from pezoexplore.search.search import evaluations
    from pezoexplore.sweeps.rows import typed_row

    sweep = result.sweep
    return {
        "ok": result.ok,
        "design": plan.space.name,
        "path": str(plan.out),
        "sampler": settings.sampler,
        "seed": settings.seed,
        "budget": settings.budget,
        "evaluations": evaluations(result.history),
        "complete": result.complete,
        "hypervolume": result.hypervolume,
        "stage_runs": dict(result.runs),
        "stages": {} if sweep is None else {n: asdict(c) for n, c in sweep.counts.items()},
        "failures": [
            {"point": item.point.label(), "reason": item.finding.reason} for item in result.failures
        ],
        **({"front": []} if sweep is None else front_document(sweep, plan)),
        "results": [] if sweep is None else [typed_row(row) for row in sweep.rows],
    }
