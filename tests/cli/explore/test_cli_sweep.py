"""sweep: a design run to its results, listed, interrupted, resumed."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_calls import spawn

DESIGN = """\
name: small
space: {reuse: [bank, phased], lanes: [8, 31], rng: lfsr}
include: [{rng: gaussian, reuse: none}]
exclude: [{reuse: bank, lanes: 31}]
train: {steps: 20, seeds: 2, learning_rates: 0.01}
objectives: {maximize: [accuracy_mean], minimize: [effective_dim]}
"""

TRAIN_ONLY = ("--stages", "train", "--jobs", "1")


@pytest.fixture
def design(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(DESIGN)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Return a sweep that was run once, and its folder."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "small.yaml").write_text(DESIGN)
    done = spawn("sweep", "small.yaml", *TRAIN_ONLY, "--format", "json", cwd=folder)
    return folder, done


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.regression
def test_tags_are_kept_with_the_run_and_find_it(run, call):
    folder, done = run
    assert done.returncode == 0, done.stderr
    out = folder / "reports" / "small"
    results = (out / "results.csv").read_bytes()
    words = ("sweep", folder / "small.yaml", *TRAIN_ONLY, "--out", out)
    assert call(*words, "--tag", "paper", "--tag", "v2").status == 0
    assert call(*words).status == 0, "the tags stay"
    assert (out / "results.csv").read_bytes() == results
    listed = call("list", "runs", folder / "reports", "--tag", "v2", "--format", "json")
    (found,) = listed.document["runs"]
    assert (found["path"], found["tags"], found["designs"]) == (str(out), ["paper", "v2"], 4)
    assert "paper v2" in call("list", "runs", folder / "reports").out
    assert call("list", "runs", folder, "--tag", "v3").out.startswith("0 runs in")
    refused = call(*words, "--tag", "a b")
    assert refused.status == 2 and "--tag 'a b': allowed" in refused.err
    assert call(*words, "--tag", "new").status == 0
    assert json.loads((out / "run.json").read_text())["tags"] == ["new"]


def test_json_tells_the_whole_result(run):
    _, done = run
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["ok"], document["design"], document["points"]) == (True, "small", 4)
    assert document["path"] == "reports/small"
    assert document["stages"]["train"] == {"run": 4, "from_store": 0, "failed": 0}
    assert [row["status"] for row in document["results"]] == ["ok"] * 4
    assert all(isinstance(row["accuracy_mean"], float) for row in document["results"])
    assert document["front"] == [row for row in document["results"] if row["pareto"]]
    assert len(document["results"][0]["accuracy_per_seed"]) == 2
    assert document["why_empty"] is None
    assert [item["best"] is None for item in document["standings"]].count(True) == 1


def test_too_few_seeds_and_training_that_taught_nothing_are_said(run, call):
    folder, done = run
    said = json.loads(done.stdout)["warnings"]
    assert said[0].startswith("2 seeds: too few") and said[1].startswith("nothing has learned")
    out = folder / "reports" / "small"
    assert json.loads((out / "run.json").read_text())["chance_percent"] == pytest.approx(3700 / 360)
    assert call("pareto", out, "--format", "json").document["warnings"] == said
    call("report", out, "--no-figures")
    for name in ("report.html", "report.md"):
        assert "nothing has learned" in (out / name).read_text()
    shown = call("sweep", folder / "small.yaml", "--out", out, *TRAIN_ONLY).out
    assert "warning: nothing has learned" in shown
    assert "nothing has learned" in (out / "pareto_effective_dim.svg").read_text()


@pytest.mark.usefixtures("undrawn")
def test_an_empty_front_has_its_reason_in_json_too(run, call, tmp_path):
    folder, _ = run
    limited = tmp_path / "limited.yaml"
    limited.write_text(DESIGN + 'constraints: ["accuracy_mean >= 99"]\n')
    out = shutil.copytree(folder / "reports" / "small", tmp_path / "run")
    answer = call("sweep", limited, "--out", out, *TRAIN_ONLY, "--format", "json")
    assert answer.document["front"] == []
    assert "none of 4 finished designs meets" in answer.document["why_empty"]


def test_progress_is_plain_lines_on_stderr(run):
    _, done = run
    lines = done.stderr.splitlines()
    assert lines[0] == "small: 4 designs, health, train, into reports/small"
    assert [line.split()[0] for line in lines[1:]] == [f"[{n}/8]" for n in range(1, 9)]
    assert "\x1b" not in done.stderr


def test_the_run_directory_is_complete(run):
    folder, _ = run
    out = folder / "reports" / "small"
    names = {path.name for path in out.iterdir()}
    assert {"results.csv", "timings.csv", "pareto.csv", "design.yaml", "run.json"} <= names
    assert {"pareto_effective_dim.png", "pareto_effective_dim.svg", "axis_lanes.png"} <= names
    assert [row["status"] for row in table(out / "results.csv")] == ["ok"] * 4
    facts = json.loads((out / "run.json").read_text())
    assert facts["tools"]["numpy"]
    assert facts["command"][0] == "pezoexplore"


@pytest.mark.slow
def test_a_finished_sweep_runs_nothing_again(run):
    folder, _ = run
    out = folder / "reports" / "small"
    before = files(out)
    done = spawn("sweep", "small.yaml", *TRAIN_ONLY, cwd=folder)
    assert done.returncode == 0, done.stderr
    after = files(out)
    assert after["results.csv"] == before["results.csv"]
    assert after["axis_lanes.png"] == before["axis_lanes.png"]
    stages = json.loads(after["run.json"])["stages"]
    assert {name: count["run"] for name, count in stages.items()} == {"health": 0, "train": 0}
    assert "Pareto front" in done.stdout
    assert "8 from the store, 0 failures" in done.stdout
    assert "reports/small/results.csv" in done.stdout


@pytest.mark.regression
def test_plots_of_an_earlier_design_go(run, tmp_path):
    folder, _ = run
    shutil.copytree(folder / "reports" / "small", tmp_path / "out")
    (tmp_path / "small.yaml").write_text(DESIGN)
    (tmp_path / "out" / "notes.png").touch()
    done = spawn(
        "sweep", "small.yaml", *TRAIN_ONLY, "--reuse", "phased", "--lanes", "8", "--out", "out",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "axis_lanes.png" not in names
    assert {"notes.png", "pareto_effective_dim.png"} <= names
    rows = table(tmp_path / "out" / "results.csv")
    assert [row["lanes"] for row in rows] == ["8"]


@pytest.mark.regression
@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
    ],
)
def test_a_stop_leaves_a_run_that_goes_on(tmp_path, number, status, said):
    (tmp_path / "small.yaml").write_text(DESIGN)
    command = [sys.executable, "-m", "pezoexplore", "sweep", "small.yaml", *TRAIN_ONLY]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("[1/8]"):
                process.send_signal(number)
                break
        rest = process.stderr.read().splitlines()
    assert process.returncode == status
    out = tmp_path / "reports" / "small"
    assert re.fullmatch(
        rf"error: {said}: \d of 8 runs are kept in {Path('reports/small')}; "
        "rerun the same command to resume",
        rest[-1],
    )
    assert not (out / "work").exists()
    assert [line for line in rest[:-1] if not line.startswith("[")] == []
    done = spawn("sweep", "small.yaml", *TRAIN_ONLY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    stages = json.loads((tmp_path / "reports" / "small" / "run.json").read_text())["stages"]
    assert sum(count["from_store"] for count in stages.values()) >= 1
    assert sum(count["from_store"] + count["run"] for count in stages.values()) == 8


@pytest.mark.regression
@pytest.mark.usefixtures("undrawn")
def test_another_design_does_not_replace_a_run_but_the_same_one_changed_does(run, call, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run[0] / "reports" / "small", folder)
    before = files(folder)
    (tmp_path / "other.yaml").write_text("space: {lanes: 8}\ntrain: {steps: 20, seeds: 2}\n")
    line = ("sweep", "other.yaml", "--out", folder, *TRAIN_ONLY)
    answer = call(*line)
    assert answer.status == 2
    assert "the results of design small, and this is design other" in answer.err
    assert answer.err.count("\n") <= 2
    assert files(folder) == before
    assert call(*line, "-s", "name=small").status == 0
    assert len(table(folder / "results.csv")) == 1


READERS = (
    ("pareto", "--minimize", "effective_dim"),
    ("report", "--no-figures"),
)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_results_that_are_not_those_of_the_run(run, call, tmp_path, words):
    folder = tmp_path / "run"
    shutil.copytree(run[0] / "reports" / "small", folder)
    results = folder / "results.csv"
    lines = results.read_text().splitlines(keepends=True)
    command, *options = words
    whole = call(command, folder, *options)
    assert (whole.status, "changed" in whole.err) == (0, False), whole.err
    at = lines[0].split(",").index("forward_passes")
    rows = [line.split(",") for line in lines[1:]]
    other = [",".join([*row[:at], f"{int(row[at]) + 1}", *row[at + 1 :]]) for row in rows]
    results.write_text("".join([lines[0], *other]))
    edited = call(command, folder, *options)
    assert "was changed after its run wrote it" in edited.err
    assert edited.status == 0
    for kept in (len(lines) - 1, 1):
        results.write_text("".join(lines[:kept]))
        answer = call(command, folder, *options)
        assert answer.status == 2
        assert f"has {kept - 1} rows, and its run had {len(lines) - 1}" in answer.err
        assert answer.err.count("\n") == 1
    (folder / "run.json").unlink()
    results.write_text("".join(lines[:-1]))
    assert call(command, folder, *options).status == 0


def test_dry_run_lists_the_points_and_runs_nothing(call, design, tmp_path):
    answer = call("sweep", design, "--dry-run")
    assert answer.status == 0
    assert answer.out.startswith("4 distinct points\n")
    assert "excluded: 1 combination by reuse=bank lanes=31" in answer.out
    assert answer.out.endswith("5 combinations listed, 4 points to run\n")
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_dry_run_says_why_each_combination_is_gone(call, design):
    design.write_text(
        "space: {rng: [lfsr, clt], reuse: [phased, none], leap: [1, 3], taps: [xor, shared]}\n"
        "include: [{lanes: 4}]\nexclude: [{rng: lfsr, reuse: none}, {lanes: 99}]"
    )
    document = call("sweep", design, "--dry-run", "--format", "json").document
    assert [point["label"] for point in document["points"]] == [
        "phased/xor lfsr8 8b x31",
        "phased/shared lfsr8 8b x31",
        "none clt 8b x31",
        "phased/xor lfsr8 8b x4",
    ]
    assert all(point["reuse_period"] == "inf" for point in document["points"])
    (collapse,) = document["collapsed"]
    assert (collapse["point"], collapse["count"]) == ("none clt 8b x31", 3)
    reasons = {skip["reason"]: skip["count"] for skip in document["skipped"]}
    assert reasons == {
        "leap 3 shares a factor with the period 255": 2,
        "reuse phased needs rng lfsr or lut_opt or xormix, not clt": 4,
    }
    (excluded,) = document["excluded"]
    assert (excluded["rule"], excluded["count"]) == ("rng=lfsr reuse=none", 4)
    assert document["idle_excludes"] == ["lanes=99"]


def test_axis_options_restrict_the_whole_design(call, design):
    document = call("sweep", design, "--dry-run", "--rng", "lfsr", "--format", "json").document
    assert {point["rng"] for point in document["points"]} == {"lfsr"}
    (left,) = document["left_out"]
    assert (left["include"], left["count"]) == (0, 1)
    text = call("sweep", design, "--dry-run", "--rng", "lfsr").out
    assert "left out: 1 combination of include[0] by the axis options" in text


def test_axis_options_take_lists_and_are_checked(call, design):
    answer = call("sweep", design, "--lanes", "2,4", "--dry-run", "--format", "json")
    assert sorted(point["lanes"] for point in answer.document["points"]) == [1, 2, 2, 4, 4]
    assert call("sweep", design, "--lanes", "2,x").error.startswith("--lanes: got 'x'")


def test_without_a_file_the_quickstart_is_swept(call):
    answer = call("sweep", "--dry-run", "--format", "json")
    assert answer.document["design"] == "quickstart"
    assert 24 <= len(answer.document["points"]) <= 40
    every = {axis for point in answer.document["points"] for axis in ("rng", point["rng"])}
    assert "gaussian" in every


@pytest.mark.slow
def test_illegal_combinations_are_said_once_and_are_no_failure(call, design, tmp_path):
    design.write_text(
        "space: {rng: [clt, gaussian], reuse: [bank, none], lanes: [8, 31]}\n"
        "exclude: [{rng: clt, reuse: none}]\n"
        "train: {steps: 2, seeds: 2, learning_rates: 0.01}"
    )
    answer = call("sweep", design, *TRAIN_ONLY, "--out", "out")
    assert answer.status == 0
    skips = [line for line in answer.err.splitlines() if line.startswith("skipped: ")]
    assert len(skips) == 2
    assert skips[0].startswith("skipped: 2 combinations: reuse bank needs rng lfsr, not clt")
    rows = table(tmp_path / "out" / "results.csv")
    assert sorted(row["status"] for row in rows) == [
        "ok",
        "skipped:reuse bank needs rng lfsr, not clt",
        "skipped:reuse bank needs rng lfsr, not gaussian",
    ]


@pytest.mark.regression
def test_software_points_need_no_tool(design, tmp_path):
    design.write_text("space: {rng: gaussian, reuse: none}\ntrain: {steps: 2, seeds: 2}")
    env = os.environ | {"PATH": ""}
    done = spawn("sweep", "small.yaml", "--jobs", "1", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert len(table(tmp_path / "reports" / "small" / "results.csv")) == 1


@pytest.mark.regression
def test_a_sweep_whose_designs_all_miss_a_constraint_names_it(tmp_path):
    (tmp_path / "small.yaml").write_text(DESIGN + 'constraints: ["accuracy_mean >= 99.9"]\n')
    done = spawn("sweep", "small.yaml", *TRAIN_ONLY, cwd=tmp_path)
    assert "meets the constraint accuracy_mean >= 99.9 (nearest: " in done.stdout
