"""The one way in: load a design, plan its work, run it, hand back results.

The commands and the Python API call this; nothing else builds stages. What needs NumPy is imported
where it runs, so that a mistake on the command line is told at once.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore import paths
from pezoexplore.design.loading import LoadedDesign, read_design, resolved_yaml
from pezoexplore.errors import DesignError
from pezoexplore.report.made import draw_sweep
from pezoexplore.report.parquet import FILE as PARQUET_NAME
from pezoexplore.report.parquet import check_parquet as check_parquet
from pezoexplore.report.parquet import write_parquet
from pezoexplore.sweeps.provenance import machine, tags_of, tool_versions, tree_hash
from pezoexplore.sweeps.rundir import WORK_NAME
from pezoexplore.sweeps.stage import Stage
from pezoexplore.sweeps.stages import build_stages, chance_levels, figures_missing, network_sizes
from pezoexplore.sweeps.stages import check_task as check_task
from pezoexplore.sweeps.workers import Workers as Workers

if TYPE_CHECKING:
    from pezoexplore.design.lattice.counting import Selection
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.search.search_run import SearchNews, SearchResult, SearchSettings
    from pezoexplore.sweeps.outputs import RunInfo, SkippedPoint
    from pezoexplore.sweeps.sweep import Progress, SweepResult

log = logging.getLogger(__name__)

HARDWARE_STAGES = ("rtl", "synth", "power")
"""Stages that only points with RTL have."""

STREAM_COLUMNS = ("stream_", "effective_", "lane_", "distinct_")
"""Beginnings of the columns that are measured whatever the stages are."""


@dataclass(frozen=True)
class Request:
    """Which points of a design file to run.

    Attributes:
        design: The file; None for the bundled quickstart.
        overrides: ``key=value`` texts, as after ``-s``.
        axes: Text by axis, as after the axis options; None for one not given.
        sample: Number of points to draw at random; None for all.
        seed: Random seed of that draw.
        only: Ids of the points to run, on all tasks; none for all.
        task: Text as after ``--task``; None for the tasks of the file.
    """

    design: Path | None = None
    overrides: Sequence[str] = ()
    axes: Mapping[str, str | None] = field(default_factory=dict)
    sample: int | None = None
    seed: int = 0
    only: Sequence[str] = ()
    task: str | None = None


def load(request: Request) -> tuple[LoadedDesign, Selection]:
    """Read a design file, and choose the points to run.

    Raises:
        DesignError: The file or an option cannot be used, or the design has no legal point.
    """
    design = request.design or paths.designs_dir() / "quickstart.yaml"
    values = {axis: None if text is None else [text] for axis, text in request.axes.items()}
    loaded = read_design(design, request.overrides, values, request.task)
    from pezoexplore.design.lattice.counting import select

    try:
        points = select(loaded.space, request.sample, request.seed)
    except DesignError as error:
        raise DesignError(f"{loaded.place}: {error}") from None
    return loaded, _only(points, request.only) if request.only else points


def _only(points: Selection, ids: Sequence[str]) -> Selection:
    """Return the points of these ids.

    Raises:
        DesignError: One is not among the points.
    """
    from pezoexplore.sweeps.rows import point_ids

    identities, wanted = [point_ids(points.space, one) for one in points.space.tasks], set(ids)
    found = {name: p for p in points for of in identities if (name := of(p)) in wanted}
    if missing := sorted(wanted - found.keys()):
        raise DesignError(
            f"--only {missing[0]}: no such point in design {points.space.name}; ids are in the "
            "column point_id of its results.csv, and change with its settings"
        )
    return replace(points, drawn=tuple(dict.fromkeys(found.values())))


@dataclass(frozen=True)
class RunPlan:
    """A design made ready to run.

    Attributes:
        space: The design.
        stages: What runs for each of its points.
        rungs: Training stages with a smaller budget, which a search runs first.
        out: The run directory.
        rtl_dir: Folder of the RTL.
        info: What run.json and design.yaml record, tool versions included.
    """

    space: DesignSpace
    stages: Sequence[Stage]
    rungs: Sequence[Stage]
    out: Path
    rtl_dir: Path
    info: RunInfo

    @property
    def missing_figures(self) -> list[str]:
        """Results of synthesis that stay empty because a tool is missing, one line each."""
        synthesises = any(stage.name == "synth" for stage in self.stages)
        return figures_missing(self.space, self.info.tools) if synthesises else []


def plan_run(
    design: LoadedDesign,
    stages: Sequence[str],
    out: Path,
    *,
    command: Sequence[str] | None = None,
    points: Selection | None = None,
    rtl_dir: Path | None = None,
    smaller: DesignSpace | None = None,
    tags: Sequence[str] = (),
) -> RunPlan:
    """Build the stages of a design.

    Args:
        design: The design.
        stages: Some of ``SELECTABLE``.
        out: The run directory.
        command: The command line, for run.json; None for that of the process.
        points: The points to run; if none of them has RTL, neither do the stages. None if they
            are not known yet.
        rtl_dir: Folder of the RTL; None for the bundled one.
        smaller: The design with a smaller budget, trained first; None for none.
        tags: Tags of the run; none for those that an earlier run in the directory had.

    Raises:
        PezoError: A tag, a tool, the RTL or the task cannot be used.
    """
    from pezoexplore.sweeps.outputs import RunInfo

    labels = tags_of(out, tags)
    rtl, tools = paths.rtl_folder(rtl_dir), tool_versions()
    if points is not None and not any(point.in_hardware for point in points):
        stages = [name for name in stages if name not in HARDWARE_STAGES]

    def build(space: DesignSpace, names: Sequence[str]) -> list[Stage]:
        where = {"rtl_dir": rtl, "work_dir": out / WORK_NAME, "folder": design.folder}
        return build_stages(space, names, tools=tools, **where)

    space = design.space
    built = build(space, stages)
    early = [] if smaller is None else [s for s in build(smaller, ["train"]) if s.name == "train"]
    chance = chance_levels(space, design.folder) if "train" in stages else {}
    known = (command or sys.argv, resolved_yaml(space), tools, machine(), tree_hash(rtl))
    info = RunInfo(*known, chance, network_sizes(space, design.folder), labels)
    return RunPlan(space, built, early, out, rtl, info)


def plan_search(
    design: LoadedDesign,
    stages: Sequence[str],
    out: Path,
    sampler: str,
    *,
    command: Sequence[str] | None = None,
    rtl_dir: Path | None = None,
    rungs: bool = True,
    tags: Sequence[str] = (),
) -> RunPlan:
    """Build the stages of a search; see :func:`plan_run`.

    Raises:
        PezoError: A tool, the RTL or the task cannot be used, the sampler is unknown, or no stage
            measures an objective.
    """
    from pezoexplore.search.samplers import SAMPLERS
    from pezoexplore.search.screening import CHEAP, rung

    if sampler not in SAMPLERS:
        allowed = ", ".join(SAMPLERS)
        raise DesignError(f"--sampler: unknown sampler {sampler!r}; allowed: {allowed}")
    if "train" not in stages:
        raise DesignError("--stages: a search trains; name train among them, as in train,synth")
    space = design.space
    columns = {*space.objectives.maximize, *space.objectives.minimize}
    columns |= {item.column for item in space.constraints}
    # Resources that no stage counts would rule out every point.
    needed = sorted(name for name in columns & CHEAP if not name.startswith(STREAM_COLUMNS))
    if needed and not any(name in HARDWARE_STAGES for name in stages):
        raise DesignError(
            f"--stages {','.join(stages)}: {needed[0]} is an objective or a constraint of design "
            f"{space.name} and needs stage synth; allowed: --stages train,synth"
        )
    smaller = rung(space) if rungs else None
    return plan_run(
        design, stages, out, command=command, rtl_dir=rtl_dir, smaller=smaller, tags=tags
    )


@dataclass(frozen=True)
class Swept:
    """A sweep from its plan to its results.

    Attributes:
        plan: The design and its stages.
        points: The points.
        result: The results.
    """

    plan: RunPlan
    points: Selection
    result: SweepResult


def sweep(
    design: Request | LoadedDesign,
    stages: Sequence[str],
    workers: Workers,
    out: Path | None = None,
    *,
    command: Sequence[str] | None = None,
    rtl_dir: Path | None = None,
    tags: Sequence[str] = (),
    junit: Path | None = None,
    plots: bool = False,
    parquet: bool = False,
    adaptive_seeds: int | None = None,
    retry: bool = True,
    planned: Callable[[RunPlan, Selection], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Swept:
    """Load a design, run every stage of every point, and write the run directory.

    Args:
        design: What to run; of a design that is loaded already, all points.
        stages: Some of ``SELECTABLE``.
        workers: What runs the stages, and the shared cache.
        out: The run directory; None for ``reports/`` and the name of the design.
        command: The command line, for run.json; None for that of the process.
        rtl_dir: Folder of the RTL; None for the bundled one.
        tags: Tags of the run; none for those that an earlier run in the directory had.
        junit: File for the RTL results as JUnit XML; None for none.
        plots: Whether to draw the plots.
        parquet: Whether to write results.parquet as well; one of an earlier run is removed else.
        adaptive_seeds: Train points whose membership of the Pareto front is uncertain with more
            seeds, up to this many; None for the seeds of the design.
        retry: Whether stages that failed or ran out of time are tried again.
        planned: Called once before anything runs.
        progress: Called whenever a run ends.

    Raises:
        PezoError: The design, an option, a tool or the run directory cannot be used.
    """
    if isinstance(design, Request):
        loaded, points = load(design)
    else:
        from pezoexplore.design.lattice.counting import select

        loaded, points = design, select(design.space)
    from pezoexplore.sweeps.sweep import run_sweep

    out = out or Path("reports") / loaded.space.name
    plan = plan_run(loaded, stages, out, command=command, points=points, rtl_dir=rtl_dir, tags=tags)
    if planned:
        planned(plan, points)
    with workers.open_cache() as cache, workers.start(plan.stages) as executor:

        def run_all(stages: Sequence[Stage]) -> SweepResult:
            return run_sweep(
                plan.space,
                points,
                stages,
                out_dir=plan.out,
                info=plan.info,
                jobs=workers.jobs,
                skipped=_skipped_points(points),
                junit=junit,
                draw=draw_sweep if plots else None,
                progress=progress,
                executor=executor,
                cache=cache,
                retry=retry,
            )

        result = _sweep_adaptively(run_all, plan.stages, points, adaptive_seeds)
    if parquet:
        write_parquet(result.rows, plan.out / PARQUET_NAME, plan.space.columns())
    else:  # one of an earlier run would contradict results.csv
        (plan.out / PARQUET_NAME).unlink(missing_ok=True)
    return Swept(plan, points, result)


def _sweep_adaptively(
    run_all: Callable[[Sequence[Stage]], SweepResult],
    stages: Sequence[Stage],
    points: Selection,
    most: int | None,
) -> SweepResult:
    """Sweep, and again with more seeds for points whose membership of the front is uncertain."""
    from pezoexplore.sweeps.adaptive import seeds_wanted, with_more_seeds

    result, runs = run_all(stages), []
    seeds: dict[DesignPoint, int] = {}
    while most is not None and (more := seeds_wanted(result.rows, points, points.space, most)):
        designs = f"{len(more)} design{'s' * (len(more) != 1)}"
        log.info(
            f"{designs} with uncertain membership of the front: "
            f"up to {max(more.values())} seeds each"
        )
        runs.append(result.counts)
        seeds |= more
        result = run_all(with_more_seeds(stages, seeds))
    before = {name: sum(c[name].run for c in runs if name in c) for name in result.counts}
    counts = {
        name: replace(count, run=count.run + before[name],
                      from_store=max(0, count.from_store - before[name]))
        for name, count in result.counts.items()
    }  # fmt: skip
    return replace(result, counts=counts)


def _skipped_points(points: Selection) -> list[SkippedPoint]:
    """Return the combinations of a design that are not legal, as results.csv names them."""
    from pezoexplore.sweeps.outputs import SkippedPoint

    skipped = []
    for skip in points.counts.skipped:
        axes = {axis: "inf" if cell == math.inf else cell for axis, cell in skip.axes.items()}
        skipped.append(SkippedPoint(axes, skip.reason))
    return skipped


def search(
    plan: RunPlan,
    settings: SearchSettings,
    workers: Workers,
    *,
    progress: Callable[[SearchNews], None] | None = None,
) -> SearchResult:
    """Search the front of a design, and write the run directory.

    Args:
        plan: The design, its stages and rungs.
        settings: Budget, sampler, seed and the like.
        workers: What runs the stages, and the shared cache.
        progress: Called after each batch.

    Raises:
        PezoError: The tools, the run directory or a warm start cannot be used.
    """
    from pezoexplore.report.plots.run_plots import draw_run
    from pezoexplore.search.search_run import run_search

    with (
        workers.open_cache() as cache,
        workers.start([*plan.stages, *plan.rungs]) as executor,
    ):
        return run_search(
            plan.space,
            plan.stages,
            out_dir=plan.out,
            info=plan.info,
            settings=settings,
            rungs=plan.rungs,
            draw=draw_run,
            executor=executor,
            cache=cache,
            progress=progress,
        )
