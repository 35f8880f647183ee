"""What a report gathers from a run directory, and what it says is missing."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from report_run import FAILED, PARAMETERS, POINTS, make_run, payload, record, rows

from pezoexplore.analysis.runs import read_run
from pezoexplore.analysis.sensitivity import sensitivity
from pezoexplore.design.columns import COLUMNS
from pezoexplore.errors import DesignError
from pezoexplore.report.html.data import read_sensitivity, report_of
from pezoexplore.report.html.records import read_records
from pezoexplore.report.sensitivity import write_sensitivity
from pezoexplore.sweeps.rows import csv_text
from pezoexplore.sweeps.store import Store


def test_a_whole_run(tmp_path: Path):
    report = report_of(read_run(make_run(tmp_path / "run")))
    assert report.name == "small"
    assert report.parameters == PARAMETERS
    assert (len(report.rows), report.finished, report.failed) == (11, 9, 1)
    assert report.skipped == {"clt is built for bit_width 4 to 12": 1}
    assert report.notes == []
    members = report.members()
    costs = [report.value(index, "lut") for index in members]
    assert costs == sorted(costs)
    assert sum(report.front) == len(members) > 1
    (failure,) = report.failures
    assert (failure.status, failure.stage) == ("failed", "rtl")
    assert failure.reason == "iverilog failed (exit 1)"
    assert failure.log.endswith("error: no such module")
    assert "line 10\n" not in failure.log, "only the end"


def test_records_are_joined_by_point_id(tmp_path: Path):
    """A store may hold runs of the same axes with other settings: the last sweep's plan counts."""
    folder = make_run(tmp_path)
    other = {**payload(3), "validation_curve": [[1, 2.0, None], [2, 3.0, None]]}
    with Store(folder / "store.sqlite") as store:
        store.put(record("train", POINTS[0], other))
    records = read_records(folder / "store.sqlite")
    assert records.curves["0" * 12] == payload(0)["validation_curve"]
    assert "f" * 12 not in records.curves
    assert records.failure("f" * 12, "rtl", "xcup") is not None
    assert records.failure("0" * 12, "rtl", "xcup") is None


def test_a_store_without_a_plan_has_no_curves(tmp_path: Path):
    with Store(tmp_path / "store.sqlite") as store:
        store.put(record("train", POINTS[0], payload(0)))
    assert not read_records(tmp_path / "store.sqlite").curves


def test_results_alone_make_a_report(tmp_path: Path):
    (tmp_path / "results.csv").write_text(csv_text(COLUMNS, rows()))
    report = report_of(read_run(tmp_path / "results.csv"))
    assert report.name == tmp_path.name
    assert not report.curves
    assert not report.streams
    (note,) = report.notes
    assert "how many weights" in note
    assert not (tmp_path / "store.sqlite").exists()


def test_a_damaged_store_costs_the_curves_only(tmp_path: Path):
    folder = make_run(tmp_path / "run")
    (folder / "store.sqlite").write_bytes(b"no database at all" * 100)
    report = report_of(read_run(folder))
    assert not report.curves
    assert "store.sqlite is damaged" in report.notes[0]
    assert sum(report.front) > 1


def test_a_point_id_that_is_a_path_reads_no_file(tmp_path: Path):
    folder = make_run(tmp_path / "run")
    (tmp_path / "rtl.log").write_text("a secret")
    (folder / "results.csv").write_text(csv_text(COLUMNS, rows(failed_id="../../")))
    (failure,) = report_of(read_run(folder)).failures
    assert "secret" not in failure.log
    assert failure.log == ""


def test_a_failure_without_record_or_log_says_so(tmp_path: Path):
    (tmp_path / "results.csv").write_text(csv_text(COLUMNS, rows()))
    (failure,) = report_of(read_run(tmp_path)).failures
    assert failure.label == FAILED.label()
    assert "holds no reason" in failure.reason


def test_sensitivity_is_read_back_as_it_was_written(tmp_path: Path):
    grid = [
        {
            "status": "ok",
            "lanes": lanes,
            "bit_width": bits,
            "accuracy_mean": 80 + lanes / 8 + bits % 3,
        }
        for lanes, bits in itertools.product((4, 8, 16), (4, 8, 9))
    ]
    write_sensitivity(grid, tmp_path)
    (read, *_) = read_sensitivity(tmp_path / "sensitivity.csv")
    wanted = sensitivity(grid, "accuracy_mean")
    assert (read.response, read.rows) == ("accuracy_mean", 9)
    assert [effect.axes for effect in read.main] == [effect.axes for effect in wanted.main]
    for one, other in zip(read.main, wanted.main, strict=True):
        assert other.share is not None
        assert one.share == pytest.approx(other.share, rel=1e-3, abs=1e-9)
        assert one.importance == pytest.approx(other.importance, rel=1e-3)
        assert (one.lowest, one.highest) == (other.lowest, other.highest)


def test_a_sensitivity_of_another_kind_is_one_line(tmp_path: Path):
    folder = make_run(tmp_path / "run")
    (folder / "sensitivity.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DesignError, match=r"is not a sensitivity\.csv .*delete it"):
        report_of(read_run(folder))


def test_a_damaged_run_json_is_a_note(tmp_path: Path):
    folder = make_run(tmp_path / "run")
    (folder / "run.json").write_text("{")
    assert any("run.json is damaged" in note for note in report_of(read_run(folder)).notes)
