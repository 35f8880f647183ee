"""The loss and the step of a board at extreme numbers, against plain integers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from fixed_reference import held, loss

from pezoexplore.paths import boards_dir

_LOSS_BENCH = """
module bench;
    parameter CASES = 1;
    parameter CLASSES = 10;
    reg clk = 0, rst = 1, start = 0;
    reg [31:0] rows [0:CASES*(CLASSES+2)-1];
    reg signed [31:0] logit, top;
    reg [3:0] label;
    wire [3:0] address;
    wire done;
    wire signed [31:0] loss;
    integer n;
    always #5 clk = !clk;
    always @(posedge clk) logit <= rows[n*(CLASSES+2)+address];
    cross_entropy #(.CLASSES(CLASSES), .ADDRESS_BITS(4)) dut (
        .clk(clk), .rst(rst), .start(start), .label(label), .top(top),
        .logit_address(address), .logit(logit), .done(done), .loss(loss));
    initial begin
        $readmemh("rows.hex", rows);
        repeat (3) @(negedge clk);
        rst = 0;
        for (n = 0; n < CASES; n = n + 1) begin
            top = rows[n*(CLASSES+2)+CLASSES];
            label = rows[n*(CLASSES+2)+CLASSES+1];
            start = 1; @(negedge clk); start = 0;
            while (!done) @(negedge clk);
            $display("%0d", loss);
        end
        $finish;
    end
endmodule
"""

_STEP_BENCH = """
module bench;
    parameter CASES = 1;
    reg clk = 0, rst = 1, start = 0;
    reg [31:0] rows [0:2*CASES-1];
    reg signed [31:0] difference;
    reg [14:0] rate;
    wire done;
    wire signed [15:0] step;
    integer n;
    always #5 clk = !clk;
    step_size dut (.clk(clk), .rst(rst), .start(start), .difference(difference), .rate(rate),
        .done(done), .step(step));
    initial begin
        $readmemh("rows.hex", rows);
        repeat (3) @(negedge clk);
        rst = 0;
        for (n = 0; n < CASES; n = n + 1) begin
            difference = rows[2*n];
            rate = rows[2*n+1];
            start = 1; @(negedge clk); start = 0;
            while (!done) @(negedge clk);
            $display("%0d", step);
        end
        $finish;
    end
endmodule
"""


def _played(folder: Path, bench: str, module: str, rows: list[list[int]], **set_: int) -> list[int]:
    lines = [f"{value & 0xFFFFFFFF:08x}" for row in rows for value in row]
    (folder / "rows.hex").write_text("\n".join(lines) + "\n")
    (folder / "bench.v").write_text(bench)
    parameters = [f"-Pbench.{k}={v}" for k, v in {"CASES": len(rows), **set_}.items()]
    source = str(boards_dir() / f"{module}.v")
    compile_ = ["iverilog", "-g2005", "-o", "b.vvp", "-s", "bench", *parameters, "bench.v", source]
    subprocess.run(compile_, cwd=folder, check=True, timeout=60)
    done = subprocess.run(
        ["vvp", "-n", "b.vvp"], cwd=folder, check=True, timeout=120, capture_output=True, text=True
    )
    return [int(line) for line in done.stdout.split("\n") if line and line.lstrip("-").isdigit()]


def test_losses_of_any_logits(tmp_path):
    rng = np.random.default_rng(1)
    for classes in (2, 10, 16):
        logits = [rng.integers(-(2**spread), 2**spread, classes) for spread in range(27)]
        logits += [np.full(classes, value) for value in (0, 2**26, -(2**26))]
        logits += [np.where(np.arange(classes) == 1, 2**26, -(2**26))]
        logits += [np.arange(classes) * 4096, np.arange(classes) * -1, np.arange(classes) * 65535]
        logits += [rng.integers(-30000, 30000, classes) for _ in range(200)]
        labels = rng.integers(0, classes, len(logits)).tolist()
        cases = [[int(v) for v in row] for row in logits]
        rows = [[*row, max(row), label] for row, label in zip(cases, labels, strict=True)]
        found = _played(tmp_path, _LOSS_BENCH, "cross_entropy", rows, CLASSES=classes)
        expected = [loss(row, label) for row, label in zip(cases, labels, strict=True)]
        assert found == expected


def test_steps_of_any_difference(tmp_path):
    rng = np.random.default_rng(2)
    edges = [0, 1, -1, 2**23 - 1, 2**23, -(2**23), -(2**23) - 1, 2**31 - 1, -(2**31), 16384, -16384]
    rates = [0, 1, 2, 16384, 32767]
    rows = [[difference, rate] for difference in edges for rate in rates]
    rows += [
        [int(rng.integers(-(2**size), 2**size)), int(rng.integers(0, 2**15))]
        for size in range(1, 31)
        for _ in range(10)
    ]
    found = _played(tmp_path, _STEP_BENCH, "step_size", rows)
    expected = [held((held(d, 24) * rate + 2**14) // 2**15, 16) for d, rate in rows]
    assert found == expected
    assert {min(expected), max(expected)} == {-(2**15), 2**15 - 1}
