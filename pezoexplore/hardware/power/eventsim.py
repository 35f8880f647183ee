"""Simulation of a netlist of standard cells with delays, event by event, compiled.

It counts what :func:`pezoexplore.hardware.power.gatesim.count_toggles` counts with delays, under
the same workload. Every operator of a cell's function is a gate without delay; the delay is
between the last one and the net. It is inertial (IEEE Std 1364-2005, section 6.1.3): a function
that changes back before the delay is over takes the transition back.

Times are whole picoseconds. What happens at one time is taken in the order of Icarus, because a
transient without duration can postpone a transition: first the nets, in the order of their
scheduling, then the gates, in the order of their inputs' changes; of the readers of a net first
those that the netlist has before its driver, then those after it, the last one first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import Function, parse_function
from pezoexplore.hardware.eda.netlist import Bit, Netlist
from pezoexplore.hardware.power.cyclesim import CycleRun
from pezoexplore.hardware.power.delays import Edges, cell_of
from pezoexplore.hardware.power.eventloop import (
    AND,
    NOT,
    OR,
    TABLES,
    WIRE,
    XOR,
    Gates,
    Values,
    run_clocks,
)
from pezoexplore.hardware.power.gatesim import WARM_CLOCKS, Workload, ports_of
from pezoexplore.hardware.power.liberty import Library

_CONSTANTS = {"0": 0, "1": 1, "x": 2, "z": 2}
_KINDS = {"and": AND, "or": OR, "xor": XOR, "not": NOT}


def delayed_toggles(
    netlist: Netlist,
    library: Library,
    workload: Workload,
    delay_ns: Mapping[int, Edges],
    period_ns: float,
    settled: CycleRun,
) -> dict[int, int] | None:
    """Count the transitions of every net over the measured clocks, glitches included.

    Args:
        netlist: The netlist.
        library: Its cells.
        workload: The stimulus.
        delay_ns: Delays of the nets' drivers, rising and falling, ns.
        period_ns: Clock period of the simulation; long enough for everything to settle.
        settled: The same workload without delays.

    Returns:
        Transitions by net; None where the workload still loads words when the measured clocks
        begin, or a delay is below half a picosecond.

    Raises:
        ToolError: The netlist does not settle within the period, or its words are not the
            stream's.
    """
    circuit = _Circuit.of(netlist, library, delay_ns)
    values = circuit.values(settled)
    if not settled.loaded or any(0 in delays for delays in circuit.delays):
        return None
    half = _ps(period_ns / 2)
    first = half + _ps(period_ns / 4)  # as in the bench of gatesim
    window = (first, first + _ps(period_ns * workload.clocks))
    data = np.array([circuit.place(bit) for bit in ports_of(netlist)["out_data"]])
    shown = np.zeros((window[1] // (2 * half) + 1, len(data)), np.int8)
    counts = np.zeros(len(values), np.int64)
    latest = run_clocks(circuit.gates(), values, data, shown, counts, 2 * half, window)
    if latest >= 2 * half:
        raise ToolError(f"the netlist does not settle within {period_ns:g} ns")
    _check(shown, workload)
    found = dict(zip(netlist.nets, counts.tolist(), strict=False))
    return found | {net: 2 * workload.clocks for net in ports_of(netlist)["clk"] if net in found}


def _ps(ns: float) -> int:
    """Return a time in picoseconds, as Icarus reads it from the bench."""
    return round(float(f"{ns:.3f}") * 1e3)


def _check(shown: Values, workload: Workload) -> None:
    """Compare the words shown at the clock edges with those of the software stream."""
    for i, beat in enumerate(workload.beats[WARM_CLOCKS - 1 :]):
        if i < len(shown) and (found := int("".join(map(str, shown[i, ::-1])), 2)) != beat:
            raise ToolError(f"with delays, a beat of the netlist is {found:x}, not {beat:x}")


@dataclass
class _Circuit:
    """A netlist as gates between values: nets, 0, 1, x, states of flip-flops, results of gates.

    Attributes:
        nets: Place of each net.
        kinds: Kind of each gate.
        inputs: Places of its two inputs, the same one twice if there is one.
        outputs: Place of its output.
        delays: Delays of each value to 0, 1 and unknown, ps; -1 for none.
        states: Places of the flip-flops' states.
        following: Places of their next states.
    """

    nets: Mapping[int, int]
    kinds: list[int] = field(default_factory=list)
    inputs: list[tuple[int, int]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    delays: list[tuple[int, int, int]] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    following: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, netlist: Netlist, library: Library, delay_ns: Mapping[int, Edges]) -> _Circuit:
        """Return the circuit of a netlist of gates and flip-flops of the rising clock edge."""
        circuit = cls({net: i for i, net in enumerate(netlist.nets)})
        for _ in range(len(circuit.nets) + len(_CONSTANTS)):
            circuit._new()
        for instance in netlist.instances:
            cell = cell_of(library, instance)
            at = {name: circuit.place(bit) for name, (bit,) in instance.pins.items()}
            inverse = ""
            if cell.state is not None:
                circuit.states.append(circuit._new())
                at |= dict.fromkeys(cell.state.names, circuit.states[-1])
                inverse = (*cell.state.names, "", "")[1]
                next_state = parse_function(cell.state.text("next_state"))
                circuit.following.append(circuit._value(next_state, at, inverse))
            for pin in cell.outputs:
                bit = instance.pins.get(pin.name, ("x",))[0]
                if isinstance(bit, int):
                    rise, fall = map(_ps, delay_ns[bit])
                    circuit.delays[circuit.nets[bit]] = (fall, rise, min(fall, rise))
                    circuit._drive(parse_function(pin.function), at, inverse, circuit.nets[bit])
        return circuit

    def place(self, bit: Bit) -> int:
        """Return the place of a bit."""
        return self.nets[bit] if isinstance(bit, int) else len(self.nets) + _CONSTANTS[bit]

    def _new(self) -> int:
        self.delays.append((-1, -1, -1))
        return len(self.delays) - 1

    def _value(self, function: Function, at: Mapping[str, int], inverse: str) -> int:
        """Return the place of a function's value, with gates for its operators."""
        if function.kind == "constant":
            return self.place(function.name)
        if function.kind == "pin" and function.name != inverse:
            return at[function.name]
        return self._drive(function, at, inverse, self._new())

    def _drive(self, function: Function, at: Mapping[str, int], inverse: str, place: int) -> int:
        """Add the gates of a function whose value is to be at a place."""
        if function.kind == "pin" and function.name == inverse:
            kind, parts = NOT, [at[inverse]]
        elif function.kind in _KINDS:
            kind = _KINDS[function.kind]
            parts = [self._value(part, at, inverse) for part in function.parts]
        else:
            kind, parts = WIRE, [self._value(function, at, inverse)]
        self.kinds.append(kind)
        self.inputs.append((parts[0], parts[-1]))
        self.outputs.append(place)
        return place

    def values(self, settled: CycleRun) -> Values:
        """Return all values before the first clock."""
        values = np.zeros(len(self.delays), np.int8)
        values[: len(self.nets)] = settled.nets
        values[self.place("1")], values[self.place("x")] = 1, 2
        values[self.states] = settled.states
        for kind, (a, b), output in zip(self.kinds, self.inputs, self.outputs, strict=True):
            if output >= len(self.nets):
                values[output] = TABLES[kind, values[a], values[b]]
        return values

    def gates(self) -> Gates:
        """Return the circuit as arrays."""
        readers, starts = self._readers()
        lists = (self.kinds, self.inputs, self.outputs, self.delays, readers, starts)
        return Gates(*(np.array(each) for each in (*lists, self.states, self.following)))

    def _readers(self) -> tuple[list[int], list[int]]:
        """Return the gates that read each value, one list after the other, and their starts."""
        of: list[list[int]] = [[] for _ in self.delays]
        for gate, (a, b) in enumerate(self.inputs):
            of[a].append(gate)
            if b != a:
                of[b].append(gate)
        driver = {place: gate for gate, place in enumerate(self.outputs)}
        readers, starts = list[int](), [0]
        for place, gates in enumerate(of):
            ahead = sum(gate < driver.get(place, -1) for gate in gates)
            readers += gates[:ahead] + gates[ahead:][::-1]
            starts.append(len(readers))
        return readers, starts
