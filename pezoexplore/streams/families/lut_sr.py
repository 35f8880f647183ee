"""LUT-SR: 32 fresh bits a clock from a state of 521 bits that lies in shift registers of LUTs.

Every bit of the next word is the XOR of three or four bits of words 16 or 17 clocks before it, so
that most of the state only moves, and an FPGA keeps it in LUTs used as shift registers (D. Thomas
and W. Luk, "The LUT-SR family of uniform random number generators for FPGA architectures", IEEE
Trans. VLSI Systems 21(4), 2013; connections: our own search). Bit-true with rtl/lut_sr.v. With
words r(t), XOR map T and delays of 16 clocks for the low 9 bits and 15 for the others:

    r(t + 1) = T(low 9 bits of r(t - 16), the other bits of r(t - 15))

The characteristic polynomial has degree 521 and is primitive: period 2**521 - 1. Shift registers
can neither be reset nor loaded at once, so a generator starts from a word s: its first 17 words are
s, T s, ..., T**16 s, and the last of these is the first that it shows.

The first lane that a generator serves takes the top bits of the word, the next the bits below.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pezoexplore.streams.linear import Columns, byte_tables, transpose, wide_tables

U64 = NDArray[np.uint64]

WORD_BITS = 32
DELAY = 16
"""Clocks that the low bits are delayed; the others one less."""

LATE_BITS = 9
"""Low bits of a word that are delayed by DELAY."""

STATE_BITS = LATE_BITS + WORD_BITS * DELAY
PERIOD = 2**STATE_BITS - 1
TABLE_BITS = 11
"""Bits of a group of linear.wide_tables for maps on words."""

EXPANSION_CLOCKS = DELAY + 1
"""Clocks in which the hardware makes a state of a word."""

# fmt: off
TAPS: tuple[tuple[int, ...], ...] = (
    (21, 4, 8, 31, 6, 18, 0, 13, 22, 24, 15, 9, 30, 7, 26, 25,
     5, 2, 1, 27, 12, 3, 19, 10, 23, 29, 14, 28, 11, 16, 20, 17),
    (9, 10, 0, 21, 2, 3, 22, 16, 7, 5, 26, 13, 18, 6, 23, 4,
     1, 14, 27, 17, 19, 20, 24, 25, 28, 11, 30, 29, 31, 8, 15, 12),
    (22, 6, 3, 0, 19, 9, 2, 24, 29, 27, 18, 5, 20, 12, 30, 14,
     23, 16, 13, 7, 28, 17, 26, 8, 11, 15, 10, 21, 1, 31, 25, 4),
    (4, 16, 29, 12, 13, 25, 5, 18, 20, 3, 22, 14, 6, 15, 21, 23,
     7, 27, 10, 11, 8, 31, 1, 17, 2, 19, 28, -1, 30, 26, 0, 24),
)
# fmt: on
"""Tap k of bit i of T's image is bit TAPS[k][i]; -1 for none. The first map of full period that
``gaussian_tables.candidate(random.Random(1), 32)`` draws, its 1,199th."""


@lru_cache(maxsize=1)
def map_columns() -> Columns:
    """The map T."""
    return transpose([sum(1 << taps[i] for taps in TAPS if taps[i] >= 0) for i in range(WORD_BITS)])


def seeds(limbs: U64) -> U64:
    """Words to start from, uint64 [n], of random limbs [n, 1]: never zero."""
    found: U64 = np.maximum(limbs[:, 0] & np.uint64(0xFFFFFFFF), np.uint64(1))
    return found


def begin(limbs: U64) -> U64:
    """States uint64 [n, 9] of random limbs [n, 1]: oldest bits lowest, the word shown on top."""
    tables = byte_tables(map_columns())
    states = np.zeros((len(limbs), -(-STATE_BITS // 64)), dtype=np.uint64)
    for row, seed in zip(states, seeds(limbs).tolist(), strict=True):
        word, state = seed, seed & (2**LATE_BITS - 1)
        for i in range(DELAY):
            word = _image(tables, word)
            state |= word << (LATE_BITS + WORD_BITS * i)
        row[:] = [state >> (64 * k) & 0xFFFFFFFFFFFFFFFF for k in range(len(row))]
    return states


def _image(tables: U64, word: int) -> int:
    found = 0
    for byte in range(4):
        found ^= int(tables[byte, word >> (8 * byte) & 255])
    return found


def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Words of successive clocks; see stepped.Stepped. At most 32 bits a clock."""
    _fill(states, bits, wide_tables(map_columns()), out)


@njit(cache=True, nogil=True)
def _fill(states: U64, bits: int, tables: U64, out: NDArray[Any]) -> None:
    half = 1 << (bits - 1)
    low = np.uint64((1 << bits) - 1)
    late, mask = np.uint64((1 << LATE_BITS) - 1), np.uint64(tables.shape[1] - 1)
    width = np.uint64(TABLE_BITS)
    clocks = out.shape[1]
    words = np.empty(clocks + DELAY + 1, dtype=np.uint64)  # the oldest at the clock's number
    for n in range(states.shape[0]):
        words[0] = states[n, 0] & late
        for i in range(DELAY):
            words[i + 1] = np.uint64(0)
            for bit in range(WORD_BITS):
                place = np.uint64(LATE_BITS + WORD_BITS * i + bit)
                one = states[n, place >> np.uint64(6)] >> (place & np.uint64(63)) & np.uint64(1)
                words[i + 1] |= one << np.uint64(bit)
        for clock in range(clocks):
            word = words[clock + DELAY]
            for lane in range(out.shape[2]):
                shift = np.uint64(WORD_BITS - bits * (lane + 1))
                out[n, clock, lane] = np.int64(word >> shift & low) - half
            delayed = words[clock] & late | words[clock + 1] & ~late
            fresh = tables[0, delayed & mask] ^ tables[1, (delayed >> width) & mask]
            words[clock + DELAY + 1] = fresh ^ tables[2, (delayed >> (width + width)) & mask]
        states[n, :] = np.uint64(0)
        states[n, 0] = words[clocks] & late
        for i in range(DELAY):
            word = words[clocks + 1 + i]
            for bit in range(WORD_BITS):
                place = np.uint64(LATE_BITS + WORD_BITS * i + bit)
                one = word >> np.uint64(bit) & np.uint64(1)
                states[n, place >> np.uint64(6)] |= one << (place & np.uint64(63))
