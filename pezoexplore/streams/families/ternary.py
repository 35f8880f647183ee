"""Ternary directions: z = -1, 0 or +1 with chances 1/4, 1/2 and 1/4, bit-true with rtl/ternary.v.

Random projections keep lengths with such numbers as with Gaussian ones (D. Achlioptas,
"Database-friendly random projections", J. Computer and System Sciences 66(4), 2003), and half of
the weights are left alone in a step. The two top bits of a 32-bit Galois lfsr, of two updates a
clock so that both are fresh: the upper one is the sign, the lower one says whether the word is
zero. Over a full period the mean is exactly zero.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.families import lfsr
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import FILLER, Columns, Family, Point
from pezoexplore.streams.generators.models import Model

STATE_BITS = 32
BIT_WIDTH = 2
LEAP = 2
"""Updates of the lfsr per clock."""

SIGMA = math.sqrt(0.5)


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states.

    Args:
        states: uint64 array of any shape; the low 32 bits are the state.
        bit_width: ``BIT_WIDTH``.

    Returns:
        int32 array of the same shape: -1, 0 or 1.
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty(flat.size, dtype=np.int32)
    _words(flat, np.uint64(STATE_BITS - bit_width), out)
    return out.reshape(states.shape)


@compiled
def _words(states: NDArray[np.uint64], drop: np.uint64, out: NDArray[np.int32]) -> None:
    for i in range(states.size):
        top = np.int32(states[i] >> drop)
        out[i] = (top & np.int32(1)) * (np.int32(1) - (top & np.int32(2)))


class Ternary(Family):
    """Signs and zeros from two bits of an lfsr."""

    what = "-1, 0, 0 or +1 alike: two bits of a 32-bit lfsr that makes two updates per clock."
    source = (
        "D. Achlioptas, J. Computer and System Sciences 66(4), 2003, for the numbers; S. "
        "Golomb, 1967, for the register."
    )
    weaknesses = (
        "Half of the weights stay where they are in a step. Linear of degree 32, as rademacher."
    )
    numbers = "ternary"
    widths = (BIT_WIDTH, BIT_WIDTH)
    half = False
    rtl = ("ternary.v",)
    colour = "#66A61E"
    defect = ("ternary.v", "32'h80200003", "32'h00200003")
    small = ({},)
    grid = (*({"reuse": "none", "lanes": lanes} for lanes in (1, 31)), FILLER)
    c = Model(
        clock="""\
    word[0] = (int32_t)(*state >> 30 & 1) * (*state >> 31 & 1 ? -1 : 1);
""",
    )
    python = Model(
        clock="""\
    words = [(s >> 30 & 1) * (-1 if s >> 31 & 1 else 1)]
""",
    )

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return lfsr.step_columns(STATE_BITS, LEAP)

    def sigma(self, point: Point) -> float:
        """Return the deviation of the words."""
        return SIGMA

    def unscaled(self, bits: int) -> float:
        """Return the scale that leaves the words as they are."""
        return 1.0

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {"fresh_bits": str(LEAP)}
