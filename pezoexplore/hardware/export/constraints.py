"""Timing constraints of a bundle: XDC for Vivado, SDC for other tools."""

from __future__ import annotations

from pezoexplore.hardware.export.verilog_ports import clock_of, ports_in

CLOCK_MHZ = 200.0
"""Clock of the constraints where none is given, MHz."""

SCOPED = "set_false_path -to [get_pins {stage_q_reg[*]/PRE}]"
"""False path to the registers of reset_synchroniser, seen from within the module."""

SHARE = 0.2
"""Share of the clock period that the logic outside takes, at inputs and at outputs."""


def constraints(
    verilog: str, top: str, clock_mhz: float, synchroniser: str | None = None
) -> dict[str, str]:
    """Return the constraint files of a top by name, ``<top>.xdc`` and ``<top>.sdc``.

    Both set the clock, and for every other port the time that the outside takes; the path from an
    asynchronous reset is a false one. The XDC is for a synthesis out of context: where the core
    stands in a design, that design sets the clock, and ``<synchroniser>.xdc`` is read for it.

    Args:
        verilog: The top's Verilog.
        top: Its name.
        clock_mhz: The clock.
        synchroniser: Module that takes an asynchronous reset; None without one.
    """
    ports, period = ports_in(verilog), 1e3 / clock_mhz
    clock = clock_of(ports)
    resets = ("arst", "arst_n", "aresetn") if synchroniser else ()
    free = [port.name for port in ports if port.name in resets]
    inputs = [port.name for port in ports if port.is_input and port.name not in (clock, *free)]
    outputs = [port.name for port in ports if not port.is_input]
    delays = [
        f"set_{way}_delay {SHARE * period:.3f} -clock {clock} [get_ports {{{' '.join(names)}}}]"
        for way, names in (("input", inputs), ("output", outputs))
    ]
    lines = [
        f"# {top} at {clock_mhz:g} MHz; every path is from register to register, or to a port.",
        f"create_clock -name {clock} -period {period:.3f} [get_ports {clock}]",
        *delays,
        *(f"set_false_path -from [get_ports {name}]" for name in free),
    ]
    text = "\n".join(lines) + "\n"
    usage = f"# read_xdc -mode out_of_context {top}.xdc\n"
    files = {f"{top}.sdc": text, f"{top}.xdc": usage + text}
    if synchroniser:
        files[f"{synchroniser}.xdc"] = (
            "# The release may come at any time; for every design that holds the core:\n"
            f"# read_xdc -ref {synchroniser} {synchroniser}.xdc\n{SCOPED}\n"
        )
    return files
