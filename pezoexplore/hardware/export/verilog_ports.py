"""Ports of a generated top, read from its Verilog."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PORT = re.compile(r"^ +(input|output) wire (?:\[(\d+):0\] )?(\w+),?$", re.MULTILINE)


@dataclass(frozen=True)
class Port:
    """A port.

    Attributes:
        name: Its name.
        is_input: Its direction.
        bits: Its width; 0 for a plain wire.
    """

    name: str
    is_input: bool
    bits: int


def ports_in(verilog: str) -> list[Port]:
    """Return the ports of a generated module, in order."""
    return [
        Port(name, way == "input", int(high) + 1 if high else 0)
        for way, high, name in _PORT.findall(verilog)
    ]


def clock_of(ports: list[Port]) -> str:
    """Return the name of the clock."""
    (name,) = [port.name for port in ports if port.name in ("clk", "aclk")]
    return name
