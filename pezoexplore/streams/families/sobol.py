"""Sobol numbers: a low-discrepancy sequence, one dimension per lane, bit-true with rtl/sobol.v.

Point n + 1 is point n with one direction number of each lane added modulo 2, that of the lowest
zero bit of n (I. Antonov and V. Saleev, USSR Comp. Math. 19(1), 1979), with the direction numbers
of S. Joe and F. Kuo (SIAM J. Sci. Comput. 30(5), 2008). All lanes share the 32-bit count n: period
2**32. The first direction numbers of each dimension are read off the first points of
``scipy.stats.qmc.Sobol``; those that follow come from the primitive polynomials.

A seed draws the count to start from, and for each lane bits that are added to all of its numbers (a
random digital shift), so that each number is uniform.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Axes, Family, Point, Stepped
from pezoexplore.streams.generators.models import Constant, Model

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

LANES = 256
INDEX_BITS = 32
PERIOD = 2**INDEX_BITS
TABLE_BITS = 24
"""Top bits of a direction number that words may show."""

_FIRST = 12  # direction numbers read off scipy's points; no polynomial here has a higher degree
_FACTORS = {
    1: (), 2: (3,), 3: (7,), 4: (3, 5), 5: (31,), 6: (3, 7), 7: (127,), 8: (3, 5, 17), 9: (7, 73),
    10: (3, 11, 31), 11: (23, 89),
}  # fmt: skip
"""Prime factors of 2**degree - 1."""


def polynomials(count: int) -> list[int]:
    """Return the first primitive polynomials over GF(2), by degree, then by value, as bit masks."""
    found: list[int] = []
    for degree, factors in _FACTORS.items():
        order = 2**degree - 1
        for middle in range(0, 2**degree, 2):
            mask = 2**degree | middle | 1
            powers = [_power_of_x(order // f, mask) for f in factors]
            if _power_of_x(order, mask) == 1 and 1 not in powers:
                found.append(mask)
    return found[:count]


def _power_of_x(exponent: int, mask: int) -> int:
    """Compute x**exponent modulo a polynomial."""
    degree = mask.bit_length() - 1
    value = 1
    for bit in bin(exponent)[2:]:
        square = sum(1 << (2 * i) for i in range(degree) if value >> i & 1)
        value = square << int(bit)
        while value.bit_length() > degree:
            value ^= mask << (value.bit_length() - 1 - degree)
    return value


@cache
def directions() -> U32:
    """Return direction numbers [LANES, INDEX_BITS] as fractions of 2**32, uint32."""
    from scipy.stats import qmc

    points = qmc.Sobol(LANES, scramble=False, bits=INDEX_BITS).random_base2(_FIRST)
    whole = np.rint(points * 2.0**INDEX_BITS).astype(np.uint64)
    found = np.zeros((LANES, INDEX_BITS), dtype=np.uint64)
    for k in range(_FIRST):
        found[:, k] = whole[2**k] ^ whole[2**k - 1]
    found[0] = np.uint64(1) << np.arange(INDEX_BITS - 1, -1, -1, dtype=np.uint64)
    for lane, mask in enumerate(polynomials(LANES - 1), 1):
        degree = mask.bit_length() - 1
        for k in range(degree, INDEX_BITS):
            value = found[lane, k - degree] ^ found[lane, k - degree] >> np.uint64(degree)
            for i in range(1, degree):
                if mask >> (degree - i) & 1:
                    value ^= found[lane, k - i]
            found[lane, k] = value
    return found.astype(np.uint32)


def state_bits(lanes: int, bits: int) -> int:
    """Return the bits of the state: the count, and above it a word per lane, lane 0 lowest."""
    return INDEX_BITS + lanes * bits


def drawn(lanes: int) -> int:
    """Return the number of random limbs of a start: for the count, and 32 bits per lane."""
    return 1 + (lanes + 1) // 2


def begin(limbs: U64, lanes: int, bits: int) -> U64:
    """Return states uint64 [n, K] from random limbs [n, drawn(lanes)]."""
    states = np.zeros((len(limbs), -(-state_bits(lanes, bits) // 64)), dtype=np.uint64)
    for row, one in zip(states, limbs, strict=True):
        count = int(one[0]) % PERIOD
        gray = count ^ count >> 1
        state = count
        for lane in range(lanes):
            word = int(one[1 + lane // 2]) >> (32 * (lane % 2)) & 0xFFFFFFFF
            for k in range(INDEX_BITS):
                if gray >> k & 1:
                    word ^= int(directions()[lane, k])
            state |= word >> (32 - bits) << (INDEX_BITS + lane * bits)
        row[:] = [state >> (64 * k) & 0xFFFFFFFFFFFFFFFF for k in range(len(row))]
    return states


def jump(states: U64, lanes: int, bits: int, clocks: int) -> None:
    """Step states [n, K] in place by any number of clocks, at once.

    Point n differs from point 0 by the direction numbers of the ones of its Gray code.
    """
    for row in states:
        state = sum(int(limb) << (64 * k) for k, limb in enumerate(row))
        old = state % PERIOD
        new = (old + clocks) % PERIOD
        turned = (old ^ old >> 1) ^ (new ^ new >> 1)
        chosen = [k for k in range(INDEX_BITS) if turned >> k & 1]
        changed = np.bitwise_xor.reduce(_top_bits(bits)[:lanes, chosen], axis=1, initial=0)
        state ^= old ^ new
        for lane, word in enumerate(changed.tolist()):
            state ^= int(word) << (INDEX_BITS + lane * bits)
        row[:] = [state >> (64 * k) & 0xFFFFFFFFFFFFFFFF for k in range(len(row))]


def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Write words of successive clocks; see :class:`Stepped`."""
    _fill(states, bits, _top_bits(bits), out)


@lru_cache(maxsize=32)
def _top_bits(bits: int) -> U32:
    shifted: U32 = directions() >> np.uint32(32 - bits)
    return shifted


@compiled
def _fill(states: U64, bits: int, table: U32, out: NDArray[Any]) -> None:
    lanes = out.shape[2]
    half = 1 << (bits - 1)
    word = np.empty(lanes, dtype=np.uint32)
    for n in range(states.shape[0]):
        count = np.uint32(states[n, 0] & np.uint64(0xFFFFFFFF))
        for lane in range(lanes):
            value = np.uint32(0)
            for bit in range(bits):
                place = np.uint64(32 + lane * bits + bit)
                one = states[n, place >> np.uint64(6)] >> (place & np.uint64(63)) & np.uint64(1)
                value |= np.uint32(one << np.uint64(bit))
            word[lane] = value
        for clock in range(out.shape[1]):
            index = 0
            while index < 31 and count >> np.uint32(index) & np.uint32(1):
                index += 1
            for lane in range(lanes):
                out[n, clock, lane] = np.int64(word[lane]) - half
                word[lane] ^= table[lane, index]
            count = np.uint32(count + np.uint32(1))
        states[n, :] = np.uint64(0)
        states[n, 0] = np.uint64(count)
        for lane in range(lanes):
            for bit in range(bits):
                place = np.uint64(32 + lane * bits + bit)
                one = np.uint64(word[lane] >> np.uint32(bit) & np.uint32(1))
                states[n, place >> np.uint64(6)] |= one << (place & np.uint64(63))


def verilog_table() -> str:
    """Return the RTL table, `rtl/sobol_table.vh`: the increment of each index, by lane and bit."""
    rows = []
    for lane, numbers in enumerate(directions().tolist()):
        truths = [
            sum((v >> bit & 1) << k for k, v in enumerate(numbers))
            for bit in range(31, 31 - TABLE_BITS, -1)
        ]
        digits = "".join(f"{truth:08x}" for truth in reversed(truths))
        parts = ",\n".join(f"      256'h{digits[i : i + 64]}" for i in range(0, len(digits), 64))
        rows.append(f"    {lane}: sobol_directions = {{\n{parts}}};")
    return "\n".join(
        [
            "// SPDX-License-Identifier: Apache-2.0",
            f"// Direction numbers of a lane: {TABLE_BITS} bits, the top one lowest, and of each",
            "// the 32 entries, entry k in bit k.",
            "// Made by: python -m pezoexplore.streams.rtl_tables",
            f"function [{32 * TABLE_BITS - 1}:0] sobol_directions;",
            "  input [7:0] lane;",
            "  case (lane)",
            *rows,
            "  endcase",
            "endfunction",
            "",
        ]
    )


class Sobol(Family):
    """Sobol numbers, a dimension per lane."""

    linear_steps = True
    what = "Sobol numbers: a low-discrepancy sequence, one dimension per lane, randomly shifted."
    source = (
        "I. Antonov and V. Saleev, USSR Comp. Math. 19(1), 1979; direction numbers of S. Joe "
        "and F. Kuo, SIAM J. Sci. Comput. 30(5), 2008, as in SciPy."
    )
    weaknesses = (
        "Not random: successive points are far apart on purpose (every other one differs by "
        "half the range, so lag-1 correlation is strongly negative), and pairs of lanes of "
        "high dimension fill the square unevenly for many points. Steps of a power of two of beats "
        "lie in few dimensions (`span_share`)."
    )
    words_a_clock = LANES
    one_count = True
    zero_is_legal = True
    ports = ("BIT_WIDTH", "STATE_BITS", "GROUP")
    rtl = ("sobol.v", "sobol_table.vh")
    colour = "#4D4D4D"
    defect = ("sobol.v", "count + 32'd1", "count | 32'd1")
    proof_bits = (INDEX_BITS + 8, 8)
    c = Model(
        state="""\
typedef struct { uint32_t count, word[PEZO_GROUP]; } pezo_state;
""",
        clock="""\
    int index = 0; /* the lowest zero of the count */
    while (index < 31 && state->count >> index & 1)
        index++;
    for (int lane = 0; lane < PEZO_GROUP; lane++) {
        word[lane] = (int32_t)state->word[lane] - (1 << (PEZO_BIT_WIDTH - 1));
        state->word[lane] ^= PEZO_DIRECTIONS[lane][index];
    }
    state->count++;
""",
        first="""\
    pezo_state state;
    state.count = (uint32_t)pezo_hash(seed, epoch, drawn);
    for (int lane = 0; lane < PEZO_GROUP; lane++) {
        const uint64_t limb = pezo_hash(seed, epoch, drawn + 1 + (uint64_t)(lane / 2));
        /* A random shift, and the point that the count stands for. */
        state.word[lane] = (uint32_t)(limb >> (32 * (lane % 2))) >> (32 - PEZO_BIT_WIDTH);
        for (int k = 0; k < 32; k++)
            if ((state.count ^ state.count >> 1) >> k & 1)
                state.word[lane] ^= PEZO_DIRECTIONS[lane][k];
    }
    return state;
""",
        load="""\
        load[unit][0] = state.count;
        for (int bit = 0; bit < PEZO_GROUP * PEZO_BIT_WIDTH; bit++)
            load[unit][1 + bit / 32]
                |= (state.word[bit / PEZO_BIT_WIDTH] >> (bit % PEZO_BIT_WIDTH) & 1) << (bit % 32);
""",
    )
    python = Model(
        clock="""\
    count, rest = s & 0xFFFFFFFF, s >> 32
    index = min((~count & count + 1).bit_length() - 1, 31)  # the lowest zero of the count
    shown = [rest >> BIT_WIDTH * lane & 2 * _HALF_RANGE - 1 for lane in range(GROUP)]
    added = sum(numbers[index] << BIT_WIDTH * lane for lane, numbers in enumerate(DIRECTIONS))
    return [v - _HALF_RANGE for v in shown], (rest ^ added) << 32 | count + 1 & 0xFFFFFFFF
""",
        first="""\
        count, state = drawn & 0xFFFFFFFF, drawn & 0xFFFFFFFF
        for lane, numbers in enumerate(DIRECTIONS):
            word = drawn >> 64 + 32 * lane & 0xFFFFFFFF
            word >>= 32 - BIT_WIDTH  # a random shift, and the point that the count stands for
            for k, number in enumerate(numbers):
                word ^= number * ((count ^ count >> 1) >> k & 1)
            state |= word << 32 + BIT_WIDTH * lane
        states.append(state)
""",
    )

    @property
    def grid(self) -> tuple[Axes, ...]:
        """As usual, and all lanes that there can be."""
        return (*super().grid, {"reuse": "none", "bit_width": 24, "lanes": LANES})

    def state_bits(self, point: Point) -> int:
        """Return the bits of the state: the count, and above it a word per lane, lane 0 lowest."""
        return state_bits(point.group, point.bits)

    def inverted(self, point: Point) -> int:
        """Return the top bit of the word of every lane."""
        return sum(1 << INDEX_BITS + (i + 1) * point.bits - 1 for i in range(point.group))

    def stepped(self, point: Point) -> Stepped:
        """Return its start, its step and its jump."""
        lanes, bits = point.group, point.bits
        return Stepped(
            PERIOD,
            drawn(lanes),
            lambda limbs: begin(limbs, lanes, bits),
            fill,
            lambda states, clocks: jump(states, lanes, bits, clocks),
        )

    def rare_beats(self, state: int) -> list[int]:
        """Return the beats before the counts 2**k, the first to need number k, and before 0."""
        count = state % PERIOD
        return sorted((2**k - 1 - count) % PERIOD for k in range(INDEX_BITS + 1))

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the top bits of the direction numbers, by lane."""
        numbers = directions()[: point.group] >> np.uint32(32 - point.bits)
        return {"DIRECTIONS": Constant(tuple(map(tuple, numbers.tolist())), "uint32_t")}

    def facts(self) -> dict[str, str]:
        """Return what is known in words."""
        return super().facts() | {
            "state_bits": f"{INDEX_BITS} + bit_width a lane",
            "period": f"2^{INDEX_BITS}",
            "fresh_bits": "1",
            "serves": "all",
        }
