"""The power calculation of OpenSTA 2.0.17, reimplemented to check our Liberty reader and tables.

It assigns every pin the same activity (transitions per clock) and clock pins two, so it does not
measure a design; but it reads the same library and netlist, so agreement shows that the tables are
read correctly. Its deviations from physics (search/Power.cc of that version):

- the internal energy of an output is the sum over its inputs, each weighted by the probability that
  the other inputs propagate it, if simple to derive from the function, else by one half (1 for a
  clock);
- a transition costs the *sum* of the energies of the rising and the falling edge, although it is
  only one of the two: internal power is twice the library's;
- the energy of driving the input ports, including the clock, is omitted.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import Function, parse_function
from pezoexplore.hardware.eda.netlist import Instance, Netlist
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.synth import map_point
from pezoexplore.hardware.power.delays import FALL, RISE, Loads, cell_of
from pezoexplore.hardware.power.liberty import Cell, Energy, Library, Pin

CLOCK_ACTIVITY = 2.0
DUTY = 0.5

TIMEOUT_S = 300.0

_SCRIPT = """\
read_liberty {library}
read_verilog {netlist}
link_design {top}
create_clock -name clk -period {period_ns} [get_ports clk]
set_input_delay 0 -clock clk [all_inputs]
set_input_transition {slew_ns} [all_inputs]
set_clock_transition {slew_ns} [get_clocks clk]
set_power_activity -global -activity {activity} -duty {duty}
report_power -digits 9
exit
"""


NETLIST_V = "netlist.v"
"""Name of the netlist in Verilog."""


def mapped_netlist(
    point: DesignPoint, target: DesignTarget, rtl_dir: Path, folder: Path, log_path: Path
) -> Netlist:
    """Synthesise a point; return its netlist, which stays in the folder as Verilog and JSON."""
    write = ("splitnets -ports", f"write_verilog -noattr -simple-lhs {NETLIST_V}")
    return map_point(point, target, rtl_dir, folder, log_path, write)[0]


@dataclass(frozen=True)
class Check:
    """Inputs of OpenSTA beside a netlist.

    Attributes:
        library: The Liberty file.
        top: The netlist's module; its clock is the port ``clk``.
        period_ns: Clock period.
        slew_ns: Transition time of the inputs and the clock.
    """

    library: Path
    top: str
    period_ns: float
    slew_ns: float


def reported_mw(folder: Path, netlist: str, check: Check, activity: float, log_path: Path) -> float:
    """Return the total power that OpenSTA reports at equal activity of all pins, mW.

    Args:
        folder: Folder of the netlist.
        netlist: Name of the Verilog netlist.
        check: Library, clock and transition times.
        activity: Transitions a clock.
        log_path: Log file for its output.

    Raises:
        ToolError: OpenSTA is missing, failed, or reported no total.
    """
    script = folder / "power.tcl"
    settings = asdict(check) | {"netlist": netlist, "activity": activity, "duty": DUTY}
    script.write_text(_SCRIPT.format(**settings), encoding="utf-8")
    start = log_path.stat().st_size if log_path.exists() else 0
    if run_tool(["sta", "-exit", script.name], folder, log_path, TIMEOUT_S) != 0:
        raise ToolError(f"sta failed; see {log_path}")
    text = log_path.read_bytes()[start:].decode(errors="replace")
    found = re.search(r"^Total(?:\s+\S+){3}\s+([\d.e+-]+)\s+100", text, re.MULTILINE)
    if found is None:
        raise ToolError(f"sta reported no total power; see {log_path}")
    return float(found.group(1)) * 1e3


def emulated_mw(
    netlist: Netlist, library: Library, loads: Loads, period_ns: float, activity: float
) -> float:
    """Compute the power that OpenSTA 2.0.17 should report at equal activity of all pins, mW.

    Args:
        netlist: The netlist; its clock is the port ``clk``.
        library: Its cells.
        loads: Loads of this netlist, without wires.
        period_ns: Clock period.
        activity: Transitions a clock.
    """
    clocks = set(netlist.ports["clk"].bits)
    picojoules, leakage = 0.0, 0.0
    for instance in netlist.instances:
        cell = cell_of(library, instance)
        leakage += cell.leakage_nw
        for pin in cell.pins.values():
            bit = instance.pins.get(pin.name, ("x",))[0]
            often = CLOCK_ACTIVITY if bit in clocks else activity
            load = loads.load(bit) if pin.direction == "output" else 0.0
            energy = 0.5 * load * library.voltage**2
            energy += sum(
                _energy(e, pin, cell, instance, loads, load, clocks) for e in pin.energies
            )
            picojoules += often * energy
    return picojoules / period_ns + leakage * 1e-6


def _energy(
    energy: Energy,
    pin: Pin,
    cell: Cell,
    instance: Instance,
    loads: Loads,
    load: float,
    clocks: set[int | str],
) -> float:
    """Return the internal energy that OpenSTA counts per transition of a pin, pJ."""
    source = energy.related or pin.name
    bit = instance.pins.get(source, ("x",))[0]
    if not isinstance(bit, int):
        return 0.0
    slew = loads.slew(bit)
    both = energy.rise.at(slew[RISE], load) + energy.fall.at(slew[FALL], load)
    return both * _weight(energy, pin, cell, bit in clocks)


def _weight(energy: Energy, pin: Pin, cell: Cell, clock: bool) -> float:
    """Return the share of a pin's transitions attributed to an input."""
    given: Function | None = None
    if energy.when:
        given = parse_function(energy.when)
    elif energy.related and pin.function:
        given = lets_through(parse_function(pin.function), energy.related)
    if given is not None:
        return given.probability(dict.fromkeys(given.pins(), DUTY))
    return 1.0 if clock else 0.5


def lets_through(function: Function, name: str) -> Function | None:
    """Return the condition for a function to follow an input, as in OpenSTA; None without one."""
    if function.kind == "pin":
        return Function("constant", "1") if function.name == name else None
    if function.kind == "not":
        return lets_through(function.parts[0], name)
    if function.kind == "constant":
        return None
    left, right = function.parts
    for part, other in ((left, right), (right, left)):
        if part.kind == "not":
            part = part.parts[0]
        if part.kind == "pin" and part.name == name:
            return other if function.kind == "and" else Function("not", parts=(other,))
    return None
