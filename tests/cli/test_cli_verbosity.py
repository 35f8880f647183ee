"""How much a command says, and Parquet beside the CSV."""

from __future__ import annotations

import logging
import math

import pytest
from cli_calls import Answer

from pezoexplore.analysis.frames import read_results
from pezoexplore.cli import run
from pezoexplore.cli.progress import ProgressMeter
from pezoexplore.cli.terminal import log, set_verbosity
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.conditions import is_missing

DESIGN = """
include: [{rng: gaussian, reuse: none}]
train: {steps: 2, seeds: 2, learning_rates: 0.01}
objectives: {maximize: accuracy_mean, minimize: []}
"""

WORDS = ("--stages", "train", "--jobs", "1", "--out", "run")


@pytest.fixture(autouse=True)
def normal():
    set_verbosity()
    yield
    set_verbosity()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a design that was run once, verbosely, with Parquet."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def call(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "a.yaml").write_text(DESIGN)

    def call_line(*words):
        capsys.readouterr()
        status = run([str(word) for word in words])
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    return call_line


@pytest.mark.slow
def test_verbose_says_what_it_runs_with(call):
    answer = call("sweep", "a.yaml", *WORDS, "--verbose", "--parquet")
    assert answer.status == 0
    for begin in ("a: 1 design", "jobs: 1", "rtl: ", "tools: ", "[2/2] "):
        assert [line for line in answer.err.splitlines() if line.startswith(begin)]
    assert "parquet: run/results.parquet" in answer.out


@pytest.mark.slow
def test_jobs_may_come_from_the_environment(call, monkeypatch):
    monkeypatch.setenv("PEZOEXPLORE_JOBS", "3")
    answer = call("sweep", "a.yaml", "--stages", "train", "--out", "run", "-v")
    assert "jobs: 3" in answer.err.splitlines()
    monkeypatch.setenv("PEZOEXPLORE_JOBS", "many")
    answer = call("sweep", "a.yaml", "--dry-run")
    assert answer.status == 2
    assert "(env var: 'PEZOEXPLORE_JOBS')" in answer.error


def test_quiet_prints_results_only(call):
    answer = call("sweep", "a.yaml", *WORDS, "--parquet", "-q")
    assert answer.status == 0
    assert answer.err == ""
    assert "results: run/results.csv" in answer.out


def test_a_command_line_leaves_the_next_one_its_voice(call, capsys):
    call("sweep", "a.yaml", "--quiet", "--dry-run")
    call("list", "rng")
    log.info("news")
    assert capsys.readouterr().err == "news\n"


def test_quiet_still_tells_of_trouble(call):
    answer = call("sweep", "nowhere.yaml", "--quiet")
    assert answer.status == 2
    assert "no such file" in answer.error


def test_both_at_once_is_a_slip(call):
    assert "give one of them" in call("sweep", "a.yaml", "-q", "-v").error


def test_parquet_has_the_cells_of_the_csv(call, folder):
    import pandas as pd

    call("sweep", "a.yaml", *WORDS, "--parquet", "-q")
    frame = pd.read_parquet(folder / "run" / "results.parquet")
    table = read_results(folder / "run" / "results.csv")
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == len(table) == 1
    for name in COLUMNS:
        one, other = frame[name][0], table[name][0]
        if name == "accuracy_per_seed":
            assert ";".join(f"{value:.2f}" for value in one) == other
        elif name == "pareto":
            assert one == (other == "1")
        elif isinstance(other, str):
            assert ("" if is_missing(one) else one) == other
        else:
            assert one == other or (math.isnan(one) and math.isnan(other))
    before = (folder / "run" / "results.parquet").read_bytes()
    call("sweep", "a.yaml", *WORDS, "--parquet", "-q")
    assert (folder / "run" / "results.parquet").read_bytes() == before


def test_a_parquet_file_never_lags_behind_the_csv(call, folder):
    call("sweep", "a.yaml", *WORDS, "-q", "--parquet")
    call("sweep", "a.yaml", *WORDS, "-q")
    assert not (folder / "run" / "results.parquet").exists()


def test_missing_pyarrow_is_told_before_anything_runs(call, monkeypatch):
    monkeypatch.setattr("pezoexplore.report.parquet.find_spec", lambda name: None)
    answer = call("sweep", "a.yaml", *WORDS, "--parquet")
    assert "type `pip install pyarrow`" in answer.error
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (logging.WARNING, ["warning: odd"]),
        (logging.INFO, ["news", "warning: odd"]),
        (logging.DEBUG, ["news", "more", "warning: odd"]),
    ],
)
def test_levels(capsys, level, said):
    set_verbosity(level)
    log.info("news")
    log.debug("more")
    log.warning("odd")
    assert capsys.readouterr().err.splitlines() == said


def test_a_log_of_many_runs_gets_one_line_in_so_many_and_every_trouble(capsys):
    with ProgressMeter("runs") as meter:
        meter.begin(0, 2000)
        for number in range(1, 2001):
            meter.advance(number, 2000, "train a: ok", "no tool" if number == 3 else "")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 201
    assert lines[0] == "[3/2000] train a: ok: no tool"
    assert all(" left" in line for line in lines[1:])
    assert lines[-1] == "[2000/2000] train a: ok; 0.0 s left"


def test_quiet_shows_no_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    set_verbosity(logging.WARNING)
    with ProgressMeter("runs") as meter:
        meter.begin(1, 3)
        meter.advance(2, 3, "train a: ok")
        meter.advance(3, 3, "train b: failed", "no tool")
    assert capsys.readouterr().err == "[3/3] train b: failed: no tool\n"


def test_verbose_shows_every_run_above_the_bar(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    set_verbosity(logging.DEBUG)
    with ProgressMeter("runs") as meter:
        meter.begin(0, 2)
        meter.advance(1, 2, "train a: ok")
        meter.advance(2, 2, "train b: ok")
    said = capsys.readouterr().err
    assert "[1/2] train a: ok" in said and "[2/2] train b: ok" in said
