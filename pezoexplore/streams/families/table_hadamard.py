"""Gaussian words for four lanes by a Hadamard transform, bit-true with rtl/table_hadamard.v.

Four numbers a, b, c, d come from small tables; their four sums

    a + b + c + d,   a + b - c - d,   a - b + c - d,   a - b - c + d

are nearly normal by the central limit theorem, and uncorrelated, since the four have one variance
(D. Thomas, "The Table-Hadamard GRNG: an area-efficient FPGA Gaussian random number generator", ACM
TRETS 8(4), 2015). The tables are symmetric and chosen so that the KL divergence of the sums is
least (:func:`refine`): 5.8e-5 bits at 8 bits, kurtosis 2.989.

In steps of sigma/32: a, c and d are whole numbers and a half, b is whole, so every sum is a whole
number, the word, and a half; ``z = (word + 1/2) / 2**(bit_width - 3)``. A sum beyond 4 sigma wraps
to the other tail, where words of its size are wanted as well. Wider words have more uniform low
bits, the same for all four lanes, which correlates them by 1e-4; narrower words fewer.
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.families.clt import before_carry, pack
from pezoexplore.streams.gaussian_source import (
    C_NARROW,
    GAUSSIAN_RTL,
    PYTHON_NARROW,
    STATE_SOURCE,
    GaussianFamily,
)
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import FILLER, Family, Point, grid_of_groups
from pezoexplore.streams.generators.models import Constant, Model

GROUP = 4
"""Lanes that a transform serves."""

Shares = NDArray[np.float64]
Magnitudes = tuple[tuple[int, ...], ...]

# fmt: off
MAGNITUDES: Magnitudes = (
    (0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 4, 4, 5, 5, 6, 7,
     8, 9, 10, 13, 15, 16, 17, 19, 20, 21, 23, 24, 26, 28, 31, 41),
    (0, 1, 1, 2, 4, 5, 8, 10, 10, 12, 16, 18, 20, 24, 28, 36),
    (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6,
     9, 10, 12, 14, 15, 15, 15, 18, 20, 22, 23, 24, 26, 29, 32, 40),
    (1, 3, 3, 4, 4, 7, 8, 9, 10, 13, 14, 18, 20, 23, 27, 35),
)
# fmt: on
"""Sizes in the tables of a, b, c and d, for one sign: a, c, d stand for the entry and a half."""

_HALF = (True, False, True, True)


def values(which: int) -> list[int]:
    """Return a table by its index, whose top bit is the sign: v stands for v + 1/2 except in b."""
    sizes = MAGNITUDES[which]
    return [*sizes, *((~v if _HALF[which] else -v) for v in sizes)]


def distribution(magnitudes: Magnitudes) -> Shares:
    """Return the probabilities of the 8-bit words, ascending, for given tables: float64 [256]."""
    spectrum = np.ones(129, dtype=np.complex128)
    for sizes, half in zip(magnitudes, _HALF, strict=True):
        spectrum *= np.fft.rfft(_shares(sizes, half))
    return np.roll(np.fft.irfft(spectrum, 256), 1 + 128)


def _shares(sizes: tuple[int, ...] | list[int], half: bool) -> Shares:
    """Return the probabilities of a table's entries, modulo 256."""
    entries = [*sizes, *((~v if half else -v) for v in sizes)]
    return np.bincount(np.array(entries) % 256, minlength=256) / len(entries)


def refine() -> Magnitudes:
    """Derive the tables: rounded quantiles of the normal, then moved to reduce KL divergence.

    A descent over single entries, deterministic. Variances are kept within 0.6 % of each other's.
    """
    tables = [_quantiles(len(sizes), half) for sizes, half in zip(MAGNITUDES, _HALF, strict=True)]
    best, improved = _cost(tables), True
    while improved:
        improved = False
        for table in tables:
            for i in range(len(table)):
                for step in (-1, 1, -2, 2, -3, 3):
                    old = table[i]
                    table[i] = max(0, old + step)
                    if (cost := _cost(tables)) < best - 1e-9:
                        best, improved = cost, True
                    else:
                        table[i] = old
    return tuple(tuple(sorted(table)) for table in tables)


def _quantiles(count: int, half: bool) -> list[int]:
    from scipy.special import ndtri

    z = ndtri(0.5 + (np.arange(count) + 0.5) / (2 * count))
    return [max(0, round(float(v))) for v in 16.6 * z - 0.5 * half]


def _cost(tables: list[list[int]]) -> float:
    """Return the KL divergence in bits, plus a penalty on errors of the variances."""
    from scipy.special import ndtr

    p = np.maximum(distribution(tuple(map(tuple, tables))), 1e-18)
    edges = ndtr(np.arange(-128, 129) / 32)
    edges[0], edges[-1] = 0.0, 1.0
    off = [
        abs(float(np.mean((np.array(table) + 0.5 * half) ** 2)) / 256 - 1)
        for table, half in zip(tables, _HALF, strict=True)
    ]
    return float(p @ np.log2(p / np.diff(edges))) + 0.05 * sum(max(0.0, x - 0.006) for x in off)


def verilog_table() -> str:
    """Return the RTL tables, `rtl/table_hadamard_table.vh`: seven truth tables each."""
    a, b, c, d = (values(which) for which in range(4))
    tables = {
        "A": [pack(a, k) for k in range(7)],
        "PLUS_B": [before_carry(b, k) for k in range(7)],
        "MINUS_B": [before_carry([-v for v in b], k) for k in range(7)],
        "C": [pack(c, k) for k in range(7)],
        "PLUS_D": [before_carry(d, k) for k in range(7)],
        "MINUS_D": [before_carry([~v for v in d], k) for k in range(7)],
    }
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// The tables, and sum bits before carry, a truth table a bit, lowest bit lowest.",
        "// Made by: python -m pezoexplore.streams.rtl_tables",
    ]
    for name, truth in tables.items():
        entries = ",\n".join(f"  64'h{table:016x}" for table in reversed(truth))
        lines += [f"localparam [447:0] {name} = {{", entries, "};"]
    return "\n".join(lines) + "\n"


def words_of_lanes(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states for four lanes.

    Args:
        states: uint64 array of any shape S; the low 33 bits are the state.
        bit_width: Bits of a word, 4 to 12.

    Returns:
        int32 array [*S, 4], words in [-2**(bit_width-1), 2**(bit_width-1)).
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty((flat.size, GROUP), dtype=np.int32)
    a, b, c, d = _TABLES
    _words(flat, np.uint64(12 - bit_width), a, b, c, d, out)
    return out.reshape(*states.shape, GROUP)


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states for the first lane: int32, same shape."""
    first: NDArray[np.int32] = words_of_lanes(states, bit_width)[..., 0]
    return first


@compiled
def _words(
    states: NDArray[np.uint64],
    shift: np.uint64,
    a_table: NDArray[np.int32],
    b_table: NDArray[np.int32],
    c_table: NDArray[np.int32],
    d_table: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    for i in range(states.size):
        s = states[i]
        a = a_table[s & np.uint64(63)]
        b = b_table[(s >> np.uint64(6)) & np.uint64(31)]
        c = c_table[(s >> np.uint64(11)) & np.uint64(63)]
        d = d_table[(s >> np.uint64(17)) & np.uint64(31)]
        rest = np.int32((s >> np.uint64(22)) & np.uint64(15))
        for lane in range(4):
            first = a + b if lane < 2 else a - b
            second = c + d + 1 if lane < 2 else c - d
            word = first + second if lane % 2 == 0 else first - second
            wrapped = ((word + 128) & 255) - 128
            out[i, lane] = (wrapped << 4 | rest) >> np.int32(shift)


_TABLES = tuple(np.array(values(which), dtype=np.int32) for which in range(4))


class TableHadamard(GaussianFamily):
    """A Hadamard transform of four table entries."""

    what = "Gaussian: four sums and differences of four small tables, for four lanes."
    source = f"D. Thomas, ACM TRETS 8(4), 2015; our own tables. {STATE_SOURCE}"
    weaknesses = (
        "Four lanes are uncorrelated but not independent: their sum is four times a table "
        "entry, of which there are 64, and all four together take 2^22 values; no word beyond "
        "4 sigma. KL divergence 5.8e-5 bits at 8 bits. The state is linear."
    )
    rtl = ("table_hadamard.v", "table_hadamard_table.vh", *GAUSSIAN_RTL)
    colour = "#DD1C77"
    words_a_clock = GROUP
    ports = ("BIT_WIDTH", "STATE_BITS", "GROUP")
    small = Family.small
    grid = (
        *grid_of_groups((4, 3, inf), (8, 1, inf), (8, 31, 4), (12, 5, inf)),
        FILLER,
    )
    c = Model(
        functions=C_NARROW,
        clock="""\
    const uint64_t s = *state;
    const int a = PEZO_A[s & 63], b = PEZO_B[s >> 6 & 31];
    const int c = PEZO_C[s >> 11 & 63], d = PEZO_D[s >> 17 & 31];
    for (int lane = 0; lane < PEZO_GROUP; lane++) {
        const int first = lane < 2 ? a + b : a - b, second = lane < 2 ? c + d + 1 : c - d;
        const int sum = lane % 2 ? first - second : first + second;
        word[lane] = pezo_narrow((((sum + 128) & 255) - 128) * 16 + (int)(s >> 22 & 15));
    }
""",
    )
    python = Model(
        functions=PYTHON_NARROW,
        clock="""\
    a, b, c, d = A[s & 63], B[s >> 6 & 31], C[s >> 11 & 63], D[s >> 17 & 31]
    plus, less = c + d + 1, c - d
    sums = [a + b + plus, a + b - plus, a - b + less, a - b - less][:GROUP]
    words = [_narrow((v + 128 & 255) - 128 << 4 | s >> 22 & 15) for v in sums]
""",
    )

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the four tables."""
        return {name: Constant(tuple(values(which)), "int8_t") for which, name in enumerate("ABCD")}

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states for the first lane: int32, same shape."""
        return words_of_lanes(states, point.bits)[..., 0]

    def words_of_lanes(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states for four lanes."""
        return words_of_lanes(states, point.bits)
