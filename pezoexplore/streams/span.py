"""Effective span: how many dimensions all updates ever made can reach, by counting.

Updates lie in the span of the step directions, so they reach at most as many dimensions as there
are distinct directions, and at most as many as there are distinct weights: two weights that read
the same number in every step move together.

Most streams are a *walk*: every word is a function of one position on a cycle of P states (the one
state of `phased`, the filler's state behind a pool's word), which moves on by `advance` a beat and
jumps after every `turn` beats. A direction is then known from the position at its start and, where
a jump falls inside the step, from the beat of the jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.generator import generator

_STEPS = 2**14
"""Steps looked at first."""


@dataclass(frozen=True)
class _Walk:
    """A position on a cycle; see the module's docstring.

    Attributes:
        period: States P of the cycle.
        advance: States moved on a beat.
        turn: Beats from one jump to the next.
        jump: States by which a jump leaves the even walk; 0 for none.
    """

    period: int
    advance: int
    turn: int
    jump: int

    @property
    def cycle(self) -> int:
        """Beats until the walk comes back to its first position at the start of a turn."""
        by_turn = (self.jump + self.turn * self.advance) % self.period
        return self.turn * self.period // math.gcd(by_turn, self.period)

    def endless(self, beats: int, limit: int) -> int:
        """Distinct directions of `beats` beats each from one start on, or `limit` if fewer."""
        if not self.jump:
            return self.period // math.gcd(beats * self.advance, self.period)
        steps = self.cycle // math.gcd(beats, self.cycle)
        if beats > self.turn:  # a jump falls into every step: no two are alike
            return steps
        looked = _STEPS
        while (found := self._distinct(beats, min(looked, steps))) < limit and looked < steps:
            looked *= 4
        return found

    def _distinct(self, beats: int, steps: int) -> int:
        """Distinct directions among the first steps, at most those of one cycle."""
        start = np.arange(steps, dtype=np.int64) * beats
        turns, at = np.divmod(start, self.turn)
        inside = at + beats > self.turn  # the beat of the jump and the position tell these apart
        position = (start % self.period * self.advance + turns * self.jump) % self.period
        return int(inside.sum()) + np.unique(position[~inside]).size

    def reseeded(self, beats: int, steps: int) -> int:
        """Distinct directions when every `steps` steps the walk starts anew, anywhere."""
        if not self.jump:
            return self.period
        at = _starts(beats, steps, self.turn)
        inside = at + beats > self.turn
        return self.period * (int(not inside.all()) + np.unique(at[inside]).size)


def effective_span(point: DesignPoint, parameters: int, most: int | None = None) -> int:
    """Dimensions that all updates ever made can reach, at most; met by nearly every stream.

    Distinct directions of B = ceil(d / L) beats, without reseeding:

    - generators a lane, no rotation: P / gcd(B, P); bank: L P / gcd(B, L P);
    - pool: R / gcd(B, R), fewer only where the filler's period is shorter than the pool;
    - phased: distinct pairs of start position and beat of the hop, counted.

    With a finite reuse period every epoch starts anywhere on the cycle: streams that are functions
    of one position have P directions a place of the jump, the others any number. In either case
    no more than d, nor, where a step is longer than the pool or the period, than the R L or P L
    numbers that it repeats.

    Args:
        point: The design.
        parameters: Weights d.
        most: Count no further than this, which for millions of weights saves time and memory.
    """
    beats = -(-parameters // point.lanes)
    limit = parameters if most is None else min(parameters, most)
    if point.reuse == "pool":
        distinct_weights = point.rows * point.lanes
    elif point.reuse in ("none", "bank") and point.in_hardware:
        distinct_weights = generator(point).period * point.lanes
    else:
        distinct_weights = parameters
    return min(limit, distinct_weights, _directions(point, beats, limit))


def step_cycle(point: DesignPoint, parameters: int) -> int | None:
    """Steps after which a never reseeded stream serves the same directions again; None: never."""
    if point.reseeds or not (point.in_hardware or point.reuse == "pool"):
        return None
    cycle = stream_period(point)
    assert cycle is not None
    return cycle // math.gcd(-(-parameters // point.lanes), cycle)


def stream_period(point: DesignPoint) -> int | None:
    """Beats after which a never reseeded stream repeats; None where it never does."""
    if point.reseeds:
        return None
    if point.reuse == "pool":
        return point.rows
    if not point.in_hardware:
        return None
    if point.reuse == "phased":
        return _phased_walk(point).cycle
    return generator(point).period * (point.lanes if point.reuse == "bank" else 1)


def _directions(point: DesignPoint, beats: int, limit: int) -> int:
    """Distinct directions, or any number from `limit` on where there are more."""
    walk = _walk(point)
    if walk is not None:
        return (
            walk.reseeded(beats, int(point.reuse_period))
            if point.reseeds
            else walk.endless(beats, limit)
        )
    if not point.reseeds:
        cycle = step_cycle(point, beats * point.lanes)
        return limit if cycle is None else cycle
    return limit


def _walk(point: DesignPoint) -> _Walk | None:
    """The walk that a stream is; None where lanes or epochs are independent of each other."""
    if not point.in_hardware:
        return None
    period, lanes = generator(point).period, point.lanes
    if generator(point).stepped is not None:
        return None  # no run comes round
    if point.reuse == "pool":
        return _Walk(period, lanes % period, point.rows, -point.rows * lanes % period)
    if point.reuse == "phased":
        return _phased_walk(point)
    return _Walk(period, 1, period, 0) if lanes == 1 else None


def _phased_walk(point: DesignPoint) -> _Walk:
    """The one state of a phased stream, hops as in reuse.Phased."""
    period = generator(point).period
    hop = period // point.lanes if point.taps == "shifted" else period - 1
    return _Walk(period, 1, period, hop % period)


def _starts(beats: int, steps: int, cycle: int) -> NDArray[np.int64]:
    """First beats of the steps of an epoch, modulo a cycle; as many as differ, at most _STEPS."""
    count = min(steps, cycle // math.gcd(beats, cycle), _STEPS)
    return np.arange(count, dtype=np.int64) * beats % cycle
