"""`pezoexplore project` and `calibrate`: there, run elsewhere, and back."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest
from cli_calls import Call
from fake_tools import first_on_path
from vendor_fakes import fake_vendor, write_reports

from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.point import resolve

AXES = ("--reuse", "phased", "--lanes", 3, "--bit-width", 4, "--state-bits", 8)
KU5P = ("--tool", "vivado", "--part", "xcku5p-ffvb676-2-e")


@pytest.fixture
def results() -> Path:
    """Return results of the design on two targets."""
    axes = resolve(reuse="phased", lanes=3, bit_width=4, state_bits=8).to_json()
    with Path("results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for target, lut in (("xcup", 1500), ("xc7", 1800)):
            row = {name: value for name, value in axes.items() if value is not None}
            row |= {"point_id": "abc", "target": target, "status": "ok", "lut": lut, "ff": 262}
            writer.writerow(row)
    return Path("results.csv")


def test_a_project_runs_elsewhere_and_is_read_back(call: Call, results, monkeypatch, tmp_path):
    assert call("project", *AXES, *KU5P, "--out", "p").status == 0
    fake_vendor("vivado", tmp_path / "bin")
    first_on_path(monkeypatch, tmp_path / "bin")
    command = json.loads(Path("p/project.json").read_text())["run"].split()
    assert subprocess.run(command, cwd="p", timeout=60).returncode == 0
    answer = call("calibrate", results, "p", "--out", "both.csv", "--format", "json")
    assert answer.status == 0
    (design,) = answer.document["designs"]
    assert (design["target"], design["lut_vendor"], design["lut_yosys"]) == ("xcup", 1350, 1500)
    lut = answer.document["factors"][0]
    assert (lut["resource"], lut["mean"]) == ("lut", pytest.approx(0.9))
    with Path("both.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["lut_factor"], line["fmax_mhz_vendor"], line["bram_yosys"]) == ("0.9", "500", "")
    other = call("calibrate", results, "p/utilization.rpt", "--target", "xc7", "--format", "json")
    assert other.document["designs"][0]["lut_factor"] == pytest.approx(0.75)
    assert "0.900" in call("calibrate", results, "p").out


def test_a_design_of_a_run_and_a_second_project_in_the_folder(call: Call, results):
    words = ("project", "abc", "--results", results, *KU5P, "--out", "p", "--format", "json")
    first = call(*words)
    assert first.status == 0 and call(*words).document == first.document
    assert first.document["files"] == sorted(path.name for path in Path("p").iterdir())


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--tool", "ise", "--part", "x"), "--tool: got 'ise'; allowed: vivado, quartus, libero"),
        (
            ("--tool", "vivado", "--part", "x;exec y"),
            "--part: got 'x;exec y'; allowed: a part",
        ),
    ],
)
def test_tools_and_parts_that_are_none(words, reason, call: Call):
    assert reason in call("project", *AXES, *words, "--out", "p").error


def test_a_folder_of_something_else_is_kept(call: Call):
    Path("p").mkdir()
    Path("p/notes").write_text("mine")
    assert "not of `pezoexplore project`" in call("project", *AXES, *KU5P, "--out", "p").error
    assert [path.name for path in Path("p").iterdir()] == ["notes"]


def test_reports_that_cannot_be_placed(call: Call, results, tmp_path):
    write_reports("vivado", tmp_path / "alone")
    assert "no project.json beside it" in call("calibrate", results, tmp_path / "alone").error
    assert call("project", *AXES, *KU5P, "--out", "p").status == 0
    assert "p/utilization.rpt: no such report" in call("calibrate", results, "p").error
    write_reports("vivado", Path("p"))
    assert "on target ecp5" in call("calibrate", results, "p", "--target", "ecp5").error
    assert call("project", *AXES, "--tool", "quartus", "--part", "5C", "--out", "q").status == 0
    write_reports("quartus", Path("q"))
    assert "name one with --target" in call("calibrate", results, "q").error
