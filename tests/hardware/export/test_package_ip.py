"""The script for Vivado's IP packager, run by Tcl with commands that note what they are given."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.package_ip import SCRIPT
from pezoexplore.hardware.export.reset import Reset
from pezoexplore.hardware.export.verilog_ports import ports_in
from pezoexplore.hardware.rtl.stream_map import registers
from pezoexplore.paths import rtl_dir

POOL = resolve(reuse="pool", lanes=3, pool_size=20, reuse_period=4)
ENGINE = resolve(rng="icdf", reuse="none", lanes=2, weight_bits=8, activation_bits=8)
BUNDLES: dict[str, tuple[DesignPoint, dict[str, object]]] = {
    "pezo_top": (POOL, {}),
    "my_axis": (POOL, {"name": "my", "axis": True}),
    "pezo_axil": (POOL, {"axil": True}),
    "pezo_resetn": (POOL, {"reset": Reset.active_low}),
    "pezo_engine": (ENGINE, {"segments": 3}),
    "my_arst": (POOL, {"name": "my", "reset": Reset.async_active_high}),
}

FAKE = """\
# Every command of Vivado's notes its words; those that return an object return its name.
set seen {}
proc note {args} { puts [join $args "\\t"] }
proc unknown {name args} { error "no such command in Vivado: $name" }
foreach name {create_project update_compile_order close_project ipx::package_project
        ipx::update_checksums ipx::check_integrity ipx::save_core ipx::create_xgui_files
        ipx::associate_bus_interfaces ipx::remove_all_memory_map ipx::infer_bus_interface
        set_property} {
    namespace eval ipx {}
    proc $name {args} "note $name {*}\\$args"
}
proc add_files {args} {
    note add_files {*}$args
    if {![file isfile [lindex $args end]]} { error "no file [lindex $args end]" }
    return [lindex $args end]
}
proc current_fileset {} { return sources_1 }
proc ipx::current_core {} { return core }
foreach kind {memory_map address_block register field bus_parameter} {
    proc ipx::add_$kind {name of} "note ipx::add_$kind \\$name \\$of; return \\$of/\\$name"
}
# An interface is found once it was inferred; a parameter once it was added.
proc ipx::get_bus_interfaces {args} {
    global found
    set name [lindex [lsearch -all -inline -not -glob [lrange $args 0 end-2] -*] 0]
    if {[lindex $args 0] eq "-quiet"} { return $found($name) }
    return core/$name
}
proc ipx::get_bus_parameters {args} {
    return [expr {[lindex $args 0] eq "-quiet" ? "" : "[lindex $args end]/[lindex $args 0]"}]
}
"""


@pytest.fixture(params=[False, True], ids=["nothing inferred", "all inferred"])
def inferred(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def run(folder: Path, inferred: bool) -> list[list[str]]:
    """Run the script of a bundle; return the words of every command."""
    command = ["tclsh", "fake.tcl"]
    known = ("aclk", "aresetn", "clk", "rst", "rst_n", "arst", "s_axis", "m_axis", "s_axil")
    has = "".join(f"set found({name}) {{{name if inferred else ''}}}\n" for name in known)
    (folder / "fake.tcl").write_text(f"{FAKE}{has}source {SCRIPT}\n")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def files_of(top: str) -> dict[str, str]:
    point, given = BUNDLES[top]
    options = {"segments": None, "rtl_dir": rtl_dir(), "command": ""} | given
    return bundle_files(Order(point, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("top", BUNDLES)
def test_the_core_has_the_files_and_interfaces_of_the_top(
    top: str, inferred: bool, tmp_path: Path
) -> None:
    files = files_of(top)
    write_bundle(files, tmp_path)
    seen = run(tmp_path, inferred)
    added = {Path(words[-1]).relative_to(tmp_path.resolve()).as_posix()
             for words in seen if words[0] == "add_files"}  # fmt: skip
    assert added == {path for path in files if path.startswith("rtl/")}
    typed = [words[2:] for words in seen if words[:2] == ["set_property", "file_type"]]
    kinds = {Path(path).suffix: kind for kind, path in typed}
    assert kinds.get(".hex", "Memory File") == "Memory File"
    assert kinds.get(".vh", "Verilog Header") == "Verilog Header"
    assert ["set_property", "top", top, "sources_1"] in seen
    ports = [port.name for port in ports_in(files[f"rtl/{top}.v"])]
    clock = "aclk" if "aclk" in ports else "clk"
    reset = {"pezo_top": "rst", "pezo_resetn": "rst_n", "my_arst": "arst"}.get(top, "aresetn")
    buses = list(dict.fromkeys(name.rpartition("_")[0] for name in ports if "_axi" in name))
    tied = [words[1:] for words in seen if words[0] == "ipx::associate_bus_interfaces"]
    assert tied == [
        *(["-busif", bus, "-clock", clock, "core"] for bus in buses),
        ["-clock", clock, "-reset", reset, "core"],
    ]
    made = {words[1]: words[2] for words in seen if words[0] == "ipx::infer_bus_interface"}
    assert bool(made) != inferred
    if not inferred:
        assert made.pop(clock).endswith("clock_rtl:1.0") and made.pop(reset).endswith(
            "reset_rtl:1.0"
        )
        grouped = {name for listed in made for name in listed.split()}
        assert grouped == {name for name in ports if "_axi" in name}
    level = "ACTIVE_HIGH" if reset in ("rst", "arst") else "ACTIVE_LOW"
    assert ["set_property", "value", level, f"core/{reset}/POLARITY"] in seen
    last = [words[0] for words in seen[-5:]]
    assert last == ["ipx::create_xgui_files", "ipx::update_checksums", "ipx::check_integrity",
                    "ipx::save_core", "close_project"]  # fmt: skip


def test_the_memory_map_is_the_table(tmp_path: Path) -> None:
    write_bundle(files_of("pezo_axil"), tmp_path)
    seen = run(tmp_path, inferred=True)
    block = "core/s_axil/registers"
    assert ["set_property", "slave_memory_map_ref", "s_axil", "core/s_axil"] in seen
    assert ["set_property", "range", "256", block] in seen
    for register in registers(POOL):
        place = f"{block}/{register.name}"
        assert ["set_property", "address_offset", f"0x{register.address:02X}", place] in seen
        assert ["set_property", "description", register.meaning, place] in seen
        for field in register.fields:
            inside = f"{place}/{field.name}"
            assert ["set_property", "bit_offset", str(field.low), inside] in seen
            assert ["set_property", "bit_width", str(field.bits), inside] in seen
    named = [words[1] for words in seen if words[0] == "ipx::add_register"]
    assert named == [register.name for register in registers(POOL)]


def test_an_engine_lists_the_registers_of_its_segments(tmp_path: Path) -> None:
    write_bundle(files_of("pezo_engine"), tmp_path)
    seen = run(tmp_path, inferred=True)
    named = [words[1] for words in seen if words[0] == "ipx::add_register"]
    assert {"SCALE_2", "END_1"} <= set(named) and "END_2" not in named


def test_only_a_top_with_registers_has_a_memory_map(tmp_path: Path) -> None:
    write_bundle(files_of("my_axis"), tmp_path)
    assert not [words for words in run(tmp_path, inferred=True) if "memory_map" in words[0]]
