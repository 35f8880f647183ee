"""Statistics over seeds: intervals on differences, and how sure a front is.

Seed s gives every point the same initial weights, batches and master seed, so accuracies are
compared seed by seed. A front is uncertain as its accuracies are: how sure a row is to be on it is
the share of fronts it is on when the seeds are resampled, alike for all rows.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pezoexplore.analysis.pareto import Rows, as_conditions, pareto_mask, rivals_of
from pezoexplore.design.conditions import COMPARE, Condition, is_missing, parse_number

Floats = npt.NDArray[np.float64]

ACCURACY = "accuracy_mean"
PER_SEED = "accuracy_per_seed"
"""The column that varies with the seed, and the one that holds its value for each."""

RESAMPLES = 2000
"""Draws of the seeds behind a confidence: its standard error is at most 1.1 %."""

MIN_RESAMPLES = 200
MAX_COMPARISONS = 2_000_000_000
"""Comparisons of two rows in a draw, beyond which there are fewer draws, but not below these."""

MAX_ENTRIES = 2048
"""Rows remembered before those are forgotten that can be on no front."""

UNSURE = (0.05, 0.95)
"""Between these confidences a row is neither surely on the front nor surely off it."""


def seed_means(per_seed: Sequence[Sequence[float]], resamples: int, seed: int = 0) -> Floats:
    """Return means of points over their seeds, resampled alike for all points.

    A Bayesian bootstrap (Rubin, Annals of Statistics 9(1), 1981): each draw gives every seed an
    exponential weight; so points of different numbers of seeds still share those they share. With
    few seeds that alone would be far too sure. So deviations are widened by sqrt((n+1)/(n-1)), n
    the number of seeds, which makes their variance s^2/n, and by sqrt((n-1)/chi^2), chi^2 drawn
    with n-1 degrees of freedom and the same for all points, which gives a mean about the
    distribution of Student's t.

    Args:
        per_seed: For each of m points its values by seed, at least one.
        resamples: Draws, B.
        seed: Seed of the draws.

    Returns:
        float64 [B, m]. One seed gives no spread.
    """
    counts = np.array([len(values) for values in per_seed], dtype=np.int64)
    most = int(counts.max(initial=0))
    rng = np.random.default_rng(seed)
    weights = rng.standard_exponential((resamples, most))
    squares = np.cumsum(rng.standard_normal((resamples, most)) ** 2, axis=1)
    padded = np.zeros((most, len(per_seed)))
    for column, values in enumerate(per_seed):
        padded[: len(values), column] = values
    total = np.zeros((resamples, len(per_seed)))
    weight = np.zeros((resamples, len(per_seed)))
    mean: Floats = padded.sum(axis=0) / counts
    # Seed by seed, not as a matrix product: equal points then get equal bits.
    for index in range(most):
        there = weights[:, index, None] * (counts > index)
        total += there * (padded[index] - mean)
        weight += there
    spread = np.ones((resamples, most + 1))
    for size in sorted(set(counts.tolist()) - {0, 1}):
        tails = np.sqrt((size - 1) / squares[:, size - 2])
        spread[:, size] = _widening(size) * np.minimum(tails, _longest_tail(size))
    widen = spread[:, counts]
    deviations: Floats = widen * (total / weight)
    return mean + deviations


class FrontConfidence:
    """How sure rows are to be on the front: their shares of the fronts of redrawn seeds.

    Each target and task has its own front. Only ``accuracy_mean`` varies, by ``accuracy_per_seed``;
    where it is no objective, or there is one seed, a row is surely on the front or surely off it. A
    constraint on it holds or not by draw. Rows come one by one, and those that no draw can put on
    the front are forgotten.
    """

    def __init__(
        self,
        maximize: Sequence[str],
        minimize: Sequence[str],
        constraints: Sequence[Condition | str] = (),
        resamples: int = RESAMPLES,
    ) -> None:
        """Prepare a front of these objectives and constraints; see :func:`front_confidence`."""
        self._settings = maximize, minimize, constraints, resamples
        self._targets: dict[tuple[str, str], _TargetConfidence] = {}

    def add(self, key: Hashable, row: Mapping[str, object]) -> None:
        """Take a row into account.

        Args:
            key: Key for :meth:`of`.
            row: Cells as numbers or as written in the CSV.
        """
        self._target(row).add(key, row)

    def of(self, key: Hashable, row: Mapping[str, object]) -> float | None:
        """Return the share of a row that was added, 0 to 1.

        None for a row that can be on no front: not finished, without an objective, or against a
        constraint that does not hang on the seeds.
        """
        return self._target(row).of(key, row)

    def _target(self, row: Mapping[str, object]) -> _TargetConfidence:
        name = rivals_of(row)
        if name not in self._targets:
            self._targets[name] = _TargetConfidence(*self._settings)
        return self._targets[name]


class _TargetConfidence:
    """How sure the rows of one target are to be on its front; see :class:`FrontConfidence`."""

    def __init__(
        self,
        maximize: Sequence[str],
        minimize: Sequence[str],
        constraints: Sequence[Condition | str] = (),
        resamples: int = RESAMPLES,
    ) -> None:
        conditions = as_conditions(constraints)
        self._objectives = [*maximize, *minimize]
        self._fixed = [item for item in conditions if item.column != ACCURACY]
        self._varying = [item for item in conditions if item.column == ACCURACY]
        self._costs = {
            name: -1.0 if name in maximize else 1.0 for name in self._objectives if name != ACCURACY
        }
        self._sign = (-1.0 if ACCURACY in maximize else 1.0) * (ACCURACY in self._objectives)
        self._resamples = resamples
        self._entries: list[_Entry] = []
        self._room = MAX_ENTRIES
        self._shares: dict[Hashable, float] | None = None

    def add(self, key: Hashable, row: Mapping[str, object]) -> None:
        if not self._eligible(row):
            return
        per_seed = seeds_of(row)
        costs = [sign * _number(row, name) for name, sign in self._costs.items()]
        worst, best = self._bounds(per_seed)
        self._entries.append(_Entry(key, costs, per_seed, worst, best))
        self._shares = None
        if len(self._entries) >= self._room:
            self._prune()
            self._room = max(MAX_ENTRIES, 2 * len(self._entries))

    def of(self, key: Hashable, row: Mapping[str, object]) -> float | None:
        if self._shares is None:
            self._shares = self._count()
        found = self._shares.get(key)
        return found if found is not None else 0.0 if self._eligible(row) else None

    def _eligible(self, row: Mapping[str, object]) -> bool:
        return (
            row.get("status", "ok") == "ok"
            and all(not math.isnan(_number(row, name)) for name in self._objectives)
            and all(condition.holds(row) for condition in self._fixed)
        )

    def _bounds(self, per_seed: Sequence[float]) -> tuple[float, float]:
        """Return the worst and best value that a draw can give, smaller being better.

        A mean with positive weights lies between the least and the greatest value.
        """
        mean = sum(per_seed) / len(per_seed)
        widen = _widening(len(per_seed)) * _longest_tail(len(per_seed))
        ends = [mean + widen * (end - mean) for end in (min(per_seed), max(per_seed))]
        sure = all(
            condition.op not in ("==", "!=") and condition.holds({ACCURACY: end})
            for condition in self._varying
            for end in ends
        )
        values = [self._sign * end for end in ends]
        return max(values) if sure else math.inf, min(values)

    def _prune(self) -> None:
        costs = np.array([entry.costs for entry in self._entries]).reshape(len(self._entries), -1)
        worst = np.array([entry.worst for entry in self._entries])
        best = np.array([entry.best for entry in self._entries])
        kept = _contenders(costs, worst, best)
        self._entries = [self._entries[index] for index in kept]

    def _count(self) -> dict[Hashable, float]:
        if not self._entries:
            return {}
        self._prune()
        pairs = len(self._entries) ** 2
        resamples = min(self._resamples, max(MIN_RESAMPLES, MAX_COMPARISONS // pairs))
        means = seed_means([entry.per_seed for entry in self._entries], resamples)
        allowed = np.ones(means.shape, dtype=bool)
        for condition in self._varying:
            if not isinstance(condition.value, str):
                allowed &= COMPARE[condition.op](means, condition.value)
        draws = np.where(allowed, self._sign * means if self._sign else 0.0, math.inf)
        costs = np.array([entry.costs for entry in self._entries]).reshape(len(self._entries), -1)
        shares = _shares(costs, draws).tolist()
        return {entry.key: share for entry, share in zip(self._entries, shares, strict=True)}


def front_confidence(
    rows: Rows,
    maximize: Sequence[str],
    minimize: Sequence[str],
    constraints: Sequence[Condition | str] = (),
    resamples: int = RESAMPLES,
) -> list[float | None]:
    """Return how sure each row is to be on the front; see :class:`FrontConfidence`.

    Args:
        rows: n rows of results; cells as numbers or as written in the CSV.
        maximize: Columns whose larger values are better.
        minimize: Columns whose smaller values are better.
        constraints: Conditions that every row of the front meets.
        resamples: Draws of the seeds.

    Returns:
        n shares from 0 to 1; None for a row that can be on no front.
    """
    found = FrontConfidence(maximize, minimize, constraints, resamples)
    for index, row in enumerate(rows):
        found.add(index, row)
    return [found.of(index, row) for index, row in enumerate(rows)]


def unsure(confidence: float | None) -> bool:
    """Return whether a row is neither surely on the front nor surely off it."""
    return confidence is not None and UNSURE[0] < confidence < UNSURE[1]


def seeds_of(row: Mapping[str, object]) -> list[float]:
    """Return the accuracies of a row by seed; its mean alone where they are not given."""
    cell = row.get(PER_SEED)
    if isinstance(cell, list | tuple):
        return [float(value) for value in cell]
    if isinstance(cell, str) and cell:
        numbers = [parse_number(part) for part in cell.split(";")]
        if None not in numbers:
            return [number for number in numbers if number is not None]
    return [_number(row, ACCURACY)]


def _number(row: Mapping[str, object], name: str) -> float:
    """Return a cell as a number; NaN where there is none."""
    cell = row.get(name)
    number = None if is_missing(cell) else parse_number(cell)
    return math.nan if number is None else number


def _widening(seeds: int) -> float:
    """Return the factor that widens deviations so that their variance is s^2/n."""
    return math.sqrt((seeds + 1) / max(seeds - 1, 1))


@cache
def _longest_tail(seeds: int) -> float:
    """Return the cap of Student's t factor, its 99.5 % point, which lets rows be ruled out."""
    from scipy.special import gammaincinv  # half of chi-square's quantile

    freedom = seeds - 1
    return 1.0 if seeds < 2 else math.sqrt(freedom / (2 * float(gammaincinv(freedom / 2, 0.005))))


def _shares(costs: Floats, draws: Floats) -> Floats:
    """Return how often each of n rows is on the front.

    Args:
        costs: float64 [n, k], what does not vary; smaller is better.
        draws: float64 [B, n], what does; smaller is better, infinity never is on the front.

    Returns:
        float64 [n].
    """
    shares = np.zeros(draws.shape[1])
    contenders = _contenders(costs, draws.max(axis=0), draws.min(axis=0))
    distinct, group = np.unique(costs[contenders], axis=0, return_inverse=True)
    group = group.reshape(-1)  # numpy 2.0.0 returned it as a column
    rows = np.ascontiguousarray(draws[:, contenders].T)
    best = np.full((len(distinct), len(draws)), math.inf)
    for place, row in zip(group, rows, strict=True):
        np.minimum(best[place], row, out=best[place])
    cheaper = _cheaper(distinct, best)
    for place, of_group, mine in zip(contenders, group, rows, strict=True):
        beaten = (cheaper[of_group] <= mine) | (best[of_group] < mine)
        shares[place] = np.mean(~beaten & np.isfinite(mine))
    return shares


def _cheaper(costs: Floats, best: Floats) -> Floats:
    """Return for each draw the best value among the rows of lower cost.

    Args:
        costs: float64 [g, k], distinct, in lexicographic order: what costs less comes before.
        best: float64 [g, B], values by draw; smaller is better.

    Returns:
        float64 [g, B], infinity where nothing costs less.
    """
    found = np.full_like(best, math.inf)
    if costs.shape[1] != 2:
        for index in range(1, len(costs)):
            less = (costs[:index] <= costs[index]).all(axis=1)
            if less.any():
                found[index] = best[:index][less].min(axis=0)
        return found
    # Two costs, the usual case: those before that have no higher second cost are a prefix of its
    # ranks, whose minimum a Fenwick tree holds.
    ranks = np.unique(costs[:, 1], return_inverse=True)[1].reshape(-1) + 1
    tree = np.full((int(ranks.max(initial=0)) + 1, best.shape[1]), math.inf)
    for index, rank in enumerate(ranks.tolist()):
        at = rank
        while at:
            np.minimum(found[index], tree[at], out=found[index])
            at -= at & -at
        at = rank
        while at < len(tree):
            np.minimum(tree[at], best[index], out=tree[at])
            at += at & -at
    return found


def _contenders(costs: Floats, worst: Floats, best: Floats) -> npt.NDArray[np.intp]:
    """Return the rows that no single row of no higher cost beats in every draw.

    Pruned rows cannot change the result: whatever they dominate is also dominated by the row that
    pruned them.

    Args:
        costs: float64 [n, k], what does not vary; smaller is better.
        worst: float64 [n], no draw is above.
        best: float64 [n], no draw is below.
    """
    values = np.column_stack([costs, worst])
    rivals = np.flatnonzero(pareto_mask(values, [False] * values.shape[1]))
    beaten = np.zeros(len(costs), dtype=bool)
    for rival in rivals:
        beaten |= (costs[rival] <= costs).all(axis=1) & (worst[rival] < best)
    return np.flatnonzero(~beaten)


@dataclass(frozen=True)
class _Entry:
    """A row that may be on a front: its key, fixed costs, and what varies with the seed."""

    key: Hashable
    costs: list[float]
    per_seed: list[float]
    worst: float
    best: float
