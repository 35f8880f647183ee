"""Modules at their own ports, where the streams that hold them do not use all that these allow."""

from __future__ import annotations

import random

import pytest
from module_bench import printed

CLOCKS = 2000

FILLER = """`timescale 1ns/1ps
module bench;
    reg clk = 0, load = 1, fill = 0;
    reg [7:0] load_data = 8'h2d;
    wire filled;
    wire [5*8+2 - 1:0] row;
    pool_filler #(
        .LANES(5), .HALF(1), .EXPONENT_BITS(2), .THRESHOLD_COUNT(3), .SUM_BITS(21),
        .THRESHOLDS({21'd60000, 21'd90000, 21'd120000})
    ) dut (.clk(clk), .load(load), .load_data(load_data), .fill(fill), .filled(filled), .row(row));
    integer clock;
    always #5 clk = !clk;
    initial begin
        for (clock = 0; clock < %d; clock = clock + 1) begin
            @(negedge clk);
            load = clock == 0;
            fill = %s;
            #1 if (fill && filled && !load) $display("%%h", row);
        end
        $finish;
    end
endmodule
"""

TABLE = """`timescale 1ns/1ps
module bench;
    reg clk = 0, write = 0;
    reg [2:0] next_address = 0, write_address = 0;
    reg [5:0] write_data = 0;
    wire [5:0] exponent;
    reg [12:0] script [0:CLOCKS - 1];
    exponent_table #(.ADDRESS_BITS(3), .BITS(4), .BASE(6'd61), .WRITABLE(1)) dut (
        .clk(clk), .next_address(next_address), .write(write), .write_address(write_address),
        .write_data(write_data), .exponent(exponent));
    integer clock;
    always #5 clk = !clk;
    initial begin
        $readmemh("script.hex", script);
        for (clock = 0; clock < CLOCKS; clock = clock + 1) begin
            @(negedge clk);
            if (clock > 0) $display("%0d", exponent);
            {write, next_address, write_address, write_data} = script[clock];
        end
        $finish;
    end
endmodule
"""


def _shown(folder, bench, edit=None):
    """Return the words that a bench prints, of the RTL or with a text of one file replaced."""
    return printed(folder, {"bench": bench}, edit).split()


def _rows(folder, edit=None):
    """Return the rows filled without a pause, and those with pauses at random."""
    steady = _shown(folder, FILLER % (CLOCKS // 4, "1"), edit)
    paused = _shown(folder, FILLER % (CLOCKS, "$random"), edit)
    return [rows[: CLOCKS // 25] for rows in (steady, paused)]


def test_rows_are_the_same_where_filling_pauses(tmp_path):
    steady, paused = _rows(tmp_path)
    assert steady == paused and len(set(steady)) > 40


def test_a_sum_that_a_pause_clears_is_noticed(tmp_path):
    edit = ("pool_filler.v", "if (load || (fill && filled))", "if (load || filled)")
    steady, paused = _rows(tmp_path, edit)
    assert steady != paused


def _exponents(folder, edit=None):
    """Return what the table shows in a random script, and what it should."""
    draw = random.Random(5)
    memory, lines, expected = [None] * 8, [], []
    for clock in range(CLOCKS):
        write, read, where, data = (draw.randrange(2), *(draw.randrange(8) for _ in "12"), 0)
        data = draw.randrange(64)
        if clock < 8:
            write, where = 1, clock
        lines.append(f"{write << 12 | read << 9 | where << 6 | data:x}")
        expected.append(None if memory[read] is None else str((61 + memory[read]) % 64))
        if write:
            memory[where] = data % 16
    (folder / "script.hex").write_text("\n".join(lines), encoding="utf-8")
    shown = _shown(folder, TABLE.replace("CLOCKS", str(CLOCKS)), edit)
    return shown[8:], expected[8:-1]


def test_a_table_shows_the_entry_before_the_write_and_keeps_the_write(tmp_path):
    shown, expected = _exponents(tmp_path)
    assert shown == expected


@pytest.mark.parametrize(
    "edit",
    [
        ("exponent_table.v", ".write(write),", ".write(write && write_address != next_address),"),
        ("exponent_table.v", ".write(write),", ".write(write && write_address != 3'd7),"),
    ],
    ids=["a write to the entry that is read", "a write to the last entry"],
)
def test_a_write_that_is_dropped_is_noticed(edit, tmp_path):
    shown, expected = _exponents(tmp_path, edit)
    assert shown != expected
