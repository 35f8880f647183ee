"""Functional coverage of a stream: what has to happen to it, and what did under a script.

The events are read off the walk of :func:`pezoexplore.hardware.verify.script.check`, so what is
counted was compared as well.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl import reseeding
from pezoexplore.hardware.verify.script import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Walk,
    wrap_period,
)
from pezoexplore.streams.generator import generator

_WRAPS = {"pool": "wrap", "bank": "rotation", "phased": "hop", "none": "end of the period"}
"""What comes after every period, by reuse strategy."""

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
)

_MOST_BITS = 8  # not every wider word comes up among those compared


def stream_goals(point: DesignPoint) -> tuple[str, ...]:
    """Events that the regression of a point should have."""
    goals = list(_ALWAYS)
    if _wraps(point):
        goals += [text.format(_WRAPS[point.reuse]) for text in _WRAPPING]
    goals += _RESEEDING if point.reseeds else ()
    goals += ("smallest word", "largest word") if point.bits <= _MOST_BITS else ()
    coded = reseeding.exponent_range(point)
    goals += ("two exponents",) if coded is not None and coded.bits > 0 else ()
    return tuple(goals)


def _wraps(point: DesignPoint) -> bool:
    """Whether a script leads over the end of a period; not every generator can be led there."""
    return point.reuse == "pool" or generator(point).stepped is None


class StreamEvents:
    """Collects the events of one walk; handed to :func:`~pezoexplore.hardware.verify.script.check`.

    Attributes:
        hit: Events so far.
    """

    def __init__(self, point: DesignPoint) -> None:
        self.hit: set[str] = set()
        self._point = point
        self._period = wrap_period(point) if _wraps(point) else None
        self._words: set[int] = set()
        self._exponents: set[str] = set()
        self._row = self._stalled = 0
        self._started = self._loading = self._gaps = False

    def __call__(self, walk: Walk, control: int, shown: str) -> None:
        """One clock, before its rising edge."""
        if control & RST:
            self._reset(control)
        elif walk.busy:
            self._loading = walk.epoch > 0
            self._gaps |= shown[0] == "1" and not control & LOAD
            if control & RESEED:  # obeyed while a start is mended
                self._gaps = False
        else:
            self._beat(walk, control, shown)

    def _reset(self, control: int) -> None:
        if self._row or self._stalled:
            self.hit.add("reset in mid-stream")
        if control & START and control & REPLAY:
            self.hit.add("reset over start and replay")
        self._row = self._stalled = 0
        self._started = False

    def _beat(self, walk: Walk, control: int, shown: str) -> None:
        accepted = bool(control & READY)
        if self._loading:
            gaps = "gaps between words" if self._gaps else "every word at once"
            self.hit.add(f"reseed with {gaps}")
            self._loading = False
        if control & RESEED and self._point.reseeds:
            self._gaps = False
            if control & START and control & REPLAY:
                self.hit.add("reseed over start and replay")
        elif control & REPLAY:
            self._replay(walk, control, accepted)
        else:
            if control & START:
                self._started = True
                self.hit.add(f"start on {_beat_name(accepted)}")
            if accepted:
                self._step(walk.beat + 1)
        self._flow(accepted, shown)

    def _flow(self, accepted: bool, shown: str) -> None:
        """Rows of beats, stalls, and what was taken."""
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

    def _replay(self, walk: Walk, control: int, accepted: bool) -> None:
        self.hit.add(f"replay on {_beat_name(accepted)}")
        if control & START:
            self.hit.add("replay over start")
        if not self._started:
            self.hit.add("replay with nothing kept")
        epoch, beat = walk.kept
        if epoch != walk.epoch:
            return
        if epoch > 0:
            self.hit.add("replay within a later epoch")
        if self._period and beat // self._period < walk.beat // self._period:
            self.hit.add(f"replay back over the {_WRAPS[self._point.reuse]}")

    def _step(self, beat: int) -> None:
        """The beat that comes next."""
        if self._period is None or beat % self._period:
            return
        wrap = _WRAPS[self._point.reuse]
        self.hit.add(wrap)
        if beat >= 2 * self._period:
            self.hit.add(f"second {wrap}")
        if self._stalled:
            self.hit.add(f"{wrap} after a stall")

    def events(self) -> frozenset[str]:
        """Everything that happened, words and exponents included."""
        sign = 1 << (self._point.bits - 1)
        smallest = 0 if generator(self._point).half else 1
        found = {(word ^ sign) for word in self._words}
        extremes = {"smallest word": smallest, "largest word": 2 * sign - 1}
        self.hit |= {name for name, word in extremes.items() if word in found}
        if len(self._exponents) > 1:
            self.hit.add("two exponents")
        return frozenset(self.hit)


def _beat_name(accepted: bool) -> str:
    return "an accepted beat" if accepted else "a stalled beat"
