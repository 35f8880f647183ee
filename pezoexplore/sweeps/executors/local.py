"""Run stages in worker processes that may hang, crash or be killed."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pezoexplore.processes import kill_tree
from pezoexplore.sweeps.executors.worker import ENVIRONMENT, STARTED, understood

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path
    from threading import Event

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.sweeps.stage import Stage

MAX_STARTS = 3
"""Most attempts at a task whose worker dies before it starts or is killed while it runs."""

END_S = 5.0
"""Seconds that an idle worker has to end by itself."""

START_S = 60.0
"""Least seconds until a worker starts a task: a slow machine imports for seconds."""

MAX_ANSWER_BYTES = 2**26
"""Longest answer that is read; a real one is a few kilobytes."""

MALFORMED = "the worker's answer is malformed"
"""Reason of a task whose worker sent anything but a result."""

POLL_S = 0.1
"""Seconds between looks for new tasks, while there are none, and for a stop."""

LOG_TAIL_BYTES = 8192
"""Bytes of the end of a log that are kept with a result."""


@dataclass(frozen=True)
class Task:
    """One run of a stage.

    Attributes:
        key: Key of the result in the store.
        stage: The stage.
        point_id: Identity of the point.
        point: The design point.
        log_path: Where the run's log goes; its folder is made.
    """

    key: str
    stage: Stage
    point_id: str
    point: DesignPoint
    log_path: Path


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Attributes:
        task: The task.
        status: ``ok``, ``failed`` or ``timeout``.
        payload: The stage's result as canonical JSON; empty unless the status is ``ok``.
        reason: Why there is no result, one line; empty for ``ok``.
        seconds: How long it took.
        log: End of the log.
        importing: Seconds of imports among them.
        compiling: Seconds of compilation among them.
    """

    task: Task
    status: str
    payload: str
    reason: str
    seconds: float
    log: str
    importing: float = 0.0
    compiling: float = 0.0


class Executor(Protocol):
    """Something that runs tasks, such as :class:`Local`."""

    def __call__(
        self, tasks: Iterable[Task | None], stop: Event | None = None
    ) -> Generator[Outcome, None, None]:
        """Run tasks; see :func:`run_tasks`."""
        ...


@dataclass(frozen=True)
class Local:
    """Runs tasks in worker processes on this machine.

    Attributes:
        jobs: Number of worker processes, at least 1.
    """

    jobs: int = 1

    def __call__(
        self, tasks: Iterable[Task | None], stop: Event | None = None
    ) -> Generator[Outcome, None, None]:
        """Run tasks; see :func:`run_tasks`."""
        return run_tasks(tasks, self.jobs, stop)


def run_tasks(
    tasks: Iterable[Task | None], jobs: int, stop: Event | None = None
) -> Generator[Outcome, None, None]:
    """Run tasks in worker processes and yield each outcome as soon as it is there.

    Closing the iterator, or an exception in it such as KeyboardInterrupt, kills the workers and
    all that they started.

    Args:
        tasks: The tasks, in the order in which they start, taken one by one as workers become
            idle. None means that there is none at the moment: the next is taken soon.
        jobs: Number of worker processes, at least 1.
        stop: Once set, by another thread, no more is run: the iterator ends within ``POLL_S``.

    Raises:
        ValueError: ``jobs`` is less than 1.
    """
    if jobs < 1:
        raise ValueError(f"{jobs} worker processes cannot do anything")
    source = _Source(iter(tasks))
    workers = [WorkerSlot() for _ in range(jobs)]
    try:
        while stop is None or not stop.is_set():
            for worker in workers:
                if worker.task is None and (task := source.take()) is not None:
                    worker.begin(task)
            busy = [worker for worker in workers if worker.task is not None]
            if not busy and source.empty:
                return
            for worker in _ready(busy, POLL_S if source.dry or stop else None):
                outcome = worker.outcome()
                if outcome is not None:
                    yield outcome
    finally:
        for worker in workers:
            worker.stop()


class _Source:
    """Tasks, with a pause after each time there was none."""

    def __init__(self, tasks: Iterator[Task | None]) -> None:
        self._tasks = tasks
        self._again = 0.0
        self.empty = self.dry = False

    def take(self) -> Task | None:
        """Return the next task; None if there is none, or none at the moment."""
        if self.empty or (self.dry and time.monotonic() < self._again):
            return None
        try:
            task = next(self._tasks)
        except StopIteration:
            self.empty, self.dry = True, False
            return None
        self.dry = task is None
        self._again = time.monotonic() + POLL_S
        return task


def log_tail(path: Path, size: int = LOG_TAIL_BYTES) -> str:
    """Return the end of a log as text; empty without a log."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - size))
            return log.read(size).decode(errors="replace")
    except OSError:
        return ""


def _ready(busy: list[WorkerSlot], at_most: float | None) -> list[WorkerSlot]:
    """Wait until a worker has a message or is out of time; return all such workers.

    Args:
        busy: The workers that have a task.
        at_most: Seconds to wait at most; None for no limit.
    """
    left = [max(0.0, worker.deadline - time.monotonic()) for worker in busy]
    left += [] if at_most is None else [at_most]
    readable = wait([worker.connection for worker in busy], timeout=min(left))
    now = time.monotonic()
    return [worker for worker in busy if worker.connection in readable or worker.deadline <= now]


@dataclass(eq=False)
class WorkerSlot:
    """One worker subprocess, started on demand and restarted if it dies.

    Attributes:
        task: What it runs; None if it is idle.
        deadline: When the task times out, in seconds of ``time.monotonic``.
    """

    task: Task | None = None
    deadline: float = 0.0
    _started: float = 0.0
    _starts: int = 0
    _running: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _connection: Connection | None = field(default=None, repr=False)

    @property
    def connection(self) -> Connection:
        """The socket to the process; only while there is a task."""
        assert self._connection is not None, "only while the worker has a task"
        return self._connection

    def begin(self, task: Task) -> None:
        """Give the worker a task."""
        self.task, self._starts = task, 0
        task.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._send(task)

    def wait(self) -> None:
        """Wait until the process has something to say or its time is over."""
        _ready([self], None)

    def outcome(self) -> Outcome | None:
        """Return the outcome of the task; None while it runs."""
        assert self.task is not None, "only while the worker has a task"
        try:
            if self.connection.poll():
                return self._received(self.task, self.connection.recv_bytes(MAX_ANSWER_BYTES))
        except (EOFError, OSError):
            return self._died(self.task)
        if time.monotonic() < self.deadline:
            return None
        self.stop()
        seconds = self.deadline - self._started
        what = "no result after" if self._running else "the worker process did not start in"
        return self._lost("timeout", f"{what} {seconds:g} s")

    def stop(self) -> int:
        """Kill the process and all that it started; its exit status, 0 if there is none."""
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if process is None:
            return 0
        if self.task is None:
            # It ends by itself, with what it started, even if this process is killed just now.
            with suppress(subprocess.TimeoutExpired):
                return process.wait(END_S)
        # Not waited for before: until then nobody else can have its process id.
        kill_tree(process.pid)
        return process.wait()

    def _received(self, task: Task, data: bytes) -> Outcome | None:
        """Interpret a message: JSON, so that nothing in it can run."""
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            message = None
        if message == STARTED:
            # Starting a process is not the stage's time.
            self._running = True
            self._set_deadline(task.stage.timeout_s)
            return None
        answer = understood(message)
        if answer is None:
            self.stop()
            return self._lost("failed", MALFORMED)
        return self._done(*answer)

    def _send(self, task: Task) -> None:
        self._starts += 1
        self._running = False
        self._set_deadline(max(START_S, task.stage.timeout_s))
        message = pickle.dumps((task.stage, task.point, task.log_path))
        if self._process is None:
            with task.log_path.open("wb") as log:
                self._process, self._connection = _spawn(log)
        try:
            self.connection.send_bytes(message)
        except OSError:
            # It died idle. Reading its socket reports that, and the task is sent again.
            return

    def _set_deadline(self, seconds: float) -> None:
        self._started = time.monotonic()
        self.deadline = self._started + seconds

    def _died(self, task: Task) -> Outcome | None:
        status = self.stop()
        # A crash is the stage's own and would recur; a kill from outside earns another attempt.
        innocent = not self._running or -status in (signal.SIGKILL, signal.SIGTERM)
        if innocent and self._starts < MAX_STARTS:
            self._send(task)
            return None
        again = f", {self._starts} times" if self._starts > 1 else ""
        return self._lost("failed", _cause(status) + again)

    def _lost(self, status: str, reason: str) -> Outcome:
        """End a task whose process could not report anything itself."""
        assert self.task is not None, "only a task that was given can end"
        with self.task.log_path.open("ab") as log:
            log.write(f"pezoexplore: {reason}\n".encode())
        return self._done(status, "", reason, time.monotonic() - self._started)

    def _done(
        self, status: str, payload: str, reason: str, seconds: float, *once: float
    ) -> Outcome:
        task, self.task = self.task, None
        assert task is not None, "only a task that was given can end"
        return Outcome(task, status, payload, reason, seconds, log_tail(task.log_path), *once)


def _spawn(log: BinaryIO) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a worker in a new session: Ctrl-C reaches the parent only.

    Args:
        log: Receives output before the first task, such as of a failing import.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from pezoexplore.sweeps.executors.worker import main; main({theirs.fileno()})"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | ENVIRONMENT,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    return process, Connection(ours.detach())


def _cause(status: int) -> str:
    """Return why a worker process ended, from its exit status."""
    if status >= 0:
        return f"the worker process ended with exit status {status}"
    hint = ", out of memory?" if -status == signal.SIGKILL else ""
    return f"the worker process died of signal {-status} ({signal.strsignal(-status)}{hint})"
