#!/usr/bin/env bash
# Icarus Verilog 11: a linear map of a register simulates three times faster as masks than as wires.
#
# Seen 2026-11-30, Icarus Verilog 11.0 of Debian 12 (no package index has it: the system's iverilog is
# used). Each of 33 next bits is the XOR of four bits of the register, written as an XOR of selected
# bits in a wire each, as the same in a function, or as the reduction XOR of the register and a mask
# in a function. All simulate the same states; wires took 1.88 s of the processor, the function
# 1.19 s, masks 0.62 s. The seconds are of one machine; what is expected below is their order.
source "$(dirname "$(readlink -f "$0")")/common.sh"

expect "version of iverilog" "11.0" "$(iverilog -V 2> /dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p')"

forms() { # forms: the module of each form
    awk 'BEGIN {
        split("5 7 13 23", times); split("1 3 11 20", more)
        for (i = 32; i >= 0; i--) {
            bits = ""; mask = sprintf("%033d", 0)
            for (t = 1; t <= 4; t++) {
                at = (i * times[t] + more[t]) % 33
                bits = bits (t > 1 ? " ^ " : "") "s[" at "]"
                place = 33 - at
                mask = substr(mask, 1, place - 1) (1 - substr(mask, place, 1)) substr(mask, place + 1)
            }
            wires = wires "wire b" i " = " bits ";\n"
            joined = joined (i < 32 ? ", " : "") "b" i
            selected = selected (i < 32 ? ", " : "") bits
            masked = masked (i < 32 ? ", " : "") "^(s & 33\047b" mask ")"
        }
        head = "(input [32:0] s, output [32:0] n);\n"
        print "module wires" head wires "assign n = {" joined "};\nendmodule"
        function_ = "function [32:0] f; input [32:0] s; f = {"
        print "module selected" head function_ selected "}; endfunction\nassign n = f(s);\nendmodule"
        print "module masked" head function_ masked "}; endfunction\nassign n = f(s);\nendmodule"
    }'
}
forms > forms.v
cat > bench.v <<'V'
module bench;
    reg clk = 0;
    reg [32:0] s = 1;
    wire [32:0] n;
    `FORM u (.s(s), .n(n));
    always @(posedge clk) s <= n;
    initial begin
        repeat (100000) begin #1 clk = 1; #1 clk = 0; end
        $display("%h", s);
    end
endmodule
V
TIMEFORMAT='%U'
for form in wires selected masked; do
    iverilog "-DFORM=$form" -o "$form.vvp" bench.v forms.v
    { time vvp -n "$form.vvp" > "$form.out"; } 2> "$form.s"
    echo "$form: $(cat "$form.out"), $(cat "$form.s") s"
done
milliseconds() { tr -d . < "$1.s" | sed 's/^0*\(.\)/\1/'; }
expect "states of the forms" 1 "$(sort -u wires.out selected.out masked.out | wc -l)"
expect "wires take three times as long as masks or more" yes \
    "$([ "$(milliseconds wires)" -ge $((3 * $(milliseconds masked))) ] && echo yes || echo no)"
expect "wires take one and a half times as long as the function or more" yes \
    "$([ $((2 * $(milliseconds wires))) -ge $((3 * $(milliseconds selected))) ] && echo yes || echo no)"
