"""The hypervolume that points dominate, exactly, in any number of objectives.

All objectives are costs: smaller is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pezoexplore.analysis.pareto import pareto_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

Costs = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """The box that hypervolumes are shares of.

    Its sides are finite: an infinite cost is beyond the worst and dominates nothing, a cost of
    minus infinity is as good as the best.

    Attributes:
        best: float64 [k], the smallest finite cost of each objective.
        worst: float64 [k], the largest: the reference point, once scaled (1, ..., 1).
    """

    best: Costs
    worst: Costs

    def scale(self, costs: Costs) -> Costs:
        """Return costs [n, k] with ``best`` at 0 and ``worst`` at 1; 0 without a range."""
        width = self.worst - self.best
        return (costs - self.best) / np.where(width > 0, width, 1.0)

    def share(self, costs: Costs) -> float:
        """Return the part of the box, 0 to 1, that costs [n, k] dominate."""
        scaled = np.maximum(self.scale(costs), 0.0)
        return hypervolume(scaled, np.ones(scaled.shape[1]))


def box_of(costs: Costs) -> Box:
    """Return the smallest box around the finite ones of costs, float64 [n, k] without NaN.

    Raises:
        ValueError: There are no rows.
    """
    if not len(costs):
        raise ValueError("no costs to lay a box around")
    finite = np.isfinite(costs)
    best = np.where(finite, costs, np.inf).min(axis=0)
    worst = np.where(finite, costs, -np.inf).max(axis=0)
    known = finite.any(axis=0)
    return Box(np.where(known, best, 0.0), np.where(known, worst, 0.0))


def hypervolume(costs: Costs, reference: Costs) -> float:
    """Return volume that points dominate and that itself dominates the reference point.

    Exclusive volumes are summed point by point, each by recursion on the points that the limit
    cuts down to its size (While, Bradstreet and Barone, IEEE TEVC 16(1), 2012).

    Args:
        costs: float64 [n, k], without NaN.
        reference: float64 [k].

    Raises:
        ValueError: The shapes do not fit.
    """
    costs = np.asarray(costs, dtype=np.float64)
    reference = np.asarray(reference, dtype=np.float64)
    if costs.ndim != 2 or reference.shape != costs.shape[1:]:
        raise ValueError(f"costs of shape {costs.shape}, reference of shape {reference.shape}")
    inside = costs[(costs < reference).all(axis=1)]
    return _volume(_front(inside), reference)


def staircase(costs: Costs, box: Box, counts: Sequence[int]) -> list[float]:
    """Return shares of the box that the first points dominate, for several numbers of points.

    Args:
        costs: float64 [n, k], in the order in which they came.
        box: The box.
        counts: How many points to take, ascending.
    """
    shares: dict[int, float] = {}
    front, seen, share = costs[:0], 0, 0.0
    for count in counts:
        fresh = costs[seen:count]
        if len(fresh) and not all(_covered(row, front) for row in fresh):
            front = _front(np.concatenate([front, fresh]))
            share = box.share(front)
        shares[count], seen = share, max(seen, count)
    return [shares[count] for count in counts]


def _covered(row: Costs, front: Costs) -> bool:
    return bool((front <= row).all(axis=1).any())


def _front(costs: Costs) -> Costs:
    """Return the distinct minimal rows."""
    distinct = np.unique(costs, axis=0)
    return distinct[pareto_mask(distinct, [False] * distinct.shape[1])]


def _volume(front: Costs, reference: Costs) -> float:
    """Return volume of mutually non-dominated rows, all inside the reference."""
    count, objectives = front.shape
    if not count:
        return 0.0
    if objectives == 1:
        return float(reference[0] - front[:, 0].min())
    if count == 1:
        return float(np.prod(reference - front[0]))
    if objectives == 2:
        return _area(front, reference)
    order = np.argsort(-front[:, 0], kind="stable")
    rows = front[order]
    total = 0.0
    for index, row in enumerate(rows):
        # Rows that follow are better in objective 0, so all that they share with this one has its
        # value there: one objective less to recurse on.
        others = np.maximum(rows[index + 1 :, 1:], row[1:])
        own = float(np.prod(reference[1:] - row[1:])) - _volume(_front(others), reference[1:])
        total += own * float(reference[0] - row[0])
    return total


def _area(front: Costs, reference: Costs) -> float:
    """Return area under a staircase in two objectives."""
    rows = front[np.argsort(front[:, 0])]
    heights = np.concatenate([[reference[1]], rows[:-1, 1]]) - rows[:, 1]
    return float(((reference[0] - rows[:, 0]) * heights).sum())
