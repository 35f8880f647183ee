"""How even the lengths of a stream's directions are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.stream import Directions

STEPS = 64
"""Directions looked at."""

WEIGHTS = 2**18
"""Weights looked at, of a model that has more: the first ones."""


@dataclass(frozen=True)
class NormError:
    """Lengths of directions against sqrt(d), which Gaussian numbers have on average.

    Attributes:
        mean: Mean of |z| / sqrt(d); 1 is ideal. What is left of it the learning rate takes up.
        spread: Standard deviation of the lengths over their mean, which no setting takes up.
        weights: Weights looked at.
    """

    mean: float
    spread: float
    weights: int


def norm_error(point: DesignPoint, parameters: int) -> NormError:
    """Lengths of the first ``STEPS`` directions, master seed 0.

    Args:
        point: The design; it draws numbers.
        parameters: Weights d.
    """
    weights = min(parameters, WEIGHTS)
    directions = Directions(point, weights, [0])
    lengths = []
    for step in range(STEPS):
        values = directions.block(step, 1)[0, 0].astype(np.float64) * directions.scale
        lengths.append(math.sqrt(float(values @ values) / weights))
    mean = float(np.mean(lengths))
    return NormError(mean, float(np.std(lengths)) / mean, weights)


def gaussian_spread(weights: int) -> float:
    """Spread of the lengths of Gaussian directions of d weights: 1 / sqrt(2 d), for large d."""
    return 1 / math.sqrt(2 * weights)
