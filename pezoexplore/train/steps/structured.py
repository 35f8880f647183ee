"""Directions of outer products, as training takes them.

Sums of outer products of one-bit words are a stream of words themselves, in hardware as well
(:mod:`pezoexplore.streams.strategies.outer_product` has the rule). Of other words the values are
multiplied here, by the same rule,

    Z = 1 / sqrt(r) sum_{k=1..r} u_k v_k^T,   u_k = (1, c x_1, ..., c x_{m-1}),

of the words x of a stream a k; c is what makes the entries of Z vary as dense words do: one over
the deviation of the scaled words, which with ``scaling: constant`` is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.strategies.outer_product import (
    Layout,
    layers_text,
    seed_of,
    without_stream,
)
from pezoexplore.streams.stream import Directions, Stream
from pezoexplore.train.steps.scope import scope_of
from pezoexplore.train.task import Task
from pezoexplore.train.trainer import DirectionSource


class StructuredDirections:
    """Makes the directions of each training step of words that are multiplied as values.

    Of one-bit words the values are whole: 1/2 sum_k u_k v_k, a sum of an even number of signs.

    Attributes:
        scale: z = values * scale.
    """

    def __init__(self, point: DesignPoint, seeds: Sequence[int]) -> None:
        """Build the streams of a point with ``layers``: for each master seed one a product."""
        words, self._layout = point.words(), Layout.of(point)
        places = self._layout.beats * point.lanes
        self._dense = [
            Directions.of(words, places, [seed_of(seed, number) for seed in seeds])
            for number in range(self._layout.rank)
        ]
        self._share = np.float32(0.5 if self._layout.rank > 1 else 1)
        self.scale = self._dense[0].scale / math.sqrt(self._layout.rank) / float(self._share)
        self._unit = np.float32(unit_stream(point).value_scale)

    def block(self, first_step: int, steps: int) -> NDArray[np.float32]:
        """Return the values of a run of steps, [steps, seeds, d]."""
        total = np.zeros((), np.float32)
        for dense in self._dense:
            values = dense.block(first_step, steps).astype(np.float32)
            total = total + self._layout.combined(values, self._times)[..., : self._layout.weights]
        return np.asarray(total * self._share, np.float32)

    def _times(self, factors: NDArray[Any], row: NDArray[Any]) -> NDArray[Any]:
        return np.asarray((factors * self._unit) * row)


def unit_stream(point: DesignPoint) -> Stream:
    """Return the stream of a point's words whose scale is c: its values times it vary by 1."""
    words = point.words()
    return Stream(replace(words, scaling="constant") if point.family.scaled else words)


def with_layers(point: DesignPoint, task: Task) -> DesignPoint:
    """Return a point with the shapes of a task's tensors, if it has outer products."""
    if not point.outer_products:
        return point
    scope = scope_of(point, task)
    blocks = scope.blocks if scope else task.model.blocks
    return replace(point, layers=layers_text(block.shape for block in blocks))


def layout_of(point: DesignPoint, task: Task) -> Layout | None:
    """Return the layout of a point's outer products on a task; None of dense directions."""
    return Layout.of(with_layers(point, task)) if point.outer_products else None


def numbers_of(point: DesignPoint, task: Task) -> int | None:
    """Return the numbers that a direction takes from the stream; None: one for each weight."""
    numbered = layout_of(point, task) or scope_of(point, task)
    return numbered.numbers if numbered else None


def directions_of(point: DesignPoint, task: Task) -> DirectionSource:
    """Return a point's stream as a source of the numbers of its directions on a task."""
    shaped, scope = with_layers(point, task), scope_of(point, task)
    if point.outer_products and without_stream(point):
        return lambda seeds: StructuredDirections(shaped, seeds)
    perturbation, numbers = shaped.perturbation(), scope.numbers if scope else task.parameters
    return lambda seeds: Directions.of(perturbation, numbers, seeds)
