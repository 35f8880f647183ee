"""Targets: named alike everywhere, with the columns that results have."""

from __future__ import annotations

from pezoexplore.design import own_targets
from pezoexplore.design.columns import NUMERIC_COLUMNS
from pezoexplore.hardware.eda.targets import TARGETS


def test_design_files_take_the_targets_that_there_are():
    assert tuple(TARGETS) == own_targets.TARGETS


def test_targets_count_into_columns_of_the_results():
    for target in TARGETS.values():
        assert set(target.columns) <= set(NUMERIC_COLUMNS)
        counted = {column for rule in target.cells.values() for column in rule}
        assert counted <= set(target.columns)
        assert not target.free & set(target.cells)
