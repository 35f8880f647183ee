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
    """Shares of B weightings of the rows.

    Attributes:
        values: float64 [B, terms], the share of each term.
        explained: float64 [B], that of all main effects together.
        degrees: int64 [terms], degrees of freedom that each term adds.
    """

    values: Floats
    explained: Floats
    degrees: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """The linear model of all terms.

    Weights do not change which columns depend on each other, so all weightings share one basis of
    each set of terms, and their normal equations are solved together.

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

    def coefficients(self) -> Floats:
        """Return float64 [p], the values regressed on the main effects, all rows weighted alike."""
        roots, vectors = _roots(self.main)
        return (vectors / roots) @ (vectors.T @ (self.main.T @ self.values))

    def shares(self, weights: Floats) -> Shares:
        """Return corrected shares of all terms, the rows weighted.

        Args:
            weights: float64 [B, n], positive.
        """
        base, count = _basis(self.main), len(self.values)
        gram, right = _products(weights, base, base), weights @ (base * self.values[:, None])
        fitted = _fitted(gram, right)
        square = weights @ self.values**2
        total = square - (weights @ self.values) ** 2 / weights.sum(axis=1)
        rest, spare = np.maximum(0.0, square - fitted), count - base.shape[1]
        gains, degrees = [], []
        for span in self.spans:
            others = np.delete(self.main, list(span), axis=1)
            inner = base.T @ _basis(others)
            gains.append(fitted - _fitted(inner.T @ gram @ inner, right @ inner))
            degrees.append(base.shape[1] - inner.shape[1])
        left = [np.maximum(0.0, rest)] * len(gains)
        for block in self.pairs:
            more = _basis(block - base @ (base.T @ block), least=_TINY * count)
            cross = np.linalg.solve(gram, _products(weights, base, more))
            own = _products(weights, more, more) - _products(weights, more, base) @ cross
            extra = weights @ (more * self.values[:, None])
            gains.append(_fitted(own, extra - np.einsum("br,brq->bq", right, cross)))
            degrees.append(more.shape[1])
            left.append(np.maximum(0.0, rest - gains[-1]))
        spares = [spare] * len(self.spans) + [spare - added for added in degrees[len(self.spans) :]]
        found = [
            np.full(len(weights), math.nan)
            if free <= 0
            else np.maximum(0.0, gain - added * remains / free) / total
            for gain, added, remains, free in zip(gains, degrees, left, spares, strict=True)
        ]
        free = spare if spare > 0 else math.nan
        adjusted = np.maximum(0.0, 1 - (rest / free) / (total / (count - 1)))
        return Shares(np.column_stack(found), adjusted, np.array(degrees))


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


def _roots(columns: Floats, least: float = 0.0) -> tuple[Floats, Floats]:
    """Return the eigenvalues of a Gram matrix that are not rounding, and their vectors."""
    roots, vectors = np.linalg.eigh(columns.T @ columns)
    keep = roots > max(least, _TINY * max(float(roots[-1]), _TINY))
    return roots[keep], vectors[:, keep]


def _basis(columns: Floats, least: float = 0.0) -> Floats:
    """Return an orthonormal basis of what columns span, float64 [n, rank].

    Args:
        columns: float64 [n, p].
        least: Squared length up to which a direction is rounding.
    """
    if not columns.shape[1]:
        return columns
    roots, vectors = _roots(columns, least)
    return (columns @ vectors) / np.sqrt(roots)


def _products(weights: Floats, first: Floats, second: Floats) -> Floats:
    """Return first' W second for B weightings: float64 [B, p, q]."""
    left, found = first.T.copy(), np.empty((len(weights), first.shape[1], second.shape[1]))
    for weighting, product in zip(weights, found, strict=True):
        np.matmul(left * weighting, second, out=product)
    return found


def _fitted(gram: Floats, right: Floats) -> Floats:
    """Return sums of squares that columns explain: right' gram^-1 right, float64 [B].

    Args:
        gram: float64 [B, p, p], positive definite.
        right: float64 [B, p].
    """
    solved = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
    explained: Floats = np.einsum("bp,bp->b", right, solved)
    return explained
