"""Vendors' tools: what is run, what is read, and what is said when it goes wrong."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from fake_tools import first_on_path, one_line
from vendor_fakes import (
    CRASH,
    LIBERO_LICENCE,
    LICENCE,
    QUARTUS_LICENCE,
    SYNTAX,
    fake_vendor,
    libero_timing,
    power,
    timing,
    utilization,
    write_reports,
)

from pezoexplore.design import own_targets
from pezoexplore.design.own_targets import VendorTool
from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError, ToolError, ToolTimeoutError
from pezoexplore.hardware.eda import tools
from pezoexplore.hardware.eda.vendor import FLOWS, project_files, registered_top, vendor_figures
from pezoexplore.hardware.eda.vendor_reports import read_libero, read_quartus, read_vivado
from pezoexplore.paths import rtl_dir

POINT = resolve(reuse="pool", pool_size=20, lanes=3, bit_width=4, reuse_period=4)
KU5P = VendorTool("ku5p", "vivado", "xcku5p-ffvb676-2-e")
CYCLONE = VendorTool("cyclone", "quartus", "5CSEMA5F31C6")
POLARFIRE = VendorTool("pf", "libero", "MPF300T-FCG1152-1")


def figures(tmp_path, target=KU5P, timeout_s=60.0):
    work, log = tmp_path / "work", tmp_path / "log"
    return vendor_figures(
        POINT, target, 100.0, rtl_dir(), work, log, "9.9", timeout_s=timeout_s
    )  # fmt: skip


def test_design_files_know_the_tools_that_there_are():
    assert tuple(FLOWS) == own_targets.VENDORS


def test_vivado_makes_all_figures(tmp_path, monkeypatch):
    fake_vendor("vivado", tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    assert figures(tmp_path) == {
        "lut": 1350, "muxf": 4, "ff": 262, "carry": 4, "bram": 3.5, "dsp": 0,
        "fmax_mhz": pytest.approx(500.0), "power_mw_est": pytest.approx(12.0),
        "energy_per_number_pj_est": pytest.approx(40.0), "vendor_version": "vivado 9.9",
    }  # fmt: skip
    script = (tmp_path / "work" / "run.tcl").read_text()
    assert "-part xcku5p-ffvb676-2-e -mode out_of_context" in script
    assert "create_clock -name clk -period 10 " in script, "power is at the clock of the design"


def test_quartus_makes_its_figures(tmp_path, monkeypatch):
    fake_vendor("quartus", tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    assert figures(tmp_path, CYCLONE) == {
        "lut": 1380, "ff": 262, "bram": 7, "dsp": 0, "fmax_mhz": 298.51,
        "vendor_version": "quartus 9.9",
    }  # fmt: skip
    assert "DEVICE 5CSEMA5F31C6" in (tmp_path / "work" / "run.tcl").read_text()


def test_libero_makes_its_figures(tmp_path, monkeypatch):
    fake_vendor("libero", tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    assert figures(tmp_path, POLARFIRE) == {
        "lut": 1380, "ff": 262, "bram": 2, "dsp": 1, "fmax_mhz": pytest.approx(500.0),
        "vendor_version": "libero 9.9",
    }  # fmt: skip
    script = (tmp_path / "work" / "run.tcl").read_text()
    assert "-family PolarFire -die MPF300T \\\n    -package FCG1152 -speed -1\n" in script


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("MPFS250T-FCVG484-STD", "-family PolarFireSoC -die MPFS250T -package FCVG484 -speed STD"),
        ("M2GL025-VF256-1", "-family IGLOO2 -die M2GL025 -package VF256 -speed -1"),
        ("m2s010-tq144-std", "-family SmartFusion2 -die M2S010 -package TQ144 -speed STD"),
    ],
)
def test_parts_of_libero(part, words):
    files = project_files(POINT, VendorTool("a", "libero", part), 100.0, rtl_dir())
    assert words in files["run.tcl"].decode().replace("\\\n    ", "")


def test_the_script_of_libero_is_tcl(tmp_path):
    point = resolve(reuse="pool", pool_size=20, lanes=3, bit_width=4)
    for name, content in project_files(point, POLARFIRE, 100.0, rtl_dir()).items():
        (tmp_path / name).write_bytes(content)
    noting = "proc unknown {args} { puts $args }\nsource run.tcl\n"
    (tmp_path / "noting.tcl").write_text(noting)
    done = subprocess.run(
        ["tclsh", "noting.tcl"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    imported = {line.split()[-1] for line in said if line.startswith("import_files -hdl_source")}
    assert imported == {path.name for end in ("v", "vh") for path in tmp_path.glob(f"*.{end}")}
    assert (tmp_path / "libero" / "synthesis" / "rows.hex").is_file(), "for $readmemh"
    assert [line.split()[-1] for line in said if line.startswith("run_tool")] == [
        "SYNTHESIZE", "PLACEROUTE", "VERIFYTIMING",
    ]  # fmt: skip
    assert said[-1] == "close_project -save 1"


@pytest.mark.parametrize("part", ["MPF300T", "MPF300T-FCG1152", "MPF300T-FCG1152-2", "XC7-A-1"])
def test_parts_that_libero_has_not(part):
    with pytest.raises(DesignError, match="libero wants die, package and speed") as caught:
        project_files(POINT, VendorTool("a", "libero", part), 100.0, rtl_dir())
    one_line(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("compile_netlist_hier_resources.csv", None, "no such report"),
        ("compile_netlist_hier_resources.csv", "Module Name\n/a/Primitives\n", "no row of the ins"),
        ("max_timing_multi_corner.xml", "no", "no XML"),
        ("max_timing_multi_corner.xml", libero_timing("N/A"), "no worst slack and period"),
        ("max_timing_multi_corner.xml", libero_timing(clock="other"), "no worst slack and period"),
    ],
)
def test_libero_reports_that_say_nothing(name, text, reason, tmp_path):
    write_reports("libero", tmp_path)
    path = tmp_path / "libero" / "designer" / "registered_top" / f"registered_top_{name}"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ToolError, match=reason) as caught:
        read_libero(tmp_path)
    one_line(caught.value)


def test_libero_that_has_not_run(tmp_path):
    with pytest.raises(ToolError, match="no folder designer with one design"):
        read_libero(tmp_path)


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("Libero_SoC_v2023.2/Libero/bin", "2023.2"),
        ("Libero_SoC_2025.1/Designer/bin", "2025.1"),
        ("bin", "of unknown version"),
    ],
)
def test_the_version_of_libero_is_that_of_its_folder(folder, version, tmp_path, monkeypatch):
    fake_vendor("libero", tmp_path / folder)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "libero").symlink_to(tmp_path / folder / "libero")
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    tools.libero_version.cache_clear()
    try:
        assert tools.libero_version() == version
    finally:
        tools.libero_version.cache_clear()


@pytest.mark.parametrize(
    ("target", "said", "reason"),
    [
        (KU5P, LICENCE, r"vivado: no licence for xcku5p-ffvb676-2-e \(ERROR: \[Common 17-345\]"),
        (KU5P, CRASH, r"vivado failed on xcku5p-ffvb676-2-e \(Abnormal program termination \(11\)"),
        (KU5P, SYNTAX, r"\(ERROR: \[Synth 8-2716\] syntax error .*\); see .*log"),
        (CYCLONE, QUARTUS_LICENCE, r"quartus: no licence for 5CSEMA5F31C6 .*set LM_LICENSE_FILE"),
        (POLARFIRE, LIBERO_LICENCE, r"libero: no licence for MPF300T-FCG1152-1 .*LM_LICENSE_FILE"),
        (POLARFIRE, "Segmentation fault", r"libero failed on MPF300T-FCG1152-1 \(ERROR: later\)"),
        (CYCLONE, "nothing", r"quartus failed on 5CSEMA5F31C6 \(ERROR: later\)"),
    ],
)
def test_errors_name_tool_log_and_what_to_do(target, said, reason, tmp_path, monkeypatch):
    fake_vendor(target.tool, tmp_path / "bin", said)
    first_on_path(monkeypatch, tmp_path / "bin")
    with pytest.raises(ToolError, match=reason) as caught:
        figures(tmp_path, target)
    assert str(tmp_path / "log") in one_line(caught.value)


@pytest.mark.parametrize("target", [KU5P, CYCLONE, POLARFIRE])
def test_a_run_without_end_is_stopped(target, tmp_path, monkeypatch):
    fake_vendor(target.tool, tmp_path / "bin", "hang")
    first_on_path(monkeypatch, tmp_path / "bin")
    with pytest.raises(
        ToolTimeoutError, match=rf"{target.tool}\w*: no end after 0\.5 s; killed, see"
    ):
        figures(tmp_path, target, timeout_s=0.5)


@pytest.mark.parametrize("target", [KU5P, CYCLONE, POLARFIRE])
def test_without_the_tool(target, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="not found on PATH; install ") as caught:
        figures(tmp_path, target)
    one_line(caught.value)


@pytest.mark.parametrize(("tool", "version"), [("vivado", "2023.2"), ("quartus", "22.1std.0")])
def test_versions(tool, version, tmp_path, monkeypatch):
    fake_vendor(tool, tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    asked = {"vivado": tools.vivado_version, "quartus": tools.quartus_version}[tool]
    asked.cache_clear()
    try:
        assert asked() == version
    finally:
        asked.cache_clear()


def test_reports_of_other_families_and_versions(tmp_path):
    write_reports("vivado", tmp_path)
    (tmp_path / "utilization.rpt").write_text(
        utilization("Slice LUTs", luts=42, prohibited=False)
    )  # fmt: skip
    (tmp_path / "timing.rpt").write_text(timing("0.250", "2.000"))
    (tmp_path / "power.rpt").write_text(power("<0.001"))
    found = read_vivado(tmp_path)
    assert (found["lut"], found["carry"], found["muxf"]) == (42, 4, 4)
    assert found["fmax_mhz"] == pytest.approx(1e3 / 1.75)
    assert "power_mw_est" not in found, "less than the report can say"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("utilization.rpt", None, r"utilization\.rpt: no such report"),
        ("utilization.rpt", "nothing", r"utilization\.rpt: no line CLB LUTs or Slice LUTs"),
        ("timing.rpt", timing("NA"), r"timing\.rpt: no worst slack and period"),
        ("timing.rpt", timing().replace("clk    {", "other  {"), "no worst slack and period"),
    ],
)
def test_reports_that_say_nothing(name, text, reason, tmp_path):
    write_reports("vivado", tmp_path)
    (tmp_path / name).unlink()
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ToolError, match=reason) as caught:
        read_vivado(tmp_path)
    one_line(caught.value)


@pytest.mark.parametrize(
    ("file", "reason"), [("fit", "no row of the instance"), ("sta", "no Fmax")]
)
def test_quartus_reports_that_say_nothing(file, reason, tmp_path):
    write_reports("quartus", tmp_path)
    (tmp_path / "output" / f"pezo.{file}.rpt").write_text("; nothing ;\n")
    with pytest.raises(ToolError, match=reason):
        read_quartus(tmp_path)


def test_what_is_placed_elaborates_without_a_warning(tmp_path):
    for name, content in project_files(POINT, KU5P, 100.0, rtl_dir()).items():
        (tmp_path / name).write_bytes(content)
    sources = [path.name for path in tmp_path.glob("*.v")]
    command = ["iverilog", "-g2005", "-Wall", "-Wno-timescale", "-s", "registered_top"]
    command += ["-o", "x.vvp", *sources]
    assert shutil.which("iverilog")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert registered_top(POINT).count("keep_hierarchy") == 1
