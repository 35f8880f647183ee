"""Rules that count the cells of a netlist, and areas from a cell library."""

from __future__ import annotations

import pytest
from fake_tools import one_line

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.synth import (
    cell_areas,
    count_cells,
)
from pezoexplore.hardware.eda.targets import TARGETS

XCUP = TARGETS["xcup"]


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ({}, {}),
        ({"LUT1": 1, "LUT2": 2, "LUT3": 3, "LUT4": 4, "LUT5": 5, "LUT6": 6}, {"lut": 21}),
        ({"SRL16E": 2, "SRLC32E": 3}, {"lut": 5}),
        ({"RAM32X1S": 1, "RAM64X1D": 1, "RAM128X1S": 1}, {"lut": 5}),
        ({"RAM32M": 1, "RAM64M": 2}, {"lut": 12}),
        ({"RAM32M16": 1, "RAM64M8": 1}, {"lut": 16}),
        ({"INV": 7, "BUFG": 1, "LUT2": 1}, {"lut": 8}),
        ({"FDRE": 3, "FDSE": 2, "FDCE": 1, "FDPE": 1}, {"ff": 7}),
        ({"MUXF7": 2, "MUXF8": 1}, {"muxf": 3}),
        ({"CARRY4": 1, "CARRY8": 2}, {"carry": 3}),
        ({"RAMB18E2": 3}, {"bram": 1.5}),
        ({"RAMB18E2": 1, "RAMB36E2": 2}, {"bram": 2.5}),
        ({"DSP48E2": 2}, {"dsp": 2}),
    ],
)
def test_counting_rules(cells, counts):
    assert count_cells(cells, XCUP) == dict.fromkeys(XCUP.columns, 0) | counts


def test_counts_are_whole_but_for_block_memories():
    found = count_cells({"LUT6": 1, "RAMB18E2": 1}, XCUP)
    assert all(isinstance(found[name], int) for name in XCUP.columns if name != "bram")


@pytest.mark.parametrize(
    ("target", "cells", "counts"),
    [
        ("xc7", {"LUT6": 2, "RAMB18E1": 1, "DSP48E1": 1}, {"lut": 2, "bram": 0.5, "dsp": 1}),
        ("ice40", {"SB_LUT4": 3, "SB_CARRY": 2, "SB_DFFNESS": 1}, {"lut": 3, "carry": 2, "ff": 1}),
        ("ice40", {"SB_RAM40_4KNW": 2, "SB_GB": 1}, {"bram": 2}),
        ("ecp5", {"LUT4": 3, "PFUMX": 2, "L6MUX21": 1}, {"lut": 3, "muxf": 3}),
        ("ecp5", {"CCU2C": 4, "TRELLIS_FF": 2}, {"lut": 8, "carry": 4, "ff": 2}),
        ("ecp5", {"TRELLIS_DPR16X4": 1, "DP16KD": 2}, {"lut": 6, "bram": 2}),
    ],
)
def test_counting_rules_of_other_targets(target, cells, counts):
    columns = TARGETS[target].columns
    assert count_cells(cells, TARGETS[target]) == dict.fromkeys(columns, 0) | counts


def test_a_target_has_no_figure_for_what_it_has_not():
    assert "muxf" not in count_cells({}, TARGETS["ice40"])
    assert "lut" not in count_cells({}, TARGETS["osu018"])


LIBRARY = """library(small) {
  cell (NAND2X1) { area : 24; pin(A) { capacitance : 0.01; } }
  cell ("DFFPOSX1") {
    cell_footprint : "dff";
    area : 96.5;
  }
  cell (FILL) { }
}
"""


def test_area_comes_from_the_library(tmp_path):
    (tmp_path / "cells.lib").write_text(LIBRARY)
    areas = cell_areas(tmp_path / "cells.lib", gate="NAND2X1")
    assert areas == {"NAND2X1": 24, "DFFPOSX1": 96.5}
    found = count_cells({"NAND2X1": 3, "DFFPOSX1": 2}, TARGETS["osu018"], areas)
    assert found == {"ff": 2, "area_um2": 265, "gate_equivalents": pytest.approx(265 / 24)}
    with pytest.raises(ToolError, match="cell FILL: no rule for counting it on osu018"):
        count_cells({"FILL": 1}, TARGETS["osu018"], areas)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"cells\.lib: line 1: not the one group"),
        ("library(x) {}", "no cell library with the area of NAND2X1"),
        ("cell (INVX1) { area : 16; }", "a cell group where a library was expected"),
        (LIBRARY.replace("area : 24", "area : a"), r"cells\.lib: line 2: area: 'a' is no number"),
        (
            LIBRARY.replace("(FILL)", "(NAND2X1)"),
            r"cells\.lib: line 7: cell NAND2X1 is there already, in line 2",
        ),
    ],
)
def test_a_file_that_is_no_library(text, reason, tmp_path):
    (tmp_path / "cells.lib").write_text(text)
    with pytest.raises(ToolError, match=reason):
        cell_areas(tmp_path / "cells.lib", gate="NAND2X1")


@pytest.mark.parametrize("cell", ["URAM288", "$_DFF_P_", "LUT7"])
def test_a_cell_without_a_rule_is_an_error(cell):
    with pytest.raises(ToolError) as caught:
        count_cells({"LUT6": 1, cell: 1}, XCUP)
    assert one_line(caught.value).startswith(f"cell {cell}: no rule")
