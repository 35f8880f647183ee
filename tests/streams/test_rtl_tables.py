from __future__ import annotations

import re

import pytest

from pezoexplore.paths import rtl_dir
from pezoexplore.streams import rtl_tables
from pezoexplore.streams.families import lfsr


def test_committed_tables_are_the_generated_ones():
    made = rtl_tables.tables()
    assert made
    for name, text in made.items():
        assert (rtl_dir() / name).read_bytes() == text.encode(), f"run {rtl_tables.__name__}"


def test_tables_are_written_into_a_folder(tmp_path):
    rtl_tables.main(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == rtl_tables.tables()


@pytest.mark.parametrize("width", [3, 8, 24, 32])
def test_the_table_holds_the_taps(width):
    text = rtl_tables.tables()["lfsr_taps.vh"]
    (found,) = re.findall(rf"STATE_BITS == {width}\) \? 32'h([0-9a-f]{{8}})", text)
    assert int(found, 16) == lfsr.taps(width)
