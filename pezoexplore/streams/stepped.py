"""Generators that step but do not jump: states of several 64-bit limbs, drawn at random.

A state too wide for a phase on one cycle, or stepped by a non-linear map, starts at random limbs
(``seeding.drawn_limbs``) and is reached beat by beat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.family import Stepped

U64 = NDArray[np.uint64]

_SKIPPED = 4096  # beats stepped over at a time


def whole(state: U64) -> int:
    """Return a state of limbs [K], lowest first, as one whole number."""
    return sum(int(limb) << (64 * i) for i, limb in enumerate(state))


def skip(made: Stepped, states: U64, bits: int, served: int, clocks: int) -> None:
    """Step states [n, limbs] in place without keeping their words."""
    if made.jump is not None:
        made.jump(states, clocks)
        return
    scratch = np.empty((len(states), min(clocks, _SKIPPED), served), dtype=np.int32)
    while clocks:
        made.fill(states, bits, scratch[:, :clocks])
        clocks -= min(clocks, _SKIPPED)
