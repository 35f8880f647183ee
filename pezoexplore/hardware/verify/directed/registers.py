"""Directed case of perturb_registers: writes of all kinds against a model of the register map."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pezoexplore.hardware.rtl.engine_map import BY_NAME, ID_VALUE, SEGMENT_BYTES, VERSION_VALUE
from pezoexplore.hardware.verify.directed.case import Case, Outputs, Parameters

_CLOCKS = 4000
_ONES = (1 << 32) - 1
_AT = {name: register.address for name, register in BY_NAME.items()}
_COMMANDS = ("CONTROL", "SKIP", "RESEED", "SEED", "SEED_HIGH")
_ACTIONS = ("begin_pass", "skip", "reseed", "clear", "load")
_FLAGS = {"busy": 0.2, "skipping": 0.5, "numbers": 0.5, "selected": 0.7, "loading": 0.7,
          "unloaded": 0.4, "selected_unloaded": 0.4}  # fmt: skip
"""Probability that each bit of the rest of the engine is high in a clock."""


@dataclass(frozen=True)
class Shape:
    """What a register file is built for; the bits of a shift are as few as hold the largest."""

    segments: int
    sources: int
    has_reseed: int
    state_bits: int
    weight_bits: int
    value_bits: int
    lanes: int
    draws: int

    @property
    def shift_bits(self) -> int:
        """Bits of a shift of 0 to weight_bits + value_bits - 2 places."""
        return (self.weight_bits + self.value_bits - 2).bit_length()

    @property
    def word(self) -> int:
        """What SHAPE reads as."""
        values = {
            "LANES": self.lanes,
            "WEIGHT_BITS": self.weight_bits,
            "SOURCES": self.sources,
            "SEGMENTS": self.segments,
            "DRAWS": self.draws,
            "HAS_RESEED": self.has_reseed,
        }
        return sum(BY_NAME["SHAPE"].field(*item) for item in values.items())

    @property
    def parameters(self) -> Parameters:
        """The parameters of the module."""
        named = {name.upper(): value for name, value in vars(self).items()}
        return {**named, "SHIFT_BITS": self.shift_bits}


@dataclass
class _Model:
    """The register file: what is kept, by address, and the words pushed to SEED_HIGH.

    A reset need not keep what was pushed.
    """

    shape: Shape
    kept: dict[int, int] = field(default_factory=dict)
    pushed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return all registers to their values after rst."""
        shape = self.shape
        scales = [_AT["SCALE"] + SEGMENT_BYTES * k for k in range(shape.segments)]
        ends = [_AT["END"] + SEGMENT_BYTES * k for k in range(shape.segments - 1)]
        self.kept = dict.fromkeys((_AT["STEP"], _AT["STEP_SHIFT"], *scales, *ends), 0)
        self.kept[_AT["SELECT"]] = (1 << shape.sources) - 1
        self.pushed = []

    def answers(self, given: dict[str, int]) -> Outputs:
        """Return what the outputs are in a clock."""
        action = self._action(given)
        commanded = self._takes(given) and given["write_strobe"] == 15
        shown: dict[str, int | None] = {
            name: int(commanded and name == action) for name in _ACTIONS
        }
        if given["write"]:
            shown["write_error"] = int(self._errs(given))
        value = self._reads(given)
        shown |= {"read_error": int(value is None), "read_data": value}
        if shown["load"]:
            shown["load_data"] = self._word(given["write_data"])
        return {**shown, **self._values()}

    def clock(self, given: dict[str, int]) -> None:
        """Go on by one clock."""
        at = given["write_address"] & ~3
        if given["rst"]:
            self.reset()
        elif given["write"] and self._takes(given):
            if at in self.kept:
                self._keep(at, given["write_data"], given["write_strobe"])
            elif at == _AT["SEED_HIGH"]:
                self.pushed.append(given["write_data"])

    def _keep(self, at: int, data: int, strobe: int) -> None:
        mask = sum(255 << 8 * lane for lane in range(4) if strobe >> lane & 1)
        bits = {_AT["STEP"]: 16, _AT["STEP_SHIFT"]: 5, _AT["SELECT"]: self.shape.sources}
        width = bits.get(at, 8 if self._is_scale(at) else 32)
        self.kept[at] = ((data & mask) | (self.kept[at] & ~mask)) % (1 << width)

    def _is_scale(self, at: int) -> bool:
        return at >= _AT["SCALE"] and (at - _AT["SCALE"]) % SEGMENT_BYTES == 0 and at in self.kept

    def _errs(self, given: dict[str, int]) -> bool:
        at = given["write_address"] & ~3
        known = at in self.kept or at in [_AT[name] for name in _COMMANDS]
        return not known or (given["write_strobe"] > 0 and not self._takes(given))

    def _takes(self, given: dict[str, int]) -> bool:
        """Tell whether a write with strobes is obeyed."""
        at, data, strobe = given["write_address"] & ~3, given["write_data"], given["write_strobe"]
        if given["busy"] or not strobe:
            return False
        if self._is_scale(at) and strobe & 1:
            least, largest = 1 - self.shape.value_bits, self.shape.weight_bits - 1
            return least <= _signed(data, 8) <= largest
        if at in self.kept:
            return True
        if at == _AT["SEED_HIGH"]:
            return strobe == 15
        return strobe == 15 and self._action(given | {"write": 1}) is not None

    def _action(self, given: dict[str, int]) -> str | None:
        """Return what a write of a whole word asks the streams for."""
        at, data = given["write_address"] & ~3, given["write_data"]
        begins = data == 1 and self.shape.has_reseed and given["selected"]
        asked = {
            _AT["CONTROL"]: None if data & 3 and given["unloaded"] else "begin_pass",
            _AT["SKIP"]: None if given["selected_unloaded"] else "skip",
            _AT["RESEED"]: "reseed" if begins else "clear" if data == 2 else None,
            _AT["SEED"]: "load" if given["loading"] else None,
        }
        return asked.get(at) if given["write"] else None

    def _word(self, low: int) -> int | None:
        """Return the word that SEED loads: unknown while too few words were pushed."""
        above = max(0, self.shape.state_bits - 32)
        if not self.shape.has_reseed and above:
            return None
        if 32 * len(self.pushed) < above:
            return None
        high = sum(word << 32 * k for k, word in enumerate(reversed(self.pushed[-32:])))
        return (high << 32 | low) % (1 << self.shape.state_bits)

    def _reads(self, given: dict[str, int]) -> int | None:
        """Return what a read shows; None where nothing can be read."""
        at = given["read_address"] & ~3
        status = ("busy", "skipping", "numbers", "loading", "unloaded")
        shown = {
            _AT["ID"]: ID_VALUE,
            _AT["VERSION"]: VERSION_VALUE,
            _AT["SHAPE"]: self.shape.word,
            _AT["STATUS"]: sum(given[name] << bit for bit, name in enumerate(status)),
            _AT["PHASE"]: given["phase"],
            **{_AT[name]: 0 for name in _COMMANDS},
            _AT["SKIP"]: given["skip_left"],
        }
        if at in self.kept:
            bits = 16 if at == _AT["STEP"] else 8 if self._is_scale(at) else 33
            return _signed(self.kept[at], bits) & _ONES
        return shown.get(at)

    def _values(self) -> dict[str, int]:
        """Return the outputs that show what is kept."""
        shape, shifts, ends = self.shape, 0, 0
        for k in range(shape.segments):
            scale = _signed(self.kept[_AT["SCALE"] + SEGMENT_BYTES * k], 8)
            shifts |= (shape.weight_bits - 1 - scale) << shape.shift_bits * k
            ends |= self.kept.get(_AT["END"] + SEGMENT_BYTES * k, 0) << 32 * k
        shown = {name.lower(): self.kept[_AT[name]] for name in ("STEP", "STEP_SHIFT", "SELECT")}
        return {**shown, "shifts": shifts, "ends": ends}


def _signed(value: int, bits: int) -> int:
    """Return the low bits of a value as two's complement."""
    low = value % (1 << bits)
    return low - (low >> (bits - 1) << bits)


def perturb_registers(shape: Shape) -> Case:
    """Return a case of perturb_registers.

    Args:
        shape: What it is built for.
    """
    draw, model = random.Random(shape.segments), _Model(shape)
    script: list[dict[str, int]] = []
    expected: list[Outputs] = []
    for clock in range(_CLOCKS):
        given = _given(draw, shape)
        given["rst"] = int(clock < 2 or draw.random() < 0.003)
        script.append(given)
        expected.append(model.answers(given) if clock > 1 else {})
        model.clock(given)
    inputs = {"rst": 1, "write": 1, "write_address": 8, "write_data": 32, "write_strobe": 4}
    inputs |= {"read_address": 8, **dict.fromkeys(_FLAGS, 1), "skip_left": 32, "phase": 32}
    outputs = {"write_error": 1, "read_data": 32, "read_error": 1, **dict.fromkeys(_ACTIONS, 1)}
    outputs |= {"load_data": shape.state_bits, "select": shape.sources, "step": 16}
    outputs |= {"step_shift": 5, "shifts": shape.segments * shape.shift_bits}
    outputs["ends"] = 32 * shape.segments
    parameters = shape.parameters
    return Case("perturb_registers", parameters, inputs, outputs, script, expected)


def _given(draw: random.Random, shape: Shape) -> dict[str, int]:
    """Return the inputs of a clock: mostly registers that are there, and values near limits."""
    at = _address(draw, shape)
    strobe = 15 if draw.random() < 0.7 else draw.randrange(16)
    given = {name: int(draw.random() < chance) for name, chance in _FLAGS.items()}
    return {
        **given,
        "write": int(draw.random() < 0.8),
        "write_address": at,
        "write_data": _data(draw, at & ~3, shape),
        "write_strobe": strobe,
        "read_address": at if draw.random() < 0.3 else _address(draw, shape),
        "skip_left": draw.getrandbits(32),
        "phase": draw.getrandbits(32),
    }


def _address(draw: random.Random, shape: Shape) -> int:
    kind = draw.randrange(10)
    if kind == 0:
        return draw.randrange(256)
    if kind < 6:
        return draw.choice(tuple(_AT.values())) + draw.randrange(4)
    if kind < 8:
        return draw.choice((_AT["SEED"], _AT["SEED_HIGH"], _AT["RESEED"])) + draw.randrange(4)
    last = SEGMENT_BYTES * (shape.segments + 1)
    return _AT["SCALE"] + draw.randrange(last)


def _data(draw: random.Random, at: int, shape: Shape) -> int:
    data = draw.getrandbits(32)
    if draw.random() < (0.9 if at == _AT["RESEED"] else 0.2):
        return draw.choice((0, 1, 1, 2, 2, 3)) | (draw.random() < 0.2) << draw.randrange(32)
    if at >= _AT["SCALE"] and draw.random() < 0.8:
        least, largest = 1 - shape.value_bits, shape.weight_bits - 1
        scale = draw.choice((least, largest, draw.randint(least, largest)))
        return data & ~255 | (scale + draw.choice((-1, 0, 0, 0, 1))) % 256
    return data
