"""Energy of arithmetic and memory operations, one source for training and hardware.

45 nm CMOS at 0.9 V: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC
2014:

- 32-bit float: add 0.9 pJ, multiply 3.7 pJ;
- integer: 32-bit add 0.1 pJ; 8-bit multiply 0.2 pJ, taken as proportional to the product of the
  two widths (which gives 3.2 pJ at 32 x 32 bits, where the source has 3.1);
- SRAM: 10, 20 and 100 pJ per 64 bits read or written, of 8 KB, 32 KB and 1 MB; DRAM, for what fits
  no SRAM, 2,000 pJ (the source: 1,300 to 2,600).
"""

from __future__ import annotations

FLOAT_MAC_PJ = 0.9 + 3.7
ADD32_PJ = 0.1
MULTIPLY8_PJ = 0.2

MEMORIES = ((8 * 2**13, 10.0), (32 * 2**13, 20.0), (2**23, 100.0))
"""Capacity of an SRAM in bits, and energy per access of 64 bits in pJ."""

DRAM_PJ = 2000.0
"""Energy per access of 64 bits of DRAM, pJ."""


def access_pj(bits: int, held_bits: int) -> float:
    """Return the energy, pJ, of reading or writing bits of a memory that holds `held_bits`."""
    per_word = next((pj for size, pj in MEMORIES if held_bits <= size), DRAM_PJ)
    return bits / 64 * per_word


def multiply_pj(bits: int, other: int) -> float:
    """Return the energy, pJ, of a product of two integers of so many bits."""
    return MULTIPLY8_PJ * bits * other / 64
