"""Differences of two designs, accuracies paired by seed, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pezoexplore.intervals import half_width


@dataclass(frozen=True)
class Difference:
    """How two points differ, seed by seed.

    Attributes:
        mean: Mean of the differences, first minus second.
        half: Half width of the mean's interval; None below two common seeds.
        p_value: Two-sided p-value of the paired t-test of no difference; None as `half`.
        seeds: Seeds both have.
    """

    mean: float
    half: float | None
    p_value: float | None
    seeds: int

    @property
    def distinguishable(self) -> bool:
        """Whether the interval excludes zero."""
        return self.half is not None and abs(self.mean) > self.half


def paired_difference(
    first: Sequence[float], second: Sequence[float], level: float = 0.95
) -> Difference:
    """Return the difference of two points with Student's t interval over their common seeds.

    A signed-rank test is not offered: with five seeds its smallest p-value is 6 %.

    Args:
        first: Accuracy of each seed, percent, seeds 0, 1, ...
        second: Those of the other point; seeds that only one has do not count.
        level: Probability of the interval.

    Raises:
        ValueError: No common seed.
    """
    seeds = min(len(first), len(second))
    if not seeds:
        raise ValueError("no common seed")
    gaps = np.asarray(first[:seeds], dtype=np.float64) - np.asarray(second[:seeds])
    mean = float(gaps.mean())
    if seeds < 2:
        return Difference(mean, None, None, seeds)
    from scipy.special import stdtr

    half = half_width(gaps, level)
    error = float(gaps.std(ddof=1)) / math.sqrt(seeds)
    if error == 0:
        return Difference(mean, half, 0.0 if mean else 1.0, seeds)
    return Difference(mean, half, float(2 * stdtr(seeds - 1, -abs(mean) / error)), seeds)


def corrected(difference: Difference, comparisons: int) -> Difference:
    """Return a difference with an interval that holds for many comparisons together.

    The level of each is 1 - 5 %/m (Bonferroni: Dunn, JASA 56(293), 1961), whatever the comparisons
    have in common: 95 % of such sets of intervals contain all their m means. So it also holds for
    one that was picked for its result.

    Args:
        difference: A difference with its own 95 % interval.
        comparisons: m, the number that one was picked from.
    """
    if difference.half is None:
        return difference
    from scipy.special import stdtrit

    freedom = difference.seeds - 1
    wider = float(stdtrit(freedom, 0.025 / max(comparisons, 1)) / stdtrit(freedom, 0.025))
    return replace(difference, half=difference.half * wider)
