"""The generator of a point: its family at the point's widths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams import kernels
from pezoexplore.streams.generators.family import Columns, Family, Stepped
from pezoexplore.streams.linear import wide_tables
from pezoexplore.streams.packing import U64, Words, word_dtype

I32 = NDArray[np.int32]

_BLOCK = 2**15  # states whose words are found at a time
_SKIPPED = 4096  # clocks skipped at a time


@dataclass(frozen=True)
class Generator:
    """A generator family at one width.

    Attributes:
        point: The point that chooses the widths.
        family: The family.
        step: The map of one clock of the state over GF(2), of full period; empty for a generator
            that steps otherwise.
        stepped: How it steps, for a generator that cannot jump; else None.
    """

    point: DesignPoint
    family: Family
    step: Columns
    stepped: Stepped | None = None

    @property
    def bit_width(self) -> int:
        """Bits of a word."""
        return self.point.bits

    @property
    def state_bits(self) -> int:
        """Bits of the state."""
        return self.point.state_bits or 0

    @property
    def period(self) -> int:
        """Clocks until the state returns: 2**state_bits - 1, but for some that step."""
        return int(2**self.state_bits - 1) if self.stepped is None else self.stepped.period

    @property
    def half(self) -> bool:
        """Whether z = (w + 1/2) * scale, because w alone has a mean of -1/2."""
        return self.family.has_half(self.point)

    @property
    def sigma(self) -> float:
        """Deviation of w (+ 1/2): exact for uniform words, nominal for normal ones."""
        return self.family.sigma(self.point)

    def words(self, states: U64) -> I32:
        """Return the words that states show: int32, same shape, of `bit_width` bits, signed."""
        return self.family.words(states, self.point)

    def words_of_lanes(self, states: U64) -> I32:
        """Return the words that states show to all the lanes they serve: int32 [*shape, lanes]."""
        return self.family.words_of_lanes(states, self.point)

    def rows(self, states: U64, count: int, period: int = 0, position: int = 0) -> Words:
        """Return the words of `count` clocks of generators, one per clock or as many as served.

        Args:
            states: uint64 [epochs, generators]; [epochs, generators, limbs] of one that steps.
                Stepped in place, except for the latter.
            count: Clocks.
            period: Clocks between rotations of the states (lfsr only); 0 for none.
            position: Clock within the rotation period.

        Returns:
            Words [epochs, count, lanes], int16, or int32 for wide ones.
        """
        epochs, generators = states.shape[:2]
        dtype = word_dtype(self.bit_width)
        if self.stepped is not None:
            flat = np.empty((epochs * generators, count, 1), dtype=dtype)
            self.stepped.fill(states.reshape(-1, states.shape[2]).copy(), self.bit_width, flat)
            return flat.reshape(epochs, generators, count).transpose(0, 2, 1)
        if self.family.top_bits:
            out = np.empty((epochs, count, generators), dtype=dtype)
            if self.family.fill_rows(states, self.point, out, period, position):
                return out
        return self._shaped_rows(states, count)

    def _shaped_rows(self, states: U64, count: int) -> Words:
        """Return words that are functions of whole states; as :meth:`rows`.

        In blocks of clocks, so that the states of one stay in a core's cache.
        """
        epochs, generators = states.shape
        tables, group = wide_tables(self.step), self.point.group
        out = np.empty((epochs, count, generators * group), dtype=word_dtype(self.bit_width))
        block = min(count, max(1, _BLOCK // states.size))
        scratch = np.empty(block * states.size, dtype=np.uint64)
        for low in range(0, count, max(1, block)):
            clocks = min(block, count - low)
            every = scratch[: clocks * states.size].reshape(epochs, clocks, generators)
            kernels.linear_rows(states, tables, every)
            shown = self.words_of_lanes(every)[..., :group]
            out[:, low : low + clocks] = shown.reshape(epochs, clocks, -1)
        return out

    @property
    def drawn(self) -> int:
        """Random limbs that a state is made of, for a generator that cannot jump."""
        return 0 if self.stepped is None else self.stepped.drawn

    def drawn_states(self, limbs: U64) -> U64:
        """Return the states [n, limbs], lowest limb first, of random limbs [..., drawn]."""
        assert self.stepped is not None
        return self.stepped.begin(limbs.reshape(-1, self.drawn))

    def skip(self, states: U64, clocks: int) -> None:
        """Step states [n, limbs] in place without keeping their words."""
        assert self.stepped is not None
        if self.stepped.jump is not None:
            self.stepped.jump(states, clocks)
            return
        shape = (len(states), min(clocks, _SKIPPED), self.point.group)
        scratch = np.empty(shape, dtype=np.int32)
        while clocks:
            self.stepped.fill(states, self.bit_width, scratch[:, :clocks])
            clocks -= min(clocks, _SKIPPED)


def generator(point: DesignPoint) -> Generator:
    """Return the generator of a hardware point (a pool's filler, a phased stream's one state)."""
    return _generator(point, point.family)


@lru_cache(maxsize=256)
def _generator(point: DesignPoint, family: Family) -> Generator:
    stepped = family.stepped(point)
    return Generator(point, family, () if stepped else family.columns(point), stepped)
