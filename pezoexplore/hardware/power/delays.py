"""Loads, transition times and delays of a netlist of standard cells, from the library's tables.

Transition times propagate from the inputs to the outputs, with the slowest arc, as in static timing
analysis. A wire is a capacitance per driven pin. Clocks are ideal: the clock port has the
transition time of the inputs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Bit, Instance, Netlist
from pezoexplore.hardware.power.liberty import Arc, Cell, Library, Pin

Edges = tuple[float, float]
"""Values for the rising and the falling edge."""

RISE, FALL = 0, 1

_INPUT_EDGES = {
    "positive_unate": ((RISE,), (FALL,)),
    "negative_unate": ((FALL,), (RISE,)),
    "rising_edge": ((RISE,), (RISE,)),
    "falling_edge": ((FALL,), (FALL,)),
}
"""Edges of the input that cause the output's rising and falling edge; else both."""


@dataclass(frozen=True)
class Loads:
    """Loads and timing of the nets of a netlist, by net.

    Attributes:
        pf: Capacitance of the pins a net drives and of its wire, pF.
        slew_ns: Transition times, ns.
        delay_ns: Mean delay of the cell that drives the net, ns; nets driven by a cell only.
        longest_ns: Longest sum of delays from a clock edge or an input, ns.
    """

    pf: Mapping[int, float]
    slew_ns: Mapping[int, Edges]
    delay_ns: Mapping[int, Edges]
    longest_ns: float

    def slew(self, bit: Bit) -> Edges:
        """Return the transition times of a bit, ns; none for a constant."""
        return self.slew_ns[bit] if isinstance(bit, int) else (0.0, 0.0)

    def load(self, bit: Bit) -> float:
        """Return the capacitance of a bit, pF."""
        return self.pf[bit] if isinstance(bit, int) else 0.0


def cell_of(library: Library, instance: Instance) -> Cell:
    """Return the cell of an instance.

    Raises:
        ToolError: The library has no such cell.
    """
    cell = library.cells.get(instance.kind)
    if cell is None:
        raise ToolError(f"cell {instance.kind}: not in the library {library.name}")
    return cell


def net_loads(netlist: Netlist, library: Library, wire_pf: float) -> dict[int, float]:
    """Return the capacitance of every net, pF.

    Args:
        netlist: The netlist.
        library: Its cells.
        wire_pf: Capacitance of the wire to each pin of a cell, pF.
    """
    loads = dict.fromkeys(netlist.nets, 0.0)
    for instance in netlist.instances:
        pins = cell_of(library, instance).pins
        for name, (bit,) in instance.pins.items():
            if pins[name].direction == "input" and isinstance(bit, int):
                loads[bit] += pins[name].capacitance + wire_pf
    return loads


def find_loads(
    netlist: Netlist,
    library: Library,
    wire_pf: float,
    input_slew_ns: float,
    static: Collection[int] = (),
) -> Loads:
    """Compute loads, transition times and delays of a netlist.

    Args:
        netlist: The netlist.
        library: Its cells.
        wire_pf: Capacitance of the wire to each pin of a cell, pF.
        input_slew_ns: Transition time of the inputs including the clock, ns.
        static: Nets that never toggle: the cells they drive take their delays from their other
            inputs. Otherwise a reset or an enable with thousands of loads would slow them all.

    Raises:
        ToolError: A cell is not in the library, or the netlist has a combinational loop.
    """
    pf = net_loads(netlist, library, wire_pf)
    slews = {
        bit: (input_slew_ns, input_slew_ns)
        for port in netlist.ports.values()
        for bit in port.bits
        if port.direction == "input" and isinstance(bit, int)
    }
    loads = Loads(pf, slews, {}, 0.0)
    delays: dict[int, Edges] = {}
    arrivals: dict[int, float] = {}
    for instance in _in_order(netlist, library):
        cell = cell_of(library, instance)
        starts = [arrivals.get(b, 0.0) for (b,) in instance.pins.values() if isinstance(b, int)]
        start = max(starts, default=0.0) if cell.state is None else 0.0
        for pin in cell.outputs:
            bit = instance.pins.get(pin.name, ("x",))[0]
            if isinstance(bit, int):
                slews[bit], delays[bit] = _driven(pin, instance, loads, pf[bit], static)
                arrivals[bit] = start + max(delays[bit])
    for bit in netlist.nets:
        slews.setdefault(bit, (input_slew_ns, input_slew_ns))
    return Loads(pf, slews, delays, max(arrivals.values(), default=0.0))


def _driven(
    pin: Pin, instance: Instance, loads: Loads, load: float, static: Collection[int]
) -> tuple[Edges, Edges]:
    """Return an output's transition times (of the slowest arc) and delay (mean over its arcs)."""
    slews: tuple[list[float], list[float]] = ([], [])
    delays: tuple[list[float], list[float]] = ([], [])
    arcs = list(_arcs(pin, instance, loads))
    lively = [arc for arc in arcs if instance.pins[arc[0].related][0] not in static]
    for arc, edge, slew in lively or arcs:
        slews[edge].append(arc.slew[edge].at(slew, load))
        delays[edge].append(max(arc.delay[edge].at(slew, load), 0.0))
    if not slews[RISE] or not slews[FALL]:
        return (0.0, 0.0), (0.0, 0.0)
    mean = sum(delays[RISE]) / len(delays[RISE]), sum(delays[FALL]) / len(delays[FALL])
    return (max(slews[RISE]), max(slews[FALL])), mean


def _arcs(pin: Pin, instance: Instance, loads: Loads) -> Iterator[tuple[Arc, int, float]]:
    """Return the arcs to an output with their output edge and input transition time."""
    for arc in pin.arcs:
        if arc.kind not in ("", "combinational", "rising_edge", "falling_edge"):
            continue
        bits = instance.pins.get(arc.related, ("x",))
        if not isinstance(bits[0], int):
            continue
        kind = arc.kind if arc.kind.endswith("_edge") else arc.sense
        causes = _INPUT_EDGES.get(kind, ((RISE, FALL), (RISE, FALL)))
        for edge in (RISE, FALL):
            for cause in causes[edge]:
                yield arc, edge, loads.slew(bits[0])[cause]


def _in_order(netlist: Netlist, library: Library) -> Iterator[Instance]:
    """Sort instances topologically, each after its drivers, state elements first."""
    reads, drives = [], []
    for instance in netlist.instances:
        cell = cell_of(library, instance)
        bits = {name: bit for name, (bit,) in instance.pins.items() if isinstance(bit, int)}
        inputs = {bit for name, bit in bits.items() if cell.pins[name].direction == "input"}
        reads.append(inputs if cell.state is None else set[int]())
        drives.append([bit for name, bit in bits.items() if bit not in inputs])
    driven = {bit for bits in drives for bit in bits}
    readers: dict[int, list[int]] = {}
    for i, inputs in enumerate(reads):
        inputs &= driven
        for bit in inputs:
            readers.setdefault(bit, []).append(i)
    ready = deque(i for i, inputs in enumerate(reads) if not inputs)
    done = 0
    while ready:
        place = ready.popleft()
        done += 1
        yield netlist.instances[place]
        for bit in drives[place]:
            for reader in readers.get(bit, ()):
                reads[reader].discard(bit)
                if not reads[reader]:
                    ready.append(reader)
    if done < len(netlist.instances):
        raise ToolError("the netlist has a combinational loop")
