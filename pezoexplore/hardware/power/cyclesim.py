"""Simulation of a netlist without delays, cycle by cycle, in NumPy.

It counts what :func:`pezoexplore.hardware.power.gatesim.count_toggles` counts without delays, under
the same workload, and faster: all cells of one depth are looked up at once. A value is 0, 1 or 2
for unknown; a cell's table has the value that its function has as a Verilog expression (IEEE Std
1364-2005, section 5.1). Standard cells become gates here, cells of an FPGA in
:mod:`pezoexplore.hardware.power.lutcycles`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import Function, parse_function
from pezoexplore.hardware.eda.netlist import Bit, Netlist
from pezoexplore.hardware.power.delays import cell_of
from pezoexplore.hardware.power.gatesim import RESET_CLOCKS, WARM_CLOCKS, Workload, ports_of
from pezoexplore.hardware.power.liberty import Library

X = 2
"""Unknown value, x of Verilog."""

_CONSTANTS = {"0": 0, "1": 1, "x": X, "z": X}

Places = npt.NDArray[np.intp]
Values = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Gate:
    """A function of places: a place is a net, a state, a value within a cell, or a constant.

    Attributes:
        output: Place of its value; of a flip-flop that of its state.
        inputs: Places that it reads.
        table: Its values by those of the inputs, the last one fastest, 3**inputs bytes.
    """

    output: int
    inputs: tuple[int, ...]
    table: bytes


@dataclass(frozen=True)
class _Level:
    """Gates that are looked up together: tables of 3**inputs values from ``first`` on."""

    outputs: Places
    inputs: Places
    weights: Places
    first: Places

    def apply(self, values: Values, tables: Values) -> None:
        """Compute the outputs."""
        entry = self.first + (values[self.inputs] * self.weights).sum(axis=0)
        values[self.outputs] = tables[entry]


@dataclass(frozen=True)
class CycleRun:
    """What a workload does without delays.

    Attributes:
        toggles: Transitions of every net over the measured clocks.
        nets: Values of the nets, in the order of ``Netlist.nets``, settled before the last clock
            that is not measured.
        states: Values of the flip-flops then, in the order of the instances.
        loaded: Whether all words to load were accepted by then.
    """

    toggles: dict[int, int]
    nets: Values
    states: Values
    loaded: bool


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


@dataclass(frozen=True)
class Gates:
    """A netlist as gates.

    Attributes:
        place: Place of each net.
        size: Number of places; the last three are the constants 0, 1 and x.
        gates: Gates of the nets and of values within cells.
        clocked: The flip-flops: next states, whose outputs are the states.
        initial: States before the first clock, 0, 1 or 2.
        clocks: Nets of the clock.
    """

    place: Mapping[int, int]
    size: int
    gates: Sequence[Gate]
    clocked: Sequence[Gate]
    initial: Sequence[int]
    clocks: frozenset[int]


def run_gates(netlist: Netlist, gates: Gates, workload: Workload) -> CycleRun | None:
    """Run the workload on gates, as :func:`run_cycles`; None with a loop or a clock as data."""
    circuit = _Circuit.of(gates)
    return None if circuit is None else _run(circuit, netlist, workload)


@dataclass(frozen=True)
class _Circuit:
    """Gates by level.

    Attributes:
        made_of: The gates.
        tables: Tables of all gates.
        levels: Gates in order of depth.
        clocked: The flip-flops.
    """

    made_of: Gates
    tables: Values
    levels: tuple[_Level, ...]
    clocked: _Level

    @classmethod
    def of(cls, made_of: Gates) -> _Circuit | None:
        """Return the circuit of gates; None as of :func:`run_gates`."""
        gates, clocked, size = made_of.gates, made_of.clocked, made_of.size
        clocks = {made_of.place[net] for net in made_of.clocks}
        if any(not clocks.isdisjoint(gate.inputs) for gate in (*gates, *clocked)):
            return None
        ordered = _by_depth(gates)
        if ordered is None:
            return None
        firsts: dict[bytes, int] = {}
        for table in dict.fromkeys(gate.table for gate in (*gates, *clocked)):
            firsts[table] = sum(map(len, firsts))
        tables = np.frombuffer(b"".join(firsts), np.int8)
        levels = tuple(_level(each, firsts, size) for each in ordered)
        return cls(made_of, tables, levels, _level(clocked, firsts, size))


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


def place_of(bit: Bit, place: Mapping[int, int], size: int) -> int:
    """Return the place of a bit: of a net, or of a constant."""
    return place[bit] if isinstance(bit, int) else size - 3 + _CONSTANTS[bit]


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


def _by_depth(gates: Sequence[Gate]) -> list[list[Gate]] | None:
    """Return the gates by depth: all inputs of one are outputs of lower ones; None with a loop."""
    driver = {gate.output: i for i, gate in enumerate(gates)}
    readers: dict[int, list[int]] = {}
    waits = [0] * len(gates)
    for i, gate in enumerate(gates):
        for source in {driver[place] for place in gate.inputs if place in driver}:
            readers.setdefault(source, []).append(i)
            waits[i] += 1
    ready = [i for i, number in enumerate(waits) if number == 0]
    ordered, count = [], 0
    while ready:
        ordered.append([gates[i] for i in ready])
        count += len(ready)
        following = []
        for i in ready:
            for reader in readers.get(i, ()):
                waits[reader] -= 1
                if waits[reader] == 0:
                    following.append(reader)
        ready = following
    return ordered if count == len(gates) else None


def _level(gates: Sequence[Gate], firsts: Mapping[bytes, int], size: int) -> _Level:
    """Return gates as arrays; one of fewer inputs reads the constant 0 for the others."""
    most = max((len(gate.inputs) for gate in gates), default=0)
    inputs = np.full((most, len(gates)), size - 3, np.intp)
    weights = np.zeros((most, len(gates)), np.intp)
    for column, gate in enumerate(gates):
        many = len(gate.inputs)
        inputs[:many, column] = gate.inputs
        weights[:many, column] = [3 ** (many - 1 - i) for i in range(many)]
    outputs = np.array([gate.output for gate in gates], np.intp)
    first = np.array([firsts[gate.table] for gate in gates], np.intp)
    return _Level(outputs, inputs, weights, first)


def _run(circuit: _Circuit, netlist: Netlist, workload: Workload) -> CycleRun:
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

    def settle() -> None:
        for level in circuit.levels:
            level.apply(values, circuit.tables)

    loaded = 0
    load(loaded)
    settle()
    counts = np.zeros(size, np.int64)
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
        settle()
        if edge >= first:
            counts += _changed(before, values)
        middle = values.copy()
        load(loaded)
        if edge == RESET_CLOCKS:
            values[ports["rst"]] = 0
        if not np.array_equal(middle, values):
            settle()
            if edge >= first:
                counts += _changed(middle, values)
    _check(beats, workload)
    found = {net: int(counts[at]) for net, at in place.items()}
    found |= dict.fromkeys(circuit.made_of.clocks, 2 * workload.clocks)
    return CycleRun(found, start[: len(found)], start[states], ready)


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
