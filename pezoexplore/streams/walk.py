"""When streams repeat, and how many different step directions they can show.

Most streams are a *walk*: every word is a function of one position on a cycle of P states (the one
state of `phased`, the filler's state behind a pool's word), which advances by a fixed number of
states a beat and jumps after a fixed number of beats. A direction is then known from the position
at its start and, where a jump falls inside the step, from the beat of the jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = 2**14
"""Steps enumerated first."""


@dataclass(frozen=True)
class Walk:
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
        """Beats until the walk returns to its first position at the start of a turn."""
        by_turn = (self.jump + self.turn * self.advance) % self.period
        return self.turn * self.period // math.gcd(by_turn, self.period)

    @property
    def recurrence(self) -> int:
        """Beats after which positions recur, up to the next jump."""
        return self.period // math.gcd(self.advance, self.period)

    def endless(self, beats: int, limit: int, every: int = 1) -> int:
        """Count the distinct directions of `beats` beats each, without reseeding.

        Where positions recur within a turn, most directions share more than half of their numbers,
        place by place, with one that starts below the first recurrence, whatever turns end inside
        of them: their cosine is above one half, and they count once. In steps longer than a turn
        two such directions differ at the end of each turn, for as many beats as the recurrence, so
        there it must be at most half of the turn.

        Args:
            beats: Beats a step.
            limit: Any number from this on may be returned where there are more.
            every: Steps from one direction to the next.
        """
        if not self.jump:
            return self.period // math.gcd(every * beats * self.advance, self.period)
        steps = self.cycle // math.gcd(every * beats, self.cycle)
        most = self.turn if beats < self.turn else self.turn // 2
        if steps == self.turn and self.recurrence <= most:
            return self.recurrence
        if beats > self.turn:  # a jump falls into every step: no two are alike
            return steps
        enumerated = _STEPS
        while (found := self._distinct(beats, min(enumerated, steps), every)) < limit:
            if enumerated >= steps:
                break
            enumerated *= 4
        return found

    def _distinct(self, beats: int, steps: int, every: int) -> int:
        """Count distinct directions among the first steps, at most those of one cycle."""
        start = np.arange(steps, dtype=np.int64) * beats * every
        turns, at = np.divmod(start, self.turn)
        inside = at + beats > self.turn  # the beat of the jump and the position identify these
        position = (start % self.period * self.advance + turns * self.jump) % self.period
        return int(inside.sum()) + np.unique(position[~inside]).size

    def reseeded(self, beats: int, steps: int, every: int = 1) -> int:
        """Count distinct directions when every `steps` steps the walk restarts anywhere.

        Where a direction is every n-th step, those of all epochs begin at the multiples of
        gcd(n, steps).
        """
        if not self.jump:
            return self.period
        hop = math.gcd(every, steps)
        at = _starts(hop * beats, steps // hop, self.turn)
        inside = at + beats > self.turn
        return self.period * (int(not inside.all()) + np.unique(at[inside]).size)


@dataclass(frozen=True)
class Repetition:
    """When a stream that is never reseeded repeats; all None if it never does.

    Attributes:
        turn: Beats after which the rows of words start again, rotated or hopped.
        cycle: Beats after which the stream repeats.
        numbers: Different numbers of a beat's lanes over one turn; None where none recurs.
        walk: The walk that the stream is; None where lanes or epochs are independent.
    """

    turn: int | None = None
    cycle: int | None = None
    numbers: int | None = None
    walk: Walk | None = None


def _starts(beats: int, steps: int, cycle: int) -> NDArray[np.int64]:
    """Return the distinct first beats of an epoch's steps modulo a cycle, at most ``_STEPS``."""
    count = min(steps, cycle // math.gcd(beats, cycle), _STEPS)
    return np.arange(count, dtype=np.int64) * beats % cycle
