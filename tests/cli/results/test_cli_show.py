"""show: one design of a run."""

from __future__ import annotations

import csv
import shlex

import pytest

from pezoexplore import paths
from pezoexplore.design.point import resolve
from pezoexplore.sweeps.rows import csv_text, result_row

EXAMPLE = paths.designs_dir().parent / "reports" / "example"


def rows():
    with (EXAMPLE / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_design_with_its_results_and_commands(call):
    row = next(row for row in rows() if row["status"] == "ok" and row["lut"])
    answer = call("show", row["point_id"], EXAMPLE)
    assert answer.status == 0, answer.err
    for word in (row["point_id"], row["lut"], row["accuracy_mean"], row["rng"], row["status"]):
        assert word in answer.out
    document = call("show", row["point_id"][:7], EXAMPLE, "--format", "json").document
    (shown,) = document["rows"]
    assert (shown["point_id"], shown["lut"]) == (row["point_id"], float(row["lut"]))
    assert document["logs"] == []
    # The commands are right: this one gives numbers of the same design.
    words = shlex.split(document["commands"]["numbers"])[1:]
    assert call(*words).status == 0
    assert "--results" in document["commands"]["RTL, testbench, datasheet"]


def test_the_newest_run_of_a_folder_of_runs(call, tmp_path):
    for name in ("a", "b"):
        (tmp_path / "reports" / name / "logs" / rows()[0]["point_id"]).mkdir(parents=True)
        text = (EXAMPLE / "results.csv").read_bytes()
        (tmp_path / "reports" / name / "results.csv").write_bytes(text)
        (tmp_path / "reports" / name / "logs" / rows()[0]["point_id"] / "train.log").touch()
        (tmp_path / "reports" / name / "logs" / rows()[0]["point_id"] / "train.npz").touch()
    document = call("show", rows()[0]["point_id"], "--format", "json").document
    assert document["run"] == "reports/b" or document["run"] == "reports/a"
    assert [log.rpartition("/")[2] for log in document["logs"]] == ["train.log"]


COMMANDS = "run again", "numbers", "RTL, testbench, datasheet", "waves of its module"


@pytest.mark.parametrize(
    ("axes", "status", "commands"),
    [
        ({}, "ok", COMMANDS),
        ({}, "skipped:yosys not found", COMMANDS),
        ({"rng": "gaussian", "reuse": "none"}, "ok", COMMANDS[:2]),
        ({"estimator": "backprop"}, "ok", COMMANDS[:1]),
        ({"estimator": "cocd"}, "ok", COMMANDS[:1]),
        ({"rank": "1"}, "ok", COMMANDS[:2]),
    ],
)
def test_only_commands_that_can_run_are_shown(call, tmp_path, axes, status, commands):
    row = result_row("abcd00000000", "xcup", status, resolve(**axes), {"accuracy_mean": 90.0})
    (tmp_path / "results.csv").write_text(csv_text(list(row), [row]))
    document = call("show", "abcd", tmp_path, "--format", "json").document
    assert tuple(document["commands"]) == commands
    if "numbers" in commands:
        assert call(*shlex.split(document["commands"]["numbers"])[1:]).status == 0
    if "RTL, testbench, datasheet" in commands:
        assert call(*shlex.split(document["commands"]["RTL, testbench, datasheet"])[1:]).status == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["beef00000000", EXAMPLE], "beef00000000: no such design in"),
        (["be", EXAMPLE], "'be': give at least 4 characters of the id"),
        (["", EXAMPLE], "'': give at least 4 characters of the id"),
        (["beef00000000"], "reports: no such run; name a run directory"),
        (["beef00000000", "no/such"], "no/such: no such run; name a run directory"),
        (["beef00000000", paths.designs_dir()], f"{paths.designs_dir()}: no results.csv in it"),
        ([EXAMPLE, "beef00000000"], f"{EXAMPLE} is a run; name a design first: `show POINT_ID "),
        ([EXAMPLE], f"{EXAMPLE} is a run; name a design first: `show POINT_ID {EXAMPLE}`"),
    ],
)
def test_what_cannot_be_shown_is_one_line(call, words, reason):
    assert call("show", *words).error.startswith(reason)


def test_the_beginning_of_several_ids_is_refused(call, tmp_path):
    text = (EXAMPLE / "results.csv").read_text()
    ids = sorted({row["point_id"] for row in rows()})
    (tmp_path / "results.csv").write_text(
        text.replace(ids[0], "abcd00000000").replace(ids[1], "abcd11111111")
    )
    said = call("show", "abcd", tmp_path / "results.csv").error
    assert said.startswith("abcd is 2 designs of ")
