"""Map tables of six inputs to LUTs in Yosys without ABC.

The RTL keeps the hierarchy of such a table (``rtl/lut6.v``), so tables with different values are
modules of their own, and `abc9` runs once in each: 0.2 s for one LUT. Here each becomes a LUT of
the inputs that it depends on as soon as it is read, and is a black box while `abc9` runs.
"""

from __future__ import annotations

from collections.abc import Sequence

TABLE_RTL = "lut6.v"
"""File of the tables."""

_TABLES = "A:hdlname=lut6"

MAP_NAME, MAP = (
    "lut6_map.v",
    r"""
(* techmap_celltype = "$shiftx" *)
module table_to_lut (A, B, Y);
    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter A_WIDTH = 1;
    parameter B_WIDTH = 1;
    parameter Y_WIDTH = 1;
    input [A_WIDTH-1:0] A;
    input [B_WIDTH-1:0] B;
    output [Y_WIDTH-1:0] Y;
    parameter [A_WIDTH-1:0] _TECHMAP_CONSTMSK_A_ = 0;
    parameter [A_WIDTH-1:0] _TECHMAP_CONSTVAL_A_ = 0;
    wire _TECHMAP_FAIL_ = A_WIDTH != 64 || B_WIDTH != 6 || B_SIGNED || Y_WIDTH != 1
                       || ~(&_TECHMAP_CONSTMSK_A_);
    \$lut #(.WIDTH(6), .LUT(_TECHMAP_CONSTVAL_A_)) _TECHMAP_REPLACE_ (.A(B), .Y(Y));
endmodule

(* techmap_celltype = "$lut" *)
module lut_to_wire (A, Y);
    parameter WIDTH = 0;
    parameter LUT = 0;
    input [WIDTH-1:0] A;
    output Y;
    generate
        if (WIDTH == 1 && LUT == 2'b10)
            assign Y = A;
        else
            wire _TECHMAP_FAIL_ = 1'b1;
    endgenerate
endmodule
""",
)
"""File that maps a table to a LUT, and a LUT that passes its input on to that input."""


def tables_mapped(commands: Sequence[str]) -> list[str]:
    """Return Yosys commands that map as others, but tables without ABC.

    Args:
        commands: Those of `synth_xilinx`, the last of which runs from a label to the end.
    """
    read = max(at for at, line in enumerate(commands) if line.startswith("hierarchy "))
    synth, _, label = commands[-1].removesuffix(":").partition(" -run ")
    return [
        *commands[: read + 1],
        f"select {_TABLES}",
        f"techmap -map {MAP_NAME}",
        "opt_lut_ins",
        f"techmap -map {MAP_NAME}",
        "techmap -D LUT_WIDTH=6 -map +/xilinx/lut_map.v",
        "select -clear",
        *commands[read + 1 : -1],
        f"{synth} -run {label}:map_luts",
        f"setattr -mod -set blackbox 1 {_TABLES}",
        f"{synth} -run map_luts:finalize",
        f"setattr -mod -unset blackbox ={_TABLES}",
        f"{synth} -run finalize:",
    ]
