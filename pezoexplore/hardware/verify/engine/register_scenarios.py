"""Scenarios of an engine's registers: what they keep, show and refuse."""

from __future__ import annotations

from pezoexplore.hardware.rtl.engine_map import BY_NAME, ID_VALUE, VERSION_VALUE
from pezoexplore.hardware.verify.engine.driver import Kind, Operation, until_numbers, write
from pezoexplore.hardware.verify.engine.script import Maker


class RegisterScenarios(Maker):
    """Adds one scenario of the registers per call to the script of an engine."""

    def registers(self) -> None:
        """Access registers that can only be read, that keep, that refuse."""
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
        script.expect("ID", ID_VALUE)
        script.expect("VERSION", VERSION_VALUE)
        script.expect("SHAPE", sum(where.field(name, value) for name, value in fields.items()))
        script.play(until_numbers())
        self.expect_status("NUMBERS")
        script.expect("SKIP", 0)
        self._kept()
        for name in ("CONTROL", "SKIP", "RESEED", "SEED", "SEED_HIGH"):
            script.refused(write(name, 2, strobe=7), "strobes")
            script.play(write(name, 2, strobe=0))
        for name, value in (("SEED", 1), ("RESEED", 3), ("RESEED", 0)):
            script.refused(write(name, value), "value")
        if not shape.has_reseed:
            script.refused(write("RESEED", 1), "value")
        for name in ("ID", "VERSION", "SHAPE", "STATUS", "PHASE"):
            script.refused(write(name, 1), "address")
        for name in ("CONTROL", "RESEED", "SEED", "SEED_HIGH"):
            script.expect(name, 0)
        ends = (0x40 + 8 * shape.segments, 0x3C + 8 * shape.segments)
        for address in (0x34, 0x38, 0x3C, *ends, 0xBC, 0xC0, 0xC4, 0xFC):
            script.refused(Operation(Kind.READ, address=address), "address")
            script.refused(Operation(Kind.WRITE, 1, address), "address")

    def overlapping(self) -> None:
        """Write or read twice at once: the second waits for the first one's response."""
        script = self.script
        for step, shift in ((0x1234, 21), (0x4321, 10), (-0x3210, 31)):
            script.play(Operation(Kind.PAIR), write("STEP", step), write("STEP_SHIFT", shift))
            script.play(Operation(Kind.PAIR))
            script.expect("STEP", step)
            script.expect("STEP_SHIFT", shift)
            script.play(Operation(Kind.PAIR))
            script.refused(write("ID", step), "address")
            script.play(write("STEP", ~step))
            script.play(Operation(Kind.PAIR))
            script.refused(Operation(Kind.READ, address=0x34), "address")
            script.expect("STEP", ~step)

    def _kept(self) -> None:
        """Write registers that keep their value, byte by byte."""
        script, (low, high) = self.script, self.shape.scales
        segments = self.shape.segments
        script.events.add("bytes written alone")
        script.expect("STEP", 0)
        script.play(write("STEP", 0x12345678, strobe=1))
        script.expect("STEP", 0x78)
        script.play(write("STEP", 0x89AB, strobe=2))
        script.expect("STEP", -0x10000 + 0x8978)
        script.play(write("STEP_SHIFT", 0xFFFFFFFF))
        script.expect("STEP_SHIFT", 31)
        script.play(write("STEP_SHIFT", 7, strobe=14))
        script.expect("STEP_SHIFT", 31)
        every = (1 << self.shape.sources) - 1
        script.expect("SELECT", every)
        script.play(write("SELECT", 0))
        script.expect("SELECT", 0)
        script.refused(write("SEED", 1), "value")  # no stream waits for it
        script.play(write("SELECT", 0xFFFFFFFF, strobe=14))
        script.expect("SELECT", every & 0xFFFFFF00)
        script.play(write("SELECT", 0xFFFFFFFF))
        script.expect("SELECT", every)
        where = BY_NAME["STEP_SHIFT"].address
        script.play(Operation(Kind.WRITE, 21, where + 3))  # which byte is meant plays no part
        script.operations.append(Operation(Kind.READ, address=where + 1))
        script.expected.append(f"r 0 {21:08x}")
        for segment in range(segments):
            script.play(write("SCALE", low + segment % 2, segment))
            script.refused(write("SCALE", high + 1, segment), "value")
            script.refused(write("SCALE", low - 1, segment), "value")
            script.play(write("SCALE", 127, segment, strobe=8))
        for segment in range(segments - 1):
            script.play(write("END", (0x01020304 << segment) & 0xFFFFFFFF, segment))
            script.play(write("END", 0, segment, strobe=4))
        for segment in range(segments):
            script.expect("SCALE", low + segment % 2, segment)
            script.play(write("SCALE", high - segment % 2, segment))
            script.expect("SCALE", high - segment % 2, segment)
        for segment in range(segments - 1):
            script.expect("END", (0x01020304 << segment) & 0xFF00FFFF, segment)
        for value in (0xFFFFFFFF, 0):
            for segment in range(segments - 1):
                script.play(write("END", value, segment))
                script.expect("END", value, segment)
