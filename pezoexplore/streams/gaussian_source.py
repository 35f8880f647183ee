"""The linear source of random bits that the hardware Gaussians share.

A LUT-OPT generator (D. Thomas, W. Luk, "High quality uniform random number generation using LUT
optimised state-transition matrices", J. VLSI Signal Processing 47, 2007): every next state bit is
the XOR of three or four state bits, so that with the two inputs of a replay path each bit is one
six-input LUT, and every bit is fresh every clock. The matrix is random and sparse with a primitive
characteristic polynomial, hence its period is 2**33 - 1. No two bits share two taps: pairs that
recur show as correlation of squares, and tempt synthesisers to factor them out, which costs LUTs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.family import Axes, Columns, Family, Point, grid_of_lanes
from pezoexplore.streams.linear import transpose

STATE_BITS = 33

FACTORS = (7, 23, 89, 599479)
"""Prime factors of the period 2**33 - 1."""

TAPS: tuple[tuple[int, ...], ...] = (
    (28, 7, 30, 31, 1, 16, 24, 10, 6, 5, 32, 21, 9, 25, 17, 26, 0,
     20, 12, 27, 19, 13, 15, 4, 22, 14, 3, 11, 2, 23, 8, 18, 29),
    (4, 26, 15, 23, 32, 10, 5, 8, 29, 14, 20, 28, 2, 27, 6, 13, 12,
     18, 24, 17, 22, 11, 3, 7, 1, 9, 25, 30, 16, 0, 21, 19, 31),
    (1, 25, 17, 8, 7, 21, 9, 24, 14, 2, 19, 0, 3, 30, 22, 23, 5,
     12, 32, 4, 10, 20, 28, 6, 29, 16, 11, 31, 18, 27, 15, 13, 26),
    (23, 2, 12, 19, 18, 20, 27, 25, 10, 22, 14, 9, 6, 28, 24, 21, -1,
     31, 16, 3, 30, 8, 26, 11, 13, 4, 5, 1, 29, 32, 7, 15, 17),
)  # fmt: skip
"""Tap k of next state bit i is state bit TAPS[k][i]; -1 for none. Found by
``python -m pezoexplore.streams.gaussian_tables search 1 2000``."""


@lru_cache(maxsize=1)
def next_rows(state_bits: int) -> tuple[int, ...]:
    """Return the map of one clock: row i masks the state bits whose XOR is next state bit i.

    Args:
        state_bits: Must be ``STATE_BITS``, the only size there is.

    Raises:
        ValueError: Any other size.
    """
    if state_bits != STATE_BITS:
        raise ValueError(f"the Gaussian source has {STATE_BITS} state bits, not {state_bits}")
    return tuple(sum(1 << taps[i] for taps in TAPS if taps[i] >= 0) for i in range(STATE_BITS))


def words_of(
    kernel: Callable[..., None], states: NDArray[np.uint64], bit_width: int, *tables: object
) -> NDArray[np.int32]:
    """Return the words of states.

    Args:
        kernel: Writes the words of flat states: ``kernel(states, shift, *tables, out)``, where
            the shift drops low bits of words of 12 bits.
        states: uint64 array of any shape; the low 33 bits are the state.
        bit_width: Bits of a word, 4 to 12.
        tables: What the kernel looks up.

    Returns:
        int32 array of the same shape, words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty(flat.size, dtype=np.int32)
    kernel(flat, np.uint64(12 - bit_width), *tables, out)
    return out.reshape(states.shape)


GAUSSIAN_RTL = ("gaussian_source_table.vh", "lut6.v")
STATE_SOURCE = "State: LUT-OPT matrix, Thomas and Luk, J. VLSI Signal Processing 47, 2007."

C_NARROW = """\
/* The top bits of a number of twelve bits. */
static inline int32_t pezo_narrow(int32_t word)
{
    return (int32_t)((uint32_t)(word + 2048) >> (12 - PEZO_BIT_WIDTH)) - (1 << (PEZO_BIT_WIDTH - 1));
}

"""  # noqa: E501
C_FOLD = (
    C_NARROW
    + """\
/* Magnitude with the sign folded in by inversion, and the four bits below. */
static inline int32_t pezo_fold(int magnitude, uint64_t sign, uint64_t rest)
{
    return pezo_narrow((sign & 1 ? ~magnitude : magnitude) * 16 + (int)(rest & 15));
}

"""
)
PYTHON_NARROW = '''\


def _narrow(word: int) -> int:
    """The top bits of a number of twelve bits."""
    return word >> 12 - BIT_WIDTH
'''
PYTHON_FOLD = (
    PYTHON_NARROW
    + '''\


def _fold(magnitude: int, sign: int, rest: int) -> int:
    """Magnitude with the sign folded in by inversion, and the four bits below."""
    return _narrow((magnitude ^ -(sign & 1)) << 4 | rest & 15)
'''
)
"""Functions of the exported models, for words of twelve bits and for folded magnitudes."""


class GaussianFamily(Family):
    """A family of normal words whose bits come from this source."""

    numbers = "normal"
    widths = (4, 12)
    state = STATE_BITS
    ports: tuple[str, ...] = ("BIT_WIDTH", "STATE_BITS")
    defect = ("gaussian_source_table.vh", "{s[29], s[18], s[8], s[23]", "{s[0], s[18], s[8], s[23]")
    small: tuple[Axes, ...] = ({},)
    grid: tuple[Axes, ...] = grid_of_lanes(4, 8, 12)

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return transpose(next_rows(point.state_bits or 0))

    def sigma(self, point: Point) -> float:
        """Return the nominal deviation: words reach 4 sigma."""
        return float(2.0 ** (point.bits - 3))
