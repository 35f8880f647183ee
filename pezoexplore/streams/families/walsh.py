"""Walsh codes: no generator but a count, whose bits' parities are the signs of the lanes.

The sign of lane l at count n is (-1) to the power of

    sum over i and a in DISTANCES of n_i n_(i+a)  +  sum over i in MASKS[l] of n_i.

In the low bits of n, which change within a step, it is a fixed function times the Walsh function
that the high bits choose, so directions of steps that begin at other high bits are nearly
orthogonal (J. L. Walsh, American J. Mathematics 45(1), 1923); as a whole it is a word of the
second-order Reed-Muller code (F. J. MacWilliams and N. J. A. Sloane, The Theory of Error-Correcting
Codes, 1977, chapter 15). Bit-true with rtl/walsh.v.

A word is one bit read as two's complement, so w is 0 or -1 and z = 2 w + 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import (
    FILLER,
    Axes,
    Family,
    Point,
    Stepped,
    grid_of_groups,
)
from pezoexplore.streams.generators.models import Constant, Model

U64 = NDArray[np.uint64]

PERIOD = 2**32
"""Counts until the first returns."""

DISTANCES = (3, 7, 13)
"""Distances of the bits that are multiplied. Of those tried, all below 14, 256 directions have at
least 0.94 of the participation ratio of independent ones at (lanes, beats) (32, 1024), (31, 771),
(16, 256), (24, 273), (32, 64), (31, 64) and (31, 78)."""

# fmt: off
MASKS = (
    0x0A61, 0x089C, 0x09A2, 0x1720, 0x1262, 0x0F08, 0x0913, 0x048D,
    0x0A4A, 0x040F, 0x108D, 0x019C, 0x1413, 0x009D, 0x070A, 0x1A0C,
    0x0263, 0x118C, 0x1192, 0x0272, 0x106A, 0x082D, 0x1125, 0x0874,
    0x0F80, 0x0D05, 0x1541, 0x1832, 0x041E, 0x04B4, 0x0AD0, 0x0A98,
)
# fmt: on
"""Bits of the count whose parity a lane's sign also is: five of the 13 that change fastest. Each is
the next of all in an order drawn by ``random.Random(1).shuffle`` whose correlations with itself and
the ones before, at lags up to 64 within 2**14 beats, are at most 0.05."""


def begin(limbs: U64) -> U64:
    """Return states uint64 [n, 1], counts, of random limbs [n, 1]."""
    return limbs & np.uint64(PERIOD - 1)


def jump(states: U64, clocks: int) -> None:
    """Step states [n, 1] in place by any number of clocks, at once."""
    states += np.uint64(clocks % PERIOD)
    states &= np.uint64(PERIOD - 1)


def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Write the words of successive clocks into out [n, clocks, lanes]; step the states."""
    _fill(states, np.array(MASKS, dtype=np.uint64), out)


@compiled
def _fill(states: U64, masks: U64, out: NDArray[Any]) -> None:
    for n in range(states.shape[0]):
        count = states[n, 0]
        for clock in range(out.shape[1]):
            partners = count >> np.uint64(3) ^ count >> np.uint64(7) ^ count >> np.uint64(13)
            for lane in range(out.shape[2]):
                # The parity of products and of the lane's bits is that of both words, side by side.
                both = count & partners ^ (count & masks[lane])
                both ^= both >> np.uint64(16)
                both ^= both >> np.uint64(8)
                both ^= both >> np.uint64(4)
                both ^= both >> np.uint64(2)
                both ^= both >> np.uint64(1)
                out[n, clock, lane] = -np.int64(both & np.uint64(1))
            count = count + np.uint64(1) & np.uint64(0xFFFFFFFF)
        states[n, 0] = count


def verilog_table() -> str:
    """Return the RTL table, `rtl/walsh_table.vh`: the bits of a lane's own."""
    rows = [f"    {lane}: walsh_mask = 32'h{mask:08x};" for lane, mask in enumerate(MASKS)]
    return "\n".join(
        [
            "// SPDX-License-Identifier: Apache-2.0",
            "// Bits of the count whose parity a lane's sign also is.",
            "// Made by: python -m pezoexplore.streams.rtl_tables",
            "function [31:0] walsh_mask;",
            "  input [4:0] lane;",
            "  case (lane)",
            *rows,
            "  endcase",
            "endfunction",
            "",
        ]
    )


class Walsh(Family):
    """Parities of bits of a count."""

    what = "Walsh codes: no generator, signs that are parities of bits of a count of beats."
    source = (
        "J. L. Walsh, American J. Mathematics 45(1), 1923; F. J. MacWilliams and N. J. A. Sloane, "
        "The Theory of Error-Correcting Codes, 1977, chapter 15; distances and masks: our own."
    )
    weaknesses = (
        "Not random: signs are quadratic in the bits of a count, so that correlations of four "
        "and more of them exist, and steps of few beats share patterns."
    )
    numbers = "signs"
    widths = (1, 1)
    output_bits = len(MASKS)
    scaled = False
    one_count = True
    zero_is_legal = True
    ports = ("GROUP",)
    rtl = ("walsh.v", "walsh_table.vh")
    colour = "#00798C"
    defect = ("walsh.v", "state + 32'd1", "state | 32'd1")
    small = ({"lanes": 5, "reuse_period": 4}, {"lanes": 31})
    c = Model(
        state="""\
typedef uint32_t pezo_state;
""",
        clock="""\
    const uint32_t n = *state, form = n & (n >> 3 ^ n >> 7 ^ n >> 13);
    for (int lane = 0; lane < PEZO_GROUP; lane++) {
        uint32_t bits = form ^ (n & PEZO_MASKS[lane]);
        for (int half = 16; half; half /= 2)
            bits ^= bits >> half;
        word[lane] = -(int32_t)(bits & 1);
    }
    *state = n + 1;
""",
        first="""\
    return (uint32_t)pezo_hash(seed, epoch, drawn);
""",
        load="""\
        load[unit][0] = state;
""",
    )
    python = Model(
        clock="""\
    form = s & (s >> 3 ^ s >> 7 ^ s >> 13)
    words = [-((form ^ s & mask).bit_count() & 1) for mask in MASKS]
    return words, s + 1 & 0xFFFFFFFF
""",
        first="""\
        states.append(drawn & 0xFFFFFFFF)
""",
    )

    @property
    def grid(self) -> tuple[Axes, ...]:
        """Axes of the points whose verification is the family's regression."""
        return (*grid_of_groups((1, 31, math.inf), (1, 3, 4), (1, 40, 16)), FILLER)

    def stepped(self, point: Point) -> Stepped:
        """Return its start, its step and its jump."""
        return Stepped(PERIOD, 1, begin, fill, jump)

    def unscaled(self, bits: int) -> float:
        """Return the scale that makes z = +-1 of w = 0 or -1."""
        return 2.0

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the bits of each lane's own."""
        return {"MASKS": Constant(MASKS[: point.group], "uint32_t")}

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "period": "2^32",
            "fresh_bits": "1",
            "serves": str(len(MASKS)),
        }
