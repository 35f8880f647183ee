"""watch on the command line, on a finished run."""

from __future__ import annotations

import pytest

DESIGN = """
include: [{rng: gaussian, reuse: none}]
objectives: {maximize: effective_dim, minimize: []}
train: {steps: 2}
"""


@pytest.fixture
def run(call, tmp_path):
    (tmp_path / "a.yaml").write_text(DESIGN)
    answer = call("sweep", "a.yaml", "--stages", "synth", "--out", "run", "--jobs", 1, "-q")
    assert answer.status == 0
    return tmp_path / "run"


def test_a_finished_run(call, run):
    assert call("watch", run).out == "finished: 0 failures, 1 result\n"
    lines = call("watch", run, "--once").out.splitlines()
    assert lines[1] == "health: 1 ok"
    assert lines[2].startswith("last: health none gaussian: ok, ")
    document = call("watch", run, "--format", "json").document
    assert document["finished"] and not document["running"]
    assert document["stages"] == {"health": {"ok": 1}}
    (run / "run.json").unlink()
    answer = call("watch", run)
    assert answer.status == 1
    assert answer.out == "stopped: 1 result stored; rerun the sweep's command to resume\n"


@pytest.mark.slow
def test_on_a_terminal(call, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    answer = call("watch", run)
    assert answer.status == 0
    assert "finished: 0 failures, 1 result" in answer.out
    assert "none gaussian" in answer.out


@pytest.mark.parametrize("words", [["nowhere"], ["."]])
def test_what_is_no_run_is_one_line(call, words):
    assert "no run directory" in call("watch", *words).error
