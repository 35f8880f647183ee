"""Streams without HAS_RESEED ignore `reseed` and the load port, whatever comes there."""

from __future__ import annotations

import subprocess

import pytest

from pezoexplore.paths import rtl_dir

SHAPES = {
    "stream_bank": (".STATE_BITS(3), .BIT_WIDTH(3), .LANES(2), .SEEDS(6'o35)", 6, 3),
    "stream_lut_sr": (".LANES(3)", 24, 521),
    "stream_none": (".STATE_BITS(3), .BIT_WIDTH(3), .LANES(2), .SEEDS(6'o35)", 6, 3),
    "stream_phased": (".STATE_BITS(3), .BIT_WIDTH(1), .LANES(3), .COLUMNS(9'o421), .LAST(3)", 3, 3),
    "stream_pool": ('.LANES(1), .ROWS(7), .HAS_RESEED(0), .FILE("rows.hex")', 8, 8),
}
"""Parameters, data bits and state bits of an instance of each: periods of a few beats."""

BENCH = """`timescale 1ns/1ps
module bench;
    reg clk = 0, rst = 1, start = 0, replay = 0, ready = 0, reseed = 0, load_valid = 0;
    reg [{state} - 1:0] load_data = 0;
    wire valid_a, valid_b, asks;
    wire [{data} - 1:0] data_a, data_b;
    {module} #({parameters}) a (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(1'b0), .load_valid(1'b0),
        .load_data({state}'d0), .out_valid(valid_a), .out_ready(ready), .out_data(data_a));
    {module} #({parameters}) b (
        .clk(clk), .rst(rst), .start(start), .replay(replay), .reseed(reseed),
        .load_valid(load_valid), .load_data(load_data), .load_ready(asks), .out_valid(valid_b),
        .out_ready(ready), .out_data(data_b));
    integer clock, shown = 0, changed = 0;
    reg [{data} - 1:0] before = 0;
    always #5 clk = !clk;
    initial begin
        for (clock = 0; clock < 600; clock = clock + 1) begin
            @(negedge clk);
            rst = clock < 2;
            {{reseed, load_valid, ready}} = $random;
            start = $random % 8 == 0;
            replay = $random % 16 == 0;  // seldom, for periods to end
            load_data = $random;
            #1 if (!rst && (asks || valid_a !== valid_b || (valid_a && data_a !== data_b)))
                $display("differs at clock %0d", clock);
            if (valid_a && ready) begin
                shown = shown + 1;
                changed = changed + (data_a !== before);
                before = data_a;
            end
        end
        $display("shown %0d changed %0d", shown, changed);
        $finish;
    end
endmodule
"""


@pytest.mark.parametrize("module", SHAPES)
def test_reseed_and_loads_change_nothing(module, tmp_path):
    parameters, data, state = SHAPES[module]
    bench = BENCH.format(module=module, parameters=parameters, data=data, state=state)
    (tmp_path / "bench.v").write_text(bench, encoding="utf-8")
    (tmp_path / "rows.hex").write_text("\n".join(f"{3 * row + 1:02x}" for row in range(7)) + "\n")
    sources = sorted(str(path) for path in rtl_dir().glob("*.v"))
    command = ["iverilog", "-g2005", "-I", str(rtl_dir()), "-s", "bench", "-o", "bench.vvp"]
    subprocess.run([*command, "bench.v", *sources], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(["vvp", "bench.vvp"], cwd=tmp_path, capture_output=True, text=True)
    assert "differs" not in done.stdout, done.stdout[:500]
    shown, changed = (int(word) for word in done.stdout.split("shown ")[1].split()[::2])
    assert shown > 50 and changed > 20, done.stdout
