"""Every kind of cell that Yosys makes, from a small design of each: no target leaves one out."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.eda.synth import (
    FLATTEN,
    NETLIST,
    WRITE_NETLIST,
    cell_areas,
    cells_by_type,
    count_cells,
)
from pezoexplore.hardware.eda.targets import LIBERTY, TARGETS
from pezoexplore.hardware.eda.tools import osu018_liberty
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.rtl.build import TOP

INVERTERS = """
    reg [7:0] q; always @(posedge clk) q <= a[7:0] & b[7:0];
    wire lone = &a[11:8], used = ^a[15:12];
    assign y = {20'b0, ~used, used, ~lone, ~q};
"""
"""Eight inverters after flip-flops and one after a LUT that is read; one that a LUT absorbs."""

WIRES = "assign y = {a[30:0], 1'b1};"
FALLING = "reg [3:0] q; always @(negedge clk) q <= a[3:0]; assign y = q;"
DELAYS = """
    reg [15:0] q [0:1];
    always @(posedge clk) begin q[0] <= {q[0][14:0], a[0]}; q[1] <= {q[1][14:0], a[1]}; end
    assign y = {q[1][15], q[0][15]};
"""
ADDER = "assign y = a + b;"
PRODUCT = "assign y = a[15:0] * b[15:0];"
SMALL_MEMORY = """
    reg [3:0] store [0:15];
    always @(posedge clk) if (b[31]) store[a[3:0]] <= b[3:0];
    assign y = store[b[7:4]];
"""
MEMORY = """
    reg [7:0] store [0:511]; reg [7:0] q;
    always @(posedge clk) if (b[31]) store[a[8:0]] <= b[7:0]; else q <= store[b[20:12]];
    assign y = q;
"""
"""One LUT inverts its enable, where the memory itself does not."""

LUTS_OF_INVERTERS = 8 + 1 + 1 + 8 + 1
"""Eight ANDs, the two functions of four bits, and nine of the ten inverters."""

SIGNS = {"lut": LUTS_OF_INVERTERS, "ff": 8}
SHIFT_LUTS = {"lut": 2}
SHIFT_FLOPS = {"ff": 32}
FALLING_FLOPS = {"ff": 4}
CASES = {
    "xcup": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_LUTS,
        ADDER: {"lut": 32, "carry": 8},
        PRODUCT: {"dsp": 1},
        SMALL_MEMORY: {"lut": 8},
        MEMORY: {"bram": 0.5, "lut": 1},
    },
    "xc7": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_LUTS,
        ADDER: {"lut": 32, "carry": 8},
        PRODUCT: {"dsp": 1},
        SMALL_MEMORY: {"lut": 4},
        MEMORY: {"bram": 0.5, "lut": 1},
    },
    "ice40": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_FLOPS,
        ADDER: {"lut": 32, "carry": 31},
        MEMORY: {"bram": 1, "lut": 1},
    },
    "ice40up": {
        INVERTERS: SIGNS,
        FALLING: FALLING_FLOPS,
        ADDER: {"lut": 32, "carry": 31},
        PRODUCT: {"dsp": 1},
        MEMORY: {"bram": 1, "lut": 1},
    },
    "gowin": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_FLOPS,
        ADDER: {"lut": 32, "carry": 32},
        PRODUCT: {"dsp": 1},
        SMALL_MEMORY: {"lut": 4},
        MEMORY: {"bram": 1, "lut": 1},
    },
    "gatemate": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_FLOPS,
        ADDER: {"lut": 32, "carry": 32},
        MEMORY: {"bram": 0.5, "lut": 1},
    },
    "ecp5": {
        INVERTERS: SIGNS,
        WIRES: {},
        FALLING: FALLING_FLOPS,
        DELAYS: SHIFT_FLOPS,
        ADDER: {"lut": 32, "carry": 16},
        PRODUCT: {"dsp": 1},
        SMALL_MEMORY: {"lut": 6},
        MEMORY: {"bram": 1, "lut": 1},
    },
}


def design(parts: list[str]) -> str:
    """Return the Verilog of parts side by side, each with inputs and outputs of its own."""
    ports = ", ".join(
        f"input [31:0] a{i}, input [31:0] b{i}, output [31:0] y{i}" for i in range(len(parts))
    )
    pins = ".clk(clk), .a(a{0}), .b(b{0}), .y(y{0})"
    uses = "\n".join(f"part{i} u{i} ({pins.format(i)});" for i in range(len(parts)))
    modules = (
        f"module part{i} (input clk, input [31:0] a, input [31:0] b, output [31:0] y);\n"
        f"{body}\nendmodule\n"
        for i, body in enumerate(parts)
    )
    return f"module {TOP} (input clk, {ports});\n{uses}\nendmodule\n" + "".join(modules)


def cells(parts: list[str], target: str, folder: Path) -> Counter[str]:
    """Map parts side by side for a target and return the cells that count."""
    (folder / "top.v").write_text(design(parts), encoding="utf-8")
    for name, text in TARGETS[target].files.items():
        (folder / name).write_text(text, encoding="utf-8")
    script = [line.format(top=TOP) for line in TARGETS[target].script]
    commands = ["read_verilog top.v", *script, *FLATTEN, *WRITE_NETLIST]
    run_yosys(commands, folder, folder / "log", 60.0)
    return cells_by_type(read_netlist(folder / NETLIST, TOP))


MARKS = {
    "xc7": pytest.mark.regression,
    "xcup": pytest.mark.regression,
    "ice40up": pytest.mark.slow,
}


@pytest.mark.parametrize(
    "target",
    [pytest.param(t, marks=MARKS.get(t, ())) for t in CASES],
)
def test_every_cell_counts(target: str, tmp_path: Path) -> None:
    found = count_cells(cells(list(CASES[target]), target, tmp_path), TARGETS[target])
    expected: Counter[str] = Counter()
    for counts in CASES[target].values():
        expected.update(counts)
    assert found == dict.fromkeys(TARGETS[target].columns, 0) | expected


def test_every_library_cell_has_its_area(tmp_path: Path) -> None:
    """Inverters and buffers too: the area is that of all cells."""
    shutil.copy(osu018_liberty(), tmp_path / LIBERTY)
    areas = cell_areas(tmp_path / LIBERTY, gate="NAND2X1")
    found = cells([INVERTERS, WIRES, FALLING], "osu018", tmp_path)
    counts = count_cells(found, TARGETS["osu018"], areas)
    assert counts["ff"] == 12
    assert found["INVX1"] >= 8
    assert counts["area_um2"] == sum(areas[kind] * number for kind, number in found.items())
