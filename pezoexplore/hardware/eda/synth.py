"""Synthesis of a point with Yosys, out of context, and its cell counts.

Every port of ``pezo_top`` stays a port, so no control input is optimised away. Everything specific
to a target, including its counting rules, is in ``targets.py``. A cell without a rule is an error.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target
from pezoexplore.hardware.eda.commands import DROP_HIERARCHY, mapping
from pezoexplore.hardware.eda.liberty_syntax import at, read_library
from pezoexplore.hardware.eda.netlist import Netlist, absorbed_inverters, read_netlist
from pezoexplore.hardware.eda.targets import AREAS, NOT_ENOUGH, Target
from pezoexplore.hardware.eda.tools import osu018_version
from pezoexplore.hardware.eda.yosys import (
    WASM,
    build_for,
    build_version,
    has_refused,
    run_yosys,
)
from pezoexplore.hardware.rtl import engine
from pezoexplore.hardware.rtl.build import TOP, Build, build
from pezoexplore.streams.stream import Stream

TIMEOUT_S = 600.0
"""Time limit of a synthesis, s."""

ENGINE_TIMEOUT_S = 1500.0
"""Time for an engine, which is mapped twice on targets with LUTs of six inputs, seconds."""

NETLIST = "netlist.json"
"""Name of the netlist whose cells are counted, as Yosys writes it."""

KEEPS = "(* keep_hierarchy *)"
"""Verilog attribute of a module that Yosys maps on its own."""


def synthesise(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    built: Build | None = None,
) -> dict[str, Any]:
    """Synthesise a point's stream top and count its cells.

    Args:
        point: A hardware point.
        target: A target of a design file.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of Yosys.
        timeout_s: Time limit of Yosys, s.
        built: RTL of the point; None for that of master seed 0.

    Returns:
        The target's resource columns, ``yosys_version``, for a cell library ``liberty_sha256``, and
        on a target with LUTs of six inputs ``lut_kept`` and ``lut_free``, of which ``lut`` is the
        lower.

    Raises:
        ToolError: Yosys or the cell library is missing, Yosys failed, or it used a cell that
            cannot be counted.
        ToolTimeoutError: Yosys timed out.
    """
    where = (rtl_dir, work_dir, log_path)
    return figures(*map_point(point, target, *where, (), timeout_s, built=built), target)


def figures(
    netlist: Netlist, luts: Mapping[str, float], target: DesignTarget, yosys: str | None = None
) -> dict[str, Any]:
    """Return what :func:`synthesise` returns of the results of :func:`map_point`.

    Args:
        netlist: The netlist.
        luts: The LUTs.
        target: As in :func:`map_point`.
        yosys: As there.

    Raises:
        ToolError: A cell cannot be counted.
    """
    what = find_target(target)
    counts = _counts(netlist, what)
    library = {"liberty_sha256": what.sha256 or osu018_version()} if what.liberty else {}
    return {**counts, **luts, **library, "yosys_version": build_version(yosys or build_for(target))}


def engine_figures(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
) -> tuple[dict[str, Any], Netlist]:
    """Synthesise the perturbation engine of a point with its streams and count its cells.

    The WebAssembly build does so: the native one counts other LUTs of an engine on ``xcup``.

    Args:
        point: A point of :func:`pezoexplore.hardware.rtl.engine.engine_point`.
        target: As in :func:`synthesise`.
        rtl_dir: As in :func:`synthesise`.
        work_dir: As in :func:`synthesise`.
        log_path: As in :func:`synthesise`.

    Returns:
        The target's columns of the engine, and ``engine_streams``, the streams in it; the netlist.

    Raises:
        ToolError: As in :func:`synthesise`.
        ToolTimeoutError: Yosys timed out.
    """
    built = engine.build_engine(point, engine.SEGMENTS, rtl_dir)
    where = (rtl_dir, work_dir, log_path)
    netlist, _ = map_point(point, target, *where, (), ENGINE_TIMEOUT_S, built=built, yosys=WASM)
    counts = _counts(netlist, find_target(target))
    found = {f"engine_{name}": value for name, value in counts.items()}
    return found | {"engine_streams": engine.Shape.of(point, engine.SEGMENTS).sources}, netlist


def _counts(netlist: Netlist, what: Target) -> dict[str, float]:
    """Return the resource columns of a netlist."""
    areas: dict[str, float] = {}
    if "area_um2" in what.columns:
        areas = cell_areas(*what.liberty.values(), gate=what.gate)
    return count_cells(cells_by_type(netlist), what, areas)


def map_point(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    then: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    *,
    built: Build | engine.EngineBuild | None = None,
    yosys: str | None = None,
) -> tuple[Netlist, dict[str, float]]:
    """Map a point's RTL to a flat netlist.

    On a target with LUTs of six inputs two are made of RTL that keeps functions whole which are
    meant for one LUT: as the RTL says, and with all logic open to Yosys. The one with fewer LUTs
    is taken; at equality, the first.

    Args:
        point: A hardware point.
        target: A target of a design file.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first; it then has the files of the netlist taken.
        log_path: Log file for the output of Yosys.
        then: Yosys commands on the flat netlist, before it is written.
        timeout_s: Time limit of each run of Yosys, s.
        built: RTL to map: a stream's, or an engine's; None for the point's, of master seed 0.
        yosys: Build of Yosys; None for :func:`pezoexplore.hardware.eda.yosys.build_for`.

    Returns:
        The netlist, and the LUTs ``lut_kept`` and ``lut_free`` of both; {} on other targets.

    Raises:
        ToolError: Yosys or the cell library is missing, Yosys failed, or it used a cell that
            cannot be counted.
        ToolTimeoutError: Yosys timed out.
    """
    made_of = built or build(Stream(point), rtl_dir)
    write = [*FLATTEN, *then, f"select {made_of.name}", *WRITE_NETLIST]
    yosys = yosys or build_for(target)

    def made(folder: Path, keep: bool) -> Netlist:
        where = (folder, log_path, write, timeout_s)
        _run_mapping(point, target, made_of, *where, keep=keep, yosys=yosys)
        return read_netlist(folder / NETLIST, made_of.name)

    what = find_target(target)
    kept = made(work_dir, True)
    if not what.six_inputs:
        return kept, {}
    luts = count_cells(cells_by_type(kept), what)["lut"]
    if not _keeps_functions(work_dir):
        return kept, {"lut_kept": luts, "lut_free": luts}
    free = made(work_dir / "free", False)
    free_luts = count_cells(cells_by_type(free), what)["lut"]
    if free_luts < luts:
        shutil.copytree(work_dir / "free", work_dir, dirs_exist_ok=True)
    found = {"lut_kept": luts, "lut_free": free_luts}
    return (free if free_luts < luts else kept), found


def _keeps_functions(folder: Path) -> bool:
    return any(KEEPS in path.read_text(encoding="utf-8") for path in folder.glob("*.v"))


FLATTEN = (DROP_HIERARCHY, "flatten", "opt_clean -purge")
"""Yosys commands that flatten a mapped design to one module; no cell changes."""

WRITE_NETLIST = (f"write_json -selected {NETLIST}", "select -clear")
"""Yosys commands that write the selected flat design to :data:`NETLIST`, without cell models."""


def _run_mapping(
    point: DesignPoint,
    target: DesignTarget,
    built: Build | engine.EngineBuild,
    work_dir: Path,
    log_path: Path,
    then: Sequence[str],
    timeout_s: float,
    *,
    keep: bool,
    yosys: str,
) -> None:
    """Map a point's RTL with Yosys and run more commands on the result, as :func:`map_point`.

    Args:
        point: A hardware point.
        target: A target of a design file.
        built: The RTL.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of Yosys.
        then: The additional commands.
        timeout_s: Time limit of Yosys, s.
        keep: As in :func:`recipe`.
        yosys: Build of Yosys.
    """
    what = find_target(target)
    faster = what.without_memory
    if faster and not point.has_memory and built.name == TOP:
        commands = mapping(built, target, work_dir, script=faster, keep=keep, yosys=yosys)
        try:
            run_yosys([*commands, *then], work_dir, log_path, timeout_s, yosys)
            return
        except ToolError:
            if not has_refused(work_dir, NOT_ENOUGH):
                raise
        with log_path.open("a", encoding="utf-8") as log:
            log.write("\nthe design has a memory, a multiplier or a rare cell: mapped again\n")
    commands = mapping(built, target, work_dir, keep=keep, yosys=yosys)
    run_yosys([*commands, *then], work_dir, log_path, timeout_s, yosys)


def cells_by_type(netlist: Netlist) -> Counter[str]:
    """Return the number of cells by type, less the inverters that LUTs absorb."""
    absorbed = absorbed_inverters(netlist)
    return Counter(
        instance.kind for place, instance in enumerate(netlist.instances) if place not in absorbed
    )


def cell_areas(*paths: Path, gate: str) -> dict[str, float]:
    """Return the areas of a cell library's cells by name, square micrometres.

    Args:
        paths: Its Liberty files.
        gate: The cell whose area is one gate equivalent; empty for none.

    Raises:
        PezoError: A file is no library, or none has the area of the gate.
    """
    areas: dict[str, float] = {}
    for path in paths:
        cells = read_library(path).named("cell")
        with at(path):
            areas |= {name: cell.number("area") for name, cell in cells if "area" in cell.values}
    if gate and not areas.get(gate):
        raise ToolError(f"{paths[0]}: no cell library with the area of {gate}")
    return areas


def count_cells(
    cells: Mapping[str, int], target: Target, areas: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Compute the resource columns of a netlist.

    Args:
        cells: Number of cells by type.
        target: The target, with its rules.
        areas: Cell areas by name, for targets with a cell library.

    Raises:
        ToolError: A cell type has no rule.
    """
    areas = areas or {}
    counts: dict[str, float] = dict.fromkeys(target.columns, 0)
    for kind, number in cells.items():
        if kind in target.free:
            continue
        if kind not in (areas or target.cells):
            raise ToolError(
                f"cell {kind}: no rule for counting it on {target.name}; "
                "see hardware/eda/targets.py"
            )
        for column, weight in target.cells.get(kind, {}).items():
            counts[column] += weight * number
        if areas:
            counts["area_um2"] += areas[kind] * number
    if areas and target.gate:
        counts["gate_equivalents"] = counts["area_um2"] / areas[target.gate]
    parts = {"bram", *AREAS}
    return {name: value if name in parts else int(value) for name, value in counts.items()}
