"""Gaussian words from a tree of biased decisions, bit-true with rtl/treegrng.v.

The idea is TreeGRNG's (KU Leuven): sign and magnitude bits, most significant first, each decided by
comparing a uniform number with a threshold that depends on the bits above. Here

* the top three magnitude bits (z in steps of half a sigma) are one six-input table each; bits
  spared below a level are used again in the next, since a biased decision leaves them biased,
  which is worth two more bits of resolution;
* the four bits below have p = 1/2 - O(z) for any prefix: each is a random bit that two shared
  comparators, ``slope_a`` (rate about z/2) and ``slope_b`` (about z/8), clear now and then. What
  clears one of the lowest three never clears another: sharing then hardly correlates them;
* all lower bits are plain random bits.

The sign folds by XOR: ``z = (word + 1/2) / 2**(bit_width - 3)``, mean exactly 0, |z| < 4. Words of
fewer bits drop low bits. KL divergence from the discretised normal: 1.95e-4 bits at 8 bits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.gaussian_source import (
    C_FOLD,
    GAUSSIAN_RTL,
    PYTHON_FOLD,
    STATE_SOURCE,
    GaussianFamily,
    words_of,
)
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Point
from pezoexplore.streams.generators.models import Constant, Model

# Counts of the patterns that make a decision 1; tests/streams/families/test_treegrng.py states
# what they must amount to. Index [magnitude bit 6] first.
_LEVEL6 = 3  # of 64, all with source bit 0 clear
_LEVEL5 = (((0, 3), (6, 0)), ((0, 1), (0, 1)))  # [m6][bit 0][bit 9], of 8
_LEVEL4 = ((3, 10), (4, 3))  # [m6][bit 9], of 16
_SLOPE_A = (1, 3, 5, 7, 1, 3, 5, 3)  # [m6 m5 m4], of 8
_SLOPE_B = (((0, 0, 0, 0), (2, 1, 1, 0)), ((1, 1, 1, 1), (2, 2, 1, 2)))  # [m6][a][bits 18:17], of 4


def tables() -> dict[str, int]:
    """Return the truth tables of the RTL, six inputs each: name -> table with entry i in bit i."""
    slope_b = _truth(lambda i: i & 3 < _SLOPE_B[i >> 5][i >> 4 & 1][i >> 2 & 3])
    return {
        "LEVEL6": _truth(lambda i: i & 1 == 0 and i >> 1 < _LEVEL6),
        "LEVEL5": _truth(_level5),
        "LEVEL4": _truth(lambda i: i & 15 < _LEVEL4[i >> 5][i >> 4 & 1]),
        "SLOPE_A": _truth(lambda i: i & 7 < _SLOPE_A[i >> 3]),
        "SLOPE_B": slope_b,
        "LOW_3": _truth(lambda i: _folded(i, _clears_bit3(i & 15))),
        "LOW_2": _truth(lambda i: _folded(i, _clears(i & 15) == 2)),
        "LOW_1": _truth(lambda i: _folded(i, _clears(i & 15) == 1)),
        "LOW_0": _truth(lambda i: _folded(i, _clears(i & 15) == 0)),
    }


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states; see :func:`gaussian_source.words_of`."""
    return words_of(_words, states, bit_width, _TOP, _MIDDLE, _LOW)


def _truth(decide: Callable[[int], bool]) -> int:
    return sum(1 << i for i in range(64) if decide(i))


def _level5(index: int) -> bool:
    """Index {m6, bit 0, bits 9:6}."""
    return index & 7 < _LEVEL5[index >> 5][index >> 4 & 1][index >> 3 & 1]


def _clears_bit3(index: int) -> bool:
    """Index {m6, slope_a, bits 18:17}: rate slope_a / 4, or (1 + slope_a) / 4 beyond 2 sigma."""
    m6, a, random = index >> 3, index >> 2 & 1, index & 3
    return random >= (2 if a else 3) if m6 else bool(a) and random == 3


def _clears(index: int) -> int | None:
    """Index {slope_b, bits 23:21}: the one bit of 2, 1, 0 that is cleared, at 1/2, 1/4, 1/8."""
    return (index & 7).bit_length() - 1 if index > 8 else None


def _folded(index: int, clear: bool) -> bool:
    """Index {sign, random bit, 4 bits}: the random bit unless cleared, folded by the sign."""
    return bool(index >> 5) != (bool(index >> 4 & 1) and not clear)


def _look(table: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Look up entries of a truth table."""
    return np.array([table >> i & 1 for i in range(64)])[index]


def _top_table() -> NDArray[np.uint16]:
    """Return {m6, m5}, positioned for the next table's index, by state bits 9:0."""
    t = tables()
    s = np.arange(1 << 10)
    m6 = _look(t["LEVEL6"], s & 63)
    m5 = _look(t["LEVEL5"], m6 << 5 | (s & 1) << 4 | s >> 6)
    return (m6 << 9 | m5 << 8).astype(np.uint16)


def _middle_table() -> NDArray[np.uint32]:
    """Return the input of the remaining levels, positioned, by {m6, m5, state bits 16:9}.

    Bits 12:11 are {m6, slope_a}, of the next table's index; bits 22:20 are {m6, m5, m4}.
    """
    t = tables()
    i = np.arange(1 << 10)
    m4 = _look(t["LEVEL4"], i >> 9 << 5 | (i & 1) << 4 | i >> 1 & 15)
    prefix = i >> 8 << 1 | m4
    slope_a = _look(t["SLOPE_A"], prefix << 3 | i >> 5 & 7)
    return (prefix << 20 | prefix >> 2 << 12 | slope_a << 11).astype(np.uint32)


def _low_table() -> NDArray[np.uint8]:
    """Return magnitude bits 3:0 by {m6, slope_a, state bits 27:17}."""
    t = tables()
    i = np.arange(1 << 13)
    slopes, s = i >> 11, i & 0x7FF  # s is the state from bit 17 on
    slope_b = _look(t["SLOPE_B"], slopes << 4 | (s & 3) << 2 | s >> 2 & 3)
    low = _look(t["LOW_3"], (s >> 10 & 1) << 4 | slopes << 2 | s & 3) << 3
    for k in (2, 1, 0):
        low |= _look(t[f"LOW_{k}"], (s >> 7 + k & 1) << 4 | slope_b << 3 | s >> 4 & 7) << k
    return low.astype(np.uint8)


@compiled
def _words(
    states: NDArray[np.uint64],
    shift: np.uint64,
    top: NDArray[np.uint16],
    middle: NDArray[np.uint32],
    low: NDArray[np.uint8],
    out: NDArray[np.int32],
) -> None:
    for i in range(states.size):
        s = states[i]
        prefix = np.uint64(top[s & np.uint64(0x3FF)])
        high = middle[((s >> np.uint64(9)) & np.uint64(0xFF)) | prefix]
        slopes = np.uint64(high & np.uint32(0xFFFF))
        index = ((s >> np.uint64(17)) & np.uint64(0x7FF)) | slopes
        magnitude = np.int32((high >> np.uint32(16)) | np.uint32(low[index]))
        sign = np.int32(np.int64(s << np.uint64(31)) >> 63)  # 0 or -1
        rest = np.int32((s >> np.uint64(28)) & np.uint64(15))
        out[i] = ((magnitude ^ sign) << np.int32(4) | rest) >> np.int32(shift)


_TOP = _top_table()
_MIDDLE = _middle_table()
_LOW = _low_table()


class Treegrng(GaussianFamily):
    """A tree of biased decisions."""

    what = "Gaussian: sign and magnitude bits, each a biased decision given those above."
    source = f"TreeGRNG, KU Leuven; our own tree. {STATE_SOURCE}"
    weaknesses = (
        "Probabilities of decisions are rounded to 1/64; no word beyond 4 sigma. KL divergence "
        "1.95e-4 bits at 8 bits. The state is linear."
    )
    rtl = ("treegrng.v", "treegrng_table.vh", *GAUSSIAN_RTL)
    colour = "#D55E00"
    c = Model(
        functions="""\
static inline unsigned pezo_look(uint64_t table, uint64_t index)
{
    return (unsigned)(table >> index & 1);
}

"""
        + C_FOLD,
        clock="""\
    const uint64_t s = *state;
    const unsigned middle = s >> 9 & 255, low = s >> 17 & 2047;
    const unsigned m6 = pezo_look(PEZO_LEVEL6, s & 63);
    const unsigned m5 = pezo_look(PEZO_LEVEL5, m6 << 5 | (s & 1) << 4 | (s >> 6 & 15));
    const unsigned m4 = pezo_look(PEZO_LEVEL4, m6 << 5 | (middle & 1) << 4 | (middle >> 1 & 15));
    const unsigned top = m6 << 2 | m5 << 1 | m4;
    const unsigned slopes = m6 << 1 | pezo_look(PEZO_SLOPE_A, top << 3 | middle >> 5);
    const unsigned slope_b = pezo_look(PEZO_SLOPE_B, slopes << 4 | (low & 3) << 2 | (low >> 2 & 3));
    unsigned magnitude = top << 4
                       | pezo_look(PEZO_LOW_3, (low >> 10) << 4 | slopes << 2 | (low & 3)) << 3;
    for (int k = 0; k < 3; k++)
        magnitude |= pezo_look(PEZO_LOW[k], (low >> (7 + k) & 1) << 4 | slope_b << 3
                                            | (low >> 4 & 7)) << k;
    word[0] = pezo_fold((int)magnitude, s >> 32, s >> 28);
""",
    )
    python = Model(
        functions=PYTHON_FOLD,
        clock="""\
    middle, low = s >> 9 & 255, s >> 17 & 2047
    m6 = LEVEL6 >> (s & 63) & 1
    m5 = LEVEL5 >> (m6 << 5 | (s & 1) << 4 | s >> 6 & 15) & 1
    m4 = LEVEL4 >> (m6 << 5 | (middle & 1) << 4 | middle >> 1 & 15) & 1
    top = m6 << 2 | m5 << 1 | m4
    slopes = m6 << 1 | SLOPE_A >> (top << 3 | middle >> 5) & 1
    slope_b = SLOPE_B >> (slopes << 4 | (low & 3) << 2 | low >> 2 & 3) & 1
    magnitude = top << 4 | (LOW_3 >> (low >> 10 << 4 | slopes << 2 | low & 3) & 1) << 3
    for k, table in enumerate(LOW):
        index = (low >> 7 + k & 1) << 4 | slope_b << 3 | low >> 4 & 7
        magnitude |= (table >> index & 1) << k
    words = [_fold(magnitude, s >> 32, s >> 28)]
""",
    )

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the truth tables of the decisions."""
        truth = tables()
        names = ("LEVEL6", "LEVEL5", "LEVEL4", "SLOPE_A", "SLOPE_B", "LOW_3")
        low = Constant(tuple(truth[f"LOW_{k}"] for k in range(3)), "uint64_t")
        return {name: Constant(truth[name], "uint64_t") for name in names} | {"LOW": low}

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)
