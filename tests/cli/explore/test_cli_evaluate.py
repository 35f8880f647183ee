"""evaluate: one design as one document."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pezoexplore.design.columns import COLUMNS

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "optimise.py"

POINT = ("--lanes", 8, "--bit-width", 4)
QUICK = ("-s", "train.steps=20", "-s", "train.seeds=2", "-s", "train.batch=8")
JSON = ("--format", "json")

FAILING_TASK = """
def task():
    raise RuntimeError("no data today")
"""


@pytest.mark.slow
def test_one_design_is_evaluated_once_and_as_in_a_sweep(call, tmp_path):
    first = call("evaluate", *POINT, *QUICK, "--stages", "train", *JSON).document
    assert first["stages"]["train"]["run"] == 1
    (row,) = first["results"]
    assert list(row) == list(COLUMNS)

    shared = ("--cache", "reports/evaluate/cache", "--out", "elsewhere")
    for more in ((), shared):
        again = call("evaluate", *POINT, *QUICK, "--stages", "train", *JSON, *more).document
        assert again["stages"]["train"]["run"] == 0
        assert again["results"] == [row]

    answer = call("evaluate", *POINT, *QUICK, "--stages", "train")
    assert answer.status == 0
    assert "accuracy_mean" in answer.out
    last = answer.out.splitlines()[-1]
    assert last.startswith("results: ")
    assert Path(last.removeprefix("results: ")).is_file()

    (tmp_path / "d.yaml").write_text("space: {lanes: 8, bit_width: 4}\n")
    swept = call("sweep", "d.yaml", *QUICK, "--stages", "train", *JSON).document
    assert (swept["results"], swept["stages"]["train"]["run"]) == ([row], 1)


@pytest.mark.regression
def test_defaults_are_those_of_train(call):
    document = call("evaluate", "--rng", "rademacher", *QUICK, "--stages", "train", *JSON).document
    (row,) = document["results"]
    assert (row["rng"], row["reuse"], row["status"]) == ("rademacher", "none", "ok")


def test_a_failed_stage_is_in_the_document_and_the_status(call, tmp_path):
    (tmp_path / "my_task.py").write_text(FAILING_TASK)
    words = ("--task", "my_task:task", *POINT, *QUICK, "--stages", "train", *JSON)
    answer = call("evaluate", *words)
    assert answer.status != 0
    assert "no data today" in answer.out + answer.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--lanes", "4,8"), "--lanes: got 2 values"),
        (("--rng", "xorshift32", "--reuse", "bank"), "not a legal combination"),
        (("--target", "abacus"), "abacus"),
        (("--stages", "paint"), "paint"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(call, words, expected):
    answer = call("evaluate", *words, *QUICK)
    assert answer.status == 2
    assert expected in answer.err
    assert answer.err.count("error:") == 1


@pytest.mark.regression
def test_an_optimiser_drives_it(tmp_path):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, str(EXAMPLE), "--stages", "train,synth", "-s", "train.steps=5"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "--state-bits" in done.stdout
