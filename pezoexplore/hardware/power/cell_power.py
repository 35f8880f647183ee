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

from pezoexplore.hardware.eda.netlist import Instance, Netlist
from pezoexplore.hardware.power.delays import FALL, RISE, Loads, cell_of
from pezoexplore.hardware.power.liberty import Energy, Library, Pin

WIRE_PF = 0.005
"""Wire capacitance, pF per driven pin.

40 um, five to six times the pitch of an average cell at 70 % filling, at 0.12 fF/um: metal 2 and 3
in ``osu018_stdcells.lef``, bottom and both edges.
"""

INPUT_SLEW_NS = 0.06
"""Transition time of inputs and clock, ns: the first point of the library's tables."""


@dataclass(frozen=True)
class Energies:
    """Energy per clock, pJ, and static power.

    Attributes:
        internal_pj: Within the cells.
        switching_pj: Charging the nets.
        leakage_mw: Leakage power, mW.
    """

    internal_pj: float
    switching_pj: float
    leakage_mw: float

    def power_mw(self, clock_mhz: float) -> float:
        """Return the power at a clock frequency, mW."""
        return (self.internal_pj + self.switching_pj) * clock_mhz * 1e-3 + self.leakage_mw


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
    internal, leakage_nw = 0.0, 0.0
    for instance in netlist.instances:
        cell = cell_of(library, instance)
        leakage_nw += cell.leakage_nw
        internal += sum(_internal(pin, instance, loads, toggles) for pin in cell.pins.values())
    return Energies(internal / clocks, switching / clocks, leakage_nw * 1e-6)


def _internal(pin: Pin, instance: Instance, loads: Loads, toggles: Mapping[int, int]) -> float:
    """Return the internal energy of all transitions of a pin, pJ."""
    bit = instance.pins.get(pin.name, ("x",))[0]
    number = toggles.get(bit, 0) if isinstance(bit, int) else 0
    if number == 0 or not pin.energies:
        return 0.0
    load = loads.load(bit) if pin.direction == "output" else 0.0
    weights, costs = [], []
    for energy in pin.energies:
        source = instance.pins.get(energy.related or pin.name, ("x",))[0]
        if isinstance(source, int):
            weights.append(toggles.get(source, 0))
            costs.append(_transition(energy, loads.slew(source), load))
    if not any(weights):
        weights = [1] * len(costs)
    mean = sum(w * c for w, c in zip(weights, costs, strict=True)) / max(sum(weights), 1)
    return number * mean


def _transition(energy: Energy, slew: tuple[float, float], load: float) -> float:
    """Return the energy of a transition, pJ: rising and falling edges are equally frequent."""
    return (energy.rise.at(slew[RISE], load) + energy.fall.at(slew[FALL], load)) / 2
