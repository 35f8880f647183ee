"""Directions of outer products, a window at a time.

Only vectors are read ahead of a window: of each matrix that it meets the first row, and the factor
of the row in which it begins. All other words that it needs are in the window itself
(:mod:`pezoexplore.streams.strategies.outer_product` has the rule).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.finetune.directions import Directions, Values
from pezoexplore.streams.strategies.outer_product import Layout, Matrix, seed_of
from pezoexplore.train.steps.structured import unit_stream

AHEAD = 2**12
"""Numbers of a window of the words that are read ahead."""


class StructuredDirections(Directions):
    """The directions of a point with ``layers``: sums of outer products."""

    def __init__(
        self, point: DesignPoint, seed: int, device: torch.device, window: int | None = None
    ) -> None:
        """Build the streams of a point and a master seed, one a product.

        Args:
            point: A point with outer products and the shapes of the tensors.
            seed: Master seed.
            device: Device of the directions.
            window: As of :class:`Directions`.
        """
        layout = Layout.of(point)
        super().__init__(_words_of(point), seed, layout.weights, device, window)
        self.scale /= math.sqrt(layout.rank)
        self._products = [
            _Product(point, layout, seed_of(seed, number), device, window)
            for number in range(layout.rank)
        ]

    def _values(self, step: int, window: int) -> Values:
        if self._kept is None or self._kept[0] != (step, window):
            first, stop = self._ends(window)
            total = self._products[0].numbers(step, first, stop)
            for product in self._products[1:]:
                total += product.numbers(step, first, stop)
            self._kept = ((step, window), (total.numpy() if self._on_cpu else total, 0.0))
        return self._kept[1]


def _words_of(point: DesignPoint) -> DesignPoint:
    """Return the point of the words; it replays as many steps."""
    return replace(point, rank="full", layers=None)


class _Product:
    """An outer product for each matrix, of one stream."""

    def __init__(
        self,
        point: DesignPoint,
        layout: Layout,
        seed: int,
        device: torch.device,
        window: int | None,
    ) -> None:
        words = _words_of(point)
        self._layout = layout
        self._words = Directions(words, seed, layout.weights, device, window)
        self._ahead = Directions(words, seed, layout.weights, device, AHEAD)
        self._unit = float(np.float32(unit_stream(point).scale))
        self._row: tuple[tuple[int, Matrix], torch.Tensor] | None = None

    def numbers(self, step: int, first: int, stop: int) -> torch.Tensor:
        """Return the numbers of positions from the start of a window to its end, float32."""
        found = self._words.numbers(step, first, stop - first)
        for matrix, places in zip(self._layout.matrices, self._layout.factors, strict=True):
            low, high = max(matrix.second, first), min(matrix.stop, stop)
            if low < high:
                begin, last = ((at - matrix.start) // matrix.columns for at in (low, high - 1))
                where = places[begin - 1 : last]
                factors = found[torch.from_numpy(where.clip(first) - first).to(found.device)]
                if where[0] < first:
                    factors[0] = self._ahead.numbers(step, int(where[0]), 1)[0]
                rows = (factors * self._unit)[:, None] * self._first_row(step, matrix)
                skipped = low - matrix.start - begin * matrix.columns
                found[low - first : high - first] = rows.view(-1)[skipped : skipped + high - low]
        return found

    def _first_row(self, step: int, matrix: Matrix) -> torch.Tensor:
        """Return the numbers of a matrix's first row, [columns]."""
        if self._row is None or self._row[0] != (step, matrix):
            made = self._ahead.numbers(step, matrix.start, matrix.columns)
            self._row = ((step, matrix), made)
        return self._row[1]
