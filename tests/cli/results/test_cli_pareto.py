"""pareto: the front of a results.csv, redrawn."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import resolve
from pezoexplore.sweeps.rows import csv_text, result_row

RESULTS = [
    # lanes, accuracy, lut, ff
    (4, 90.0, 100, 50),
    (8, 92.0, 200, 60),
    (16, 91.0, 300, 70),  # worse than the one before in all three
    (31, 94.0, 400, 40),
]


@pytest.fixture
def results(tmp_path) -> Path:
    rows = [
        result_row(
            f"{lanes:012}",
            "xcup",
            "ok",
            resolve(lanes=lanes),
            {"accuracy_mean": accuracy, "accuracy_ci95": 0.5, "lut": lut, "ff": ff, "pareto": "0"},
        )
        for lanes, accuracy, lut, ff in RESULTS
    ]
    path = tmp_path / "run" / "results.csv"
    path.parent.mkdir()
    path.write_text(csv_text(COLUMNS, rows))
    return path


@pytest.fixture(autouse=True)
def drawn_where_it_is_looked_at(request) -> None:
    if "plots_and_front" not in request.node.name:
        request.getfixturevalue("undrawn")


def lanes(answer) -> list[int]:
    return [row["lanes"] for row in answer.document["front"]]


def test_the_front_with_the_default_objectives(call, results):
    answer = call("pareto", results, "--format", "json")
    assert answer.status == 0
    assert lanes(answer) == [4, 8, 31]
    row = answer.document["front"][0]
    assert (row["accuracy_mean"], row["lut"], row["reuse_period"], row["dsp"]) == (
        90.0,
        100,
        "inf",
        None,
    )
    assert row["pareto"] is True


PLOTS = {f"pareto_{name}.{kind}" for name in ("lut", "ff") for kind in ("png", "svg")}


def test_plots_and_front_go_to_a_folder_beside_the_file(call, results):
    names = call("pareto", results, "--format", "json").document["files"]
    assert {Path(name).name for name in names} == PLOTS | {"pareto.csv"}
    folder = results.parent / "pareto"
    assert all(Path(name).parent == folder for name in names)
    assert all((folder / name).stat().st_size > 5000 for name in PLOTS)
    assert list(results.parent.iterdir()) in ([results, folder], [folder, results])
    assert {path.name for path in folder.iterdir()} == PLOTS | {"pareto.csv", ".made.json"}


@pytest.mark.parametrize("name", ["pareto_ff.svg", "pareto.csv"])
def test_files_that_it_did_not_make_are_not_replaced_unasked(call, results, tmp_path, name):
    """Nor its own once they were changed; the others of the call are not moved either."""
    out = tmp_path / "figures"
    out.mkdir()
    (out / name).write_text("mine")
    assert f"{out / name}: not made by this command" in call("pareto", results, "--out", out).error
    assert [path.name for path in out.iterdir()] == [name]
    assert (out / name).read_text() == "mine"
    assert call("pareto", results, "--out", out, "--overwrite").status == 0
    assert (out / name).read_text() != "mine"
    assert call("pareto", results, "--out", out, "--minimize", "lut").status == 0  # its own
    (out / name).write_text("edited") if name == "pareto.csv" else (out / "pareto_lut.png").unlink()
    again = call("pareto", results, "--out", out)
    assert ("changed since" in again.error) if name == "pareto.csv" else again.status == 0


@pytest.mark.parametrize("named", [".", "results.csv"])
def test_a_table_by_default(call, results, named):
    answer = call("pareto", results.parent / named)
    assert "Pareto front: 3 designs" in answer.out
    assert "90.00 ± 0.50" in answer.out


def test_of_large_results_stderr_says_what_is_being_done(call, results, monkeypatch):
    assert call("pareto", results, "--format", "json").err == ""
    monkeypatch.setattr("pezoexplore.cli.terminal.MANY_BYTES", 100)
    answer = call("pareto", results, "--format", "json")
    assert lanes(answer) == [4, 8, 31]
    said = answer.err.splitlines()
    assert said[0] == f"reading {results}" and said[1] == "4 rows: the front" and len(said) == 4


@pytest.mark.slow
def test_other_objectives(call, results):
    assert lanes(call("pareto", results, "--minimize", "lut", "--format", "json")) == [4, 8, 31]
    assert lanes(call("pareto", results, "--minimize", "ff", "--format", "json")) == [31]
    few = call("pareto", results, "--maximize", "lut", "--minimize", "ff", "--format", "json")
    assert lanes(few) == [31]


def test_only_some_rows(call, results):
    where = ["--where", "lanes != 31 and lut >= 150"]
    assert lanes(call("pareto", results, *where, "--format", "json")) == [8]


def test_rows_must_meet_each_condition(call, results):
    for order in ([0, 1], [1, 0]):
        texts = [("lanes != 31", "lut >= 150")[place] for place in order]
        where = [word for text in texts for word in ("--where", text)]
        assert lanes(call("pareto", results, *where, "--format", "json")) == [8]


def test_another_folder_gets_the_front_as_csv(call, results, tmp_path):
    assert call("pareto", results, "--out", tmp_path / "a" / "b").status == 0
    with (tmp_path / "a" / "b" / "pareto.csv").open(newline="") as file:
        front = list(csv.DictReader(file))
    assert [row["lanes"] for row in front] == ["4", "8", "31"]
    assert {row["pareto"] for row in front} == {"1"}
    assert front[0]["accuracy_mean"] == "90.00"
    assert tuple(front[0]) == COLUMNS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--maximize", "acuracy"], "unknown column 'acuracy'"),
        (["--minimize", "rng"], "objective 'rng' holds text"),
        (["--where", "lut <"], "condition 'lut <'"),
        (["--where", "luts < 5"], "unknown column 'luts'"),
        (
            ["--where", "lut < 5", "--where", "lanes == 4"],
            "no row meets lut < 5 and lanes == 4; choose other conditions",
        ),
        (["--minimize", "bram"], "none of 4 finished designs has bram"),
        (["--out", "/dev/null/x"], "/dev/null/x"),
    ],
)
def test_what_is_wrong_is_one_line(call, results, options, said):
    assert said in call("pareto", results, *options).error


def test_a_file_that_is_no_results_csv(call, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert "not a results.csv" in call("pareto", "x.csv").error
    assert "y.csv: no such run; name a run directory" in call("pareto", "y.csv").error
    assert "no results.csv in it" in call("pareto", tmp_path).error


DESIGN = """\
name: run
objectives: {maximize: [accuracy_mean], minimize: [lut]}
constraints: ["accuracy_mean >= 91.5", lut <= 450]
"""


@pytest.fixture
def run(results) -> Path:
    """Return a run directory whose design has objectives and constraints that are not the usual."""
    (results.parent / "design.yaml").write_text(DESIGN)
    return results.parent


def test_the_run_design_gives_objectives_and_constraints(call, run):
    answer = call("pareto", run, "--format", "json")
    assert lanes(answer) == [8, 31]
    assert answer.document["objectives"] == {"maximize": ["accuracy_mean"], "minimize": ["lut"]}
    assert answer.document["constraints"] == ["accuracy_mean >= 91.5", "lut <= 450"]
    assert {Path(name).parent for name in answer.document["files"]} == {run / "pareto"}
    assert lanes(call("pareto", run / "results.csv", "--format", "json")) == [8, 31]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--no-constraints"], [4, 8, 31]),
        (["--minimize", "ff"], [31]),
        (["--where", "lanes != 31"], [8]),
    ],
)
def test_options_take_precedence_and_leave_the_run_plots_alone(call, run, options, found):
    (run / "pareto_lut.png").write_bytes(b"the run's")
    answer = call("pareto", run, *options, "--format", "json")
    assert lanes(answer) == found
    assert {Path(name).parent for name in answer.document["files"]} == {run / "pareto"}
    assert (run / "pareto" / "pareto.csv").exists()
    assert (run / "pareto_lut.png").read_bytes() == b"the run's"


def test_a_front_file_read_back_does_not_replace_the_plots_of_all_rows(call, run):
    shutil.copy(run / "results.csv", run / "pareto.csv")
    answer = call("pareto", run / "pareto.csv", "--format", "json")
    assert lanes(answer) == [8, 31]
    assert {Path(name).parent for name in answer.document["files"]} == {run / "pareto"}


def test_a_constraint_that_all_miss_is_named(call, run):
    (run / "design.yaml").write_text(DESIGN.replace("91.5", "95"))
    said = call("pareto", run).error
    assert (
        "none of 4 finished designs meets the constraint accuracy_mean >= 95 (nearest: 94)" in said
    )


def test_the_other_readers_of_a_run_keep_to_its_design(call, run):
    document = call("report", run, "--no-figures", "--format", "json").document
    assert document["front"] == 2
    (run / "design.yaml").write_text(DESIGN.replace("91.5", "95"))
    assert call("report", run, "--no-figures").status == 0
    page = (run / "report.md").read_text()
    assert "none of 4 finished designs meets the constraint accuracy" in page
    (run / "other").mkdir()
    shutil.copy(run / "results.csv", run / "other")
    (run / "other" / "design.yaml").write_text(DESIGN)
    said = call("diff", run / "other", run).out
    assert (
        "constraints differ: accuracy_mean >= 91.5 and lut <= 450 and accuracy_mean >= 95" in said
    )
