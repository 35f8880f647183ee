"""Verilog models of standard cells for simulation: the library's functions, and delays."""

from __future__ import annotations

from collections.abc import Mapping

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.boolean import parse_function
from pezoexplore.hardware.eda.netlist import Netlist, wire
from pezoexplore.hardware.power.delays import Edges, cell_of
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
        ToolError: A cell that is not in the library, or a state holder other than a flip-flop.
    """
    lines = []
    for number, instance in enumerate(netlist.instances):
        cell = cell_of(library, instance)
        names = {name: wire(bit) for name, (bit,) in instance.pins.items()}
        if cell.state is not None:
            states = (f"s{number}", f"~s{number}")
            names |= dict(zip(cell.state.names, states, strict=False))
            lines.append(_flip_flop(cell, f"s{number}", names))
        for pin in cell.outputs:
            bit = instance.pins.get(pin.name, ("x",))[0]
            if isinstance(bit, int):
                rise, fall = delay_ns[bit] if delay_ns is not None else (0.0, 0.0)
                delay = "" if delay_ns is None else f"#({rise:.3f}, {fall:.3f}) "
                value = parse_function(pin.function).verilog(names)
                lines.append(f"assign {delay}n{bit} = {value};")
    return lines


def _flip_flop(cell: Cell, state: str, names: Mapping[str, str]) -> str:
    """Return the register of a flip-flop; with both clear and preset active it is cleared."""
    assert cell.state is not None
    if cell.state.kind != "ff":
        raise ToolError(f"cell {cell.name}: only flip-flops are simulated")

    def value(key: str) -> str:
        return parse_function(cell.state.text(key)).verilog(names) if cell.state else ""

    clock = parse_function(cell.state.text("clocked_on"))
    inner, edge = (clock.parts[0], "negedge") if clock.kind == "not" else (clock, "posedge")
    wires, edges, does = "", f"{edge} {inner.verilog(names)}", ""
    for key, digit in (("clear", 0), ("preset", 1)):
        if key in cell.state.values:
            wires += f"wire {state}_{key} = {value(key)}; "
            edges += f" or posedge {state}_{key}"
            does += f"if ({state}_{key}) {state} <= 1'b{digit}; else "
    return f"reg {state}; {wires}always @({edges}) {does}{state} <= {value('next_state')};"
