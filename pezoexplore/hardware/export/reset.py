"""Tops of a bundle with another reset than that of its cores, which is synchronous."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pezoexplore.errors import DesignError
from pezoexplore.hardware.export.verilog_ports import clock_of, ports_in

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint

RESETN_TOP = "pezo_resetn"
ARST_TOP = "pezo_arst"

SYNCHRONISER = "reset_synchroniser"
"""Module that takes an asynchronous reset."""

RELEASE_CLOCKS = 2
"""Clocks from the release of an asynchronous reset to that of the core: registers in a row."""


ARST_TEXT = (
    f"**Asynchronous reset.** `{ARST_TOP}` holds the core, whose own reset is synchronous, behind "
    f"`rtl/{SYNCHRONISER}.v`, {RELEASE_CLOCKS} registers that the reset sets and the clock clears. "
    "Its assertion needs no clock: outputs that depend on the reset, such as valid, fall at once, "
    "so what reads them must be in reset as well. The registers of the core take it at the next "
    "rising edge: while the clock stands they keep what they hold. A pulse shorter than a clock is "
    f"enough. The release may come at any time: the core is reset at {RELEASE_CLOCKS} more rising "
    "edges, of which one that the release is close to may not count. `constraints/` makes the path "
    "from the reset to the synchroniser a false one."
)
"""What the datasheet says of an asynchronous reset."""


class Reset(Enum):
    """Resets of the top of a bundle."""

    active_high = "active-high"
    active_low = "active-low"
    async_active_high = "async-active-high"
    async_active_low = "async-active-low"

    @property
    def is_asynchronous(self) -> bool:
        """Whether it acts without a clock."""
        return self.value.startswith("async")


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
    title = f"{point.label()} with a reset that is active low"
    return _module(title, RESETN_TOP, ports, [f"    {TOP} u_top (", ",\n".join(pins), "    );"])


def arst_top(point: DesignPoint, inner: str, verilog: str, reset: Reset) -> str:
    """Return the Verilog of ``pezo_arst``: another top behind a synchroniser of its reset.

    The reset is ``arst``, active high, or ``arst_n``; of a top with AXI ports ``aresetn``.

    Args:
        point: The design.
        inner: The other top.
        verilog: Its Verilog.
        reset: An asynchronous reset.

    Raises:
        DesignError: The reset of a top with AXI ports is to be active high.
    """
    found = ports_in(verilog)
    (of_core,) = (port.name for port in found if port.name in ("rst", "aresetn"))
    is_low = reset is Reset.async_active_low
    if of_core == "aresetn" and not is_low:
        raise DesignError(
            f"--reset {reset.value}: the reset of an AXI port is active low (IHI 0022, A3.1.2); "
            f"allowed with --engine, --axis or --axil: {Reset.async_active_low.value}"
        )
    name = of_core if of_core == "aresetn" else "arst_n" if is_low else "arst"
    ports, pins = [], []
    for port in found:
        way, range_ = "input" if port.is_input else "output", f"[{port.bits - 1}:0] "
        shown = name if port.name == of_core else port.name
        ports.append(f"    {way} wire {range_ if port.bits else ''}{shown}")
        net = {"rst": "core_rst", "aresetn": "!core_rst"}.get(port.name, port.name)
        pins.append(f"        .{port.name}({net})")
    body = [
        "    wire core_rst;",
        f"    {SYNCHRONISER} #(",
        f"        .STAGES({RELEASE_CLOCKS}),",
        f"        .ACTIVE_LOW({int(is_low)})",
        "    ) u_reset (",
        f"        .clk({clock_of(found)}),",
        f"        .arst({name}),",
        "        .rst(core_rst)",
        "    );",
        f"    {inner} u_core (",
        ",\n".join(pins),
        "    );",
    ]
    return _module(f"{point.label()} with an asynchronous reset", ARST_TOP, ports, body)


def _module(title: str, name: str, ports: list[str], body: list[str]) -> str:
    head = ["`resetall", "`timescale 1ns/1ps", "`default_nettype none", f"module {name} ("]
    made = [f"// {title}: made from the design point.", *head, ",\n".join(ports), ");", *body]
    return "\n".join([*made, "endmodule", "`resetall", ""])
