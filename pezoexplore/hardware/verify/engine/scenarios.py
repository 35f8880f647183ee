"""Scenarios of an engine's regression, and their order."""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.hardware.verify.engine.driver import (
    Kind,
    Operation,
    begin,
    packed,
    until_idle,
    until_numbers,
    write,
)
from pezoexplore.hardware.verify.engine.events import WRITTEN, states
from pezoexplore.hardware.verify.engine.model import Settings
from pezoexplore.hardware.verify.engine.register_scenarios import RegisterScenarios
from pezoexplore.hardware.verify.engine.script import LATENCY, EngineScript
from pezoexplore.streams.strategy import MASTER_SEED

SEGMENTS = 3
"""Segments of the engine that a regression builds."""

_EARLY = ("before a pass", "while a pass drains")

STEPS = 12
"""Training steps before the reset."""


class Scenarios(RegisterScenarios):
    """Adds one scenario per call to the script of an engine."""

    def abandoned(self) -> None:
        """Reset with a write or a read under way: the port is as it was at the start."""
        script, at = self.script, BY_NAME["STEP"].address
        for offered in range(1, 8):
            for clocks in (2, 12):
                script.play(Operation(Kind.ABANDON, clocks << 16 | offered, at))
                script.play(write("STEP_SHIFT", 9))
                script.expect("STEP_SHIFT", 9)
                script.expect("STEP", 0)

    def busy(self, number: int) -> None:
        """Write while a pass waits for its beats: refused."""
        self.script.play(*self.host.seek(number))
        settings, positions = self.settings(), list(self.host.positions)
        self.setting(settings)
        script, weights = self.script, self.weights()
        script.play(begin("plus", False))
        script.refused(begin("minus", False), "busy")
        script.refused(write("STEP", 99), "busy")
        script.refused(write("SKIP", 99), "busy")
        script.refused(write("RESEED", 2), "busy")  # obeyed, it would change the numbers
        script.play(until_numbers())
        self.expect_status("BUSY", "NUMBERS")
        script.expect("STEP", settings.step)
        script.play(Operation(Kind.STREAM, self.host.beats), until_idle())
        script.beats += packed(weights, self.shape)
        script.expected += self.lines(self.model.send("plus", weights, positions, settings))
        script.expected.append("t")
        script.words += weights.size
        self.host.moved_on()

    def held(self) -> None:
        """Hold back the last beats of a pass: it is under way until they have been taken."""
        script = self.script
        for beats in (1, 2):  # as many as the way out holds
            settings, positions = self.settings(), list(self.host.positions)
            self.setting(settings)
            weights = self.weights()[: beats * self.shape.lanes]
            lines = self.lines(self.model.send("update", weights, positions, settings))
            script.beats += packed(weights, self.shape)
            script.play(begin("update", False), Operation(Kind.SEND, beats))
            for _ in range(beats):
                for _ in range(3):
                    script.refused(write("STEP", 99), "busy")
                    self.expect_status("BUSY", "NUMBERS")
                if len(lines) > 1:  # one is taken, and the other held back still
                    script.play(Operation(Kind.SEND, 1 << 16))
                    script.expected.append(lines.pop(0))
            script.play(Operation(Kind.STREAM, 0), until_idle())
            script.expected += [*lines, "t"]
            self.host.moved_on(beats)

    def early(self) -> None:
        """Offer weights where no pass is open: before one begins, and while the one before drains.

        They stay offered, and the pass that begins then takes them.
        """
        script, beats = self.script, self.host.beats
        offer = Operation(Kind.OFFER, 12 << 16 | beats)
        for drains in (False, True):
            settings = self.settings()
            self.setting(settings)
            if drains:
                script.play(begin("minus", False), Operation(Kind.SEND, 2), offer)
                self.expect_status("BUSY", "NUMBERS")
                script.play(Operation(Kind.STREAM, 0), until_idle())
                self._sent("minus", settings, 2)
            else:
                script.play(offer)
            self.expect_status("NUMBERS")
            script.play(begin("plus", False), Operation(Kind.STREAM, beats), until_idle())
            self._sent("plus", settings, beats)
        script.events |= {f"weights offered {when}" for when in _EARLY}

    def _sent(self, mode: str, settings: Settings, beats: int) -> None:
        """Expect a pass over so many beats of new weights."""
        weights, positions = self.weights()[: beats * self.shape.lanes], self.host.positions
        self.script.beats += packed(weights, self.shape)
        self.script.expected += self.lines(
            self.model.send(mode, weights, list(positions), settings)
        )
        self.script.expected.append("t")
        self.host.moved_on(beats)

    def skipping(self) -> None:
        """Skip beats: STATUS shows it, and nothing can be written meanwhile."""
        script = self.script
        script.play(until_numbers(), write("SELECT", 0xFFFFFFFF), write("SKIP", 400))
        self.expect_status("BUSY", "SKIPPING", "NUMBERS")
        script.refused(write("SKIP", 1), "busy")
        script.play(until_idle())
        script.expect("SKIP", 0)
        script.expect("PHASE", self.host.positions[0][1] + 400)
        self.host.moved_on(400)

    def interrupted(self) -> None:
        """Reset early in the longest skip: all is as it was at the start."""
        script = self.script
        script.play(until_numbers(), write("SKIP", 0xFFFFFFFF))
        self.expect_status("BUSY", "SKIPPING", "NUMBERS")
        script.play(Operation(Kind.RESET, 1), until_numbers())
        self.host.reset()
        script.expect("SKIP", 0)
        script.expect("PHASE", 0)

    def reseeded(self) -> None:
        """Ask for the same numbers after a reseed, with no step between: the epoch's first."""
        if not self.shape.has_reseed:
            return
        script, every = self.script, list(range(self.shape.sources))
        script.play(until_numbers(), write("SELECT", 0xFFFFFFFF), write("SKIP", 5), until_idle())
        self.host.moved_on(5)
        epoch = 1 + max(epoch for epoch, _ in self.host.positions)
        for replay in (False, True):
            settings = self.settings()
            self.setting(settings)
            self.one_pass("plus", settings, list(self.host.positions), replay, timed=False)
            self.host.moved_on()
            script.expect("PHASE", self.host.positions[0][1])
            if not replay:
                for operation in self.host.reseed(every, epoch):
                    if operation.address == BY_NAME["SEED"].address:
                        script.refused(write("SEED_HIGH", -1, strobe=7), "strobes")
                    script.play(operation)
                script.play(until_numbers())
        script.events.add("replay after a reseed")

    def hasty(self) -> None:
        """Begin a pass at once after a reseed, and make another one with the same numbers."""
        if not self.shape.has_reseed:
            return
        settings, epoch = self.settings(), 1 + max(epoch for epoch, _ in self.host.positions)
        self.setting(settings)
        self.script.play(until_numbers(), *self.host.reseed(list(range(self.shape.sources)), epoch))
        positions = list(self.host.positions)
        for mode, replay in (("plus", False), ("minus", True)):
            self.one_pass(mode, settings, positions, replay, timed=False)
        self.host.moved_on()
        self.script.expect("PHASE", self.host.positions[0][1])

    def skipped_alone(self) -> None:
        """Skip beats of the first stream while the last one waits for its seeds."""
        last = self.shape.sources - 1
        if not self.shape.has_reseed or last == 0:
            return
        script, epoch = self.script, 1 + max(epoch for epoch, _ in self.host.positions)
        reseed, words = self.host.reseed([last], epoch), self.host.seed_words(epoch)
        script.play(*reseed[: -len(words)], write("SELECT", 1), write("SKIP", 3), until_idle())
        self.host.positions[0] = (self.host.positions[0][0], self.host.positions[0][1] + 3)
        script.expect("PHASE", self.host.positions[0][1])
        script.play(write("SELECT", 1 << last), *words, until_numbers())
        settings = self.settings()
        self.setting(settings)
        self.one_pass("plus", settings, list(self.host.positions), replay=False, timed=False)
        self.host.moved_on()
        script.events.add("a skip while another stream loads")

    def reseeded_alone(self) -> None:
        """Replay a step after a reseed of the last stream alone: the others go back to the step."""
        last = self.shape.sources - 1
        if not self.shape.has_reseed or last == 0:
            return
        script, epoch = self.script, 1 + max(epoch for epoch, _ in self.host.positions)
        settings, begun = self.settings(), list(self.host.positions)
        self.setting(settings)
        self.one_pass("plus", settings, begun, replay=False, timed=False)
        self.host.moved_on()
        script.play(until_numbers(), *self.host.reseed([last], epoch), until_numbers())
        self.host.positions[:last] = begun[:last]
        self.one_pass("minus", settings, list(self.host.positions), replay=True, timed=False)
        self.host.moved_on()
        script.expect("PHASE", self.host.positions[0][1])

    def loading(self) -> None:
        """Pass weights through while the streams wait for their seeds; then reset."""
        if self.shape.has_reseed:
            self.script.play(until_numbers(), write("SELECT", 0xFFFFFFFF), write("RESEED", 1))
            self.expect_status("LOADING", "UNLOADED")
            self.one_pass("restore", self.settings(), self.host.positions, False, timed=False)
            self.expect_status("LOADING", "UNLOADED")
            self.script.play(Operation(Kind.RESET, 1))
            self.host.reset()

    def unloaded(self) -> None:
        """Ask for numbers while the last stream lacks a word of its seeds: refused, then obeyed."""
        if not self.shape.has_reseed:
            return
        script, last = self.script, self.shape.sources - 1
        epoch, every = 1 + max(epoch for epoch, _ in self.host.positions), write("SELECT", -1)
        settings = self.settings()
        self.setting(settings)
        only, asks, *words = self.host.reseed([last], epoch)[1:]
        script.play(until_numbers(), only, asks)
        for word in (None, *words[:-1]):
            script.play(*([word] if word else []), every)
            for mode in ("plus", "minus", "update"):
                for replay in (False, True):
                    script.refused(begin(mode, replay), "seeds missing")
            script.refused(write("SKIP", 0x87654321), "seeds missing")
            self.expect_status("UNLOADED", *(["LOADING"] if last == 0 else []))
            script.expect("SKIP", 0)
            script.play(only)
        script.play(words[-1])
        self.one_pass("plus", settings, list(self.host.positions), replay=False, timed=False)
        self.host.moved_on()
        script.expect("PHASE", self.host.positions[0][1])

    def cut(self, reset: int) -> None:
        """Reset for so many clocks in the middle of a pass: all is as it was at the start."""
        self.pressure(False)
        self.script.events.add("reset in mid-pass")
        clocks = LATENCY + self.host.beats // 2
        script, weights, settings = self.script, self.weights(), self.settings()
        positions = list(self.host.positions)
        self.setting(settings)
        script.play(
            begin("minus", False), Operation(Kind.CUT, clocks << 16 | self.host.beats, strobe=reset)
        )
        script.beats += packed(weights, self.shape)
        sent = self.lines(self.model.send("minus", weights, positions, settings))
        script.expected.append("c")
        script.expected += [f"b 0 {line[4:]}" for line in sent]
        script.expected.append(".")
        self.host.reset()
        script.expect("STEP", 0)
        script.expect("PHASE", 0)

    def control(self) -> None:
        """Write every register and reset in every state, and reset while a command is under way."""
        self.pressure(False)
        self.script.play(Operation(Kind.RESET, 1))
        for state in states(self.shape):
            self._begin(state)
            if state not in ("idle", "loading"):
                self._refused(state)
            if state == "loading":
                self.script.refused(write("RESEED", 1), "value")
                self.script.events.add("RESEED = 1 refused: loading")
            self._reset(state)
        for clocks in range(1, 7):
            for name, offered in (("CONTROL", 3), ("CONTROL", 7), ("SKIP", 3)):
                self._begin("idle")
                abandoned = Operation(Kind.ABANDON, clocks << 16 | offered, BY_NAME[name].address)
                self.script.play(abandoned)
                self._is_reset()

    def _begin(self, state: str) -> None:
        """Lead the engine, which was reset, to a state, no register and position as after reset."""
        script, (low, high) = self.script, self.shape.scales
        script.play(until_numbers(), write("SKIP", 5), until_idle())
        self.setting(Settings([low or high] * self.shape.segments, self.ends, 0x1234, 9))
        script.expect("PHASE", 5)
        if state == "loading":
            words = self.host.seed_words(1)
            script.play(write("RESEED", 1), *words[: len(words) // 2])
            self.expect_status("LOADING", "UNLOADED")
        if state in ("open", "draining"):
            script.play(begin("update", False))
        if state == "draining":  # as many beats as the engine holds
            beats = LATENCY + 1
            script.play(Operation(Kind.SEND, beats))
            script.beats += packed(self.weights()[: beats * self.shape.lanes], self.shape)
        if state == "skipping":
            script.play(write("SKIP", 0xFFFFFFFF))

    def _refused(self, state: str) -> None:
        """Write every register while the engine is busy."""
        script = self.script
        for name, value in WRITTEN:
            script.refused(write(name, value), "busy")
            script.events.add(f"{name} = {value} refused: {state}")
        script.expect("STEP", 0x1234)
        script.expect("STEP_SHIFT", 9)
        script.expect("SELECT", (1 << self.shape.sources) - 1)
        script.expect("SCALE", self.shape.scales[0] or self.shape.scales[1])
        if self.ends:
            script.expect("END", self.ends[0])

    def _reset(self, state: str) -> None:
        self.script.play(Operation(Kind.RESET, 1))
        self.script.events.add(f"reset: {state}")
        self._is_reset()

    def _is_reset(self) -> None:
        """Check that all is as after reset: registers, positions, and what is kept."""
        script, segments = self.script, self.shape.segments
        self.host.reset()
        script.play(until_numbers())
        self.expect_status("NUMBERS")
        for name in ("STEP", "STEP_SHIFT", "SKIP", "PHASE"):
            script.expect(name, 0)
        script.expect("SELECT", (1 << self.shape.sources) - 1)
        for segment in range(segments):
            script.expect("SCALE", 0, segment)
            if segment + 1 < segments:
                script.expect("END", 0, segment)
        self.unkept()
        script.play(Operation(Kind.RESET, 1))
        self.host.reset()

    def cleared(self) -> None:
        """Return the streams to where reset left them."""
        self.script.play(write("RESEED", 2))
        self.script.events.add("streams return to reset")
        self.host.reset()
        self.script.expect("PHASE", 0)


def make_engine_script(
    point: DesignPoint, shape: Shape, steps: int = STEPS, seed: int = MASTER_SEED
) -> EngineScript:
    """Draw the regression of a point's engine.

    Args:
        point: A point with integer weights.
        shape: Its engine.
        steps: Training steps before the reset, and half as many after it.
        seed: Master seed of its streams.
    """
    maker = Scenarios(point, shape, seed)
    orders = [
        ["plus", "minus", "update", "restore"],
        ["restore", "update", "minus", "restore", "plus"],
        ["minus", "restore", "plus"],
    ]
    maker.script.play(Operation(Kind.RESET, 3))
    for on in (False, True):
        maker.pressure(on)
        maker.registers()
        maker.overlapping()
        maker.abandoned()
        if not on:
            maker.script.play(Operation(Kind.RESET, 1))
    maker.script.play(Operation(Kind.RESET, 2))
    for number in range(steps):
        maker.pressure(number % 3 != 0)
        maker.step(number, orders[number % 4 % 3], timed=number % 3 == 0)
    maker.pressure(True)
    maker.busy(steps)
    maker.held()
    maker.early()
    maker.reseeded()
    maker.hasty()
    maker.unloaded()
    maker.skipped_alone()
    maker.reseeded_alone()
    maker.skipping()
    maker.interrupted()
    for reset in (3, 1):
        maker.cut(reset)
        maker.unkept()
    maker.control()
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
