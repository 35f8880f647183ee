"""pezoexplore from Python, and the notebook that shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import pezoexplore
from pezoexplore.cli import run
from pezoexplore.errors import DesignError, PezoError

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"

DESIGN = """
space: {rng: [gaussian, lfsr], reuse: [none, pool, phased], lanes: 8, bit_width: 8}
exclude: [{rng: lfsr}]
objectives: {maximize: effective_dim, minimize: []}
train: {steps: 3}
"""


@pytest.fixture
def design(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(DESIGN)
    return tmp_path / "a.yaml"


def test_a_sweep_writes_what_the_command_writes(design, tmp_path):
    news = []
    results = pezoexplore.sweep(
        design, tmp_path / "api", stages=["synth"], progress=lambda item: news.append(item.done)
    )
    words = ("sweep", "a.yaml", "--stages", "synth", "--out", "cli", "--jobs", "1", "-q")
    assert run(words) == 0
    assert results.ok
    assert news == sorted(news) and news[0] == 0
    for name in ("results.csv", "pareto.csv", "design.yaml"):
        assert (tmp_path / "api" / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()


def test_results_are_a_table(design, tmp_path):
    space = pezoexplore.load_design(design)
    made = pezoexplore.sweep(space, "run", stages=["synth"])
    frame = pezoexplore.read_results("run").to_pandas()
    assert frame.equals(made.to_pandas())
    finished = frame[frame["status"] == "ok"]
    assert sorted(finished["reuse"]) == ["none", "pool"]
    assert frame["effective_dim"].dtype == float
    best = finished.loc[finished["effective_dim"].idxmax(), "point_id"]
    front = made.front()
    assert list(front.index) == list(range(len(front)))
    assert best in set(front["point_id"])
    assert len(front) < len(frame)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pezoexplore.sweep("a.yaml", "run", stages=["sing"]), "unknown stage 'sing'"),
        (lambda: pezoexplore.sweep("a.yaml", "run", jobs=0), "jobs: got 0"),
        (lambda: pezoexplore.sweep("nowhere.yaml", "run"), "nowhere.yaml: no such file"),
        (lambda: pezoexplore.read_results("nowhere"), "no results.csv"),
    ],
)
def test_slips_are_errors_of_one_line(design, call, said):
    with pytest.raises(DesignError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PezoError)


def test_the_names_are_there_and_others_are_not():
    for name in ("Results", "load_design", "read_results", "sweep"):
        assert name in dir(pezoexplore)
        assert getattr(pezoexplore, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'swep'"):
        _ = pezoexplore.swep


def test_importing_the_package_imports_nothing_else():
    code = "import sys, json, pezoexplore; sys.stdout.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [name for name in json.loads(done.stdout) if name.startswith("pezoexplore")]
    assert loaded == ["pezoexplore"]


@pytest.mark.regression
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_is_committed_with(path, tmp_path):
    committed = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(fresh, timeout=300, kernel_name="python3", resources=where).execute()
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    again = [cell for cell in fresh.cells if cell.cell_type == "code"]
    assert cells
    for before, after in zip(cells, again, strict=True):
        assert before.outputs, f"a cell without output: {before.source}"
        assert [item.output_type for item in after.outputs] == [
            item.output_type for item in before.outputs
        ]
