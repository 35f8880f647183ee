"""Verilog models of standard cells for simulation: the library's functions, and delays."""

from __future__ import annotations

from collections.abc import Mapping

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.netlist import Netlist
from pezoexplore.hardware.power.boolean import parse_function
from pezoexplore.hardware.power.delays import Edges, cell_of
from pezoexplore.hardware.power.gatesim import wire
from pezoexplore.hardware.power.liberty import Cell, Library


def cell_verilog(
    netlist: Netlist, library: Library, delay_ns: Mapping[int, Edges] | None = None
) -> list[str]:
    """Return the Verilog of every cell of a netlist.

    A delay swallows pulses shorter than itself (IEEE Std 1364-2005, section 6.1.3): the cell's
    inertia.

    Args:
        netlist: The netlist.
        library: Its cells.
        delay_ns: Delays of the nets' drivers, rising and falling, ns; None for zero delays.

    Raises:
        ToolError: A cell that is not in the library, or a state holder other than a plain
            flip-flop.
    """
    lines = []
    for number, instance in enumerate(netlist.instances):
        cell = cell_of(library, instance)
        names = {name: wire(bit) for name, (bit,) in instance.pins.items()}
        if cell.state is not None:
            lines.append(_flip_flop(cell, f"s{number}", names))
            names |= {cell.state.names[0]: f"s{number}", cell.state.names[1]: f"~s{number}"}
        for pin in cell.outputs:
            bit = instance.pins.get(pin.name, ("x",))[0]
            if isinstance(bit, int):
                rise, fall = delay_ns[bit] if delay_ns is not None else (0.0, 0.0)
                delay = "" if delay_ns is None else f"#({rise:.3f}, {fall:.3f}) "
                value = parse_function(pin.function).verilog(names)
                lines.append(f"assign {delay}n{bit} = {value};")
    return lines


def _flip_flop(cell: Cell, state: str, names: Mapping[str, str]) -> str:
    """Return the register of a flip-flop."""
    assert cell.state is not None
    values = cell.state.values
    if cell.state.kind != "ff" or "clear" in values or "preset" in values:
        raise ToolError(f"cell {cell.name}: only flip-flops without set and clear are simulated")
    clock = parse_function(cell.state.text("clocked_on"))
    inner, edge = (clock.parts[0], "negedge") if clock.kind == "not" else (clock, "posedge")
    data = parse_function(cell.state.text("next_state")).verilog(names)
    return f"reg {state}; always @({edge} {inner.verilog(names)}) {state} <= {data};"
