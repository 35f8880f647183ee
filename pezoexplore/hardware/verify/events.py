"""Functional coverage of a stream: required events, and those that occurred under a script.

The events are derived from the states that :func:`pezoexplore.hardware.verify.checker.check` tells
of, so what is counted was compared as well.
"""

from __future__ import annotations

from pezoexplore.hardware.verify.contract import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Contract,
    Phase,
)
from pezoexplore.streams.stream import Stream

_ALWAYS = (
    "eight beats in a row",
    "a beat stalled for two clocks",
    "start on an accepted beat",
    "start on a stalled beat",
    "replay on an accepted beat",
    "replay on a stalled beat",
    "replay over start",
    "replay with nothing kept",
    "reset in mid-stream",
    "reset over start and replay",
)

_WRAPPING = ("{}", "second {}", "{} after a stall", "replay back over the {}")

_RESEEDING = (
    "reseed over start and replay",
    "reseed with every word at once",
    "reseed with gaps between words",
    "replay within a later epoch",
    "replay with nothing kept since a reseed",
)

_MOST_BITS = 8  # not every wider word comes up among those compared


def stream_goals(stream: Stream) -> tuple[str, ...]:
    """Return the events that the regression of a stream should have."""
    point, strategy = stream.point, stream.strategy
    goals = list(_ALWAYS)
    if strategy.visits_wrap:
        goals += [text.format(strategy.wrap) for text in _WRAPPING]
    goals += _RESEEDING if point.reseeds else ()
    goals += ("smallest word", "largest word") if point.bits <= _MOST_BITS else ()
    goals += ("two exponents",) if strategy.coded_exponents else ()
    return tuple(goals)


class StreamEvents:
    """Collects the events of one trace, as the ``watch`` of :func:`.checker.check`.

    Attributes:
        hit: Events so far.
    """

    def __init__(self, stream: Stream) -> None:
        self.hit: set[str] = set()
        self._point, self._half, strategy = stream.point, stream.half, stream.strategy
        self._period = strategy.wrap_period if strategy.visits_wrap else None
        self._wrap = strategy.wrap
        self._words: set[int] = set()
        self._exponents: set[str] = set()
        self._row = self._stalled = 0
        self._started = self._loading = self._gaps = False

    def __call__(self, at: Contract, control: int, shown: str) -> None:
        """Observe one clock, before its rising edge."""
        if control & RST:
            self._reset(control)
        elif at.phase is not Phase.SHOWING:
            self._loading = at.epoch > 0
            self._gaps |= at.phase is Phase.LOADING and not control & LOAD
            if control & RESEED:  # accepted while a start stalls
                self._gaps = False
        else:
            self._beat(at, control, shown)

    def _reset(self, control: int) -> None:
        if self._row or self._stalled:
            self.hit.add("reset in mid-stream")
        if control & START and control & REPLAY:
            self.hit.add("reset over start and replay")
        self._row = self._stalled = 0
        self._started = False

    def _beat(self, at: Contract, control: int, shown: str) -> None:
        accepted = bool(control & READY)
        if self._loading:
            gaps = "gaps between words" if self._gaps else "every word at once"
            self.hit.add(f"reseed with {gaps}")
            self._loading = False
        if control & RESEED and self._point.reseeds:
            self._gaps = self._started = False
            if control & START and control & REPLAY:
                self.hit.add("reseed over start and replay")
        elif control & REPLAY:
            self._replay(at, control, accepted)
        else:
            if control & START and at.begins:
                self._started = True
                self.hit.add(f"start on {_beat_name(accepted)}")
            if accepted:
                self._step(at.beat + 1)
        self._flow(accepted, shown)

    def _flow(self, accepted: bool, shown: str) -> None:
        """Note rows of beats, stalls, and what was taken."""
        if not accepted:
            self._row, self._stalled = 0, self._stalled + 1
            if self._stalled == 2:
                self.hit.add("a beat stalled for two clocks")
            return
        self._row, self._stalled = self._row + 1, 0
        if self._row == 8:
            self.hit.add("eight beats in a row")
        self._exponents.add(shown[2:4])
        if self._point.bits <= _MOST_BITS:
            self._take(int(shown[5:], 16))

    def _take(self, beat: int) -> None:
        bits = self._point.bits
        for lane in range(self._point.lanes):
            self._words.add((beat >> (lane * bits)) & (2**bits - 1))

    def _replay(self, at: Contract, control: int, accepted: bool) -> None:
        self.hit.add(f"replay on {_beat_name(accepted)}")
        if control & START:
            self.hit.add("replay over start")
        epoch, beat = at.kept
        if not self._started:
            since = " since a reseed" if epoch > 0 else ""
            self.hit.add(f"replay with nothing kept{since}")
        if epoch > 0:
            self.hit.add("replay within a later epoch")
        if self._period and beat // self._period < at.beat // self._period:
            self.hit.add(f"replay back over the {self._wrap}")

    def _step(self, beat: int) -> None:
        """Note the beat that comes next."""
        if self._period is None or beat % self._period:
            return
        wrap = self._wrap
        self.hit.add(wrap)
        if beat >= 2 * self._period:
            self.hit.add(f"second {wrap}")
        if self._stalled:
            self.hit.add(f"{wrap} after a stall")

    def events(self) -> frozenset[str]:
        """Return everything that happened, words and exponents included."""
        sign = 1 << (self._point.bits - 1)
        smallest = 0 if self._half else 1
        found = {(word ^ sign) for word in self._words}
        extremes = {"smallest word": smallest, "largest word": 2 * sign - 1}
        self.hit |= {name for name, word in extremes.items() if word in found}
        if len(self._exponents) > 1:
            self.hit.add("two exponents")
        return frozenset(self.hit)


def _beat_name(accepted: bool) -> str:
    return "an accepted beat" if accepted else "a stalled beat"
