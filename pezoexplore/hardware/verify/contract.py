"""The stream contract clock by clock: what a correct stream shows after any control inputs.

Written from the headers of the stream modules. It decides the stimulus, the expected trace and what
control coverage has been reached; nothing of it comes from the design under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.stream import Stream

RST, START, REPLAY, RESEED, READY, LOAD = (1 << i for i in range(6))

EPOCHS = 8
"""Epochs that successive reseeds load in turn, from 1."""


class Phase(IntEnum):
    """What a stream does in a clock.

    ``LOADING``: it waits for words of the host. ``FILLING``: it makes rows or states of them.
    ``RECOVERING``: a `start` has not stored all yet. ``SHOWING``: a beat is there, unless rst is.
    """

    UNKNOWN = 0
    SHOWING = 1
    LOADING = 2
    FILLING = 3
    RECOVERING = 4


@dataclass(frozen=True)
class Plan:
    """What a correct stream shows under a script; arrays by clock.

    Attributes:
        phases: :class:`Phase` of the clock, before its rising edge.
        epochs: Epoch of the beat shown.
        beats: Its number since reset or reseed.
        words: Epoch and number of each word of the host, in the order in which they are accepted.
        reseeds: Loads that a reseed began and that came to their end.
    """

    phases: NDArray[np.uint8]
    epochs: NDArray[np.int64]
    beats: NDArray[np.int64]
    words: tuple[tuple[int, int], ...]
    reseeds: int


class Contract:
    """State of a correct stream; :meth:`step` is one clock.

    Attributes:
        phase: What it does in this clock.
        left: Words or clocks until the phase ends; 0 while beats are shown.
        total: What `left` was when the phase began.
        epoch: Epoch of the beat.
        beat: Number of the beat since reset or reseed.
        kept: Epoch and beat that a replay returns to.
        fresh: Whether this is the first clock of an epoch's first beat.
        lanes: Words of a beat.
        reset_load: Words of the host and clocks of the fill that follow rst.
        reseed_load: Those that follow a reseed.
    """

    def __init__(self, stream: Stream) -> None:
        strategy = stream.strategy
        self._strategy = strategy
        self._reseeds = stream.point.reseeds
        words = len(strategy.load_words(0)) if strategy.loads_after_reset else 0
        self.reset_load = (words, strategy.reset_stall - words)
        words = len(strategy.load_words(1)) if self._reseeds else 0
        self.reseed_load = (words, strategy.reseed_stall - words)
        self.lanes, self._step = stream.lanes, strategy.step_beats
        self.phase, self.left, self.total = Phase.UNKNOWN, 0, 0
        self.epoch = self.beat = 0
        self.kept = (0, 0)
        self.fresh = False
        self._fill = self._age = self._loads = self._done = 0
        self._by_reseed = False
        self._phases: list[int] = []
        self._epochs: list[int] = []
        self._beats: list[int] = []
        self._words: list[tuple[int, int]] = []

    def plan(self) -> Plan:
        """Return what was shown so far."""
        return Plan(
            np.array(self._phases, np.uint8),
            np.array(self._epochs, np.int64),
            np.array(self._beats, np.int64),
            tuple(self._words),
            self._done,
        )

    @property
    def begins(self) -> bool:
        """Whether the beat is one at which a `start` is obeyed."""
        return self.beat % self._step == 0

    def keep(self, beat: int) -> None:
        """Note that the kept state was set to a beat of this epoch."""
        self.kept = (self.epoch, beat)

    def step(self, control: int) -> None:
        """Go through one clock with these control bits; rst > reseed > replay > start."""
        self._phases.append(self.phase)
        self._epochs.append(self.epoch)
        self._beats.append(self.beat)
        self.fresh = False
        if control & RST:
            self.epoch = self.beat = self._age = 0
            self.kept = (0, 0)
            self._load(*self.reset_load, by_reseed=False)
        elif self.phase is Phase.LOADING:
            if control & LOAD:
                self._words.append((self.epoch, self.total - self.left))
                self._count()
        elif self.phase is Phase.FILLING:
            accepts = self.left <= self._strategy.fill_clocks_with_reseed
            self._count()
            if accepts and control & RESEED and self._reseeds:
                self._reseed()
        else:
            self._pulse(control)

    def _pulse(self, control: int) -> None:
        """Go through a clock in which pulses are obeyed."""
        shows = self.phase is Phase.SHOWING
        here, begins = (self.epoch, self.beat), self.begins
        accepted = int(shows and control & READY != 0)
        self.beat += accepted
        age, self._age = self._age, self._age + accepted
        if not shows:
            self._count()
        if control & RESEED and self._reseeds:
            self._reseed()
        elif control & REPLAY:
            self.epoch, self.beat = self.kept
            self._age = 0
        elif control & START and shows and begins:
            self.kept, self._age = here, accepted
            self._enter(Phase.RECOVERING, self._strategy.start_stall(age))

    def _reseed(self) -> None:
        self._loads += 1
        self.epoch, self.beat, self._age = 1 + (self._loads - 1) % EPOCHS, 0, 0
        self.kept = (self.epoch, 0)
        self._load(*self.reseed_load, by_reseed=True)

    def _load(self, words: int, fill: int, *, by_reseed: bool) -> None:
        self._by_reseed, self._fill = by_reseed, fill
        if words:
            self._enter(Phase.LOADING, words)
        else:
            self._enter(Phase.FILLING, fill)

    def _enter(self, phase: Phase, length: int) -> None:
        self.phase = phase if length else Phase.SHOWING
        self.left = self.total = length

    def _count(self) -> None:
        """Count down, and go on to what comes next."""
        self.left -= 1
        if self.left:
            return
        if self.phase is Phase.LOADING and self._fill:
            self._enter(Phase.FILLING, self._fill)
            return
        if self.phase is not Phase.RECOVERING:
            self._done += self._by_reseed
            self.fresh = True
        self._enter(Phase.SHOWING, 0)
