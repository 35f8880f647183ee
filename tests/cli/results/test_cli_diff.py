"""diff on the command line."""

from __future__ import annotations

import csv

import pytest

from pezoexplore import paths

EXAMPLE = paths.designs_dir().parent / "reports" / "example"


@pytest.fixture
def edited(tmp_path):
    """Write the example's run with some cells changed, and give its folder."""

    def write(name, change, design=lambda text: text):
        folder = tmp_path / name
        folder.mkdir()
        with (EXAMPLE / "results.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        header, rows = list(rows[0]), [change(dict(row)) for row in rows]
        with (folder / "results.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, header)
            table.writeheader()
            table.writerows(row for row in rows if row is not None)
        text = (EXAMPLE / "design.yaml").read_text(encoding="utf-8")
        (folder / "design.yaml").write_text(design(text), encoding="utf-8")
        return folder

    return write


def test_a_run_and_itself(call):
    answer = call("diff", EXAMPLE, EXAMPLE / "results.csv")
    assert answer.status == 0
    assert answer.out.splitlines() == [
        "35 designs in both, 0 added, 0 removed",
        "verdict: no regression (nothing moved)",
    ]


def test_a_lut_more_is_status_1(call, edited):
    def more(row):
        return row | {"lut": str(int(row["lut"]) + 1)} if row["lut"] == "14" else row

    run = edited("more", more)
    answer = call("diff", EXAMPLE, run)
    assert answer.status == 1
    assert "regression" in answer.out.splitlines()[-1]
    document = call("diff", EXAMPLE, run, "--format", "json").document
    assert not document["ok"]
    assert {(c["column"], c["before"], c["after"]) for c in document["changes"]} == {
        ("lut", "14", "15")
    }
    assert call("diff", run, EXAMPLE).status == 0
    assert call("diff", EXAMPLE, run, "--tolerance", "lut=8%").status == 0


def test_one_design_alone(call, edited):
    run = edited("more", lambda row: row | {"ff": row["ff"] and str(int(row["ff"]) + 1)})
    ids = [change["point_id"] for change in call("diff", EXAMPLE, run, "--format", "json").document[
        "changes"]]  # fmt: skip
    document = call("diff", EXAMPLE, run, "--point", ids[0], "--format", "json").document
    assert [change["point_id"] for change in document["changes"]] == ids[:1]


def test_accuracies_within_noise_are_listed_on_request(call, edited):
    def wobble(row):
        seeds = [float(part) for part in row["accuracy_per_seed"].split(";")]
        moved = [value + step for value, step in zip(seeds, (1, -1, 1, -1, 0), strict=True)]
        return row | {"accuracy_per_seed": ";".join(f"{value:.2f}" for value in moved)}

    run = edited("wobble", wobble)
    answer = call("diff", EXAMPLE, run)
    assert answer.status == 0
    assert "35 within noise" in answer.out
    assert "accuracy_mean" not in answer.out
    assert call("diff", EXAMPLE, run, "--all").out.count("accuracy_mean") == 35


def test_added_and_removed_designs_are_named(call, edited):
    run = edited("less", lambda row: None if row["rng"] == "clt" else row)
    answer = call("diff", EXAMPLE, run)
    assert answer.status == 1
    assert "removed: none clt 8b x8 @xcup" in answer.out
    assert answer.out.splitlines()[-1] == "verdict: regression (1 design removed)"
    assert call("diff", EXAMPLE, run, "--allow-missing").status == 0
    assert call("diff", run, EXAMPLE).status == 0
    assert "added: none clt 8b x8 @xcup" in call("diff", run, EXAMPLE).out


def test_a_stage_that_did_not_run_is_status_1_and_one_line_per_column(call, edited):
    gone = ("lut", "ff", "rtl_status", "accuracy_mean")
    run = edited("gone", lambda row: row | dict.fromkeys(gone, ""))
    answer = call("diff", EXAMPLE, run)
    assert answer.status == 1
    for column in gone:
        assert answer.out.count(f"vanished: {column} of ") == 1
    assert answer.out.splitlines()[-1].startswith("verdict: regression (")
    document = call("diff", EXAMPLE, run, "--format", "json").document
    assert not document["ok"]
    assert set(document["vanished"]) == set(gone)
    assert document["vanished"]["accuracy_mean"] == 35
    allowed = call("diff", EXAMPLE, run, "--allow-missing")
    assert allowed.status == 0
    assert "vanished: lut of " in allowed.out
    assert "no regression, what is missing being allowed" in allowed.out


def test_other_settings_are_said_and_another_task_is_refused(call, edited):
    steps = edited("steps", dict, lambda text: text.replace("steps: 4000", "steps: 4001"))
    assert "train.steps differs: 4000 and 4001" in call("diff", EXAMPLE, steps).out
    task = edited("task", dict, lambda text: text.replace("digits-mlp", "mnist5k-lenet"))
    assert "different tasks, digits-mlp and mnist5k-lenet" in call("diff", EXAMPLE, task).error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: no such run"),
        ([str(EXAMPLE), "--tolerance", "lut"], "--tolerance lut: allowed: COLUMN=PERCENT"),
        ([str(EXAMPLE), "--tolerance", "speed=1"], "--tolerance speed: no exact column"),
        ([str(EXAMPLE), "--point", "abc"], "--point abc: neither run has it"),
    ],
)
def test_slips_are_one_line(call, words, said):
    assert said in call("diff", EXAMPLE, *words).error


def test_runs_without_a_common_design_cannot_be_compared(call, edited):
    one = edited("one", lambda row: row if row["rng"] == "clt" else None)
    other = edited("other", lambda row: row if row["rng"] == "treegrng" else None)
    assert "no design in common" in call("diff", one, other).error
