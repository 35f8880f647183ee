"""How even the lengths of a stream's directions are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pezoexplore.streams.stream import Directions, Stream

STEPS = 64
"""Directions examined."""

WEIGHTS = 2**18
"""Most weights examined: the first ones of a larger model."""


@dataclass(frozen=True)
class NormError:
    """Lengths of directions against sqrt(d), which Gaussian numbers have on average.

    Attributes:
        mean: Mean of |z| / sqrt(d); 1 is ideal. A learning rate can compensate for it.
        spread: Standard deviation of the lengths over their mean, which no setting can compensate.
        weights: Weights examined.
    """

    mean: float
    spread: float
    weights: int


def norm_error(stream: Stream, parameters: int) -> NormError:
    """Measure the lengths of the first ``STEPS`` directions of a stream.

    Args:
        stream: The stream of a point that draws numbers.
        parameters: Weights d.
    """
    weights = min(parameters, WEIGHTS)
    directions = Directions([stream], weights)
    lengths = []
    for step in range(STEPS):
        values = directions.block(step, 1)[0, 0].astype(np.float64) * directions.scale
        lengths.append(math.sqrt(float(values @ values) / weights))
    mean = float(np.mean(lengths))
    return NormError(mean, float(np.std(lengths)) / mean, weights)


def gaussian_spread(weights: int) -> float:
    """Return the spread of Gaussian directions' lengths, d weights: 1 / sqrt(2 d), for large d."""
    return 1 / math.sqrt(2 * weights)
