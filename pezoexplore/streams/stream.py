"""The stream of a point: what software trains on and what the RTL must show, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.exact import BITS, whole
from pezoexplore.streams.generator import generator
from pezoexplore.streams.packing import Words
from pezoexplore.streams.scaling import exponents
from pezoexplore.streams.strategies.bank import Bank
from pezoexplore.streams.strategies.none import PerGroup, PerLane
from pezoexplore.streams.strategies.outer_product import seed_of
from pezoexplore.streams.strategies.phased import Phased
from pezoexplore.streams.strategies.pool import Pool
from pezoexplore.streams.strategies.shift_register import ShiftRegister
from pezoexplore.streams.strategies.software import Software, SoftwarePool
from pezoexplore.streams.strategies.structured import Structured
from pezoexplore.streams.strategy import MASTER_SEED, Strategy

_STRATEGIES: dict[str, type[Strategy]] = {"pool": Pool, "bank": Bank, "phased": Phased}


def beats_per_step(parameters: int, lanes: int) -> int:
    """Return the beats of a pass over `parameters` weights: ceil(d / L)."""
    return -(-parameters // lanes)


def strategy(point: DesignPoint, seed: int = MASTER_SEED) -> Strategy:
    """Build the reuse strategy of a point; with ``layers``, outer products of its words."""
    if point.layers:
        words = replace(point, rank="full", layers=None)
        seeds = [seed_of(seed, number) for number in range(point.streams)]
        return Structured(point, [strategy(words, seed) for seed in seeds])
    if not point.in_hardware:
        return (SoftwarePool if point.pooled else Software)(point, seed)
    if point.in_shift_registers:
        return ShiftRegister(point, seed)
    if point.reuse in _STRATEGIES:
        return _STRATEGIES[point.reuse](point, seed)
    return (PerLane if generator(point).stepped is None else PerGroup)(point, seed)


class Stream:
    """Words of a point, by epoch and beat.

    Attributes:
        point: The design.
        lanes: Words per beat.
        strategy: How words are reused; its hardware too.
    """

    def __init__(self, point: DesignPoint, seed: int = MASTER_SEED) -> None:
        self.point = point
        self.lanes = point.lanes
        self.strategy = strategy(point, seed)

    @cached_property
    def half(self) -> bool:
        """Whether z = (w + 1/2) * scale rather than w * scale."""
        whole = not self.point.in_hardware or self.point.streams > 1  # half a sum of signs is whole
        return not whole and self.strategy.generator.half

    @cached_property
    def scale(self) -> float:
        """Factor from word to direction: z = (w, with its half) * scale * 2**exponent.

        ``none`` gives 2**(1 - bit_width); ``constant`` 1 / sigma; with ``pow2`` all of the scale is
        in the exponent of each beat. Rademacher words give +-1 whatever the scaling, ternary ones
        -1, 0 and 1 with ``none``. Sums of r outer products are divided by the root of r.
        """
        point = self.point
        if not point.in_hardware or point.scaling == "pow2":
            return 1.0
        made, root = self.strategy.generator, math.sqrt(point.streams)
        if point.scaling == "constant":
            return 1.0 / made.sigma / root
        return point.family.unscaled(made.bit_width) / root

    def epochs(self, epochs: NDArray[np.uint64], start: int, count: int) -> Words:
        """Return the words of the same beats of several epochs.

        Args:
            epochs: uint64 [E].
            start: First beat since the reset or reseed.
            count: Beats.

        Returns:
            [E, count, lanes]: int16, int32 for words above 15 bits, or float32 for the software
            Gaussian.
        """
        return self.strategy.words(np.asarray(epochs, dtype=np.uint64), start, count)

    def beats(self, epoch: int, start: int, count: int) -> Words:
        """Return the words [count, lanes] of one epoch; types as in :meth:`epochs`."""
        words: Words = self.epochs(np.array([epoch], dtype=np.uint64), start, count)[0]
        return words

    def exponents(self, epoch: int, start: int, count: int) -> NDArray[np.int8] | None:
        """Return the scale exponents [count] of beats, int8; None unless scaling is pow2."""
        return self.strategy.exponents(epoch, start, count)

    def z(self, epoch: int, start: int, count: int) -> NDArray[np.float32]:
        """Return directions [count, lanes] as float32: words with their half and scale."""
        return self.z_of(self.beats(epoch, start, count))

    def z_of(self, words: Words) -> NDArray[np.float32]:
        """Return the directions of words [beats, lanes] as float32."""
        values = (words + np.float32(0.5 * self.half)) * np.float32(self.scale)
        if self.point.scaling == "pow2":
            values = np.ldexp(values, exponents(words, self.half)[:, None])
        return values.astype(np.float32)

    def values_of(self, words: Words) -> NDArray[Any]:
        """Return the values [beats, lanes] of words: z = values * ``value_scale``.

        They are whole, twice the word plus one where it has a half, but with pow2 and the software
        Gaussian. int16, or float32 where that cannot hold them.
        """
        values = 2 * words + 1 if self.half else words
        if self.point.scaling == "pow2":
            values = np.ldexp(values.astype(np.float32), exponents(words, self.half)[:, None])
        return values.astype(np.float32) if values.dtype == np.int32 else values

    @property
    def value_scale(self) -> float:
        """What one unit of :meth:`values_of` is worth in z."""
        return self.scale / 2 if self.half else self.scale

    @cached_property
    def largest_value(self) -> float:
        """A bound of the magnitude of :meth:`values_of`."""
        if not self.point.in_hardware:
            return 8.0
        if self.point.scaling == "pow2":  # the norm of a beat is at most sqrt(2 L)
            return (1 + self.half) * math.sqrt(2 * self.lanes)
        top = 1 << (self.point.bits - 1)
        return float(2 * top - 1 if self.half else top)

    @cached_property
    def unit(self) -> float:
        """A power of two of whose multiples no value has more than ``exact.BITS`` bits.

        Values that are whole and short enough are such multiples themselves.
        """
        bound = self.largest_value
        if self.point.in_hardware and self.point.scaling != "pow2" and bound <= 2**BITS:
            return 1.0
        return 2.0 ** (math.frexp(bound)[1] - BITS)


class Directions:
    """The directions of each training step, for several seeds at once.

    Every step starts on a beat; surplus words of its last beat are dropped. Step i of a point with
    reuse period T is beats (i mod T) * B onwards of epoch i div T.

    Attributes:
        scale: z = values * scale.
        unit: ``Stream.unit``.
        largest: Bound of the magnitude of :meth:`whole`.
        odd: Whether all of :meth:`whole` is odd.
    """

    def __init__(self, streams: Sequence[Stream], parameters: int, every: int = 1) -> None:
        """Build directions for a model of `parameters` weights.

        Args:
            streams: Streams of one point, one a master seed.
            parameters: Weights d.
            every: Steps of the stream from one direction to the next: those between are random
                numbers for roundings.
        """
        stream = streams[0]
        self._point, self._parameters, self._streams = stream.point, parameters, streams
        self._every = every
        self.unit, self.largest = stream.unit, stream.largest_value / stream.unit
        self.odd = stream.half and stream.point.scaling != "pow2" and self.unit == 1.0
        self._beats = beats_per_step(parameters, stream.lanes)
        self.scale = stream.value_scale

    @classmethod
    def of(cls, point: DesignPoint, parameters: int, seeds: Sequence[int]) -> Directions:
        """Build the streams of a point, one a master seed, for a model of `parameters` weights."""
        return cls([Stream(point, seed) for seed in seeds], parameters)

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Return the values of a run of steps.

        Args:
            first_step: First step.
            steps: How many.

        Returns:
            [steps, seeds, parameters]: int16, or float32 where that cannot hold them (software
            Gaussian, words above 15 bits, pow2).
        """
        every = self._every
        parts = [
            self._values(stream, first_step * every, steps * every)[::every]
            for stream in self._streams
        ]
        return np.stack(parts, axis=1)

    def whole(self, first_step: int, steps: int) -> NDArray[np.float32]:
        """Return the values of the first seed [steps, parameters] in whole units."""
        return whole(self.block(first_step, steps)[:, 0], self.unit)[0]

    def _values(self, stream: Stream, first_step: int, steps: int) -> NDArray[Any]:
        values = stream.values_of(self._words(stream, first_step, steps))
        by_step = values.reshape(steps, self._beats * self._point.lanes)
        return by_step[:, : self._parameters]

    def _words(self, stream: Stream, first_step: int, steps: int) -> Words:
        """Return the words [steps * B, lanes] of a run of steps, epoch by epoch."""
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
