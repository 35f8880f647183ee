"""The stream of a point: what software trains on and what the RTL must show, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.generator import generator, scale
from pezoexplore.streams.reuse import strategy
from pezoexplore.streams.scaling import exponents

Words = NDArray[Any]


def beats_per_step(parameters: int, lanes: int) -> int:
    """Beats a pass over `parameters` weights takes: ceil(d / L)."""
    return -(-parameters // lanes)


class Stream:
    """Words of a point, by epoch and beat.

    Attributes:
        point: The design.
        lanes: Words a beat.
        half: Whether z = (w + 1/2) * scale rather than w * scale.
        scale: Factor from word to direction.
    """

    def __init__(self, point: DesignPoint, seed: int = 0) -> None:
        self.point = point
        self.lanes = point.lanes
        self.half = point.in_hardware and generator(point).half
        self.scale = scale(point)
        self._strategy = strategy(point, seed)

    def epochs(self, epochs: NDArray[np.uint64], start: int, count: int) -> Words:
        """Words of the same beats of several epochs.

        Args:
            epochs: uint64 [E].
            start: First beat since the reset or reseed.
            count: Beats.

        Returns:
            [E, count, lanes]: int16, int32 for words above 15 bits, or float32 for the software
            Gaussian.
        """
        return self._strategy.words(np.asarray(epochs, dtype=np.uint64), start, count)

    def beats(self, epoch: int, start: int, count: int) -> Words:
        """Words [count, lanes] of one epoch; types as in :meth:`epochs`."""
        words: Words = self.epochs(np.array([epoch], dtype=np.uint64), start, count)[0]
        return words

    def exponents(self, epoch: int, start: int, count: int) -> NDArray[np.int8] | None:
        """Scale exponents [count] of beats, int8; None unless scaling is pow2."""
        if self.point.scaling != "pow2":
            return None
        return exponents(self.beats(epoch, start, count), self.half)

    def z(self, epoch: int, start: int, count: int) -> NDArray[np.float32]:
        """Directions [count, lanes] as float32: words with their half and scale."""
        return self.z_of(self.beats(epoch, start, count))

    def z_of(self, words: Words) -> NDArray[np.float32]:
        """Directions of words [beats, lanes] as float32."""
        values = (words + np.float32(0.5 * self.half)) * np.float32(self.scale)
        if self.point.scaling == "pow2":
            values = np.ldexp(values, exponents(words, self.half)[:, None])
        return values.astype(np.float32)


class Directions:
    """What training eats: the directions of each step, for several seeds at once.

    Every step starts on a beat; surplus words of its last beat are dropped. Step i of a point with
    reuse period T is beats (i mod T) * B onwards of epoch i div T.

    Attributes:
        scale: z = values * scale.
    """

    def __init__(self, point: DesignPoint, parameters: int, seeds: Sequence[int]) -> None:
        self._point, self._parameters = point, parameters
        self._streams = [Stream(point, seed) for seed in seeds]
        stream = self._streams[0]
        self._doubled = stream.half
        self._beats = beats_per_step(parameters, point.lanes)
        self.scale = stream.scale / 2 if stream.half else stream.scale

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Values of a run of steps.

        Args:
            first_step: First step.
            steps: How many.

        Returns:
            [steps, seeds, parameters]: int16, or float32 where that cannot hold them (software
            Gaussian, words above 15 bits, pow2).
        """
        parts = [self._values(stream, first_step, steps) for stream in self._streams]
        return np.stack(parts, axis=1)

    def _values(self, stream: Stream, first_step: int, steps: int) -> NDArray[Any]:
        words = self._words(stream, first_step, steps)
        if words.dtype != np.float32 and self._doubled:
            words = 2 * words + 1
        if self._point.scaling == "pow2":
            shift = exponents((words - self._doubled) >> self._doubled, self._doubled)
            words = np.ldexp(words.astype(np.float32), shift[:, None])
        if words.dtype == np.int32:
            words = words.astype(np.float32)
        by_step = words.reshape(steps, self._beats * self._point.lanes)
        return by_step[:, : self._parameters]

    def _words(self, stream: Stream, first_step: int, steps: int) -> Words:
        """Words [steps * B, lanes] of a run of steps, epoch by epoch."""
        beats, lanes = self._beats, self._point.lanes
        if not self._point.reseeds:
            return stream.beats(0, first_step * beats, steps * beats)
        period, last = int(self._point.reuse_period), first_step + steps
        parts = []
        while first_step < last:
            epoch, done = divmod(first_step, period)
            whole = 0 if done else (last - first_step) // period
            count = min(period - done, last - first_step)
            epochs = epoch + np.arange(max(whole, 1), dtype=np.uint64)
            parts.append(stream.epochs(epochs, done * beats, count * beats).reshape(-1, lanes))
            first_step += count * max(whole, 1)
        return np.concatenate(parts)
