"""train: one run with its learning curve."""

from __future__ import annotations

import csv

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.tasks.registry import get_task

QUICK = ["--steps", 50, "--seeds", 2, "--learning-rates", "0.01,0.02", "--batch", 16]


def test_a_run_and_its_curve(call, tmp_path):
    answer = call("train", "--lanes", 8, *QUICK, "--out", "a/curve", "--format", "json")
    assert answer.status == 0
    document = answer.document
    settings = TrainSettings(steps=50, seeds=2, learning_rates=(0.01, 0.02), batch=16)
    expected = train_point(resolve(lanes=8), get_task("digits-mlp"), settings)
    assert document["accuracy_per_seed"] == expected["accuracy_per_seed"]
    assert document["learning_rate"] == expected["learning_rate"]
    curve = document["curve"]
    assert [row["step"] for row in curve][:2] == [0, 3]
    assert curve[-1]["step"] == 50
    folder = tmp_path / "a" / "curve"
    assert document["files"] == ["a/curve/learning_curve.csv", "a/curve/learning_curve.png"]
    with (folder / "learning_curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [row["step"] for row in curve]
    assert float(rows[-1]["train_loss"]) == pytest.approx(curve[-1]["train_loss"], abs=1e-4)
    assert (folder / "learning_curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_table_by_default(call, tmp_path):
    answer = call("train", "--rng", "gaussian", "--steps", 2, "--seeds", 2, "--learning-rates", 0.1)
    assert answer.status == 0
    assert answer.out.startswith("Learning curve: none gaussian")
    assert "test accuracy" in answer.out
    assert "learning rate 0.1, epsilon 0.001, 4 forward passes per run" in answer.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.regression
def test_the_landscape_is_drawn_beside_the_curve(call, tmp_path):
    quick = ["--steps", 20, "--seeds", 2, "--learning-rates", 0.01]
    answer = call("train", "--lanes", 8, *quick, "--out", "out", "--landscape")
    assert answer.status == 0
    assert (tmp_path / "out" / "landscape.png").read_bytes().startswith(b"\x89PNG")
    assert "out/landscape.png" in answer.out


@pytest.mark.slow
def test_a_student_is_distilled_within_its_budget(call):
    words = ["--distil", "--max-parameters", 400, "--rng", "rademacher", "--format", "json"]
    answer = call("train", *words, "--steps", 20, "--seeds", 2, "--learning-rates", 0.01)
    assert answer.status == 0
    assert answer.document["student_parameters"] <= 400 < answer.document["teacher_parameters"]
    assert answer.document["forward_passes_saved"] >= 0


@pytest.mark.regression
def test_an_integer_point_and_one_without_numbers(call):
    quick = ["--steps", 20, "--seeds", 2, "--learning-rates", 0.01, "--format", "json"]
    fixed = call("train", "--weight-bits", 8, "--activation-bits", 8, *quick)
    assert fixed.document["axes"]["weight_bits"] == 8
    backprop = call("train", "--estimator", "backprop", *quick)
    assert backprop.document["axes"]["rng"] == "none"
    assert backprop.document["random_numbers"] == 0


@pytest.mark.regression
def test_settings_without_an_option_of_their_own(call):
    words = ["--estimator", "cge_sparse", "--task", "wine", "--format", "json", *QUICK]
    kept = 16 * 13 + 3 * 16 - 4 + 16 + 3  # all but a sixty-fourth of the weights, and the biases
    given = ["-s", f"train.sparsity={1 / 64}", "-s", "train.grasp_queries=8"]
    assert call("train", *words, *given).document["forward_passes"] == 50 * (kept + 1) + 4 * 8


@pytest.mark.regression
def test_an_adapted_network_says_what_it_was_before(call):
    answer = call("train", "--task", "last-mile-inverted", *QUICK)
    before = get_task("last-mile-inverted").accuracy_before
    assert f"before adaptation {before:.2f} %" in answer.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--steps", "0"], "--steps: got 0; allowed: integers 1 to 1000000000"),
        (["--seeds", "1"], "--seeds: got 1; allowed: integers 2 to 10000"),
        (["--learning-rates", "0.1,x"], "--learning-rates: got 'x'"),
        (["--batch", "many"], "--batch: got 'many'"),
        (["--epsilon", "-1"], "--epsilon: got -1"),
        (["--task", "mnist"], "--task: got 'mnist'; allowed: digits-mlp"),
        (["--landscape"], "--landscape needs a folder to draw into: give --out DIR"),
        (["--rng", "clt", "--reuse", "phased"], "not a legal combination: reuse phased needs"),
        (["--out", "/dev/null/x"], "--out /dev/null/x: cannot be created"),
        (["--distil", "--landscape"], "--distil prints its results; leave out --out and"),
        (["-s", "train.sparsity=2"], "-s train.sparsity=2: got 2; allowed"),
        (["-s", "train.sparcity=0"], "-s train.sparcity=0: unknown key"),
    ],
)
def test_what_is_wrong_is_one_line(call, options, said):
    answer = call("train", *options)
    assert said in answer.error
    assert answer.status == 2
