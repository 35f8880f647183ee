"""LUT-SR: 32 fresh bits per clock from a state of 521 bits that lies in shift registers of LUTs.

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
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import (
    Axes,
    Columns,
    Family,
    Point,
    Stepped,
    grid_of_groups,
)
from pezoexplore.streams.generators.models import PYTHON_CUT, Constant, Model
from pezoexplore.streams.linear import byte_tables, transpose, wide_tables

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
    """Return the map T."""
    return transpose([sum(1 << taps[i] for taps in TAPS if taps[i] >= 0) for i in range(WORD_BITS)])


def seeds(limbs: U64) -> U64:
    """Return initial words, uint64 [n], from random limbs [n, 1]: never zero."""
    found: U64 = np.maximum(limbs[:, 0] & np.uint64(0xFFFFFFFF), np.uint64(1))
    return found


def begin(limbs: U64) -> U64:
    """Return states uint64 [n, 9] from random limbs [n, 1]: oldest bits lowest, the word on top."""
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
    """Write words of successive clocks; see :class:`Stepped`. At most 32 bits per clock."""
    _fill(states, bits, wide_tables(map_columns()), out)


@compiled
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


class LutSr(Family):
    """A sparse linear map whose state lies in shift registers."""

    linear_steps = True
    what = "LUT-SR: 32 fresh bits per clock, the state in shift registers made of LUTs."
    source = (
        "D. Thomas and W. Luk, IEEE Trans. VLSI Systems 21(4), 2013; connections: our own search."
    )
    weaknesses = (
        "Linear and sparse: every bit is the XOR of three or four bits of the words 16 and 17 "
        "clocks before. Starts from one of 2^32 - 1 words. Shift registers cannot be loaded at "
        "once: 17 clocks without a beat after rst or the loads of a reseed, and up to 15 after "
        "a start that follows the last start or replay by fewer than 16 beats."
    )
    state = STATE_BITS
    output_bits = WORD_BITS
    module = "lut_sr_state"
    ports = ("BIT_WIDTH",)
    rtl = ("lut_sr.v", "lut_sr_table.vh")
    filler_rtl = ("lut_sr_state.v", "lut_sr_table.vh")
    stream = "stream_lut_sr"
    colour = "#B39DDB"
    defect = ("lut_sr_table.vh", "{s[17], s[20], s[16], s[11]", "{s[1], s[20], s[16], s[11]")
    grid: tuple[Axes, ...] = grid_of_groups((1, 31, inf), (8, 31, 4))
    c = Model(
        state="""\
typedef struct { uint32_t word[17]; } pezo_state; /* the oldest first */
""",
        functions="""\
/* The next word of LUT-SR, from two words before it. */
static inline uint32_t pezo_mapped(uint32_t delayed)
{
    uint32_t fresh = 0;
    for (int bit = 0; bit < 32; bit++)
        if (delayed >> bit & 1)
            fresh ^= PEZO_MAP[bit];
    return fresh;
}

/* The word that a generator begins an epoch with. */
static inline uint32_t pezo_word(uint64_t seed, uint32_t epoch, int unit)
{
    const uint32_t word
        = (uint32_t)pezo_hash(seed, epoch, (UINT64_C(1) << 33) + 64 * (uint64_t)unit);
    return word ? word : 1;
}

""",
        clock="""\
    const uint32_t delayed = (state->word[0] & 511u) | (state->word[1] & ~511u);
    for (int lane = 0; lane < PEZO_GROUP; lane++)
        word[lane] = (int32_t)(state->word[16] >> (32 - PEZO_BIT_WIDTH * (lane + 1))
                               & ((1u << PEZO_BIT_WIDTH) - 1)) - (1 << (PEZO_BIT_WIDTH - 1));
    memmove(state->word, state->word + 1, 16 * sizeof state->word[0]);
    state->word[16] = pezo_mapped(delayed);
""",
        first="""\
    pezo_state state;
    state.word[0] = pezo_word(seed, epoch, unit);
    for (int i = 0; i < 16; i++)
        state.word[i + 1] = pezo_mapped(state.word[i]);
    return state;
""",
        load="""\
        for (int bit = 0; bit < 521; bit++) /* 9 bits of the oldest word, then all of the others */
            load[unit][bit / 32]
                |= (bit < 9 ? state.word[0] >> bit & 1
                            : state.word[1 + (bit - 9) / 32] >> ((bit - 9) % 32) & 1)
                   << (bit % 32);
""",
    )
    python = Model(
        functions=PYTHON_CUT
        + '''\



def _mapped(delayed: int) -> int:
    """The next word of LUT-SR, from two words before it."""
    fresh = 0
    for bit, column in enumerate(MAP):
        fresh ^= column * (delayed >> bit & 1)
    return fresh


def _seeds(seed: int, epoch: int) -> list[int]:
    """The words that generators begin an epoch with."""
    drawn = [_hash(seed, epoch, 2**33 + 64 * unit) & 0xFFFFFFFF for unit in range(UNITS)]
    return [word or 1 for word in drawn]''',
        clock="""\
    # The word shown is on top, below it the 15 before, and lowest 9 bits of the one before these.
    return _cut(s >> 489, 32), s >> 41 << 9 | s >> 9 & 511 | _mapped(s >> 9 & ~511 | s & 511) << 489
""",
        first="""\
    states = []
    for word in _seeds(seed, epoch):
        state = word & 511
        for i in range(16):
            word = _mapped(word)
            state |= word << 9 + 32 * i
        states.append(state)
    return states
""",
    )

    def stepped(self, point: Point) -> Stepped:
        """Return its start and its step."""
        return Stepped(PERIOD, 1, begin, fill)

    def seeds(self, limbs: U64) -> U64:
        """Return initial words, uint64 [n], from random limbs [n, 1]: never zero."""
        return seeds(limbs)

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the map T."""
        return {"MAP": Constant(map_columns(), "uint32_t")}
