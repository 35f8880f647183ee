"""The xoshiro128++ generator, bit-true with rtl/xoshiro128pp.v.

Four 32-bit words s0 to s3 (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number
generators", ACM TOMS 47(4), 2021). Output, then next state:

    r = rotl(s0 + s3, 7) + s0
    t = s1 << 9;  s2 ^= s0;  s3 ^= s1;  s1 ^= s2;  s0 ^= s3;  s2 ^= t;  s3 = rotl(s3, 11)

The state is linear with period 2**128 - 1, the output is not. The first lane that a generator
serves takes the top bits of r, the next lane the bits below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Family, Point, Stepped
from pezoexplore.streams.generators.models import PYTHON_CUT, Model

U64 = NDArray[np.uint64]


def begin(limbs: U64) -> U64:
    """Return states uint64 [n, 2] from random limbs [n, 2]: s1 s0 and s3 s2, never all zero."""
    states = limbs.copy()
    states[~states.any(axis=1), 0] = 1
    return states


@compiled
def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Write words of successive clocks; see :class:`Stepped`."""
    mask = np.uint64(0xFFFFFFFF)
    half = 1 << (bits - 1)
    low = np.uint64((1 << bits) - 1)
    for n in range(states.shape[0]):
        s0, s1 = states[n, 0] & mask, states[n, 0] >> np.uint64(32)
        s2, s3 = states[n, 1] & mask, states[n, 1] >> np.uint64(32)
        for clock in range(out.shape[1]):
            total = (s0 + s3) & mask
            total = (total << np.uint64(7) | total >> np.uint64(25)) & mask
            total = (total + s0) & mask
            for lane in range(out.shape[2]):
                shift = np.uint64(32 - bits * (lane + 1))
                out[n, clock, lane] = np.int64(total >> shift & low) - half
            shifted = s1 << np.uint64(9) & mask
            s2 ^= s0
            s3 ^= s1
            s1 ^= s2
            s0 ^= s3
            s2 ^= shifted
            s3 = (s3 << np.uint64(11) | s3 >> np.uint64(21)) & mask
        states[n, 0] = s0 | s1 << np.uint64(32)
        states[n, 1] = s2 | s3 << np.uint64(32)


class Xoshiro128pp(Family):
    """xoshiro128++, whose 32 output bits serve several lanes."""

    what = "xoshiro128++: a linear state of four words, two adders and a rotation as output."
    source = "D. Blackman and S. Vigna, ACM TOMS 47(4), 2021."
    weaknesses = (
        "None known in the 32 output bits. Generators start at random states: those of 31 "
        "lanes of 8 bits overlap within 2^32 beats with a chance of about 2^-90."
    )
    state = 128
    output_bits = 32
    ports = ("BIT_WIDTH", "GROUP")
    rtl = ("xoshiro128pp.v",)
    colour = "#6A51A3"
    defect = ("xoshiro128pp.v", "[63:32]  = s1 ^ s2_mixed", "[63:32]  = s2_mixed")
    c = Model(
        state="""\
typedef struct { uint32_t s0, s1, s2, s3; } pezo_state;
""",
        clock="""\
    pezo_state s = *state;
    const uint32_t sum = s.s0 + s.s3, shifted = s.s1 << 9;
    const uint32_t bits = (sum << 7 | sum >> 25) + s.s0;
    for (int lane = 0; lane < PEZO_GROUP; lane++)
        word[lane] = (int32_t)(bits >> (32 - PEZO_BIT_WIDTH * (lane + 1))
                               & ((1u << PEZO_BIT_WIDTH) - 1)) - (1 << (PEZO_BIT_WIDTH - 1));
    s.s2 ^= s.s0;
    s.s3 ^= s.s1;
    s.s1 ^= s.s2;
    s.s0 ^= s.s3;
    s.s2 ^= shifted;
    s.s3 = s.s3 << 11 | s.s3 >> 21;
    *state = s;
""",
        first="""\
    const uint64_t low = pezo_hash(seed, epoch, drawn), high = pezo_hash(seed, epoch, drawn + 1);
    pezo_state s = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
    s.s0 |= (low | high) == 0;
    return s;
""",
        load="""\
        load[unit][0] = state.s0;
        load[unit][1] = state.s1;
        load[unit][2] = state.s2;
        load[unit][3] = state.s3;
""",
    )
    python = Model(
        functions=PYTHON_CUT,
        clock="""\
    s0, s1, s2, s3 = (s >> 32 * i & 0xFFFFFFFF for i in range(4))
    bits = s0 + s3 & 0xFFFFFFFF
    bits = (bits << 7 | bits >> 25) + s0 & 0xFFFFFFFF
    shifted = s1 << 9 & 0xFFFFFFFF
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 11 | s3 >> 21) & 0xFFFFFFFF
    return _cut(bits, 32), s0 | s1 << 32 | s2 << 64 | s3 << 96
""",
        first="""\
        states.append(drawn or 1)
""",
    )

    def stepped(self, point: Point) -> Stepped:
        """Return its start and its step."""
        return Stepped(2**128 - 1, 2, begin, fill)
