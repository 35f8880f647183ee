"""Directed cases of stream_bank and what it is made of: banks of three state bits, all pulses."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from pezoexplore.hardware.verify.directed.case import Case, Outputs, Parameters
from pezoexplore.streams.families.lfsr import step_columns, update_columns
from pezoexplore.streams.linear import apply

_CLOCKS = 6000
_BITS = 3
_PERIOD = (1 << _BITS) - 1
_INVERTED = 5
"""State bits that registers hold inverted, which changes no word."""

_BASE = 61
"""What exponents are added to, modulo 64."""

_SEEDS = (5, 3, 1)
_CHANCES = {"start": 0.15, "replay": 0.1, "reseed": 0.03, "load_valid": 0.8, "out_ready": 0.8}
"""Probability that each control input is high in a clock."""


@dataclass(frozen=True)
class Bank:
    """What a bank is built for.

    Attributes:
        lanes: Words of a beat, at most three.
        has_reseed: Whether it can be reseeded.
        exponent_bits: Bits of an entry of its table; 0: none.
        recovers: Whether a lane leaves the state of zeros, which the host loads then.
        bit_width: Bits of a word.
        leap: Updates of a state in a beat.
    """

    lanes: int
    has_reseed: int
    exponent_bits: int
    recovers: int
    bit_width: int = _BITS
    leap: int = 1

    @property
    def seeds(self) -> tuple[int, ...]:
        """States after rst."""
        return _SEEDS[: self.lanes]

    @property
    def words(self) -> int:
        """Words of a reseed: states, then the table."""
        return self.lanes + (_PERIOD if self.exponent_bits else 0)

    def step(self, state: int) -> int:
        """Return the state of a lane one beat on."""
        return apply(step_columns(_BITS, self.leap), state)


@dataclass(frozen=True)
class _State:
    """What a replay returns to: the states of the lanes, and the beat of the period."""

    lanes: tuple[int, ...]
    beat: int = 0

    def after_a_beat(self, bank: Bank) -> _State:
        """Return the state that follows."""
        if self.beat == _PERIOD - 1:
            return _State(self.moved(bank, self.lanes[0]))
        stepped = (
            seed if bank.recovers and state == 0 else bank.step(state)
            for state, seed in zip(self.lanes, bank.seeds, strict=True)
        )
        return _State(tuple(stepped), self.beat + 1)

    def moved(self, bank: Bank, above: int) -> tuple[int, ...]:
        """Return the states one beat on and one lane down."""
        return tuple(bank.step(state) for state in (*self.lanes[1:], above))

    def loaded(self, bank: Bank, word: int) -> _State:
        """Return the state after a word of a reseed."""
        return _State((*self.moved(bank, 0)[:-1], word))


@dataclass
class _Model:
    """The stream, clock by clock: see the headers of rtl/stream_bank.v and rtl/stream_none.v."""

    bank: Bank
    table: list[int]
    left: int = 0
    first: bool = False
    state: _State = field(default_factory=lambda: _State(()))
    kept: _State = field(default_factory=lambda: _State(()))

    def reset(self) -> None:
        """Return to the state after rst; a table that reseeds write is asked for again."""
        self.state = self.kept = _State(self.bank.seeds)
        self.left = self.bank.words if self.bank.has_reseed and self.bank.exponent_bits else 0
        self.first = False

    def clock(self, given: dict[str, int]) -> None:
        """Go on by one clock without rst."""
        if self.left:
            if given["load_valid"]:
                self._load(given["load_data"])
            return
        if self.first or (given["start"] and not given["replay"]):
            self.kept = self.state
        if given["replay"]:
            self.state = self.kept
        elif given["out_ready"]:
            self.state = self.state.after_a_beat(self.bank)
        self.left = self.bank.words if self.bank.has_reseed and given["reseed"] else 0
        self.first = False

    def _load(self, word: int) -> None:
        at = self.bank.words - self.left
        if at < self.bank.lanes:
            self.state = self.state.loaded(self.bank, word)
        else:
            self.table[at - self.bank.lanes] = word % (1 << self.bank.exponent_bits)
        self.left -= 1
        self.first = self.left == 0

    def shown(self) -> Outputs:
        """Return the beat that is shown."""
        bits = self.bank.bit_width
        words = (state >> (_BITS - bits) ^ 1 << (bits - 1) for state in self.state.lanes)
        data = sum(word << bits * lane for lane, word in enumerate(words))
        entry = self.table[self.state.beat] if self.bank.exponent_bits else 0
        return {"out_data": data, "out_exponent": (_BASE + entry) % 64}


def stream_bank(bank: Bank) -> Case:
    """Return a case of stream_bank: every pulse in every state, loads cut short by resets.

    Args:
        bank: What it is built for.
    """
    draw = random.Random(f"{bank}")
    entries = [draw.randrange(1 << bank.exponent_bits) for _ in range(_PERIOD)]
    model = _Model(bank, list(entries))
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(_CLOCKS):
        given = {name: int(draw.random() < chance) for name, chance in _CHANCES.items()}
        given["rst"] = int(clock < 2 or draw.random() < 0.01)
        in_states = model.left > bank.words - bank.lanes
        least = int(in_states and not bank.recovers)
        given["load_data"] = draw.randrange(least, 1 << _BITS) * (draw.random() > 0.3) or least
        script.append(given)
        if given["rst"]:
            expected.append({"out_valid": 0} if clock > 1 else {})
            model.reset()
            continue
        ports = {"out_valid": int(not model.left), "load_ready": int(model.left > 0)}
        expected.append(ports if model.left else {**ports, **model.shown()})
        model.clock(given)
    inputs = dict.fromkeys(_CHANCES, 1) | {"rst": 1, "load_data": _BITS}
    outputs = {"out_valid": 1, "load_ready": 1, "out_data": bank.bit_width * bank.lanes}
    outputs["out_exponent"] = 6
    name = f"bank_{bank.lanes}.hex" if bank.exponent_bits and not bank.has_reseed else ""
    files = {name: _by_state(entries)} if name else {}
    seeds = sum(seed << _BITS * lane for lane, seed in enumerate(bank.seeds))
    parameters: Parameters = {
        **{key.upper(): value for key, value in vars(bank).items() if key != "recovers"},
        "LOCKUP_RECOVERY": bank.recovers,
        "STATE_BITS": _BITS,
        "INVERTED": _INVERTED,
        "EXPONENT_BASE": _BASE,
        "SEEDS": f"{_BITS * bank.lanes}'d{seeds}",
        "EXPONENT_FILE": f'"{name}"',
    }
    return Case("stream_bank", parameters, inputs, outputs, script, expected, files=files)


def _by_state(entries: list[int]) -> str:
    """Return the file of entries by the state of period_counter, which begins at 1."""
    at, placed = 1, [0] * (1 << _BITS)
    for entry in entries:
        placed[at] = entry
        at = apply(update_columns(_BITS), at)
    return "".join(f"{entry:x}\n" for entry in placed)


def bank_lane(bits: int, leap: int) -> Case:
    """Return a case of bank_lane.

    Args:
        bits: Bits of a state.
        leap: Updates of a state in a beat.
    """
    draw, inverted = random.Random(bits), (1 << bits) // 3
    states = ("own", "above", "kept")
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for _ in range(500):
        given = {name: draw.getrandbits(bits) for name in states}
        given |= {"rotate": draw.randrange(2), "restore": draw.randrange(2)}
        script.append(given)
        taken = given["above" if given["rotate"] else "own"] ^ inverted
        stepped = apply(step_columns(bits, leap), taken) ^ inverted
        expected.append({"next_state": given["kept"] if given["restore"] else stepped})
    inputs = dict.fromkeys(states, bits) | {"rotate": 1, "restore": 1}
    parameters = {"STATE_BITS": bits, "LEAP": leap, "INVERTED": inverted}
    case = Case("bank_lane", parameters, inputs, {"next_state": bits}, script, expected)
    return replace(case, clocked=False)


def period_counter(bits: int) -> Case:
    """Return a case of period_counter, whose pulses start and replay never come together.

    Args:
        bits: Bits of its state.
    """
    draw = random.Random(bits)
    states = [1]
    while (state := apply(update_columns(bits), states[-1])) != 1:
        states.append(state)
    beat = kept = 0
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(6000):
        pulse = draw.choice(("start", "replay", "", ""))
        given = {name: int(name == pulse) for name in ("start", "replay")}
        given |= {"clear": int(clock < 2 or draw.random() < 0.02 / bits)}
        given |= {"accept": int(draw.random() < 0.8)}
        if draw.random() < 0.5 and bits > _BITS:
            given |= {"replay": 0, "accept": 1}
        script.append(given)
        following = (beat + 1) % len(states) if given["accept"] else beat
        following = 0 if given["clear"] else kept if given["replay"] else following
        shown = {"count": states[beat], "last": int(beat == len(states) - 1)}
        expected.append({**shown, "next_count": states[following]} if clock > 1 else {})
        kept = 0 if given["clear"] else beat if given["start"] else kept
        beat = following
    inputs = dict.fromkeys(("clear", "start", "replay", "accept"), 1)
    outputs = {"last": 1, "count": bits, "next_count": bits}
    return Case("period_counter", {"STATE_BITS": bits}, inputs, outputs, script, expected)
