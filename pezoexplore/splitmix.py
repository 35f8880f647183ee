"""The mixing function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Word = TypeVar("Word", int, NDArray[np.uint64])

GOLDEN = 0x9E3779B97F4A7C15
"""SplitMix64's increment: 2**64 divided by the golden ratio, made odd."""

MASK64 = (1 << 64) - 1


def mix64(word: Word) -> Word:
    """Return SplitMix64's finaliser of a word, modulo 2**64.

    Args:
        word: An int of any size, or a uint64 array of any shape.
    """
    mixed: Any = word & MASK64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & MASK64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & MASK64
    return mixed ^ (mixed >> 31)  # type: ignore[no-any-return]
