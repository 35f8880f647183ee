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
from numba import njit
from numpy.typing import NDArray

U64 = NDArray[np.uint64]


def begin(limbs: U64) -> U64:
    """States uint64 [n, 2] of random limbs [n, 2]: s1 s0 and s3 s2, never all zero."""
    states = limbs.copy()
    states[~states.any(axis=1), 0] = 1
    return states


@njit(cache=True, nogil=True)
def fill(states: U64, bits: int, out: NDArray[Any]) -> None:
    """Words of successive clocks; see stepped.Stepped."""
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
