"""Stimulus of a stream, clock by clock.

It is open loop: pulses and back-pressure are generated beforehand from an explicit seed, so a
testbench never waits for a single beat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.strategy import Strategy
from pezoexplore.streams.stream import Stream

RST, START, REPLAY, RESEED, READY, LOAD = (1 << i for i in range(6))

TARGET_WORDS = 100_000
"""Words compared for a point, give or take what replays repeat."""

RESEEDS = 3
_WRAP_CLOCKS = 220
_BEFORE_WRAP = 40  # beats before the end of a period at which a wrap segment begins
_PRESSURE = (0.25, 0.6, 0.9, 1.0)  # chances of out_ready, redrawn every 64 clocks


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
    """A point's stimulus.

    Attributes:
        controls: Control bits by clock, uint8.
        deposits: Registers to set on the way.
        epochs: Epochs that the host loads, in order.
    """

    controls: NDArray[np.uint8]
    deposits: tuple[Deposit, ...]
    epochs: tuple[int, ...]


def make_script(stream: Stream, words: int = TARGET_WORDS) -> Script:
    """Draw the stimulus of a stream: reset, steps, replays, reseeds, back-pressure, wraps, reset.

    Args:
        stream: The stream of a hardware point.
        words: Approximate number of words to compare.
    """
    rng, strategy = np.random.default_rng(20250420), stream.strategy
    stall, fill = strategy.reseed_stall, strategy.reset_stall
    clocks = max(600, math.ceil(words / stream.lanes / float(np.mean(_PRESSURE))))
    parts = [_reset(fill), _steps(rng, clocks // 2)]
    if stream.point.reseeds:
        for number in range(RESEEDS):
            patient = number == 1
            parts += [_reseed(rng, stall, patient), _unkept(rng, at_once=patient)]
            parts += [_steps(rng, 300)]
    parts += [_reset(fill), _steps(rng, clocks // 2)]
    deposits, visits = [], []
    if strategy.kept_registers(0):
        near = [wraps * strategy.wrap_period - _BEFORE_WRAP for wraps in (1, 2)]
        visits += [(max(near[0], 0), _wrap(rng, halting=False))]
        visits += [(max(near[1], 0), _wrap(rng, halting=True))]
        visits += [(beat, _one_beat()) for beat in strategy.critical_beats()]
    for beat, controls in visits:
        cycle = sum(len(part) for part in parts)
        deposits.append(Deposit(cycle, strategy.kept_registers(beat), beat))
        parts.append(controls)
    parts += [_reset(fill), _unkept(rng, at_once=False), _steps(rng, 50)]
    return Script(np.concatenate(parts), tuple(deposits), _epochs(strategy))


def _epochs(strategy: Strategy) -> tuple[int, ...]:
    """Return the epochs loaded: by the reseeds, and by the three resets where those load."""
    reset = (0,) if strategy.loads_after_reset else ()
    reseeds = tuple(range(1, RESEEDS + 1)) if strategy.point.reseeds else ()
    return reset + reseeds + reset + reset


def _reset(fill: int) -> NDArray[np.uint8]:
    """Hold reset for three clocks, every pulse raised, which it must override, then the fill."""
    pulses = RST | START | REPLAY | RESEED | READY
    return np.array([RST, pulses, RST] + [READY | LOAD] * fill, dtype=np.uint8)


def _ready(rng: np.random.Generator, clocks: int) -> NDArray[np.uint8]:
    """Draw back-pressure."""
    chance = np.repeat(rng.choice(_PRESSURE, size=-(-clocks // 64)), 64)[:clocks]
    return np.where(rng.random(clocks) < chance, READY, 0).astype(np.uint8)


def _steps(rng: np.random.Generator, clocks: int) -> NDArray[np.uint8]:
    """Cut steps short: a start about every 50 clocks, a replay about every 80, some at once."""
    controls = _ready(rng, clocks)
    controls |= np.where(rng.random(clocks) < 0.02, START, 0).astype(np.uint8)
    controls |= np.where(rng.random(clocks) < 0.0125, REPLAY, 0).astype(np.uint8)
    for clock in range(40, clocks - 10, 500):  # replay wins: the start keeps nothing
        controls[clock : clock + 10] = READY
        controls[clock] |= START | REPLAY
        controls[clock + 9] |= REPLAY
    controls[0] = START | READY
    return controls


def _unkept(rng: np.random.Generator, at_once: bool) -> NDArray[np.uint8]:
    """Take beats and replay with no start before it, if asked in the first clock too."""
    controls = _ready(rng, 30)
    controls[[0, 20] if at_once else [20]] |= REPLAY
    return controls


def _reseed(rng: np.random.Generator, stall: int, patient: bool) -> NDArray[np.uint8]:
    """Reseed, overriding the other pulses, then load: at once, or with gaps."""
    waiting = np.full(stall, LOAD | READY, dtype=np.uint8)
    if not patient:
        waiting = np.where(rng.random(2 * stall + 64) < 0.6, LOAD | READY, READY).astype(np.uint8)
        waiting[:4] = READY  # a gap at once, whatever was drawn
        waiting[stall + 16 :] |= LOAD
    return np.concatenate([np.array([RESEED | START | REPLAY | READY], np.uint8), waiting])


def _wrap(rng: np.random.Generator, halting: bool) -> NDArray[np.uint8]:
    """Replay into the set registers, start at once, cross the wrap, replay and cross it again.

    If halting, a beat is taken every other clock until that replay: the wrap follows a stall.
    """
    controls = _ready(rng, _WRAP_CLOCKS)
    if halting:
        controls[: _WRAP_CLOCKS // 2] = 0
        controls[: _WRAP_CLOCKS // 2 : 2] = READY
    controls[0] = REPLAY
    controls[5] |= START
    controls[[_WRAP_CLOCKS // 2, _WRAP_CLOCKS // 2 + 40]] |= REPLAY
    return controls


def _one_beat() -> NDArray[np.uint8]:
    """Replay into the set registers and take the beat."""
    return np.array([REPLAY, READY, READY], dtype=np.uint8)
