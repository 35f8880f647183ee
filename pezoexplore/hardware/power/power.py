"""Power of a point on a target, from the switching activity of its synthesised netlist.

The netlist is the one whose cells the resource columns count. It is simulated twice under the
workload of :mod:`pezoexplore.hardware.power.gatesim`, with delays (so that glitches count) and
without, and every toggle is charged: by the cell library's own tables where the target is one
(:mod:`pezoexplore.hardware.power.cell_power`), else by published energies of the fabric's elements
(:mod:`pezoexplore.hardware.power.fabric`), an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Netlist, read_netlist
from pezoexplore.hardware.eda.synth import FLATTEN, run_mapping
from pezoexplore.hardware.eda.targets import LIBERTY, TARGETS
from pezoexplore.hardware.power.cell_power import INPUT_SLEW_NS, WIRE_PF, energies
from pezoexplore.hardware.power.cellsim import cell_verilog
from pezoexplore.hardware.power.delays import Edges, find_loads
from pezoexplore.hardware.power.fabric import FABRICS, PERIOD_NS, fabric_pj, fabric_verilog, models
from pezoexplore.hardware.power.gatesim import Workload, count_toggles
from pezoexplore.hardware.power.liberty import read_liberty
from pezoexplore.hardware.rtl.build import TOP

CLOCKS = 512
"""Clocks of the workload: eight times as many move the figure by less than 1 %."""

SETTLE = 1.25
"""Clock period of the simulation, in longest sums of delays: only toggles a clock are wanted."""

NETLIST_V, NETLIST_JSON = "netlist.v", "netlist.json"

Columns = dict[str, float | None]


@dataclass(frozen=True)
class Figures:
    """Power under the workload.

    Attributes:
        power_mw: With delays, leakage included.
        zero_delay_mw: Without delays, leakage included.
        leakage_mw: Leakage; None where no source tells it.
    """

    power_mw: float
    zero_delay_mw: float
    leakage_mw: float | None


def has_power(target: str) -> bool:
    """Whether there is a source for what the cells of a target cost."""
    return target in FABRICS or TARGETS[target].liberty


def power_point(
    point: DesignPoint,
    target: str,
    clock_mhz: float,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    clocks: int = CLOCKS,
) -> Columns:
    """Power of a point's stream top, running back to back.

    Args:
        point: A hardware point.
        target: One that :func:`has_power`.
        clock_mhz: Clock the power is for.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in; made anew.
        log_path: Receives what the tools print.
        clocks: Clocks of the workload.

    Returns:
        ``power_mw_est``, ``power_mw_zero_delay``, ``leakage_mw_est`` and
        ``energy_per_number_pj_est``; None for what cannot be told: everything where a memory block
        has no simulation model.

    Raises:
        ToolError: A tool is missing or failed, or the netlist does not deliver the stream's words.
        ToolTimeoutError: One ran out of time.
    """
    netlist = mapped_netlist(point, target, rtl_dir, work_dir / "yosys", log_path)
    workload = Workload.of(point, clocks)
    run = _cells if TARGETS[target].liberty else _fabric
    found = run(netlist, target, workload, clock_mhz, work_dir, log_path)
    if found is None:
        return dict.fromkeys(COLUMNS)
    return {
        "power_mw_est": found.power_mw,
        "power_mw_zero_delay": found.zero_delay_mw,
        "leakage_mw_est": found.leakage_mw,
        "energy_per_number_pj_est": found.power_mw / (clock_mhz * point.lanes) * 1e3,
    }


COLUMNS = ("power_mw_est", "power_mw_zero_delay", "leakage_mw_est", "energy_per_number_pj_est")
"""What :func:`power_point` tells."""


def mapped_netlist(
    point: DesignPoint, target: str, rtl_dir: Path, folder: Path, log_path: Path
) -> Netlist:
    """The synthesised netlist of a point, left in the folder as Verilog and as JSON too.

    Raises:
        ToolError: Yosys or the cell library is missing, or Yosys failed.
        ToolTimeoutError: It ran out of time.
    """
    write: Sequence[str] = [
        *FLATTEN,
        "splitnets -ports",
        f"write_verilog -noattr -simple-lhs {NETLIST_V}",
        f"write_json {NETLIST_JSON}",
    ]
    run_mapping(point, target, rtl_dir, folder, log_path, write)
    return read_netlist(folder / NETLIST_JSON, TOP)


def _cells(
    netlist: Netlist,
    target: str,
    workload: Workload,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
) -> Figures | None:
    """Power of a netlist of standard cells."""
    library = read_liberty(work_dir / "yosys" / LIBERTY)

    def toggles(delay_ns: Mapping[int, Edges] | None, period_ns: float) -> dict[int, int]:
        lines = cell_verilog(netlist, library, delay_ns)
        return count_toggles(netlist, lines, workload, period_ns, work_dir / "sim", log_path)

    ideal = toggles(None, 1.0)
    quiet = {net for net, number in ideal.items() if number == 0}
    loads = find_loads(netlist, library, WIRE_PF, INPUT_SLEW_NS, quiet)
    real = toggles(loads.delay_ns, max(SETTLE * loads.longest_ns, 1.0))
    without, found = (energies(netlist, library, loads, t, workload.clocks) for t in (ideal, real))
    return Figures(found.power_mw(clock_mhz), without.power_mw(clock_mhz), found.leakage_mw)


def _fabric(
    netlist: Netlist,
    target: str,
    workload: Workload,
    clock_mhz: float,
    work_dir: Path,
    log_path: Path,
) -> Figures | None:
    """Power of a netlist of LUTs, an estimate."""
    if target not in FABRICS:
        raise ToolError(f"power on {target}: no source for what its cells cost")
    fabric = FABRICS[target]
    if any(instance.kind in fabric.unmodelled for instance in netlist.instances):
        return None
    powers = []
    for delays in (True, False):
        toggles = count_toggles(
            netlist,
            fabric_verilog(netlist, delays=delays),
            workload,
            PERIOD_NS,
            work_dir / "sim",
            log_path,
            sources=[models(fabric)],
            options=fabric.options,
        )
        powers.append(fabric_pj(netlist, fabric, toggles, workload.clocks) * clock_mhz * 1e-3)
    return Figures(powers[0], powers[1], None)
