"""What the testbench drives, clock by clock, and what a correct stream shows under it.

The script is open loop: pulses and back-pressure are drawn beforehand from an explicit seed, so a
bench never waits for a single beat. :func:`check` then walks the trace once: the control lines say
which beat of which epoch should stand on the outputs, and the software stream says what it holds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import GAUSSIAN_HARDWARE, DesignPoint
from pezoexplore.hardware.rtl import reseeding
from pezoexplore.hardware.verify.script_lines import Expected, Trace
from pezoexplore.streams.families import lfsr, sobol
from pezoexplore.streams.generator import generator
from pezoexplore.streams.linear import apply, power
from pezoexplore.streams.stream import Stream

RST, START, REPLAY, RESEED, READY, LOAD = (1 << i for i in range(6))

TARGET_WORDS = 100_000
"""Words compared for a point, give or take what replays repeat."""

RESEEDS = 3
_WRAP_CLOCKS = 220
_STEPPED_BEAT = 1024
_BEFORE_WRAP = 40  # beats before the end of a period at which a wrap segment begins
_SEARCHED_BEATS = 2**18
_RARE_BEATS = 320
_PRESSURE = (0.25, 0.6, 0.9, 1.0)  # chances of out_ready, drawn anew every 64 clocks


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


def wrap_period(point: DesignPoint) -> int:
    """Beats after which a pool starts over, a bank rotates, a phased stream hops, lanes repeat.

    A generator that cannot jump is not led to its end, where nothing happens: any beat will do.
    """
    if point.reuse == "pool":
        return point.rows
    made = generator(point)
    return made.period if made.stepped is None else _STEPPED_BEAT


def make_script(point: DesignPoint, words: int = TARGET_WORDS) -> Script:
    """Stimulus for a point: reset, steps, replays, reseeds, back-pressure, two wraps, reset.

    Args:
        point: A hardware point.
        words: Words to compare, about.
    """
    rng = np.random.default_rng(20250420)
    stall = reseeding.reseed_stall_beats(point)
    fill = reseeding.reset_stall_beats(point)
    clocks = max(600, math.ceil(words / point.lanes / float(np.mean(_PRESSURE))))
    parts = [_reset(fill), _steps(rng, clocks // 2)]
    if point.reseeds:
        for number in range(RESEEDS):
            parts += [_reseed(rng, stall, patient=number == 1), _steps(rng, 300)]
    parts += [_reset(fill), _steps(rng, clocks // 2)]
    deposits = []
    period = wrap_period(point)
    wraps = (period - _BEFORE_WRAP, 2 * period - _BEFORE_WRAP)
    for number, beat in enumerate(() if point.in_shift_registers else wraps):
        target = max(beat, 0)
        cycle = sum(len(part) for part in parts)
        deposits.append(Deposit(cycle, _registers(point, target), target))
        parts.append(_wrap(rng, halting=number == 1))
    for beat in _rare_beats(point):
        cycle = sum(len(part) for part in parts)
        deposits.append(Deposit(cycle, _registers(point, beat), beat))
        parts.append(_glance())
    parts += [_reset(fill), _unkept(rng), _steps(rng, 50)]
    return Script(np.concatenate(parts), tuple(deposits), _epochs(point))


def _epochs(point: DesignPoint) -> tuple[int, ...]:
    """Epochs loaded over the script: by its reseeds, and by its three resets where those load."""
    reset = (0,) if reseeding.loads_after_reset(point) else ()
    reseeds = tuple(range(1, RESEEDS + 1)) if point.reseeds else ()
    return reset + reseeds + reset + reset


def _reset(fill: int) -> NDArray[np.uint8]:
    """Three clocks of reset with every pulse raised, which it must override, then the fill."""
    pulses = RST | START | REPLAY | RESEED | READY
    return np.array([RST, pulses, RST] + [READY | LOAD] * fill, dtype=np.uint8)


def _ready(rng: np.random.Generator, clocks: int) -> NDArray[np.uint8]:
    chance = np.repeat(rng.choice(_PRESSURE, size=-(-clocks // 64)), 64)[:clocks]
    return np.where(rng.random(clocks) < chance, READY, 0).astype(np.uint8)


def _steps(rng: np.random.Generator, clocks: int) -> NDArray[np.uint8]:
    """Steps cut short: a start about every 50 clocks, a replay about every 80, some at once."""
    controls = _ready(rng, clocks)
    controls |= np.where(rng.random(clocks) < 0.02, START, 0).astype(np.uint8)
    controls |= np.where(rng.random(clocks) < 0.0125, REPLAY, 0).astype(np.uint8)
    for clock in range(40, clocks - 10, 500):  # replay wins: the start keeps nothing
        controls[clock : clock + 10] = READY
        controls[clock] |= START | REPLAY
        controls[clock + 9] |= REPLAY
    controls[0] = START | READY
    return controls


def _unkept(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Beats and a replay with no start before it: rst has cleared what was kept."""
    controls = _ready(rng, 30)
    controls[20] |= REPLAY
    return controls


def _reseed(rng: np.random.Generator, stall: int, patient: bool) -> NDArray[np.uint8]:
    """A reseed pulse that overrides the others, then its loads: at once, or with gaps."""
    waiting = np.full(stall, LOAD | READY, dtype=np.uint8)
    if not patient:
        waiting = np.where(rng.random(2 * stall + 64) < 0.6, LOAD | READY, READY).astype(np.uint8)
        waiting[:4] = READY  # a gap at once, whatever was drawn
        waiting[stall + 16 :] |= LOAD
    return np.concatenate([np.array([RESEED | START | REPLAY | READY], np.uint8), waiting])


def _wrap(rng: np.random.Generator, halting: bool) -> NDArray[np.uint8]:
    """Replay into the set registers, start at once, cross the wrap, replay and cross it again.

    Halting, a beat is taken every other clock until that replay, so that the wrap follows a stall.
    """
    controls = _ready(rng, _WRAP_CLOCKS)
    if halting:
        controls[: _WRAP_CLOCKS // 2] = 0
        controls[: _WRAP_CLOCKS // 2 : 2] = READY
    controls[0] = REPLAY
    controls[5] |= START
    controls[[_WRAP_CLOCKS // 2, _WRAP_CLOCKS // 2 + 40]] |= REPLAY
    return controls


def _rare_beats(point: DesignPoint) -> list[int]:
    """Beats where tables have entries that a walk from the start does not come by.

    For Gaussian lanes, those of the first beats that hold the largest numbers; for Sobol numbers,
    those before the counts 2**k, which are the first to need direction number k; with scale
    exponents that differ, the first beat of each.
    """
    coded = reseeding.exponent_range(point)
    if coded is not None and coded.bits > 0:
        exponents = Stream(point, reseeding.MASTER_SEED).exponents(0, 0, wrap_period(point))
        assert exponents is not None, "their range is known"
        return sorted(np.unique(exponents, return_index=True)[1].tolist())
    if point.rng == "sobol" and point.reuse == "none":
        count = reseeding.states_at(point, 0, 0)[0] % sobol.PERIOD
        return sorted((2**k - 1 - count) % sobol.PERIOD for k in range(sobol.INDEX_BITS))
    if point.rng not in GAUSSIAN_HARDWARE or point.reuse != "none":
        return []
    words = Stream(point, reseeding.MASTER_SEED).beats(0, 0, _SEARCHED_BEATS)
    sizes = np.abs(2 * words.astype(np.int64) + 1).max(axis=1)
    return sorted(int(beat) for beat in np.argsort(-sizes, kind="stable")[:_RARE_BEATS])


def _glance() -> NDArray[np.uint8]:
    """Replay into the set registers and take the beat."""
    return np.array([REPLAY, READY, READY], dtype=np.uint8)


def _registers(point: DesignPoint, beat: int) -> dict[str, int]:
    """Registers that a replay restores, as they would have been kept at a beat of epoch 0."""
    if point.reuse == "pool":
        return {"kept_q": beat % point.rows}
    bits = point.state_bits or 0
    states = reseeding.states_at(point, 0, beat)
    registers = {"kept_q": sum(state << (i * bits) for i, state in enumerate(states))}
    if point.reuse in ("bank", "phased"):
        count = apply(power(lfsr.update_columns(bits), beat % generator(point).period), 1)
        registers["u_count.kept_q"] = count
    return registers


class MismatchError(Exception):
    """The RTL showed something that the software stream does not; the message says what."""


@dataclass
class Walk:
    """Where a correct stream stands, clock by clock.

    Attributes:
        epoch: Epoch of the beat on the outputs.
        beat: That beat, since reset or reseed.
        kept: Epoch and beat that a replay returns to.
        busy: Whether it fills or loads, and shows no beat.
        loads: Reseeds so far.
        quiet: Clocks without a beat, those that wait for the host not counted.
        allowed: Clocks without a beat that there must be.
        words: Words taken.
        stalls: `quiet` of every reseed.
    """

    epoch: int = 0
    beat: int = 0
    kept: tuple[int, int] = (0, 0)
    busy: bool = False
    loads: int = 0
    quiet: int = 0
    allowed: int = 0
    mending: bool = False  # a start stalls: reseed and replay are obeyed meanwhile
    age: int = 0  # beats since a start or replay
    words: int = 0
    stalls: list[int] = field(default_factory=list)


Watch = Callable[[Walk, int, str], None]
"""Where the stream stands, the control bits of a clock, and its line of the trace."""


def check(
    point: DesignPoint, script: Script, text: bytes, watch: Watch | None = None
) -> dict[str, Any]:
    """Compare a whole trace with the software stream.

    Args:
        point: A hardware point.
        script: What was driven.
        text: The trace, one line a clock, as pezoexplore/hardware/verify/bench/stream_harness.v
        writes them. watch: Shown every clock once it was compared.

    Returns:
        ``rtl_words_checked``: words of accepted beats compared; ``reseed_stall_beats``: clocks
        without a beat after a reseed, as seen.

    Raises:
        MismatchError: At the first clock where the two differ.
    """
    trace, controls = Trace(text), script.controls.tolist()
    if len(trace) != len(controls):
        raise MismatchError(f"the trace has {len(trace)} clocks, not {len(controls)}")
    expected, walk = Expected(point), Walk()
    jumps = {d.cycle: d.beat for d in script.deposits}
    edges = _edges(point, script)
    clock = slow = 0
    while clock < len(controls):
        if clock in jumps:
            walk.kept = (walk.epoch, jumps[clock])
        end = min(edges[bisect_right(edges, clock)], clock + _MOST)
        if watch is None and not walk.busy and clock >= slow and end - clock >= _LEAST:
            lines = trace.block(clock, end)
            if _same(point, walk, expected, script.controls[clock:end], lines):
                clock = end
                continue
            slow = end
        shown = trace.line(clock)
        _observe(point, walk, expected, controls[clock], shown, clock)
        if watch is not None:
            watch(walk, controls[clock], shown)
        _advance(point, walk, controls[clock], shown[1] == "1")
        clock += 1
    stall = reseeding.reseed_stall_beats(point)
    if point.reseeds and walk.stalls != [stall] * RESEEDS:
        raise MismatchError(f"reseeds stalled for {walk.stalls} clocks, not {stall} each")
    return {"rtl_words_checked": walk.words, "reseed_stall_beats": stall}


_LEAST, _MOST = 8, 2**16
"""Clocks that are worth comparing at once, and that are."""


def _edges(point: DesignPoint, script: Script) -> list[int]:
    """Clocks before which a run ends that is compared at once; a pulse that stalls is one alone."""
    stalling = RST | RESEED | (START if point.in_shift_registers else 0)
    stops = np.flatnonzero(script.controls & stalling)
    jumps = [deposit.cycle for deposit in script.deposits]
    edges = np.concatenate([stops, stops + 1, jumps, [len(script.controls)]])
    found: list[int] = np.unique(edges).astype(np.int64).tolist()
    return found


def _same(
    point: DesignPoint,
    walk: Walk,
    expected: Expected,
    controls: NDArray[np.uint8],
    lines: NDArray[np.uint8] | None,
) -> bool:
    """Compare clocks without a stall at once, and go on behind them; False leaves all as it was.

    False is no verdict: the clocks are then compared one by one.
    """
    pulses = np.flatnonzero(controls & (START | REPLAY))
    if len(pulses) and controls[pulses[0]] & REPLAY and walk.kept[0] != walk.epoch:
        return False
    if lines is None or lines.shape[1] != expected.width + 2:
        return False
    if not (lines[:, 1] == ord("1")).all():
        return False
    beats, kept, age = _places(walk, controls, pulses.tolist())
    if not (lines[:, 2:] == expected.block(walk.epoch, beats[:-1])).all():
        return False
    if (controls & (START | REPLAY) == START).any():
        walk.kept = (walk.epoch, kept)
    walk.beat, walk.age = int(beats[-1]), age
    walk.words += point.lanes * int(np.count_nonzero(controls & READY))
    return True


def _places(
    walk: Walk, controls: NDArray[np.uint8], pulses: list[int]
) -> tuple[NDArray[np.int64], int, int]:
    """The beat shown at each clock and behind the last one; the kept beat and the age there."""
    # A replay goes back to the kept beat, whatever is taken meanwhile.
    moves = controls & (READY | REPLAY) == READY
    passed = np.concatenate([[0], np.cumsum(moves)])
    kept, firsts, offsets = walk.kept[1], [0], [walk.beat]
    for pulse in pulses:
        if controls[pulse] & REPLAY:
            firsts.append(pulse + 1)
            offsets.append(kept - int(passed[pulse + 1]))
        else:
            kept = offsets[-1] + int(passed[pulse])
    beats = passed + np.repeat(offsets, np.diff([*firsts, len(passed)]))
    age = int(passed[-1] - passed[pulses[-1]]) if pulses else walk.age + int(passed[-1])
    return beats, kept, age


def _observe(
    point: DesignPoint, walk: Walk, expected: Expected, control: int, shown: str, clock: int
) -> None:
    """Compare one clock: a beat is there when it must be, and it is the right one."""
    valid = shown[1] == "1"
    where = f"clock {clock}: epoch {walk.epoch} beat {walk.beat}"
    if control & RST:
        if valid:
            raise MismatchError(f"clock {clock}: out_valid is high during rst")
        return
    if not valid:
        waits = shown[0] == "1" and not control & LOAD
        walk.quiet += not waits
        if not walk.busy or walk.quiet > walk.allowed:
            raise MismatchError(f"{where}: out_valid is low ({shown!r})")
        return
    if walk.busy:
        if walk.epoch > 0 and not walk.mending:
            walk.stalls.append(walk.quiet)
        if walk.quiet != walk.allowed:
            raise MismatchError(f"{where}: a beat after {walk.quiet} clocks, not {walk.allowed}")
        walk.busy = walk.mending = False
    wanted = expected.line(walk.epoch, walk.beat)
    if shown[2:] != wanted:
        raise MismatchError(f"{where}: RTL shows {shown[2:]}, the software stream {wanted}")
    if control & READY:
        walk.words += point.lanes


def _advance(point: DesignPoint, walk: Walk, control: int, valid: bool) -> None:
    """Where the stream stands after the clock's rising edge; priority as the RTL contract says."""
    if control & RST:
        fill = reseeding.reset_stall_beats(point)
        walk.epoch, walk.beat, walk.kept = 0, 0, (0, 0)
        walk.busy, walk.quiet, walk.allowed = fill > 0, 0, fill
        walk.mending, walk.age = False, 0
        return
    if walk.busy and not walk.mending:
        return
    here = (walk.epoch, walk.beat)
    accepted = int(valid and control & READY != 0)
    walk.beat += accepted
    age, walk.age = walk.age, walk.age + accepted
    if control & RESEED and point.reseeds:
        walk.loads += 1
        walk.epoch, walk.beat, walk.age = walk.loads, 0, 0
        walk.busy, walk.quiet, walk.mending = True, 0, False
        walk.allowed = reseeding.reseed_stall_beats(point)
    elif control & REPLAY:
        walk.epoch, walk.beat = walk.kept
        walk.age = 0
    elif control & START and not walk.busy:
        walk.kept, walk.age = here, accepted
        walk.allowed = reseeding.start_stall_beats(point, age)
        walk.busy = walk.mending = walk.allowed > 0
        walk.quiet = 0
