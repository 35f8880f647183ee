"""Columns of one row that say the same thing in two ways, on every row of the worked example."""

from __future__ import annotations

import csv
from math import ceil

import numpy as np
import pytest

from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.paths import designs_dir
from pezoexplore.streams.stream import strategy
from pezoexplore.sweeps.rows import Row, cell_text
from pezoexplore.train.costs import run_costs
from pezoexplore.train.selection import trainer_of
from pezoexplore.train.tasks.registry import get_task

EXAMPLE = designs_dir().parent / "reports" / "example"
SPACE = load_design(EXAMPLE / "design.yaml")
TASK = get_task(SPACE.task)
with (EXAMPLE / "results.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = [row for row in csv.DictReader(lines) if row["status"] == "ok"]


@pytest.fixture(params=ROWS, ids=lambda row: str(row["point_id"]))
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


def test_counts_of_training(row: Row) -> None:
    """Passes, numbers, state bits and energy follow from the axes and the steps."""
    point, settings = DesignPoint.from_json(row), SPACE.train
    cost = trainer_of(point, TASK, settings).cost
    reached = int(row["steps_to_target"]) if row["steps_to_target"] else None
    wanted = run_costs(point, TASK, settings.batch, settings.steps, cost, reached) | {
        "forward_passes": cost(settings.steps).forward_passes,
        "random_numbers": cost(settings.steps).random_numbers,
    }
    assert wanted.pop("numbers_to_target") is None or reached
    cells = {name: cell_text(name, value) for name, value in wanted.items()}
    assert cells == {name: row[name] for name in cells}


def test_accuracy_of_the_seeds(row: Row) -> None:
    seeds = [float(part) for part in row["accuracy_per_seed"].split(";")]
    assert len(seeds) == SPACE.train.seeds
    assert float(row["accuracy_mean"]) == pytest.approx(np.mean(seeds), abs=0.01)


def test_dimensions(row: Row) -> None:
    """The participation ratio of directions is at most the dimensions that they span."""
    if row["effective_span"]:
        assert float(row["effective_dim"]) <= int(row["effective_span"]) <= TASK.parameters


def test_hardware(row: Row) -> None:
    point = DesignPoint.from_json(row)
    if not point.in_hardware:
        assert not any(row[name] for name in ("lut", "ff", "rtl_status", "rng_state_bits"))
        return
    lanes, made = point.lanes, strategy(point)
    assert int(row["distinct_output_bits"]) <= lanes * point.bits
    words = int(row["rtl_words_checked"])
    assert words % lanes == 0, "whole beats are accepted"
    assert words >= 100_000
    assert int(row["reseed_stall_beats"]) == made.reseed_stall
    if not point.has_memory:
        assert int(row["ff"]) >= int(row["rng_state_bits"])
    if point.pooled and float(row["bram"]):
        stored = point.rows * lanes * point.bits
        assert float(row["bram"]) >= ceil(stored / 36_864 * 2) / 2
