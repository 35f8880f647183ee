"""A sweep in a process of its own: its results, and what killing and stopping it leaves."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sweep_driver import COUNT
from sweep_fakes import INFO, Fake, gone, points, rows_of, space

from pezoexplore.sweeps.rundir import RunDirError
from pezoexplore.sweeps.sweep import run_sweep

DRIVER = Path(__file__).parents[1] / "support" / "sweep_driver.py"
TASKS = 4 * COUNT


@contextmanager
def driver(out: Path, runs: Path, jobs: int = 2, act: str = "") -> Iterator[subprocess.Popen[str]]:
    """Start the sweep of sweep_driver.py in a separate process."""
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), str(out), str(runs), str(jobs), act],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def drive(out: Path, runs: Path, jobs: int = 2) -> int:
    with driver(out, runs, jobs) as process:
        process.communicate()
        return process.returncode


def finished(out: Path) -> int:
    """Good results in a store that nobody has open."""
    database = sqlite3.connect(out / "store.sqlite")
    try:
        return int(database.execute("SELECT count(*) FROM results").fetchone()[0])
    finally:
        database.close()


def wait_for(path: Path) -> str:
    """Content of a file that another process is about to write."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            if text := path.read_text():
                return text
        time.sleep(0.02)
    raise TimeoutError(path)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory of the driver's sweep, done at one go by one worker."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "runs").mkdir()
    # The RTL of the point with 33 lanes fails, so the sweep as a whole does.
    assert drive(folder / "out", folder / "runs", jobs=1) == 1
    return folder / "out"


@pytest.mark.slow
def test_results_are_the_rows_the_stages_make(reference: Path) -> None:
    rows = rows_of(reference / "results.csv")
    assert [row["point_id"] for row in rows] == sorted(row["point_id"] for row in rows)
    assert sorted(row["lanes"] for row in rows) == [str(31 + n) for n in range(COUNT)]
    row = next(row for row in rows if row["lanes"] == "35")
    given = {
        "target": "xcup",
        "status": "ok",
        "stream_mean": "-3.5e-08",
        "stream_std": "0.577362",
        "accuracy_mean": "95.00",
        "accuracy_ci95": "0.03",
        "accuracy_per_seed": "95.00;90.00",
        "learning_rate": "0.005",
        "rtl_status": "pass",
        "rtl_words_checked": "35000",
        "lut": "245",
        "ff": "105",
        "bram": "17.5",
        "yosys_version": "0.70",
        "effective_dim": "",
    }
    assert {name: row[name] for name in given} == given


@pytest.mark.slow
def test_a_failing_verdict_keeps_its_cells_and_never_gets_on_the_front(reference: Path) -> None:
    rows = rows_of(reference / "results.csv")
    failed = next(row for row in rows if row["lanes"] == "33")
    assert (failed["status"], failed["rtl_status"], failed["lut"]) == ("failed:rtl", "fail", "231")
    # Accuracy and cost both grow with the lanes: every other point is on the front.
    assert {row["lanes"]: row["pareto"] for row in rows} == {
        str(lanes): "0" if lanes == 33 else "1" for lanes in range(31, 31 + COUNT)
    }
    front = rows_of(reference / "pareto.csv")
    assert front == [row for row in rows if row["pareto"] == "1"]


def test_the_run_directory_is_complete(reference: Path) -> None:
    names = {path.name for path in reference.iterdir()}
    assert names == {
        *("results.csv", "pareto.csv", "timings.csv", "design.yaml", "run.json"),
        *("store.sqlite", "logs", ".lock"),
    }
    identities = {row["point_id"] for row in rows_of(reference / "results.csv")}
    logs = {path.relative_to(reference / "logs") for path in reference.glob("logs/*/*")}
    labels = ("health", "train", "rtl", "synth-xcup")
    assert logs == {Path(name) / f"{label}.log" for name in identities for label in labels}
    assert (reference / "design.yaml").read_text() == INFO.design
    timings = rows_of(reference / "timings.csv")
    assert len(timings) == TASKS
    assert all(float(row["seconds"]) >= 0.02 for row in timings)
    run = json.loads((reference / "run.json").read_text())
    assert run["command"] == ["pezoexplore", "sweep"]
    assert run["tools"] == {"fake": "1.0"}
    assert run["seeds"] == {"training": [0, 1, 2, 3, 4], "rtl_master_seed": 0}
    full = {"run": COUNT, "from_store": 0, "failed": 0}
    assert run["stages"] == {
        "health": full,
        "train": full,
        "rtl": full | {"failed": 1},
        "synth": full,
    }


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 3])
def test_results_do_not_depend_on_the_number_of_jobs(
    reference: Path, tmp_path: Path, runs: Path, jobs: int
) -> None:
    drive(tmp_path / "out", runs, jobs)
    for name in ("results.csv", "pareto.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (reference / name).read_bytes()


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(9, marks=pytest.mark.slow),
        *(pytest.param(n, marks=pytest.mark.regression) for n in (0, 1, TASKS - 1)),
        TASKS,
    ],
)
def test_a_killed_sweep_continues_and_repeats_nothing_that_had_finished(
    reference: Path, tmp_path: Path, runs: Path, after: int
) -> None:
    out = tmp_path / "out"
    with driver(out, runs) as process:
        assert process.stdout is not None
        for _ in range(after + 1):  # the first line says what is there at the start
            process.stdout.readline()
        process.kill()
    done = finished(out)
    assert done >= after
    drive(out, runs)
    assert (out / "results.csv").read_bytes() == (reference / "results.csv").read_bytes()
    counts = json.loads((out / "run.json").read_text())["stages"].values()
    assert sum(count["from_store"] for count in counts) == done
    assert sum(count["run"] for count in counts) == TASKS - done
    assert not (out / "work").exists()


@pytest.mark.slow
def test_killed_before_it_has_anything_it_starts_anew(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").write_text("123\n")
    (tmp_path / "out" / "store.sqlite").touch()
    drive(tmp_path / "out", runs)
    results = tmp_path / "out" / "results.csv"
    assert results.read_bytes() == (reference / "results.csv").read_bytes()


def test_workers_end_when_the_sweep_is_killed(tmp_path: Path, runs: Path) -> None:
    out = tmp_path / "out"
    with driver(out, runs, act="hang") as process:
        while not (found := list(out.glob("logs/*/train.pid"))):
            assert process.poll() is None
            time.sleep(0.02)
        child = int(wait_for(found[0]))
        pids = {int(path.name.split("-")[-2]) for path in runs.iterdir()}
        process.kill()
    assert all(gone(pid) for pid in pids)
    assert gone(child)


@pytest.mark.slow
def test_ctrl_c_stops_all_and_leaves_a_run_to_resume(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    out = tmp_path / "out"
    with driver(out, runs, act="hang") as process:
        while not (found := list(out.glob("logs/*/train.pid"))):
            assert process.poll() is None
            time.sleep(0.02)
        child = int(wait_for(found[0]))
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 130
    assert gone(child)
    drive(out, runs)
    assert (out / "results.csv").read_bytes() == (reference / "results.csv").read_bytes()


def test_a_second_sweep_in_one_directory_is_refused(tmp_path: Path, runs: Path) -> None:
    out = tmp_path / "out"
    with driver(out, runs, act="hang") as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(RunDirError, match=rf"another pezoexplore \(process {process.pid}\)"):
            stages = [Fake(name="health", runs=runs)]
            run_sweep(space(), points(3), stages, out_dir=out, info=INFO)
