"""A search over real stages, kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore.analysis.hypervolume import box_of
from pezoexplore.files import write_atomically
from pezoexplore.search.candidates import Candidates, candidates_of
from pezoexplore.search.goal import FAILED, Goal, Known
from pezoexplore.search.search import SearchSettings as SearchSettings
from pezoexplore.search.search import evaluations, search, trial_of
from pezoexplore.search.stage_evaluator import StageEvaluator, TimeIsUpError
from pezoexplore.search.study import STUDY_NAME, KeptStudy
from pezoexplore.search.warm_start import warm_start
from pezoexplore.sweeps.executors.local import Executor, Local
from pezoexplore.sweeps.plan import note
from pezoexplore.sweeps.rundir import RUN_NAME, open_run_dir
from pezoexplore.sweeps.stage_kinds import HealthStage
from pezoexplore.sweeps.store import Store
from pezoexplore.sweeps.sweep import SweepResult, run_sweep

if TYPE_CHECKING:
    from optuna.study import Study

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.cache import Cache
    from pezoexplore.sweeps.outputs import Draw, RunInfo
    from pezoexplore.sweeps.stage import Stage

HISTORY_NAME = "search.csv"

MAX_WEIGHTS = 2**18
"""Weights up to which the spans of the points are worked out beforehand."""


@dataclass(frozen=True)
class SearchNews:
    """Progress of a search, after each batch.

    Attributes:
        evaluations: Points evaluated at full budget.
        budget: How many there are to be.
        outcomes: Number of points by outcome; those known before not counted.
        hypervolume: Share of the box around the feasible results so far.
        warm: Points that were known before.
        worked_s: Seconds of the stages run by this search, now.
        left_s: Expected seconds of those to come, as many per evaluation; None before the first.
        running: Returns the names of the stages that run right now.
    """

    evaluations: int
    budget: int
    outcomes: Mapping[str, int]
    hypervolume: float
    warm: int
    worked_s: float = 0.0
    left_s: float | None = None
    running: Callable[[], Sequence[str]] = tuple


_STUDY_NEWS = ("evaluations", "budget", "outcomes", "hypervolume", "warm")
"""What the live page shows of it."""


@dataclass(frozen=True)
class SearchResult:
    """Results of a search.

    Attributes:
        sweep: The run directory's results; None if no point was evaluated.
        history: Every point tried, in order.
        complete: Whether the budget was used up or the space was; not so when time ran out.
        hypervolume: Share of the box around the feasible results of the search.
        runs: Stages run by name, those of smaller budgets under ``rung``.
    """

    sweep: SweepResult | None
    history: list[Known]
    complete: bool
    hypervolume: float
    runs: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Whether the search came to its end without failures."""
        return self.complete and not self.failures and (self.sweep is None or self.sweep.ok)

    @property
    def failures(self) -> list[Known]:
        """Points without a result."""
        return [item for item in self.history if item.finding.state == FAILED]


def _span_of(stages: Sequence[Stage]) -> Callable[[DesignPoint], int] | None:
    """Return what works out the span of a point; None where that takes too long."""
    for stage in stages:
        if isinstance(stage, HealthStage) and stage.parameters <= MAX_WEIGHTS:
            return stage.span
    return None


def run_search(
    space: DesignSpace,
    stages: Sequence[Stage],
    *,
    out_dir: Path,
    info: RunInfo,
    settings: SearchSettings,
    rungs: Sequence[Stage] = (),
    executor: Executor | None = None,
    cache: Cache | None = None,
    draw: Draw | None = None,
    progress: Callable[[SearchNews], None] | None = None,
) -> SearchResult:
    """Search a design space and write the run directory.

    The directory is that of a sweep over the points that were evaluated, its store and its rows
    the same, with the study and search.csv beside them.

    Args:
        space: The design space.
        stages: Stages of an evaluation; all but ``train`` run before it.
        out_dir: The run directory: new, empty or one of ours, of a design of this name.
        info: Facts for run.json and design.yaml.
        settings: Settings of the search.
        rungs: Training stages with smaller budgets, rising, to stop early at.
        executor: Runs the stages; None: processes on this machine.
        cache: Finished runs shared with other sweeps and searches; None for none.
        draw: Draws the plots of a sweep.
        progress: Called after each batch.

    Raises:
        PezoError: The run directory, the store, the study or a warm start cannot be used.
        KeyboardInterrupt: Ctrl-C; the search can be resumed.
    """
    goal = Goal(space.objectives.maximize, space.objectives.minimize, space.constraints)
    candidates = replace(candidates_of(space, settings.seed), span=_span_of(stages))
    executor = executor or Local(settings.jobs)
    with (
        open_run_dir(out_dir.absolute(), space.name) as run_dir,
        Store(run_dir.store) as store,
    ):
        evaluator = StageEvaluator(
            space, goal, stages, rungs, store, run_dir, settings, executor, cache
        )
        history, complete = _search(evaluator, candidates, settings, progress)
        rows = [
            item.point for item in history if item.finding.full and evaluator.has_all(item.point)
        ]
    sweep = None
    if rows:
        sweep = run_sweep(
            space,
            rows,
            stages,
            out_dir=out_dir,
            info=info,
            executor=executor,
            draw=draw,
            cache=cache,
        )
    _write_summary(out_dir.absolute(), settings, history, evaluator)
    return SearchResult(sweep, history, complete, _share(goal, history), dict(evaluator.runs))


def _search(
    evaluator: StageEvaluator,
    candidates: Candidates,
    settings: SearchSettings,
    progress: Callable[[SearchNews], None] | None,
) -> tuple[list[Known], bool]:
    """Search; return the history and whether the search came to its end."""
    goal, run_dir = evaluator.goal, evaluator.run_dir
    kept = KeptStudy(run_dir.path / STUDY_NAME, evaluator.study_name(settings), goal)
    study, history = kept.load()
    if not kept.started:
        history = warm_start(settings.warm, candidates, evaluator)
        study.add_trials([trial_of(goal, candidates, item) for item in history])
        kept.keep(study)
        kept.begin(
            {"design": evaluator.space.name, "sampler": settings.sampler, "seed": settings.seed}
        )
    latest, before = history, evaluations(history)

    def journal(study: Study, known: Sequence[Known]) -> None:
        nonlocal latest
        latest = list(known)
        kept.keep(study)
        tell(known)

    def tell(known: Sequence[Known]) -> None:
        write_atomically(run_dir.path / HISTORY_NAME, evaluator.history_csv(known))
        news = _news(goal, known, settings.budget)
        note(evaluator.store, "study", _study(evaluator, news, known))
        if progress is not None:
            progress(_timed(news, evaluator, before))

    tell(history)
    try:
        latest = search(goal, candidates, evaluator, settings, expired=evaluator.expired,
                        history=history, study=study, journal=journal)  # fmt: skip
    except TimeIsUpError:
        return latest, False
    return latest, not evaluator.expired() or evaluations(latest) >= settings.budget


def _study(evaluator: StageEvaluator, news: SearchNews, history: Sequence[Known]) -> dict[str, Any]:
    """Return the search so far, as its live page shows it."""
    goal, target = evaluator.goal, evaluator.space.hardware.names[0]
    return {
        **{name: getattr(news, name) for name in _STUDY_NEWS},
        "name": evaluator.space.name,
        "sampler": evaluator.settings.sampler,
        "maximize": list(goal.maximize),
        "minimize": list(goal.minimize),
        "designs": [
            (item.point.label(), target, item.point.rng, item.point.reuse,
             [item.finding.cells[name] for name in goal.objectives])
            for item in history
            if goal.feasible(item)
        ],
    }  # fmt: skip


def _news(goal: Goal, history: Sequence[Known], budget: int) -> SearchNews:
    outcomes: dict[str, int] = {}
    for item in history:
        if not item.warm:
            outcomes[item.finding.state] = outcomes.get(item.finding.state, 0) + 1
    warm = sum(item.warm for item in history)
    return SearchNews(evaluations(history), budget, outcomes, _share(goal, history), warm)


def _timed(news: SearchNews, evaluator: StageEvaluator, before: int) -> SearchNews:
    """Return the news with the time, where so many evaluations had been made before."""
    made, worked = news.evaluations - before, evaluator.worked_s
    left = (news.budget - news.evaluations) * worked / made if made else None
    return replace(news, worked_s=worked, left_s=left, running=evaluator.running)


def _share(goal: Goal, history: Sequence[Known]) -> float:
    costs = goal.front_costs(history)
    return box_of(costs).share(costs) if len(costs) else 0.0


def _write_summary(
    path: Path, settings: SearchSettings, history: Sequence[Known], evaluator: StageEvaluator
) -> None:
    """Say in run.json what the search did."""
    target = path / RUN_NAME
    content = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    content["program"] = content.get("program", "pezoexplore")
    news = _news(evaluator.goal, history, settings.budget)
    content["search"] = {
        "sampler": settings.sampler,
        "seed": settings.seed,
        "batch": settings.batch,
        "budget": settings.budget,
        "evaluations": news.evaluations,
        "outcomes": dict(sorted(news.outcomes.items())),
        "warm": news.warm,
        "hypervolume": round(news.hypervolume, 9),
        "stage_runs": dict(sorted(evaluator.runs.items())),
    }
    write_atomically(target, json.dumps(content, indent=2) + "\n")
