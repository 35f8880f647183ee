"""Comparison of a trace with the stream that a correct design outputs under a script.

In one pass over the trace, the control bits determine which beat of which epoch must be on the
outputs, the software stream its contents, and a :class:`StallChecker` how long there may be none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.verify.stimulus import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RESEEDS,
    RST,
    START,
    Script,
)
from pezoexplore.hardware.verify.trace import Expected, MismatchError, Trace
from pezoexplore.streams.stream import Stream

_LEAST, _MOST = 8, 2**16
"""Fewest clocks that are worth comparing at once, and the most that are."""


@dataclass
class StallChecker:
    """Checks that a stream stalls for exactly as long as its contract specifies.

    Attributes:
        active: True during a stall.
        in_recovery: True if a start caused it; reseed and replay are then still accepted.
        by_reseed: True if a reseed caused it.
        allowed: Length of the stall in cycles.
        idle_cycles: Cycles so far without a beat, excluding those that wait for the host.
        reseeds: Idle cycles of every reseed so far.
    """

    active: bool = False
    in_recovery: bool = False
    by_reseed: bool = False
    allowed: int = 0
    idle_cycles: int = 0
    reseeds: list[int] = field(default_factory=list)

    def begin(self, allowed: int, *, in_recovery: bool = False, by_reseed: bool = False) -> None:
        """Begin a stall of `allowed` cycles; of none, unless a reseed causes it, is no stall."""
        self.active = allowed > 0 or by_reseed
        self.in_recovery, self.by_reseed = in_recovery and self.active, by_reseed
        self.allowed, self.idle_cycles = allowed, 0

    def without_beat(self, waits_for_host: bool, where: str, shown: str) -> None:
        """Count a cycle whose `valid` is low; raise MismatchError if it must be high."""
        self.idle_cycles += not waits_for_host
        if not self.active or self.idle_cycles > self.allowed:
            raise MismatchError(f"{where}: out_valid is low ({shown!r})")

    def with_beat(self, where: str) -> None:
        """End a stall at a cycle whose `valid` is high; raise MismatchError if it is too early."""
        if not self.active:
            return
        if self.by_reseed:
            self.reseeds.append(self.idle_cycles)
        if self.idle_cycles != self.allowed:
            raise MismatchError(
                f"{where}: a beat after {self.idle_cycles} clocks, not {self.allowed}"
            )
        self.active = self.in_recovery = False


@dataclass
class Position:
    """The beat that a correct stream shows.

    Attributes:
        epoch: Epoch of the beat on the outputs.
        beat: That beat, since reset or reseed.
        kept: Epoch and beat that a replay returns to.
        loads: Reseeds so far.
        age: Beats since a start or replay.
        words: Accepted words.
        stall: The stalls.
    """

    epoch: int = 0
    beat: int = 0
    kept: tuple[int, int] = (0, 0)
    loads: int = 0
    age: int = 0
    words: int = 0
    stall: StallChecker = field(default_factory=StallChecker)


Watch = Callable[[Position, int, str], None]
"""Receives the position, the control bits of a clock, and its line of the trace."""


def check(
    stream: Stream, script: Script, text: bytes, watch: Watch | None = None
) -> dict[str, Any]:
    """Compare a whole trace with the software stream.

    Args:
        stream: The stream of a hardware point, master seed 0.
        script: The stimulus.
        text: The trace, one line per clock, as pezoexplore/hardware/verify/bench/stream_harness.v
            writes them.
        watch: Called for every clock once it has been compared.

    Returns:
        ``rtl_words_checked``: words of accepted beats compared; ``reseed_stall_beats``: clocks
        without a beat after a reseed, as seen.

    Raises:
        MismatchError: At the first clock where the two differ.
    """
    trace, controls = Trace(text), script.controls.tolist()
    if len(trace) != len(controls):
        raise MismatchError(f"the trace has {len(trace)} clocks, not {len(controls)}")
    checker = _Checker(stream)
    jumps = {d.cycle: d.beat for d in script.deposits}
    edges = _edges(stream, script)
    clock = slow = 0
    while clock < len(controls):
        if clock in jumps:
            checker.position.kept = (checker.position.epoch, jumps[clock])
        end = min(edges[bisect_right(edges, clock)], clock + _MOST)
        stalled = checker.position.stall.active
        if watch is None and not stalled and clock >= slow and end - clock >= _LEAST:
            if checker.compare(script.controls[clock:end], trace.block(clock, end)):
                clock = end
                continue
            slow = end
        shown = trace.line(clock)
        checker.observe(controls[clock], shown, clock)
        if watch is not None:
            watch(checker.position, controls[clock], shown)
        checker.advance(controls[clock], shown[1] == "1")
        clock += 1
    return checker.result()


def _edges(stream: Stream, script: Script) -> list[int]:
    """Return the clocks before which a run compared at once ends: a stalling pulse stands alone."""
    starts_stall = stream.strategy.start_stall(1) > 0
    stalling = RST | RESEED | (START if starts_stall else 0)
    stops = np.flatnonzero(script.controls & stalling)
    jumps = [deposit.cycle for deposit in script.deposits]
    edges = np.concatenate([stops, stops + 1, jumps, [len(script.controls)]])
    found: list[int] = np.unique(edges).astype(np.int64).tolist()
    return found


class _Checker:
    """Follows one trace.

    Attributes:
        position: Where a correct stream stands.
    """

    def __init__(self, stream: Stream) -> None:
        self.position = Position()
        self._strategy, self._reseeds = stream.strategy, stream.point.reseeds
        self._expected, self._lanes = Expected(stream), stream.lanes
        self._reset_stall = stream.strategy.reset_stall
        self._reseed_stall = stream.strategy.reseed_stall

    def result(self) -> dict[str, Any]:
        """Return what was compared; raise MismatchError if a reseed is missing."""
        stalls, stall = self.position.stall.reseeds, self._reseed_stall
        if self._reseeds and stalls != [stall] * RESEEDS:
            raise MismatchError(f"reseeds stalled for {stalls} clocks, not {stall} each")
        return {"rtl_words_checked": self.position.words, "reseed_stall_beats": stall}

    def compare(self, controls: NDArray[np.uint8], lines: NDArray[np.uint8] | None) -> bool:
        """Compare clocks without a stall at once and move behind them.

        Returns:
            False if they differ or cannot be compared this way: the position is then unchanged,
            and the clocks must be compared one by one.
        """
        at = self.position
        pulses = np.flatnonzero(controls & (START | REPLAY))
        if len(pulses) and controls[pulses[0]] & REPLAY and at.kept[0] != at.epoch:
            return False
        if lines is None or lines.shape[1] != self._expected.width + 2:
            return False
        if not (lines[:, 1] == ord("1")).all():
            return False
        beats, kept, age = _beats(at, controls, pulses.tolist())
        if not (lines[:, 2:] == self._expected.block(at.epoch, beats[:-1])).all():
            return False
        if (controls & (START | REPLAY) == START).any():
            at.kept = (at.epoch, kept)
        at.beat, at.age = int(beats[-1]), age
        at.words += self._lanes * int(np.count_nonzero(controls & READY))
        return True

    def observe(self, control: int, shown: str, clock: int) -> None:
        """Compare one clock: a beat is there when it must be, and it is the right one."""
        at, valid = self.position, shown[1] == "1"
        where = f"clock {clock}: epoch {at.epoch} beat {at.beat}"
        if control & RST:
            if valid:
                raise MismatchError(f"clock {clock}: out_valid is high during rst")
            return
        if not valid:
            at.stall.without_beat(shown[0] == "1" and not control & LOAD, where, shown)
            return
        at.stall.with_beat(where)
        wanted = self._expected.line(at.epoch, at.beat)
        if shown[2:] != wanted:
            raise MismatchError(f"{where}: RTL shows {shown[2:]}, the software stream {wanted}")
        if control & READY:
            at.words += self._lanes

    def advance(self, control: int, valid: bool) -> None:
        """Move behind the clock's rising edge; priority as the RTL contract says."""
        at, stall = self.position, self.position.stall
        if control & RST:
            at.epoch, at.beat, at.kept, at.age = 0, 0, (0, 0), 0
            stall.begin(self._reset_stall)
            return
        if stall.active and not stall.in_recovery:
            return
        here = (at.epoch, at.beat)
        accepted = int(valid and control & READY != 0)
        at.beat += accepted
        age, at.age = at.age, at.age + accepted
        if control & RESEED and self._reseeds:
            at.loads += 1
            at.epoch, at.beat, at.age = at.loads, 0, 0
            at.kept = (at.epoch, 0)  # an epoch's first beat is kept without a start
            stall.begin(self._reseed_stall, by_reseed=True)
        elif control & REPLAY:
            at.epoch, at.beat = at.kept
            at.age = 0
        elif control & START and not stall.active:
            at.kept, at.age = here, accepted
            stall.begin(self._strategy.start_stall(age), in_recovery=True)


def _beats(
    at: Position, controls: NDArray[np.uint8], pulses: list[int]
) -> tuple[NDArray[np.int64], int, int]:
    """Return the beat shown at each clock and behind the last; the kept beat and the age there."""
    # A replay returns to the kept beat, whatever is taken meanwhile.
    moves = controls & (READY | REPLAY) == READY
    passed = np.concatenate([[0], np.cumsum(moves)])
    kept, firsts, offsets = at.kept[1], [0], [at.beat]
    for pulse in pulses:
        if controls[pulse] & REPLAY:
            firsts.append(pulse + 1)
            offsets.append(kept - int(passed[pulse + 1]))
        else:
            kept = offsets[-1] + int(passed[pulse])
    beats = passed + np.repeat(offsets, np.diff([*firsts, len(passed)]))
    age = int(passed[-1] - passed[pulses[-1]]) if pulses else at.age + int(passed[-1])
    return beats, kept, age
