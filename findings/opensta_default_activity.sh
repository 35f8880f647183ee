#!/usr/bin/env bash
# OpenSTA: a free-running LFSR gets a fifth of its activity, or none.
#
# Seen 2026-11-28, OpenSTA 2.0.17 of Debian 12 (no package index has it: the system's sta is used). A 3-bit
# LFSR toggles each state bit in 4 of the 7 clocks of its period. report_power takes 0.1 toggles a
# clock for it, the default of inputs, though no input reaches the LFSR; with input activity 0 its switching
# power is 0. Every generator then costs the same per net and clock, however it behaves.
source "$(dirname "$(readlink -f "$0")")/common.sh"

expect "version of sta" "2.0.17" "$(sta -version | head -1)"
cat > plain.lib <<'L'
library (plain) {
  delay_model : table_lookup;
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; leakage_power_unit : "1nW";
  capacitive_load_unit (1, pf);
  operating_conditions (typical) { process : 1; temperature : 25; voltage : 1; }
  default_operating_conditions : typical;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  cell (XOR2) {
    area : 1;
    pin (A) { direction : input; capacitance : 1; }
    pin (B) { direction : input; capacitance : 1; }
    pin (Y) { direction : output; function : "A ^ B"; max_capacitance : 100; }
  }
  cell (DFF) {
    area : 1;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    pin (CK) { direction : input; clock : true; capacitance : 1; }
    pin (D) { direction : input; capacitance : 1; }
    pin (Q) { direction : output; function : "IQ"; max_capacitance : 100; }
  }
}
L
cat > lfsr3.v <<'V'
module lfsr3 (clk, out);
  input clk;
  output out;
  wire x, s0, s1, s2;
  XOR2 u_x (.A(s2), .B(s1), .Y(x));
  DFF u_0 (.CK(clk), .D(x), .Q(s0));
  DFF u_1 (.CK(clk), .D(s0), .Q(s1));
  DFF u_2 (.CK(clk), .D(s1), .Q(s2));
  DFF u_out (.CK(clk), .D(s2), .Q(out));
endmodule
V
cat > power.tcl <<'T'
read_liberty plain.lib
read_verilog lfsr3.v
link_design lfsr3
create_clock -name clk -period 10 [get_ports clk]
report_power -instances [get_cells u_0] -digits 9
set_power_activity -input -activity 0 -duty 0
report_power -instances [get_cells u_0] -digits 9
T
sta -exit -no_splash power.tcl > power.log 2>&1
# Toggles a clock of a net of 1 pF at 1 V and a clock of 10 ns: its power over C V^2 / 2 times 100 MHz.
activity="$(awk '$NF == "u_0" { printf "%s%.3f", s, $2 / 5e-5; s = " " }' power.log)"
expect "toggles a clock by default, with inputs at 0" "0.100 0.000" "$activity"
true_activity="$("${PYTHON:-python3}" - <<'P'
state, toggles = [1, 0, 0], 0
for _ in range(7):
    following = [state[2] ^ state[1], state[0], state[1]]
    toggles += following[0] != state[0]
    state = following
print(f"{toggles}/7" if state == [1, 0, 0] else "no period of 7")
P
)"
expect "toggles a clock in truth" "4/7" "$true_activity"
