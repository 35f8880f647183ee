"""Power of a point on a target, from the switching activity of its synthesised netlist.

The netlist is the one whose cells the resource columns count. It is simulated twice under the
workload of :mod:`pezoexplore.hardware.power.gatesim`, with delays, to count glitches, and without:
standard cells in :mod:`pezoexplore.hardware.power.eventsim` and ``cyclesim``, cells of an AMD FPGA
in ``lutcycles``, carry chains with delays and all else on Icarus. Every toggle is charged an
energy: from the tables of the cell library (:mod:`pezoexplore.hardware.power.cell_power`), or for
an FPGA from published energies of its elements (:mod:`pezoexplore.hardware.power.fabric`), an
estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.own_targets import CellLibrary, DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target, read_own
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.eda.shared_netlist import Shared, map_shared
from pezoexplore.hardware.eda.targets import TARGETS, Target
from pezoexplore.hardware.power.cell_power import energies, wire_and_slew
from pezoexplore.hardware.power.cellsim import cell_verilog
from pezoexplore.hardware.power.cyclesim import run_cycles
from pezoexplore.hardware.power.delays import Edges, find_loads
from pezoexplore.hardware.power.eventsim import delayed_toggles
from pezoexplore.hardware.power.fabric import FABRICS, PERIOD_NS, fabric_pj, fabric_verilog, models
from pezoexplore.hardware.power.gatesim import Stimulus, Workload, count_toggles
from pezoexplore.hardware.power.liberty import Library, read_liberty
from pezoexplore.hardware.power.lutcycles import run_fabric

CLOCKS = 512
"""Clocks of the workload: with eight times as many the power changes by less than 1 %."""

SETTLE = 1.25
"""Clock period of the simulation, as a multiple of the longest path: only toggles matter."""

Columns = dict[str, float | None]


@dataclass(frozen=True)
class Figures:
    """Power under the workload.

    Attributes:
        power_mw: With delays, leakage included.
        zero_delay_mw: Without delays, leakage included; None if that was not simulated.
        leakage_mw: Leakage; None without a source.
    """

    power_mw: float
    zero_delay_mw: float | None
    leakage_mw: float | None


def has_power(target: DesignTarget) -> bool:
    """Return whether cell energies of a target are known, as far as one sees before synthesis."""
    if isinstance(target, str):
        return target in FABRICS or bool(TARGETS[target].liberty)
    return isinstance(target, CellLibrary) and "power_mw_est" not in read_own(target).missing


def power_point(
    point: DesignPoint,
    target: DesignTarget,
    clock_mhz: float,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    clocks: int = CLOCKS,
    shared: Shared | None = None,
    yosys: str | None = None,
) -> Columns:
    """Compute the power of a point's stream top, running back to back.

    Args:
        point: A hardware point.
        target: One that :func:`has_power`.
        clock_mhz: Clock frequency of the power.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in, emptied first.
        log_path: Log file for the output of the tools.
        clocks: Clocks of the workload.
        shared: Netlist that other stages need too; see
            :func:`pezoexplore.hardware.eda.shared_netlist.map_shared`.
        yosys: As there.

    Returns:
        ``power_mw_est``, ``power_mw_zero_delay``, ``leakage_mw_est`` and
        ``energy_per_number_pj_est``; None for unknown values: all of them if a memory block has no
        simulation model, or a cell no energies, which the log then says.

    Raises:
        ToolError: A tool is missing or failed, or the netlist does not deliver the stream's words.
        ToolTimeoutError: A tool timed out.
    """
    places = rtl_dir, work_dir / "yosys", log_path
    netlist, _ = map_shared(point, target, *places, shared, yosys)
    found = figures_of(netlist, target, Workload.of(point, clocks), clock_mhz, work_dir, log_path)
    if found is None:
        return dict.fromkeys(COLUMNS)
    return {
        "power_mw_est": found.power_mw,
        "power_mw_zero_delay": found.zero_delay_mw,
        "leakage_mw_est": found.leakage_mw,
        "energy_per_number_pj_est": found.power_mw / (clock_mhz * point.lanes) * 1e3,
    }


COLUMNS = ("power_mw_est", "power_mw_zero_delay", "leakage_mw_est", "energy_per_number_pj_est")
"""Columns that :func:`power_point` returns."""


def figures_of(
    netlist: Netlist,
    target: DesignTarget,
    workload: Stimulus,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
) -> Figures | None:
    """Compute the power of a netlist under a workload.

    Returns:
        The power; None where :func:`power_point` has none.

    Raises:
        ToolError: As of :func:`power_point`.
        ToolTimeoutError: A tool timed out.
    """
    what = find_target(target)
    run = _cells if what.liberty else _fabric
    return run(netlist, what, workload, clock_mhz, work_dir, log_path)


def _cells(
    netlist: Netlist,
    target: Target,
    workload: Stimulus,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
) -> Figures | None:
    """Compute the power of a netlist of standard cells."""
    kinds = {instance.kind for instance in netlist.instances}
    library = read_liberty(*target.liberty.values(), only=kinds | {target.gate})
    lacking = sorted(kind for kind in kinds & library.cells.keys() if _lacks(library, kind))
    if lacking:
        with log_path.open("a", encoding="utf-8") as log:
            log.write(f"no power: {library.name} has no internal_power of {', '.join(lacking)}\n")
        return None
    wire_pf, slew_ns = wire_and_slew(library, target.gate)

    def toggles(delay_ns: Mapping[int, Edges] | None, period_ns: float) -> dict[int, int]:
        lines = cell_verilog(netlist, library, delay_ns)
        return count_toggles(netlist, lines, workload, period_ns, work_dir / "sim", log_path)

    settled = run_cycles(netlist, library, workload) if isinstance(workload, Workload) else None
    ideal = settled.toggles if settled else toggles(None, 1.0)
    static = {net for net, number in ideal.items() if number == 0}
    loads = find_loads(netlist, library, wire_pf, slew_ns, static)
    delays, period_ns = loads.delay_ns, max(SETTLE * loads.longest_ns, 1.0)
    counted = None
    if settled and isinstance(workload, Workload):
        counted = delayed_toggles(netlist, library, workload, delays, period_ns, settled)
    real = counted or toggles(delays, period_ns)
    without, found = (energies(netlist, library, loads, t, workload.clocks) for t in (ideal, real))
    return Figures(found.power_mw(clock_mhz), without.power_mw(clock_mhz), found.leakage_mw)


def _lacks(library: Library, kind: str) -> bool:
    """Return whether a cell that can toggle has no energies."""
    cell = library.cells[kind]
    return not cell.has_energies and any(pin.direction == "input" for pin in cell.pins.values())


def _fabric(
    netlist: Netlist,
    target: Target,
    workload: Stimulus,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
) -> Figures | None:
    """Estimate the power of a netlist of LUTs; without delays that of a stream alone."""
    if target.name not in FABRICS:
        raise ToolError(f"power on {target.name}: no source for what its cells cost")
    fabric = FABRICS[target.name]
    if any(instance.kind in fabric.unmodelled for instance in netlist.instances):
        return None

    def power_mw(toggles: Mapping[int, int]) -> float:
        return fabric_pj(netlist, fabric, toggles, workload.clocks) * clock_mhz * 1e-3

    def simulated(delays: bool) -> dict[int, int]:
        lines, work = fabric_verilog(netlist, delays=delays), work_dir / "sim"
        return count_toggles(
            netlist,
            lines,
            workload,
            PERIOD_NS,
            work,
            log_path,
            sources=[models(fabric)],
            options=fabric.options,
        )

    if not isinstance(workload, Workload):
        return Figures(power_mw(simulated(True)), None, None)
    run = run_fabric(netlist, workload)
    without = run.toggles if run else simulated(False)
    delayed = run.delayed if run and run.delayed else simulated(True)
    return Figures(power_mw(delayed), power_mw(without), None)
