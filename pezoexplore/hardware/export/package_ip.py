"""A Tcl script that packages a bundle as a core of Vivado's IP catalogue.

Commands: AMD UG835 (Tcl) and UG1118 (custom IP). Vivado has not run it: tests run it in a Tcl
interpreter whose commands note what they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pezoexplore.hardware.export.ipxact import ACCESS, Placed, bus_interfaces
from pezoexplore.hardware.export.verilog_ports import clock_of, ports_in

SCRIPT = "package_ip.tcl"

_VERSION = "1.0"  # of the core: Vivado takes two numbers


def package_script(
    label: str, files: Iterable[str], verilog: str, top: str, registers: Sequence[Placed]
) -> str:
    """Return the script.

    Args:
        label: Description of the design, one line.
        files: Paths of the bundle's files.
        verilog: The top's Verilog.
        top: Its name.
        registers: Its registers on AXI4-Lite; none without such a port.
    """
    rtl = sorted(path for path in files if path.startswith("rtl/"))
    ports = ports_in(verilog)
    clock = clock_of(ports)
    names = {port.name for port in ports}
    reset = next(name for name in ("aresetn", "arst_n", "arst", "rst_n", "rst") if name in names)
    polarity = "ACTIVE_HIGH" if reset in ("rst", "arst") else "ACTIVE_LOW"
    lines = [
        f"# Packages {top} as a core of Vivado's IP catalogue, in ip/ beside this file:",
        f"#     vivado -mode batch -source {SCRIPT}",
        "# Add ip/ to the IP repositories of a project to use it there.",
        "set folder [file dirname [file normalize [info script]]]",
        f"create_project -force {top}_ip [file join $folder ip_project]",
        *(_add(path) for path in rtl),
        f"set_property top {top} [current_fileset]",
        "update_compile_order -fileset sources_1",
        "ipx::package_project -root_dir [file join $folder ip] -vendor pezoexplore -library rng "
        "-taxonomy /UserIP -import_files -force",
        "set core [ipx::current_core]",
        *_properties(
            "$core",
            {"name": top, "display_name": top, "description": label, "version": _VERSION},
        ),
        *_infer(clock, "xilinx.com:signal:clock_rtl:1.0"),
        *_infer(reset, "xilinx.com:signal:reset_rtl:1.0"),
        f"set reset [ipx::get_bus_interfaces {reset} -of_objects $core]",
        'if {[ipx::get_bus_parameters -quiet POLARITY -of_objects $reset] eq ""} {',
        "    ipx::add_bus_parameter POLARITY $reset",
        "}",
        f"set_property value {polarity} [ipx::get_bus_parameters POLARITY -of_objects $reset]",
    ]
    for name, signals in bus_interfaces(ports).items():
        kind = "axis_rtl" if name.endswith("axis") else "aximm_rtl"
        lines += _infer(name, f"xilinx.com:interface:{kind}:1.0", list(signals.values()))
        lines.append(f"ipx::associate_bus_interfaces -busif {name} -clock {clock} $core")
    lines.append(f"ipx::associate_bus_interfaces -clock {clock} -reset {reset} $core")
    if registers:
        lines += _map(registers)
    lines += [
        "ipx::create_xgui_files $core",
        "ipx::update_checksums $core",
        "ipx::check_integrity $core",
        "ipx::save_core $core",
        "close_project",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text as one word of Tcl."""
    safe = "".join(f"\\{c}" if c in '\\"[]${}' else c for c in text)
    return f'"{safe}"'


def _properties(thing: str, values: dict[str, str]) -> list[str]:
    return [f"set_property {name} {_quoted(text)} {thing}" for name, text in values.items()]


def _add(path: str) -> str:
    added = f"add_files -norecurse [file join $folder {path}]"
    kinds = {".vh": "{Verilog Header}", ".hex": "{Memory File}"}
    kind = next((kind for end, kind in kinds.items() if path.endswith(end)), None)
    return added if kind is None else f"set_property file_type {kind} [{added}]"


def _infer(name: str, kind: str, ports: Sequence[str] = ()) -> list[str]:
    """Return what makes an interface of ports, unless the packager has found it by their names."""
    listed = " ".join(ports or [name])
    return [
        f'if {{[ipx::get_bus_interfaces -quiet {name} -of_objects $core] eq ""}} {{',
        f"    ipx::infer_bus_interface {{{listed}}} {kind} $core",
        "}",
    ]


def _map(registers: Sequence[Placed]) -> list[str]:
    """Return what replaces the memory map by that of the registers."""
    lines = [
        "ipx::remove_all_memory_map $core",
        "set map [ipx::add_memory_map s_axil $core]",
        "set_property slave_memory_map_ref s_axil "
        "[ipx::get_bus_interfaces s_axil -of_objects $core]",
        "set block [ipx::add_address_block registers $map]",
        *_properties("$block", {"usage": "register", "base_address": "0", "range": "256"}),
        *_properties("$block", {"width": "32"}),
    ]
    for each in registers:
        values = {
            "address_offset": f"0x{each.address:02X}",
            "size": "32",
            "access": ACCESS[each.register.access],
            "description": each.register.meaning,
        }
        lines.append(f"set register [ipx::add_register {each.name} $block]")
        lines += _properties("$register", values)
        for field in each.register.fields:
            lines.append(f"set field [ipx::add_field {field.name} $register]")
            lines += _properties(
                "$field",
                {
                    "bit_offset": str(field.low),
                    "bit_width": str(field.bits),
                    "access": ACCESS[each.register.access],
                    "description": field.meaning,
                },
            )
    return lines
