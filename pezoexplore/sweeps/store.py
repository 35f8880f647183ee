"""The store: every finished stage, kept at once, named by the content that determines it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Self

from pezoexplore.errors import PezoError
from pezoexplore.sweeps.stage import canonical_json, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

APPLICATION_ID = 0x50655A4F
"""Marks an SQLite file as ours (``PeZO``), at byte 68 of its header."""

SCHEMA_VERSION = 2
"""Version 1 had no digests; a store of it gets them when it is opened."""

BUSY_TIMEOUT_S = 30.0
"""How long to wait while something else, such as a database browser, reads the store."""

QUICK_CHECK_BYTES = 2**28
"""Up to this size the file's structure is checked when it is opened; each record is when read."""

_COLUMNS = "key, stage, determinants, status, payload, reason, seconds, log"

_DIGEST_COLUMN = "digest TEXT NOT NULL DEFAULT ''"

_SCHEMA = f"""
CREATE TABLE results (
    key TEXT PRIMARY KEY,          -- SHA-256 of determinants
    stage TEXT NOT NULL,           -- name of the stage
    determinants TEXT NOT NULL,    -- canonical JSON of everything that determines the result
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'timeout')),
    payload TEXT NOT NULL,         -- canonical JSON of the result; empty unless ok
    reason TEXT NOT NULL,          -- why there is no result; empty if ok
    seconds REAL NOT NULL,
    log TEXT NOT NULL,             -- end of the log
    {_DIGEST_COLUMN}  -- SHA-256 of all the above
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

    def digest(self) -> str:
        """SHA-256 over all that the record says: what another one has was damaged."""
        return sha256(canonical_json(astuple(self)))


class Store:
    """Results by key in one SQLite file; what :meth:`put` was given is on the disk on return.

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
        with self._explained():
            self._database = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Self:
        """The store itself."""
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
        """The record of a key; None if there is none that is undamaged.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        query = f"SELECT {_COLUMNS}, digest FROM results WHERE key = ?"
        with self._explained():
            row = self._database.execute(query, (key,)).fetchone()
        if row is None:
            return None
        record, digest = Record(*row[:-1]), row[-1]
        if _sound(record, digest):
            return record
        self.damaged.append(key)
        return None

    def put(self, *records: Record) -> None:
        """Keep records, in place of those their keys had, all or nothing.

        They are on the disk on return: waiting for the disk once for several is much faster.

        Raises:
            StoreError: They cannot be written, for example because the disk is full.
        """
        rows = [(*astuple(record), record.digest()) for record in records]
        with self._explained(), self._transaction():
            self._database.executemany(
                "INSERT OR REPLACE INTO results VALUES (?,?,?,?,?,?,?,?,?)", rows
            )

    def records(self) -> Iterator[Record]:
        """All undamaged records, sorted by key.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        after = ""
        query = f"SELECT {_COLUMNS}, digest FROM results WHERE key > ? ORDER BY key LIMIT 500"
        while True:
            with self._explained():
                rows = self._database.execute(query, (after,)).fetchall()
            if not rows:
                return
            for row in rows:
                record = Record(*row[:-1])
                after = record.key
                if _sound(record, row[-1]):
                    yield record
                else:
                    self.damaged.append(record.key)

    def _prepare(self) -> None:
        """Check what is there, and make what is not, all or nothing."""
        database = self._database
        # Bytes that are no text any more must reach the comparison of digests.
        database.text_factory = lambda data: data.decode(errors="replace")
        # A file from elsewhere: views and triggers in it may not call anything.
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA synchronous = FULL")
        if self._number("schema_version") == 0 and self._number("application_id") == 0:
            with self._transaction("EXCLUSIVE"):
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                database.execute(_SCHEMA)
        if self._number("application_id") != APPLICATION_ID:
            raise StoreError(f"{self._path} is not a pezoexplore store: choose another folder")
        if self._number("user_version") not in (1, SCHEMA_VERSION):
            raise StoreError(
                f"{self._path} was written by another version of pezoexplore: choose another folder"
            )
        if self._number("page_size") * self._number("page_count") <= QUICK_CHECK_BYTES:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        if self._number("user_version") == 1:
            self._add_digests()

    def _add_digests(self) -> None:
        """Bring a store of the first version up to date, all or nothing."""
        database = self._database
        with self._transaction("IMMEDIATE"):
            database.execute(f"ALTER TABLE results ADD COLUMN {_DIGEST_COLUMN}")
            for (key,) in database.execute("SELECT key FROM results").fetchall():
                query = f"SELECT {_COLUMNS} FROM results WHERE key = ?"
                record = Record(*database.execute(query, (key,)).fetchone())
                database.execute(
                    "UPDATE results SET digest = ? WHERE key = ?", (record.digest(), key)
                )
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        self._database.execute(f"BEGIN {kind}")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

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
                f"{self._path} is damaged ({why}): delete it to start anew, or restore a copy"
            ) from error


def _sound(record: Record, digest: Any) -> bool:  # noqa: ANN401 - whatever a damaged file holds
    """Whether a record is as it was put."""
    try:
        return bool(record.digest() == digest)
    except (TypeError, ValueError):
        return False
