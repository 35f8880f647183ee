"""Running stages in worker processes that may hang, crash or be killed."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, BinaryIO

from pezoexplore.explore.processes import kill_tree
from pezoexplore.explore.worker import ENVIRONMENT, STARTED

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.explore.stage import Stage

MAX_STARTS = 3
"""How often a task is given to a worker that dies before it begins."""

LOG_TAIL_BYTES = 8192
"""How much of the end of a log is kept with a result."""


@dataclass(frozen=True)
class Task:
    """One run of a stage.

    Attributes:
        key: What names the result in the store.
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
        reason: One line that says why there is no result; empty for ``ok``.
        seconds: How long it took.
        log: End of the log.
    """

    task: Task
    status: str
    payload: str
    reason: str
    seconds: float
    log: str


def run_tasks(tasks: Sequence[Task], jobs: int) -> Generator[Outcome, None, None]:
    """Run tasks in worker processes and yield each outcome as soon as it is there.

    Closing the iterator, or an exception in it such as KeyboardInterrupt, kills the workers and
    all that they started.

    Args:
        tasks: The tasks, in the order in which they start.
        jobs: Number of worker processes, at least 1.

    Raises:
        ValueError: ``jobs`` is less than 1.
    """
    if jobs < 1:
        raise ValueError(f"{jobs} worker processes cannot do anything")
    waiting = deque(tasks)
    workers = [_Worker() for _ in range(min(jobs, len(waiting)))]
    try:
        while True:
            for worker in workers:
                if worker.task is None and waiting:
                    worker.begin(waiting.popleft())
            busy = [worker for worker in workers if worker.task is not None]
            if not busy:
                return
            for worker in _ready(busy):
                outcome = worker.outcome()
                if outcome is not None:
                    yield outcome
    finally:
        for worker in workers:
            worker.stop()


def log_tail(path: Path, size: int = LOG_TAIL_BYTES) -> str:
    """End of a log as text; empty if there is no log."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - size))
            return log.read(size).decode(errors="replace")
    except OSError:
        return ""


def _ready(busy: list[_Worker]) -> list[_Worker]:
    """The workers that have something to say or are out of time; waits until there is one."""
    left = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
    said = wait([worker.connection for worker in busy], timeout=left)
    now = time.monotonic()
    return [worker for worker in busy if worker.connection in said or worker.deadline <= now]


@dataclass(eq=False)
class _Worker:
    """One place at the bench: a process that is started when needed and again when it died."""

    task: Task | None = None
    deadline: float = 0.0
    _begun: float = 0.0
    _starts: int = 0
    _at_work: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _connection: Connection | None = field(default=None, repr=False)

    @property
    def connection(self) -> Connection:
        assert self._connection is not None, "only a worker with a task is asked"
        return self._connection

    def begin(self, task: Task) -> None:
        """Give the worker a task."""
        self.task, self._starts = task, 0
        task.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._hand_over(task)

    def outcome(self) -> Outcome | None:
        """What became of the task; None while it goes on."""
        assert self.task is not None, "only a worker with a task is asked"
        try:
            if self.connection.poll():
                message = self.connection.recv()
                if message == STARTED:
                    # Starting a process is not the stage's time.
                    self._at_work = True
                    self._wind(self.task)
                    return None
                status, payload, reason, seconds = message
                return self._done(status, payload, reason, seconds)
        except (EOFError, OSError):
            return self._died(self.task)
        if time.monotonic() < self.deadline:
            return None
        self.stop()
        return self._lost("timeout", f"no result after {self.task.stage.timeout_s:g} s")

    def stop(self) -> int:
        """Kill the process and all that it started; its exit status, 0 if there is none."""
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if process is None:
            return 0
        # Not waited for before: until then nobody else can have its process id.
        kill_tree(process.pid)
        return process.wait()

    def _hand_over(self, task: Task) -> None:
        self._starts += 1
        self._at_work = False
        self._wind(task)
        message = pickle.dumps((task.stage, task.point, task.log_path))
        if self._process is None:
            with task.log_path.open("wb") as log:
                self._process, self._connection = _spawn(log)
        try:
            self.connection.send_bytes(message)
        except OSError:
            # It died idle. Reading its socket will say so, and the task is given again.
            return

    def _wind(self, task: Task) -> None:
        self._begun = time.monotonic()
        self.deadline = self._begun + task.stage.timeout_s

    def _died(self, task: Task) -> Outcome | None:
        status = self.stop()
        if not self._at_work and self._starts < MAX_STARTS:
            self._hand_over(task)
            return None
        return self._lost("failed", _cause(status))

    def _lost(self, status: str, reason: str) -> Outcome:
        """The end of a task whose process could not say anything itself."""
        assert self.task is not None, "only a task that was given can end"
        with self.task.log_path.open("ab") as log:
            log.write(f"pezoexplore: {reason}\n".encode())
        return self._done(status, "", reason, time.monotonic() - self._begun)

    def _done(self, status: str, payload: str, reason: str, seconds: float) -> Outcome:
        task, self.task = self.task, None
        assert task is not None, "only a task that was given can end"
        return Outcome(task, status, payload, reason, seconds, log_tail(task.log_path))


def _spawn(log: BinaryIO) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a worker in a session of its own: Ctrl-C reaches the parent only.

    Args:
        log: What the process prints before its first task, such as a failing import.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from pezoexplore.explore.worker import main; main({theirs.fileno()})"
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
    """Why a worker process ended, from its exit status."""
    if status >= 0:
        return f"the worker process ended with exit status {status}"
    hint = ", out of memory?" if -status == signal.SIGKILL else ""
    return f"the worker process died of signal {-status} ({signal.strsignal(-status)}{hint})"
