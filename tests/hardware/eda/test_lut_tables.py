"""Tables of six inputs that are mapped without ABC."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.hardware.eda.commands import (
    DROP_HIERARCHY,
    MAP,
    MAP_NAME,
    TABLE_RTL,
    mapping,
    recipe,
    tables_mapped,
)
from pezoexplore.hardware.eda.native_yosys import end_idle
from pezoexplore.hardware.eda.yosys import NATIVE, READ, WASM, run_yosys
from pezoexplore.hardware.rtl.build import build
from pezoexplore.hardware.rtl.engine import SEGMENTS, build_engine, engine_point
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.stream import Stream

SOURCES = f"top.v {TABLE_RTL}"

BIT = [sum(1 << index for index in range(64) if index >> i & 1) for i in range(6)]
"""The table that passes input i on."""

ALL = 2**64 - 1


@pytest.fixture(autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    end_idle()


def tables() -> list[int]:
    """Return tables of six, of some, of one and of no input."""
    draw = random.Random(1)
    whole = [draw.getrandbits(64) for _ in range(4)]
    some = [BIT[0] ^ BIT[5], BIT[1] & BIT[2] | BIT[4], BIT[0] & BIT[1] ^ BIT[2] & BIT[3] ^ BIT[5]]
    return [*whole, *some, BIT[3], ALL ^ BIT[2], 0, ALL]


def written(folder: Path) -> Path:
    """Write a top with all tables, each but the first fed by those before; return the folder."""
    folder.mkdir()
    lines = [
        f"lut6 #(.TABLE(64'h{table:x})) u{i} (.index({{index[5:1], "
        f"{f'value[{i - 1}]' if i else 'index[0]'}}}), .value(value[{i}]));"
        for i, table in enumerate(tables())
    ]
    width = len(lines)
    ports = f"input wire [5:0] index, output wire [{width - 1}:0] value"
    (folder / "top.v").write_text("\n".join([f"module top({ports});", *lines, "endmodule\n"]))
    (folder / TABLE_RTL).write_bytes((rtl_dir() / TABLE_RTL).read_bytes())
    (folder / MAP_NAME).write_text(MAP)
    return folder


def commands(target: str, without_abc: bool) -> list[str]:
    lines = recipe(target, top="top")
    lines = tables_mapped(lines) if without_abc else lines
    read = next(at for at, line in enumerate(lines) if line.startswith("hierarchy"))
    flat = ("check -assert", DROP_HIERARCHY, "flatten", "clean")
    return [*lines[:read], f"{READ} {SOURCES}", *lines[read:], *flat]


def cells(folder: Path, log: Path, lines: list[str], yosys: str) -> Counter[str]:
    run_yosys([*lines, "write_json netlist.json"], folder, log, 120.0, yosys)
    module = json.loads((folder / "netlist.json").read_text())["modules"]["top"]
    found = Counter(cell["type"] for cell in module["cells"].values())
    return Counter({kind: n for kind, n in found.items() if not kind.startswith("$")})


def runs_of_abc(folder: Path) -> int:
    return (folder / "yosys.log").read_text().count("Executing ABC9_EXE")


@pytest.mark.parametrize(("target", "yosys"), [("xcup", NATIVE), ("xc7", NATIVE), ("xcup", WASM)])
def test_tables_take_the_cells_that_they_take_by_abc(
    target: str, yosys: str, tmp_path: Path
) -> None:
    folder, log = written(tmp_path / "work"), tmp_path / "log"
    found = cells(folder, log, commands(target, True), yosys)
    assert runs_of_abc(folder) <= 1, "in the top alone"
    assert found == cells(folder, log, commands(target, False), yosys)
    assert runs_of_abc(folder) > len(tables()) / 2
    assert found["LUT6"] == 4 and found["LUT5"] == 1 and found["LUT2"] == 1


def test_tables_are_equivalent_to_their_rtl(tmp_path: Path) -> None:
    folder, log = written(tmp_path / "work"), tmp_path / "log"
    proof = [
        "delete =A:blackbox =A:whitebox",
        "techmap -map +/xilinx/cells_sim.v",
        "rename top mapped",
        "design -stash mapped",
        f"read_verilog {SOURCES}",
        "hierarchy -top top",
        "proc",
        DROP_HIERARCHY,
        "flatten",
        "design -copy-from mapped mapped",
        "miter -equiv -flatten top mapped proof",
        "sat -verify -prove trigger 0 proof",
    ]
    run_yosys([*commands("xcup", True), *proof], folder, log, 120.0)


def test_only_kept_tables_of_streams_on_targets_with_six_inputs_are_mapped_so(
    tmp_path: Path,
) -> None:
    table, other = resolve(rng="clt", reuse="none", lanes=2), resolve(lanes=4)
    for point, target, keep, mapped in [
        (table, "xcup", True, True),
        (table, "xcup", False, False),
        (table, "ecp5", True, False),
        (other, "xcup", True, False),
    ]:
        lines = mapping(build(Stream(point), rtl_dir()), target, tmp_path / "work", keep=keep)
        assert (f"techmap -map {MAP_NAME}" in lines) == mapped
        assert (tmp_path / "work" / MAP_NAME).exists() == mapped
    around = resolve(rng="clt", reuse="none", lanes=2, weight_bits=16, activation_bits=8)
    made = build_engine(engine_point(around), SEGMENTS, rtl_dir())
    assert f"techmap -map {MAP_NAME}" not in mapping(made, "xcup", tmp_path / "work")
