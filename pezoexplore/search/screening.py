"""Which points need no training, or no more of it: ruled out by what is known already."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pezoexplore.intervals import half_width
from pezoexplore.search.goal import CEILINGS, Goal

if TYPE_CHECKING:
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.search.goal import Known

HARDWARE = frozenset(
    {
        *("rtl_words_checked", "reseed_stall_beats"),
        *("lut", "muxf", "ff", "carry", "bram", "dsp", "fmax_mhz", "power_mw_est"),
        *("power_mw_zero_delay", "leakage_mw_est", "energy_per_number_pj_est"),
    }
)
"""Numeric results that points with the same circuit have in common."""

CHEAP = HARDWARE | {
    *("effective_span", "effective_dim", "stream_mean", "stream_std", "stream_kurtosis"),
    *("stream_lag1", "lane_correlation", "distinct_output_bits"),
}
"""Numeric results that the stages before training give; every other one may need training."""

RUNG_STEPS = 8
"""A rung trains this many times fewer steps than an evaluation, on about half of the seeds."""

MIN_RUNG_STEPS = 100
"""With fewer steps a rung is not informative and is left out."""

FLOORS = dict.fromkeys(
    (
        *("accuracy_ci95", "forward_passes"),
        *("energy_to_target_uj_est", "generator_energy_to_target_uj_est"),
    ),
    0.0,
)


def ruled_out(goal: Goal, cells: Mapping[str, float], history: Sequence[Known]) -> str:
    """Return why a point need not train: what the cheap stages rule out for certain.

    It breaks a constraint, lacks a column that only those stages could have filled, or is
    dominated even with the best value that the columns of training can have.

    Args:
        goal: Objectives and constraints.
        cells: Known results of the point, numbers by column.
        history: Findings of other points.

    Returns:
        The reason in one line; empty if it is not ruled out.
    """
    for item in goal.constraints:
        if (item.column in cells or item.column in CHEAP) and not item.holds(cells):
            return f"breaks the constraint {item}"
    missing = [name for name in goal.objectives if name in CHEAP and name not in cells]
    if missing:
        return f"has no {missing[0]}: it cannot be on the front"
    best = np.array([_best_cost(goal, name, cells) for name in goal.objectives])
    for known in history:
        if goal.feasible(known):
            costs = goal.costs(known.finding.cells)
            if (costs <= best).all() and (costs < best).any():
                return f"dominated by {known.point.label()}, however well it trains"
    return ""


def _best_cost(goal: Goal, name: str, cells: Mapping[str, float]) -> float:
    """Return the cost of an objective if what is not known yet turns out as well as it can."""
    if name in goal.maximize:
        return -cells.get(name, CEILINGS.get(name, math.inf))
    return cells.get(name, FLOORS.get(name, -math.inf))


def can_stop_early(goal: Goal) -> bool:
    """Return whether training matters through the accuracy alone: smaller budgets can tell."""
    return [name for name in goal.objectives if name not in CHEAP] == ["accuracy_mean"] and (
        "accuracy_mean" in goal.maximize
    )


def cannot_reach(
    goal: Goal,
    cells: Mapping[str, float],
    scores: Sequence[float],
    rivals: Sequence[tuple[Known, Sequence[float]]],
) -> str:
    """Return why a point is not worth more training: its interval cannot reach the front.

    A rival costs no more in any cheap objective, and with the same small training budget and the
    same seeds the point is worse: the upper end of the 95 % interval (Student's t, paired) of the
    difference is below zero.

    Args:
        goal: Objectives and constraints.
        cells: Known results of the point.
        scores: Its accuracy by seed at the small budget, percent.
        rivals: Points of the front and their accuracies at the same budget.

    Returns:
        The reason in one line; empty if it may reach the front.
    """
    cheap = [name for name in goal.objectives if name in CHEAP]
    for rival, theirs in rivals:
        signs = [-1.0 if name in goal.maximize else 1.0 for name in cheap]
        ours = [sign * cells[name] for sign, name in zip(signs, cheap, strict=True)]
        other = [sign * rival.finding.cells[name] for sign, name in zip(signs, cheap, strict=True)]
        if all(b <= a for a, b in zip(ours, other, strict=True)) and len(theirs) == len(scores):
            gaps = np.array(scores) - np.array(theirs)
            half = half_width(gaps)
            top = math.inf if half is None else float(gaps.mean()) + half
            if top < 0:
                return f"at most {-top:.2f} points short of {rival.point.label()} at a small budget"
    return ""


def rung(space: DesignSpace) -> DesignSpace | None:
    """Return the design with an eighth of the steps and half of the seeds; None if too short."""
    full = space.train
    steps = full.steps // RUNG_STEPS
    if steps < MIN_RUNG_STEPS:
        return None
    small = full.model_copy(update={"steps": steps, "seeds": max(2, -(-full.seeds // 2))})
    return space.model_copy(update={"train": small})
