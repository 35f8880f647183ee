"""Gaussian words as a sum of uniform numbers (central limit theorem), bit-true with rtl/clt.v.

At eight bits per word is the sum

    16 * (ones among 15 bits) + (uniform 0..15) + (spread 0..31) + (one bit) - 144

where the spread has the triangular shape of two more uniforms, drawn from 32 equally likely
values. Mean -1/2, variance 1.0007 * 32**2, kurtosis 2.88. Wider words continue with uniform low
bits, narrower words drop low bits, so ``z = (word + 1/2) / 2**(bit_width - 3)`` at every width.

The count of ones is clamped at both ends in the one case that could leave the range, so that the
word saturates just inside 4 sigma instead of wrapping.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.gaussian_source import (
    C_NARROW,
    GAUSSIAN_RTL,
    PYTHON_NARROW,
    STATE_SOURCE,
    GaussianFamily,
    words_of,
)
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Point
from pezoexplore.streams.generators.models import Constant, Model

SPREAD = (2, 4, 6, 7, 8, 9, 10, 10, 11, 12, 12, 13, 14, 14, 15, 15)
"""Lower half of the 32 values of the spread: quantiles of the triangle on 0..31, which is 31 - v
for the upper half."""


def tables() -> dict[str, int]:
    """Return the truth tables of the RTL, six inputs each: name -> table with entry i in bit i."""
    ones = [i.bit_count() for i in range(64)]
    coarse = [(i & 15).bit_count() + (i >> 4) for i in range(32)]
    clamped = [_clamped(i & 15, i >> 4) for i in range(32)]
    return (
        {f"ONES_{k}": pack(ones, k) for k in range(3)}
        | {f"SPREAD_{k}": before_carry(_spread(), k) for k in range(4)}
        | {f"COARSE_{k}": before_carry(coarse, k) for k in range(3)}
        | {f"TOP_{k}": before_carry(clamped, k) for k in range(4)}
    )


def before_carry(values: list[int], bit: int) -> int:
    """Return the truth table of a sum bit before carry, by {other operand's bit, 5 index bits}.

    Args:
        values: The operand by index: 32 values.
        bit: Position of the sum bit.
    """
    return pack([*values, *(~value for value in values)], bit)


def pack(values: list[int], bit: int) -> int:
    """Return the truth table of one bit of a list of values: bit i is bit ``bit`` of value i."""
    return sum((value >> bit & 1) << i for i, value in enumerate(values))


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states; see :func:`gaussian_source.words_of`."""
    return words_of(_words, states, bit_width, _LOW, _TOP)


def _spread() -> list[int]:
    """Return the value by {half, 4 bits}, its low four bits only: the half is worth 16."""
    return [v & 15 for v in (*SPREAD, *(31 - v for v in SPREAD))]


def _clamped(bits: int, extreme: int) -> int:
    """Return ones among four bits minus 9, modulo 16; ``extreme`` cuts runs of equal bits."""
    ones = bits.bit_count()
    if extreme:
        ones = min(max(ones, 1), 3)
    return (ones - 9) % 16


def _low_table() -> NDArray[np.uint8]:
    """Return 16 times the ones among bits 9:0 and bit 14, plus the spread, by state bits 14:0."""
    spread = _spread()
    sums = [16 * ((i & 0x3FF).bit_count() + (i >> 14)) + spread[i >> 10] for i in range(1 << 15)]
    return np.array(sums, dtype=np.uint8)


def _top_table() -> NDArray[np.int32]:
    """Return the word's top four bits, signed, by {sum of the first chain, state bits 19:15}."""
    out = np.zeros(512, dtype=np.int32)
    for i in range(13 << 5):
        coarse = i >> 5
        ones = _clamped(i & 15, int(coarse in (0, 12))) - 16 + (i >> 4 & 1)
        out[i] = 256 * (coarse + ones)
    return out


@compiled
def _words(
    states: NDArray[np.uint64],
    shift: np.uint64,
    low: NDArray[np.uint8],
    top: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    for i in range(states.size):
        s = states[i]
        fine = (s >> np.uint64(21)) & np.uint64(255)
        carry = (s >> np.uint64(20)) & np.uint64(1)
        total = np.uint64(low[s & np.uint64(0x7FFF)]) + (fine >> np.uint64(4)) + carry
        high = (total >> np.uint64(4)) << np.uint64(5) | (s >> np.uint64(15)) & np.uint64(31)
        rest = (total & np.uint64(15)) << np.uint64(4) | fine & np.uint64(15)
        out[i] = (top[high] + np.int32(rest)) >> np.int32(shift)


_LOW = _low_table()
_TOP = _top_table()


class Clt(GaussianFamily):
    """A sum of uniform numbers."""

    what = "Gaussian: the sum of 15 bits, a uniform number and a triangular one."
    source = f"Central limit theorem; our own table. {STATE_SOURCE}"
    weaknesses = (
        "Light tails: kurtosis 2.88, no word beyond 4 sigma. KL divergence 5.3e-4 bits at 8 "
        "bits. The state is linear."
    )
    rtl = ("clt.v", "clt_table.vh", *GAUSSIAN_RTL)
    colour = "#E69F00"
    c = Model(
        functions="""\
static inline int pezo_ones(unsigned bits)
{
    int ones = 0;
    for (; bits; bits &= bits - 1)
        ones++;
    return ones;
}

"""
        + C_NARROW,
        clock="""\
    const uint64_t s = *state;
    const int fine = (int)(s >> 21 & 255);
    const int low = 16 * (pezo_ones(s & 0x3FF) + (int)(s >> 14 & 1)) + PEZO_SPREAD[s >> 10 & 31]
                  + (fine >> 4) + (int)(s >> 20 & 1);
    int ones = pezo_ones(s >> 15 & 15);
    if (low >> 4 == 0 && ones < 1)
        ones = 1;
    if (low >> 4 == 12 && ones > 3)
        ones = 3;
    word[0] = pezo_narrow(256 * ((low >> 4) + ones - 9 + (int)(s >> 19 & 1)) + 16 * (low & 15)
                          + (fine & 15));
""",
    )
    python = Model(
        functions=PYTHON_NARROW,
        clock="""\
    fine = s >> 21 & 255
    low = 16 * ((s & 0x3FF).bit_count() + (s >> 14 & 1)) + SPREAD[s >> 10 & 31]
    low += (fine >> 4) + (s >> 20 & 1)
    ones = (s >> 15 & 15).bit_count()
    if low >> 4 in (0, 12):
        ones = min(max(ones, 1), 3)
    coarse = (low >> 4) + ones - 9 + (s >> 19 & 1)
    words = [_narrow(coarse << 8 | (low & 15) << 4 | fine & 15)]
""",
    )

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the triangular numbers by index."""
        return {"SPREAD": Constant(tuple(_spread()), "uint8_t")}

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)
