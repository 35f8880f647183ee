"""The store: every finished stage, kept at once, named by the content that determines it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pezoexplore.errors import PezoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

APPLICATION_ID = 0x50655A4F
"""Marks an SQLite file as ours (``PeZO``), at byte 68 of its header."""

SCHEMA_VERSION = 1

BUSY_TIMEOUT_S = 30.0
"""How long to wait while something else, such as a database browser, reads the store."""

_SCHEMA = """
CREATE TABLE results (
    key TEXT PRIMARY KEY,          -- SHA-256 of determinants
    stage TEXT NOT NULL,           -- name of the stage
    determinants TEXT NOT NULL,    -- canonical JSON of everything that determines the result
    status TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'timeout')),
    payload TEXT NOT NULL,         -- canonical JSON of the result; empty unless ok
    reason TEXT NOT NULL,          -- why there is no result; empty if ok
    seconds REAL NOT NULL,
    log TEXT NOT NULL              -- end of the log
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


class Store:
    """Results by key in one SQLite file, each written in a transaction of its own.

    The rollback journal is used rather than a write-ahead log: it is as safe for one writer,
    leaves one file, and works on network file systems.

    Args:
        path: The file; made when it is not there.

    Raises:
        StoreError: The file is damaged, is not ours or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Open the store; see the class."""
        self._path = path
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
        """The record of a key; None if there is none.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        query = (
            "SELECT key, stage, determinants, status, payload, reason, seconds, log"
            " FROM results WHERE key = ?"
        )
        with self._explained():
            row = self._database.execute(query, (key,)).fetchone()
        return None if row is None else Record(*row)

    def put(self, record: Record) -> None:
        """Keep a record, in place of the one its key had; it is on the disk on return.

        Raises:
            StoreError: It cannot be written, for example because the disk is full.
        """
        row = (
            record.key,
            record.stage,
            record.determinants,
            record.status,
            record.payload,
            record.reason,
            record.seconds,
            record.log,
        )
        with self._explained():
            self._database.execute("INSERT OR REPLACE INTO results VALUES (?,?,?,?,?,?,?,?)", row)

    def _prepare(self) -> None:
        """Check what is there, and make what is not, all or nothing."""
        database = self._database
        database.execute("PRAGMA synchronous = FULL")
        if self._number("schema_version") == 0 and self._number("application_id") == 0:
            database.execute("BEGIN EXCLUSIVE")
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.execute(_SCHEMA)
            database.execute("COMMIT")
        if self._number("application_id") != APPLICATION_ID:
            raise StoreError(f"{self._path} is not a pezoexplore store: choose another folder")
        if self._number("user_version") != SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by another version of pezoexplore: choose another folder"
            )
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
                f"{self._path} is damaged ({why}): delete it to start anew, or restore a copy"
            ) from error
