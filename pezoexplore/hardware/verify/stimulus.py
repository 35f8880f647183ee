"""Stimulus of a stream, clock by clock: random steps, wraps, every control input in every state.

It is open loop: all is drawn beforehand from an explicit seed, and the state of the stream follows
from the contract, so a testbench never waits for a single beat.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pezoexplore.hardware.verify.contract import LOAD, READY, REPLAY, RESEED, START
from pezoexplore.hardware.verify.script import PULSE_CLOCKS, Script, Writer
from pezoexplore.streams.stream import Stream

TARGET_WORDS = 100_000
"""Words compared for a point, give or take what replays repeat."""

_WORDS_COUNTED = 32
"""Words that a beat counts for at most: wide streams, too, see many beats of control inputs."""

_RESEEDS = 3
_WRAP_CLOCKS = 220
_BEFORE_WRAP = 40  # beats before the end of a period at which a wrap segment begins
_PRESSURE = (0.25, 0.6, 0.9, 1.0)  # chances of out_ready, redrawn every 64 clocks
_WHOLE_STEPS = 6  # of a stream whose steps have a length
_WRAPS = 64  # wraps that are searched for a change of the exponent


def make_script(stream: Stream, words: int = TARGET_WORDS) -> Script:
    """Draw the stimulus of a stream.

    It has resets, steps, replays, reseeds, back-pressure and wraps, control inputs in every state,
    and pulses at any time.

    Args:
        stream: The stream of a hardware point.
        words: Approximate number of words to compare; of those of a beat, 32 count.
    """
    writer, strategy = Writer(stream), stream.strategy
    rng = writer.rng
    beats = words / min(stream.lanes, _WORDS_COUNTED)
    clocks = max(600, math.ceil(beats / float(np.mean(_PRESSURE))) - PULSE_CLOCKS)
    writer.reset()
    writer.play(_steps(rng, clocks // 2))
    if stream.point.reseeds:
        for number in range(_RESEEDS):
            patient = number == 1
            writer.play(_reseed(rng, strategy.reseed_stall, patient))
            writer.play(_unkept(rng, at_once=patient))
            writer.play(_steps(rng, 300))
    writer.reset()
    writer.play(_steps(rng, clocks // 2))
    for beat, controls in _visits(stream, rng):
        writer.deposit(beat)
        writer.play(controls)
    if strategy.step_beats > 1:
        writer.reset()
        _whole_steps(writer, strategy.step_beats)
    writer.reset()
    writer.play(_unkept(rng, at_once=False))
    writer.play(_steps(rng, 50))
    writer.cover()
    writer.random_pulses()
    return writer.script()


def _visits(stream: Stream, rng: np.random.Generator) -> list[tuple[int, NDArray[np.uint8]]]:
    """Return the beats that registers are set to, and the controls from there."""
    strategy = stream.strategy
    if not strategy.kept_registers(0):
        return []
    near = [max(wraps * strategy.wrap_period - _BEFORE_WRAP, 0) for wraps in (1, 2)]
    visits = [
        (beat, _wrap(rng, halting)) for beat, halting in zip(near, (False, True), strict=True)
    ]
    visits += [(beat, _one_beat()) for beat in strategy.critical_beats()]
    visits += [(wrap - 2, _over()) for wrap in _changing_wraps(stream)]
    if stream.point.reseeds:
        visits.append((strategy.wrap_period - 1, _cut(strategy.reseed_stall)))
    return visits


def _changing_wraps(stream: Stream) -> list[int]:
    """Return first beats of periods whose exponent is another than the ones it may be taken for.

    One that differs from that of the beat before, and one that differs from that of the period
    before, where the state would be without a hop.
    """
    strategy, period = stream.strategy, stream.strategy.wrap_period
    if not strategy.coded_exponents or period < 3:
        return []
    wraps = [period * number for number in range(1, _WRAPS)]
    around = [strategy.exponents(0, wrap - 1, 2) for wrap in wraps]
    pairs = [(int(pair[0]), int(pair[1])) for pair in around if pair is not None]
    firsts = strategy.exponents(0, 0, 1)
    before = [int(firsts[0]) if firsts is not None else 0, *(pair[1] for pair in pairs[:-1])]
    changes = [w for w, (last, first) in zip(wraps, pairs, strict=True) if first != last]
    moved = [w for w, (_, first), old in zip(wraps, pairs, before, strict=True) if first != old]
    return sorted({*changes[:2], *moved[:2]})


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


def _whole_steps(writer: Writer, beats: int) -> None:
    """Take whole steps: one with replays in it and at its end, then some one after another."""
    rng, at = writer.rng, writer.contract
    for number in range(_WHOLE_STEPS):
        first, passes = at.beat, 1 if number % 3 else 3
        for done in range(passes):
            last = first + (beats if done == passes - 1 else int(rng.integers(1, beats + 1)))
            control = START if number % 2 == 0 and not done else 0
            for ready in _ready(rng, 8 * beats + 64).tolist():
                writer.play([ready | control])
                control = 0
                if at.beat == last:
                    break
            if done < passes - 1:
                writer.play([REPLAY])


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


def _cut(stall: int) -> NDArray[np.uint8]:
    """Replay into the set registers, reseed while the beat stalls, then load at once."""
    return np.array([REPLAY, RESEED, *[LOAD | READY] * stall, READY, READY], dtype=np.uint8)


def _one_beat() -> NDArray[np.uint8]:
    """Replay into the set registers and take the beat."""
    return np.array([REPLAY, READY, READY], dtype=np.uint8)


def _over() -> NDArray[np.uint8]:
    """Replay into the set registers and take the beats before and behind a wrap, one stalled."""
    return np.array([REPLAY, READY, READY, 0, READY, READY], dtype=np.uint8)
