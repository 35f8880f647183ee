"""Scripts of a stream, and a writer that gives every control input to every state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.verify.contract import (
    LOAD,
    READY,
    REPLAY,
    RESEED,
    RST,
    START,
    Contract,
    Phase,
    Plan,
)
from pezoexplore.hardware.verify.crosses import (
    BEAT,
    FIRST_BEAT,
    FRESH_BEAT,
    LAST_BEAT,
    LAST_RESET,
    ONE_RESET,
    PULSES,
    Cross,
    Crosses,
    state_of,
)
from pezoexplore.streams.stream import Stream

_PASSES = 2000
"""Most tries of reaching a cross; the largest design takes a tenth."""

PULSE_CLOCKS = 1500
"""Clocks in which pulses come at any time."""


@dataclass(frozen=True)
class Deposit:
    """Registers set before a clock, so that a replay jumps to a beat near a wrap.

    Attributes:
        cycle: Clock before which they are set.
        registers: Values by path below the stream's instance.
        beat: The beat they stand for, of the epoch in force.
    """

    cycle: int
    registers: dict[str, int]
    beat: int


@dataclass(frozen=True)
class Script:
    """A point's stimulus, and what a correct stream shows.

    Attributes:
        controls: Control bits by clock, uint8.
        deposits: Registers to set on the way.
        plan: What is shown.
        missing: Crosses of control coverage that were not reached.
    """

    controls: NDArray[np.uint8]
    deposits: tuple[Deposit, ...]
    plan: Plan
    missing: tuple[Cross, ...] = ()

    @classmethod
    def of(cls, stream: Stream, controls: Iterable[int]) -> Script:
        """Return the script of given control bits."""
        contract, bits = Contract(stream), list(controls)
        for control in bits:
            contract.step(control)
        return cls(np.array(bits, np.uint8), (), contract.plan())


class Writer:
    """Writes a script, following the contract.

    Attributes:
        rng: Source of all that is drawn.
        contract: The stream after what was written.
        crosses: Control coverage of what :meth:`clock` wrote.
    """

    def __init__(self, stream: Stream) -> None:
        self.rng = np.random.default_rng(20250420)
        self.contract, self.crosses = Contract(stream), Crosses(stream)
        self._stream, self._strategy = stream, stream.strategy
        self._controls: list[int] = []
        self._deposits: list[Deposit] = []
        self._draws: list[float] = []
        self._ignored = False  # a pulse was in this stall, or ended the one before

    def script(self) -> Script:
        """Return what was written."""
        controls = np.array(self._controls, np.uint8)
        missing = tuple(self.crosses.missing())
        return Script(controls, tuple(self._deposits), self.contract.plan(), missing)

    def play(self, controls: Iterable[int]) -> None:
        """Write control bits as they are."""
        for control in controls:
            self._controls.append(int(control))
            self.contract.step(int(control))

    def deposit(self, beat: int) -> None:
        """Set the kept registers to a beat of epoch 0, which the stream must be in."""
        registers = self._strategy.kept_registers(beat)
        self._deposits.append(Deposit(len(self._controls), registers, beat))
        self.contract.keep(beat)

    def reset(self) -> None:
        """Hold rst for three clocks, every pulse raised, which it must override; then the fill."""
        self.play([RST, RST | START | REPLAY | RESEED | READY, RST])
        self.play([READY | LOAD] * self._strategy.reset_stall)

    def clock(self, control: int) -> None:
        """Write a clock and note what it covers."""
        held = self._controls[-1] & control & RST  # then rst interrupts no beat
        if not held or self.contract.phase is not Phase.SHOWING:
            self.crosses.note(self._state, control)
        self.play([control])

    def rst(self, control: int, more: int = 0) -> None:
        """Write a reset: `more` clocks of rst alone, and one with other inputs beside it."""
        self.play([RST] * more)
        self.clock(control | RST)
        self.crosses.note(LAST_RESET if more else ONE_RESET, control | RST)
        self._ignored = True  # until a beat is shown

    @property
    def _state(self) -> str:
        return state_of(self.contract, self.crosses.period)

    def _chance(self, chance: float) -> bool:
        if not self._draws:
            self._draws = self.rng.random(4096).tolist()
        return self._draws.pop() < chance

    def _signals(self, ready: float = 0.7, word: float = 0.8) -> int:
        return (READY if self._chance(ready) else 0) | (LOAD if self._chance(word) else 0)

    # directed: every cross

    def cover(self) -> None:
        """Reach every cross of control coverage; those that cannot be reached stay missing."""
        for _ in range(_PASSES):
            missing = self.crosses.missing()
            if not missing:
                return
            state, name = missing[0]
            self._enter(state, name)
            self._settle()
            if state == FRESH_BEAT:  # else a pulse could hide what the inputs before have done
                self._at(FRESH_BEAT)
                self._settle()
            self._probe()

    def _settle(self) -> None:
        """Go on to the next beat, with inputs on the way that are still to come."""
        while self.contract.phase is not Phase.SHOWING:
            control = self._wanted()
            self._ignored |= bool(control & (START | REPLAY | RESEED | RST))
            self.clock(control)
        self._ignored = False

    def _probe(self) -> None:
        """Replay with no start before, which shows what the stall kept; then start elsewhere."""
        ready = READY | self._signals()
        self.play([ready, READY, 0 if self._chance(0.5) else READY])
        self.play([REPLAY | self._signals()])
        self.play([READY, self._signals(), READY, START | self._signals(), READY, READY])
        self._settle()

    def _wanted(self) -> int:
        """Return an input of the present state that is still to come, else anything.

        What ends a stall comes in none with pulses that must be ignored, nor in one that such a
        pulse began: it would hide what they do.
        """
        state = self._state
        names = self.crosses.open(state)
        plain = [name for name in names if name in ("ready", "not ready", "a word", "no word")]
        pulses = [name for name in names if name not in plain]
        if self._ignored:
            pulses = [name for name in pulses if not self._ends_stall(name)]
        control = self._signals()
        for name in plain:
            control = _with(control, name)
        return _with(control, pulses[0]) if pulses else control

    def _ends_stall(self, name: str) -> bool:
        """Return whether an input begins another stall in the present one."""
        at = self.contract
        obeyed = at.phase is Phase.RECOVERING or (
            at.phase is Phase.FILLING and at.left <= self._strategy.fill_clocks_with_reseed
        )
        return "rst" in name or ("reseed" in name and obeyed)

    def _enter(self, state: str, name: str) -> None:
        """From a beat, reach a state and give it what is still to come."""
        if state in (ONE_RESET, LAST_RESET):
            self.rst(_with(self._signals(0.5, 0.5), name), more=2 * (state == LAST_RESET))
        elif state == BEAT:
            self._at(BEAT)
        elif state in (FIRST_BEAT, LAST_BEAT):
            self._to_wrap(state)
        elif state == FRESH_BEAT:
            self.play([RESEED | self._signals()] if self.crosses.reseeds else [RST])
        elif state.startswith("recovery"):
            self.play([REPLAY, *[READY] * (4 + len(self._controls) % 9)])
            while not self.contract.begins:
                self.play([READY])
            self.play([START])
        else:
            self._stall(state)

    def _at(self, state: str) -> None:
        """Give a state of a beat what is still to come, as long as it lasts."""
        while self._state == state and self.crosses.open(state):
            control = self._wanted()
            if control & RST:
                self.rst(control)
                return
            self.clock(control)

    def _to_wrap(self, state: str) -> None:
        if self.contract.epoch:
            self.rst(0)
            self._settle()
            self.play([READY])  # in its first clock an epoch's first beat is kept
        if self._strategy.step_beats == 1:
            self.deposit(2 * self.crosses.period - 3 if self.crosses.period > 2 else 0)
        self.play([REPLAY])
        while self._state != state:
            self.play([READY])
        self._at(state)

    def _stall(self, state: str) -> None:
        """Begin a stall that has the state, by a reset or by a reseed."""
        named = state.partition(":")[0].partition(",")[0]
        words, fill = self.contract.reset_load
        by_reset = bool(words if named == "word due" else fill)
        words, fill = self.contract.reseed_load
        by_reseed = bool(words if named == "word due" else fill) and self.crosses.reseeds
        if by_reset and (not by_reseed or self._chance(0.5)):
            self.rst(0)
            self._ignored = False
        else:
            self.play([RESEED | self._signals()])

    # random: pulses at any time

    def random_pulses(self) -> None:
        """Raise every control input at any time."""
        stall = max(self._strategy.reset_stall, self._strategy.reseed_stall)
        rare = {START: 0.15, REPLAY: 0.1, RESEED: 0.3 / (10 + stall), RST: 0.2 / (10 + stall)}
        for _ in range(PULSE_CLOCKS):
            control = self._signals()
            stalls = self.contract.phase is not Phase.SHOWING
            for bit, chance in (rare | {RESEED: 0.1} if stalls else rare).items():
                control |= bit if self._chance(chance) else 0
            self.clock(control)


def _with(control: int, name: str) -> int:
    """Return control bits with an input that crosses name."""
    for word, bit in (("ready", READY), ("word", LOAD)):
        if f"not {word}" in name or f"no {word}" in name:
            control &= ~bit
        elif word in name:
            control |= bit
    for pulse, bit in PULSES.items():
        control |= bit if pulse in name else 0
    return control
