"""LUT-OPT: a sparse linear generator whose every state bit is fresh and costs one LUT.

Every next state bit is the XOR of two to four state bits, so that with the two inputs of a replay
path it is one six-input LUT and one flip-flop, and all bits are new every clock (D. Thomas and
W. Luk, "High quality uniform random number generation using LUT optimised state-transition
matrices", J. VLSI Signal Processing 47, 2007). Bit-true with rtl/lut_opt.v. The matrices are random
with primitive characteristic polynomials: period 2**s - 1. No two bits share two taps, and no state
bit turns into another within 64 clocks.

The first lane that a generator serves takes the top bits of the state, the next the bits below.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Axes, Columns, Family, Point
from pezoexplore.streams.linear import transpose

STATE_BITS = 48
"""Bits of the state unless others are chosen."""

# fmt: off
TAPS: dict[int, tuple[tuple[int, ...], ...]] = {
    16: (
        (5, 13, 3, 11, 8, 6, 14, 12, 1, 0, 2, 9, 4, 15, 7, 10),
        (1, 11, 10, 5, 14, 12, 9, 0, 4, 3, 6, 13, 7, 2, 15, 8),
        (12, 2, 7, 0, 11, 9, 1, 14, 6, 15, 3, 5, 8, 4, -1, 13),
    ),
    24: (
        (18, 6, 11, 16, 7, 23, 9, 19, 5, 12, 21, 15, 22, 1, 20, 3,
         17, 8, 4, 14, 10, 2, 13, 0),
        (11, 19, 15, 14, 6, 13, 10, 1, 7, 3, 17, 4, 9, 23, 21, 5,
         22, 12, 8, 20, 2, 0, 16, 18),
        (1, 4, 19, 8, 14, 11, 17, 3, 10, 13, 0, 18, 23, -1, 7, 20,
         12, 15, 5, 9, 16, 6, 21, 22),
    ),
    32: (
        (9, 19, 28, 7, 2, 20, 1, 25, 29, 26, 3, 5, 16, 8, 17, 30,
         12, 27, 0, 10, 18, 24, 21, 13, 14, 15, 31, 6, 4, 22, 23, 11),
        (31, 26, 0, 5, 13, 11, 18, 15, 23, 17, 7, 19, 4, 27, 6, 25,
         22, 21, 2, 12, 8, 28, 14, 16, 29, 20, 24, 1, 30, 10, 3, 9),
        (2, 14, 1, 21, 3, 12, 17, 28, 25, 4, 22, 30, 19, 24, 9, 16,
         26, 13, 20, 8, 6, 29, 10, 5, 11, 7, 18, 31, 23, 15, 27, 0),
        (26, 15, 8, 23, 24, 17, 3, 9, 22, 27, 6, 31, 0, 16, 21, -1,
         18, 19, 25, 29, 30, 5, 28, 12, 2, 4, 20, 13, 1, 11, 10, 7),
    ),
    48: (
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
    ),
}
# fmt: on
"""Tap k of next state bit i is state bit TAPS[s][k][i]; -1 for none. Each is the first matrix of
full period that ``gaussian_tables.candidate(random.Random(1), s, taps)`` draws: the 69th of 16 bits
and the 275th of 24 with three taps, the 14th of 32 and the 1,051st of 48 with four."""


@lru_cache(maxsize=8)
def step_columns(state_bits: int = STATE_BITS) -> Columns:
    """Return the map of one clock."""
    return transpose(
        [sum(1 << taps[i] for taps in TAPS[state_bits] if taps[i] >= 0) for i in range(state_bits)]
    )


def words_of_lanes(
    states: NDArray[np.uint64], bit_width: int, state_bits: int = STATE_BITS
) -> NDArray[np.int32]:
    """Return the words of states for as many lanes as the state has bits for.

    Args:
        states: uint64 array of any shape S; the low `state_bits` bits are the state.
        bit_width: Bits of a word, 1 to 24.
        state_bits: Bits of the state.

    Returns:
        int32 array [*S, state_bits // bit_width], words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty((flat.size, state_bits // bit_width), dtype=np.int32)
    _words(flat, np.uint64(bit_width), np.uint64(state_bits), out)
    return out.reshape(*states.shape, out.shape[1])


@compiled
def _words(
    states: NDArray[np.uint64], bits: np.uint64, state_bits: np.uint64, out: NDArray[np.int32]
) -> None:
    mask = (np.uint64(1) << bits) - np.uint64(1)
    half = np.int32(np.uint64(1) << (bits - np.uint64(1)))
    for i in range(states.size):
        shift = state_bits
        for lane in range(out.shape[1]):
            shift -= bits
            out[i, lane] = np.int32(states[i] >> shift & mask) - half


class LutOpt(Family):
    """A sparse linear map whose bits serve several lanes."""

    what = "LUT-OPT: a sparse linear map, each bit of which is fresh every clock and one LUT."
    source = "D. Thomas and W. Luk, J. VLSI Signal Processing 47, 2007; matrices: our own search."
    weaknesses = (
        "Linear and sparse: every bit is the XOR of two to four bits of the clock before, in "
        "lanes of the same generator."
    )
    state = STATE_BITS
    output_bits = STATE_BITS
    chooses = ("state_bits",)
    reuses = ("none", "pool", "phased")
    ports = ("BIT_WIDTH", "STATE_BITS", "GROUP")
    rtl = ("lut_opt.v", "lut_opt_table.vh")
    colour = "#B5A300"
    defect = ("lut_opt_table.vh", "{s[11], s[22], s[14], s[8]", "{s[3], s[22], s[14], s[8]")
    small = ({"lanes": 5, "reuse_period": 4}, {"lanes": 3, "state_bits": 16})

    def state_bits(self, point: Point) -> int:
        """Return the bits that were chosen."""
        return point.state_bits or STATE_BITS

    def served(self, point: Point) -> int:
        """Return the words that the state has bits for."""
        return max(1, self.state_bits(point) // point.bits)

    def check(self, point: Point) -> None:
        """Refuse states that there is no matrix for, and words that are wider."""
        super().check(point)
        if point.state_bits not in TAPS:
            *most, last = map(str, TAPS)
            raise IllegalPointError(
                f"lut_opt is built for state_bits {', '.join(most)} or {last}, "
                f"not {point.state_bits}"
            )
        if point.state_bits < point.bits:
            raise IllegalPointError(
                f"bit_width {point.bits} needs at least as many state_bits, not {point.state_bits}"
            )

    def columns(self, point: Point) -> Columns:
        """Return the map of one clock."""
        return step_columns(point.state_bits or STATE_BITS)

    def inverted(self, point: Point) -> int:
        """Return the top bit of every word."""
        top = self.state_bits(point) - 1
        return sum(1 << top - i * point.bits for i in range(self.served(point)))

    def words_of_lanes(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states for as many lanes as the state has bits for."""
        return words_of_lanes(states, point.bits, self.state_bits(point))

    def label(self, point: Point) -> str:
        """Return the name, with the state bits if they are not the usual ones."""
        return self.name if point.state_bits == STATE_BITS else f"{self.name}{point.state_bits}"

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "state_bits": ", ".join(map(str, TAPS)),
            "period": "2^state_bits - 1",
            "fresh_bits": "state_bits",
            "serves": "state_bits / bit_width",
        }

    @property
    def grid(self) -> tuple[Axes, ...]:
        """Axes of the points whose verification is the family's regression."""
        found = [*super().grid]
        for state, bits, lanes in ((16, 8, 3), (24, 8, 5), (32, 1, 31)):
            sizes = {"state_bits": state, "bit_width": bits, "lanes": lanes}
            found.append({"reuse": "none", **sizes})
        return tuple(found)
