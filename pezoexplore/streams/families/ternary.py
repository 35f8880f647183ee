"""Ternary directions: z = -1, 0 or +1 with chances 1/4, 1/2 and 1/4, bit-true with rtl/ternary.v.

Random projections keep lengths with such numbers as with Gaussian ones (D. Achlioptas,
"Database-friendly random projections", J. Computer and System Sciences 66(4), 2003), and half of
the weights are left alone in a step. The two top bits of a 32-bit Galois lfsr, of two updates a
clock so that both are fresh: the upper one is the sign, the lower one says whether the word is
zero. Over a full period the mean is exactly zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

STATE_BITS = 32
BIT_WIDTH = 2
LEAP = 2
"""Updates of the lfsr a clock."""

SIGMA = math.sqrt(0.5)


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Words shown by states.

    Args:
        states: uint64 array of any shape; the low 32 bits are the state.
        bit_width: ``BIT_WIDTH``.

    Returns:
        int32 array of the same shape: -1, 0 or 1.
    """
    flat = np.ascontiguousarray(states, dtype=np.uint64).reshape(-1)
    out = np.empty(flat.size, dtype=np.int32)
    _compiled(flat, np.uint64(STATE_BITS - bit_width), out)
    return out.reshape(states.shape)


def _words(states: NDArray[np.uint64], drop: np.uint64, out: NDArray[np.int32]) -> None:
    for i in range(states.size):
        top = np.int32(states[i] >> drop)
        out[i] = (top & np.int32(1)) * (np.int32(1) - (top & np.int32(2)))


_compiled: Callable[..., None] = njit(cache=True)(_words)
