"""Keep every finished stage of a run in a database, under a hash of what determines it.

A run's outcome becomes a record, which is kept, and a record a result, which is checked.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from pezoexplore.design.columns import COLUMN_HELP, RESULT_HELP
from pezoexplore.design.kinds import is_number
from pezoexplore.errors import PezoError
from pezoexplore.sweeps.rows import FORMATS
from pezoexplore.sweeps.stage import canonical_json, determinants, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from pezoexplore.sweeps.executors.local import Outcome, Task
    from pezoexplore.sweeps.stage import Payload, Stage

APPLICATION_ID = 0x50655A4F
"""Marks an SQLite file as ours (``PeZO``), at byte 68 of its header."""

SCHEMA_VERSION = 2

BUSY_TIMEOUT_S = 30.0
"""How long to wait while something else, such as a database browser, reads the store."""

QUICK_CHECK_BYTES = 2**28
"""Up to this size the file's structure is checked when it is opened; each record is when read."""

CACHE_KIB = 8192
"""Memory for pages of the file."""

CHANGED = "what determines this result changed while it was made (an edited RTL file?): run again"
"""Reason of a run whose result nobody could name."""

MAX_TEXT = 1000
"""Most characters of a reason that is kept, and of a result that is text."""

Once = tuple[float, float]
"""Seconds of imports and of compilation, which later runs in a process do without."""

_SCHEMA = """
CREATE TABLE results (
    key TEXT PRIMARY KEY,          -- SHA-256 of determinants
    stage TEXT NOT NULL,           -- name of the stage
    determinants TEXT NOT NULL,    -- canonical JSON of everything that determines the result
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'timeout')),
    payload TEXT NOT NULL,         -- canonical JSON of the result; empty unless ok
    reason TEXT NOT NULL,          -- why there is no result; empty if ok
    seconds REAL NOT NULL,
    log TEXT NOT NULL,             -- end of the log
    digest TEXT NOT NULL DEFAULT ''  -- SHA-256 of all the above
)
"""


class StoreError(PezoError):
    """A store that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Record:
    """One finished run of a stage, as the store keeps it.

    Attributes:
        key: SHA-256 of ``determinants``, hexadecimal.
        stage: Name of the stage.
        determinants: Canonical JSON of everything that determines the result.
        status: ``ok``, ``failed`` or ``timeout``.
        payload: Canonical JSON of the result; empty unless ``ok``.
        reason: One line on why there is no result; empty if ``ok``.
        seconds: How long the run took.
        log: End of the run's log.
    """

    key: str
    stage: str
    determinants: str
    status: str
    payload: str
    reason: str
    seconds: float
    log: str

    @property
    def values(self) -> tuple[str | float, ...]:
        """Return the fields, in order."""
        return tuple(getattr(self, one.name) for one in fields(self))

    def digest(self) -> str:
        """Return SHA-256 over the whole record; a damaged record has another."""
        return sha256(canonical_json(self.values))


@dataclass(frozen=True)
class Result:
    """A record with its verdict; make it with :func:`result_of` or :func:`ended`.

    Attributes:
        record: The record.
        payload: The stage's result; empty if there is none.
        status: ``ok``, ``failed`` or ``timeout``; a result may be there and still be a failure.
        reason: Why it is not ok, in one line.
        ran: Whether it was run in this sweep rather than taken from the store.
        once: Seconds of imports and of compilation, of a run of this sweep.
    """

    record: Record
    payload: Payload
    status: str
    reason: str
    ran: bool
    once: Once


@dataclass(frozen=True)
class Found:
    """A run that the shared cache has a record of.

    Attributes:
        task: What was to be run.
        record: The record.
    """

    task: Task
    record: Record


COLUMNS = (*(field.name for field in fields(Record)), "digest")
"""Columns of the table `results`, as :meth:`Store.checked` takes them."""

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM results"


class Store:
    """The database of a run: results by key, and the plan of the sweep, in one SQLite file.

    A record given to :meth:`put` is on the disk on return. Safe to use from several threads.

    The rollback journal is used rather than a write-ahead log: it is as safe for one writer,
    leaves one file, and works on network file systems.

    Args:
        path: The file; made when it is not there.

    Attributes:
        damaged: Keys whose records were found damaged; they count as not there.

    Raises:
        StoreError: The file is damaged, is not ours or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Open the store; see the class."""
        self._path = path
        self.damaged: list[str] = []
        self._lock = threading.RLock()
        with self._explained():
            self._database = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._database.close()

    def get(self, key: str) -> Record | None:
        """Return the record of a key; None if there is none that is undamaged.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        rows = self.query(f"{_SELECT} WHERE key = ?", key)
        return self.checked(rows[0]) if rows else None

    def put(self, *records: Record) -> None:
        """Keep records, in place of those their keys had, all or nothing.

        They are on the disk on return, unless in a :meth:`transaction`: waiting for the disk once
        for several is much faster.

        Raises:
            StoreError: They cannot be written, for example because the disk is full.
        """
        rows = [(*record.values, record.digest()) for record in records]
        with self.transaction():
            self.write("INSERT OR REPLACE INTO results VALUES (?,?,?,?,?,?,?,?,?)", rows)

    def keep(self, runs: Iterable[Outcome | Found]) -> list[Result]:
        """Keep the records of runs, as :meth:`put`, and return their results, in order."""
        results = [
            result_of(run.record, run.task.stage, ran=False)
            if isinstance(run, Found)
            else ended(run)
            for run in runs
        ]
        self.put(*(result.record for result in results))
        return results

    def records(self) -> Iterator[Record]:
        """Yield all undamaged records, sorted by key.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        after = ""
        while rows := self.query(f"{_SELECT} WHERE key > ? ORDER BY key LIMIT 500", after):
            after = rows[-1][0]
            for row in rows:
                record = self.checked(row)
                if record is not None:
                    yield record

    def checked(self, row: Sequence[Any]) -> Record | None:
        """Return the record of a row of ``COLUMNS``; None if it is damaged or nothing but NULL."""
        record, digest = Record(*row[:-1]), row[-1]
        try:
            if record.digest() == digest:
                return record
        except (TypeError, ValueError):
            pass
        if digest is not None:
            self.damaged.append(record.key)
        return None

    def result(self, row: Sequence[Any], stage: Stage, *, ran: bool, once: Once) -> Result | None:
        """Return the result of a row of ``COLUMNS``; None as :meth:`checked`."""
        record = self.checked(row)
        return None if record is None else result_of(record, stage, ran=ran, once=once)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises:
            StoreError: The file is damaged or cannot be used.
        """
        with self._lock, self._explained():
            return self._database.execute(sql, values).fetchall()

    def write(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of some rows; within :meth:`transaction`."""
        with self._explained():
            self._database.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all or nothing, on the disk at the end; one within another is part of it.

        Raises:
            StoreError: It cannot be written, for example because the disk is full.
        """
        with self._lock, self._explained():
            if self._database.in_transaction:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        """Check what is there, and make what is not, all or nothing."""
        database = self._database
        # Bytes that are no text any more must reach the comparison of digests.
        database.text_factory = lambda data: data.decode(errors="replace")
        # A file from elsewhere: views and triggers in it may not call anything.
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if self._number("schema_version") == 0 and self._number("application_id") == 0:
            with self.transaction():
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                database.execute(_SCHEMA)
        if self._number("application_id") != APPLICATION_ID:
            raise StoreError(f"{self._path} is not a pezoexplore store: choose another folder")
        if self._number("user_version") != SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by another version of pezoexplore: choose another folder"
            )
        if self._number("page_size") * self._number("page_count") <= QUICK_CHECK_BYTES:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)

    def _number(self, pragma: str) -> int:
        (value,) = self._database.execute(f"PRAGMA {pragma}").fetchone()
        return int(value)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"{self._path}: {error}; check the disk's free space and who else uses the file, "
                "then run again: nothing finished is lost"
            ) from error
        except sqlite3.DatabaseError as error:
            why = " ".join(str(error).split())
            raise StoreError(
                f"{self._path} is damaged ({why}): delete it to start afresh, or restore a copy"
            ) from error


def ended(outcome: Outcome) -> Result:
    """Return the result of a run that ended; a failure without one or if its key changed."""
    task, status, reason = outcome.task, outcome.status, outcome.reason
    try:
        content = determinants(task.stage, task.point)
    except PezoError as error:
        content = str(error)
    if status == "ok":
        reason = malformed(json.loads(outcome.payload))
        if not reason and sha256(content) != task.key:
            reason = CHANGED
        status = "failed" if reason else status
    record = Record(
        key=task.key,
        stage=task.stage.name,
        determinants=content,
        status=status,
        payload=outcome.payload if status == "ok" else "",
        reason=_printable(reason),
        seconds=outcome.seconds,
        log=outcome.log,
    )
    once = outcome.importing, outcome.compiling
    return result_of(record, task.stage, ran=True, once=once)


def malformed(payload: Payload) -> str:
    """Return what is wrong with the form of a result, in one line; empty if nothing is.

    A cell must have the type of its column, whoever made the result: a number, numbers for the
    seeds, or a short text. No result may set a column of the point itself.
    """
    for name, value in payload.items():
        if name in COLUMN_HELP and value is not None and not _fits(name, value):
            return f"the result's {name} is not what that column holds"
    step = payload.get("diverged_step")
    return "" if step is None or is_number(step) else "the result's diverged_step is no number"


def _fits(column: str, value: object) -> bool:
    if column == "accuracy_per_seed":
        return isinstance(value, list) and all(is_number(item) for item in value)
    if column in FORMATS:
        return is_number(value)
    short_text = isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()
    return column in RESULT_HELP and short_text


def _printable(text: str) -> str:
    """Return a line that a terminal prints as it is, without commands to it."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MAX_TEXT]
    )


def result_of(record: Record, stage: Stage, *, ran: bool, once: Once = (0.0, 0.0)) -> Result:
    """Return the result of a record, the stage's own verdict included."""
    if record.status != "ok":
        return Result(record, {}, record.status, record.reason, ran, once)
    payload = json.loads(record.payload)
    if wrong := malformed(payload):
        return Result(record, {}, "failed", wrong, ran, once)
    verdict = stage.verdict(payload)
    return Result(record, payload, "failed" if verdict else "ok", verdict or "", ran, once)
