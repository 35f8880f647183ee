"""Power of a netlist of standard cells, from toggle counts of its nets and the library's energies.

For every transition of a net, half of C V**2 with C the capacitance of the pins it drives and of
its wire; for every transition of an output, the library's internal energy, as the mean of rising
and falling edge and over the inputs that can cause it, weighted by their toggle counts; for every
transition of an input with an internal energy (clock and data of a flip-flop), that energy; and the
leakage of every cell. The clock is one net without a tree: its pins are counted, buffers are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pezoexplore.hardware.eda.boolean import parse_function
from pezoexplore.hardware.eda.netlist import Instance, Netlist
from pezoexplore.hardware.power.delays import FALL, RISE, Loads, cell_of
from pezoexplore.hardware.power.liberty import SLEW, Energy, Library, Pin

WIRE_PF = 0.005
"""Wire capacitance, pF per driven pin.

In 0.18 um: 40 um, five to six times the pitch of an average cell at 70 % filling, at 0.12 fF/um:
metal 2 and 3 in ``osu018_stdcells.lef``, bottom and both edges.
"""

WIRE_AREA = 24.0
"""Area of the NAND gate of the library that :data:`WIRE_PF` is for, um2."""

INPUT_SLEW_NS = 0.06
"""Transition time of inputs and clock, ns: the first point of the library's tables."""


def wire_and_slew(library: Library, gate: str) -> tuple[float, float]:
    """Return the wire capacitance per driven pin, pF, and the transition time of the inputs, ns.

    The capacitance of a micrometre hardly depends on the process; wires shrink with the cells.

    Args:
        library: The library.
        gate: Its two-input NAND; empty if it has none.
    """
    cell = library.cells.get(gate)
    if cell is None:
        return WIRE_PF, INPUT_SLEW_NS
    slews = [
        grid[0]
        for pin in cell.outputs
        for arc in pin.arcs
        for axis, grid in zip(arc.delay[RISE].axes, arc.delay[RISE].grid, strict=True)
        if axis == SLEW
    ]
    return WIRE_PF * (cell.area / WIRE_AREA) ** 0.5, min(slews, default=INPUT_SLEW_NS)


@dataclass(frozen=True)
class Energies:
    """Energy per clock, pJ, and static power.

    Attributes:
        internal_pj: Within the cells.
        switching_pj: Charging the nets.
        leakage_mw: Leakage power, mW; None if the library lacks that of a cell.
    """

    internal_pj: float
    switching_pj: float
    leakage_mw: float | None

    def power_mw(self, clock_mhz: float) -> float:
        """Return the power at a clock frequency, mW; without leakage if it is not known."""
        return (self.internal_pj + self.switching_pj) * clock_mhz * 1e-3 + (self.leakage_mw or 0.0)


def energies(
    netlist: Netlist, library: Library, loads: Loads, toggles: Mapping[int, int], clocks: int
) -> Energies:
    """Compute the energies of a netlist under a workload.

    Args:
        netlist: The netlist.
        library: Its cells.
        loads: Loads and transition times of its nets.
        toggles: Transitions of every net over the workload.
        clocks: Clocks of the workload.
    """
    half_v2 = 0.5 * library.voltage**2
    switching = sum(half_v2 * loads.pf[net] * number for net, number in toggles.items())
    internal, leaks = 0.0, list[float | None]()
    for instance in netlist.instances:
        cell = cell_of(library, instance)
        leaks.append(cell.leakage_nw)
        internal += sum(_internal(pin, instance, loads, toggles) for pin in cell.pins.values())
    known = [leak for leak in leaks if leak is not None]
    leakage_mw = sum(known) * 1e-6 if len(known) == len(leaks) else None
    return Energies(internal / clocks, switching / clocks, leakage_mw)


def _internal(pin: Pin, instance: Instance, loads: Loads, toggles: Mapping[int, int]) -> float:
    """Return the internal energy of all transitions of a pin, pJ."""
    bit = instance.pins.get(pin.name, ("x",))[0]
    number = toggles.get(bit, 0) if isinstance(bit, int) else 0
    if number == 0 or not pin.energies:
        return 0.0
    load = loads.load(bit) if pin.direction == "output" else 0.0
    supplies: dict[str, list[tuple[float, float, float]]] = {}
    for energy in pin.energies:
        source = instance.pins.get(energy.related or pin.name, ("x",))[0]
        state = _probability(energy.when, instance)
        if isinstance(source, int) and state > 0:
            cost = _transition(energy, loads.slew(source), load)
            supplies.setdefault(energy.supply, []).append(
                (toggles.get(source, 0) * state, state, cost)
            )
    return number * sum(map(_weighted, supplies.values()))


def _weighted(found: list[tuple[float, float, float]]) -> float:
    """Return the mean energy over causes and states, weighted by how often each comes about."""
    caused = any(cause for cause, _, _ in found)
    weights = [cause if caused else state for cause, state, _ in found]
    return sum(w * c for w, (_, _, c) in zip(weights, found, strict=True)) / sum(weights)


def _probability(when: str, instance: Instance) -> float:
    """Return how probable a state of the pins is, those without a constant independent and even."""
    if not when:
        return 1.0
    function = parse_function(when)
    bits = {name: instance.pins.get(name, ("x",))[0] for name in function.pins()}
    return function.probability(
        {name: float(bit) if bit in ("0", "1") else 0.5 for name, bit in bits.items()}
    )


def _transition(energy: Energy, slew: tuple[float, float], load: float) -> float:
    """Return the energy of a transition, pJ: rising and falling edges are equally frequent."""
    return (energy.rise.at(slew[RISE], load) + energy.fall.at(slew[FALL], load)) / 2
