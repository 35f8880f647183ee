"""recommend on the command line."""

from __future__ import annotations

import shutil

import pytest

from pezoexplore import paths
from pezoexplore.design.loading import load_design


def test_the_grid_that_comes_along_names_a_design_and_why(call):
    answer = call("recommend", "--params", 100_000, "--lanes", 16)
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("For 100,000 weights at 16 lanes on xcup, at most 1 point of")
    for word in ("cheapest: ", "runner-up: "):
        assert len([line for line in lines if line.startswith(word)]) == 1
    for reason in (
        "accuracy drop against software Gaussian numbers",
        "effective span",
        "norm error",
    ):
        assert len([line for line in lines if line.startswith(f"  - {reason}")]) == 2
    assert "trained at 2,410 weights, not at 100,000" in answer.out
    assert "on a line between 8 and 31 lanes" in answer.out
    assert "the bundled results are of commit" in answer.err


def test_json_says_the_same(call):
    words = ("recommend", "--params", 2410, "--lanes", 31, "--max-accuracy-drop", "0.5 %")
    document = call(*words, "--max-lut", 250, "--format", "json").document
    assert document["ok"]
    best, second = document["cheapest"], document["runner_up"]
    assert best["lut_equivalents"] <= second["lut_equivalents"]
    for option in (best, second):
        assert option["accuracy_drop"] + option["accuracy_drop_ci95"] <= 0.5
        assert option["lut"] <= 250
        assert option["axes"]["lanes"] == 31
        assert option["not_measured"] == []
        assert len(option["reasons"]) == 5
        assert option["accuracy_drop_ci95_corrected"] > 4 * option["accuracy_drop_ci95"]
        assert option["verdict_corrected"] == "open"
    assert document["surest"] is None
    assert all(option["verdict"] == "open" for option in document["undecided"])


def test_a_drop_of_nothing_needs_more_dimensions_than_any_number_says(call):
    words = ("recommend", "--params", 2410, "--lanes", 31, "--max-accuracy-drop", "0%")
    assert call(*words, "--format", "json").document["dimensions_needed"] is None


def test_what_nothing_meets_is_status_1(call):
    answer = call("recommend", "--params", 2410, "--lanes", 31, "--max-lut", 3)
    assert answer.status == 1
    assert "No design is shown to keep within the limits." in answer.out


@pytest.mark.regression
def test_the_design_file_that_measures_it_loads(call, tmp_path):
    words = ("recommend", "--params", 2410, "--lanes", 8, "--out", "next.yaml")
    assert call(*words).status == 0
    space = load_design(tmp_path / "next.yaml")
    assert space.train.seeds == 20
    named = call("recommend", "--params", 2410, "--lanes", 8, "--format", "json").document
    points = call("sweep", "next.yaml", "--dry-run", "--format", "json").document["points"]
    labels = {point["label"] for point in points}
    assert {named["cheapest"]["label"], named["runner_up"]["label"], "none gaussian"} <= labels
    assert "there is a file already" in call(*words).error


def test_results_of_ones_own(call, tmp_path):
    example = paths.designs_dir().parent / "reports" / "example"
    run = tmp_path / "run"
    run.mkdir()
    for name in ("results.csv", "design.yaml"):
        shutil.copy(example / name, run)
    words = ("recommend", "--params", 2410, "--lanes", 31, "--max-accuracy-drop", 5)
    answer = call(*words, "--results", run)
    assert answer.status == 0
    assert "task digits-mlp, 4,000 steps, 5 seeds" in answer.out
    alone = tmp_path / "table.csv"
    shutil.copy(run / "results.csv", alone)
    assert "--results-params" in call(*words, "--results", alone).error
    assert call(*words, "--results", alone, "--results-params", 2410).status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "ice41"], "--target ice41: allowed: xcup"),
        (["--max-accuracy-drop", "much"], "--max-accuracy-drop much: allowed"),
        (["--max-accuracy-drop", "-1"], "--max-accuracy-drop -1: allowed"),
        (["--results", "nowhere"], "nowhere: no such run"),
        (["--results", "."], "no results.csv in it"),
        (["--baseline", "abc"], "--baseline abc"),
        (["--lanes", "0"], "--lanes"),
    ],
)
def test_slips_are_one_line(call, words, said):
    assert said in call("recommend", "--params", 2410, "--lanes", 31, *words).error


def test_results_without_a_reference_are_named(call, tmp_path):
    example = paths.designs_dir().parent / "reports" / "example" / "results.csv"
    table = tmp_path / "table.csv"
    lines = example.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if ",gaussian," not in line))
    words = ("recommend", "--params", 2410, "--lanes", 31, "--results-params", 2410)
    error = call(*words, "--results", table).error
    assert error.startswith(f"{table}: the results have no finished row with rng gaussian")
