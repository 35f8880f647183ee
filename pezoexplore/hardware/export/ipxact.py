"""The IP-XACT description of a bundle, ``component.xml`` (IEEE Std 1685-2014)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pezoexplore import __version__
from pezoexplore.hardware.export.verilog_ports import Port, clock_of, ports_in
from pezoexplore.hardware.rtl.register_map import Field, Register

FILE = "component.xml"
RANGE = 256
"""Bytes of the address space of every register file."""

SPACE = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"

_BUSES = {"axis": ("AXI4Stream", "r0p0_1"), "axil": ("AXI4-Lite", "r0p0_0")}
_BUS_PORT = re.compile(r"([ms])_(axis|axil)_(\w+)")
ACCESS = {"r": "read-only", "rw": "read-write", "w": "write-only", "rw!": "read-write"}
"""Access of a register in words of the standard, by that of the table."""


@dataclass(frozen=True)
class Placed:
    """A register where a design has it: its name there, and its byte address."""

    name: str
    address: int
    register: Register


def placed(registers: Iterable[Register], counts: Mapping[str, int]) -> list[Placed]:
    """Return the registers of a design, each of a series with its number.

    Args:
        registers: A map.
        counts: Registers of each series, by name.
    """
    found = []
    for each in registers:
        if not each.stride:
            found.append(Placed(each.name, each.address, each))
        for number in range(counts[each.name] if each.stride else 0):
            address = each.address + each.stride * number
            found.append(Placed(f"{each.name}_{number}", address, each))
    return found


def component(
    label: str, files: Mapping[str, str], top: str, registers: Sequence[Placed] = ()
) -> str:
    """Return the component: ports, AXI interfaces, register map and files.

    Args:
        label: Description of the design, one line.
        files: Contents of the bundle's files by path.
        top: Name of the top module, in ``rtl/<top>.v``.
        registers: Its registers on AXI4-Lite; none without such a port.
    """
    ET.register_namespace("ipxact", SPACE)
    root = ET.Element(_tag("component"))
    _texts(root, vendor="pezoexplore", library="rng", name=top, version=__version__)
    ports = ports_in(files[f"rtl/{top}.v"])
    _interfaces(root, ports, with_map=bool(registers))
    if registers:
        _registers(_add(root, "memoryMaps/memoryMap"), registers)
    model = _add(root, "model")
    view = _add(model, "views/view")
    _texts(view, name="rtl", envIdentifier=":*Synthesis:", componentInstantiationRef="verilog")
    made = _add(model, "instantiations/componentInstantiation")
    _texts(made, name="verilog", language="verilog", moduleName=top)
    _texts(_add(made, "fileSetRef"), localName="rtl")
    _ports(_add(model, "ports"), ports)
    files_of = _add(root, "fileSets/fileSet")
    _texts(files_of, name="rtl")
    for path in sorted(path for path in files if path.startswith("rtl/")):
        file = _add(files_of, "file")
        _texts(file, name=path)
        if path.endswith(".hex"):
            ET.SubElement(file, _tag("fileType"), user="memory contents").text = "user"
        else:
            _texts(file, fileType="verilogSource")
        if path.endswith(".vh"):
            _texts(file, isIncludeFile="true")
    _texts(root, description=label)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _tag(name: str) -> str:
    return f"{{{SPACE}}}{name}"


def _add(parent: ET.Element, path: str) -> ET.Element:
    """Add nested elements and return the innermost."""
    for name in path.split("/"):
        parent = ET.SubElement(parent, _tag(name))
    return parent


def _texts(parent: ET.Element, **texts: str) -> None:
    """Add elements that hold text, in order."""
    for name, text in texts.items():
        ET.SubElement(parent, _tag(name)).text = text


def _ports(parent: ET.Element, ports: Iterable[Port]) -> None:
    for port in ports:
        one = _add(parent, "port")
        _texts(one, name=port.name)
        wire = _add(one, "wire")
        _texts(wire, direction="in" if port.is_input else "out")
        if port.bits:
            _texts(_add(wire, "vectors/vector"), left=str(port.bits - 1), right="0")


def bus_interfaces(ports: Iterable[Port]) -> dict[str, dict[str, str]]:
    """Return the AXI interfaces that the names of ports form: ports by signal, by interface."""
    groups: dict[str, dict[str, str]] = {}
    for port in ports:
        if found := _BUS_PORT.fullmatch(port.name):
            role, bus, signal = found.groups()
            groups.setdefault(f"{role}_{bus}", {})[signal.upper()] = port.name
    return groups


def _interfaces(root: ET.Element, ports: list[Port], *, with_map: bool) -> None:
    """Add the AXI interfaces that the names of the ports form."""
    groups = bus_interfaces(ports)
    if not groups:
        return
    clock = clock_of(ports)
    parent = _add(root, "busInterfaces")
    for name, signals in groups.items():
        role, _, bus = name.partition("_")
        kind, version = _BUSES[bus]
        one = _add(parent, "busInterface")
        _texts(one, name=name)
        amba = {"vendor": "amba.com", "library": "AMBA4", "version": version}
        ET.SubElement(one, _tag("busType"), amba, name=kind)
        abstraction = _add(one, "abstractionTypes/abstractionType")
        ET.SubElement(abstraction, _tag("abstractionRef"), amba, name=f"{kind}_rtl")
        maps = _add(abstraction, "portMaps")
        for logical, physical in {**signals, "ACLK": clock, "ARESETn": "aresetn"}.items():
            pair = _add(maps, "portMap")
            _texts(_add(pair, "logicalPort"), name=logical)
            _texts(_add(pair, "physicalPort"), name=physical)
        side = _add(one, "master" if role == "m" else "slave")
        if bus == "axil" and with_map:
            ET.SubElement(side, _tag("memoryMapRef"), memoryMapRef="registers")


def _registers(parent: ET.Element, registers: Iterable[Placed]) -> None:
    """Add the register map, from the table that makes RTL, C header and documentation."""
    _texts(parent, name="registers")
    block = _add(parent, "addressBlock")
    _texts(block, name="registers", baseAddress="0", range=str(RANGE), width="32")
    for each in registers:
        register, one = each.register, _add(block, "register")
        _texts(
            one,
            name=each.name,
            description=register.meaning,
            addressOffset=f"'h{each.address:x}",
            size="32",
            access=ACCESS[register.access],
        )
        for part in register.fields or (Field("VALUE", 0, 32, "the whole word"),):
            field = _add(one, "field")
            _texts(field, name=part.name, description=part.meaning)
            _texts(field, bitOffset=str(part.low), bitWidth=str(part.bits))
