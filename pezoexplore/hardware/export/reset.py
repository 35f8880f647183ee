"""A top of a stream whose reset is active low, for systems that have only such a one."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint

RESETN_TOP = "pezo_resetn"


class Reset(Enum):
    """Resets of the top of a bundle; both synchronous."""

    active_high = "active-high"
    active_low = "active-low"


def resetn_top(point: DesignPoint) -> str:
    """Return the Verilog of ``pezo_resetn``: ``pezo_top`` with ``rst_n`` in place of ``rst``.

    Args:
        point: A hardware point.
    """
    from pezoexplore.hardware.rtl.build import TOP, ports_of

    ports, pins = [], []
    for direction, name, bits in ports_of(point):
        port = "rst_n" if name == "rst" else name
        ports.append(f"    {direction} wire {f'[{bits - 1}:0] ' if bits else ''}{port}")
        pins.append(f"        .{name}({'!rst_n' if name == 'rst' else name})")
    return "\n".join(
        [
            f"// {point.label()} with a reset that is active low: made from the design point.",
            "`resetall",
            "`timescale 1ns/1ps",
            "`default_nettype none",
            f"module {RESETN_TOP} (",
            ",\n".join(ports),
            ");",
            f"    {TOP} u_top (",
            ",\n".join(pins),
            "    );",
            "endmodule",
            "`resetall",
            "",
        ]
    )
