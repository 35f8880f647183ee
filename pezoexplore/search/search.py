"""The search loop: propose a batch, have it judged, tell the study, until the budget is used up.

The loop knows nothing of stages: an *evaluator* says what became of each proposed point. Batches
have a fixed size, whatever the number of processes, and the sampler of each is made from the seed
and the batch's number; so the same seed and the same results give the same search.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from pezoexplore.analysis.hypervolume import Box, box_of, staircase
from pezoexplore.search.samplers import VIOLATIONS, make_sampler, taken_places

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from pezoexplore.design.conditions import Condition
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.search.candidates import Candidates

BATCH = 4
"""Points proposed at a time: new ones are chosen only when all of the last are known, so fewer
learn more from each, and more keep more processes busy."""

COMPLETE, SCREENED, STOPPED, FAILED = "complete", "screened", "stopped", "failed"

STATES = {
    COMPLETE: TrialState.COMPLETE,
    SCREENED: TrialState.PRUNED,
    STOPPED: TrialState.PRUNED,
    FAILED: TrialState.FAIL,
}
"""What may become of a point, and the state of its trial: known at full budget; not trained, since
its resources rule it out; trained at a smaller budget and left there; without a result."""

NUMERIC_CHECKS: dict[str, Callable[[Any, float], Any]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Finding:
    """What became of a proposed point.

    Attributes:
        state: One of ``STATES``.
        cells: What is known at full budget, numbers by column.
        reason: Why it is not complete, in one line.
        full: Whether every stage was run at full budget: an evaluation.
    """

    state: str
    cells: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    full: bool = False


@dataclass(frozen=True)
class Known:
    """A point with what became of it.

    Attributes:
        point: The point.
        finding: What became of it.
        warm: Whether it was known before the search.
    """

    point: DesignPoint
    finding: Finding
    warm: bool = False


@dataclass(frozen=True)
class Goal:
    """What a search is for.

    Attributes:
        maximize: Columns of which more is better.
        minimize: Columns of which less is better.
        constraints: What a point on the front keeps.
    """

    maximize: tuple[str, ...]
    minimize: tuple[str, ...]
    constraints: tuple[Condition, ...] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """All of them, in the order of a trial's values."""
        return self.maximize + self.minimize

    @property
    def directions(self) -> list[StudyDirection]:
        """As Optuna has them."""
        up = [StudyDirection.MAXIMIZE] * len(self.maximize)
        return up + [StudyDirection.MINIMIZE] * len(self.minimize)

    @property
    def bounds(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """The constraints on numbers, as (column, check of a number or array)."""
        return [
            (item.column, _check(item.op, float(item.value)))
            for item in self.constraints
            if not isinstance(item.value, str)
        ]

    def costs(self, cells: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """The objectives as costs, float64 [k]."""
        signs = [-1.0] * len(self.maximize) + [1.0] * len(self.minimize)
        return np.array([cells[name] for name in self.objectives]) * signs

    def violations(self, cells: Mapping[str, float]) -> list[float]:
        """How far each constraint is missed: 0 where it is kept or not known yet."""
        return [_violation(item, cells) for item in self.constraints]

    def feasible(self, known: Known) -> bool:
        """Whether a point may be on the front."""
        finding = known.finding
        return (
            finding.state == COMPLETE
            and all(name in finding.cells for name in self.objectives)
            and all(item.holds(finding.cells) for item in self.constraints)
        )

    def front_costs(self, history: Sequence[Known]) -> npt.NDArray[np.float64]:
        """Costs of the feasible points, float64 [n, k], in the order they came."""
        rows = [self.costs(known.finding.cells) for known in history if self.feasible(known)]
        return np.array(rows).reshape(len(rows), len(self.objectives))


def _check(op: str, value: float) -> Callable[[Any], Any]:
    return lambda cells: NUMERIC_CHECKS[op](cells, value)


def _violation(condition: Condition, cells: Mapping[str, float]) -> float:
    if condition.column not in cells or condition.holds(cells):
        return 0.0
    if isinstance(condition.value, str) or condition.op in ("==", "!="):
        return 1.0
    gap = abs(cells[condition.column] - condition.value) / max(1.0, abs(condition.value))
    return gap or math.ulp(1.0)  # at the very limit of < or >


class Evaluator(Protocol):
    """Says what becomes of proposed points."""

    def __call__(self, points: Sequence[DesignPoint], history: Sequence[Known]) -> list[Finding]:
        """What became of each point.

        Args:
            points: The batch.
            history: Everything known before, in order.
        """


@dataclass(frozen=True)
class Plan:
    """How to search.

    Attributes:
        budget: Points to evaluate at full budget, those known before not counted.
        sampler: One of ``SAMPLERS``.
        seed: Seed of the study.
        batch: Points proposed at a time.
        expired: Asked before each batch; True ends the search there.
    """

    budget: int
    sampler: str = "surrogate"
    seed: int = 0
    batch: int = BATCH
    expired: Callable[[], bool] = lambda: False


class Journal(Protocol):
    """Told of each batch once it is known."""

    def __call__(self, study: Study, history: Sequence[Known], /) -> None:
        """Keep what is new."""


def search(
    goal: Goal,
    candidates: Candidates,
    evaluate: Evaluator,
    plan: Plan,
    *,
    history: Sequence[Known] = (),
    study: Study | None = None,
    journal: Journal | None = None,
) -> list[Known]:
    """Search until the budget is used up, the time is over or no point is left.

    Args:
        goal: What the search is for.
        candidates: The points.
        evaluate: Says what becomes of them.
        plan: How to search.
        history: What is known already: warm starts, then the batches of a search that is resumed.
        study: The study that holds this history; None for a fresh one.
        journal: Told of each batch.

    Returns:
        The history, continued.
    """
    known = list(history)
    if study is None:
        study = new_study(goal)
        for item in known:
            study.add_trial(trial_of(goal, candidates, item))
    while (left := plan.budget - evaluations(known)) > 0 and not plan.expired():
        front = [item.point for item in known if goal.feasible(item)]
        pool = candidates.around(front, [item.point for item in known])
        size = min(plan.batch, left, len(pool.points) - len(taken_places(study, pool)))
        if size <= 0:
            break
        known += _one_batch(goal, pool, evaluate, plan, study, known, size)
        if journal is not None:
            journal(study, known)
    return known


def _one_batch(
    goal: Goal,
    candidates: Candidates,
    evaluate: Evaluator,
    plan: Plan,
    study: Study,
    known: Sequence[Known],
    size: int,
) -> list[Known]:
    proposed = sum(not item.warm for item in known)
    study.sampler = make_sampler(
        plan.sampler,
        candidates,
        seed=plan.seed,
        batch=proposed,
        size=size,
        proposed=proposed,
        objectives=goal.objectives,
        bounds=goal.bounds,
    )
    trials = [study.ask(dict(candidates.distributions)) for _ in range(size)]
    places = [candidates.place(trial.params) for trial in trials]
    points = [candidates.points[place] for place in places if place is not None]
    findings = evaluate(points, known)
    for trial, point, finding in zip(trials, points, findings, strict=True):
        for name, value in attributes(goal, Known(point, finding), proposed + size).items():
            trial.set_user_attr(name, value)
        values = objective_values(goal, finding)
        # What lacks an objective cannot be compared, however finished it is.
        state = TrialState.FAIL if finding.state == COMPLETE else STATES[finding.state]
        study.tell(trial, values, state if values is None else None)
    return [Known(point, finding) for point, finding in zip(points, findings, strict=True)]


def new_study(goal: Goal) -> Study:
    """An empty study in memory."""
    quiet = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(directions=goal.directions)
    finally:
        optuna.logging.set_verbosity(quiet)


def objective_values(goal: Goal, finding: Finding) -> list[float] | None:
    """Values of a trial; None for one that is not complete or misses an objective."""
    if finding.state != COMPLETE or any(name not in finding.cells for name in goal.objectives):
        return None
    return [finding.cells[name] for name in goal.objectives]


def attributes(goal: Goal, known: Known, until: int) -> dict[str, Any]:
    """User attributes of a trial.

    Args:
        goal: What the search is for.
        known: The point and what became of it.
        until: Proposals there are once its batch is known; 0 for a point known before.
    """
    finding = known.finding
    return {
        "design": known.point.label(),
        "axes": known.point.to_json(),
        "outcome": finding.state,
        "reason": finding.reason,
        "cells": dict(finding.cells),
        "full": finding.full,
        "warm": known.warm,
        "until": until,
        VIOLATIONS: goal.violations(finding.cells),
    }


def trial_of(goal: Goal, candidates: Candidates, known: Known) -> FrozenTrial:
    """A finished trial for what was known before."""
    values = objective_values(goal, known.finding)
    state = TrialState.COMPLETE if values is not None else STATES[known.finding.state]
    return create_trial(
        state=state if values is not None else _without_values(state),
        values=values,
        params=candidates.params(known.point),
        distributions=dict(candidates.distributions),
        user_attrs=attributes(goal, known, 0),
        system_attrs={"constraints": goal.violations(known.finding.cells)},
    )


def _without_values(state: TrialState) -> TrialState:
    return TrialState.PRUNED if state == TrialState.COMPLETE else state


def evaluations(history: Sequence[Known]) -> int:
    """Points evaluated at full budget by the search itself."""
    return sum(item.finding.full and not item.warm for item in history)


def progress(goal: Goal, history: Sequence[Known], box: Box | None = None) -> list[float]:
    """Hypervolume after each point of a history, as a share of a box.

    Args:
        goal: The objectives and constraints.
        history: What became of the points, in order.
        box: The box; None for the one around the feasible points of this history.
    """
    costs = goal.front_costs(history)
    counts = np.cumsum([goal.feasible(known) for known in history]).tolist()
    if not len(costs):
        return [0.0] * len(history)
    return staircase(costs, box or box_of(costs), counts)
