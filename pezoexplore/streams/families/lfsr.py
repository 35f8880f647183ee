"""Galois linear-feedback shift registers with maximal-length taps and leaps.

One update of an s-bit state x, shifting right (Golomb, "Shift Register Sequences", 1967):

    x' = (x >> 1) ^ (taps if x & 1 else 0)

`taps` has its top bit set, and its polynomial is primitive, so the state walks through all
2**s - 1 non-zero values. With a leap g one clock makes g updates; g coprime to the period keeps it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Columns, Family, Point
from pezoexplore.streams.linear import power

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Words = NDArray[Any]

TAP_POSITIONS: dict[int, tuple[int, ...]] = {
    3: (3, 2),
    4: (4, 3),
    5: (5, 3),
    6: (6, 5),
    7: (7, 6),
    8: (8, 6, 5, 4),
    9: (9, 5),
    10: (10, 7),
    11: (11, 9),
    12: (12, 11, 10, 4),
    13: (13, 12, 11, 8),
    14: (14, 13, 12, 2),
    15: (15, 14),
    16: (16, 15, 13, 4),
    17: (17, 14),
    18: (18, 11),
    19: (19, 18, 17, 14),
    20: (20, 17),
    21: (21, 19),
    22: (22, 21),
    23: (23, 18),
    24: (24, 23, 22, 17),
    25: (25, 22),
    26: (26, 6, 2, 1),
    27: (27, 5, 2, 1),
    28: (28, 25),
    29: (29, 27),
    30: (30, 6, 4, 1),
    31: (31, 28),
    32: (32, 22, 2, 1),
}
"""Exponents of a primitive polynomial by state width (its constant term left out).

From the table of AMD/Xilinx XAPP052 (P. Alfke, 1996) but for 12, 13, 14 and 19, whose entries are
other primitive polynomials; the tests prove every one of them maximal.
"""


def taps(state_bits: int) -> int:
    """Return the Galois tap mask of a maximal-length lfsr: exponent e is bit e - 1."""
    return sum(1 << (e - 1) for e in TAP_POSITIONS[state_bits])


def update_columns(state_bits: int) -> Columns:
    """Return the map of one update: bit 0 feeds the taps, every other bit moves down by one."""
    return (taps(state_bits), *(1 << (i - 1) for i in range(1, state_bits)))


@lru_cache(maxsize=256)
def step_columns(state_bits: int, leap: int) -> Columns:
    """Return the map of one clock: `leap` updates."""
    return power(update_columns(state_bits), leap)


def verilog_table() -> str:
    """Return the RTL table of taps, `rtl/lfsr_taps.vh`."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// Maximal-length Galois taps by state width; exponent e of the polynomial is bit e - 1.",
        "// Made by: python -m pezoexplore.streams.rtl_tables",
        "localparam [31:0] LFSR_TAPS =",
    ]
    for width in TAP_POSITIONS:
        lines.append(f"  (STATE_BITS == {width}) ? 32'h{taps(width):08x} :")
    lines.append("  32'h00000000;")
    return "\n".join(lines) + "\n"


@compiled
def _rows(
    states: U32,
    taps: int,
    leap: int,
    shift: int,
    half: int,
    period: int,
    position: int,
    out: Words,
) -> None:
    """Write words of one lfsr per lane; lanes move down every `period` beats (0: never).

    `shift` drops the state bits below the word and `half` centres it. Lanes run innermost so that
    the compiler vectorises over them.
    """
    mask, drop = np.uint32(taps), np.uint32(shift)
    lanes = states.shape[1]
    for epoch in range(states.shape[0]):
        x = states[epoch]
        at = position
        for beat in range(out.shape[1]):
            if period and at == period:
                first = x[0]
                for lane in range(lanes - 1):
                    x[lane] = x[lane + 1]
                x[lanes - 1] = first
                at = 0
            row = out[epoch, beat]
            for lane in range(lanes):
                row[lane] = np.int32(x[lane] >> drop) - half
            for _ in range(leap):
                for lane in range(lanes):
                    bit = np.uint32(0) - np.uint32(x[lane] & np.uint32(1))
                    x[lane] = np.uint32(np.uint32(x[lane] >> np.uint32(1)) ^ (bit & mask))
            at += 1


def fill_rows(
    states: U64, point: Point, leap: int, out: Words, period: int = 0, position: int = 0
) -> None:
    """Write words of one lfsr per lane; see :meth:`Family.fill_rows`."""
    size, narrow = point.state_bits or 0, states.astype(np.uint32)
    half = 2 ** (point.bits - 1)
    _rows(narrow, taps(size), leap, size - point.bits, half, period, position, out)
    states[...] = narrow


class Lfsr(Family):
    """The top bits of a Galois register of a chosen width."""

    what = "Galois linear-feedback shift register, the top bits of its state."
    source = "S. Golomb, Shift Register Sequences, 1967; taps: AMD XAPP052 and our own search."
    weaknesses = (
        "With a leap of 1 successive words share all but one bit (lag-1 correlation 0.38 at 8 "
        "bits, 0.03 at 12). Linear: any state_bits + 1 bits in a row of one position have a "
        "fixed XOR. Short states repeat within a training step."
    )
    chooses = ("state_bits", "leap")
    reuses = ("none", "pool", "bank", "phased")
    ports = ("STATE_BITS", "LEAP")
    top_bits = True
    rtl = ("uniform_word.v", "lfsr.v", "lfsr_taps.vh")
    colour = "#0072B2"
    defect = ("lfsr_taps.vh", "32'h000000b8", "32'h00000038")
    proof_bits = (8, 8)
    small = ({"state_bits": 12, "leap": 11}, {"state_bits": 16})
    _leaps = ((8, 7), (12, 11), (16, 4), (16, 37), (24, 8), (32, 64))
    grid = tuple(
        {"reuse": "none", "state_bits": bits, "bit_width": min(bits, 8), "lanes": 3, "leap": leap}
        for bits, leap in [*((bits, 1) for bits in TAP_POSITIONS), *_leaps]
    )

    def state_bits(self, point: Point) -> int:
        """Return the bits that were chosen, by default those of the word."""
        return point.state_bits or point.bits

    def check(self, point: Point) -> None:
        """Refuse states that are too short, and leaps that do not keep the period."""
        state_bits, leap = point.state_bits or 0, point.leap or 1
        period = 2**state_bits - 1
        if state_bits < min(TAP_POSITIONS):
            raise IllegalPointError(f"an lfsr needs state_bits of at least 3, not {state_bits}")
        if state_bits > max(TAP_POSITIONS):
            raise IllegalPointError(f"an lfsr has state_bits of at most 32, not {state_bits}")
        if state_bits < point.bits:
            raise IllegalPointError(
                f"bit_width {point.bits} needs at least as many state_bits, not {state_bits}"
            )
        if math.gcd(leap, period) != 1:
            raise IllegalPointError(f"leap {leap} shares a factor with the period {period}")

    def columns(self, point: Point) -> Columns:
        """Return the map of `leap` updates."""
        return step_columns(point.state_bits or 0, point.leap or 1)

    def fill_rows(
        self, states: U64, point: Point, out: Words, period: int = 0, position: int = 0
    ) -> bool:
        """Write words of successive clocks."""
        fill_rows(states, point, point.leap or 1, out, period, position)
        return True

    def has_half(self, point: Point) -> bool:
        """Return whether there are state bits below the word: else zero is never seen."""
        return point.state_bits != point.bits

    def label(self, point: Point) -> str:
        """Return the name with the state bits."""
        return f"{self.name}{point.state_bits}"

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "state_bits": f"{min(TAP_POSITIONS)} to {max(TAP_POSITIONS)}",
            "period": "2^state_bits - 1",
            "fresh_bits": "leap",
        }
