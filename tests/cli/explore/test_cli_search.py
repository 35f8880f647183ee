from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli_calls import Call

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"

DESIGN = """
name: tiny
space: {rng: [xorshift32, rademacher], reuse: none, bit_width: 4, lanes: [1, 2]}
train: {steps: 8, seeds: 2, learning_rates: [0.01], batch: 4}
objectives: {maximize: [accuracy_mean], minimize: [effective_span]}
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(DESIGN)
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "0"], "--budget"),
        (["--budget", "many"], "--budget"),
        ([], "--budget"),
        (["--budget", "2", "--time", "-1"], "--time"),
        (["--budget", "2", "--sampler", "magic"], "--sampler: unknown sampler 'magic'"),
        (["--budget", "2", "--stages", "synth"], "--stages: a search trains"),
        (["--budget", "2", "--stages", "train,bake"], "--stages: unknown stage 'bake'"),
        (["--budget", "2", "--stages", "train", "-s", "objectives.minimize=lut"], "stage synth"),
        (["--budget", "2", "--stages", "train", "--warm-start", "gone.csv"], "--warm-start"),
        (["--budget", "2", "-s", "train.stepz=1"], "stepz"),
        (["--budget", "2", "--cache", "c", "--no-cache"], "give one of them"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, design: Path, words: list[str], said: str) -> None:
    answer = call("search", design, *words)
    assert answer.status == 2
    assert said in answer.err.splitlines()[-1]
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_a_design_that_is_not_there_is_one_line(call: Call, tmp_path: Path) -> None:
    answer = call("search", tmp_path / "gone.yaml", "--budget", "2")
    assert answer.status == 2
    assert "gone.yaml" in answer.error


def test_the_task_module_is_found_beside_the_design_file_as_by_sweep(
    call: Call, tmp_path: Path
) -> None:
    (folder := tmp_path / "designs").mkdir()
    shutil.copy(EXAMPLES / "own_task.py", folder)
    shutil.copy(EXAMPLES / "own_task.yaml", folder / "design.yaml")
    (foreign := tmp_path / "foreign").mkdir()
    (foreign / "notes.txt").touch()
    words = ("designs/design.yaml", "--stages", "train", "--out", "foreign")
    objectives = ("-s", "objectives={maximize: accuracy_mean, minimize: effective_span}")
    for command in (("sweep",), ("search", "--budget", "2", *objectives)):
        assert "foreign" in call(*command, *words).err.splitlines()[-1]


@pytest.mark.regression
def test_a_search_leaves_the_files_of_a_sweep_and_its_own(
    call: Call, design: Path, tmp_path: Path
) -> None:
    answer = call(
        *("search", design, "--budget", "3", "--stages", "train", "--jobs", "1", "--out", "out"),
        *("--tag", "paper", "--format", "json"),
    )
    assert answer.status == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["tags"] == ["paper"]
    assert answer.document["evaluations"] == 3
    assert answer.document["complete"] is True
    assert len(answer.document["results"]) == 3
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left >= {
        *("results.csv", "pareto.csv", "timings.csv", "run.json", "design.yaml", "store.sqlite"),
        *("search.csv", "search.png", "search.svg", "study.sqlite", "logs"),
    }
    assert "[3/3] hypervolume" in answer.err
