"""Runs side by side: what each found, and what is beyond noise between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pezoexplore.analysis.several.side_by_side import read_sides
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.rows import csv_text, result_row

BANK = resolve(reuse="bank", lanes=8)
PHASED = resolve(reuse="phased", state_bits=16, lanes=8)
POOL = resolve(reuse="pool", pool_size=127)
SOFTWARE = resolve(rng="gaussian", reuse="none")
BEST = [90.0, 91.0, 89.0, 90.5, 89.5]
DESIGN = "name: {}\ntask: {}\nobjectives: {{maximize: [accuracy_mean], minimize: [lut]}}\n"


def make_run(
    folder: Path,
    cells: dict[DesignPoint, tuple[list[float], int | None]],
    task: str = "digits-mlp",
) -> Path:
    """Write a run of designs with their accuracies by seed and LUTs."""
    folder.mkdir(parents=True)
    rows = []
    for index, (point, (seeds, lut)) in enumerate(cells.items()):
        found = {"accuracy_mean": sum(seeds) / len(seeds), "accuracy_per_seed": seeds}
        costs = {} if lut is None else {"lut": lut, "ff": 5}
        rows.append(result_row(f"{index:012x}", "xcup", "ok", point, found | costs))
    (folder / "results.csv").write_text(csv_text(COLUMNS, rows))
    (folder / "design.yaml").write_text(DESIGN.format(folder.name, task) + "space: {rng: [lfsr]}\n")
    return folder


def shifted(by: float) -> list[float]:
    return [value + by for value in BEST]


def test_the_cheapest_is_chosen_within_noise_only(tmp_path):
    noisy = [value + gap for value, gap in zip(BEST, (-3, 2, 1.5, -2, 0.5), strict=True)]
    cells = {
        SOFTWARE: (shifted(3), None),
        BANK: (BEST, 300),
        PHASED: (noisy, 100),
        POOL: (shifted(-1), 10),
    }
    run = make_run(tmp_path / "one", cells)
    other = make_run(tmp_path / "two", {BANK: ([90.0], 300), PHASED: ([89.9], 1)})
    one, two = read_sides([run, other]).findings
    assert (one.finished, one.best["reuse"], one.alike) == (4, "bank", 2)
    assert one.cheapest["reuse"] == "phased", "the pool is cheaper, and worse by a paired point"
    assert two.cheapest is None, "one seed tells nothing"


def test_designs_in_both_are_compared_by_seed(tmp_path):
    wobble = [value + gap for value, gap in zip(BEST, (-3, 2, 1.5, -2, 0.5), strict=True)]
    first = make_run(tmp_path / "a", {BANK: (BEST, 300), PHASED: (BEST, 100), POOL: (BEST, 10)})
    moved = {BANK: (shifted(0.5), 310), PHASED: (wobble, 100)}
    second, third = make_run(tmp_path / "b", moved), make_run(tmp_path / "c", {POOL: (BEST, 10)})
    found = read_sides([first, second, third])
    assert found.pairs == [("a", "b", 2), ("a", "c", 1), ("b", "c", 0)]
    told = [(item.change.column, item.beyond) for item in found.shared]
    assert told == [("accuracy_mean", True), ("lut", True), ("accuracy_mean", False)]
    assert found.shared[0].change.difference.mean == pytest.approx(0.5)
    rows = found.joint_front(("xcup", ""))
    front = [(side.name, row["reuse"]) for side, row, member in rows if member]
    assert front == [("a", "pool"), ("b", "bank"), ("c", "pool")]


def test_other_tasks_are_noted_and_not_compared(tmp_path):
    first = make_run(tmp_path / "a" / "run", {BANK: (BEST, 300)})
    second = make_run(tmp_path / "b" / "run", {BANK: (BEST, 300)}, task="wine")
    found = read_sides([first, second])
    assert found.pairs == [] and "different tasks" in found.notes[0]
    assert [side.name for side in found.sides] == [str(first), str(second)]
    with pytest.raises(DesignError, match="named twice"):
        read_sides([first, first])
