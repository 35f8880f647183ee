"""The generator of a point: its family at the point's widths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.generators.family import Columns, Family, Stepped

U64 = NDArray[np.uint64]
I32 = NDArray[np.int32]


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


def generator(point: DesignPoint) -> Generator:
    """Return the generator of a hardware point (a pool's filler, a phased stream's one state)."""
    return _generator(point, point.family)


@lru_cache(maxsize=256)
def _generator(point: DesignPoint, family: Family) -> Generator:
    stepped = family.stepped(point)
    return Generator(point, family, () if stepped else family.columns(point), stepped)


def scale(point: DesignPoint) -> float:
    """Return the factor from word to direction: z = (w, with its half) * scale * 2**exponent.

    ``none`` gives 2**(1 - bit_width); ``constant`` 1 / sigma; with ``pow2`` all of the scale is in
    the exponent of each beat. Rademacher words give +-1 whatever the scaling, ternary ones -1, 0
    and 1 with ``none``.
    """
    if not point.in_hardware or point.scaling == "pow2":
        return 1.0
    if point.scaling == "constant":
        return 1.0 / generator(point).sigma
    return point.family.unscaled(point.bits)
