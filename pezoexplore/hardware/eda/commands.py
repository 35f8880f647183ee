"""Compose the Yosys commands that map RTL to the cells of a target."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target
from pezoexplore.hardware.eda.liberty_syntax import for_tools, unpacked
from pezoexplore.hardware.eda.tools import OSU018
from pezoexplore.hardware.eda.yosys import READ, WASM, check_installed
from pezoexplore.hardware.rtl import engine
from pezoexplore.hardware.rtl.build import TOP, Build

DROP_HIERARCHY = "setattr -mod -unset keep_hierarchy *"
"""Yosys command after which ``flatten`` dissolves all modules."""

XOR_RTL = "xor_luts.v"
"""File of the XORs whose terms a function selects, in vectors as wide as all of them."""

NARROW = ("proc", "opt_reduce -fine", "opt_expr -fine", "clean")
"""Yosys commands that reduce these vectors to wires; all later passes then take half the time."""


TABLE_RTL = "lut6.v"
"""File of tables of six inputs, with a hierarchy that is kept.

Tables with different values are modules of their own, and `abc9` runs once in each: 0.2 s for one
LUT. So each becomes a LUT of the inputs that it depends on as soon as it is read, and is a black
box while `abc9` runs.
"""

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


def mapping(
    built: Build | engine.EngineBuild,
    target: DesignTarget,
    work_dir: Path,
    *,
    script: Sequence[str] = (),
    keep: bool = True,
    yosys: str = WASM,
) -> list[str]:
    """Return the Yosys commands that read and map RTL; copy the files they need.

    Where the hierarchy is kept, models of cells come first: they are the same for all designs.

    Args:
        built: The RTL.
        target: A target of a design file.
        work_dir: Folder that Yosys runs in, emptied first.
        script: As in :func:`recipe`.
        keep: As in :func:`recipe`.
        yosys: Build of Yosys.

    Raises:
        ToolError: Yosys or the cell library is missing.
    """
    check_installed(yosys)
    what = find_target(target)
    shutil.rmtree(work_dir, ignore_errors=True)
    sources = built.write(work_dir)
    for name, text in what.files.items():
        (work_dir / name).write_text(text, encoding="utf-8")
    write_libraries(target, work_dir)
    narrow = built.name == TOP and XOR_RTL in sources
    mapped = recipe(target, script=script, keep=keep, narrow=narrow, top=built.name, yosys=yosys)
    # Of an engine around it, two LUTs of 846 would move.
    if what.six_inputs and keep and TABLE_RTL in sources and built.name == TOP:
        mapped = tables_mapped(mapped)
        (work_dir / MAP_NAME).write_text(MAP, encoding="utf-8")
    models = takewhile(lambda command: command in what.models, mapped)
    mapped.insert(len(list(models)), f"{READ} {' '.join(sources)}")
    return [*mapped, "check -assert"]


def write_libraries(target: DesignTarget, work_dir: Path) -> None:
    """Write the cell library of a target, with all corners, as the tools read it.

    Args:
        target: A target of a design file; nothing is written for one without a library.
        work_dir: Folder to write to.

    Raises:
        ToolError: The cell library is missing.
    """
    what = find_target(target)
    for library in (what.liberty, *what.corners):
        for name, path in library.items():
            (work_dir / name).write_bytes(for_tools(_content(path)))


def recipe(
    target: DesignTarget,
    *,
    script: Sequence[str] = (),
    keep: bool = True,
    narrow: bool = False,
    top: str = TOP,
    yosys: str = WASM,
) -> list[str]:
    """Return the Yosys commands that map RTL, once read, to the netlist that is counted.

    Args:
        target: A target of a design file.
        script: One of the target's scripts; empty for the one for all designs.
        keep: Whether to keep the hierarchy that the RTL keeps, on a target with LUTs of six inputs.
        narrow: Whether the RTL is a stream's with :data:`XOR_RTL`; of use on such a target alone.
        top: Name of the module to map.
        yosys: Build of Yosys.
    """
    what = find_target(target)
    left_out = what.native_only if yosys == WASM else ()
    commands = [f"read_liberty -lib {name}" for name in what.liberty]
    if not (what.six_inputs and keep):
        commands += [f"hierarchy -top {top}", DROP_HIERARCHY]
    commands += [line.format(top=top) for line in script or what.script if line not in left_out]
    if what.six_inputs and narrow:
        read = max(at for at, line in enumerate(commands) if line.startswith("hierarchy "))
        commands[read + 1 : read + 1] = NARROW
    return commands


def _content(path: Path) -> bytes:
    """Return a file of a cell library."""
    if path == OSU018 and not path.is_file():
        raise ToolError(f"{path.name}: not found; type: apt-get install qflow-tech-osu018")
    return unpacked(path)


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
