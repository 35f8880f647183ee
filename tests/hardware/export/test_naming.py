"""Named bundles stand side by side: in one simulation, one netlist, one C program, one system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_tools import one_line

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.naming import check_name
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.packing import pack_rows
from pezoexplore.streams.stream import Stream

ALPHA = resolve(reuse="phased", bit_width=5, state_bits=8, lanes=3, scaling="pow2")
BETA = resolve(reuse="pool", bit_width=4, lanes=3, pool_size=20)
GAMMA = resolve(reuse="bank", bit_width=4, lanes=3, reuse_period=4, weight_bits=8,
                activation_bits=8)  # fmt: skip
DELTA = resolve(reuse="phased", bit_width=4, state_bits=8, lanes=3)
LIMIT = 100


def files_of(point: DesignPoint, name: str | None, **more) -> dict[str, str]:
    return bundle_files(Order(point, more.pop("segments", None), rtl_dir(), "x", name=name, **more))


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> Path:
    """Return a folder with two streams, one with the ports of AXI4-Stream, and an engine."""
    folder = tmp_path_factory.mktemp("bundles")
    write_bundle(files_of(ALPHA, "alpha", axis=True), folder / "alpha")
    write_bundle(files_of(BETA, "beta_2"), folder / "beta")
    write_bundle(files_of(GAMMA, "gamma", segments=1), folder / "gamma")
    return folder


def run(folder: Path, *command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | environment, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_module_and_file_has_the_prefix(bundles):
    for name, prefix in (("alpha", "alpha_"), ("beta", "beta_2_"), ("gamma", "gamma_")):
        rtl = sorted((bundles / name / "rtl").iterdir())
        assert all(path.name.startswith(prefix) for path in rtl)
        for path in (path for path in rtl if path.suffix == ".v"):
            assert f"module {path.stem}" in path.read_text(), "named like its file"
    assert (bundles / "beta" / "beta_2.core").exists()
    assert '.FILE("beta_2_rows.hex")' in (bundles / "beta/rtl/beta_2_top.v").read_text()
    assert not [p for p in bundles.rglob("*") if p.is_file() and "pezo_" in p.read_text()]


@pytest.mark.parametrize("name", ["", "A", "1a", "a__b", "a_", "a-b", "a" * 41, "a b", "../a"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(DesignError, match=r"--name .*allowed: up to 40 small letters") as caught:
        check_name(name)
    one_line(caught.value)


def test_without_a_name_nothing_changes():
    files = files_of(ALPHA, None)
    assert {"rtl/pezo_top.v", "rtl/lfsr.v", "pezo.core"} <= files.keys()
    assert "rtl/pezo_axis.v" not in files


def test_c_models_stand_in_one_program(bundles, tmp_path):
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "alpha_stream.h"\n#include "beta_2_stream.h"\n'
        "static alpha_stream a; static beta_2_stream b;\nint main(void) {\n"
        "int32_t x[ALPHA_LANES], y[BETA_2_LANES];\nalpha_reseed(&a, 0, 0);\n"
        "beta_2_reseed(&b, 0, 0);\nalpha_beat(&a, x);\nbeta_2_beat(&b, y);\n"
        'printf("%d %d", (int)x[0], (int)y[0]);\nreturn 0; }\n'
    )
    sources = [f"-I{bundles / name / 'sw'}" for name in ("alpha", "beta")]
    run(tmp_path, "gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", *sources, "-o", "x", "main.c")
    first = [int(Stream(point).beats(0, 0, 1)[0, 0]) for point in (ALPHA, BETA)]
    assert run(tmp_path, tmp_path / "x") == "{} {}".format(*first)


@pytest.mark.slow
def test_make_checks_a_named_bundle(bundles):
    out = run(bundles / "beta", "make", f"PYTHON={sys.executable}", "CC=gcc -Werror")
    assert "TESTS=1 PASS=1" in out and "Python model: " in out and "C model: " in out


SYSTEM = """\
`timescale 1ns/1ps
`default_nettype none
module system (
    input wire clk, input wire rst, input wire ready,
    output wire a_valid, output wire [15:0] a_data, output wire [5:0] a_exponent,
    output wire b_valid, output wire [11:0] b_data,
    input wire read, output wire read_ready, output wire done, output wire [31:0] id,
    output wire [31:0] rest
);
    wire u_valid, u_last;
    alpha_axis u_alpha (.aclk(clk), .aresetn(!rst), .start(1'b0), .replay(1'b0),
        .m_axis_tdata(a_data), .m_axis_tvalid(a_valid), .m_axis_tready(ready),
        .m_axis_tuser(a_exponent));
    beta_2_top u_beta (.clk(clk), .rst(rst), .start(1'b0), .replay(1'b0),
        .out_valid(b_valid), .out_ready(ready), .out_data(b_data));
    gamma_engine u_gamma (.aclk(clk), .aresetn(!rst),
        .s_axil_awaddr(8'b0), .s_axil_awprot(3'b0), .s_axil_awvalid(1'b0),
        .s_axil_awready(rest[31]),
        .s_axil_wdata(32'b0), .s_axil_wstrb(4'b0), .s_axil_wvalid(1'b0), .s_axil_wready(rest[30]),
        .s_axil_bresp(rest[29:28]), .s_axil_bvalid(rest[27]), .s_axil_bready(1'b1),
        .s_axil_araddr(8'b0), .s_axil_arprot(3'b0), .s_axil_arvalid(read),
        .s_axil_arready(read_ready),
        .s_axil_rdata(id), .s_axil_rresp(rest[26:25]), .s_axil_rvalid(done), .s_axil_rready(1'b1),
        .s_axis_tdata(24'b0), .s_axis_tvalid(1'b0), .s_axis_tready(rest[24]), .s_axis_tlast(1'b0),
        .m_axis_tdata(rest[23:0]), .m_axis_tvalid(u_valid), .m_axis_tready(1'b1),
        .m_axis_tlast(u_last));
    wire unused = &{1'b0, u_valid, u_last};
endmodule
`default_nettype wire
"""

BENCH = """\
`timescale 1ns/1ps
module bench;
    reg clk = 0, rst = 1, read = 0;
    wire a_valid, b_valid, read_ready, done;
    wire [15:0] a_data;
    wire [5:0] a_exponent;
    wire [11:0] b_data;
    wire [31:0] id, rest;
    system u_system (.clk(clk), .rst(rst), .ready(1'b1), .a_valid(a_valid), .a_data(a_data),
        .a_exponent(a_exponent), .b_valid(b_valid), .b_data(b_data), .read(read),
        .read_ready(read_ready), .done(done), .id(id), .rest(rest));
    always #5 clk = !clk;
    always @(posedge clk) if (!rst) begin
        if (a_valid) $display("a %h %h", a_data, a_exponent);
        if (b_valid) $display("b %h", b_data);
        if (done) $display("id %h", id);
        if (read && read_ready) read <= 0;
    end
    initial begin
        repeat (4) @(negedge clk);
        rst = 0; read = 1;
        repeat (60) @(negedge clk);
        $finish;
    end
endmodule
"""


def check_output(text: str) -> None:
    """Compare what the bench prints with both software streams; the engine says its letters."""
    words: dict[str, list[list[str]]] = {"a": [], "b": [], "id": []}
    for line in text.splitlines():
        kind, *rest = line.split() or [""]
        if kind in words:
            words[kind].append(rest)
    for kind, point in (("a", ALPHA), ("b", BETA)):
        stream = Stream(point)
        beats = pack_rows(stream.beats(0, 0, 50), point.bits)
        assert [int(row[0], 16) for row in words[kind][:50]] == list(beats)
    exponents = Stream(ALPHA).exponents(0, 0, 50)
    assert exponents is not None
    assert [int(row[1], 16) for row in words["a"][:50]] == [int(e) % 64 for e in exponents]
    assert words["id"] == [[b"PEZO".hex()]]


def test_a_system_of_named_bundles_on_icarus(bundles, tmp_path):
    (tmp_path / "system.v").write_text(SYSTEM)
    (tmp_path / "bench.v").write_text(BENCH)
    rtl = sorted(bundles.glob("*/rtl/*.v"))
    for path in bundles.glob("*/rtl/*.hex"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    folders = [f"-I{bundles / name / 'rtl'}" for name in ("alpha", "beta", "gamma")]
    command = ["iverilog", "-g2005", "-Wall", *folders, "-o", "x.vvp", "system.v", "bench.v", *rtl]
    assert "warning" not in run(tmp_path, *command).replace("-Wtimescale", "").lower()
    check_output(run(tmp_path, "vvp", "-n", "x.vvp"))


CORE = """\
CAPI=2:
name: pezoexplore:test:system:1.0
filesets:
  rtl:
    files: [system.v: {file_type: verilogSource-2005}]
    depend: ["pezoexplore:rng:alpha", "pezoexplore:rng:beta_2", "pezoexplore:rng:gamma"]
  bench:
    files: [bench.v: {file_type: verilogSource-2005}]
targets:
  sim:
    flow: sim
    flow_options: {tool: icarus}
    filesets: [rtl, bench]
    toplevel: bench
  lint:
    flow: lint
    flow_options: {tool: verilator, verilator_options: [-Wall]}
    filesets: [rtl]
    toplevel: system
"""


PLAIN = """\
    wire p_valid;
    wire [11:0] p_data;
    pezo_top u_plain (.clk(clk), .rst(rst), .start(1'b0), .replay(1'b0),
        .out_valid(p_valid), .out_ready(ready), .out_data(p_data));
    wire unused_plain = &{1'b0, p_valid, p_data};
endmodule
"""


@pytest.mark.slow
def test_fusesoc_builds_a_core_that_depends_on_them_and_on_one_without_a_name(bundles, tmp_path):
    plain = files_of(DELTA, None)
    write_bundle(plain, tmp_path / "plain")
    (core,) = (line.split()[1] for line in plain["pezo.core"].splitlines() if line[:5] == "name:")
    (tmp_path / "system.core").write_text(CORE.replace('gamma"]', f'gamma", "{core}"]'))
    (tmp_path / "system.v").write_text(SYSTEM.replace("endmodule\n", PLAIN))
    (tmp_path / "bench.v").write_text(BENCH)
    verilator = verilator_folder()
    assert verilator is not None
    homes = {f"XDG_{kind}_HOME": str(tmp_path) for kind in ("CONFIG", "CACHE", "DATA")}
    path = f"{verilator}{os.pathsep}{os.environ['PATH']}"
    fusesoc = [sys.executable, "-c", "from fusesoc.main import main; main()"]
    fusesoc += ["--cores-root", str(bundles), "--cores-root", ".", "run"]
    out = run(tmp_path, *fusesoc, "--target=sim", "pezoexplore:test:system", PATH=path, **homes)
    check_output(out)
    out = run(tmp_path, *fusesoc, "--target=lint", "pezoexplore:test:system", PATH=path, **homes)
    assert "%Warning" not in out


@pytest.mark.regression
def test_the_system_on_verilator_and_in_yosys(bundles, tmp_path):
    (tmp_path / "system.v").write_text(SYSTEM)
    (tmp_path / "bench.v").write_text(BENCH)
    for path in bundles.glob("*/rtl/*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rtl = sorted(path.name for path in tmp_path.glob("*.v") if path.name != "bench.v")
    verilator = verilator_folder()
    assert verilator is not None
    command = [verilator / "verilator", "--binary", "--timing", "--top-module", "bench"]
    run(tmp_path, *command, "-CFLAGS", "-std=c++20", *rtl, "bench.v")
    check_output(run(tmp_path, tmp_path / "obj_dir" / "Vbench"))
    commands = [f"read_verilog -defer {' '.join(rtl)}", "synth -flatten -top system",
                "check -assert", "tee -q -o stat.json stat -json"]  # fmt: skip
    run_yosys(commands, tmp_path, tmp_path / "log", LIMIT)
    assert '"num_cells"' in (tmp_path / "stat.json").read_text()
