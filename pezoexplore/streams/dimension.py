"""The effective dimension of the directions of a run: how many carry comparable weight.

It is the participation ratio (tr C)**2 / tr(C**2) of C = E[z z^T] over the steps, from 1 (all
directions parallel) to min(steps, d). With G the Gram matrix of the directions of N steps,

    tr C = mean of G_ii,   tr C**2 = (mean of G_ii**2) / N + (1 - 1 / N) (mean of G_ij**2, i != j).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ssyrk

from pezoexplore.streams.stream import Directions, Stream

PROBED = 256
"""Steps whose participation ratio :func:`participation` returns."""

_MOST_PRODUCTS = 2**37  # of an exact figure
_SAMPLED = 512  # steps of an estimate at most: it is off by 1 % or less for independent numbers
_SAMPLED_VALUES = 2**27  # and numbers that are held at once
_LEAST = 16
_BLOCK_VALUES = 2**22  # float32 values of a block of directions
_MAX_SQUARE = 8192  # weights up to which C is held whole
_SEED = 20250420
_NORMAL_95 = 1.96

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Dimension:
    """An effective dimension, and the half width of its 95 % interval; 0 where it is exact."""

    value: float
    half: float


def participation(stream: Stream, parameters: int) -> tuple[float, float]:
    """Return the participation ratio of the first PROBED steps, and its share of the ideal.

    Args:
        stream: The stream.
        parameters: Weights d.

    Returns:
        The ratio, and that divided by N d / (N + d - 1), which N steps of independent signs have.
    """
    found = effective_dim(stream, parameters, PROBED).value
    return found, found * (PROBED + parameters - 1) / (PROBED * parameters)


def effective_dim(stream: Stream, parameters: int, steps: int) -> Dimension:
    """Return the effective dimension of the directions of a run.

    Exact where at most 2**37 products do; else estimated from a sample of the steps, drawn with a
    fixed seed, so that it takes no more than in proportion to the weights. The interval is from the
    spread over the sampled steps of their mean squared products with the others. Products are
    float32, sums of them float64.

    Args:
        stream: The stream, master seed 0.
        parameters: Weights d.
        steps: Directions of the run.
    """
    rows, weights = _visits(stream, parameters, steps)
    if rows <= _sampled(parameters) or rows * parameters * min(rows, parameters) <= _MOST_PRODUCTS:
        return Dimension(_exact(stream, parameters, rows, weights), 0.0)
    chosen = sorted(random.Random(_SEED).sample(range(steps), _sampled(parameters)))
    return _estimate(_gram(stream, parameters, chosen), steps)


def _sampled(parameters: int) -> int:
    return max(_LEAST, min(_SAMPLED, _SAMPLED_VALUES // parameters))


def _gram(stream: Stream, parameters: int, chosen: list[int]) -> NDArray[np.float64]:
    """Return the products of the directions of steps, float64 [n, n]."""
    directions = Directions([stream], parameters)
    values = np.concatenate([directions.block(step, 1)[:, 0] for step in chosen])
    gram = np.zeros((len(chosen), len(chosen)))
    width = max(1, _BLOCK_VALUES // len(chosen))
    for first in range(0, parameters, width):
        part = values[:, first : first + width].astype(np.float32)
        gram += part @ part.T
    return gram


def _estimate(gram: NDArray[np.float64], steps: int) -> Dimension:
    """Estimate the dimension of `steps` directions from the Gram matrix of some of them."""
    count = len(gram)
    norms = np.diag(gram)
    squares = gram**2
    np.fill_diagonal(squares, 0.0)
    by_step = squares.sum(axis=1) / (count - 1)
    mean, spread = float(by_step.mean()), float(by_step.std(ddof=1))
    others = 1 - 1 / steps
    total = float((norms**2).mean()) / steps + others * mean
    value = float(norms.mean()) ** 2 / total
    # The mean of all pairs varies by twice the spread of the means by step, divided by sqrt(n).
    return Dimension(value, value * _NORMAL_95 * others * 2 * spread / count**0.5 / total)


def _exact(stream: Stream, parameters: int, rows: int, weights: F32) -> float:
    """Return the dimension from all directions, each weighted by its visits."""
    directions = Directions([stream], parameters)
    block = max(1, min(rows, _BLOCK_VALUES // parameters))

    def load(first: int) -> F32:
        count = min(block, rows - first)
        values = directions.block(first, count)[:, 0].astype(np.float32)
        values *= weights[first : first + count, None]
        return values

    starts = range(0, rows, block)
    if parameters <= min(rows, _MAX_SQUARE):
        gram = np.zeros((parameters, parameters), dtype=np.float32, order="F")
        for first in starts:
            gram = ssyrk(1.0, load(first).T, beta=1.0, c=gram, overwrite_c=1)
        trace, squares = float(np.trace(gram, dtype=np.float64)), _triangle_squares(gram)
        return trace**2 / squares
    if rows <= _sampled(parameters):
        products = _gram(stream, parameters, list(range(rows)))
        products *= np.outer(weights, weights)
        return float(np.trace(products)) ** 2 / float((products**2).sum())
    trace = squares = 0.0
    for first in starts:
        here = load(first)
        trace += float(np.einsum("ij,ij->", here, here, dtype=np.float64))
        squares += _triangle_squares(ssyrk(1.0, here.T, trans=1))
        for other in range(0, first, block):
            squares += 2 * _squares(here @ load(other).T)
    return trace**2 / squares


def _visits(stream: Stream, parameters: int, steps: int) -> tuple[int, F32]:
    """Return the distinct steps, and the square root of how often the run repeats each."""
    cycle = stream.strategy.step_cycle(parameters)
    rows = steps if cycle is None else min(cycle, steps)
    whole, rest = divmod(steps, rows)
    return rows, np.sqrt(whole + (np.arange(rows) < rest)).astype(np.float32)


def _triangle_squares(upper: F32) -> float:
    """Return a symmetric matrix's squared Frobenius norm from its upper triangle, zeros below."""
    diagonal = np.diag(upper).astype(np.float64)
    return 2 * _squares(upper) - float(diagonal @ diagonal)


def _squares(matrix: F32) -> float:
    """Sum the squares of all entries in float64, column by column of memory order."""
    flat = matrix.ravel(order="K")
    chunks = np.array_split(flat, max(1, flat.size >> 20))
    return sum(float(np.vdot(part, part)) for part in (c.astype(np.float64) for c in chunks))
