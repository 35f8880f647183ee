"""Numbers of a design's beats as tensors on a device, equal to the bit-true stream.

A *number* is the word with its half and exponent, (w + half / 2) * 2**e, so that z = number *
scale; all of them are exact in float32. Four sources generate them, in bulk:

- ``Cyclic``: streams that repeat after few beats (pools, short states) are a table, read by slices
  without a copy; on the CPU, ``Repeated``, a table of words, a quarter of its size;
- ``Rotating``: banks of short states are a table of one period, whose rows are beats: every period
  rotates its columns;
- ``Linear``: long states are looked up in tables of XORs over GF(2), many beats per look-up;
- ``Host``: the output of the compiled loops of :mod:`pezoexplore.streams.kernels`, copied to the
  device. On the CPU they are faster than tensor operations; elsewhere they serve the Gaussian
  generators that are not pooled.

``Stepping`` is the host source for generators that cannot jump.
"""

from __future__ import annotations

import copy
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.finetune.linear import Linear
from pezoexplore.streams.packing import Words
from pezoexplore.streams.scaling import exponents
from pezoexplore.streams.strategies.none import PerGroup, PerLane
from pezoexplore.streams.strategies.phased import Phased
from pezoexplore.streams.strategy import Strategy
from pezoexplore.streams.stream import Stream

TABLE_NUMBERS = 2**22
"""Most numbers of a table, 16 MiB."""

_BLOCK = 2**13
"""Least beats generated at once for a table of words."""


class Source(Protocol):
    """Numbers by epoch and beat."""

    def numbers(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats.

        Args:
            epoch: Reseeds so far.
            start: First beat since the reseed.
            count: Beats.

        Returns:
            float32 [count, lanes], read-only and valid until the next call.
        """


def source(point: DesignPoint, seed: int, device: torch.device, longest: int) -> Source:
    """Return the source that suits a point and a device.

    Args:
        point: A point that draws numbers.
        seed: Master seed.
        device: Device of the numbers.
        longest: Most beats of a call.
    """
    host = Host(point, seed, device)
    strategy = host.stream.strategy
    short = table_period(strategy)
    if short is not None and not strategy.rotates:
        # A phased stream goes on elsewhere in its period after a reseed, a pool is filled again.
        if host.reads_words and not (isinstance(strategy, Phased) and point.reseeds):
            return Repeated(point, seed, device, longest)
        if not isinstance(strategy, Phased):
            return Cyclic(host, short, longest)
    if isinstance(strategy, PerGroup):
        return Stepping(point, seed, device)
    if host.reads_words:  # exponents take longer than a table
        return host
    if short is not None:
        return Rotating(host, short) if strategy.rotates else Cyclic(host, short, longest)
    if isinstance(strategy, Phased | PerLane) and point.family.top_bits:
        return Linear(strategy, device)
    return host


def table_period(strategy: Strategy) -> int | None:
    """Return the beats after which the rows of a table restart; None if it would be too large.

    For bank that is one turn: the next shows the same rows, but rotated.
    """
    turn, lanes = strategy.repetition.turn, strategy.point.lanes
    fits = turn is not None and (strategy.point.pooled or turn * lanes <= TABLE_NUMBERS)
    return turn if fits else None


class Host:
    """Numbers of the compiled loops, copied to a device."""

    def __init__(self, point: DesignPoint, seed: int, device: torch.device) -> None:
        """Build the stream of a point and a master seed; numbers are words plus ``constant``."""
        self.point, self.device, self._seed = point, device, seed
        self.stream = Stream(point, seed)
        self.constant = 0.5 if self.stream.half else 0.0
        self._room = torch.empty(0, device=device)  # kept: fresh memory would cost page faults

    @property
    def reads_words(self) -> bool:
        """Return whether numbers are read as integer words, plus ``constant``."""
        return self.device.type == "cpu" and self.point.scaling != "pow2"

    def words(self, epoch: int, start: int, count: int) -> Words:
        """Return the words of beats, [count, lanes], on the host."""
        return self.stream.beats(epoch, start, count)

    def numbers(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats, as :meth:`Source.numbers`."""
        words = self.words(epoch, start, count)
        if self._room.numel() < words.size:
            self._room = torch.empty(words.size, device=self.device)
        made = self._room[: words.size].view(words.shape)
        torch.add(torch.from_numpy(words).to(self.device), self.constant, out=made)
        if self.point.scaling == "pow2":
            found = exponents(words, self.stream.half)
            powers: NDArray[np.float32] = np.ldexp(np.float32(1), found)
            made *= torch.from_numpy(powers).to(self.device)[:, None]
        return made


class Stepping(Host):
    """Numbers of generators that cannot jump: copies of the states are kept for replays."""

    def __init__(self, point: DesignPoint, seed: int, device: torch.device) -> None:
        """Build the stream and keep a copy of its first state."""
        super().__init__(point, seed, device)
        self._reached = self._entered = (0, 0)
        self._starts = {(0, 0): copy.deepcopy(self.stream)}
        self._most = (1 + point.momentum_replay) * (point.queries or 1)

    def enter(self, epoch: int, start: int) -> None:
        """Go to the start of a direction, to which :meth:`words` will return.

        Those that an update replays are kept, so that this goes back to them at once.
        """
        if (kept := self._starts.get((epoch, start))) is not None:
            self.stream = copy.deepcopy(kept)
        elif start == 0:
            self.stream = Stream(self.point, self._seed)
        elif self._reached != (epoch, start):
            self.words(epoch, start - 1, 1)
        self._reached = self._entered = (epoch, start)
        if kept is None:
            if len(self._starts) == self._most:
                del self._starts[next(iter(self._starts))]
            self._starts[epoch, start] = copy.deepcopy(self.stream)

    def words(self, epoch: int, start: int, count: int) -> Words:
        """Return the words of beats, as :meth:`Host.words`."""
        if self._entered <= (epoch, start) < self._reached:
            self.stream = copy.deepcopy(self._starts[self._entered])
        self._reached = (epoch, start + count)
        return super().words(epoch, start, count)


class Repeated(Host):
    """Periodic words, as slices of a table."""

    def __init__(self, point: DesignPoint, seed: int, device: torch.device, longest: int) -> None:
        """Build the stream; the table is one period and, again, its first ``longest`` beats."""
        super().__init__(point, seed, device)
        self._period = table_period(self.stream.strategy) or 0
        self._longest = longest
        self._kept: tuple[int, Words] | None = None

    def words(self, epoch: int, start: int, count: int) -> Words:
        """Return the words of beats, as :meth:`Host.words`."""
        if self._kept is None or self._kept[0] != epoch:
            self._kept = (epoch, self._table(epoch))
        first = start % self._period
        return self._kept[1][first : first + count]

    def _table(self, epoch: int) -> Words:
        """Return the words, [rows, lanes], made in blocks: no more memory than they take."""
        rows, block = self._period + self._longest, max(self._longest, _BLOCK)
        narrow = self.point.in_hardware and self.point.bits <= 8
        dtype = np.int8 if narrow else super().words(epoch, 0, 1).dtype
        table: Words = np.empty((rows, self.point.lanes), dtype)
        for first in range(0, rows, block):
            count = min(block, rows - first)
            table[first : first + count] = super().words(epoch, first, count)
        return table


class Cyclic:
    """Periodic numbers, as slices of a table."""

    def __init__(self, host: Host, period: int, longest: int) -> None:
        """Tile ``period`` beats until a slice of ``longest`` beats fits wherever it starts."""
        self._host, self._period = host, period
        self._tiles = 1 + -(-longest // period)
        self._kept: tuple[int, torch.Tensor] | None = None

    def numbers(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats, as :meth:`Source.numbers`."""
        if self._kept is None or self._kept[0] != epoch:
            once = self._host.numbers(epoch, 0, self._period)
            self._kept = (epoch, once.repeat(self._tiles, 1))
        first = start % self._period
        return self._kept[1][first : first + count]


class Rotating:
    """Numbers of a bank, as rows of a table of one period."""

    def __init__(self, host: Host, period: int) -> None:
        """Prepare a table of ``period`` beats of the host's stream."""
        self._host, self._period, self._lanes = host, period, host.point.lanes
        self._kept: tuple[int, torch.Tensor] | None = None

    def numbers(self, epoch: int, start: int, count: int) -> torch.Tensor:
        """Return the numbers of beats, as :meth:`Source.numbers`."""
        table = self._table(epoch)
        beat = torch.arange(start, start + count, device=table.device)
        return table[beat % self._period, beat // self._period % self._lanes]

    def _table(self, epoch: int) -> torch.Tensor:
        """Return [period, rotations, lanes]; rotation k of a row is its lanes from k on, cyclic."""
        if self._kept is None or self._kept[0] != epoch:
            once = self._host.numbers(epoch, 0, self._period)
            twice = torch.cat([once, once], dim=1)
            shape = (self._period, self._lanes, self._lanes)
            self._kept = (epoch, twice.as_strided(shape, (2 * self._lanes, 1, 1)))
        return self._kept[1]
