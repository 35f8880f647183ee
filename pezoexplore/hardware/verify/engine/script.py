"""The script of an engine's regression: its operations, and the expected trace.

:class:`Maker` draws the passes: weights at and near the rails, steps and scales with their
extremes, back-pressure on both sides and on both halves of the register port, all beforehand from
an explicit seed. :mod:`.scenarios` puts them together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.hardware.verify.engine.driver import (
    Host,
    Kind,
    Operation,
    begin,
    packed,
    read,
    until_idle,
    write,
)
from pezoexplore.hardware.verify.engine.events import operation_events, pass_events, settings_events
from pezoexplore.hardware.verify.engine.model import EngineModel, Settings
from pezoexplore.streams.strategy import MASTER_SEED
from pezoexplore.train.fixed_point import rails

LATENCY = 5
"""Clocks from a beat in to the same beat out."""

PRESSURES = 4096
"""Lines of back-pressure."""

BEATS = 16
"""Beats of a pass."""

_OKAY = 0


@dataclass
class EngineScript:
    """Operations and the expected trace.

    Attributes:
        operations: In order.
        beats: Beats sent, as lines.
        expected: Lines of the trace. ``t`` alone stands for any time; a line ``c`` takes the place
            of any number of the beats after it.
        words: Weights of the passes.
        events: Events that occur, for functional coverage.
    """

    operations: list[Operation] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    words: int = 0
    events: set[str] = field(default_factory=set)

    def play(self, *operations: Operation, response: int = _OKAY) -> None:
        """Do operations; writes are answered by `response`."""
        for operation in operations:
            self.operations.append(operation)
            if operation.kind is Kind.WRITE:
                self.expected.append(f"w {response:x}")

    def expect(self, name: str, value: int, segment: int = 0) -> None:
        """Read a register, which must hold a value."""
        self.operations.append(read(name, segment))
        self.expected.append(f"r 0 {value & 0xFFFFFFFF:08x}")

    def refused(self, operation: Operation, why: str) -> None:
        """Do an operation that is answered by SLVERR."""
        self.operations.append(operation)
        what = "write" if operation.kind is Kind.WRITE else "read"
        self.events.add(f"{what} refused: {why}")
        self.expected.append("w 2" if operation.kind is Kind.WRITE else "r 2 00000000")


class Maker:
    """Draws the passes of one engine's script."""

    def __init__(
        self, point: DesignPoint, shape: Shape, seed: int = MASTER_SEED, *, beats: int = BEATS
    ) -> None:
        lanes = shape.lanes
        self.shape = shape
        self.parameters = beats * lanes
        self.random = np.random.default_rng(20250421)
        self.host = Host(point, shape, self.parameters, seed)
        self.model = EngineModel(point, shape, seed)
        first, apart = 2 * lanes + lanes // 2, 1 + lanes // 3  # within beats
        self.ends = tuple(first + apart * i for i in range(shape.segments - 1))
        self.script = EngineScript()
        self.pressed = False

    def settings(self) -> Settings:
        """Draw registers: extremes as often as anything between."""
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
        """Return registers with which a sum of the update comes closest to overflowing.

        The last segment begins too late for any pass, in the end all but the first do: all 32 bits
        of an END register count.
        """
        low, high = self.shape.scales
        scales = [high] * max(1, self.shape.segments - 1) + [low]
        if late:
            ends = tuple(end + 2**32 - 2**12 for end in self.ends)
        else:
            ends = (*self.ends[:-1], *(end + 2**31 for end in self.ends[-1:]))
        return Settings(scales=scales[: self.shape.segments], ends=ends, step=-32768, step_shift=31)

    def weights(self) -> NDArray[np.int32]:
        """Draw weights [d], many of them at or near a rail."""
        low, high = rails(self.shape.weight_bits)
        any_ = self.random.integers(low, high + 1, self.parameters)
        near = self.random.choice([low, low + 1, -1, 0, 1, high - 1, high], self.parameters)
        chosen = np.where(self.random.random(self.parameters) < 0.5, any_, near)
        return chosen.astype(np.int32)

    def lines(self, weights: NDArray[np.int32]) -> list[str]:
        """Return the lines of the trace for the beats of a pass."""
        rows = packed(weights, self.shape)
        return [f"b {int(i + 1 == len(rows))} {row}" for i, row in enumerate(rows)]

    def expect_status(self, *flags: str) -> None:
        """Read STATUS, in which these flags and no others must be set."""
        status = BY_NAME["STATUS"]
        self.script.expect("STATUS", sum(status.field(name, 1) for name in flags))

    def pressure(self, on: bool) -> None:
        """Turn back-pressure on or off from here on."""
        self.pressed = on
        self.script.play(Operation(Kind.PRESSURE, int(on)))

    def one_pass(
        self,
        mode: str,
        settings: Settings,
        positions: list[tuple[int, int]],
        replay: bool,
        timed: bool,
    ) -> None:
        """Make a pass over new weights."""
        weights, script = self.weights(), self.script
        script.play(begin(mode, replay), Operation(Kind.STREAM, self.host.beats), until_idle())
        script.beats += packed(weights, self.shape)
        script.expected += self.lines(self.model.send(mode, weights, positions, settings))
        script.expected.append(f"t {self.host.beats - 1 + LATENCY}" if timed else "t")
        script.words += weights.size
        moved = self.model.moved(mode, weights, positions, settings)
        script.events |= pass_events(mode, replay, moved, self.shape)
        script.events |= {"one beat per clock"} if timed else set()
        script.events |= {"back-pressure on both sides"} if self.pressed else set()

    def setting(self, settings: Settings) -> None:
        """Write all registers of a step."""
        self.script.play(*self.host.scales(settings.scales, settings.ends))
        self.script.play(write("STEP", settings.step), write("STEP_SHIFT", settings.step_shift))
        self.script.events |= settings_events(settings, self.shape)

    def step(
        self, number: int, order: list[str], timed: bool, chosen: Settings | None = None
    ) -> None:
        """Make a training step: passes in some order, the first of them with new numbers."""
        moves = self.host.seek(number)
        self.script.play(*moves)
        self.script.events |= operation_events(moves)
        positions = list(self.host.positions)
        replay = False
        for mode in order:
            settings = chosen or self.settings()
            self.setting(settings)
            again = replay and not (mode == "restore" and number % 2)  # no matter to a restore
            self.one_pass(mode, settings, positions, again, timed)
            if mode != "restore":
                replay = True
        self.host.moved_on()
        self.script.expect("PHASE", self.host.positions[0][1])

    def unkept(self) -> None:
        """Ask for the same numbers where there was no step yet: those after reset."""
        settings, positions = self.settings(), list(self.host.positions)
        self.setting(settings)
        self.one_pass("plus", settings, positions, replay=True, timed=False)
        self.host.moved_on()
        self.script.expect("PHASE", self.host.positions[0][1])


def pressure_lines() -> list[str]:
    """Draw back-pressure: seven signals, each at a rate drawn every 64 lines."""
    random = np.random.default_rng(20250422)
    chances = np.repeat(random.choice([0.3, 0.7, 0.95], (PRESSURES // 64, 7)), 64, axis=0)
    bits = random.random((PRESSURES, 7)) < chances
    return [f"{int(row @ (1 << np.arange(7))):x}" for row in bits]
