"""Collect the results of a plan: from the store, the shared cache or an executor, into the store.

A separate thread drives the executor. The calling thread alone writes to the store: it takes all
that is ready, stores it in one transaction and then reports progress. So waiting for the disk
delays no worker, and a result that was reported is never lost.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.sweeps.cache import CacheError
from pezoexplore.sweeps.expected import Expected
from pezoexplore.sweeps.store import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.sweeps.cache import Cache
    from pezoexplore.sweeps.executors.local import Executor, Outcome, Task
    from pezoexplore.sweeps.plan import Plan
    from pezoexplore.sweeps.store import Record

log = logging.getLogger(__name__)

MOST_KEPT = 1000
"""Results kept at a time."""


@dataclass(frozen=True)
class Progress:
    """Progress of a sweep: how many runs are done, and which one just ended.

    Attributes:
        done: Runs that are there, those taken from the store included.
        total: Runs the sweep needs.
        stage: Label of the stage that just ended; empty for the first report.
        point: The point it ended for; None for the first report.
        status: ``ok``, ``failed`` or ``timeout``.
        reason: One line on why there is no result.
        seconds: How long it took.
        task: Its training task, where the sweep has several.
        worked_s: Seconds of the runs that this sweep has made.
        left_s: Expected seconds of the runs that are not done.
        running: Returns the names of what runs right now.
    """

    done: int
    total: int
    stage: str = ""
    point: DesignPoint | None = None
    status: str = ""
    reason: str = ""
    seconds: float = 0.0
    task: str = ""
    worked_s: float = 0.0
    left_s: float = 0.0
    running: Callable[[], Sequence[str]] = tuple

    @property
    def name(self) -> str:
        """Name the stage that just ended, its point, and its task where there are several."""
        return "" if self.point is None else named(self.stage, self.point, self.task)


def named(stage: str, point: DesignPoint, task: str) -> str:
    """Return what a run is called."""
    return f"{stage} {point.label()}" + f" on {task}" * bool(task)


def collect(
    plan: Plan,
    execute: Executor,
    *,
    cache: Cache | None,
    progress: Callable[[Progress], None],
) -> None:
    """Ensure that the plan and its store have a record for every key of the plan.

    Args:
        plan: The plan.
        execute: Runs the stages.
        cache: Finished runs shared with other sweeps; None for none.
        progress: Called first with what is there, then whenever a run ends.

    Raises:
        PezoError: The store cannot be written, or nothing can be run.
        KeyboardInterrupt: Ctrl-C; all that had ended is in the store.
    """
    collector = _Collector(plan, cache, progress)
    collector.begin()
    collector.run(execute)


class _Collector:
    """The work of :func:`collect`."""

    def __init__(
        self,
        plan: Plan,
        cache: Cache | None,
        progress: Callable[[Progress], None],
    ) -> None:
        self._plan, self._store, self._cache = plan, plan.store, cache
        self._expected = Expected(plan.store.query)
        self._progress = progress
        self._warned: set[str] = set()
        self._inbox: queue.SimpleQueue[Outcome | Found | str | BaseException | None]
        self._inbox = queue.SimpleQueue()
        self._stop = threading.Event()
        self._done, self._total = plan.stored, plan.count("tasks")
        self._numbers = {id(stage): number for number, stage in enumerate(plan.stages)}
        self._several = len({stage.task for stage in plan.stages} - {None}) > 1
        self._running: dict[str, str] = {}

    def begin(self) -> None:
        """Report what the store has."""
        if damaged := self._store.damaged:
            log.warning(
                f"{len(damaged)} damaged in the store, to be made again; the first: {damaged[0]}"
            )
        left = self._expected.left_s
        self._progress(
            Progress(
                self._done, self._total, left_s=left, running=lambda: [*self._running.values()]
            )
        )

    def run(self, execute: Executor) -> None:
        """Make what is missing."""
        if self._done == self._total:
            return
        runner = threading.Thread(target=self._run, args=(execute,), name="runner")
        try:
            runner.start()
            while batch := self._ready():
                self._keep(batch)
        except KeyboardInterrupt:
            self._end(runner)
            while batch := self._ready():
                self._keep(batch)
            raise
        finally:
            self._end(runner)
            self._tell_of_damage()

    def _end(self, runner: threading.Thread) -> None:
        """Let the running thread end, if it was started."""
        self._stop.set()
        if runner.ident is not None:
            runner.join()
        else:
            self._inbox.put(None)

    def _run(self, execute: Executor) -> None:
        """Run the executor: the body of the running thread."""
        try:
            with closing(execute(self._tasks(), self._stop)) as outcomes:
                for outcome in outcomes:
                    self._inbox.put(outcome)
        except BaseException as error:  # noqa: BLE001 - raised again where the results are kept
            self._inbox.put(error)
        self._inbox.put(None)

    def _tasks(self) -> Iterator[Task | None]:
        """Yield what to run, in the running thread; None while only others' runs are missing."""
        waiting: deque[Task] = deque()
        for task in self._plan.to_do():
            if self._stop.is_set():
                return
            if self._mine(task):
                yield self._begun(task)
            elif not self._found(task):
                waiting.append(task)
        while waiting and not self._stop.is_set():
            task = waiting.popleft()
            if self._mine(task):
                yield self._begun(task)
            elif not self._found(task):
                waiting.append(task)
                yield None

    def _begun(self, task: Task) -> Task:
        self._running[task.key] = named(task.stage.label, task.point, self._task(task))
        return task

    def _task(self, task: Task) -> str:
        return (task.stage.task or "") if self._several else ""

    def _mine(self, task: Task) -> bool:
        """Return whether to run a task here: nobody has its result or is running it."""
        if self._cache is None:
            return True
        if self._cached(task) is not None or not self._cache.claim(task.key):
            return False
        # The other may have ended between the look and the claim.
        if self._cached(task) is None:
            return True
        self._cache.release(task.key)
        return False

    def _found(self, task: Task) -> bool:
        """Return whether the cache has the result, which is then on its way to the store."""
        record = self._cached(task)
        if record is not None:
            self._inbox.put(Found(task, record))
        return record is not None

    def _cached(self, task: Task) -> Record | None:
        assert self._cache is not None, "only called where there is one"
        try:
            return self._cache.get(task.key)
        except CacheError as error:
            self._inbox.put(str(error))
            return None

    def _ready(self) -> list[Outcome | Found | str]:
        """Return what is in the inbox, at least one item; nothing once the runs are over."""
        batch: list[Outcome | Found | str] = []
        while len(batch) < MOST_KEPT:
            try:
                item = self._inbox.get(block=not batch)
            except queue.Empty:
                return batch
            if isinstance(item, BaseException):
                self._keep(batch)
                raise item
            if item is None:
                # Put back, so that the next call ends too once this batch is stored.
                if batch:
                    self._inbox.put(None)
                return batch
            batch.append(item)
        return batch

    def _keep(self, batch: list[Outcome | Found | str]) -> None:
        """Write to the store first, then to the cache, then report."""
        for text in batch:
            if isinstance(text, str) and text not in self._warned:
                self._warned.add(text)
                log.warning(text)
        items = [item for item in batch if not isinstance(item, str)]
        if not items:
            return
        results = self._plan.keep(items)
        for result in results:
            if result.ran:
                self._share(result.record)
        for item, result in zip(items, results, strict=True):
            self._done += 1
            self._running.pop(item.task.key, None)
            stage = item.task.stage
            if result.status == "ok" and not result.ran:
                stage.clear(item.task.log_path)
            cost, seconds = stage.cost(item.task.point), result.record.seconds
            self._expected.ended(self._numbers[id(stage)], cost, seconds, ran=result.ran)
            self._progress(
                Progress(
                    done=self._done,
                    total=self._total,
                    stage=stage.label,
                    point=item.task.point,
                    status=result.status,
                    reason=result.reason,
                    seconds=seconds,
                    task=self._task(item.task),
                    worked_s=self._expected.worked_s,
                    left_s=self._expected.left_s,
                    running=lambda: [*self._running.values()],
                )
            )

    def _share(self, record: Record) -> None:
        if self._cache is None:
            return
        try:
            self._cache.put(record)
        except CacheError as error:
            if str(error) not in self._warned:
                self._warned.add(str(error))
                log.warning(f"{error}; the run directory has the result")
        self._cache.release(record.key)

    def _tell_of_damage(self) -> None:
        if self._cache is not None and self._cache.damaged:
            log.warning(
                f"{len(self._cache.damaged)} damaged in the cache {self._cache.folder}, made "
                f"again; the first: {self._cache.damaged[0]}"
            )
