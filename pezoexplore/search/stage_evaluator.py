"""The evaluator of proposed points: cheap stages first, then training by rising budgets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pezoexplore.design.columns import NUMERIC_COLUMNS
from pezoexplore.design.conditions import parse_number
from pezoexplore.search.goal import COMPLETE, FAILED, SCREENED, STOPPED, Finding, Goal, Known
from pezoexplore.search.screening import can_stop_early, cannot_reach, ruled_out
from pezoexplore.search.search import SearchSettings, progress
from pezoexplore.sweeps.cache import Cache, CacheError
from pezoexplore.sweeps.collect import named
from pezoexplore.sweeps.executors.local import Executor, Task
from pezoexplore.sweeps.rows import cell_text, csv_text, point_ids, with_generator
from pezoexplore.sweeps.rundir import RunDir
from pezoexplore.sweeps.stage import canonical_json, determinants, sha256
from pezoexplore.sweeps.store import Result, Store, result_of

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.stage import Stage
    from pezoexplore.sweeps.store import Record

log = logging.getLogger(__name__)

HISTORY_COLUMNS = (
    *("trial", "point_id", "design", "outcome", "warm", "evaluations", "hypervolume", "reason"),
)
"""Columns of search.csv, a line a trial: evaluations so far, and the hypervolume that all feasible
results so far dominate, as a share of the box around all feasible results of the search."""


class TimeIsUpError(Exception):
    """The time is over in the middle of a batch."""


@dataclass(eq=False)
class StageEvaluator:
    """Runs the stages of proposed points: cheap ones, then training by rising budgets.

    Attributes:
        space: The design space.
        goal: Its objectives and constraints.
        stages: Stages of an evaluation.
        rungs: Training stages with smaller budgets, rising.
        store: Where every run is kept.
        run_dir: Where the logs go.
        settings: Settings of the search.
        executor: Runs the stages.
        cache: Finished runs shared with other sweeps and searches; None for none.
        runs: Stages run so far by name.
        worked_s: Seconds that they took.
    """

    space: DesignSpace
    goal: Goal
    stages: Sequence[Stage]
    rungs: Sequence[Stage]
    store: Store
    run_dir: RunDir
    settings: SearchSettings
    executor: Executor
    cache: Cache | None = None
    runs: dict[str, int] = field(default_factory=dict)
    worked_s: float = 0.0
    _running: dict[str, str] = field(default_factory=dict)
    _started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Fix how points are named: by their ids in results.csv."""
        self.identity = point_ids(self.space)

    def running(self) -> list[str]:
        """Return the names of the stages that run right now."""
        return list(self._running.values())

    def expired(self) -> bool:
        """Return whether the time is over."""
        limit = self.settings.time_s
        return limit is not None and time.monotonic() - self._started_at >= limit

    def study_name(self, settings: SearchSettings) -> str:
        """Name of the study: the design's, and a hash of all that determines the search.

        The budget and the time do not count: with more of them a search resumes.
        """
        space = self.space.model_dump(mode="json")
        stages = [stage.label for stage in self.stages]
        rungs = [canonical_json(_budget(stage)) for stage in self.rungs]
        what = {"space": space, "stages": stages, "rungs": rungs, "sampler": settings.sampler,
                "seed": settings.seed, "batch": settings.batch}  # fmt: skip
        return f"{self.space.name}-{sha256(canonical_json(what))[:8]}"

    def __call__(self, points: Sequence[DesignPoint], history: Sequence[Known]) -> list[Finding]:
        """Evaluate each point of a batch."""
        findings: dict[DesignPoint, Finding] = {}
        cells: dict[DesignPoint, dict[str, float]] = {}
        cheap = self._run(points, [stage for stage in self.stages if stage.name != "train"])
        for point in points:
            failed = _failure(cheap[point])
            cells[point] = _numbers(cheap[point], self.space)
            reason = failed or ruled_out(self.goal, cells[point], history)
            if reason:
                state = FAILED if failed else SCREENED
                findings[point] = Finding(state, cells[point], reason)
        for rung in self.rungs if can_stop_early(self.goal) else ():
            findings |= self._climb(rung, [p for p in points if p not in findings], cells, history)
        training = [stage for stage in self.stages if stage.name == "train"]
        left = [point for point in points if point not in findings]
        trained = self._run(left, training)
        for point in left:
            findings[point] = self._finding(cells[point], trained[point])
        return [findings[point] for point in points]

    def has_all(self, point: DesignPoint) -> bool:
        """Return whether every stage of a point is in the store, good or bad."""
        return all(self.store.get(key) is not None for key, *_ in self.uses(point, self.stages))

    def known(self, point: DesignPoint) -> Finding | None:
        """Return a point's finding from the store; None unless every stage has a good result."""
        results = []
        for key, stage in self.uses(point, self.stages):
            record = self.store.get(key)
            if record is None or result_of(record, stage, ran=False).status != "ok":
                return None
            results.append((stage, result_of(record, stage, ran=False)))
        return Finding(COMPLETE, _numbers(results, self.space), full=True)

    def uses(self, point: DesignPoint, stages: Sequence[Stage]) -> list[tuple[str, Stage]]:
        """Return key and stage, for each stage that a point has."""
        return [
            (sha256(determinants(stage, point)), stage) for stage in stages if stage.applies(point)
        ]

    def history_csv(self, history: Sequence[Known]) -> str:
        """Return content of search.csv."""
        shares = progress(self.goal, history)
        rows, count = [], 0
        for number, (item, share) in enumerate(zip(history, shares, strict=True)):
            count += item.finding.full and not item.warm
            values = (
                str(number),
                self.identity(item.point),
                item.point.label(),
                item.finding.state,
                str(int(item.warm)),
                str(count),
                f"{share:.6f}",
                item.finding.reason,
            )
            rows.append(dict(zip(HISTORY_COLUMNS, values, strict=True)))
        return csv_text(HISTORY_COLUMNS, rows)

    def _climb(
        self,
        rung: Stage,
        points: Sequence[DesignPoint],
        cells: Mapping[DesignPoint, Mapping[str, float]],
        history: Sequence[Known],
    ) -> dict[DesignPoint, Finding]:
        """Train points at a smaller budget; return those that stop there."""
        results = self._run(points, [rung])
        rivals = []
        for item in history:
            if self.goal.feasible(item) and (scores := self._scores(rung, item.point)):
                rivals.append((item, scores))
        stopped = {}
        for point in points:
            scores = _scores_of(results[point])
            reason = cannot_reach(self.goal, cells[point], scores, rivals) if scores else ""
            if reason:
                stopped[point] = Finding(STOPPED, cells[point], reason)
        return stopped

    def _scores(self, rung: Stage, point: DesignPoint) -> list[float]:
        """Return accuracies by seed of a point at a smaller budget, from the store."""
        ((key, *_),) = self.uses(point, [rung])
        record = self.store.get(key)
        return [] if record is None else _scores_of([(rung, result_of(record, rung, ran=False))])

    def _finding(
        self, cells: Mapping[str, float], results: Sequence[tuple[Stage, Result]]
    ) -> Finding:
        failed = _failure(results)
        if failed:
            return Finding(FAILED, cells, failed, full=True)
        diverged = next((r.payload.get("diverged_step") for _, r in results), None)
        if diverged is not None:
            return Finding(STOPPED, cells, f"diverged at step {diverged}", full=True)
        return Finding(COMPLETE, _numbers(results, self.space, cells), full=True)

    def _run(
        self, points: Sequence[DesignPoint], stages: Sequence[Stage]
    ) -> dict[DesignPoint, list[tuple[Stage, Result]]]:
        """Return results of stages, from the store or from runs that go into it."""
        uses = {point: self.uses(point, stages) for point in points}
        results: dict[str, Result] = {}
        tasks: dict[str, Task] = {}
        for point in points:
            for key, stage in uses[point]:
                task = self._task(key, stage, point)
                record = self._stored(task)
                if record is not None and record.status == "ok":
                    results[key] = result_of(record, stage, ran=False)
                else:
                    tasks.setdefault(key, task)
        waiting = sorted(
            tasks.values(),
            key=lambda task: (-task.stage.cost(task.point), task.key),
        )
        with closing(self.executor(self._started(waiting))) as outcomes:
            while len(results) < len({key for found in uses.values() for key, _ in found}):
                if self.expired():
                    raise TimeIsUpError
                outcome = next(outcomes)
                task = outcome.task
                (result,) = self.store.keep([outcome])
                results[task.key] = result
                self._share(result.record)
                name = "rung" if task.stage in self.rungs else task.stage.name
                self.runs[name] = self.runs.get(name, 0) + 1
                self.worked_s += outcome.seconds
                self._running.pop(task.key, None)
        return {
            point: [(stage, results[key]) for key, stage in found] for point, found in uses.items()
        }

    def _started(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """Yield tasks as the executor takes them, and name them as running."""
        self._running.clear()
        for task in tasks:
            self._running[task.key] = named(task.stage.label, task.point, "")
            yield task

    def _stored(self, task: Task) -> Record | None:
        """Return the record of a task from the store, or else from the cache into the store."""
        record = self.store.get(task.key)
        if self.cache is None or (record is not None and record.status == "ok"):
            return record
        with self._cache_errors_logged():
            if (shared := self.cache.get(task.key)) is not None:
                self.store.put(shared)
                if shared.status == "ok":
                    task.stage.clear(task.log_path)
                return shared
        return record

    def _share(self, record: Record) -> None:
        if self.cache is not None:
            with self._cache_errors_logged():
                self.cache.put(record)

    @contextmanager
    def _cache_errors_logged(self) -> Iterator[None]:
        """Continue without the cache once it cannot be used."""
        try:
            yield
        except CacheError as error:
            log.warning(f"{error}; the search continues without it")
            self.cache = None

    def _task(self, key: str, stage: Stage, point: DesignPoint) -> Task:
        identity = self.identity(point)
        label = stage.label
        if stage in self.rungs:
            label += f"-rung{list(self.rungs).index(stage)}"
        return Task(key, stage, identity, point, self.run_dir.log(identity, label))


def _budget(stage: Stage) -> dict[str, Any]:
    """Return what distinguishes one smaller budget from another."""
    settings = getattr(stage, "settings", None)
    return {"stage": stage.label, "settings": settings.model_dump(mode="json") if settings else {}}


def _failure(results: Sequence[tuple[Stage, Result]]) -> str:
    """Return the first stage without a good result, and why; empty if there is none."""
    return next(
        (f"{stage.label}: {result.reason}" for stage, result in results if result.status != "ok"),
        "",
    )


def _scores_of(results: Sequence[tuple[Stage, Result]]) -> list[float]:
    """Return accuracies by seed; none if training failed."""
    for _, result in results:
        if result.status == "ok":
            scores = result.payload.get("accuracy_per_seed") or []
            return [float(score) for score in scores]
    return []


def _numbers(
    results: Sequence[tuple[Stage, Result]],
    space: DesignSpace,
    known: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return numbers by column, as results.csv has them in the row of the first target.

    Args:
        results: Results of stages.
        space: The design space.
        known: Numbers of earlier stages, which stay.
    """
    target = space.hardware.names[0]
    found: dict[str, object] = dict(known or {})
    for stage, result in results:
        if stage.target in (None, target):
            found |= result.payload
    cells: dict[str, float] = {}
    for name, value in with_generator(found).items():
        number = parse_number(cell_text(name, value)) if name in NUMERIC_COLUMNS else None
        if number is not None:
            cells[name] = number
    return cells
