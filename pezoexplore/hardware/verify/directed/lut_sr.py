"""Directed case of stream_lut_sr: every pulse in every state, zeros from the host included."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pezoexplore.hardware.verify.directed.case import Case, Outputs, Parameters
from pezoexplore.streams.families.lut_sr import DELAY, LATE_BITS, STATE_BITS, WORD_BITS, map_columns
from pezoexplore.streams.linear import apply

_CLOCKS = 12_000
_SEEDS = (0x9E3779B9, 0x7F4A7C15)
_BITS, _LANES, _GROUP = 8, 3, 2
_LATE = (1 << LATE_BITS) - 1
_WINDOW = DELAY + 1
"""Words that a state of zeros shows before it is left, and those in which one is made."""

_CHANCES = {"start": 0.04, "replay": 0.04, "reseed": 0.004, "load_valid": 0.7, "out_ready": 0.9}
"""Probability that each control input is high in a clock."""


@dataclass(frozen=True)
class _State:
    """What a replay returns to.

    Attributes:
        words: The last 17 words of each generator, the one shown last.
        beats: Beats of the window, at most 16.
        seen: Which generators showed a one in it.
        anew: Which of them make their state of a word in it.
    """

    words: tuple[tuple[int, ...], ...]
    beats: int = 0
    seen: tuple[bool, ...] = (False,) * len(_SEEDS)
    anew: tuple[bool, ...] = (False,) * len(_SEEDS)

    def after_a_beat(self, recovers: int) -> _State:
        """Return the state that follows."""
        seen = tuple(
            old or words[-1] != 0 for old, words in zip(self.seen, self.words, strict=True)
        )
        ends = self.beats == DELAY
        words = tuple(
            (*past[1:], _mapped(past[-1]) if new and not ends else _delayed(past))
            for past, new in zip(self.words, self.anew, strict=True)
        )
        if not ends:
            return _State(words, self.beats + 1, seen, self.anew)
        lost = tuple(bool(recovers and not ones) for ones in seen)
        started = tuple(
            (*past[:-1], seed) if left else past
            for past, seed, left in zip(words, _SEEDS, lost, strict=True)
        )
        return _State(started, anew=lost)


@dataclass
class _Model:
    """The stream, clock by clock: see the header of rtl/stream_lut_sr.v."""

    recovers: int
    inputs: tuple[int, ...] = _SEEDS
    left: int = 0
    making: int = _WINDOW
    copying: int = 0
    age: int = 0
    later: int = 0
    state: _State = field(default_factory=lambda: _made(_SEEDS))
    kept: _State = field(default_factory=lambda: _made(_SEEDS))

    @property
    def valid(self) -> bool:
        """Whether a beat is shown."""
        return not self.left and not self.making and not self.copying

    def clock(self, given: dict[str, int]) -> None:
        """Go on by one clock without rst."""
        accept = self.valid and given["out_ready"]
        if given["reseed"] and not self.left:
            self.left, self.making, self.copying = len(_SEEDS), _WINDOW, 0
        elif self.left:
            if given["load_valid"]:
                self.inputs = (*self.inputs[1:], given["load_data"] % (1 << WORD_BITS))
                self.left -= 1
        elif self.making:
            self.making -= 1
            if not self.making:
                self.state = self.kept = _made(self.inputs)
                self.age = 0
        elif given["replay"]:
            self.state, self.age, self.later = self.kept, 0, 0
            self.copying = max(0, self.copying - 1)
        elif self.copying:
            self.copying -= 1
            self.age = self.later
        else:
            if given["start"]:
                self._start(bool(accept))
            elif accept:
                self.age = min(DELAY, self.age + 1)
            if accept:
                self.state = self.state.after_a_beat(self.recovers)

    def _start(self, accept: bool) -> None:
        """Keep the state; the beats since the last pulse are copied, one a clock."""
        self.kept = self.state
        self.copying = self.age if self.age < DELAY else 0
        self.age = self.later = int(accept)


def _made(words: tuple[int, ...]) -> _State:
    """Return the state that is made of words."""
    pasts = []
    for word in words:
        past = [word]
        for _ in range(DELAY):
            past.append(_mapped(past[-1]))
        pasts.append(tuple(past))
    return _State(tuple(pasts))


def _mapped(word: int) -> int:
    return apply(map_columns(), word)


def _delayed(past: tuple[int, ...]) -> int:
    return _mapped((past[0] & _LATE) | (past[1] & ~_LATE))


def lut_sr(recovers: int) -> Case:
    """Return a case of three lanes of two generators.

    Args:
        recovers: Whether a generator leaves the state of zeros, which the host loads then.
    """
    draw, model = random.Random(recovers), _Model(recovers)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(_CLOCKS):
        given = {name: int(draw.random() < chance) for name, chance in _CHANCES.items()}
        given["rst"] = int(clock < 2 or draw.random() < 0.001)
        zero = recovers and draw.random() < 0.5
        given["load_data"] = 0 if zero else draw.randrange(1, 1 << WORD_BITS)
        script.append(given)
        if given["rst"]:
            expected.append({"out_valid": 0} if clock > 1 else {})
            model = _Model(recovers)
            continue
        data = _shown(model.state) if model.valid else None
        ports = {"out_valid": int(model.valid), "load_ready": int(model.left > 0)}
        expected.append({**ports, "out_data": data})
        model.clock(given)
    seeds = sum(seed << STATE_BITS * unit for unit, seed in enumerate(_SEEDS))
    parameters: Parameters = {
        "BIT_WIDTH": _BITS,
        "LANES": _LANES,
        "GROUP": _GROUP,
        "HAS_RESEED": 1,
        "LOCKUP_RECOVERY": recovers,
        "SEEDS": f"{STATE_BITS * len(_SEEDS)}'h{seeds:x}",
    }
    inputs = dict.fromkeys(_CHANCES, 1) | {"rst": 1, "load_data": STATE_BITS}
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": _BITS * _LANES}
    return Case("stream_lut_sr", parameters, inputs, outputs, script, expected)


def _shown(state: _State) -> int:
    """Return the beat of a state: of each word its top bits first, sign bits inverted."""
    data = 0
    for lane in range(_LANES):
        word = state.words[lane // _GROUP][-1] >> (WORD_BITS - _BITS * (lane % _GROUP + 1))
        data |= (word % (1 << _BITS) ^ 1 << (_BITS - 1)) << _BITS * lane
    return data
