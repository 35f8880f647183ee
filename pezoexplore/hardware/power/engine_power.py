"""Power of a perturbation engine with its streams, under one training step.

The workload is :func:`pezoexplore.hardware.verify.engine.typical.typical_script`, played on the
mapped netlist by the harness of the engine's regression. Measured are the clocks from the first
beat in to the last one out of one pass of each mode that moves weights. Every beat and every
response is compared with the software engine, so a netlist that computes something else gives no
figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Netlist, joined_ports, wire
from pezoexplore.hardware.power.gatesim import Stimulus
from pezoexplore.hardware.power.power import figures_of
from pezoexplore.hardware.rtl.engine import SEGMENTS, TOP, Shape
from pezoexplore.hardware.verify.engine.checker import check_engine
from pezoexplore.hardware.verify.engine.script import LATENCY, EngineScript
from pezoexplore.hardware.verify.engine.typical import PASSES, typical_script
from pezoexplore.hardware.verify.engine.verify import HARNESS, clocks_enough
from pezoexplore.hardware.verify.trace import MismatchError
from pezoexplore.paths import bench_dir

BEATS = 128
"""Beats of a pass."""

_CLOCK_NS = 1000.0
"""Clock period of the simulation in ns of the cells: the harness has 10 ns, the cells 10 ps."""


def engine_power(
    netlist: Netlist,
    point: DesignPoint,
    target: DesignTarget,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
    *,
    beats: int = BEATS,
) -> dict[str, float | None]:
    """Compute the power of the mapped engine of a point.

    Args:
        netlist: The engine, of :data:`SEGMENTS` segments.
        point: Its point, with integer weights.
        target: One that :func:`pezoexplore.hardware.power.power.has_power`.
        clock_mhz: Clock frequency of the power.
        work_dir: Folder to simulate in, emptied first.
        log_path: Log file for the output of the tools.
        beats: Beats of a pass.

    Returns:
        ``engine_power_mw_est``, with delays; None as of
        :func:`pezoexplore.hardware.power.power.power_point`.

    Raises:
        ToolError: A tool is missing or failed, or the netlist is not the software engine.
        ToolTimeoutError: A tool timed out.
    """
    shape = Shape.of(point, SEGMENTS)
    script = typical_script(point, shape, beats)
    clocks = (PASSES - 1) * (beats + LATENCY)
    workload = Steps(script, shape, clocks, clocks_enough(point, beats))
    found = figures_of(netlist, target, workload, clock_mhz, work_dir, log_path)
    return {"engine_power_mw_est": found.power_mw if found else None}


@dataclass(frozen=True)
class Steps(Stimulus):
    """A training step of an engine.

    Attributes:
        script: Operations, and what is expected.
        shape: The engine.
        clocks: Clocks of the passes but the first, which the trace confirms.
        patience: Clocks after which an operation is taken to have no end.
    """

    timeout_s: ClassVar[float] = 1800.0

    script: EngineScript
    shape: Shape
    clocks: int
    patience: int

    def files(self, netlist: Netlist, cells: Sequence[str], period_ns: float) -> Mapping[str, str]:
        """Implement :meth:`Stimulus.files`."""
        if period_ns > _CLOCK_NS / 2:
            raise ToolError(f"the engine takes {period_ns:g} ns to settle: more than is simulated")
        operations, beats = self.script.operations, self.script.beats
        defines = {
            "DATA_BITS": self.shape.lanes * self.shape.slot_bits,
            "OPS": len(operations),
            "BEATS": len(beats),
            "PRESSURES": 1,
            "PATIENCE": self.patience,
        }
        lines = [
            *(f"`define {name} {value}" for name, value in defines.items()),
            "`timescale 10ps/1fs",
            *_module(netlist, cells),
            (bench_dir() / f"{HARNESS}.v").read_text(encoding="utf-8"),
            "`timescale 1ns/1fs",
            _BENCH.format(harness=HARNESS, operations=len(operations), beats=len(beats)),
        ]
        return {
            "bench.v": "\n".join(lines),
            "ops.hex": "".join(operation.line() for operation in operations),
            "beats.hex": "\n".join(beats) + "\n",
            "pressure.hex": "7f\n",
        }

    def check(self, folder: Path) -> None:
        """Implement :meth:`Stimulus.check`: compare all responses with the software engine's."""
        try:
            check_engine(self.script, (folder / "trace.txt").read_text("ascii").splitlines())
        except MismatchError as difference:
            raise ToolError(f"the netlist of the engine: {difference}") from difference


_BENCH = """module bench;
{harness} harness ();
integer passes = 0; reg open = 1'b0;
initial begin $dumpfile("bench.vcd"); harness.op_count = {operations};
harness.beat_count = {beats}; #1 harness.go = 1'b1; @(posedge harness.idle) $finish; end
// Whole clocks, each from one low phase to the next: a pass counts from the clock that takes its
// first beat to the one that hands over its last.
always @(negedge harness.clk) begin
#1 if (!open && harness.streaming && harness.s_tvalid && harness.s_tready === 1'b1
&& harness.sent == 0) begin
open = 1'b1; passes = passes + 1;
if (passes == 2) $dumpvars(1, harness.u_top); else if (passes > 2) $dumpon;
end else if (open && harness.last_seen) begin
open = 1'b0; if (passes > 1) $dumpoff;
end end
endmodule
"""


def _module(netlist: Netlist, cells: Sequence[str]) -> list[str]:
    """Return the netlist as the module that the harness instantiates."""
    ways = {name.partition("[")[0]: port.direction for name, port in netlist.ports.items()}
    ports = joined_ports(netlist)
    joins = []
    for name, bits in ports.items():
        wires = f"{{{', '.join(wire(bit) for bit in reversed(bits))}}}"
        ends = (wires, name) if ways[name] == "input" else (name, wires)
        joins.append(f"assign {ends[0]} = {ends[1]};")
    return [
        f"module {TOP} ({', '.join(ports)});",
        *(f"{ways[name]} [{len(bits) - 1}:0] {name};" for name, bits in ports.items()),
        *(f"wire n{net};" for net in netlist.nets),
        *joins,
        *cells,
        "endmodule",
    ]
