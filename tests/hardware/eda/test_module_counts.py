"""Resources by module: each counted once, against Yosys' own statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.module_counts import ModuleCounts, count_modules, module_commands
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.paths import rtl_dir

POINT = resolve(reuse="none", rng="treegrng", lanes=3, reuse_period=4)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> ModuleCounts:
    folder = tmp_path_factory.mktemp("modules")
    return count_modules(POINT, "ice40", rtl_dir(), folder / "work", folder / "log")


@pytest.mark.slow
def test_modules_are_those_of_the_rtl_with_their_instances(counted: ModuleCounts) -> None:
    instances = {row.name: row.instances for row in counted.modules}
    assert counted.modules[0].name == "pezo_top"
    assert instances["stream_none"] == instances["reseed_control"] == 1
    assert instances["generator"] == instances["treegrng"] == POINT.lanes
    by_name = {row.name: row.counts for row in counted.modules}
    assert by_name["reseed_control"]["ff"] == 4, "loading_q, first_q, two bits to count three words"
    assert by_name["treegrng"]["ff"] == 0, "states are the stream's"


@pytest.mark.regression
def test_the_sum_is_what_yosys_says_of_the_same_netlist(
    counted: ModuleCounts, tmp_path: Path
) -> None:
    write_bundle(bundle_files(Order(POINT, None, rtl_dir(), "x", modules=(counted,))), tmp_path)
    commands = ["read_verilog -defer *.v", *module_commands("ice40")]
    assert "\n".join(commands) in (tmp_path / "DATASHEET.md").read_text()
    stat = "tee -q -o stat.json stat -json -hierarchy -top pezo_top"
    run_yosys([*commands, stat], tmp_path / "rtl", tmp_path / "log", 100)
    whole = json.loads((tmp_path / "rtl" / "stat.json").read_text())["design"]
    cells = {kind: int(cell["count"]) for kind, cell in whole["num_cells_by_type"].items()}
    assert counted.total("lut") == cells["SB_LUT4"] > 0
    assert counted.total("carry") == cells.get("SB_CARRY", 0)
    assert counted.total("ff") == sum(n for kind, n in cells.items() if kind.startswith("SB_DFF"))


@pytest.mark.slow
def test_the_datasheet_says_the_difference_to_the_whole(counted: ModuleCounts) -> None:
    sheet = bundle_files(Order(POINT, None, rtl_dir(), "x", modules=(counted,)))["DATASHEET.md"]
    columns = next(line for line in sheet.splitlines() if line.startswith("| module | inst"))
    found = {
        line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ")[1:]
        for line in sheet.splitlines()
        if line.startswith(("| sum |", "| mapped as one |", "| difference |"))
    }
    at = columns.strip("| ").split(" | ").index("`lut`") - 1
    total, flat, apart = (int(row[at].replace(",", "")) for row in found.values())
    assert list(found) == ["sum", "mapped as one", "difference"]
    assert (total, flat, apart) == (counted.total("lut"), counted.flat["lut"], flat - total)


@pytest.mark.slow
@pytest.mark.parametrize("target", [pytest.param("xcup", marks=pytest.mark.regression), "osu018"])
def test_flip_flops_of_the_modules_are_those_of_the_whole(target: str, tmp_path: Path) -> None:
    point = resolve(reuse="pool", lanes=3, pool_size=20, reuse_period=4)
    found = count_modules(point, target, rtl_dir(), tmp_path / "work", tmp_path / "log")
    assert found.total("ff") == found.flat["ff"] > 0
    size = "area_um2" if target == "osu018" else "lut"
    assert found.total(size) == pytest.approx(found.flat[size], rel=0.4)


def test_without_rtl_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError):
        count_modules(POINT, "ice40", tmp_path, tmp_path / "work", tmp_path / "log")
