"""Fresh bits a clock: what a generator's cost has to be compared by.

A register that shifts by one bit a clock makes one fresh bit, however many of its bits are read.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.stream import beats_per_step


def fresh_bits_per_clock(point: DesignPoint, parameters: int) -> float:
    """Bits a clock, on average, that no earlier word of the stream told; at most.

    A generator's state moves by `leap` bits a clock (LFSR) or as a whole (the others), of which no
    more than `bit_width` can show in its word. `phased` has one state for all lanes. A pool makes
    fresh words only while it is filled, once every `reuse_period` steps; one never refilled makes
    none. Sobol numbers are functions of one count, which moves by one. What a reseed brings in is
    not counted: it comes from the host.

    Args:
        point: The design; it has hardware.
        parameters: Weights d, which say how many beats a step has.
    """
    moved = point.leap if point.rng == "lfsr" and point.leap is not None else point.bits
    if point.rng == "sobol" and point.reuse == "none":
        return 1.0
    if point.reuse == "phased":
        return float(min(moved, point.lanes * point.bits))
    a_word = min(moved, point.bits)
    if point.reuse == "pool":
        if not point.reseeds:
            return 0.0
        clocks = point.reuse_period * beats_per_step(parameters, point.lanes)
        return a_word * point.rows * point.lanes / clocks
    return float(a_word * point.lanes)
