"""The effective dimension of the directions of a run: how many carry comparable weight.

It is the participation ratio (tr C)**2 / tr(C**2) of C = E[z z^T] over the steps, from 1 (all
directions parallel) to min(steps, d). With G the Gram matrix of the directions of N steps,

    tr C = mean of G_ii,   tr C**2 = (mean of G_ii**2) / N + (1 - 1 / N) (mean of G_ij**2, i != j).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from pezoexplore.exact import F64, Gram, folded, product, whole
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


def effective_dim(stream: Stream, parameters: int, steps: int, every: int = 1) -> Dimension:
    """Return the effective dimension of the directions of a run, the same on every machine.

    Exact where at most 2**37 products do; else estimated from a sample of the steps, drawn with a
    fixed seed, so that it takes no more than in proportion to the weights. The interval is from the
    spread over the sampled steps of their mean squared products with the others.

    Args:
        stream: The stream, master seed 0.
        parameters: Weights d.
        steps: Directions of the run.
        every: Steps of the stream from one direction to the next.
    """
    directions = Directions([stream], parameters, every)
    cycle = stream.strategy.step_cycle(parameters, every)
    rows = steps if cycle is None else min(cycle, steps)
    if rows <= _sampled(parameters) or rows * parameters * min(rows, parameters) <= _MOST_PRODUCTS:
        return Dimension(_exact(directions, parameters, rows, steps), 0.0)
    chosen = sorted(random.Random(_SEED).sample(range(steps), _sampled(parameters)))
    return _estimate(_gram(directions, parameters, chosen), steps)


def _sampled(parameters: int) -> int:
    return max(_LEAST, min(_SAMPLED, _SAMPLED_VALUES // parameters))


def _gram(directions: Directions, parameters: int, chosen: list[int]) -> F64:
    """Return the products of the directions of steps, float64 [n, n]."""
    values = np.concatenate([directions.block(step, 1)[:, 0] for step in chosen])
    gram = np.zeros((len(chosen), len(chosen)))
    width = max(1, _BLOCK_VALUES // len(chosen))
    for first in range(0, parameters, width):
        part = whole(values[:, first : first + width], directions.unit)[0]
        gram += product(part, part.T, directions.largest)
    return gram


def _estimate(gram: F64, steps: int) -> Dimension:
    """Estimate the dimension of `steps` directions from the Gram matrix of some of them."""
    count = len(gram)
    norms = np.diag(gram)
    squares = gram * gram
    np.fill_diagonal(squares, 0.0)
    by_step = folded(squares) / (count - 1)
    mean = float(folded(by_step)) / count
    away = by_step - mean
    spread = math.sqrt(float(folded(away * away)) / (count - 1))
    others = 1 - 1 / steps
    total = float(folded(norms * norms)) / count / steps + others * mean
    value = (float(folded(norms)) / count) ** 2 / total
    # The mean of all pairs varies by twice the spread of the means by step, divided by sqrt(n).
    return Dimension(value, value * _NORMAL_95 * others * 2 * spread / math.sqrt(count) / total)


def _exact(directions: Directions, parameters: int, rows: int, steps: int) -> float:
    """Return the dimension from the first `rows` directions, which a run repeats in turn."""
    turns, rest = divmod(steps, rows)
    visits = turns + (np.arange(rows) < rest).astype(np.float64)
    largest, block = directions.largest, max(1, min(rows, _BLOCK_VALUES // parameters))
    if parameters <= min(rows, _MAX_SQUARE):
        made = Gram(parameters, largest, directions.odd)
        for begin, end, times in ((0, rest, turns + 1), (rest, rows, turns)):
            for first in range(begin, end, block):
                made.add(directions.whole(first, min(block, end - first)), times)
        gram = made.upper()
        diagonal = np.diag(gram)
        squares = 2 * _squares(gram.T) - float(folded(diagonal * diagonal))
        return float(folded(diagonal)) ** 2 / squares
    if rows <= _sampled(parameters):
        products = _gram(directions, parameters, list(range(rows)))
        trace = float(folded(np.diag(products) * visits))
        return trace**2 / _squares(products, visits, visits)
    trace = squares = 0.0
    for first in range(0, rows, block):
        here, often = directions.whole(first, min(block, rows - first)), visits[first:][:block]
        own = product(here, here.T, largest)
        trace += float(folded(np.diag(own) * often))
        squares += _squares(own, often, often)
        for other in range(0, first, block):
            pairs = product(here, directions.whole(other, block).T, largest)
            squares += 2 * _squares(pairs, often, visits[other:][:block])
    return trace**2 / squares


def _squares(matrix: F64, rows: F64 | None = None, columns: F64 | None = None) -> float:
    """Sum the squares of all entries, each times the weights of its row and its column."""
    squares = matrix * matrix
    if rows is not None and columns is not None:
        squares *= np.outer(rows, columns)
    return float(folded(folded(squares)))
