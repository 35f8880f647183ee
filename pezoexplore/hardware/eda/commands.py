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
from pezoexplore.hardware.eda.lut_tables import MAP, MAP_NAME, TABLE_RTL, tables_mapped
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
