"""A regression of one engine: what is asked of it, and every line it must answer.

All is drawn beforehand from an explicit seed: weights at and near the rails, steps and scales with
their extremes, back-pressure on both sides and on both halves of the register port, registers that
refuse, a reset in the middle of a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.rtl.engine_map import BY_NAME, ID_VALUE, VERSION_VALUE
from pezoexplore.hardware.verify.engine.driver import (
    Host,
    Kind,
    Operation,
    begin,
    packed,
    read,
    until_idle,
    until_numbers,
    write,
)
from pezoexplore.hardware.verify.engine.events import operation_events, pass_events, settings_events
from pezoexplore.hardware.verify.engine.model import EngineModel, Settings
from pezoexplore.hardware.verify.trace import MismatchError
from pezoexplore.train.fixed_point import rails

SEGMENTS = 3
"""Segments of the engine that a regression builds."""

LATENCY = 5
"""Clocks from a beat in to the same beat out."""

PRESSURES = 4096
"""Lines of back-pressure."""

STEPS = 12

BEATS = 16
"""Beats of a pass."""

_OKAY, _SLVERR = 0, 2


@dataclass
class EngineScript:
    """Operations and what they must leave in the trace.

    Attributes:
        operations: In order.
        beats: Beats sent, as lines.
        expected: Lines of the trace. ``t`` alone stands for any time; a line ``c`` takes the place
            of any number of the beats after it.
        words: Weights of the passes.
        events: What happens on the way, for functional coverage.
    """

    operations: list[Operation] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    words: int = 0
    events: set[str] = field(default_factory=set)

    def ask(self, *operations: Operation, response: int = _OKAY) -> None:
        """Do operations; writes are answered so."""
        for operation in operations:
            self.operations.append(operation)
            if operation.kind is Kind.WRITE:
                self.expected.append(f"w {response:x}")

    def see(self, name: str, value: int, segment: int = 0) -> None:
        """Read a register, which must hold a value."""
        self.operations.append(read(name, segment))
        self.expected.append(f"r 0 {value & 0xFFFFFFFF:08x}")

    def refused(self, operation: Operation, why: str) -> None:
        """Do an operation that is answered by SLVERR."""
        self.operations.append(operation)
        what = "write" if operation.kind is Kind.WRITE else "read"
        self.events.add(f"{what} refused: {why}")
        self.expected.append("w 2" if operation.kind is Kind.WRITE else "r 2 00000000")


class _Maker:
    """Draws the script of one engine."""

    def __init__(self, point: DesignPoint, shape: Shape) -> None:
        lanes = shape.lanes
        self.shape = shape
        self.parameters = BEATS * lanes
        self.random = np.random.default_rng(20250421)
        self.host = Host(point, shape, self.parameters)
        self.model = EngineModel(point, shape)
        first, apart = 2 * lanes + lanes // 2, 1 + lanes // 3  # within beats
        self.ends = tuple(first + apart * i for i in range(shape.segments - 1))
        self.script = EngineScript()
        self.pressed = False

    def settings(self) -> Settings:
        """Registers: extremes as often as anything between."""
        low, high = self.shape.scales
        scales = self.random.integers(low, high + 1, self.shape.segments)
        extreme = self.random.random(self.shape.segments) < 0.2
        scales = np.where(extreme, self.random.choice([low, high, 0], scales.size), scales)
        steps = [0, 1, -1, 32767, -32768, int(self.random.integers(-32768, 32768))]
        return Settings(
            scales=[int(s) for s in scales],
            ends=self.ends,
            step=int(self.random.choice(steps)),
            step_shift=int(self.random.choice([0, 31, *self.random.integers(1, 31, 6)])),
        )

    def far(self, late: bool) -> Settings:
        """Registers with which a sum of the update comes closest to leaving its bits.

        The last segment begins too late for any pass, in the end all but the first do: all 32 bits
        of a place count.
        """
        low, high = self.shape.scales
        scales = [high] * max(1, self.shape.segments - 1) + [low]
        if late:
            ends = tuple(end + 2**32 - 2**12 for end in self.ends)
        else:
            ends = (*self.ends[:-1], *(end + 2**31 for end in self.ends[-1:]))
        return Settings(scales=scales[: self.shape.segments], ends=ends, step=-32768, step_shift=31)

    def weights(self) -> NDArray[np.int32]:
        """Weights [d], many of them at or near a rail."""
        low, high = rails(self.shape.weight_bits)
        any_ = self.random.integers(low, high + 1, self.parameters)
        near = self.random.choice([low, low + 1, -1, 0, 1, high - 1, high], self.parameters)
        chosen = np.where(self.random.random(self.parameters) < 0.5, any_, near)
        return chosen.astype(np.int32)

    def lines(self, weights: NDArray[np.int32]) -> list[str]:
        """Lines of the trace for the beats of a pass."""
        rows = packed(weights, self.shape)
        return [f"b {int(i + 1 == len(rows))} {row}" for i, row in enumerate(rows)]

    def see_status(self, *flags: str) -> None:
        """Read STATUS, in which these flags and no others must be set."""
        status = BY_NAME["STATUS"]
        self.script.see("STATUS", sum(status.field(name, 1) for name in flags))

    def pressure(self, on: bool) -> None:
        """Back-pressure from here on."""
        self.pressed = on
        self.script.ask(Operation(Kind.PRESSURE, int(on)))

    def one_pass(
        self,
        mode: str,
        settings: Settings,
        places: list[tuple[int, int]],
        replay: bool,
        timed: bool,
    ) -> None:
        """A pass over new weights."""
        weights, script = self.weights(), self.script
        script.ask(begin(mode, replay), Operation(Kind.STREAM, self.host.beats), until_idle())
        script.beats += packed(weights, self.shape)
        script.expected += self.lines(self.model.send(mode, weights, places, settings))
        script.expected.append(f"t {self.host.beats - 1 + LATENCY}" if timed else "t")
        script.words += weights.size
        moved = self.model.moved(mode, weights, places, settings)
        script.events |= pass_events(mode, replay, moved, self.shape)
        script.events |= {"one beat a clock"} if timed else set()
        script.events |= {"back-pressure on both sides"} if self.pressed else set()

    def setting(self, settings: Settings) -> None:
        """Write all registers of a step."""
        self.script.ask(*self.host.scales(settings.scales, settings.ends))
        self.script.ask(write("STEP", settings.step), write("STEP_SHIFT", settings.step_shift))
        self.script.events |= settings_events(settings, self.shape)

    def step(
        self, number: int, order: list[str], timed: bool, chosen: Settings | None = None
    ) -> None:
        """A training step: passes in some order, the first of them with new numbers."""
        moves = self.host.seek(number)
        self.script.ask(*moves)
        self.script.events |= operation_events(moves)
        places = list(self.host.places)
        replay = False
        for mode in order:
            settings = chosen or self.settings()
            self.setting(settings)
            self.one_pass(mode, settings, places, replay, timed)
            if mode != "restore":
                replay = True
        self.host.moved_on()
        self.script.see("PHASE", self.host.places[0][1])

    def registers(self) -> None:
        """Registers that can only be read, that keep, that refuse."""
        script, shape = self.script, self.shape
        where = BY_NAME["SHAPE"]
        fields = {
            "LANES": shape.lanes,
            "WEIGHT_BITS": shape.weight_bits,
            "SOURCES": shape.sources,
            "SEGMENTS": shape.segments,
            "DRAWS": shape.draws,
            "HAS_RESEED": int(shape.has_reseed),
        }
        script.see("ID", ID_VALUE)
        script.see("VERSION", VERSION_VALUE)
        script.see("SHAPE", sum(where.field(name, value) for name, value in fields.items()))
        script.ask(until_numbers())
        self.see_status("NUMBERS")
        script.see("SKIP", 0)
        self._kept()
        for name in ("CONTROL", "SKIP", "RESEED", "SEED", "SEED_HIGH"):
            script.refused(write(name, 2, strobe=7), "strobes")
            script.ask(write(name, 2, strobe=0))
        script.refused(write("SEED", 1), "value")
        script.refused(write("RESEED", 3), "value")
        script.refused(write("RESEED", 0), "value")
        if not shape.has_reseed:
            script.refused(write("RESEED", 1), "value")
        for name in ("ID", "VERSION", "SHAPE", "STATUS", "PHASE"):
            script.refused(write(name, 1), "address")
        for address in (0x34, 0x40 + 8 * shape.segments, 0x3C + 8 * shape.segments, 0xC0, 0xFC):
            script.refused(Operation(Kind.READ, address=address), "address")
            script.refused(Operation(Kind.WRITE, 1, address), "address")

    def overlapping(self) -> None:
        """Two writes or two reads at once: the second waits for the first one's response."""
        script = self.script
        for step, shift in ((0x1234, 21), (0x4321, 10), (-0x3210, 31)):
            script.ask(Operation(Kind.PAIR), write("STEP", step), write("STEP_SHIFT", shift))
            script.ask(Operation(Kind.PAIR))
            script.see("STEP", step)
            script.see("STEP_SHIFT", shift)
            script.ask(Operation(Kind.PAIR))
            script.refused(write("ID", step), "address")
            script.ask(write("STEP", ~step))
            script.ask(Operation(Kind.PAIR))
            script.refused(Operation(Kind.READ, address=0x34), "address")
            script.see("STEP", ~step)

    def abandoned(self) -> None:
        """Reset with a write or a read under way, and the port is as it was at the start."""
        script, at = self.script, BY_NAME["STEP"].address
        for offered in range(1, 8):
            for clocks in (2, 12):
                script.ask(Operation(Kind.ABANDON, clocks << 16 | offered, at))
                script.ask(write("STEP_SHIFT", 9))
                script.see("STEP_SHIFT", 9)
                script.see("STEP", 0)

    def _kept(self) -> None:
        """Registers that keep what is written, byte by byte."""
        script, (low, high) = self.script, self.shape.scales
        segments = self.shape.segments
        script.events.add("bytes written alone")
        script.see("STEP", 0)
        script.ask(write("STEP", 0x12345678, strobe=1))
        script.see("STEP", 0x78)
        script.ask(write("STEP", 0x89AB, strobe=2))
        script.see("STEP", -0x10000 + 0x8978)
        script.ask(write("STEP_SHIFT", 0xFFFFFFFF))
        script.see("STEP_SHIFT", 31)
        script.ask(write("STEP_SHIFT", 7, strobe=14))
        script.see("STEP_SHIFT", 31)
        every = (1 << self.shape.sources) - 1
        script.see("SELECT", every)
        script.ask(write("SELECT", 0))
        script.see("SELECT", 0)
        script.ask(write("SELECT", 0xFFFFFFFF))
        script.see("SELECT", every)
        for segment in range(segments):
            script.ask(write("SCALE", low + segment % 2, segment))
            script.refused(write("SCALE", high + 1, segment), "value")
            script.refused(write("SCALE", low - 1, segment), "value")
            script.ask(write("SCALE", 127, segment, strobe=8))
        for segment in range(segments - 1):
            script.ask(write("END", (0x01020304 << segment) & 0xFFFFFFFF, segment))
            script.ask(write("END", 0, segment, strobe=4))
        for segment in range(segments):
            script.see("SCALE", low + segment % 2, segment)
        for segment in range(segments - 1):
            script.see("END", (0x01020304 << segment) & 0xFF00FFFF, segment)
        for value in (0xFFFFFFFF, 0):
            for segment in range(segments - 1):
                script.ask(write("END", value, segment))
                script.see("END", value, segment)

    def busy(self, number: int) -> None:
        """While a pass waits for its beats nothing can be written."""
        self.script.ask(*self.host.seek(number))
        settings, places = self.settings(), list(self.host.places)
        self.setting(settings)
        script, weights = self.script, self.weights()
        script.ask(begin("plus", False))
        script.refused(begin("minus", False), "busy")
        script.refused(write("STEP", 99), "busy")
        script.refused(write("SKIP", 99), "busy")
        script.ask(until_numbers())
        self.see_status("BUSY", "NUMBERS")
        script.see("STEP", settings.step)
        script.ask(Operation(Kind.STREAM, self.host.beats), until_idle())
        script.beats += packed(weights, self.shape)
        script.expected += self.lines(self.model.send("plus", weights, places, settings))
        script.expected.append("t")
        script.words += weights.size
        self.host.moved_on()

    def held(self) -> None:
        """A pass is under way until its last beat has been taken."""
        script = self.script
        for beats in (1, 2):  # as many as the way out holds
            settings, places = self.settings(), list(self.host.places)
            self.setting(settings)
            weights = self.weights()[: beats * self.shape.lanes]
            script.ask(begin("update", False), Operation(Kind.SEND, beats))
            for _ in range(3):
                script.refused(write("STEP", 99), "busy")
                self.see_status("BUSY", "NUMBERS")
            script.ask(Operation(Kind.STREAM, 0), until_idle())
            script.beats += packed(weights, self.shape)
            script.expected += self.lines(self.model.send("update", weights, places, settings))
            script.expected.append("t")
            self.host.moved_on(beats)

    def skipping(self) -> None:
        """STATUS tells a skip, and nothing can be written meanwhile."""
        script = self.script
        script.ask(until_numbers(), write("SELECT", 0xFFFFFFFF), write("SKIP", 400))
        self.see_status("BUSY", "SKIPPING", "NUMBERS")
        script.refused(write("SKIP", 1), "busy")
        script.ask(until_idle())
        script.see("SKIP", 0)
        script.see("PHASE", self.host.places[0][1] + 400)
        self.host.moved_on(400)

    def interrupted(self) -> None:
        """Reset early in the longest skip, and all is as it was at the start."""
        script = self.script
        script.ask(until_numbers(), write("SKIP", 0xFFFFFFFF))
        self.see_status("BUSY", "SKIPPING", "NUMBERS")
        script.ask(Operation(Kind.RESET, 1), until_numbers())
        self.host.reset()
        script.see("SKIP", 0)
        script.see("PHASE", 0)

    def unkept(self) -> None:
        """The numbers again where there was no step yet: those after reset."""
        settings, places = self.settings(), list(self.host.places)
        self.setting(settings)
        self.one_pass("plus", settings, places, replay=True, timed=False)
        self.host.moved_on()
        self.script.see("PHASE", self.host.places[0][1])

    def loading(self) -> None:
        """Weights pass through while the streams wait for their seeds; then as after reset."""
        if self.shape.has_reseed:
            self.script.ask(until_numbers(), write("SELECT", 0xFFFFFFFF), write("RESEED", 1))
            self.see_status("LOADING")
            self.one_pass("restore", self.settings(), self.host.places, False, timed=False)
            self.see_status("LOADING")
            self.script.ask(Operation(Kind.RESET, 1))
            self.host.reset()

    def cut(self) -> None:
        """Reset in the middle of a pass, and all is as it was at the start."""
        self.pressure(False)
        self.script.events.add("reset in mid-pass")
        clocks = LATENCY + self.host.beats // 2
        script, weights, settings = self.script, self.weights(), self.settings()
        places = list(self.host.places)
        self.setting(settings)
        script.ask(begin("minus", False), Operation(Kind.CUT, clocks << 16 | self.host.beats))
        script.beats += packed(weights, self.shape)
        sent = self.lines(self.model.send("minus", weights, places, settings))
        script.expected.append("c")
        script.expected += [f"b 0 {line[4:]}" for line in sent]
        script.expected.append(".")
        self.host.reset()
        script.see("STEP", 0)
        script.see("PHASE", 0)

    def cleared(self) -> None:
        """Streams return to where reset left them."""
        self.script.ask(write("RESEED", 2))
        self.script.events.add("streams return to reset")
        self.host.reset()
        self.script.see("PHASE", 0)


def make_engine_script(point: DesignPoint, shape: Shape, steps: int = STEPS) -> EngineScript:
    """The regression of a point's engine.

    Args:
        point: A point with integer weights.
        shape: Its engine.
        steps: Training steps before the reset, and half as many after it.
    """
    maker = _Maker(point, shape)
    orders = [
        ["plus", "minus", "update", "restore"],
        ["restore", "update", "minus", "restore", "plus"],
        ["minus", "restore", "plus"],
    ]
    maker.script.ask(Operation(Kind.RESET, 3))
    for on in (False, True):
        maker.pressure(on)
        maker.registers()
        maker.overlapping()
        maker.abandoned()
        if not on:
            maker.script.ask(Operation(Kind.RESET, 1))
    maker.script.ask(Operation(Kind.RESET, 2))
    for number in range(steps):
        maker.pressure(number % 3 != 0)
        maker.step(number, orders[number % 4 % 3], timed=number % 3 == 0)
    maker.pressure(True)
    maker.busy(steps)
    maker.held()
    maker.skipping()
    maker.interrupted()
    maker.cut()
    maker.unkept()
    maker.cleared()
    maker.pressure(True)
    maker.loading()
    for number in range(steps // 4):
        maker.step(number, orders[0], timed=False)
    maker.cleared()
    for number in range(steps // 4):
        maker.step(2 * number, orders[0], timed=False)
    for number in range(steps, steps + 4):
        maker.step(number, ["update"], timed=False, chosen=maker.far(late=number == steps + 2))
    return maker.script


def pressure_lines() -> list[str]:
    """Back-pressure: seven signals, each held back for a while at a rate drawn anew."""
    random = np.random.default_rng(20250422)
    chances = np.repeat(random.choice([0.3, 0.7, 0.95], (PRESSURES // 64, 7)), 64, axis=0)
    bits = random.random((PRESSURES, 7)) < chances
    return [f"{int(row @ (1 << np.arange(7))):x}" for row in bits]


def check_engine(script: EngineScript, trace: list[str]) -> int:
    """Compare a whole trace with what it must hold.

    Returns:
        Weights compared.

    Raises:
        MismatchError: At the first line where the two differ.
    """
    lines, wanted = iter(enumerate(trace, 1)), iter(script.expected)
    for expected in wanted:
        if expected == "c":
            _check_cut(lines, wanted)
            continue
        number, shown = next(lines, (len(trace) + 1, "nothing"))
        if shown != expected and not (expected == "t" and shown.startswith("t ")):
            raise MismatchError(f"line {number}: RTL shows {shown}, expected {expected}")
    for number, shown in lines:
        raise MismatchError(f"line {number}: RTL shows {shown}, expected nothing more")
    return script.words


def _check_cut(lines: Iterator[tuple[int, str]], wanted: Iterator[str]) -> None:
    """Some of the beats up to the line ``.``, and how many there were."""
    beats = []
    for expected in wanted:
        if expected == ".":
            break
        beats.append(expected)
    for count, (number, shown) in enumerate(lines):
        if shown == f"c {count}" and 0 < count < len(beats):
            return
        if count >= len(beats) or shown != beats[count]:
            raise MismatchError(f"line {number}: RTL shows {shown} before a reset")
