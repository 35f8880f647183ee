from __future__ import annotations

import json
import os
import signal
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar

import pytest
from sweep_fakes import INFO, Fake, points, space

from pezoexplore.design.point import DesignPoint
from pezoexplore.sweeps.executors import dask_executor, remote
from pezoexplore.sweeps.executors.cluster import ClusterSettings, started
from pezoexplore.sweeps.executors.dask_executor import ClusterError, DaskExecutor
from pezoexplore.sweeps.executors.local import Outcome, Task
from pezoexplore.sweeps.stage import Payload, Stage
from pezoexplore.sweeps.sweep import Progress, SweepResult, run_sweep

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return a client of two worker processes on this machine."""
    with started(ClusterSettings(kind="local", workers=2)) as found:
        found.wait_for_workers(2, timeout=60)
        yield found


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def stages(runs: Path, **more: Any) -> list[Stage]:
    return [
        Fake(name="train", runs=runs, **more),
        Fake(name="synth", target="xcup", runs=runs),
    ]


def sweep(out: Path, client: Any, what: list[Stage], count: int = 4, **more: Any) -> SweepResult:
    return run_sweep(
        space(),
        points(count),
        what,
        out_dir=out,
        info=INFO,
        executor=DaskExecutor(client, what) if client is not None else None,
        **more,
    )


def run(client: Any, tmp_path: Path, stage: Stage, lanes: int = 1) -> Outcome:
    point = points(lanes)[-1]
    task = Task("k" * 64, stage, "p", point, tmp_path / "log" / "x.log")
    (outcome,) = DaskExecutor(client, [stage])([task])
    return outcome


@pytest.mark.slow
def test_the_same_bytes_as_without_dask(client: Any, tmp_path: Path, runs: Path) -> None:
    here = sweep(tmp_path / "here", None, stages(runs))
    there = sweep(tmp_path / "there", client, stages(runs))
    assert there.counts == here.counts
    for name in ("results.csv", "pareto.csv"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    logs = sorted(path.read_text() for path in (tmp_path / "there").glob("logs/*/train.log"))
    assert logs == [f"train of {lanes} lanes\n" for lanes in range(31, 35)]


@pytest.mark.slow
def test_failures_and_time_limits_are_as_without_dask(
    client: Any, tmp_path: Path, runs: Path
) -> None:
    acts = ((31, "raise"), (32, "hang"), (33, "kill"))
    failing = Fake(name="train", runs=runs, acts=acts, timeout_s=8.0)
    result = sweep(tmp_path / "out", client, [failing])
    assert {failure.point.lanes: failure.reason for failure in result.failures} == {
        31: "ValueError: no such luck",
        32: "no result after 8 s",
        33: "the worker process died of signal 9 (Killed, out of memory?), 3 times",
    }
    raised = next(failure for failure in result.failures if failure.point.lanes == 31)
    assert "Traceback" in raised.log.read_text()


@dataclass(frozen=True, kw_only=True)
class Reads(Stage):
    """Tells what its folder of inputs holds, where it is, and leaves something in its scratch."""

    name: str = field(default="rtl", init=False)
    rtl_dir: Path
    work_dir: Path

    def key(self, point: DesignPoint) -> Payload:
        return {"axes": point.to_json()}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        self.work_dir.mkdir(parents=True)
        (self.work_dir / "build").write_text("built")
        texts = {path.name: path.read_text() for path in self.rtl_dir.rglob("*.v")}
        return {"texts": texts, "work": str(self.work_dir), "inputs": str(self.rtl_dir)}


@pytest.mark.slow
def test_inputs_travel_and_scratch_is_the_workers_own(client: Any, tmp_path: Path) -> None:
    (tmp_path / "rtl" / "deep").mkdir(parents=True)
    (tmp_path / "rtl" / "a.v").write_text("module a;")
    (tmp_path / "rtl" / "deep" / "b.v").write_text("module b;")
    outcome = run(client, tmp_path, Reads(rtl_dir=tmp_path / "rtl", work_dir=tmp_path / "work"))
    assert outcome.status == "ok"
    payload = json.loads(outcome.payload)
    assert payload["texts"] == {"a.v": "module a;", "b.v": "module b;"}
    assert not payload["inputs"].startswith(str(tmp_path))
    assert not Path(payload["inputs"]).exists()
    assert not Path(payload["work"]).exists()
    assert not (tmp_path / "work").exists()


@dataclass(frozen=True, kw_only=True)
class Checkpointed(Reads):
    """Has a folder of checkpoints."""

    checkpoints: Path | None = None


def checkpoints_here(tmp_path: Path) -> Path | None:
    stage = Checkpointed(rtl_dir=tmp_path, work_dir=tmp_path)
    upload = remote.Upload("k", stage, points(1)[0], remote.folder_files(tmp_path / "none"))
    here = remote.localised(upload, tmp_path / "task")
    assert isinstance(here, Checkpointed)
    return here.checkpoints


def test_checkpoints_outlive_the_task_for_a_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = checkpoints_here(tmp_path)
    assert folder == tmp_path / "cache" / "pezoexplore" / "checkpoints"
    for name, age in (("old", 1.01), ("new", 0.99)):
        (folder / f"{name}.npz").touch()
        when = time.time() - age * remote.KEPT_S
        os.utime(folder / f"{name}.npz", (when, when))
    checkpoints_here(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["new.npz"]


def test_without_a_home_checkpoints_end_with_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert checkpoints_here(tmp_path) is None


@dataclass(frozen=True, kw_only=True)
class OtherTools(Fake):
    tools: tuple[tuple[str, str], ...] = (("numpy", "0.1"), ("no-such-tool", "7"))


def test_no_file_that_travels_leaves_its_folder(tmp_path: Path) -> None:
    evil = zlib.compress(json.dumps({"../evil": "text"}).encode())
    with pytest.raises(ValueError, match="leads out of its folder"):
        remote.unpack(evil, tmp_path / "inputs")
    assert not (tmp_path / "evil").exists()


@pytest.mark.slow
def test_a_worker_with_other_versions_is_one_error(client: Any, tmp_path: Path, runs: Path) -> None:
    with pytest.raises(ClusterError) as caught:
        sweep(tmp_path / "out", client, [OtherTools(name="train", runs=runs)])
    text = str(caught.value)
    assert "worker tcp://" in text
    assert "no-such-tool is missing there and 7 here" in text
    assert "there and 0.1 here" in text
    assert "\n" not in text
    assert list(runs.iterdir()) == []


def test_no_worker_is_an_error_after_a_while(client: Any, tmp_path: Path, runs: Path) -> None:
    class Deserted:
        """A client whose scheduler has no worker."""

        def nthreads(self) -> dict[str, int]:
            return {}

        def cancel(self, futures: list[object], force: bool) -> None:
            assert futures == []

    stage = Fake(name="train", runs=runs)
    task = Task("k" * 64, stage, "p", points(1)[0], tmp_path / "x.log")
    with pytest.raises(ClusterError, match="no Dask worker at"):
        list(DaskExecutor(Deserted(), [stage], wait_s=0.2)([task]))


def test_workers_that_all_leave_and_stay_away_are_one_error(
    tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "COUNT_EVERY_S", 0.0)

    class Future:
        def add_done_callback(self, call: object) -> None: ...

    class Deserting:
        """A client whose one worker is gone when it has a task."""

        workers: ClassVar = {"w": 1}
        cancelled: ClassVar[list[object]] = []

        def nthreads(self) -> dict[str, int]:
            return dict(self.workers)

        def run(self, *arguments: object, **options: object) -> dict[str, object]:
            return {"w": remote.versions_of([])}

        def submit(self, *arguments: object, **options: object) -> Future:
            self.workers.clear()
            return Future()

        def cancel(self, futures: list[object], force: bool) -> None:
            self.cancelled.extend(futures)

    client = Deserting()
    task = Task("k" * 64, Fake(name="train", runs=runs), "p", points(1)[0], tmp_path / "x.log")
    with pytest.raises(ClusterError, match=r"no Dask worker at .* for 0.2 s: .* nothing finished"):
        list(DaskExecutor(client, [], wait_s=0.2)([task]))
    assert len(client.cancelled) == 1


@pytest.mark.parametrize(
    "reply",
    [
        None,
        ("ok", "{}", "", 1.0),
        ("ok", "{}", "", 1.0, ""),
        ("ok", "[]", "", 1.0, 0.0, 0.0, ""),
        ("ok", '{"lut": NaN}', "", 1.0, 0.0, 0.0, ""),
        ("ok", '{"lut":1', "", 1.0, 0.0, 0.0, ""),
        ("great", "{}", "", 1.0, 0.0, 0.0, ""),
        ("ok", "{}", "", float("nan"), 0.0, 0.0, ""),
        ("ok", b"{}", "", 1.0, 0.0, 0.0, ""),
    ],
)
def test_an_answer_of_another_form_is_not_believed(
    client: Any, tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch, reply: object
) -> None:
    class Liar:
        status = "finished"

        def result(self) -> object:
            return reply

    task = Task("k" * 64, Fake(name="train", runs=runs), "p", points(1)[0], tmp_path / "x.log")
    executor = DaskExecutor(client, [])
    outcome = executor._outcome(Liar(), task, 1, {}, SimpleQueue())
    assert outcome is not None
    assert (outcome.status, outcome.payload) == ("failed", "")
    assert outcome.reason == "the worker's answer is malformed"
    assert outcome.reason in (tmp_path / "x.log").read_text()


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(client: Any, tmp_path: Path, runs: Path) -> None:
    reference = sweep(tmp_path / "here", None, stages(runs), count=8)
    killed = []

    def kill_one(news: Progress) -> None:
        if news.done == 3:
            pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    result = sweep(tmp_path / "out", client, stages(runs, sleep_s=0.05), count=8, progress=kill_one)
    assert len(killed) == 1
    assert list(result.rows) == list(reference.rows)


def test_a_task_whose_workers_all_die_fails_with_the_reason(
    client: Any, tmp_path: Path, runs: Path
) -> None:
    class Doomed:
        """A future as Dask leaves it when a task killed too many workers."""

        status = "error"

        def exception(self) -> BaseException:
            from distributed.scheduler import KilledWorker

            class Last:
                address = "tcp://10.0.0.7:1234"

            return KilledWorker("k", Last(), 3)

    task = Task("k" * 64, Fake(name="train", runs=runs), "p", points(1)[0], tmp_path / "x.log")
    outcome = DaskExecutor(client, [])._outcome(Doomed(), task, 1, {}, SimpleQueue())
    assert outcome is not None
    assert outcome.status == "failed"
    assert "4 workers died while they had the task, tcp://10.0.0.7:1234 last" in outcome.reason


def test_a_lost_task_is_given_again_a_bounded_number_of_times(
    client: Any, tmp_path: Path, runs: Path
) -> None:
    class Lost:
        status = "cancelled"

    class Counting:
        """A client that counts what is submitted."""

        given = 0

        def submit(self, *arguments: object, key: str) -> Any:
            self.given += 1
            future = Lost()
            future.add_done_callback = lambda call: call(future)  # type: ignore[attr-defined]
            return future

        def nthreads(self) -> dict[str, int]:
            return {"w": 1}

        def run(self, *arguments: object, workers: list[str], on_error: str) -> dict[str, Any]:
            return {worker: remote.versions_of([]) for worker in workers}

        def cancel(self, futures: list[object], force: bool) -> None:
            assert futures == []

    counting = Counting()
    task = Task("k" * 64, Fake(name="train", runs=runs), "p", points(1)[0], tmp_path / "x.log")
    (outcome,) = DaskExecutor(counting, [])([task])
    assert counting.given == dask_executor.MAX_TRIES
    assert (outcome.status, outcome.reason) == ("failed", "Dask lost the task 4 times")


def test_a_stop_ends_it(client: Any, tmp_path: Path, runs: Path) -> None:
    stop = threading.Event()
    stage = Fake(name="train", runs=runs, acts=((31, "hang"),), timeout_s=60.0)
    task = Task("k" * 64, stage, "p", points(1)[0], tmp_path / "x.log")
    threading.Timer(0.5, stop.set).start()
    assert list(DaskExecutor(client, [stage])([task], stop)) == []
