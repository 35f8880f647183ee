"""xormix32: a linear word mixed into non-linear recurrences, bit-true with rtl/xormix.v.

M. Baert's generator for FPGAs (github.com/MaartenBaert/xormix, revision 1). A clock turns the
linear word X into a sparse matrix times X, and makes 32 bits of each of S streams,

    y_s(i + 32) = y_r(i) + y_r(i + 6) (1 + y_r(i + 16)) + y_r(i + 9) + y_r(i + 15) + m_s(i),

modulo 2, r = s + 1 modulo S the next stream, y(0) to y(31) the bits of the clock before, and m_s(i)
bit s + SHUFFLE[i] modulo 32 of X + SALTS[s]. The bits of the streams, stream 0 lowest, are the
words, the first lane lowest. So a bit costs a LUT of six inputs and a flip-flop, and X is shared.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import (
    FILLER,
    Axes,
    Columns,
    Family,
    Point,
    Stepped,
    grid_of_groups,
)
from pezoexplore.streams.generators.models import Constant, Model
from pezoexplore.streams.linear import transpose

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

WORD = 32
"""Bits of X and of each stream."""

PERIOD = 2**58
"""More clocks than any run; the period is an unknown multiple of 2**32 - 1, that of X."""

# fmt: off
MATRIX = (
    (11, 24, 22, 3, 19), (25, 7, 20, 2, 26, 28), (8, 5, 18, 24, 4), (8, 22, 26, 7, 21, 14),
    (30, 26, 25, 14, 24), (21, 10, 16, 13, 5, 17), (14, 29, 24, 11, 25), (5, 26, 31, 22, 27, 7),
    (0, 17, 1, 18, 8), (29, 0, 21, 26, 3, 13), (23, 29, 19, 21, 10), (19, 20, 4, 18, 15, 10),
    (28, 29, 24, 19, 4), (19, 6, 27, 12, 11, 7), (1, 5, 3, 30, 25), (22, 12, 11, 7, 28, 1),
    (16, 5, 29, 2, 14), (8, 24, 0, 23, 31, 26), (15, 17, 4, 9, 6), (30, 9, 18, 2, 11, 6),
    (2, 27, 15, 12, 20), (21, 20, 10, 6, 31, 1), (9, 29, 15, 27, 16), (29, 10, 31, 30, 13, 3),
    (31, 23, 6, 24, 17), (4, 8, 6, 19, 16, 9), (23, 22, 15, 28, 6), (30, 9, 10, 28, 18, 15),
    (25, 20, 19, 12, 28), (13, 10, 9, 8, 0, 14), (22, 27, 3, 13, 23), (12, 2, 16, 1, 17, 23),
)
SALTS = (
    0x198F8D32, 0x46D9B8AC, 0x57F90206, 0xCB246290, 0x5FDA94C2, 0xB9969E83, 0x990053FE, 0x0CEF1F8B,
    0x9BAAFEFA, 0x232B8463, 0x0FC77197, 0xD113A2D8, 0xD6C99EF7, 0xF3FB7189, 0x9CEEB1DD, 0x352DF180,
    0xFEED780C, 0xEE211518, 0x3AFACA18, 0x95F13C50, 0xD8449F2A, 0x59752549, 0x854F0980, 0x234A07B4,
    0x51C0C69B, 0xA71D489E, 0x618CBC79, 0xAB0E51E1, 0x965C4507, 0xE90488A4, 0x73674EB7, 0x00AF1456,
)
SHUFFLE = (
    15, 29, 5, 0, 16, 9, 26, 14, 13, 10, 19, 11, 2, 6, 8, 17,
    20, 4, 22, 30, 31, 21, 24, 25, 18, 27, 28, 23, 12, 7, 1, 3,
)
# fmt: on
"""Constants of xormix32: next bit i of X is the XOR of those in MATRIX[i]."""


def streams(lanes: int, bits: int) -> int:
    """Return the streams that as many words of so many bits take."""
    return -(-lanes * bits // WORD)


def state_bits(lanes: int, bits: int) -> int:
    """Return the bits of the state: X, and above it the streams, stream 0 lowest."""
    return WORD * (1 + streams(lanes, bits))


def begin(limbs: U64, words: int) -> U64:
    """Return states uint64 [n, K] of so many words of 32 bits, X not zero, from limbs [n, K]."""
    states = limbs.copy()
    if words % 2:
        states[:, -1] &= np.uint64(0xFFFFFFFF)
    states[:, 0] |= (states[:, 0] & np.uint64(0xFFFFFFFF) == 0).astype(np.uint64)
    return states


def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Write the words of successive clocks into out [n, clocks, lanes]; step the states."""
    matrix, shuffled = _by_byte()
    salts = np.array(SALTS, dtype=np.uint32)
    words = states.view(np.uint32)
    _fill(words, streams(out.shape[2], bits), bits, matrix, shuffled, salts, out)


@cache
def _by_byte() -> tuple[U32, U32]:
    """Return the matrix and the shuffle as tables [4, 256]: their results of each byte."""
    rows = [[1 << i for i, taps in enumerate(MATRIX) if bit in taps] for bit in range(WORD)]
    places = [[1 << i for i, bit in enumerate(SHUFFLE) if bit == place] for place in range(WORD)]

    def table(images: list[list[int]]) -> U32:
        out = np.zeros((4, 256), dtype=np.uint32)
        for bit, image in enumerate(images):
            values = np.arange(256) >> bit % 8 & 1
            out[bit // 8] ^= np.where(values, np.uint32(sum(image)), np.uint32(0))
        return out

    return table(rows), table(places)


@compiled
def _mapped(table: U32, word: np.uint64) -> np.uint64:
    byte = np.uint64(255)
    return np.uint64(
        table[0, word & byte]
        ^ table[1, word >> np.uint64(8) & byte]
        ^ table[2, word >> np.uint64(16) & byte]
        ^ table[3, word >> np.uint64(24) & byte]
    )


@compiled
def _fill(
    states: U32, count: int, bits: int, matrix: U32, shuffled: U32, salts: U32, out: NDArray[Any]
) -> None:
    half, mask = 1 << (bits - 1), np.uint64((1 << bits) - 1)
    mixed = np.empty(count, dtype=np.uint64)
    run = np.empty(count, dtype=np.uint64)  # the bits of the clock before, and the next 16
    sixteen = np.uint64(0xFFFF)
    for n in range(states.shape[0]):
        for clock in range(out.shape[1]):
            for lane in range(out.shape[2]):
                place = lane * bits
                word, shift = 1 + place // 32, place % 32
                both = np.uint64(states[n, word])
                if shift + bits > 32:
                    both |= np.uint64(states[n, word + 1]) << np.uint64(32)
                out[n, clock, lane] = np.int64(both >> np.uint64(shift) & mask) - half
            x = np.uint64(states[n, 0])
            states[n, 0] = _mapped(matrix, x)
            for s in range(count):
                salted = x ^ np.uint64(salts[s])
                turned = salted >> np.uint64(s) | salted << np.uint64(32 - s)
                mixed[s] = _mapped(shuffled, turned & np.uint64(0xFFFFFFFF))
            for s in range(count):
                y = np.uint64(states[n, 1 + (s + 1) % count])
                new = y ^ (y >> np.uint64(6) & ~(y >> np.uint64(16)))
                new ^= y >> np.uint64(9) ^ y >> np.uint64(15) ^ mixed[s]
                run[s] = np.uint64(states[n, 1 + s]) | (new & sixteen) << np.uint64(32)
            for s in range(count):
                y = run[(s + 1) % count]
                new = y >> np.uint64(16) ^ (y >> np.uint64(22) & ~(y >> np.uint64(32)))
                new ^= y >> np.uint64(25) ^ y >> np.uint64(31) ^ mixed[s] >> np.uint64(16)
                low = run[s] >> np.uint64(32) & sixteen
                states[n, 1 + s] = low | (new & sixteen) << np.uint64(16)


def verilog_table() -> str:
    """Return the RTL table, `rtl/xormix_table.vh`: matrix, shuffle and salts."""
    rows = [" ^ ".join(f"x[{bit}]" for bit in taps) for taps in reversed(MATRIX)]
    wires = [f"x[{bit}]" for bit in reversed(SHUFFLE)]
    quarters = [", ".join(wires[i : i + 8]) for i in range(0, WORD, 8)]
    return "\n".join(
        [
            "// SPDX-License-Identifier: Apache-2.0",
            "// Constants of xormix32, revision 1: the map of X, the shuffle, and the salts.",
            "// Made by: python -m pezoexplore.streams.rtl_tables",
            *_function("xormix_next", "[31:0] x", [f"  xormix_next = {_joined(rows)}"]),
            *_function("xormix_shuffled", "[31:0] x", [f"  xormix_shuffled = {_joined(quarters)}"]),
            *_function(
                "xormix_salt",
                "[4:0] stream",
                [
                    "  case (stream)",
                    *(f"    {s}: xormix_salt = 32'h{salt:08x};" for s, salt in enumerate(SALTS)),
                    "  endcase",
                ],
            ),
            "",
        ]
    )


def _joined(items: list[str]) -> str:
    return "{\n    " + ",\n    ".join(items) + "};"


def _function(name: str, argument: str, body: list[str]) -> list[str]:
    return [f"function [31:0] {name};", f"  input {argument};", *body, "endfunction"]


class Xormix(Family):
    """xormix32, whose streams serve all lanes; of a ``phased`` stream X alone is the state."""

    what = "xormix32: a linear word mixed into streams of a non-linear recurrence, a LUT a bit."
    source = "M. Baert, github.com/MaartenBaert/xormix, revision 1, 2021."
    weaknesses = (
        "None known in its statistics, by its author's account. A word of zeros as linear part, "
        "which no seed has, would stay."
    )
    state = WORD * (1 + len(SALTS))
    output_bits = WORD * len(SALTS)
    zero_is_legal = True
    reuses = ("none", "pool", "phased")
    ports = ("BIT_WIDTH", "STATE_BITS", "GROUP")
    rtl = ("xormix.v", "xormix_table.vh")
    colour = "#A6611A"
    defect = ("xormix.v", "source[21:6] & ~source[31:16]", "source[21:6] & source[15:0]")
    proof_bits = (2 * WORD, 8)
    small = ({"lanes": 5, "reuse_period": 4}, {"lanes": 9})
    c = Model(
        state="""\
typedef struct { uint32_t x, y[PEZO_STREAMS]; } pezo_state;
""",
        functions="""\
/* 16 bits of a stream, of the 32 bits of the next one (and 16 that follow) from some bit on. */
static inline uint32_t pezo_sixteen(uint64_t y)
{
    return (uint32_t)(y ^ (y >> 6 & ~(y >> 16)) ^ y >> 9 ^ y >> 15) & 0xFFFF;
}

static inline uint32_t pezo_bit(uint32_t word, int bit)
{
    return word >> (bit % 32) & 1;
}

""",
        clock="""\
    uint64_t run[PEZO_STREAMS];
    uint32_t mixed[PEZO_STREAMS] = {0}, next = 0;
    for (int bit = 0; bit < PEZO_GROUP * PEZO_BIT_WIDTH; bit++) {
        const int lane = bit / PEZO_BIT_WIDTH, place = bit % PEZO_BIT_WIDTH;
        word[lane] = place ? word[lane] : -(1 << (PEZO_BIT_WIDTH - 1));
        word[lane] += (int32_t)(pezo_bit(state->y[bit / 32], bit) << place);
    }
    for (int i = 0; i < 32; i++) {
        for (int k = 0; k < 6 && PEZO_MATRIX[i][k] >= 0; k++)
            next ^= pezo_bit(state->x, PEZO_MATRIX[i][k]) << i;
        for (int s = 0; s < PEZO_STREAMS; s++)
            mixed[s] |= pezo_bit(state->x ^ PEZO_SALTS[s], s + PEZO_SHUFFLE[i]) << i;
    }
    for (int s = 0; s < PEZO_STREAMS; s++) {
        const uint32_t low = pezo_sixteen(state->y[(s + 1) % PEZO_STREAMS]) ^ (mixed[s] & 0xFFFF);
        run[s] = state->y[s] | (uint64_t)low << 32;
    }
    for (int s = 0; s < PEZO_STREAMS; s++) {
        const uint32_t high = pezo_sixteen(run[(s + 1) % PEZO_STREAMS] >> 16) ^ mixed[s] >> 16;
        state->y[s] = (uint32_t)(run[s] >> 32) | high << 16;
    }
    state->x = next;
""",
        first="""\
    pezo_state state;
    uint32_t words[PEZO_STREAMS + 2];
    for (int i = 0; i <= PEZO_STREAMS; i += 2) {
        const uint64_t limb = pezo_hash(seed, epoch, drawn + (uint64_t)(i / 2));
        words[i] = (uint32_t)limb;
        words[i + 1] = (uint32_t)(limb >> 32);
    }
    state.x = words[0] ? words[0] : 1;
    for (int s = 0; s < PEZO_STREAMS; s++)
        state.y[s] = words[s + 1];
    return state;
""",
        load="""\
        load[unit][0] = state.x;
        for (int s = 0; s < PEZO_STREAMS; s++)
            load[unit][s + 1] = state.y[s];
""",
    )
    python = Model(
        functions='''\


def _sixteen(y: int) -> int:
    """16 bits of a stream, of the 32 bits of the next one (and 16 that follow) from some bit on."""
    return (y ^ y >> 6 & ~(y >> 16) ^ y >> 9 ^ y >> 15) & 0xFFFF


def _mixed(x: int, s: int) -> int:
    """What X adds to the bits of stream s."""
    salted = x ^ SALTS[s]
    return sum((salted >> (s + place) % 32 & 1) << i for i, place in enumerate(SHUFFLE))


''',
        clock="""\
    shifts = [32 + BIT_WIDTH * lane for lane in range(GROUP)]
    words = [(s >> shift & 2 * _HALF_RANGE - 1) - _HALF_RANGE for shift in shifts]
    x, ys = s & 0xFFFFFFFF, [s >> 32 * (i + 1) & 0xFFFFFFFF for i in range(STREAMS)]
    mixed = [_mixed(x, i) for i in range(STREAMS)]
    lows = [_sixteen(ys[(i + 1) % STREAMS]) ^ mixed[i] & 0xFFFF for i in range(STREAMS)]
    runs = [y | low << 32 for y, low in zip(ys, lows)]
    highs = [_sixteen(runs[(i + 1) % STREAMS] >> 16) ^ mixed[i] >> 16 for i in range(STREAMS)]
    after = sum((sum(x >> bit for bit in taps if bit >= 0) & 1) << i for i, taps in enumerate(MATRIX))
    for i in range(STREAMS):
        after |= (lows[i] | highs[i] << 16) << 32 * (i + 1)
    return words, after
""",  # noqa: E501
        first="""\
        drawn &= 2**(32 + 32 * STREAMS) - 1
        states.append(drawn | (drawn & 0xFFFFFFFF == 0))
""",
    )

    @property
    def grid(self) -> tuple[Axes, ...]:
        """Axes of the points whose verification is the family's regression: full streams, begun."""
        shapes = ((8, 4, math.inf), (1, 33, math.inf), (8, 31, 4), (12, 5, math.inf), (24, 3, 4))
        return (*grid_of_groups(*shapes), FILLER)

    def state_bits(self, point: Point) -> int:
        """Return the bits of X and, but for ``phased``, of the streams of all lanes served."""
        return WORD if point.taps else state_bits(point.group, point.bits)

    def inverted(self, point: Point) -> int:
        """Return the top bit of every word."""
        return sum(1 << WORD + (i + 1) * point.bits - 1 for i in range(point.group))

    def columns(self, point: Point) -> Columns:
        """Return the map of X, of which ``phased`` lanes are functions."""
        return transpose([sum(1 << bit for bit in taps) for taps in MATRIX])

    def stepped(self, point: Point) -> Stepped | None:
        """Return its start and its step; None of X alone."""
        if point.taps:
            return None
        words = 1 + streams(point.group, point.bits)
        return Stepped(PERIOD, -(-words // 2), lambda limbs: begin(limbs, words), fill)

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the tables and the number of streams."""
        count = streams(point.group, point.bits)
        rows = tuple((*taps, -1)[:6] for taps in MATRIX)
        return {
            "STREAMS": Constant(count),
            "MATRIX": Constant(rows),
            "SHUFFLE": Constant(SHUFFLE),
            "SALTS": Constant(SALTS[:count], "uint32_t"),
        }

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "state_bits": f"{WORD} + {WORD} a stream of {WORD} output bits",
            "period": "not known; a multiple of 2^32 - 1",
            "fresh_bits": "all",
        }
