"""Generators that step but do not jump: states of several 64-bit limbs, drawn at random.

A state too wide for a phase on one cycle, or stepped by a non-linear map, starts at random limbs
(``seeding.drawn_limbs``) and is reached beat by beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.families import lut_sr, sobol, trivium, xoshiro128pp

U64 = NDArray[np.uint64]
Words = NDArray[Any]

_SKIPPED = 4096  # beats stepped over at a time


@dataclass(frozen=True)
class Stepped:
    """One generator that steps.

    Attributes:
        state_bits: Bits of its state.
        period: Clocks until the state returns, or a number of them that no run reaches.
        drawn: Random limbs that a state is made of.
        begin: Legal states uint64 [n, limbs] from random limbs [n, drawn].
        fill: Words of successive clocks into an integer array [n, clocks, lanes served], stepping
            the states in place.
        jump: Steps states in place by any number of clocks at once; None if it only steps.
    """

    state_bits: int
    period: int
    drawn: int
    begin: Callable[[U64], U64]
    fill: Callable[[U64, int, Words], None]
    jump: Callable[[U64, int], None] | None = None


_FAMILIES: dict[str, Callable[[DesignPoint], Stepped]] = {
    "xoshiro128pp": lambda point: Stepped(
        128, 2**128 - 1, 2, xoshiro128pp.begin, xoshiro128pp.fill
    ),
    "trivium": lambda point: Stepped(
        288, trivium.PERIOD, trivium.DRAWN, trivium.begin, trivium.fill
    ),
    "lut_sr": lambda point: Stepped(lut_sr.STATE_BITS, lut_sr.PERIOD, 1, lut_sr.begin, lut_sr.fill),
    "sobol": lambda point: Stepped(
        sobol.state_bits(point.group, point.bits),
        sobol.PERIOD,
        sobol.drawn(point.group),
        lambda limbs: sobol.begin(limbs, point.group, point.bits),
        sobol.fill,
        lambda states, clocks: sobol.jump(states, point.group, point.bits, clocks),
    ),
}

STEPPED = frozenset(_FAMILIES)
"""Generators of this kind."""


def stepped(point: DesignPoint) -> Stepped:
    """The generator of a point whose ``rng`` is one of ``STEPPED``."""
    return _FAMILIES[point.rng](point)


def whole(state: U64) -> int:
    """A state of limbs [K], lowest first, as one whole number."""
    return sum(int(limb) << (64 * i) for i, limb in enumerate(state))


def skip(made: Stepped, states: U64, bits: int, served: int, clocks: int) -> None:
    """Step states [n, limbs] in place, their words not looked at."""
    if made.jump is not None:
        made.jump(states, clocks)
        return
    scratch = np.empty((len(states), min(clocks, _SKIPPED), served), dtype=np.int32)
    while clocks:
        made.fill(states, bits, scratch[:, :clocks])
        clocks -= min(clocks, _SKIPPED)
