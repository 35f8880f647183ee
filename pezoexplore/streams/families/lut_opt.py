"""LUT-OPT: a sparse linear generator whose every state bit is fresh and costs one LUT.

Every next state bit is the XOR of three or four state bits, so that with the two inputs of a replay
path it is one six-input LUT and one flip-flop, and all 48 bits are new every clock (D. Thomas and
W. Luk, "High quality uniform random number generation using LUT optimised state-transition
matrices", J. VLSI Signal Processing 47, 2007). Bit-true with rtl/lut_opt.v. The matrix is random
with a primitive characteristic polynomial: period 2**48 - 1. No two bits share two taps.

The first lane that a generator serves takes the top bits of the state, the next the bits below.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Columns, Family, Point
from pezoexplore.streams.linear import transpose

STATE_BITS = 48

FACTORS = (3, 5, 7, 13, 17, 97, 241, 257, 673)
"""Prime factors of the period 2**48 - 1 (3 occurs twice)."""

# fmt: off
TAPS: tuple[tuple[int, ...], ...] = (
    (2, 13, 40, 24, 44, 30, 45, 33, 39, 23, 20, 37, 1, 21, 19, 3,
     7, 9, 16, 0, 26, 36, 42, 4, 18, 31, 28, 6, 34, 12, 46, 47,
     43, 15, 41, 25, 17, 35, 5, 38, 32, 29, 27, 10, 8, 14, 22, 11),
    (9, 38, 10, 19, 28, 1, 5, 6, 12, 17, 25, 13, 33, 20, 39, 45,
     3, 15, 11, 31, 0, 18, 8, 21, 37, 42, 16, 2, 30, 35, 4, 29,
     46, 47, 27, 26, 7, 43, 22, 32, 41, 24, 44, 14, 40, 36, 23, 34),
    (47, 18, 9, 34, 12, 35, 1, 43, 5, 38, 40, 44, 23, 8, 6, 41,
     14, 3, 31, 46, 28, 20, 27, 33, 39, 24, 2, 22, 7, 37, 26, 4,
     42, 10, 36, 29, 32, 21, 30, 11, 25, 45, 15, 19, 16, 13, 0, 17),
    (36, 21, 22, 8, 45, 29, 42, 9, 27, 5, 30, 46, 3, 37, 31, 17,
     28, 11, 14, 32, 13, 10, 26, 19, 34, 40, 25, 38, 47, 6, 2, 20,
     39, 0, 24, 23, 16, 44, 15, 1, 12, 18, -1, 41, 33, 35, 4, 43),
)
# fmt: on
"""Tap k of next state bit i is state bit TAPS[k][i]; -1 for none. The first matrix of full period
that ``gaussian_tables.candidate(random.Random(1), 48)`` draws, its 1,051st."""


@lru_cache(maxsize=1)
def step_columns() -> Columns:
    """Return the map of one clock."""
    return transpose(
        [sum(1 << taps[i] for taps in TAPS if taps[i] >= 0) for i in range(STATE_BITS)]
    )


def words_of_lanes(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states for as many lanes as the state has bits for.

    Args:
        states: uint64 array of any shape S; the low 48 bits are the state.
        bit_width: Bits of a word, 1 to 24.

    Returns:
        int32 array [*S, 48 // bit_width], words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty((flat.size, STATE_BITS // bit_width), dtype=np.int32)
    _words(flat, np.uint64(bit_width), out)
    return out.reshape(*states.shape, out.shape[1])


@compiled
def _words(states: NDArray[np.uint64], bits: np.uint64, out: NDArray[np.int32]) -> None:
    mask = (np.uint64(1) << bits) - np.uint64(1)
    half = np.int32(np.uint64(1) << (bits - np.uint64(1)))
    for i in range(states.size):
        shift = np.uint64(STATE_BITS)
        for lane in range(out.shape[1]):
            shift -= bits
            out[i, lane] = np.int32(states[i] >> shift & mask) - half


class LutOpt(Family):
    """A sparse linear map whose bits serve several lanes."""

    what = "LUT-OPT: a sparse linear map of 48 bits, each fresh every clock and one LUT."
    source = "D. Thomas and W. Luk, J. VLSI Signal Processing 47, 2007; matrix: our own search."
    weaknesses = (
        "Linear and sparse: every bit is the XOR of three or four bits of the clock before, in "
        "lanes of the same generator."
    )
    state = STATE_BITS
    output_bits = STATE_BITS
    ports = ("BIT_WIDTH", "GROUP")
    rtl = ("lut_opt.v", "lut_opt_table.vh")
    colour = "#B5A300"
    defect = ("lut_opt_table.vh", "{s[11], s[22], s[14], s[8]", "{s[3], s[22], s[14], s[8]")

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return step_columns()

    def inverted(self, point: Point) -> int:
        """Return the top bit of every word."""
        return sum(1 << STATE_BITS - 1 - i * point.bits for i in range(STATE_BITS // point.bits))

    def words_of_lanes(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states for as many lanes as the state has bits for."""
        return words_of_lanes(states, point.bits)
