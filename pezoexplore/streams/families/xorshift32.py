"""Marsaglia's 32-bit xorshift generator.

    x ^= x << 13;  x ^= x >> 17;  x ^= x << 5

G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. Period 2**32 - 1.
"""

from __future__ import annotations

from functools import lru_cache

from pezoexplore.streams.linear import Columns

_MASK = 2**32 - 1


def update(x: int) -> int:
    """The next state of one state."""
    x ^= (x << 13) & _MASK
    x ^= x >> 17
    return x ^ ((x << 5) & _MASK)


@lru_cache(maxsize=1)
def step_columns() -> Columns:
    """The map of one clock, on 32 bits."""
    return tuple(update(1 << i) for i in range(32))
