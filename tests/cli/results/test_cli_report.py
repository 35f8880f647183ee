"""`pezoexplore report` from the command line."""

from __future__ import annotations

import base64
import csv
import json
import re
from pathlib import Path

import pytest
from cli_calls import Call

from pezoexplore import paths

EXAMPLE = paths.designs_dir().parent / "reports" / "example"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a dozen rows of the worked example, by themselves."""
    with (EXAMPLE / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    folder = tmp_path / "run"
    folder.mkdir()
    with (folder / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows[::3])
    return folder


def test_it_writes_a_page_words_and_figures(call: Call, run: Path):
    answer = call("report", run)
    assert answer.status == 0
    names = [Path(line).name for line in answer.out.splitlines() if line.startswith(str(run))]
    assert names[:2] == ["report.html", "report.md"]
    assert {"pareto_lut.svg", "pareto_lut.pdf"} <= set(names)
    for line in answer.out.splitlines():
        if line.startswith(str(run)):
            assert Path(line).stat().st_size > 500
    assert "on the front" in answer.out.splitlines()[0]


def test_json_is_one_document(call: Call, run: Path, tmp_path: Path):
    out = tmp_path / "elsewhere" / "deep"
    document = call(
        "report", run / "results.csv", "--out", out, "--no-figures", "--format", "json"
    ).document
    with (run / "results.csv").open(newline="") as file:
        assert document["designs"] == len(list(csv.DictReader(file)))
    assert document["files"] == [str(out / "report.html"), str(out / "report.md")]
    assert document["failed"] == 0
    assert any("how many weights" in note for note in document["notes"])
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.md"]


@pytest.mark.slow
def test_the_worked_example_as_it_lies_in_the_repository(call: Call, tmp_path: Path):
    answer = call("report", EXAMPLE, "--out", tmp_path / "out", "--no-figures")
    assert answer.status == 0
    assert not [path for path in EXAMPLE.iterdir() if path.name.startswith("report")]
    assert (tmp_path / "out" / "report.html").stat().st_size < 10e6


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "no such run"),
        (["."], "no results.csv in it"),
    ],
)
def test_what_is_no_run_is_one_line(call: Call, words: list[str], why: str):
    assert why in call("report", *words).error


def test_a_folder_that_cannot_be_made_is_one_line(call: Call, run: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert "cannot be created" in call("report", run, "--out", tmp_path / "file" / "x").error


def test_several_runs_become_one_page(call: Call, run: Path, tmp_path: Path):
    other = tmp_path / "reports" / "<i>other"
    other.mkdir(parents=True)
    table = (run / "results.csv").read_text().splitlines()
    (other / "results.csv").write_text("\n".join([table[0], *table[2:]]) + "\n")
    noted = {"program": "pezoexplore", "results_sha256": "", "tags": ["paper"], "points": 11}
    (other / "run.json").write_text(json.dumps(noted))
    answer = call("report", run, other)
    assert answer.status == 0 and f"{len(table) - 2} designs in both" in answer.out
    page = Path("reports/runs.html").read_text()
    assert page.count('src="data:image/svg+xml;base64,') == 2, "a plot for each cost"
    assert "&lt;i&gt;other" in page and "<i>" not in page and "<script" not in page
    told = call("report", run, other, "--format", "json").document
    assert [row["tags"] for row in told["runs"]] == ["", "paper"] and told["shared"] == []
    assert told["found"][0]["cheapest of these"]
    by_tag = call("report", "--tag", "paper", "--out", "out", "--format", "json").document
    assert [row["run"] for row in by_tag["runs"]] == ["<i>other"]
    for words, said in (
        (("--tag", "none"), "--tag none: no such run in reports"),
        ((run, run), "named twice"),
        ((), "name a run directory"),
    ):
        refused = call("report", *words)
        assert refused.status == 2 and said in refused.err


def test_the_legend_of_several_runs_names_what_is_drawn(call: Call, run: Path, tmp_path: Path):
    """A run without costs has nothing in the plots; the dashed line has its entry."""
    other = tmp_path / "trained alone"
    other.mkdir()
    with (run / "results.csv").open(newline="") as file:
        rows = [{**row, "lut": "", "ff": "", "bram": ""} for row in csv.DictReader(file)]
    with (other / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert call("report", run, other, "--out", tmp_path / "out").status == 0
    page = (tmp_path / "out" / "runs.html").read_text()
    plots = [
        base64.b64decode(text).decode() for text in re.findall(r"svg\+xml;base64,([^\"]+)", page)
    ]
    assert plots
    for plot in plots:
        assert ">run<" in plot and ">trained alone<" not in plot
        assert "software reference" in plot
