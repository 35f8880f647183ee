"""The datasheet says how the figures come from the bundle's RTL, and they do."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.hardware.eda.netlist import read_netlist
from pezoexplore.hardware.eda.synth import (
    FLATTEN,
    NETLIST,
    WRITE_NETLIST,
    cell_areas,
    cells_by_type,
    count_cells,
    synthesise,
)
from pezoexplore.hardware.eda.targets import LIBERTY, TARGETS
from pezoexplore.hardware.eda.tools import osu018_liberty
from pezoexplore.hardware.eda.yosys import run_yosys
from pezoexplore.hardware.export.bundle import Order, bundle_files, write_bundle
from pezoexplore.hardware.rtl.build import TOP
from pezoexplore.paths import rtl_dir

BANK = resolve(reuse="bank", state_bits=5, bit_width=4, lanes=4)
PHASED = resolve(reuse="phased", state_bits=12, bit_width=4, lanes=8)


@pytest.mark.parametrize(
    ("target", "point"),
    [
        ("ice40", BANK),
        pytest.param("xcup", PHASED, marks=pytest.mark.slow),
        *(pytest.param(t, BANK, marks=pytest.mark.regression) for t in ("xcup", "ecp5", "osu018")),
    ],
)
def test_the_bundle_has_the_netlist_that_was_counted(
    target: str, point: DesignPoint, tmp_path: Path
) -> None:
    found = synthesise(point, target, rtl_dir(), tmp_path / "work", tmp_path / "log")
    row = {name: str(value) for name, value in found.items()}
    row |= {"point_id": "p", "target": target, "status": "ok"}
    order = Order(point, None, rtl_dir(), "pezoexplore export --out DIR", (row,))
    write_bundle(bundle_files(order), tmp_path / "bundle")
    sheet = (tmp_path / "bundle" / "DATASHEET.md").read_text(encoding="utf-8")
    commands, *files = re.findall(r"```text\n(.*?)```", sheet, flags=re.DOTALL)
    folder = tmp_path / "bundle" / "rtl"
    for name, text in zip(TARGETS[target].files, files, strict=True):
        assert f"`{name}`" in sheet
        (folder / name).write_text(text, encoding="utf-8")
    if TARGETS[target].liberty:
        shutil.copy(osu018_liberty(), folder / LIBERTY)
    run_yosys([*commands.splitlines(), *FLATTEN, *WRITE_NETLIST], folder, tmp_path / "log", 60.0)
    areas = cell_areas(folder / LIBERTY, gate="NAND2X1") if TARGETS[target].liberty else {}
    again = count_cells(cells_by_type(read_netlist(folder / NETLIST, TOP)), TARGETS[target], areas)
    assert again == {name: found[name] for name in again}
