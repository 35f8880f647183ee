"""Analysis of variance with sums of squares of type II: main effects and pairs, rows weighted."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pezoexplore.analysis.factors import Factor, Floats

_TINY = 1e-9
"""Eigenvalues below this share of the largest are rounding."""


@dataclass(frozen=True)
class Shares:
    """Shares of one weighting of the rows."""

    values: Floats
    degrees: npt.NDArray[np.int64]
    explained: float
    coefficients: Floats


@dataclass(frozen=True)
class Model:
    """The linear model of all terms.

    Attributes:
        factors: The k axes.
        terms: Factors of each term: the main effects, then the pairs.
        main: float64 [n, p], the intercept and the contrasts of the main effects.
        spans: Columns of `main` that each main effect has.
        pairs: float64 [n, .], the contrasts of each pair.
        values: float64 [n], centred.
    """

    factors: list[Factor]
    terms: list[tuple[int, ...]]
    main: Floats
    spans: list[range]
    pairs: list[Floats]
    values: Floats

    def shares(self, weights: Floats) -> Shares:
        """Return corrected shares of all terms, the rows weighted."""
        scaled, weighted = self.main.T * weights, self.values * weights
        gram, right = scaled @ self.main, scaled @ self.values
        inverse, rank = _inverse(gram)
        coefficients = inverse @ right
        fitted = float(right @ coefficients)
        square = float(weighted @ self.values)
        total = square - float(weighted.sum()) ** 2 / float(weights.sum())
        rest, spare = max(0.0, square - fitted), len(weights) - rank
        gains = []
        for span in self.spans:
            others = [column for column in range(len(gram)) if column not in span]
            part, kept = _inverse(gram[np.ix_(others, others)])
            gain = fitted - float(right[others] @ part @ right[others])
            gains.append(_share(gain, rank - kept, rest, spare, total))
        for block in self.pairs:
            cross = inverse @ (scaled @ block)
            gain, degrees = _added(self.main, cross, coefficients, block, weights, self.values)
            gains.append(_share(gain, degrees, rest - gain, spare - degrees, total))
        adjusted = 1 - (rest / spare) / (total / (len(weights) - 1)) if spare > 0 else math.nan
        shares, degrees_of = zip(*gains, strict=True)
        return Shares(np.array(shares), np.array(degrees_of), max(0.0, adjusted), coefficients)


def _share(gain: float, degrees: int, rest: float, spare: int, total: float) -> tuple[float, int]:
    """Return the share of variance minus the share that chance explains with these degrees."""
    if spare <= 0:
        return math.nan, degrees
    return max(0.0, gain - degrees * max(0.0, rest) / spare) / total, degrees


def model_of(factors: list[Factor], values: Floats) -> Model:
    """Return all main effects and pairs."""
    main = [factor.contrasts() for factor in factors]
    pairs = list(itertools.combinations(range(len(factors)), 2))
    products = [
        (main[first][:, :, None] * main[second][:, None, :]).reshape(len(values), -1)
        for first, second in pairs
    ]
    ends = list(itertools.accumulate((block.shape[1] for block in main), initial=1))
    return Model(
        factors=factors,
        terms=[*((index,) for index in range(len(factors))), *pairs],
        main=np.column_stack([np.ones(len(values)), *main]),
        spans=[range(*span) for span in itertools.pairwise(ends)],
        pairs=products,
        values=values - values.mean(),
    )


def _inverse(gram: Floats) -> tuple[Floats, int]:
    """Return pseudo-inverse of a Gram matrix, and its rank."""
    roots, vectors = np.linalg.eigh(gram)
    keep = roots > _TINY * max(float(roots[-1]), _TINY)
    kept = vectors[:, keep]
    return (kept / roots[keep]) @ kept.T, int(keep.sum())


def _added(
    main: Floats,
    cross: Floats,
    coefficients: Floats,
    block: Floats,
    weights: Floats,
    values: Floats,
) -> tuple[float, int]:
    """Return sum of squares and degrees of freedom that a block adds to the main effects.

    Args:
        main: float64 [n, p].
        cross: float64 [p, q], the block regressed on the main effects.
        coefficients: float64 [p], the values regressed on the main effects.
        block: float64 [n, q].
        weights: float64 [n].
        values: float64 [n].
    """
    own = block - main @ cross
    weighted = own.T * weights
    roots, vectors = np.linalg.eigh(weighted @ own)
    keep = roots > _TINY * float(weights.sum())
    if not keep.any():
        return 0.0, 0
    along = vectors[:, keep].T @ (weighted @ (values - main @ coefficients))
    return float((along**2 / roots[keep]).sum()), int(keep.sum())
