"""Simulation of a netlist cycle by cycle, in NumPy: without delays, or with one for all cells.

It counts what :func:`pezoexplore.hardware.power.gatesim.count_toggles` counts, under the same
workload, and faster: all cells of one depth, or of one time, are looked up at once. Where all
delays are one unit a net never waits for two transitions, so the values of a time are a function of
those a unit before, whatever the order of events within a time. A cell's table has the value that
its function has as a Verilog expression (IEEE Std 1364-2005, section 5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import Function, parse_function
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.power.circuit import Circuit, Gate, Gates, Values, X, place_of
from pezoexplore.hardware.power.delays import cell_of
from pezoexplore.hardware.power.gatesim import RESET_CLOCKS, WARM_CLOCKS, Workload, ports_of
from pezoexplore.hardware.power.liberty import Library


@dataclass(frozen=True)
class CycleRun:
    """Holds what a workload does.

    Attributes:
        toggles: Transitions of every net over the measured clocks, without delays.
        nets: Values of the nets, in the order of ``Netlist.nets``, settled before the last clock
            that is not measured.
        states: Values of the flip-flops then, in the order of the instances.
        loaded: Whether all words to load were accepted by then.
        delayed: The same with a delay of one unit; None where :attr:`.circuit.Circuit.units` is.
    """

    toggles: dict[int, int]
    nets: Values
    states: Values
    loaded: bool
    delayed: dict[int, int] | None = None


def run_cycles(netlist: Netlist, library: Library, workload: Workload) -> CycleRun | None:
    """Run the workload without delays.

    Args:
        netlist: The netlist.
        library: Its cells.
        workload: The stimulus.

    Returns:
        What it does; None where the netlist has more than gates without loops and flip-flops of
        the rising clock edge without clear and preset.

    Raises:
        ToolError: A cell that is not in the library, or the netlist's words are not the stream's.
    """
    gates = _gates(netlist, library)
    return None if gates is None else run_gates(netlist, gates, workload)


def run_gates(netlist: Netlist, gates: Gates, workload: Workload) -> CycleRun | None:
    """Run the workload on gates, as :func:`run_cycles`; None with a loop or a clock as data."""
    circuit = Circuit.of(gates)
    return None if circuit is None else _run(circuit, netlist, workload)


def _gates(netlist: Netlist, library: Library) -> Gates | None:
    """Return the gates of a netlist of standard cells; None as of :func:`run_cycles`."""
    place = {net: i for i, net in enumerate(netlist.nets)}
    flops = [i for i, c in enumerate(netlist.instances) if cell_of(library, c).state]
    state = {i: len(place) + n for n, i in enumerate(flops)}
    size = len(place) + len(flops) + 3
    clock = ports_of(netlist)["clk"][0]
    gates, clocked = list[Gate](), list[Gate]()
    for number, instance in enumerate(netlist.instances):
        cell = cell_of(library, instance)
        at = {name: (place_of(bit, place, size), False) for name, (bit,) in instance.pins.items()}
        if cell.state is not None:
            held, clocks = cell.state, parse_function(cell.state.text("clocked_on"))
            plain = held.kind == "ff" and not {"clear", "preset"} & held.values.keys()
            if not plain or clocks.kind != "pin" or instance.pins[clocks.name] != (clock,):
                return None
            of_state = ((state[number], False), (state[number], True))
            at |= dict(zip(held.names, of_state, strict=False))
            clocked.append(_gate(state[number], parse_function(held.text("next_state")), at))
        for pin in cell.outputs:
            bit = instance.pins.get(pin.name, ("x",))[0]
            if isinstance(bit, int):
                gates.append(_gate(place[bit], parse_function(pin.function), at))
    if not isinstance(clock, int):
        return None
    return Gates(place, size, gates, clocked, [X] * len(clocked), frozenset({clock}))


def _gate(output: int, function: Function, at: Mapping[str, tuple[int, bool]]) -> Gate:
    """Return a function as a table over the places of its pins."""
    pins = sorted(function.pins())
    turned = tuple(name for name in pins if at[name][1])
    return Gate(output, tuple(at[name][0] for name in pins), _table(function, turned))


@cache
def _table(function: Function, turned: tuple[str, ...]) -> bytes:
    """Return the values of a function by its pins in order; some are inverted first."""
    pins, table = sorted(function.pins()), []
    for held in product(range(3), repeat=len(pins)):
        pairs = zip(pins, held, strict=True)
        table.append(_value(function, {n: _not(v) if n in turned else v for n, v in pairs}))
    return bytes(table)


def _not(value: int) -> int:
    return value if value == X else 1 - value


def _value(function: Function, of: Mapping[str, int]) -> int:
    """Return the value of a function with unknowns."""
    if function.kind == "pin":
        return of[function.name]
    if function.kind == "constant":
        return int(function.name)
    values = [_value(part, of) for part in function.parts]
    if function.kind == "not":
        return _not(values[0])
    if function.kind == "xor":
        return X if X in values else values[0] ^ values[1]
    decides = 0 if function.kind == "and" else 1
    return decides if decides in values else X if X in values else 1 - decides


def _run(circuit: Circuit, netlist: Netlist, workload: Workload) -> CycleRun:
    """Run the workload as the bench of gatesim does, and count."""
    place, size, states = circuit.made_of.place, circuit.made_of.size, circuit.clocked.outputs
    values = np.full(size, X, np.int8)
    values[states] = circuit.made_of.initial
    values[-3:] = (0, 1, X)
    ports = {
        name: [place_of(bit, place, size) for bit in bits]
        for name, bits in ports_of(netlist).items()
    }
    driven = {n.partition("[")[0] for n, p in netlist.ports.items() if p.direction == "input"}
    for name in driven:
        values[ports[name]] = name in ("rst", "out_ready", "load_valid")

    def load(at: int) -> None:
        if "load_data" in driven:
            word = (*workload.loads, 0)[min(at, len(workload.loads))]
            values[ports["load_data"]] = [word >> i & 1 for i in range(len(ports["load_data"]))]

    tally, loaded = _Tally(circuit, values), 0
    load(loaded)
    tally.settle()
    beats = list[int]()
    first = RESET_CLOCKS + workload.stall + WARM_CLOCKS + 1
    start, ready = values, False
    for edge in range(1, first + workload.clocks):
        before = values.copy()
        if edge == first - 1:
            start, ready = before, loaded >= len(workload.loads)
        if edge > RESET_CLOCKS:
            if "load_ready" in ports:
                loaded += int(values[ports["load_ready"][0]] == 1)
            if values[ports["out_valid"][0]] == 1:
                beats.append(_word(values[ports["out_data"]], len(beats)))
        circuit.clocked.apply(values, circuit.tables)
        tally.settle(before if edge >= first else None)
        middle = values.copy()
        load(loaded)
        if edge == RESET_CLOCKS:
            values[ports["rst"]] = 0
        if not np.array_equal(middle, values):
            tally.settle(middle if edge >= first else None)
    _check(beats, workload)
    clocks = dict.fromkeys(circuit.made_of.clocks, 2 * workload.clocks)
    found, delayed = (
        {net: int(counts[at]) for net, at in place.items()} | clocks
        for counts in (tally.settled, tally.delayed)
    )
    nets, later = start[: len(place)], delayed if circuit.units else None
    return CycleRun(found, nets, start[states], ready, later)


class _Tally:
    """Has values settle and counts their transitions.

    Attributes:
        settled: Transitions of each place without delays.
        delayed: The same with unit delays, if the circuit has them.
    """

    def __init__(self, circuit: Circuit, values: Values) -> None:
        self._circuit, self._values = circuit, values
        self.settled, self.delayed = np.zeros((2, len(values)), np.int64)

    def settle(self, before: Values | None = None) -> None:
        """Settle the values after a change; count from what they were before, if that is given."""
        values, circuit = self._values, self._circuit
        if before is None or circuit.units is None:
            for level in circuit.levels:
                level.apply(values, circuit.tables)
        else:
            earlier = before
            for unit in circuit.units:
                for level in unit:
                    level.apply(values, circuit.tables)
                self.delayed += _changed(earlier, values)
                earlier = values.copy()
        if before is not None:
            self.settled += _changed(before, values)


def _changed(before: Values, after: Values) -> npt.NDArray[np.bool_]:
    """Return which values went from 0 to 1 or back."""
    changed: npt.NDArray[np.bool_] = (before != after) & (before != X) & (after != X)
    return changed


def _word(bits: Values, beat: int) -> int:
    if X in bits:
        raise ToolError(f"beat {beat} of the netlist has unknown bits")
    return int("".join(map(str, bits[::-1])), 2)


def _check(beats: list[int], workload: Workload) -> None:
    """Compare the beats of the netlist with those of the software stream."""
    if len(beats) < len(workload.beats):
        raise ToolError(f"the netlist delivered {len(beats)} beats of {len(workload.beats)}")
    for i, beat in enumerate(workload.beats):
        if beats[i] != beat:
            raise ToolError(f"beat {i} of the netlist is {beats[i]:x}, of the stream {beat:x}")
