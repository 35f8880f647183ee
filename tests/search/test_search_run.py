from __future__ import annotations

import csv
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from search_fakes import POINTS, Step, run, search_space, steps
from sweep_fakes import INFO, runs_of

from pezoexplore.design.columns import RESULT_COLUMNS
from pezoexplore.design.lattice.expand import expand
from pezoexplore.errors import DesignError
from pezoexplore.report.live.state import LiveRun
from pezoexplore.search.goal import COMPLETE, FAILED, SCREENED, STOPPED
from pezoexplore.search.screening import CHEAP
from pezoexplore.search.search import evaluations
from pezoexplore.search.search_run import SearchNews
from pezoexplore.sweeps.cache import Cache
from pezoexplore.sweeps.store import StoreError
from pezoexplore.sweeps.sweep import run_sweep

DRIVER = Path(__file__).parents[1] / "support" / "search_fakes.py"
FILES = ("results.csv", "pareto.csv", "search.csv")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def trained(runs: Path) -> list[str]:
    return [name for name in runs_of(runs) if name.startswith("train-")]


@pytest.mark.parametrize(
    "sampler",
    ["surrogate", "random", "sobol",
     *(pytest.param(name, marks=pytest.mark.slow) for name in ("tpe", "nsga2"))],
)  # fmt: skip
def test_the_budget_is_spent_on_distinct_points(tmp_path: Path, runs: Path, sampler: str) -> None:
    result = run(tmp_path / "out", runs, sampler=sampler, budget=21)
    points = [item.point for item in result.history]
    assert len(points) == len(set(points)) == 21
    assert {item.finding.state for item in result.history} == {COMPLETE}
    assert len(trained(runs)) == 21
    assert result.complete
    assert len(rows_of(tmp_path / "out" / "results.csv")) == 21


def test_a_search_shares_its_runs_and_those_of_its_rungs(tmp_path: Path, runs: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    rungs = [Step(name="train", runs=folder, seeds=2, share=0.9) for folder in (runs, elsewhere)]
    with Cache(tmp_path / "cache") as cache:
        run(tmp_path / "out", runs, budget=5, cache=cache, rungs=rungs[:1])
        assert len(runs_of(runs)) == sum(cache.stats().entries.values()) > 10
        stages = steps(elsewhere)
        run(tmp_path / "again", elsewhere, stages=stages, budget=5, cache=cache, rungs=rungs[1:])
    assert runs_of(elsewhere) == []
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_search_continues_without_a_cache_that_it_cannot_use(
    tmp_path: Path, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Cache(tmp_path / "cache") as cache:
        for entry in (tmp_path / "cache").iterdir():
            if entry.is_dir():
                entry.rmdir()
        result = run(tmp_path / "out", runs, budget=3, cache=cache)
    assert result.complete and len(trained(runs)) == 3
    assert [record.message for record in caplog.records if "without it" in record.message]


@pytest.mark.slow
def test_a_sweep_of_the_same_points_has_the_same_rows_and_runs_nothing(
    tmp_path: Path, runs: Path
) -> None:
    result = run(tmp_path / "out", runs)
    before = (tmp_path / "out" / "results.csv").read_bytes()
    points = [item.point for item in result.history]
    again = run_sweep(
        search_space(), points, steps(runs), out_dir=tmp_path / "out", info=INFO, jobs=1
    )
    assert {name: count.run for name, count in again.counts.items()} == {"train": 0, "synth": 0}
    assert (tmp_path / "out" / "results.csv").read_bytes() == before
    elsewhere = run_sweep(
        search_space(), points, steps(runs), out_dir=tmp_path / "other", info=INFO, jobs=1
    )
    assert elsewhere.ok
    assert (tmp_path / "other" / "results.csv").read_bytes() == before


@pytest.mark.regression
def test_the_number_of_processes_does_not_matter(tmp_path: Path, runs: Path) -> None:
    for jobs in (1, 3):
        run(tmp_path / str(jobs), runs, jobs=jobs, budget=10, executor=None)
    for name in FILES:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


@pytest.mark.slow
def test_a_larger_budget_goes_on_where_the_smaller_one_ended(tmp_path: Path, runs: Path) -> None:
    run(tmp_path / "out", runs, budget=16)
    run(tmp_path / "out", runs, budget=24)
    assert len(trained(runs)) == 24
    run(tmp_path / "once", runs, budget=24)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_a_whole_space_can_be_searched(tmp_path: Path, runs: Path) -> None:
    space = search_space(space={"rng": "clt", "reuse": "none", "lanes": [1, 2, 3]})
    result = run(tmp_path / "out", runs, space=space, budget=50)
    assert (len(result.history), result.complete) == (3, True)


def test_what_breaks_a_constraint_never_trains(tmp_path: Path, runs: Path) -> None:
    space = search_space(constraints=["lut <= 60"])
    result = run(tmp_path / "out", runs, space=space, budget=20, sampler="random")
    screened = [item for item in result.history if item.finding.state == SCREENED]
    assert screened
    assert all(item.point.lanes > 12 for item in screened)
    assert all(item.finding.reason == "breaks the constraint lut <= 60" for item in screened)
    assert max(int(name.split("-")[1]) for name in trained(runs)) <= 12
    assert evaluations(result.history) == len(trained(runs)) == 20
    assert len(rows_of(tmp_path / "out" / "results.csv")) == 20


@pytest.mark.slow
def test_what_is_dominated_for_certain_never_trains(tmp_path: Path, runs: Path) -> None:
    space = search_space(objectives={"maximize": [], "minimize": ["lut", "ff"]})
    result = run(tmp_path / "out", runs, space=space, budget=12, sampler="random")
    least = min(item.point.lanes for item in result.history[:8])
    later = result.history[8:]
    assert [item.finding.state for item in later if item.point.lanes > least] == [
        SCREENED for item in later if item.point.lanes > least
    ]
    assert any(item.finding.reason.startswith("dominated by") for item in later)


def test_software_references_have_no_resources_and_do_not_train(tmp_path: Path, runs: Path) -> None:
    space = search_space(space={"rng": ["gaussian", "clt"], "reuse": "none", "lanes": [4, 8]})
    train, _ = steps(runs)
    hardware_only = _HardwareStep(name="synth", target="xcup", runs=runs)
    result = run(tmp_path / "out", runs, space=space, stages=[train, hardware_only], budget=9)
    states = {item.point.rng: item.finding.state for item in result.history}
    assert states == {"gaussian": SCREENED, "clt": COMPLETE}


class _HardwareStep(Step):
    def applies(self, point: object) -> bool:
        return bool(getattr(point, "in_hardware", False))


def test_points_that_cannot_reach_the_front_stop_early(tmp_path: Path, runs: Path) -> None:
    rung = Step(name="train", runs=runs, share=0.5, seeds=3)
    result = run(tmp_path / "out", runs, rungs=[rung], budget=24, sampler="random")
    stopped = [item for item in result.history if item.finding.state == STOPPED]
    assert stopped
    assert len(trained(runs)) == 24 + len(result.history), "one small run each, 24 full ones"
    finished = [item for item in result.history if item.finding.state == COMPLETE]
    for item in stopped:
        assert "accuracy_mean" not in item.finding.cells
        assert any(
            other.point.lanes <= item.point.lanes
            and other.finding.cells["accuracy_mean"] > accuracy_of(item.point)
            for other in finished
        ), "each is beaten by a finished point that costs no more"
    assert len(rows_of(tmp_path / "out" / "results.csv")) == 24


def accuracy_of(point: object) -> float:
    from search_fakes import accuracy

    return accuracy(point) + 0.2  # type: ignore[arg-type]


def test_cheap_columns_are_numeric_results() -> None:
    assert set(RESULT_COLUMNS) >= CHEAP
    assert "accuracy_mean" not in CHEAP


def test_the_study_is_one_that_optuna_opens(tmp_path: Path, runs: Path) -> None:
    space = search_space(constraints=["lut <= 60"])
    result = run(tmp_path / "out", runs, space=space, budget=10)
    url = f"sqlite:///{tmp_path / 'out' / 'study.sqlite'}"
    (name,) = optuna.get_all_study_names(url)
    study = optuna.load_study(study_name=name, storage=url)
    assert [direction.name for direction in study.directions] == [
        *("MAXIMIZE", "MINIMIZE", "MINIMIZE")
    ]
    assert study.metric_names == ["accuracy_mean", "lut", "ff"]
    assert len(study.trials) == len(result.history)
    for trial, item in zip(study.trials, result.history, strict=True):
        assert trial.params["lanes"] == item.point.lanes
        assert trial.user_attrs["outcome"] == item.finding.state
        if item.finding.state == COMPLETE:
            assert trial.values[1] == 5 * item.point.lanes
    assert {trial.params["lanes"] for trial in study.best_trials} <= set(range(1, 13))


@pytest.mark.regression
def test_a_search_that_was_killed_ends_in_the_same_files(tmp_path: Path, runs: Path) -> None:
    run(tmp_path / "once", runs, budget=24)
    before = len(trained(runs))
    draw = random.Random(7)
    command = [sys.executable, str(DRIVER), str(tmp_path / "out"), str(runs), "2", "24", "0.02"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for wait in (0.0, 0.4, 0.9):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and not (tmp_path / "out" / "store.sqlite").exists():
            time.sleep(0.02)
        time.sleep(wait + 0.2 * draw.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(tmp_path / "out", runs, budget=24)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()
    # A run that was cut short is made again; what had finished is not.
    assert len(trained(runs)) - before <= 24 + 3 * 2


@pytest.mark.slow
def test_a_study_that_lost_its_tail_or_itself_is_made_again(tmp_path: Path, runs: Path) -> None:
    run(tmp_path / "out", runs, budget=20)
    content = {name: (tmp_path / "out" / name).read_bytes() for name in FILES}
    (tmp_path / "out" / "study.sqlite").write_bytes(b"\xa5" * 9000)
    with pytest.raises(StoreError, match="delete the file") as caught:
        run(tmp_path / "out", runs, budget=20)
    assert "\n" not in str(caught.value)
    (tmp_path / "out" / "study.sqlite").unlink()
    run(tmp_path / "out", runs, budget=20)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == content
    assert len(trained(runs)) == 20


@pytest.mark.slow
def test_time_that_is_up_ends_a_search_that_goes_on_later(tmp_path: Path, runs: Path) -> None:
    slow = steps(runs, sleep_s=0.1)
    first = run(tmp_path / "out", runs, stages=slow, budget=16, time_s=0.8, jobs=1)
    assert not first.complete
    assert evaluations(first.history) < 16
    second = run(tmp_path / "out", runs, stages=slow, budget=16)
    assert second.complete
    run(tmp_path / "once", runs, budget=16)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "what", [pytest.param("directory", marks=pytest.mark.regression), "results.csv"]
)
def test_earlier_results_are_taken_over_and_cost_nothing(
    tmp_path: Path, runs: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    space = search_space()
    points = expand(space).points[::6]
    run_sweep(space, points, steps(runs), out_dir=tmp_path / "old", info=INFO, jobs=2)
    before = len(trained(runs))
    source = tmp_path / "old" / (what if what.endswith("csv") else "")
    caplog.set_level(logging.INFO, "pezoexplore")
    result = run(tmp_path / "out", runs, warm=[source])
    warm = [item.point for item in result.history if item.warm]
    assert set(warm) == set(points)
    assert len(result.history) == len(points) + 12
    assert len(trained(runs)) == before + 12
    assert len({item.point for item in result.history}) == len(result.history)
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert len(rows) == (12 if what.endswith("csv") else 12 + len(points))
    assert "20 points known" in caplog.messages[0]
    again = run(tmp_path / "out", runs, warm=[source])
    assert again.history == result.history


def test_rows_of_other_training_settings_are_left_out(
    tmp_path: Path, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = search_space(train={"steps": 77})
    points = expand(other).points[:3]
    run_sweep(other, points, steps(runs), out_dir=tmp_path / "old", info=INFO, jobs=2)
    caplog.set_level(logging.INFO, "pezoexplore")
    warm = [tmp_path / "old" / "results.csv"]
    result = run(tmp_path / "out", runs, warm=warm, budget=2)
    assert not any(item.warm for item in result.history)
    assert "3 rows of other settings" in caplog.messages[0]


def test_a_warm_start_that_is_none_is_one_line(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    for name, what in (("empty", "neither"), ("x.csv", "columns"), ("gone.csv", "No such file")):
        with pytest.raises(DesignError, match=what) as caught:
            run(tmp_path / "out", runs, warm=[tmp_path / name])
        assert "\n" not in str(caught.value)
    assert runs_of(runs) == []


def test_failures_are_told_and_the_search_goes_on(tmp_path: Path, runs: Path) -> None:
    acts = tuple((lanes, "raise") for lanes in range(1, 31, 2))
    result = run(tmp_path / "out", runs, stages=steps(runs, acts=acts), budget=12)
    failed = [item for item in result.history if item.finding.state == FAILED]
    assert failed
    assert all(item.point.lanes % 2 for item in failed)
    assert failed[0].finding.reason == "train: ValueError: no such luck"
    assert result.sweep is not None
    assert not result.sweep.ok
    statuses = {row["status"] for row in rows_of(tmp_path / "out" / "results.csv")}
    assert statuses == {"ok", "failed:train"}


def test_progress_and_the_summary(tmp_path: Path, runs: Path) -> None:
    told: list[SearchNews] = []
    result = run(tmp_path / "out", runs, progress=told, budget=20)
    assert [news.evaluations for news in told] == [0, 8, 16, 20]
    assert told[0].left_s is None
    assert [news.left_s for news in told[1:]] == pytest.approx(
        [news.worked_s * (20 - news.evaluations) / news.evaluations for news in told[1:]]
    )
    assert told[0].worked_s == 0 < told[1].worked_s < told[2].worked_s < told[3].worked_s
    assert told[-1].running() == []
    shares = [float(row["hypervolume"]) for row in rows_of(tmp_path / "out" / "search.csv")]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(result.hypervolume, abs=1e-6)
    summary = json.loads((tmp_path / "out" / "run.json").read_text())["search"]
    assert summary["evaluations"] == 20
    assert summary["stage_runs"] == {"synth": 20, "train": 20}
    assert result.hypervolume > 0.3
    assert POINTS == 120


def test_the_live_page_shows_the_search_and_its_front(tmp_path: Path, runs: Path) -> None:
    """Before anything is planned the designs are those of the search."""
    live, seen = LiveRun(tmp_path / "out"), []

    class News(list):
        def append(self, news: SearchNews) -> None:
            seen.append((news, live.state()))

    run(tmp_path / "out", runs, progress=News(), budget=12, batch=4)
    assert len(seen) > 2
    for news, now in seen:
        assert now["error"] == ""
        assert now["state"] == "running"
        assert now["study"]["evaluations"] == news.evaluations
        assert now["study"]["outcomes"] == dict(news.outcomes)
        assert now["complete"] == news.outcomes.get("complete", 0)
        assert any(one["front"] for one in now["designs"]) == bool(now["designs"])
    now = live.state()
    assert now["state"] == "finished"
    assert now["study"]["evaluations"] == 12
    assert {one["target"] for one in now["designs"]} == {"xcup"}
