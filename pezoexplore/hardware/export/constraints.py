"""Timing constraints of a bundle: XDC for Vivado, SDC for other tools."""

from __future__ import annotations

from pezoexplore.hardware.export.verilog_ports import clock_of, ports_in

CLOCK_MHZ = 200.0
"""Clock of the constraints where none is given, MHz."""

SHARE = 0.2
"""Share of the clock period that the logic outside takes, at inputs and at outputs."""


def constraints(verilog: str, top: str, clock_mhz: float) -> dict[str, str]:
    """Return the constraint files of a top by name, ``<top>.xdc`` and ``<top>.sdc``.

    Both set the clock, and for every other port the time that the outside takes. The XDC is for a
    synthesis out of context: where the core stands in a design, that design sets the clock.

    Args:
        verilog: The top's Verilog.
        top: Its name.
        clock_mhz: The clock.
    """
    ports, period = ports_in(verilog), 1e3 / clock_mhz
    clock = clock_of(ports)
    inputs = [port.name for port in ports if port.is_input and port.name != clock]
    outputs = [port.name for port in ports if not port.is_input]
    delays = [
        f"set_{way}_delay {SHARE * period:.3f} -clock {clock} [get_ports {{{' '.join(names)}}}]"
        for way, names in (("input", inputs), ("output", outputs))
    ]
    lines = [
        f"# {top} at {clock_mhz:g} MHz; every path is from register to register, or to a port.",
        f"create_clock -name {clock} -period {period:.3f} [get_ports {clock}]",
        *delays,
    ]
    text = "\n".join(lines) + "\n"
    usage = f"# read_xdc -mode out_of_context {top}.xdc\n"
    return {f"{top}.sdc": text, f"{top}.xdc": usage + text}
