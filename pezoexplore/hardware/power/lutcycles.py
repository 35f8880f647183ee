"""Turn an AMD netlist into gates, and simulate it in NumPy.

Cells behave as Yosys' models of them (``xilinx/cells_sim.v``), also where a value is unknown: a
choice by an unknown value is known where both sides are the same (IEEE Std 1364-2005, section
5.1.13). Flip-flops start at their parameter INIT.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np

from pezoexplore.hardware.eda.netlist import Bit, Instance, Netlist
from pezoexplore.hardware.power.circuit import Gate, Gates, X, place_of
from pezoexplore.hardware.power.cyclesim import CycleRun, run_gates
from pezoexplore.hardware.power.fabric import PERIOD_NS, UNIT_NS, free_cells
from pezoexplore.hardware.power.gatesim import INPUTS_AT, Workload, ports_of


def run_fabric(netlist: Netlist, workload: Workload) -> CycleRun | None:
    """Run the workload of a stream on an AMD netlist, without delays and with those of `fabric`.

    Args:
        netlist: The netlist.
        workload: The stimulus.

    Returns:
        What it does; None where the netlist has more than LUTs, multiplexers, carry chains and
        flip-flops of the rising clock edge with synchronous set or reset, or a loop. With delays
        only where it has no carry chains: theirs are shorter than the others.

    Raises:
        ToolError: The netlist's words are not the stream's.
    """
    maker = _Maker(netlist)
    for instance in netlist.instances:
        if not maker.add(instance):
            return None
    return run_gates(netlist, maker.gates(), workload)


class _Maker:
    """Makes gates of instances.

    Places are the nets, then states of flip-flops and values within carry chains, and constants.
    """

    def __init__(self, netlist: Netlist) -> None:
        self._place = {net: i for i, net in enumerate(netlist.nets)}
        chains = sum(instance.kind == "CARRY4" for instance in netlist.instances)
        flops = sum(instance.kind in _SYNCHRONOUS for instance in netlist.instances)
        self._next = len(self._place)
        self._size = self._next + flops + chains * _WITHIN_CHAIN + len("01x")
        self._gates, self._clocked = list[Gate](), list[Gate]()
        self._initial = list[int]()
        clocks = {bit for bit in ports_of(netlist)["clk"] if isinstance(bit, int)}
        for instance in netlist.instances:
            if instance.kind == "BUFG" and instance.pins["I"][0] in clocks:
                clocks |= {bit for bit in instance.pins["O"] if isinstance(bit, int)}
        self._clocks = frozenset(clocks)
        free = [netlist.instances[i] for i in free_cells(netlist)]
        outputs = (
            self._place[bit] for cell in free for bit in cell.pins["O"] if bit in self._place
        )
        self._instant = None if chains else frozenset(outputs)

    def gates(self) -> Gates:
        """Return what was made."""
        made = (self._gates, self._clocked, self._initial, self._clocks)
        units = int(INPUTS_AT * PERIOD_NS / UNIT_NS)
        return Gates(self._place, self._size, *made, self._instant, units)

    def add(self, instance: Instance) -> bool:
        """Make the gates of an instance; return whether its kind is known."""
        kind, pins = instance.kind, instance.pins
        inverted = any("1" in v for n, v in instance.parameters.items() if n.startswith("IS_"))
        if kind in _SYNCHRONOUS and not inverted and pins["C"][0] in self._clocks:
            self._flop(instance)
        elif re.fullmatch("LUT[1-6]", kind):
            count = int(kind[3:])
            table = _lut(_init(instance).zfill(2**count))
            self._function(instance, [f"I{i}" for i in range(count)], table)
        elif kind == "INV":
            self._function(instance, ["I"], _lut("01"))
        elif re.fullmatch("MUXF[789]", kind):
            self._function(instance, ["S", "I1", "I0"], _MUX)
        elif kind == "CARRY4":
            self._chain(instance)
        else:
            return kind == "BUFG" and pins["I"][0] in self._clocks
        return True

    def _inputs(self, instance: Instance, names: Sequence[str]) -> list[int]:
        """Return the places of input pins, of x for one that is not connected."""
        bits = [instance.pins.get(name, ("x",))[0] for name in names]
        return [place_of(bit, self._place, self._size) for bit in bits]

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    def _drive(self, bit: Bit, inputs: Sequence[int], table: bytes) -> None:
        """Have a net, if it is one, take a function of places."""
        if isinstance(bit, int):
            self._gates.append(Gate(self._place[bit], tuple(inputs), table))

    def _function(self, instance: Instance, names: Sequence[str], table: bytes) -> None:
        """Have the output O take a function of input pins."""
        self._drive(instance.pins["O"][0], self._inputs(instance, names), table)

    def _flop(self, instance: Instance) -> None:
        """Make a flip-flop whose set or reset has priority over its enable."""
        state = self._new()
        reset, value = ("R", 0) if instance.kind == "FDRE" else ("S", 1)
        inputs = self._inputs(instance, (reset, "CE", "D"))
        self._clocked.append(Gate(state, (*inputs, state), _next_state(value)))
        self._initial.append("01x".index(_init(instance)))
        self._drive(instance.pins["Q"][0], [state], _SAME)

    def _chain(self, instance: Instance) -> None:
        """Make a carry chain of four bits."""
        pins, unconnected = instance.pins, ("x",) * 4
        carry = self._new()
        self._gates.append(Gate(carry, tuple(self._inputs(instance, ("CI", "CYINIT"))), _OR))
        for i in range(len(unconnected)):
            data, select = (
                place_of(pins.get(name, unconnected)[i], self._place, self._size)
                for name in ("DI", "S")
            )
            self._drive(pins.get("O", unconnected)[i], [select, carry], _XOR)
            following = self._new()
            self._gates.append(Gate(following, (select, carry, data), _MUX))
            self._drive(pins.get("CO", unconnected)[i], [following], _SAME)
            carry = following


def _init(instance: Instance) -> str:
    """Return INIT; of one that is unknown as a whole the model's 0."""
    found = instance.parameters.get("INIT", "0")
    return "0" if re.fullmatch("x+", found) else found


_SYNCHRONOUS = ("FDRE", "FDSE")

_WITHIN_CHAIN = 5
"""Values within a carry chain: what goes into it, and what comes out of each of its four bits."""


@cache
def _lut(init: str) -> bytes:
    """Return the table of a LUT.

    Args:
        init: Its values by index, the last one first: 0, 1 or x.
    """
    count = len(init).bit_length() - 1
    table = np.array(["01x".index(bit) for bit in init[::-1]], np.int8).reshape((2,) * count)
    for axis in range(count):
        low, high = np.split(table, 2, axis)
        table = np.concatenate([low, high, np.where(low == high, low, X)], axis)
    return table.transpose().tobytes()  # index bit 0 is the last axis, and the first input


_OR, _XOR, _SAME = _lut("1110"), _lut("0110"), _lut("10")

_MUX = bytes(
    first if select == 1 or first == other else other if select == 0 else X
    for select, first, other in product(range(3), repeat=3)
)
"""Values of ``select ? first : other``."""


@cache
def _next_state(value: int) -> bytes:
    """Return the next states of a flip-flop by set or reset to a value, enable, data and state."""
    return bytes(
        value if held == 1 else data if enabled == 1 else state
        for held, enabled, data, state in product(range(3), repeat=4)
    )
