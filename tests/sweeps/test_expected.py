"""Progress counts expected seconds, and names what runs and on which task."""

from __future__ import annotations

import logging
import time

import pytest
from sweep_fakes import INFO, RESULTS, Fake, points, space

from pezoexplore.cli.progress import ProgressMeter
from pezoexplore.cli.terminal import set_verbosity
from pezoexplore.sweeps.executors.local import Outcome
from pezoexplore.sweeps.stage import canonical_json
from pezoexplore.sweeps.sweep import run_sweep

TOOK_S = {"health": 1.0, "train": 20.0}
"""Seconds of a run for each second that its stage estimates."""


def execute(tasks, stop=None):
    """Run tasks at once, and say that they took as long as they are to take."""
    for task in tasks:
        seconds = TOOK_S[task.stage.name] * task.stage.cost(task.point)
        payload = canonical_json(RESULTS[task.stage.name](task.point.lanes))
        yield Outcome(task, "ok", payload, "", seconds, "")


@pytest.fixture
def sweep(tmp_path):
    """Sweep some points with a fast and a slow stage; return all that was told."""

    def run(count, train=("digits-mlp",)):
        stages = [Fake(name="health", runs=tmp_path)]
        stages += [
            Fake(name="train", runs=tmp_path, task=task, revision=number)
            for number, task in enumerate(train)
        ]
        told = []
        run_sweep(
            space(task=list(train)), points(count), stages, out_dir=tmp_path / "run", info=INFO,
            executor=execute, progress=lambda news: told.append((news, list(news.running()))),
        )  # fmt: skip
        return [news for news, _ in told], [running for _, running in told]

    return run


def test_expected_seconds_are_the_estimates_scaled_by_what_ran(sweep):
    told, _ = sweep(4)  # 31 to 34 lanes: estimates of 1 to 4 s
    assert told[0].worked_s == 0 and told[0].left_s == pytest.approx(20), "estimates: 2 * 10 s"
    assert told[-1].worked_s == pytest.approx(210) and told[-1].left_s == 0
    works = [news.worked_s for news in told]
    assert works == sorted(works)
    last = [
        news for news in told[1:] if {news.stage for news in told[1 : news.done]} == set(TOOK_S)
    ]
    assert last, "both stages are known before the end"
    for news in last:
        assert news.worked_s + news.left_s == pytest.approx(210)


def test_seconds_of_earlier_sweeps_count_as_known_not_as_worked(sweep):
    sweep(2)
    told, _ = sweep(4)
    assert told[0].worked_s == 0
    assert told[0].left_s == pytest.approx((3 + 4) * (1 + 20)), "points of 33 and 34 lanes"
    assert told[-1].worked_s == pytest.approx(147)


def test_what_runs_is_named_with_its_task(sweep):
    told, running = sweep(2, train=("digits-mlp", "wine"))
    assert running[0] == [] and running[-1] == []
    names = {news.name for news in told[1:]}
    assert {"train", "health"} == {name.split()[0] for name in names}
    assert {name.rpartition(" on ")[2] for name in names if name[0] == "t"} == {
        "digits-mlp",
        "wine",
    }
    assert not any(" on " in news.name for news in sweep(2)[0][1:]), "one task goes without saying"


@pytest.fixture
def told_all():
    set_verbosity(logging.INFO)


def test_the_bar_names_what_runs(monkeypatch, capsys, told_all):
    for name, text in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "150")):
        monkeypatch.setenv(name, text)
    with ProgressMeter("runs") as meter:
        meter.begin(0, 100, 300.0, lambda: ["train a on wine", "synth b", "rtl c"])
        meter.advance(1, 100, "train x: ok, 200 s", work=(200.0, 0.5))
    shown = capsys.readouterr().err
    assert "train a on wine, synth b and 1 more" in shown and "1/100 runs" in shown


def test_the_time_left_of_a_log_is_by_seconds(capsys, told_all):
    with ProgressMeter("runs") as meter:
        meter.begin(0, 1000, 1e6)
        time.sleep(0.05)
        for number in range(1, 11):
            meter.advance(number, 1000, "train a: ok", work=(1e6, 0.0))
    assert capsys.readouterr().err.splitlines()[-1] == "[10/1000] train a: ok; 0.0 s left"
