"""Marsaglia's 32-bit xorshift generator.

    x ^= x << 13;  x ^= x >> 17;  x ^= x << 5

G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. Period 2**32 - 1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Axes, Columns, Family, Point, grid_of_lanes

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Words = NDArray[Any]

_MASK = 2**32 - 1


def update(x: int) -> int:
    """Return the successor of a state."""
    x ^= (x << 13) & _MASK
    x ^= x >> 17
    return x ^ ((x << 5) & _MASK)


@lru_cache(maxsize=1)
def step_columns() -> Columns:
    """Return the map of one clock, on 32 bits."""
    return tuple(update(1 << i) for i in range(32))


@compiled
def _rows(states: U32, shift: int, half: int, out: Words) -> None:
    """Write words of one generator per lane; `shift` drops the bits below and `half` centres."""
    drop = np.uint32(shift)
    for epoch in range(states.shape[0]):
        x = states[epoch]
        for beat in range(out.shape[1]):
            row = out[epoch, beat]
            for lane in range(states.shape[1]):
                y = x[lane]
                row[lane] = np.int64(y >> drop) - half
                y = np.uint32(y ^ np.uint32(y << np.uint32(13)))
                y = np.uint32(y ^ np.uint32(y >> np.uint32(17)))
                x[lane] = np.uint32(y ^ np.uint32(y << np.uint32(5)))


class Xorshift32(Family):
    """The top bits of Marsaglia's xorshift."""

    what = "Marsaglia's xorshift (13, 17, 5), the top bits of its state."
    source = "G. Marsaglia, Xorshift RNGs, J. Statistical Software 8(14), 2003."
    weaknesses = (
        "Linear, so it fails rank and linear-complexity tests; states with few ones are "
        "followed by several with few ones (Panneton and L'Ecuyer, ACM TOMACS 15(4), 2005)."
    )
    top_bits = True
    rtl = ("uniform_word.v", "xorshift32.v")
    colour = "#56B4E9"
    defect = ("xorshift32.v", "{state[18:0], 13'b0}", "{state[18:0], state[31:19]}")
    grid: tuple[Axes, ...] = grid_of_lanes(1, 8, 24)

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return step_columns()

    def fill_rows(
        self, states: U64, point: Point, out: Words, period: int = 0, position: int = 0
    ) -> bool:
        """Write words of successive clocks."""
        narrow = states.astype(np.uint32)
        _rows(narrow, 32 - point.bits, 2 ** (point.bits - 1), out)
        states[...] = narrow
        return True
