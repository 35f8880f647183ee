"""Resources of every module of a stream's hierarchy, mapped on its own.

Yosys flattens a design before it maps it, so that no cell of the counted netlist belongs to one
module. Here every module keeps its border instead; what that costs is the difference between the
sum and the counts of the flat netlist.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target
from pezoexplore.hardware.eda.commands import DROP_HIERARCHY, mapping, recipe
from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.eda.synth import (
    NETLIST,
    TIMEOUT_S,
    cell_areas,
    cells_by_type,
    count_cells,
    synthesise,
)
from pezoexplore.hardware.eda.yosys import build_for, run_yosys
from pezoexplore.hardware.rtl.build import TOP, build
from pezoexplore.streams.stream import Stream

_KEEP_ALL = "setattr -mod -set keep_hierarchy 1 *"
_WRITE = ("select *", f"write_json -selected {NETLIST}", "select -clear")


@dataclass(frozen=True)
class ModuleRow:
    """Resources of a module.

    Attributes:
        name: Its name in the RTL; modules of one name with other parameters are counted together.
        instances: How often the design has it.
        counts: Resource columns of all its instances, without those of the modules in them.
    """

    name: str
    instances: int
    counts: Mapping[str, float]


@dataclass(frozen=True)
class ModuleCounts:
    """Resources by module, and of the whole.

    Attributes:
        target: Name of the target.
        modules: A row for each module, the top first, then by name.
        flat: Resource columns of the flat netlist, as stage ``synth`` counts them.
        version: Version of Yosys.
    """

    target: str
    modules: tuple[ModuleRow, ...]
    flat: Mapping[str, float]
    version: str

    def total(self, column: str) -> float:
        """Return the sum of a column over the modules."""
        return sum(row.counts[column] for row in self.modules)


def module_commands(target: DesignTarget) -> list[str]:
    """Return the Yosys commands that map RTL, once read, module by module.

    Args:
        target: A target of a design file.
    """
    flat = recipe(target, keep=False)
    return [_KEEP_ALL if command == DROP_HIERARCHY else command for command in flat]


def count_modules(
    point: DesignPoint,
    target: DesignTarget,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    lockup_recovery: bool = False,
) -> ModuleCounts:
    """Map a point's stream module by module and flat, and count the cells of both.

    Args:
        point: A hardware point.
        target: A target of a design file.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of Yosys.
        lockup_recovery: Whether the RTL recovers from the state of zeros.

    Raises:
        ToolError: As in :func:`pezoexplore.hardware.eda.synth.synthesise`.
        ToolTimeoutError: Yosys timed out.
    """
    what = find_target(target)
    built = build(Stream(point), rtl_dir, lockup_recovery=lockup_recovery)
    flat = synthesise(point, target, rtl_dir, work_dir, log_path, built=built)
    read = mapping(built, target, work_dir, keep=False)[0]
    commands = [read, *module_commands(target), *_WRITE]
    run_yosys(commands, work_dir, log_path, TIMEOUT_S, build_for(target))
    areas: dict[str, float] = {}
    if "area_um2" in what.columns:
        areas = cell_areas(*(work_dir / name for name in what.liberty), gate=what.gate)
    instances, cells = _counted(work_dir / NETLIST)
    rows = [
        ModuleRow(name, instances[name], count_cells(cells[name], what, areas))
        for name in sorted(instances, key=lambda name: (name != TOP, name))
    ]
    columns = {name: flat[name] for name in what.columns}
    return ModuleCounts(what.name, tuple(rows), columns, f"Yosys {flat['yosys_version']}")


def _counted(path: Path) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Return the instances of every module and the cells in all of them, by its name in the RTL."""
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
        names = {key: str(module["attributes"]["hdlname"]) for key, module in modules.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: not the netlist of {TOP} ({error!r})") from error
    inside = {key: cells_by_type(read_netlist(path, key)) for key in modules}
    instances: Counter[str] = Counter()
    cells: dict[str, Counter[str]] = {name: Counter() for name in names.values()}

    def count(key: str, times: int) -> None:
        instances[names[key]] += times
        for kind, number in inside[key].items():
            if kind in modules:
                count(kind, times * number)
            else:
                cells[names[key]][kind] += times * number

    count(TOP, 1)
    return instances, cells
