"""Test vectors of a bundle: beats of the software stream, and the pulses before them."""

from __future__ import annotations

import random

import numpy as np

from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.scaling import EXPONENT_BITS
from pezoexplore.streams.stream import Stream

STEPS = 12
"""Steps of each epoch."""

_MOST_BEATS = 40  # of a step
_LONGEST_WRAP = 600
_CHUNK = 1024


class _Writer:
    """Position of the stream, and the lines written so far."""

    def __init__(self, stream: Stream) -> None:
        self.point = stream.point
        self.lines: list[str] = []
        self._stream, self._strategy = stream, stream.strategy
        self._random = random.Random(20250424)
        self._made: dict[tuple[int, int], list[str]] = {}
        self._place = self._kept = (0, 0)

    def reset(self) -> None:
        """Write a reset and the words that the host loads after it."""
        self.lines.append("reset")
        self._place = self._kept = (0, 0)
        if self._strategy.loads_after_reset:
            self._load(0)

    def reseed(self, epoch: int) -> None:
        """Begin an epoch."""
        self.lines.append(f"reseed {epoch}")
        self._place = self._kept = (epoch, 0)
        self._load(epoch)

    def step(self) -> None:
        """Write a step and one or two replays, with the pulses in a beat or between two."""
        while self._place[1] % self._strategy.step_beats:
            self._beat("")
        count = self._random.randrange(1, _MOST_BEATS)
        self._pulse("start", count)
        if self._place[1] % self._strategy.step_beats:
            self.lines.append("start")  # within a step nothing is kept
        for _ in range(self._random.randrange(1, 3)):
            self._pulse("replay", self._random.randrange(1, count + 8))

    def replay(self) -> None:
        """Write some beats, a replay, and some more."""
        self.beats(5)
        self._pulse("replay", 8)

    def beats(self, count: int) -> None:
        """Write beats."""
        for _ in range(count):
            self._beat("")

    def _pulse(self, name: str, beats: int) -> None:
        with_beat = self._random.random() < 0.5
        if name == "start":
            self._kept = self._place
        if with_beat:
            self._beat(f"{name}+")
        else:
            self.lines.append(name)
        if name == "replay":
            self._place = self._kept
        self.beats(beats)

    def _beat(self, pulse: str) -> None:
        epoch, beat = self._place
        self.lines.append(f"{pulse}beat {self._shown(epoch, beat)}")
        self._place = (epoch, beat + 1)

    def _load(self, epoch: int) -> None:
        digits = -(-self.point.load_bits // 4)
        words = self._strategy.load_words(epoch)
        self.lines += [f"load {word:0{digits}x}" for word in words]

    def _shown(self, epoch: int, beat: int) -> str:
        """Format a beat in hexadecimal, with its exponent if it has one."""
        key = (epoch, beat // _CHUNK)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key][beat % _CHUNK]

    def _make(self, epoch: int, chunk: int) -> list[str]:
        point = self.point
        digits = -(-point.lanes * point.bits // 4)
        words = self._stream.beats(epoch, chunk * _CHUNK, _CHUNK)
        shown = [f"{row:0{digits}x}" for row in pack_rows(words, point.bits)]
        exponents = self._stream.exponents(epoch, chunk * _CHUNK, _CHUNK)
        if exponents is None:
            return shown
        coded = exponents.astype(np.int64) % 2**EXPONENT_BITS
        return [f"{data} {exponent:02x}" for data, exponent in zip(shown, coded, strict=True)]


def stream_vectors(stream: Stream) -> str:
    """Return the vectors of a hardware point's stream as text.

    Steps, replays and, for a finite reuse period, reseeds; beyond the first wrap (of a pool, or of
    the period of a bank or a phased stream) unless that is too far.
    """
    point, strategy, writer = stream.point, stream.strategy, _Writer(stream)
    writer.reset()
    writer.step()
    wrap = strategy.wrap_period
    if wrap <= _LONGEST_WRAP:
        writer.beats(wrap + 8)
    steps = STEPS if strategy.step_beats < _LONGEST_WRAP else 2
    for _ in range(steps):
        writer.step()
    for epoch in (1, 2) if point.reseeds else ():
        writer.reseed(epoch)
        writer.replay()  # with no start before it: the first beat of the epoch is kept
        for _ in range(steps // 2):
            writer.step()
    writer.reset()
    writer.step()
    busy = max(strategy.reseed_stall, strategy.reset_stall) + 8
    return "\n".join([*_head(strategy.seed), f"busy {busy}", *writer.lines, ""])


_HEAD = (
    "# busy N         the most clocks without a beat, loads not counted",
    "# reset          rst is high for some clocks",
    "# beat D [E]     the beat shown is D, lane 0 lowest, of scale exponent E; it is accepted",
    "# start+beat D   the same, with start in the clock that accepts it; replay+beat likewise",
    "# start, replay  the pulse for one clock, nothing accepted",
    "# reseed N       the pulse; the words to load follow, and the beats of epoch N",
    "# load W         a word over load_valid, load_ready",
)


def _head(seed: int) -> tuple[str, ...]:
    return (
        "# What the stream shows, a line an event; numbers are hexadecimal but those of `busy` and",
        f"# `reseed`. Made from the software stream, master seed {seed}.",
        *_HEAD,
    )
