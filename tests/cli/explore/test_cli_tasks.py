"""A design with several tasks: a row a point, target and task, as a design of each task has it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from cli_calls import spawn

from pezoexplore.design.loading import load_design, resolved_yaml

# Two sweeps with their plots: a quarter of a minute of processor time.
pytestmark = pytest.mark.slow

DESIGN = """\
name: two
space: {rng: clt, reuse: [none, bank], lanes: 4}
include:
- {rng: gaussian, reuse: none}
- {taps: xor, bit_width: 1, state_bits: [8, 10, 12], lanes: [4, 6, 8]}
train: {steps: 30, seeds: 2, learning_rates: 0.01, batch: 16}
hardware: {targets: [xcup, ice40]}
objectives: {maximize: [accuracy_mean], minimize: [rng_state_bits]}
"""
TASKS = ("wine", "breast-cancer")
EXTRA = ("task", "parameters")


def sweep(folder: Path, task: str, *more: str) -> None:
    design = folder / "two.yaml"
    design.write_text(f"task: {task}\n{DESIGN}")
    words = ("--stages", "train", "--jobs", "1", "--no-cache", "--out", folder / "run")
    done = spawn("sweep", design, *words, *more, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """Return the folder of a run of both tasks, and of a run of the first alone."""
    found = {}
    for name, task in (("both", f"[{', '.join(TASKS)}]"), (TASKS[0], TASKS[0])):
        folder = tmp_path_factory.mktemp("of")
        sweep(folder, task)
        found[name] = folder / "run"
    return found


def table(run: Path, name: str = "results.csv") -> list[dict[str, str]]:
    with (run / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_those_of_the_designs_of_one_task(runs):
    for name in ("results.csv", "pareto.csv"):
        together = table(runs["both"], name)
        here = ("task", "wine"), ("parameters", "275")
        alone = [row | dict(here) for row in table(runs["wine"], name)]
        assert [row for row in together if row["task"] == "wine"] == alone
        assert together == sorted(together, key=lambda row: (row["point_id"], row["target"]))
    rows = table(runs["both"])
    assert {(row["task"], row["parameters"]) for row in rows} == {
        ("wine", "275"),
        ("breast-cancer", "530"),
    }
    axes = ("target", "rng", "reuse", "lanes", "state_bits", "status")
    designs = [[[r[axis] for axis in axes] for r in rows if r["task"] == task] for task in TASKS]
    assert sorted(designs[0]) == sorted(designs[1])
    assert {row["status"].partition(":")[0] for row in table(runs["both"])} == {"ok", "skipped"}


def test_a_list_of_one_task_is_that_task(tmp_path):
    path = tmp_path / "two.yaml"
    texts = []
    for task in ("wine", "[wine]", "[wine, wine]"):
        path.write_text(f"task: {task}\n{DESIGN}")
        texts.append(resolved_yaml(load_design(path)))
    assert "\ntask: wine\n" in texts[0]
    assert len(set(texts)) == 1


def test_the_run_knows_its_tasks(runs):
    run = json.loads((runs["both"] / "run.json").read_text())
    assert run["chance_percent"] == {"wine": 40.0, "breast-cancer": pytest.approx(62.83, abs=0.01)}
    assert yaml.safe_load((runs["both"] / "design.yaml").read_text())["task"] == list(TASKS)
    assert (runs["both"] / "scale.png").exists()
    for task in TASKS:
        plots = {path.name for path in (runs["both"] / "tasks" / task).iterdir()}
        assert plots >= {"axis_state_bits.png", "pareto_rng_state_bits_xcup.png"}


def test_task_option_replaces_the_tasks(tmp_path, call):
    (tmp_path / "two.yaml").write_text(f"task: digits-mlp\n{DESIGN}")
    assert call("sweep", "two.yaml", "--dry-run", "--task", "wine,breast-cancer").status == 0
    same = [
        call("sweep", "two.yaml", "--dry-run", *words).out
        for words in (("--task", "wine, breast-cancer"), ("-s", "task=wine,breast-cancer"))
    ]
    assert same[0] == same[1]
    assert same[0].endswith("each on wine, breast-cancer\n")


def test_dry_run_lists_every_task(runs, call):
    points = call("sweep", runs["both"] / "design.yaml", "--dry-run", "--format", "json")
    assert {(p["point_id"], p["task"]) for p in points.document["points"]} == {
        (row["point_id"], row["task"]) for row in table(runs["both"]) if row["status"] == "ok"
    }


@pytest.mark.parametrize("command", ["pareto", "sensitivity"])
def test_readers_take_one_task(runs, tmp_path, call, command):
    words = ("--out", tmp_path, "--format", "json")
    both = call(command, runs["both"], "--task", "wine", *words).document
    alone = call(command, runs["wine"], *words).document
    assert alone["front" if command == "pareto" else "responses"]
    for row in both.get("front", []):
        assert (row.pop("task"), row.pop("parameters")) == ("wine", 275)
    assert both == alone


@pytest.mark.parametrize(
    "words",
    [
        ("pareto", "run"),
        ("sensitivity", "run"),
        ("recommend", "--params", "2000", "--lanes", "8", "--results", "run"),
        ("search", "two.yaml", "--budget", "2"),
    ],
)
def test_what_takes_one_task_names_the_tasks_there_are(runs, call, words):
    here = {name: runs["both"].parent / name for name in ("run", "two.yaml")}
    error = call(*(here.get(word, word) for word in words)).error
    assert "wine, breast-cancer" in error
    assert "--task" in error


def test_an_unknown_task_is_refused(runs, call):
    for words in (("pareto", runs["both"]), ("sweep", runs["both"].parent / "two.yaml")):
        assert call(*words, "--task", "wines").error.startswith("--task")


def test_diff_report_and_show_read_several_tasks(runs, tmp_path, call):
    assert call("diff", runs["both"], runs["both"]).status == 0
    found = call("diff", runs["both"], runs["wine"], "--format", "json").document
    assert len(found["removed"]) == 22
    assert not found["changes"]
    assert call("report", runs["both"], "--out", tmp_path, "--no-figures").status == 0
    assert "on breast-cancer" in (tmp_path / "report.md").read_text()
    assert "accuracy minus Gaussian reference" in (tmp_path / "report.html").read_text()
    row = table(runs["both"])[0]
    assert row["task"] in call("show", row["point_id"], runs["both"]).out
