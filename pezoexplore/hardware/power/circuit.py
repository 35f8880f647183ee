"""A netlist as gates between places, looked up together by depth or by unit of time.

Standard cells become gates in :mod:`pezoexplore.hardware.power.cyclesim`, cells of an FPGA in
:mod:`pezoexplore.hardware.power.lutcycles`. A value is 0, 1 or 2 for unknown.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pezoexplore.hardware.eda.netlist import Bit

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
class Gates:
    """A netlist as gates.

    Attributes:
        place: Place of each net.
        size: Number of places; the last three are the constants 0, 1 and x.
        gates: Gates of the nets and of values within cells.
        clocked: The flip-flops: next states, whose outputs are the states.
        initial: States before the first clock, 0, 1 or 2.
        clocks: Nets of the clock.
        instant: Places of the outputs without delay, where all others have one unit; None where
            delays differ.
        most_units: Units of time from a clock edge to a change of the inputs.
    """

    place: Mapping[int, int]
    size: int
    gates: Sequence[Gate]
    clocked: Sequence[Gate]
    initial: Sequence[int]
    clocks: frozenset[int]
    instant: frozenset[int] | None = None
    most_units: int = 0


@dataclass(frozen=True)
class Circuit:
    """Gates by level.

    Attributes:
        made_of: The gates.
        tables: Tables of all gates.
        levels: Gates in order of depth.
        clocked: The flip-flops.
        units: What is looked up in turn at each unit of time after a change; None without unit
            delays, or where the inputs change before everything has settled.
    """

    made_of: Gates
    tables: Values
    levels: tuple[_Level, ...]
    clocked: _Level
    units: tuple[tuple[_Level, ...], ...] | None

    @classmethod
    def of(cls, made_of: Gates) -> Circuit | None:
        """Return the circuit of gates; None with a loop or a clock as data."""
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
        units = None
        if made_of.instant is not None and len(ordered) < made_of.most_units:
            units = tuple(
                tuple(_level(each, firsts, size) for each in together)
                for together in _by_unit(ordered, made_of.instant)
            )
        return cls(made_of, tables, levels, _level(clocked, firsts, size), units)


def place_of(bit: Bit, place: Mapping[int, int], size: int) -> int:
    """Return the place of a bit: of a net, or of a constant."""
    return place[bit] if isinstance(bit, int) else size - 3 + _CONSTANTS[bit]


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


def _by_unit(ordered: Sequence[Sequence[Gate]], instant: Container[int]) -> list[list[list[Gate]]]:
    """Return the gates that can change at each unit of time from 0 on, in turns.

    Args:
        ordered: Gates by depth. One of depth n has settled n units after a change.
        instant: Places of the outputs without delay.
    """
    at_once = [[gate for gate in level if gate.output in instant] for level in ordered]
    at_once = [level for level in at_once if level]
    found = [at_once]
    for depth in range(len(ordered)):
        later = [gate for level in ordered[depth:] for gate in level if gate.output not in instant]
        found.append([later, *at_once])
    return found


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
