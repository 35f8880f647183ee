"""Faults while a sweep runs: the same results in the end or one clear error, nothing lost.

The full counts (50 kills and so on) are in bench/faults.py; here a few of each. What a simulator
may do is also in tests/hardware/verify/test_simulate.py, a killed Dask worker in
test_dask_executor.py.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sweep_driver import COUNT
from sweep_fakes import INFO, Fake, points, runs_of, space

from pezoexplore.design.point import DesignPoint
from pezoexplore.sweeps.outputs import StageCount
from pezoexplore.sweeps.stage import Payload, Stage
from pezoexplore.sweeps.store import CHANGED, Store, StoreError
from pezoexplore.sweeps.sweep import run_sweep

DRIVER = Path(__file__).parents[1] / "support" / "sweep_driver.py"
KILLS = 4
FLIPS = 12


def drive(*words: object, limit: int | None = None) -> subprocess.Popen[str]:
    disk = {} if limit is None else {"SWEEP_DRIVER_DISK": str(limit)}
    return subprocess.Popen(
        [sys.executable, str(DRIVER), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | disk | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def finish(*words: object, limit: int | None = None) -> tuple[int, str, str]:
    with drive(*words, limit=limit) as process:
        out, err = process.communicate()
        return process.returncode, out, err


def stored(out: Path) -> set[str]:
    """Keys of the good results in a store."""
    if not (out / "store.sqlite").exists():
        return set()
    with Store(out / "store.sqlite") as store:
        found = {record.key for record in store.records() if record.status == "ok"}
        assert store.damaged == []
        return found


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory of the driver's sweep, left alone."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "runs").mkdir()
    assert finish(folder / "out", folder / "runs", 2)[0] == 1  # one point's RTL is wrong
    return folder / "out"


def same(out: Path, reference: Path) -> bool:
    names = ("results.csv", "pareto.csv")
    return all((out / name).read_bytes() == (reference / name).read_bytes() for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("cached", [pytest.param(False, marks=pytest.mark.regression), True])
def test_kills_at_random_moments(reference: Path, tmp_path: Path, runs: Path, cached: bool) -> None:
    out, draw = tmp_path / "out", random.Random(5)
    words = (out, runs, 2, "", tmp_path / "cache" if cached else "")
    before: set[str] = set()
    for _ in range(KILLS):
        with drive(*words) as process:
            time.sleep(draw.uniform(0.2, 0.9))
            process.kill()
        now = stored(out)
        assert before <= now
        before = now
    assert finish(*words)[0] == 1
    assert same(out, reference)
    # What had finished was not run again; what was cut short was, once a kill and worker.
    assert len(runs_of(runs)) <= 4 * COUNT + 2 * KILLS


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_costs_nothing_that_had_finished(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    out = tmp_path / "out"
    status, said, err = finish(out, runs, 2, limit=40 * 1024)
    assert status == 2
    assert "nothing finished is lost" in said
    assert "Traceback" not in err
    done = stored(out)
    told = [line for line in said.splitlines() if line.endswith(f"/{4 * COUNT}")]
    assert 0 < int(told[-1].split("/")[0]) <= len(done) < 4 * COUNT
    assert finish(out, runs, 2)[0] == 1
    assert done <= stored(out)
    assert same(out, reference)


@pytest.mark.slow
def test_two_sweeps_at_once_share_one_cache_and_repeat_nothing(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    outs = tmp_path / "a", tmp_path / "b"
    both = [drive(out, runs, 2, "", tmp_path / "cache") for out in outs]
    for process in both:
        with process:
            process.communicate()
            assert process.returncode == 1
    assert all(same(out, reference) for out in outs)
    assert len(runs_of(runs)) == len(set(runs_of(runs))) == 4 * COUNT
    counts = [json.loads((out / "run.json").read_text())["stages"].values() for out in outs]
    assert sum(count["run"] for stages in counts for count in stages) == 4 * COUNT


@pytest.mark.slow
def test_one_of_two_sweeps_is_killed_and_the_other_takes_over(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    cache = tmp_path / "cache"
    with drive(tmp_path / "a", runs, 2, "hang", cache) as first:
        while "train-31" not in runs_of(runs):
            assert first.poll() is None
            time.sleep(0.02)
        with drive(tmp_path / "b", runs, 2, "", cache) as second:
            assert second.stdout is not None
            while not second.stdout.readline().startswith(f"{4 * COUNT - 1}/"):
                assert second.poll() is None
            first.kill()
            second.communicate()
            assert second.returncode == 1
    assert same(tmp_path / "b", reference)
    assert runs_of(runs).count("train-31") == 2


@pytest.mark.slow
def test_a_damaged_record_is_made_again_with_a_warning(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(reference, out)
    database = sqlite3.connect(out / "store.sqlite")
    database.execute(
        "UPDATE results SET payload = replace(payload, '9', '8') WHERE rowid IN"
        " (SELECT rowid FROM results WHERE stage = 'train' LIMIT 2)"
    )
    database.commit()
    database.close()
    status, _, errors = finish(out, runs, 1)
    assert status == 1
    assert "2 damaged in the store, to be made again" in errors
    assert len(runs_of(runs)) == 2
    assert same(out, reference)


@pytest.mark.slow
def test_flipped_bits_in_the_store_never_give_a_wrong_number(
    reference: Path, tmp_path: Path
) -> None:
    draw = random.Random(11)
    content = (reference / "store.sqlite").read_bytes()
    for number in range(FLIPS):
        path = tmp_path / f"{number}.sqlite"
        place = draw.randrange(len(content))
        flipped = bytes([content[place] ^ (1 << draw.randrange(8))])
        path.write_bytes(content[:place] + flipped + content[place + 1 :])
        with Store(reference / "store.sqlite") as good:
            truth = {record.key: record for record in good.records()}
        try:
            with Store(path) as store:
                found = {key: store.get(key) for key in truth}
        except StoreError as error:
            assert "\n" not in str(error)
            continue
        assert all(record in (None, truth[key]) for key, record in found.items())


@pytest.mark.slow
def test_a_worker_killed_from_outside_costs_a_run_not_a_result(
    reference: Path, tmp_path: Path, runs: Path
) -> None:
    """As the system does when memory runs out: the process goes, the run is made again."""
    out = tmp_path / "out"
    with drive(out, runs, 2, "killed once") as process:
        process.communicate()
        assert process.returncode == 1
    assert same(out, reference)
    assert len(runs_of(runs)) == 4 * COUNT + 1


@pytest.mark.slow
def test_a_clock_set_back_changes_nothing(reference: Path, tmp_path: Path, runs: Path) -> None:
    """All that a killed sweep left is of the year 2100, as when the clock is put right since."""
    out, cache = tmp_path / "out", tmp_path / "cache"
    with drive(out, runs, 2, "hang", cache) as process:
        while len(stored(out)) < 5:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    for path in [*out.rglob("*"), *cache.rglob("*")]:
        os.utime(path, (4102444800, 4102444800))
    done = stored(out)
    before = len(runs_of(runs))
    assert finish(out, runs, 2, "", cache)[0] == 1
    assert same(out, reference)
    # What had finished is not run again; a worker may have begun one more before it was gone.
    assert len(runs_of(runs)) <= before + 4 * COUNT - len(done) + 2


@dataclass(frozen=True, kw_only=True)
class Simulates(Stage):
    """Runs the simulator on PATH on an empty job."""

    name: str = field(default="rtl", init=False)
    jobs: Path
    limit_s: float

    def key(self, point: DesignPoint) -> Payload:
        return {"axes": point.to_json()}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        from pezoexplore.hardware.verify.simulate import simulate

        job = self.jobs / str(point.lanes)
        job.mkdir()
        settings = {"sources": ["stream_harness.v"], "defines": [], "waves": False}
        (job / "job.json").write_text(json.dumps(settings))
        (job / "stream_harness.v").write_text("module stream_harness; endmodule\n")
        simulate(job, log_path, self.limit_s)
        return {"rtl_status": "pass", "rtl_words_checked": 1000}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vvp", "limit_s", "status", "reason"),
    [
        ("exec sleep 600", 2.0, "timeout:rtl", "no end after 2 s"),
        ("exit 0", 100.0, "failed:rtl", "the simulator left no results"),
        (f"yes {'x' * 200} | head -c 1000000000", 100.0, "failed:rtl", "printed over"),
    ],
    ids=["hangs", "leaves no results", "prints a gigabyte"],
)
def test_a_simulator_that_misbehaves(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vvp: str,
    limit_s: float,
    status: str,
    reason: str,
) -> None:
    programs = {"iverilog": 'while [ "$1" != -o ]; do shift; done; echo > "$2"', "vvp": vvp}
    for name, body in programs.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "jobs").mkdir()
    stages = [Simulates(jobs=tmp_path / "jobs", limit_s=limit_s)]
    result = run_sweep(space(), points(1), stages, out_dir=tmp_path / "out", info=INFO, jobs=1)
    (row,) = result.rows
    assert (row["status"], row["rtl_status"], row["rtl_words_checked"]) == (status, "", "")
    assert reason in result.failures[0].reason
    assert result.failures[0].log.stat().st_size < 200_000_000


@dataclass(frozen=True, kw_only=True)
class Edited(Fake):
    """Its result depends on a file, which a run of it changes."""

    source: Path

    def key(self, point: DesignPoint) -> Payload:
        return {"axes": point.to_json(), "source": self.source.read_text()}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        payload = super().run(point, log_path)
        if point.lanes == 31:
            self.source.write_text("edited")
        return payload


@pytest.mark.slow
def test_sources_edited_while_a_point_runs_give_no_result(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "source").write_text("as planned")
    stage = Edited(name="train", runs=runs, source=tmp_path / "source")
    first = run_sweep(space(), points(1), [stage], out_dir=tmp_path / "out", info=INFO, jobs=1)
    assert first.failures[0].reason == CHANGED
    second = run_sweep(space(), points(1), [stage], out_dir=tmp_path / "out", info=INFO, jobs=1)
    assert second.counts == {"train": StageCount(1, 0, 0)}
