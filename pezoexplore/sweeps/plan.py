"""Which runs a sweep needs: every stage of every point, equal ones once.

A plan lies in a scratch database in the run directory's work folder, not in memory: a million
points take no more of it than a thousand. The folder is emptied when the run ends, so nothing in
the database need survive anything.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pezoexplore.design.point import DesignPoint
from pezoexplore.sweeps.executors.local import Task
from pezoexplore.sweeps.rows import point_id
from pezoexplore.sweeps.stage import STAGE_ORDER, determinants, sha256

if TYPE_CHECKING:
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.rundir import RunDir
    from pezoexplore.sweeps.stage import Stage

Value = TypeVar("Value", covariant=True)

BATCH = 1000
"""Points planned, and keys read, at a time."""

CACHE_KIB = 8192
"""Memory of the scratch database; what does not fit lies on the disk."""

_SCHEMA = """
CREATE TABLE points (id TEXT PRIMARY KEY, axes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE uses (
    point_id TEXT, stage INTEGER, key TEXT NOT NULL, PRIMARY KEY (point_id, stage)
) WITHOUT ROWID;
CREATE TABLE tasks (
    key TEXT PRIMARY KEY,
    point_id TEXT NOT NULL,             -- the first use: lowest point id, then stage
    stage INTEGER NOT NULL,
    haste REAL NOT NULL,                -- the rough seconds of a run, negative: longest first
    status TEXT NOT NULL DEFAULT '',    -- empty until the run is over
    ran INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX todo ON tasks (haste, stage, key) WHERE status = '';
"""

_ADD_TASK = """
INSERT INTO tasks (key, point_id, stage, haste) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET point_id = excluded.point_id, stage = excluded.stage, haste = excluded.haste
WHERE (excluded.point_id, excluded.stage) < (point_id, stage)
"""


@dataclass(frozen=True)
class Use:
    """One stage of one point, and the key of the run that serves it.

    Attributes:
        point_id: Identity of the point.
        stage: The stage.
        key: Key of the run, which other uses may share.
    """

    point_id: str
    stage: Stage
    key: str


class Plan:
    """All that a sweep is about to do; get one from :func:`make_plan`.

    Safe to use from several threads.

    Attributes:
        stages: The stages, in ``STAGE_ORDER``.
        points: Distinct points by id, sorted by it.
        uses: The stages of each point, in ``STAGE_ORDER``.
        tasks: One task for each distinct key, in the order of first use.
        determinants: Canonical JSON behind each key.
    """

    def __init__(self, stages: Sequence[Stage], run_dir: RunDir) -> None:
        """An empty plan; see :func:`make_plan`."""
        rank = {name: place for place, name in enumerate(STAGE_ORDER)}
        self.stages = sorted(stages, key=lambda stage: (rank[stage.name], stage.label))
        self._run_dir = run_dir
        run_dir.work.mkdir(parents=True, exist_ok=True)
        descriptor, self._path = tempfile.mkstemp(".sqlite", "plan-", run_dir.work)
        os.close(descriptor)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.executescript(_SCHEMA)
        first = "key, point_id, stage"
        self.points: Mapping[str, DesignPoint] = _View(self, "points", "id", "axes", _point)
        self.uses: Mapping[str, list[Use]] = _View(self, "points", "id", "id", self._uses)
        self.tasks: Mapping[str, Task] = _View(self, "tasks", "key", first, self._task)
        self.determinants: Mapping[str, str] = _View(
            self, "tasks", "key", first, self._determinants
        )

    def close(self) -> None:
        """Give the scratch database up."""
        with self._lock:
            self._database.close()

    def all_uses(self) -> Iterator[Use]:
        """Every stage of every point, points in order."""
        for uses in self.uses.values():
            yield from uses

    def owner(self, use: Use) -> bool:
        """Whether the run was planned for this use; others of the same key share it."""
        (row,) = self.ask("SELECT point_id, stage FROM tasks WHERE key = ?", use.key)
        return tuple(row) == (use.point_id, self._number(use.stage))

    def add(self, named: Mapping[str, DesignPoint]) -> None:
        """Plan the runs of points by id; those already planned stay as they are.

        Raises:
            PezoError: Something that determines a result cannot be read.
        """
        points, uses, tasks = [], [], []
        for identity, point in sorted(named.items()):
            points.append((identity, json.dumps(asdict(point))))
            for number, stage in enumerate(self.stages):
                if stage.applies(point):
                    key = sha256(determinants(stage, point))
                    uses.append((identity, number, key))
                    tasks.append((key, identity, number, -stage.cost(point)))
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO points VALUES (?, ?)", points)
            self._database.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?, ?)", uses)
            self._database.executemany(_ADD_TASK, tasks)
            self._database.execute("COMMIT")

    def done(self, runs: Iterable[tuple[str, str, bool]]) -> None:
        """Note how runs ended: key, status, and whether it was run just now."""
        update = "UPDATE tasks SET status = ?, ran = ? WHERE key = ?"
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany(update, ((end, ran, key) for key, end, ran in runs))
            self._database.execute("COMMIT")

    def to_do(self) -> Iterator[Task]:
        """Tasks not done, longest first: a long one started last would leave workers idle."""
        after: tuple[Any, ...] = (float("-inf"), -1, "")
        query = (
            "SELECT haste, stage, key, point_id FROM tasks"
            " WHERE status = '' AND (haste, stage, key) > (?, ?, ?)"
            f" ORDER BY haste, stage, key LIMIT {BATCH}"
        )
        while rows := self.ask(query, *after):
            for haste, stage, key, identity in rows:
                after = haste, stage, key
                yield self._task(key, identity, stage)

    def key_stages(self) -> Iterator[tuple[str, Stage]]:
        """Every key with its stage, sorted by key."""
        query = f"SELECT key, stage FROM tasks WHERE key > ? ORDER BY key LIMIT {BATCH}"
        after = ""
        while rows := self.ask(query, after):
            for key, number in rows:
                after = key
                yield key, self.stages[number]

    def stage(self, key: str) -> tuple[Stage, bool]:
        """Stage of a key, and whether it was run just now.

        Raises:
            KeyError: The plan has no such key.
        """
        rows = self.ask("SELECT stage, ran FROM tasks WHERE key = ?", key)
        if not rows:
            raise KeyError(key)
        number, ran = rows[0]
        return self.stages[number], bool(ran)

    def tally(self) -> dict[tuple[str, str, bool], int]:
        """Number of runs by stage name, status and whether they were run just now."""
        counts: dict[tuple[str, str, bool], int] = {}
        query = "SELECT stage, status, ran, count(*) FROM tasks GROUP BY 1, 2, 3"
        for number, status, ran, count in self.ask(query):
            group = self.stages[number].name, status, bool(ran)
            counts[group] = counts.get(group, 0) + count
        return counts

    def ask(self, query: str, *values: object) -> list[Any]:
        """All rows of a query to the scratch database."""
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _number(self, stage: Stage) -> int:
        return next(n for n, known in enumerate(self.stages) if known.label == stage.label)

    def _uses(self, identity: str) -> list[Use]:
        rows = self.ask("SELECT stage, key FROM uses WHERE point_id = ? ORDER BY stage", identity)
        return [Use(identity, self.stages[number], key) for number, key in rows]

    def _task(self, key: str, identity: str, number: int) -> Task:
        stage = self.stages[number]
        log = self._run_dir.log(identity, stage.label)
        return Task(key, stage, identity, self.points[identity], log)

    def _determinants(self, key: str, identity: str, number: int) -> str:
        return determinants(self.stages[number], self.points[identity])


class _View(Mapping[str, Value]):
    """One table of a plan as a mapping: read when asked, in pages when walked through."""

    def __init__(
        self,
        plan: Plan,
        table: str,
        key: str,
        columns: str,
        load: Callable[..., Value],
    ) -> None:
        self._plan, self._table, self._key, self._columns = plan, table, key, columns
        self._load = load

    def __getitem__(self, key: str) -> Value:
        query = f"SELECT {self._columns} FROM {self._table} WHERE {self._key} = ?"
        rows = self._plan.ask(query, key)
        if not rows:
            raise KeyError(key)
        return self._load(*rows[0])

    def __len__(self) -> int:
        (row,) = self._plan.ask(f"SELECT count(*) FROM {self._table}")
        return int(row[0])

    def __iter__(self) -> Iterator[str]:
        if self._table == "points":
            query = f"SELECT id FROM points WHERE id > ? ORDER BY id LIMIT {BATCH}"
            after = ""
            while rows := self._plan.ask(query, after):
                for (after,) in rows:
                    yield after
            return
        # In the order of first use: the uses that own their task, page by page.
        query = (
            "SELECT uses.point_id, uses.stage, tasks.key FROM uses JOIN tasks"
            " ON tasks.key = uses.key AND tasks.point_id = uses.point_id"
            " AND tasks.stage = uses.stage WHERE (uses.point_id, uses.stage) > (?, ?)"
            f" ORDER BY uses.point_id, uses.stage LIMIT {BATCH}"
        )
        at: tuple[str, int] = ("", -1)
        while rows := self._plan.ask(query, *at):
            for identity, stage, key in rows:
                at = identity, stage
                yield key


def make_plan(
    space: DesignSpace, points: Iterable[DesignPoint], stages: Sequence[Stage], run_dir: RunDir
) -> Plan:
    """Plan the runs for points of a design space.

    Args:
        space: The design space, for its settings.
        points: Its points, in any order; taken one by one.
        stages: The stages wanted, in any order.
        run_dir: Where the logs go, and the plan meanwhile.

    Raises:
        PezoError: Something that determines a result cannot be read.
    """
    train = space.train.determining()
    hardware = space.hardware.model_dump(mode="json")
    plan = Plan(stages, run_dir)
    rest = iter(points)
    while batch := list(itertools.islice(rest, BATCH)):
        plan.add({point_id(point.to_json(), space.task, train, hardware): point for point in batch})
    return plan


def _point(axes: str) -> DesignPoint:
    return DesignPoint(**json.loads(axes))
