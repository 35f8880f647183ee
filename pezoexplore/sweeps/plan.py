"""Which runs a sweep needs: every stage of every point, equal ones once.

The plan lies in tables of the run database beside the results, not in memory: a million points take
no more of it than a thousand. The next sweep in the directory replaces it.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pezoexplore.design.point import DesignPoint
from pezoexplore.sweeps.executors.local import Task
from pezoexplore.sweeps.rows import point_ids
from pezoexplore.sweeps.stage import STAGE_ORDER, canonical_json, determinants, sha256
from pezoexplore.sweeps.stage_kinds import HealthStage
from pezoexplore.sweeps.store import COLUMNS, Result, StoreError, result_of

if TYPE_CHECKING:
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.executors.local import Outcome
    from pezoexplore.sweeps.rundir import RunDir
    from pezoexplore.sweeps.stage import Stage
    from pezoexplore.sweeps.store import Found, Record, Store

BATCH = 1000
"""Points planned, and tasks read or looked up, at a time."""

PAGE = 200
"""Points read at a time with the results of all their stages."""

_TABLES = {
    "points": "id TEXT PRIMARY KEY, axes TEXT NOT NULL, task TEXT NOT NULL",
    "uses": "point_id TEXT, stage INTEGER, key TEXT NOT NULL, PRIMARY KEY (point_id, stage)",
    # A task's point and stage are those of its first use: lowest point id, then stage. Its priority
    # is the negated cost estimate in seconds, so that the longest runs sort first.
    "tasks": "key TEXT PRIMARY KEY, point_id TEXT NOT NULL, stage INTEGER NOT NULL, "
    "priority REAL NOT NULL, status TEXT NOT NULL DEFAULT '', ran INTEGER NOT NULL DEFAULT 0, "
    "importing REAL, compiling REAL",
}
"""Columns of the plan's tables; the status of a task is empty until its run has ended."""

_FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)"

_ADD_TASK = """
INSERT INTO tasks (key, point_id, stage, priority) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET point_id = excluded.point_id, stage = excluded.stage, priority = excluded.priority
WHERE (excluded.point_id, excluded.stage) < (point_id, stage)
"""

_END_TASK = "UPDATE tasks SET status = ?, ran = ?, importing = ?, compiling = ? WHERE key = ?"

_TO_DO = f"""
SELECT priority, stage, key, point_id, axes FROM tasks JOIN points ON points.id = point_id
WHERE status = '' AND (priority, stage, key) > (?, ?, ?)
ORDER BY priority, stage, key LIMIT {BATCH}
"""

_RESULTS = f"""
SELECT points.id, axes, points.task, uses.stage, uses.key,
       (tasks.point_id, tasks.stage) = (points.id, uses.stage), ran, importing, compiling,
       {", ".join(f"results.{name}" for name in COLUMNS)}
FROM points
LEFT JOIN uses ON uses.point_id = points.id
LEFT JOIN tasks ON tasks.key = uses.key
LEFT JOIN results ON results.key = uses.key
WHERE points.id IN (SELECT id FROM points WHERE id > ? ORDER BY id LIMIT {PAGE})
ORDER BY points.id, uses.stage
"""


@dataclass(frozen=True)
class Use:
    """One stage of one point, and the result that serves it.

    Attributes:
        point_id: Identity of the point.
        point: The point.
        stage: The stage.
        owner: Whether the run was planned for this use; other uses of the same key share it.
        result: The result.
    """

    point_id: str
    point: DesignPoint
    stage: Stage
    owner: bool
    result: Result


class Plan:
    """All runs of a sweep and how they ended; get one from :func:`make_plan`.

    Safe to use from several threads.

    Attributes:
        stages: The stages, in ``STAGE_ORDER``.
        store: Where the plan and the results are kept.
        stored: Number of tasks that the store had a record for.
    """

    def __init__(self, store: Store, stages: Sequence[Stage], run_dir: RunDir) -> None:
        """Replace the plan of an earlier sweep by an empty one; see :func:`make_plan`."""
        rank = {name: index for index, name in enumerate(STAGE_ORDER)}
        self.stages = sorted(stages, key=lambda stage: (rank[stage.name], stage.label))
        self.store, self.stored, self._run_dir = store, 0, run_dir
        for table, columns in _TABLES.items():
            store.query(f"DROP TABLE IF EXISTS {table}")
            store.query(f"CREATE TABLE {table} ({columns}) WITHOUT ROWID")
        store.query("CREATE INDEX todo ON tasks (priority, stage, key) WHERE status = ''")

    def add(self, named: Mapping[str, DesignPoint], task: str) -> None:
        """Plan the runs of points by id on a task; those already planned stay as they are.

        Raises:
            PezoError: Something that determines a result cannot be read.
        """
        points, uses, tasks = [], [], []
        for identity, point in sorted(named.items()):
            points.append((identity, canonical_json(point.to_json()), task))
            for number, stage in enumerate(self.stages):
                if stage.task in (None, task) and stage.applies(point):
                    key = sha256(determinants(stage, point))
                    uses.append((identity, number, key))
                    tasks.append((key, identity, number, -stage.cost(point)))
        with self.store.transaction():
            self.store.write("INSERT OR IGNORE INTO points VALUES (?, ?, ?)", points)
            self.store.write("INSERT OR IGNORE INTO uses VALUES (?, ?, ?)", uses)
            self.store.write(_ADD_TASK, tasks)

    def look_up(self, retry: bool) -> None:
        """Take from the store what is there, save failures that are to be tried again."""
        with self.store.transaction():
            keys = self.keys()
            while batch := list(itertools.islice(keys, BATCH)):
                known = [(self.store.get(key), stage) for key, stage in batch]
                found = [
                    result_of(record, stage, ran=False)
                    for record, stage in known
                    if record is not None and (record.status == "ok" or not retry)
                ]
                self._done(found)
                self.stored += len(found)

    def keep(self, runs: Iterable[Outcome | Found]) -> list[Result]:
        """Keep runs in the store, note how their tasks ended, and return their results in order."""
        with self.store.transaction():
            results = self.store.keep(runs)
            self._done(results)
        return results

    def _done(self, results: Iterable[Result]) -> None:
        ended = [(one.status, one.ran, *one.once, one.record.key) for one in results]
        self.store.write(_END_TASK, ended)

    def to_do(self) -> Iterator[Task]:
        """Yield the tasks not done, longest first: one started last would leave workers idle."""
        after: tuple[Any, ...] = (float("-inf"), -1, "")
        while rows := self.store.query(_TO_DO, *after):
            for priority, number, key, identity, axes in rows:
                after = priority, number, key
                stage = self.stages[number]
                log = self._run_dir.log(identity, stage.label)
                yield Task(key, stage, identity, _point(axes), log)

    def keys(self) -> Iterator[tuple[str, Stage]]:
        """Yield every key with its stage, sorted by key."""
        query = f"SELECT key, stage FROM tasks WHERE key > ? ORDER BY key LIMIT {BATCH}"
        after = ""
        while rows := self.store.query(query, after):
            for after, number in rows:
                yield after, self.stages[number]

    def results(self) -> Iterator[tuple[str, DesignPoint, str, list[Use]]]:
        """Yield id, point, task and uses (in ``STAGE_ORDER``) of each point, sorted by id.

        Raises:
            StoreError: A record was lost or damaged since its run ended.
        """
        after = ""
        while rows := self.store.query(_RESULTS, after):
            for (after, axes, task), of in itertools.groupby(rows, key=lambda row: row[:3]):
                point = _point(axes)
                uses = [self._use(after, point, *row[3:]) for row in of if row[3] is not None]
                yield after, point, task, uses

    def uses(self) -> Iterator[Use]:
        """Yield every stage of every point, points in order."""
        for *_, uses in self.results():
            yield from uses

    def tally(self) -> dict[tuple[str, str, bool], int]:
        """Count the runs by stage name, status and whether they were run in this sweep."""
        counts: dict[tuple[str, str, bool], int] = {}
        query = "SELECT stage, status, ran, count(*) FROM tasks GROUP BY 1, 2, 3"
        for number, status, ran, count in self.store.query(query):
            group = self.stages[number].name, status, bool(ran)
            counts[group] = counts.get(group, 0) + count
        return counts

    def count(self, table: str) -> int:
        """Count the rows of one of the plan's tables: ``points``, ``uses`` or ``tasks``."""
        ((number,),) = self.store.query(f"SELECT count(*) FROM {table}")
        return int(number)

    def _use(
        self, identity: str, point: DesignPoint, number: int, key: str, owner: int, ran: int,
        importing: float, compiling: float,
        *record: Any,  # noqa: ANN401 - whatever a damaged file holds
    ) -> Use:  # fmt: skip
        stage = self.stages[number]
        once = importing, compiling
        result = self.store.result(record, stage, ran=bool(ran), once=once)
        if result is None:
            raise StoreError(
                f"the store lost the {stage.label} result {key}: run again to remake it"
            )
        return Use(identity, point, stage, bool(owner), result)


def make_plan(
    space: DesignSpace,
    points: Iterable[DesignPoint],
    stages: Sequence[Stage],
    run_dir: RunDir,
    store: Store,
    retry: bool = True,
) -> Plan:
    """Plan the runs for points of a design space on each of its tasks, all or nothing.

    What the store has is not run again.

    Args:
        space: The design space, for its settings.
        points: Its points, in any order; taken one by one.
        stages: The stages wanted, in any order.
        run_dir: Where the logs go.
        store: Where the plan is kept.
        retry: Whether runs in the store that failed or ran out of time are tried again.

    Raises:
        PezoError: Something that determines a result cannot be read, or the store not written.
    """
    identities, rest = {task: point_ids(space, task) for task in space.tasks}, iter(points)
    layers = {stage.task: dict(stage.layers) for stage in stages if isinstance(stage, HealthStage)}
    skipped: Counter[tuple[str, str]] = Counter()
    with store.transaction():
        plan = Plan(store, stages, run_dir)
        while batch := list(itertools.islice(rest, BATCH)):
            first = layers.get(space.tasks[0], {})
            skipped.update(_skips(plan.stages, [_shaped(point, first) for point in batch]))
            for task, identity in identities.items():
                shapes = layers.get(task, {})
                plan.add({identity(point): _shaped(point, shapes) for point in batch}, task)
        design: dict[str, object] = {
            "name": space.name,
            "stages": [[stage.name, stage.target] for stage in plan.stages],
            "targets": sorted(space.hardware.names),
            "constraints": [str(constraint) for constraint in space.constraints],
        }
        if skipped:
            design["skipped"] = [[*what, count] for what, count in sorted(skipped.items())]
        note(store, "design", design | space.objectives.model_dump(mode="json"))
    plan.look_up(retry)
    return plan


def _shaped(point: DesignPoint, layers: Mapping[str, str]) -> DesignPoint:
    """Return a point with the shapes of its scope's tensors, if it has outer products."""
    return replace(point, layers=layers.get(point.scope)) if point.outer_products else point


def _skips(stages: Iterable[Stage], points: Sequence[DesignPoint]) -> Iterator[tuple[str, str]]:
    """Yield stage and reason of every run that is skipped."""
    for stage in stages:
        for point in points:
            if reason := stage.skip_reason(point):
                yield stage.label, reason


def note(store: Store, name: str, value: object) -> None:
    """Keep a fact for who looks on, in place of an earlier one: ``design`` or ``study``, as JSON.

    Raises:
        StoreError: It cannot be written.
    """
    with store.transaction():
        store.query(_FACTS)
        store.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, canonical_json(value))])


def records_by_point(store: Store) -> Iterator[tuple[str, Record]]:
    """Yield point id and record of each stage of each point of the sweep that planned last.

    Damaged records are left out; a store that no sweep has planned in yields nothing.

    Raises:
        StoreError: The file is damaged or cannot be read.
    """
    if not store.query("SELECT 1 FROM sqlite_master WHERE name = 'uses'"):
        return
    columns = ", ".join(f"results.{name}" for name in COLUMNS)
    query = (
        f"SELECT point_id, uses.stage, {columns} FROM uses"
        " JOIN results ON results.key = uses.key"
        f" WHERE (point_id, uses.stage) > (?, ?) ORDER BY point_id, uses.stage LIMIT {BATCH}"
    )
    after: tuple[Any, ...] = ("", -1)
    while rows := store.query(query, *after):
        for row in rows:
            after = row[:2]
            record = store.checked(row[2:])
            if record is not None:
                yield row[0], record


def _point(axes: str) -> DesignPoint:
    return DesignPoint.from_json(json.loads(axes))
