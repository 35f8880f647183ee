"""A cell library small enough to work out by hand, and netlists of its cells.

V = 2 V, so a transition of a net costs 2 pJ for each pF. An inverter's delay is 0.1 ns + 1 ns/pF
for either edge, that of NOR and XOR 0.2 ns and 1 ns, whatever the load; output transitions take
0.2 ns + 1 ns/pF.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pezoexplore.hardware.eda.netlist import Bit, Instance, Netlist, Port

TINY = """
/* by hand */
library(tiny) {
  time_unit : "1ns"; voltage_unit : "1V"; leakage_power_unit : "1nW";
  capacitive_load_unit (1,pf);
  nom_voltage : 2.0;
  lu_table_template(delay) {
    variable_1 : total_output_net_capacitance; variable_2 : input_net_transition;
    index_1 ("1, 2"); index_2 ("1, 2");
  }
  power_lut_template(passive) { variable_1 : input_transition_time; index_1 ("1, 2"); }
  cell (INV) {
    area : 2; cell_leakage_power : 3;
    pin(A) { direction : input; capacitance : 0.1; }
    pin(Y) {
      direction : output; function : "(!A)";
      internal_power() { related_pin : "A"; RISE_AND_FALL }
      timing() { related_pin : "A"; timing_sense : negative_unate; LINEAR }
    }
  }
  cell (NOR2) { NOR
    pin(Y) { direction : output; function : "!(A+B)";
      internal_power() { related_pin : "A"; power(scalar) { values ("0.2"); } }
      internal_power() { related_pin : "B"; power(scalar) { values ("0.6"); } }
      timing() { related_pin : "A"; timing_sense : negative_unate; FIXED(0.2) }
      timing() { related_pin : "B"; timing_sense : negative_unate; FIXED(0.2) } }
  }
  cell (XOR2) { NOR
    pin(Y) { direction : output; function : "A^B";
      timing() { related_pin : "A"; timing_sense : non_unate; FIXED(1.0) }
      timing() { related_pin : "B"; timing_sense : non_unate; FIXED(1.0) } }
  }
  cell (DFF) {
    area : 9; cell_leakage_power : 7;
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CK"; }
    pin(CK) {
      direction : input; capacitance : 0.2; clock : true;
      internal_power() {
        rise_power(passive) { index_1 ("0, 1"); values ("0.1, 0.3"); }
        fall_power(passive) { index_1 ("0, 1"); values ("0.3, 0.5"); }
      }
    }
    pin(D) { direction : input; capacitance : 0.1; }
    pin(Q) { direction : output; function : "IQ";
      internal_power() { related_pin : "CK"; power(scalar) { values ("0.5"); } }
      timing() { related_pin : "CK"; timing_type : rising_edge; FIXED(0.1) } }
  }
}
"""
_GRID = 'index_1 ("0, 1"); index_2 ("0, 1");'
_PIECES = {
    "RISE_AND_FALL": 'rise_power(scalar) { values ("0.4"); } '
    'fall_power(scalar) { values ("0.2"); }',
    "LINEAR": "".join(
        f'{name}(delay) {{ {_GRID} values ("{low}, {low}", \\\n "{low + 1}, {low + 1}"); }} '
        for name, low in (
            ("cell_rise", 0.1),
            ("cell_fall", 0.1),
            ("rise_transition", 0.2),
            ("fall_transition", 0.2),
        )
    ),
    "NOR": "area : 4; cell_leakage_power : 5; pin(A) { direction : input; capacitance : 0.1; } "
    "pin(B) { direction : input; capacitance : 0.3; }",
}


def text() -> str:
    """Return the library in Liberty format."""
    made = TINY
    for delay in ("0.1", "0.2", "1.0"):
        tables = "".join(
            f'{name}(scalar) {{ values ("{value}"); }} '
            for name, value in (
                ("cell_rise", delay),
                ("cell_fall", delay),
                ("rise_transition", "0.5"),
                ("fall_transition", "0.5"),
            )
        )
        made = made.replace(f"FIXED({delay})", tables)
    for name, piece in _PIECES.items():
        made = made.replace(f" {name} ", f" {piece} ").replace(f" {name}\n", f" {piece}\n")
    return made


def write(folder: Path) -> Path:
    """Write the library to a file."""
    path = folder / "tiny.lib"
    path.write_text(text(), encoding="utf-8")
    return path


def cell(kind: str, **pins: Bit) -> Instance:
    """Return a cell of a netlist."""
    return Instance(kind, {name: (bit,) for name, bit in pins.items()}, {})


CLK, RST, READY = 2, 3, 4


def netlist(data: Bit, *cells: Instance, inputs: Mapping[str, Bit] | None = None) -> Netlist:
    """Return a stream of one bit, always valid."""
    ports = {"clk": CLK, "rst": RST, "out_ready": READY} | dict(inputs or {})
    made = {name: Port("input", (bit,)) for name, bit in ports.items()}
    made |= {"out_valid": Port("output", ("1",)), "out_data": Port("output", (data,))}
    return Netlist(made, cells)


TOGGLER = (cell("DFF", CK=CLK, D=6, Q=5), cell("NOR2", A=5, B=RST, Y=6))
"""Net 5 is 0 while reset and toggles at every clock afterwards; net 6 is its complement."""
