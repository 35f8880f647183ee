"""Galois linear-feedback shift registers with maximal-length taps and leaps.

One update of an s-bit state x, shifting right (Golomb, "Shift Register Sequences", 1967):

    x' = (x >> 1) ^ (taps if x & 1 else 0)

`taps` has its top bit set, and its polynomial is primitive, so the state walks through all
2**s - 1 non-zero values. With a leap g one clock makes g updates; g coprime to the period keeps it.
"""

from __future__ import annotations

from functools import lru_cache

from pezoexplore.streams.linear import Columns, power

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
    """Galois tap mask of a maximal-length lfsr: exponent e sits at bit e - 1."""
    return sum(1 << (e - 1) for e in TAP_POSITIONS[state_bits])


def update_columns(state_bits: int) -> Columns:
    """The map of one update: bit 0 feeds the taps, every other bit moves down by one."""
    return (taps(state_bits), *(1 << (i - 1) for i in range(1, state_bits)))


@lru_cache(maxsize=256)
def step_columns(state_bits: int, leap: int) -> Columns:
    """The map of one clock: `leap` updates."""
    return power(update_columns(state_bits), leap)


def verilog_table() -> str:
    """The committed RTL table of taps, `rtl/lfsr_taps.vh`."""
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
