"""A generator of one's own: Marsaglia's 64-bit xorshift, bit-true with own_generator.v.

    x ^= x << 13;  x ^= x >> 7;  x ^= x << 17

G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. Period 2**64 - 1. The
first lane that a generator serves takes the top bits of the state, the next the bits below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators import Family, Model, Point, Stepped, compiled


def begin(limbs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return states uint64 [n, 1] of random limbs [n, 1]: never zero."""
    return np.maximum(limbs, np.uint64(1))


@compiled
def fill(states: NDArray[np.uint64], bits: int, out: NDArray[Any]) -> None:
    """Write the words of successive clocks into out [n, clocks, lanes]; step the states."""
    half = 1 << (bits - 1)
    low = np.uint64((1 << bits) - 1)
    for n in range(states.shape[0]):
        x = states[n, 0]
        for clock in range(out.shape[1]):
            for lane in range(out.shape[2]):
                shift = np.uint64(64 - bits * (lane + 1))
                out[n, clock, lane] = np.int64(x >> shift & low) - half
            x ^= x << np.uint64(13)
            x ^= x >> np.uint64(7)
            x ^= x << np.uint64(17)
        states[n, 0] = x


class Xorshift64(Family):
    """The state's bits, side by side, as words of several lanes."""

    what = "Marsaglia's xorshift (13, 7, 17) on 64 bits, whose state serves several lanes."
    source = "G. Marsaglia, Xorshift RNGs, J. Statistical Software 8(14), 2003."
    weaknesses = "Linear, so it fails rank and linear-complexity tests."
    state = 64
    output_bits = 64
    ports = ("BIT_WIDTH", "GROUP")
    rtl = ("own_generator.v",)
    colour = "#0B6E4F"
    defect = ("own_generator.v", "{state[50:0], 13'b0}", "{state[50:0], state[63:51]}")

    def stepped(self, point: Point) -> Stepped:
        """Return the period, how many random limbs a state takes, its start and its step."""
        return Stepped(2**64 - 1, 1, begin, fill)

    c = Model(
        state="typedef uint64_t pezo_state;\n",
        clock="""\
    for (int lane = 0; lane < PEZO_GROUP; lane++)
        word[lane] = (int32_t)(*state >> (64 - PEZO_BIT_WIDTH * (lane + 1))
                               & ((1u << PEZO_BIT_WIDTH) - 1)) - (1 << (PEZO_BIT_WIDTH - 1));
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
""",
        first="""\
    const uint64_t x = pezo_hash(seed, epoch, drawn);
    return x ? x : 1;
""",
        load="""\
        load[unit][0] = (uint32_t)state;
        load[unit][1] = (uint32_t)(state >> 32);
""",
    )
    python = Model(
        clock="""\
    shifts = [64 - BIT_WIDTH * (lane + 1) for lane in range(GROUP)]
    words = [(s >> shift & 2 * _HALF_RANGE - 1) - _HALF_RANGE for shift in shifts]
    s ^= s << 13 & _MASK64
    s ^= s >> 7
    return words, s ^ s << 17 & _MASK64
""",
        first="        states.append(drawn or 1)\n",
    )
