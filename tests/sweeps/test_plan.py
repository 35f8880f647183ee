"""The plan of a sweep: tables of the run database beside the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.sweeps.executors.local import Outcome
from pezoexplore.sweeps.plan import make_plan, records_by_point
from pezoexplore.sweeps.rows import point_ids
from pezoexplore.sweeps.rundir import RunDir
from pezoexplore.sweeps.store import Store, StoreError
from pezoexplore.sweeps.sweep import run_sweep

PLAN_TABLES = ("points", "uses", "tasks")


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """Run directory of a finished sweep of three points and two stages."""
    runs = tmp_path / "runs"
    runs.mkdir()
    stages = [Fake(name=name, runs=runs) for name in ("health", "train")]
    run_sweep(space(), points(3), stages, out_dir=tmp_path / "out", info=INFO)
    return tmp_path / "out"


def test_longest_first_and_equal_runs_once(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store:
        stages = [Fake(name="train", runs=tmp_path)]
        plan = make_plan(space(), points(4) + points(2), stages, RunDir(tmp_path), store)
        tasks = list(plan.to_do())
        assert [task.point.lanes for task in tasks] == [34, 33, 32, 31]
        assert [plan.count(name) for name in PLAN_TABLES] == [4, 4, 4]
        (result,) = plan.keep([Outcome(tasks[0], "ok", "{}", "", 1.0, "")])
        assert (result.status, result.ran) == ("ok", True)
        assert store.get(tasks[0].key) == result.record
        assert [task.point.lanes for task in plan.to_do()] == [33, 32, 31]
        assert plan.tally() == {("train", "ok", True): 1, ("train", "", False): 3}


@pytest.mark.parametrize(("retry", "left"), [(True, 1), (False, 0)])
def test_what_the_store_has_is_not_to_do(swept: Path, retry: bool, left: int) -> None:
    with Store(swept / "store.sqlite") as store:
        stages = [Fake(name=name, runs=swept.parent / "runs") for name in ("health", "train")]
        one = next(store.records())
        store.put(replace(one, status="failed", payload="", reason="no data"))
        plan = make_plan(space(), points(3), stages, RunDir(swept), store, retry)
        assert (plan.stored, plan.count("tasks")) == (6 - left, 6)
        assert [task.key for task in plan.to_do()] == [one.key] * left


def test_results_join_points_and_records(swept: Path) -> None:
    identity = point_ids(space())
    expected = {identity(point) for point in points(3)}
    with Store(swept / "store.sqlite") as store:
        found = list(records_by_point(store))
    assert [name for name, _ in found] == sorted(name for name in expected for _ in range(2))
    assert {record.stage for _, record in found} == {"health", "train"}


def test_planning_that_fails_leaves_the_database_as_it_was(swept: Path, tmp_path: Path) -> None:
    def some() -> Iterator[DesignPoint]:
        yield from points(2)
        raise ToolError("no such file")

    with Store(swept / "store.sqlite") as store:
        before = list(records_by_point(store))
        with pytest.raises(ToolError):
            make_plan(space(), some(), [Fake(name="rtl", runs=tmp_path)], RunDir(swept), store)
        assert list(records_by_point(store)) == before


def test_a_store_without_a_plan_is_resumed(swept: Path, tmp_path: Path) -> None:
    """As stores were that knew no plan."""
    with Store(swept / "store.sqlite") as store:
        for table in PLAN_TABLES:
            store.query(f"DROP TABLE {table}")
        assert not list(records_by_point(store))
    before = (swept / "results.csv").read_bytes()
    stages = [Fake(name=name, runs=tmp_path / "runs") for name in ("health", "train")]
    result = run_sweep(space(), points(3), stages, out_dir=swept, info=INFO)
    assert all(count.run == 0 for count in result.counts.values())
    assert (swept / "results.csv").read_bytes() == before


def test_a_lost_record_is_one_error(swept: Path, tmp_path: Path) -> None:
    with Store(swept / "store.sqlite") as store:
        stages = [Fake(name="train", runs=tmp_path)]
        plan = make_plan(space(), points(3), stages, RunDir(swept), store)
        assert len(list(plan.uses())) == 3
        store.query("DELETE FROM results WHERE stage = 'train'")
        with pytest.raises(StoreError, match="the store lost the train result"):
            list(plan.uses())
