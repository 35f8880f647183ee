"""Run stages on Dask workers: any number of machines, one of which keeps the results.

Dask is an optional extra, ``pezoexplore[cluster]``, imported when it is used. The workers need no
shared file system: inputs travel with the task, and the answer is text. Dask gives a task to
another worker when its worker dies; how often is bounded there and here.
"""

from __future__ import annotations

import queue
import time
from contextlib import suppress
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pezoexplore.errors import PezoError
from pezoexplore.sweeps.executors import remote
from pezoexplore.sweeps.executors.local import MALFORMED, POLL_S, Outcome
from pezoexplore.sweeps.executors.worker import ANSWER_TYPES, understood

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from threading import Event

    from pezoexplore.sweeps.executors.local import Task
    from pezoexplore.sweeps.stage import Stage

MAX_TRIES = 4
"""Most attempts at a task; one whose workers all died fails, with the reason."""

WORKER_WAIT_S = 300.0
"""Seconds to wait while there is no worker."""

TASKS_PER_THREAD = 2
"""Tasks submitted for each thread of the workers: one runs, one is queued."""

COUNT_EVERY_S = 2.0
"""How often the workers are counted, while there are some."""


class ClusterError(PezoError):
    """Workers that cannot be used; the message names them and says what to do."""


class DaskExecutor:
    """Runs tasks on the workers of a Dask scheduler; see :class:`Executor`.

    Args:
        client: A connected ``distributed.Client``.
        stages: The stages that will be run: the workers must have what they need.
        wait_s: Seconds to wait while there is no worker.
    """

    def __init__(self, client: Any, stages: Iterable[Stage], wait_s: float = WORKER_WAIT_S) -> None:  # noqa: ANN401 - Dask has no types
        """Run on a client's workers; see the class."""
        self._client, self._wait_s = client, wait_s
        self._versions = remote.versions_of(stages)
        self._checked: set[str] = set()
        self._threads, self._counted, self._seen = 0, float("-inf"), time.monotonic()
        self._files: dict[Any, remote.Files] = {}

    def __call__(
        self, tasks: Iterable[Task | None], stop: Event | None = None
    ) -> Generator[Outcome, None, None]:
        """Run tasks and yield each outcome as soon as it is there.

        Args:
            tasks: The tasks; None means that there is none at the moment.
            stop: Once set, by another thread, the iterator ends.

        Raises:
            ClusterError: No worker comes, one has other versions, or the scheduler is gone.
        """
        self._counted, self._seen = float("-inf"), time.monotonic()
        source, empty = iter(tasks), False
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        running: dict[Any, tuple[Task, int]] = {}
        try:
            while stop is None or not stop.is_set():
                self._count_workers()
                while not empty and len(running) < self._threads * TASKS_PER_THREAD:
                    try:
                        task = next(source)
                    except StopIteration:
                        empty = True
                        break
                    if task is None:
                        break
                    self._submit(task, 1, running, ended)
                if empty and not running:
                    return
                for future in self._ended(ended):
                    outcome = self._outcome(future, *running.pop(future), running, ended)
                    if outcome is not None:
                        yield outcome
        finally:
            with suppress(Exception):
                self._client.cancel(list(running), force=True)

    def _ended(self, ended: queue.SimpleQueue[Any]) -> list[Any]:
        """Return the futures that ended since; wait a little for the first."""
        futures = []
        try:
            futures.append(ended.get(timeout=POLL_S))
            while True:
                futures.append(ended.get_nowait())
        except queue.Empty:
            return futures

    def _submit(
        self,
        task: Task,
        number: int,
        running: dict[Any, tuple[Task, int]],
        ended: queue.SimpleQueue[Any],
    ) -> None:
        upload = remote.Upload(task.key, task.stage, task.point, self._inputs(task.stage))
        future = self._client.submit(
            remote.run_upload, upload, key=f"pezoexplore-{task.key}-{time.monotonic_ns()}"
        )
        running[future] = task, number
        future.add_done_callback(ended.put)

    def _outcome(
        self,
        future: Any,  # noqa: ANN401 - Dask has no types
        task: Task,
        number: int,
        running: dict[Any, tuple[Task, int]],
        ended: queue.SimpleQueue[Any],
    ) -> Outcome | None:
        """Return the outcome of a task; None if it was submitted again."""
        if future.status == "finished":
            return _answered(task, future.result())
        reason, again = _why(future)
        if again and number < MAX_TRIES:
            self._submit(task, number + 1, running, ended)
            return None
        _keep_log(task, f"pezoexplore: {reason}\n")
        return Outcome(task, "failed", "", reason, 0.0, f"pezoexplore: {reason}\n")

    def _inputs(self, stage: Stage) -> remote.Files:
        """Return the input files of a stage to upload, read once."""
        if remote.INPUTS not in {field.name for field in fields(stage)}:
            return b""
        folder = getattr(stage, remote.INPUTS)
        if folder not in self._files:
            self._files[folder] = remote.folder_files(folder)
        return self._files[folder]

    def _count_workers(self) -> None:
        """Count the workers' threads now and then, and check the versions of new workers."""
        if time.monotonic() < self._counted + (COUNT_EVERY_S if self._threads else POLL_S):
            return
        try:
            threads = dict(self._client.nthreads())
            new = [worker for worker in threads if worker not in self._checked]
            if new:
                self._check(new)
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                f"lost the Dask scheduler {self._address()} ({error}): start it and its workers "
                "again, then run again: nothing finished is lost"
            ) from error
        self._threads, self._counted = sum(threads.values()), time.monotonic()
        if self._threads:
            self._seen = self._counted
        elif self._counted > self._seen + self._wait_s:
            raise ClusterError(
                f"no Dask worker at {self._address()} for {self._wait_s:g} s: start `dask worker`, "
                "or look at the queue's jobs and their logs; nothing finished is lost"
            )

    def _check(self, workers: list[str]) -> None:
        found = self._client.run(
            remote.versions_here, list(self._versions), workers=workers, on_error="return"
        )
        for worker, versions in found.items():
            if isinstance(versions, OSError):
                continue  # it died meanwhile
            if isinstance(versions, BaseException):
                raise ClusterError(
                    f"worker {worker} cannot run pezoexplore ({versions}): install the version "
                    "that is here, with its tools"
                )
            wrong = remote.differences(self._versions, versions)
            if wrong:
                raise ClusterError(
                    f"worker {worker} would give other results: {'; '.join(wrong)}; make them the "
                    "same, or leave such machines out"
                )
            self._checked.add(worker)

    def _address(self) -> str:
        return str(getattr(getattr(self._client, "scheduler", None), "address", "of the cluster"))


def _answered(task: Task, reply: object) -> Outcome:
    """Return an outcome from a worker's answer, which is believed only if it has the right form."""
    answer, log = None, ""
    if isinstance(reply, tuple) and len(reply) == len(ANSWER_TYPES) + 1 and type(reply[-1]) is str:
        answer, log = understood(reply[:-1]), reply[-1]
    if answer is None:
        answer, log = ("failed", "", MALFORMED, 0.0, 0.0, 0.0), f"pezoexplore: {MALFORMED}\n"
    _keep_log(task, log)
    return Outcome(task, *answer[:4], log, *answer[4:])


def _why(future: Any) -> tuple[str, bool]:  # noqa: ANN401 - Dask has no types
    """Return why Dask could not run a task, in one line, and whether a retry makes sense."""
    if future.status in ("cancelled", "lost"):
        return f"Dask lost the task {MAX_TRIES} times", True
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        worker = getattr(getattr(error, "last_worker", None), "address", "?")
        tries = MAX_TRIES
        with suppress(AttributeError):
            tries = 1 + int(error.allowed_failures)
        return f"{tries} workers died while they had the task, {worker} last: out of memory?", False
    return " ".join(f"on the worker: {type(error).__name__}: {error}".split()), False


def _keep_log(task: Task, log: str) -> None:
    task.log_path.parent.mkdir(parents=True, exist_ok=True)
    task.log_path.write_text(log, encoding="utf-8", newline="")
