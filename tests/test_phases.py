"""Imports and compilation are timed apart, in the worker process that does them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_fakes import INFO, Fake, points, rows_of, space

from pezoexplore import phases
from pezoexplore.sweeps.executors.local import Task, run_tasks
from pezoexplore.sweeps.sweep import run_sweep


@pytest.mark.parametrize("act", ["jax", "numba"])
def test_only_the_first_run_imports_and_compiles(tmp_path: Path, act: str) -> None:
    acts = tuple((31 + number, act) for number in range(2))
    stage = Fake(name="health", runs=tmp_path, acts=acts)
    tasks = [
        Task(str(point.lanes), stage, "id", point, tmp_path / f"{point.lanes}.log")
        for point in points(2)
    ]
    first, second = run_tasks(tasks, jobs=1)
    assert first.importing > 0 < first.compiling
    assert first.importing + first.compiling <= first.seconds
    assert second.importing == second.compiling == 0


def test_times_that_overlap_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 20.0, 30.0, 41.0])
    monkeypatch.setattr(phases, "_imports", [(9.0, 12.0), (10.0, 11.0)])
    monkeypatch.setattr(phases, "_compilations", [])
    monkeypatch.setattr(phases.time, "time", lambda: next(clock))
    with phases.compiling(), phases.compiling():
        pass
    assert phases.taken() == (3.0, 29.0)
    assert phases.taken() == (0.0, 0.0)


def test_timings_split_the_runs_of_this_sweep(tmp_path: Path) -> None:
    """A run that was there before, and one of another point, took this sweep no time."""
    stage = Fake(name="health", runs=tmp_path, acts=((31, "numba"),))
    for out_of in ("run", "store"):
        out = tmp_path / "out"
        run_sweep(space(), points(1), [stage], out_dir=out, info=INFO, jobs=1)
        (row,) = rows_of(out / "timings.csv")
        assert row["source"] == out_of
        parts = [row[name] for name in ("import_s", "compile_s", "run_s")]
        if out_of == "store":
            assert parts == [""] * 3
        else:
            assert all(map(float, parts))
            assert sum(map(float, parts)) == pytest.approx(float(row["seconds"]), abs=0.002)
