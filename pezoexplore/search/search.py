"""The search loop: propose a batch, evaluate it, update the study, until the budget is used up.

The loop knows nothing of stages: an *evaluator* returns a finding for each proposed point. Batches
have a fixed size, whatever the number of processes, and the sampler of each is made from the seed
and the batch's number; so the same seed and the same results give the same search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from pezoexplore.analysis.hypervolume import Box, box_of, staircase
from pezoexplore.search.goal import (
    COMPLETE,
    STATES,
    VIOLATIONS,
    Finding,
    Goal,
    Known,
)
from pezoexplore.search.samplers import make_sampler, taken_indices

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.search.candidates import Candidates

BATCH = 4
"""Points proposed at a time: new ones are chosen only when all of the last are known, so fewer
learn more from each, and more keep more processes busy."""


class Evaluator(Protocol):
    """Evaluates proposed points."""

    def __call__(self, points: Sequence[DesignPoint], history: Sequence[Known]) -> list[Finding]:
        """Evaluate each point.

        Args:
            points: The batch.
            history: Everything known before, in order.
        """


@dataclass(frozen=True)
class SearchSettings:
    """Settings of a search.

    Attributes:
        budget: Points to evaluate at full budget, those known before not counted.
        sampler: One of ``SAMPLERS``.
        seed: Seed of the study.
        batch: Points proposed at a time.
        time_s: Seconds after which the search stops, to be resumed; None for no limit.
        jobs: Worker processes; never changes a result.
        warm: Results to start from: results.csv files or run directories.
    """

    budget: int
    sampler: str = "surrogate"
    seed: int = 0
    batch: int = BATCH
    time_s: float | None = None
    jobs: int = 1
    warm: Sequence[Path] = ()


class Journal(Protocol):
    """Called with each batch once it is known."""

    def __call__(self, study: Study, history: Sequence[Known], /) -> None:
        """Keep what is new."""


def search(
    goal: Goal,
    candidates: Candidates,
    evaluate: Evaluator,
    settings: SearchSettings,
    *,
    expired: Callable[[], bool] = lambda: False,
    history: Sequence[Known] = (),
    study: Study | None = None,
    journal: Journal | None = None,
) -> list[Known]:
    """Search until the budget is used up, the time is over or no point is left.

    Args:
        goal: Objectives and constraints.
        candidates: The points.
        evaluate: Returns a finding for each.
        settings: How to search; time, processes and warm starts are not looked at.
        expired: Asked before each batch; True ends the search there.
        history: Points known already: warm starts, then the batches of a search that is resumed.
        study: The study that holds this history; None for a fresh one.
        journal: Called with each batch.

    Returns:
        The history, continued.
    """
    known = list(history)
    if study is None:
        study = new_study(goal)
        for item in known:
            study.add_trial(trial_of(goal, candidates, item))
    while (left := settings.budget - evaluations(known)) > 0 and not expired():
        front = [item.point for item in known if goal.feasible(item)]
        pool = candidates.around(front, [item.point for item in known])
        size = min(settings.batch, left, len(pool.points) - len(taken_indices(study, pool)))
        if size <= 0:
            break
        known += _one_batch(goal, pool, evaluate, settings, study, known, size)
        if journal is not None:
            journal(study, known)
    return known


def _one_batch(
    goal: Goal,
    candidates: Candidates,
    evaluate: Evaluator,
    settings: SearchSettings,
    study: Study,
    known: Sequence[Known],
    size: int,
) -> list[Known]:
    proposed = sum(not item.warm for item in known)
    study.sampler = make_sampler(
        settings.sampler,
        candidates,
        seed=settings.seed,
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
        # A point that lacks an objective cannot be compared, even a finished one.
        state = TrialState.FAIL if finding.state == COMPLETE else STATES[finding.state]
        study.tell(trial, values, state if values is None else None)
    return [Known(point, finding) for point, finding in zip(points, findings, strict=True)]


def new_study(goal: Goal) -> Study:
    """Return an empty study in memory."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(directions=goal.directions)
    finally:
        optuna.logging.set_verbosity(before)


def objective_values(goal: Goal, finding: Finding) -> list[float] | None:
    """Return values of a trial; None for one that is not complete or misses an objective."""
    if finding.state != COMPLETE or any(name not in finding.cells for name in goal.objectives):
        return None
    return [finding.cells[name] for name in goal.objectives]


def attributes(goal: Goal, known: Known, until: int) -> dict[str, Any]:
    """Return user attributes of a trial.

    Args:
        goal: Objectives and constraints.
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
    """Return a finished trial for what was known before."""
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
    """Return points evaluated at full budget by the search itself."""
    return sum(item.finding.full and not item.warm for item in history)


def progress(goal: Goal, history: Sequence[Known], box: Box | None = None) -> list[float]:
    """Return hypervolume after each point of a history, as a share of a box.

    Args:
        goal: The objectives and constraints.
        history: Findings of the points, in order.
        box: The box; None for the one around the feasible points of this history.
    """
    costs = goal.front_costs(history)
    counts = np.cumsum([goal.feasible(known) for known in history]).tolist()
    if not len(costs):
        return [0.0] * len(history)
    return staircase(costs, box or box_of(costs), counts)
