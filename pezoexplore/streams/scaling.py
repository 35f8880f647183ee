"""Adaptive scaling by a power of two a beat.

PeZO (arXiv 2504.20314) scales a beat of L uniform numbers so that its norm is that of a Gaussian
vector. Rounded to a power of two the scale is an exponent and the multiplier a shift:

    e = round(log2(E||g|| / ||v||)),  E||g|| = sqrt(2) Gamma((L + 1) / 2) / Gamma(L / 2),

with v the words of the beat (with their half) and g ~ N(0, I_L). In integers, with
S = sum of (2 w + half)**2 = (2 ||v||)**2, e >= k exactly when S <= 8 E||g||**2 / 4**k, so software
and hardware compare the same S with the same whole numbers.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXPONENT_BITS = 6
"""Bits of the signed exponent beside each beat."""

MIN_EXPONENT, MAX_EXPONENT = -24, 3


@lru_cache(maxsize=64)
def thresholds(lanes: int) -> tuple[int, ...]:
    """Return the largest S for exponents >= MIN_EXPONENT + 1, ..., MAX_EXPONENT, descending."""
    log_norm = 0.5 * math.log(2) + math.lgamma((lanes + 1) / 2) - math.lgamma(lanes / 2)
    eight_norm_squared = 8 * math.exp(2 * log_norm)
    return tuple(
        math.floor(eight_norm_squared * 4.0**-k) for k in range(MIN_EXPONENT + 1, MAX_EXPONENT + 1)
    )


def exponents(words: NDArray[Any], half: bool) -> NDArray[np.int8]:
    """Return the scale exponent of each beat.

    Args:
        words: Integers [beats, lanes].
        half: Whether the words have the half.

    Returns:
        int8 [beats], MIN_EXPONENT to MAX_EXPONENT.
    """
    doubled = 2 * words.astype(np.int64) + int(half)
    norm = np.einsum("bl,bl->b", doubled, doubled)
    if words.dtype.itemsize > 2:  # a sum too large for int64 is beyond every threshold
        rough = doubled.astype(np.float64)
        norm[np.einsum("bl,bl->b", rough, rough) > 2.0**62] = 2**62
    ascending = np.array(thresholds(words.shape[1])[::-1], dtype=np.int64)
    reached = len(ascending) - np.searchsorted(ascending, norm, side="left")
    found: NDArray[np.int8] = (MIN_EXPONENT + reached).astype(np.int8)
    return found
