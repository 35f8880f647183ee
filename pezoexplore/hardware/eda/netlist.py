"""A synthesised netlist as Yosys writes it (``write_json``): cells, and the nets that join them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pezoexplore.errors import ToolError

INVERTER = "INV"
"""Type of the inverters that Yosys leaves beside LUTs: pins I and O."""

_LUT = re.compile("LUT[1-6]")

Bit = int | str
"""A net's number, or a constant: ``0``, ``1``, ``x`` or ``z``."""


@dataclass(frozen=True)
class Instance:
    """One cell of a netlist.

    Attributes:
        kind: Cell type.
        pins: Bits of each pin, the least significant first.
        parameters: In the format of Yosys: binary digits, or text.
        outputs: Names of the pins it drives; empty for a type unknown to Yosys.
    """

    kind: str
    pins: Mapping[str, tuple[Bit, ...]]
    parameters: Mapping[str, str]
    outputs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Port:
    """A port of the top: ``input`` or ``output``, and its bits."""

    direction: str
    bits: tuple[Bit, ...]


@dataclass(frozen=True)
class Netlist:
    """A flat netlist.

    Attributes:
        ports: Ports of the top by name.
        instances: The cells, in the file's order.
    """

    ports: Mapping[str, Port]
    instances: tuple[Instance, ...]

    @cached_property
    def nets(self) -> tuple[int, ...]:
        """Numbers of all nets, increasing."""
        found = {bit for i in self.instances for bits in i.pins.values() for bit in bits}
        found |= {bit for port in self.ports.values() for bit in port.bits}
        return tuple(sorted(bit for bit in found if isinstance(bit, int)))


def wire(bit: Bit) -> str:
    """Return the Verilog of a bit, which is a net of that number or a constant."""
    return f"n{bit}" if isinstance(bit, int) else f"1'b{bit}"


def joined_ports(netlist: Netlist) -> dict[str, list[Bit]]:
    """Return the bits of the ports by name, with split ports joined."""
    found: dict[str, dict[int, Bit]] = {}
    for name, port in netlist.ports.items():
        base, _, index = name.partition("[")
        first = int(index.rstrip("]")) if index else 0
        for i, bit in enumerate(port.bits):
            found.setdefault(base, {})[first + i] = bit
    return {name: [bits[i] for i in sorted(bits)] for name, bits in found.items()}


def structural_verilog(netlist: Netlist, name: str) -> str:
    """Return a netlist of cells whose pins are one bit wide as a Verilog module of that name."""
    ports, body = [], [f"wire {wire(net)};" for net in netlist.nets]
    for label, bits in joined_ports(netlist).items():
        port = netlist.ports.get(label) or netlist.ports[f"{label}[0]"]
        ports.append(f"{port.direction} wire [{len(bits) - 1}:0] {label}")
        for place, bit in enumerate(bits):
            left, right = f"{label}[{place}]", wire(bit)
            inwards = port.direction == "input"
            body.append(f"assign {right} = {left};" if inwards else f"assign {left} = {right};")
    for place, instance in enumerate(netlist.instances):
        pins = ", ".join(f".{pin}({wire(bit)})" for pin, (bit,) in instance.pins.items())
        body.append(f"{instance.kind} cell_{place} ({pins});")
    lines = "".join(f"    {line}\n" for line in body)
    return f"module {name} ({', '.join(ports)});\n{lines}endmodule\n"


def absorbed_inverters(netlist: Netlist) -> frozenset[int]:
    """Return the places in ``instances`` of the inverters that take no LUT of their own.

    An inverter folds into the table of the LUT in front of it if nothing else reads that LUT, and
    into the LUTs behind it if it feeds only those. One from an input straight to outputs joins no
    cell of the design. Every other one is a LUT on the device: it inverts a flip-flop, a memory or
    a LUT whose plain value is used too, for an output, a flip-flop, a memory or a carry chain.
    """
    drivers: dict[Bit, str] = {}
    readers: dict[Bit, list[str]] = defaultdict(list)
    for instance in netlist.instances:
        for pin, bits in instance.pins.items():
            for bit in bits:
                if pin in instance.outputs:
                    drivers[bit] = instance.kind
                else:
                    readers[bit].append(instance.kind)
    for port in netlist.ports.values():
        for bit in port.bits:
            if port.direction == "output":
                readers[bit].append("output")
            else:
                drivers[bit] = "input"

    def folds(inverter: Instance) -> bool:
        (source,), (result,) = inverter.pins["I"], inverter.pins["O"]
        driver = drivers.get(source, "")
        alone = _LUT.fullmatch(driver) is not None and len(readers[source]) == 1
        passes = driver == "input" and set(readers[result]) == {"output"}
        return alone or passes or all(map(_LUT.fullmatch, readers[result]))

    return frozenset(
        place
        for place, instance in enumerate(netlist.instances)
        if instance.kind == INVERTER and folds(instance)
    )


def read_netlist(path: Path, top: str) -> Netlist:
    """Read a netlist written by Yosys' ``write_json``.

    Args:
        path: The file.
        top: Name of the module to read, which must be flat.

    Raises:
        ToolError: The file has another format.
    """
    try:
        module = json.loads(path.read_text(encoding="utf-8"))["modules"][top]
        ports = {
            name: Port(port["direction"], tuple(port["bits"]))
            for name, port in module["ports"].items()
        }
        cells = module["cells"].values()
        return Netlist(ports, tuple(_instance(c) for c in cells if c["type"] != "$scopeinfo"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: not the netlist of {top} ({error!r})") from error


def _instance(cell: Mapping[str, Any]) -> Instance:
    return Instance(
        kind=cell["type"],
        pins={name: tuple(bits) for name, bits in cell["connections"].items()},
        parameters={name: str(value) for name, value in cell["parameters"].items()},
        outputs=frozenset(n for n, d in cell.get("port_directions", {}).items() if d == "output"),
    )
