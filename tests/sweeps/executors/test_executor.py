from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sweep_fakes import Fake, gone, points

from pezoexplore.sweeps.executors import local as executor
from pezoexplore.sweeps.executors.local import Outcome, Task, run_tasks

KILLED = "the worker process died of signal 9 (Killed, out of memory?), 3 times"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[Outcome]]:
    """Run one task an act, in order; each has its own number of lanes."""
    runs = tmp_path / "runs"
    runs.mkdir()

    def run_acts(*acts: str, jobs: int = 1, timeout_s: float = 60.0) -> list[Outcome]:
        numbered = tuple(enumerate(acts, start=31))
        stage = Fake(name="health", runs=runs, acts=numbered, timeout_s=timeout_s)
        tasks = [
            Task(str(point.lanes), stage, "id", point, tmp_path / f"{point.lanes}.log")
            for point in points(len(acts))
        ]
        outcomes = list(run_tasks(tasks, jobs))
        assert sorted(outcome.task.key for outcome in outcomes) == [str(n) for n, _ in numbered]
        return sorted(outcomes, key=lambda outcome: outcome.task.key)

    return run_acts


def test_a_result_comes_back_as_json(run: Callable[..., list[Outcome]]) -> None:
    (outcome,) = run("environment")
    assert outcome.status == "ok"
    assert outcome.reason == ""
    assert set(json.loads(outcome.payload)) == {"stream_mean", "stream_std"}
    assert outcome.log == "1 1\nhealth of 31 lanes\n"


def test_an_idle_worker_ends_by_itself(
    run: Callable[..., list[Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody stops it first: who is killed at that moment would leave it stopped for ever."""
    killed: list[int] = []
    monkeypatch.setattr(executor, "kill_tree", killed.append)
    assert [outcome.status for outcome in run("environment", "environment", jobs=2)] == ["ok"] * 2
    assert killed == []


def test_each_way_to_fail_fails_that_task_alone(run: Callable[..., list[Outcome]]) -> None:
    acts = ["raise", "tool", "tool timeout", "exit", "_exit", "kill", "segfault", "nan"]
    outcomes = run(*acts, "environment", jobs=2)
    assert {
        act: (outcome.status, outcome.reason) for act, outcome in zip(acts, outcomes, strict=False)
    } == {
        "raise": ("failed", "ValueError: no such luck"),
        "tool": ("failed", "yosys: not found; install it"),
        "tool timeout": ("timeout", "simulator: no end after 3 s"),
        "exit": ("failed", "SystemExit: 0"),
        "_exit": ("failed", "the worker process ended with exit status 3"),
        "kill": ("failed", KILLED),
        "segfault": ("failed", "the worker process died of signal 11 (Segmentation fault)"),
        "nan": ("failed", "ValueError: Out of range float values are not JSON compliant"),
    }
    assert all(outcome.payload == "" for outcome in outcomes[:-1])
    assert outcomes[-1].status == "ok"


@pytest.mark.slow
def test_the_log_says_where_it_failed(run: Callable[..., list[Outcome]]) -> None:
    raised, crashed, killed = run("raise", "segfault", "kill")
    assert 'raise ValueError("no such\\nluck")' in raised.log
    assert "_raise" in raised.task.log_path.read_text()
    assert "Segmentation fault" in crashed.log
    assert "string_at" in crashed.log
    assert killed.log == f"pezoexplore: {killed.reason}\n"


def test_a_long_log_is_kept_whole_and_its_end_with_the_result(
    run: Callable[..., list[Outcome]],
) -> None:
    (outcome,) = run("print")
    lines = outcome.task.log_path.read_text().splitlines()
    assert lines[:20_000] == [f"line {index} of many" for index in range(20_000)]
    assert lines[20_000:] == ["a tool", "health of 31 lanes"]
    assert outcome.log.endswith("a tool\nhealth of 31 lanes\n")
    assert len(outcome.log) < 10_000


def test_a_hanging_task_is_stopped_with_all_it_started(
    run: Callable[..., list[Outcome]], tmp_path: Path
) -> None:
    hung, after = run("hang", "environment", timeout_s=3.0)
    assert (hung.status, hung.reason) == ("timeout", "no result after 3 s")
    assert hung.log == "pezoexplore: no result after 3 s\n"
    assert gone(int((tmp_path / "31.pid").read_text()))
    assert after.status == "ok"


def test_a_worker_serves_many_tasks_and_each_finds_it_clean(
    run: Callable[..., list[Outcome]], tmp_path: Path
) -> None:
    outcomes = run("meddle", "see no meddling")
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    pids = {path.name.split("-")[2] for path in (tmp_path / "runs").iterdir()}
    assert len(pids) == 1
    assert pids != {str(os.getpid())}


def test_a_worker_that_cannot_start_fails_the_task(
    run: Callable[..., list[Outcome]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (outcome,) = run("environment")
    assert outcome.status == "failed"
    assert "exit status 1" in outcome.reason
    assert "ModuleNotFoundError" in outcome.log


@pytest.mark.slow
def test_starting_a_worker_is_not_the_tasks_time(
    run: Callable[..., list[Outcome]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(4)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (outcome,) = run("environment", timeout_s=3.0)
    assert outcome.status == "ok"
    monkeypatch.setattr(executor, "START_S", 2.0)
    (outcome,) = run("environment", timeout_s=1.0)
    assert (outcome.status, outcome.reason) == (
        "timeout", "the worker process did not start in 2 s"
    )  # fmt: skip


def test_no_worker_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 worker processes"):
        list(run_tasks([], 0))
