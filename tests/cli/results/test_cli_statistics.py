"""Samples, adaptive seeds and sensitivity on the command line."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from cli_calls import spawn

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import resolve
from pezoexplore.sweeps.rows import csv_text, result_row

HUGE = """\
name: huge
space:
  reuse: [none, pool, bank, phased]
  pool_size: {range: [100, 2000, 100]}
  reuse_period: {range: [1, 25, 1]}
  bit_width: [4, 6, 8, 10, 12]
  lanes: {range: [4, 31, 3]}
  queries: [1, 2, 4, 8, 16]
  taps: [xor, shifted]
"""
"""A million combinations."""


def results(path: Path) -> Path:
    """Return a results.csv in which LUTs go with lanes and bits, and accuracy with bits."""
    rows = []
    for lanes, bits, leap in itertools.product((4, 8, 64), (8, 12), (1, 11)):
        point = resolve(lanes=lanes, bit_width=bits, state_bits=24, leap=leap)
        seeds = [70 + bits + seed for seed in range(3)]
        cells = {"accuracy_mean": 71 + bits, "accuracy_per_seed": seeds, "lut": lanes * bits}
        rows.append(result_row(f"{len(rows):012x}", "xcup", "ok", point, cells))
    path.write_text(csv_text(COLUMNS, rows))
    return path


def test_a_million_combinations_are_counted_and_the_first_points_shown(call):
    Path("huge.yaml").write_text(HUGE)
    answer = call("sweep", "huge.yaml", "--dry-run", "--format", "json")
    assert answer.status == 0
    document = answer.document
    assert document["combinations"] == 1_000_000
    assert document["points_to_run"] == document["points_in_all"] == 147_000
    assert len(document["points"]) == 1000
    skipped = sum(skip["count"] for skip in document["skipped"])
    assert 147_000 + document["collapsed_combinations"] + skipped == 1_000_000


def test_a_sample_is_drawn_by_its_seed(call):
    Path("huge.yaml").write_text(HUGE)
    line = ("sweep", "huge.yaml", "--dry-run", "--sample", "7", "--format", "json")
    points = [point["point_id"] for point in call(*line).document["points"]]
    assert len(set(points)) == 7
    assert [point["point_id"] for point in call(*line).document["points"]] == points
    other = call(*line, "--sample-seed", "1").document["points"]
    assert [point["point_id"] for point in other] != points
    text = call("sweep", "huge.yaml", "--dry-run", "--sample", "7").out
    assert text.splitlines()[-1] == "1000000 combinations listed, 7 points of 147000 to run"


def test_sensitivity_says_what_moves_each_result(call, tmp_path):
    answer = call("sensitivity", results(tmp_path / "r.csv"), "--out", "o", "--format", "json")
    assert answer.status == 0
    luts = next(item for item in answer.document["responses"] if item["response"] == "lut")
    assert luts["main"][0]["axes"] == ["lanes"]
    assert luts["main"][0]["effect"] == pytest.approx(16)
    assert luts["explained"] == pytest.approx(1)
    assert sorted(path.name for path in Path("o").iterdir()) == [
        "sensitivity.csv",
        "sensitivity.png",
        "sensitivity.svg",
    ]
    with Path("o/sensitivity.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    accuracy = {(line["axis"], line["with_axis"]): line for line in lines
                if line["response"] == "accuracy_mean"}  # fmt: skip
    assert float(accuracy[("bit_width", "")]["share"]) == pytest.approx(1)
    assert float(accuracy[("bit_width", "")]["effect"]) == pytest.approx(4)
    assert accuracy[("bit_width", "")]["highest"] == "12"


def test_sensitivity_prints_a_table_a_result(call, tmp_path):
    answer = call("sensitivity", results(tmp_path / "r.csv"), "--response", "lut")
    assert answer.out.startswith("lut, by ratios: 12 rows, main effects explain 100.0 %\n")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("lanes  ")]
    assert " x 16 " in line
    assert line.split()[-4:-2] == ["4", "64"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--response", "luts"], "--response luts: no numeric column; did you mean lut?"),
        (["--response", "ff"], "sensitivity of ff: 0 finished rows have it"),
        (["--where", "lanes == 4", "--where", "lut < 0"], "no row meets lanes == 4 and lut < 0;"),
        (
            ["--where", "lanes == 4"],
            "accuracy_mean: 4 finished rows have it; at least 8",
        ),
    ],
)
def test_sensitivity_says_in_one_line_what_is_wrong(call, tmp_path, words, message):
    assert call("sensitivity", results(tmp_path / "r.csv"), *words).error.find(message) >= 0


@pytest.mark.regression
def test_adaptive_seeds_are_paired_and_kept(tmp_path):
    (tmp_path / "tiny.yaml").write_text(
        "name: tiny\n"
        "space: {lanes: [4, 8], state_bits: 16}\n"
        "train: {steps: 10, seeds: 2, learning_rates: 0.01, batch: 8}\n"
        "objectives: {maximize: [accuracy_mean], minimize: []}\n"
    )
    line = ("sweep", "tiny.yaml", "--stages", "train", "--jobs", "1", "--adaptive-seeds", "3")
    done = spawn(*line, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "reports/tiny/results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert "with uncertain membership of the front: up to 3 seeds each" in done.stderr
    seeds = {row["point_id"]: len(row["accuracy_per_seed"].split(";")) for row in rows}
    assert set(seeds.values()) <= {2, 3}
    assert all(seeds[row["point_id"]] == 3 for row in rows
               if 0.05 < float(row["front_confidence"]) < 0.95)  # fmt: skip
    assert sum(float(row["front_confidence"]) for row in rows) >= 0.99
    again = spawn(*line, cwd=tmp_path)
    assert " 0 runs in " in again.stdout


def test_sensitivity_explains_the_objectives_of_the_run_too(call, tmp_path):
    (tmp_path / "run").mkdir()
    results(tmp_path / "run" / "results.csv")
    (tmp_path / "run" / "design.yaml").write_text("objectives: {minimize: [ff]}\n")
    text = (tmp_path / "run" / "results.csv").read_text()
    header, *lines = text.splitlines()
    names = header.split(",")
    cells = [line.split(",") for line in lines]
    for line in cells:
        line[names.index("ff")] = line[names.index("lut")]
    (tmp_path / "run" / "results.csv").write_text("\n".join([header, *map(",".join, cells)]) + "\n")
    document = call("sensitivity", tmp_path / "run", "--format", "json").document
    named = [item["response"] for item in document["responses"]]
    assert named == ["accuracy_mean", "lut", "ff"]
