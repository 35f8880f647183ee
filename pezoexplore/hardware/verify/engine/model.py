"""Expected output of a perturbation engine: the trainer's arithmetic on the software stream.

The numbers are :class:`pezoexplore.streams.stream.Stream`'s, rounding and saturation those of
:mod:`pezoexplore.train.fixed_point`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.streams.stream import Stream
from pezoexplore.train.fixed_point import saturate, shift_round

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """Contents of the registers of an engine.

    Attributes:
        scales: s of every segment.
        ends: Weight at which each segment but the last ends.
        step: M.
        step_shift: S.
    """

    scales: Sequence[int]
    ends: Sequence[int]
    step: int
    step_shift: int


class EngineModel:
    """The engine of a point, in software."""

    def __init__(self, point: DesignPoint, shape: Shape, seed: int = MASTER_SEED) -> None:
        self._shape = shape
        self._stream = Stream(point.perturbation(), seed)

    def send(
        self, mode: str, weights: I32, positions: Sequence[tuple[int, int]], settings: Settings
    ) -> I32:
        """Return the weights that a pass sends.

        Args:
            mode: One of ``engine_map.MODES``.
            weights: int32 [d], whole beats.
            positions: Epoch and beat of each stream at the start of the pass.
            settings: The registers.
        """
        moved = self.moved(mode, weights, positions, settings)
        sent: I32 = saturate(moved, self._shape.weight_bits).astype(np.int32)
        return sent

    def moved(
        self, mode: str, weights: I32, positions: Sequence[tuple[int, int]], settings: Settings
    ) -> I64:
        """Return what :meth:`send` then holds within the rails."""
        if mode == "restore":
            return weights.astype(np.int64)
        updating = mode == "update"
        numbers = self._numbers(positions, weights.size)
        move = self._probe(numbers, settings, updating)
        if updating:
            noise = self._noise(numbers, self._shape.draws - 1)
            product = settings.step * move
            move = shift_round(product, settings.step_shift, noise, self._noise_bits)
        return weights + move if mode == "plus" else weights - move

    @property
    def _noise_bits(self) -> int:
        return self._shape.noise_words * self._shape.bit_width

    def _numbers(self, positions: Sequence[tuple[int, int]], count: int) -> I64:
        """Return words [sources, count] from these positions on."""
        beats = count // self._shape.lanes
        words = [self._stream.beats(epoch, beat, beats).reshape(-1) for epoch, beat in positions]
        stacked: I64 = np.stack(words).astype(np.int64)
        return stacked

    def _noise(self, numbers: I64, draw: int) -> I64 | None:
        """Return the random bits of the roundings number `draw`; None where there are none."""
        if draw < 0:
            return None
        first, bits = 1 + draw * self._shape.noise_words, self._shape.bit_width
        noise: I64 = np.zeros_like(numbers[0])
        for words in numbers[first : first + self._shape.noise_words]:
            noise = (noise << bits) | (words + (1 << (bits - 1)))
        return noise

    def _probe(self, numbers: I64, settings: Settings, updating: bool) -> I64:
        """Return p of every weight, or in an update the u of a separate rounding."""
        shape = self._shape
        values = 2 * numbers[0] + 1 if shape.half else numbers[0]
        noise = None
        if shape.draws > 1:
            noise = self._noise(numbers, 1 if updating and shape.draws == 3 else 0)
        edges = [0, *settings.ends, values.size]
        probe: I64 = np.empty_like(values)
        for s, first, last in zip(settings.scales, edges, edges[1:], strict=False):
            part = slice(first, last)
            some = None if noise is None else noise[part]
            rounded = shift_round(values[part], -s, some, self._noise_bits)
            probe[part] = saturate(rounded, shape.weight_bits)
        return probe
