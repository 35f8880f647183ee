"""Look at a run directory while a sweep writes to it, without changing anything.

The run database, opened read-only, holds what has ended and the plan of what is to be done. A read
takes the sweep's locks for an instant, and gives up rather than make it wait.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.expected import Expected
from pezoexplore.sweeps.rundir import LOCK_NAME, RUN_NAME, STORE_NAME, RunDirError
from pezoexplore.sweeps.stage import STAGE_ORDER

SHOWN = 8
"""Number of latest runs, and of latest failures, that are shown."""

PATIENCE_S = 1.0

_SHOWN_CELLS = {
    "train": "accuracy_mean",
    "rtl": "rtl_words_checked",
    "synth": "lut",
    "timing": "fmax_mhz",
    "power": "power_mw_est",
    "health": "effective_span",
}
"""The column of a stage's result that is shown."""

VERDICT = "CASE WHEN payload LIKE '%\"rtl_status\":\"fail\"%' THEN 'failed' ELSE status END"


@dataclass(frozen=True)
class Ended:
    """A run that has ended.

    Attributes:
        stage: Its stage.
        label: The design.
        status: ``ok``, ``failed`` or ``timeout``.
        seconds: How long it took.
        result: One figure of it, such as ``lut 138``; or why there is none.
    """

    stage: str
    label: str
    status: str
    seconds: float
    result: str


@dataclass(frozen=True)
class Snapshot:
    """A run directory at one moment.

    Attributes:
        running: Whether a sweep is running in it.
        finished: Whether the last one came to its end.
        failures: Results that one left out, by its own count; 0 until it has ended.
        done: Runs of the plan with a result; None when no sweep is running.
        total: Runs of the plan.
        left_s: Seconds left at the speed so far; None before the first run has ended.
        stages: Number of results in the store by stage and status.
        latest: Runs that ended last, the last one first.
        latest_failures: The last ones without a good result.
    """

    running: bool
    finished: bool
    failures: int
    done: int | None = None
    total: int | None = None
    left_s: float | None = None
    stages: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    latest: tuple[Ended, ...] = ()
    latest_failures: tuple[Ended, ...] = ()


_Found = tuple[dict[str, dict[str, int]], tuple[Ended, ...], tuple[Ended, ...]]
_Progress = tuple[int | None, int | None, float | None]


def look(path: Path) -> Snapshot | None:
    """Return the state of a run directory.

    Args:
        path: The directory.

    Returns:
        None when the sweep writes just now: look again.

    Raises:
        RunDirError: It is no run directory, or its store is damaged.
    """
    store, running = path / STORE_NAME, is_running(path)
    finished, failures = (False, 0) if running else _end(path)
    found: _Found = ({}, (), ())
    progress: _Progress = (None, None, None)
    try:
        with opened(store) as database:
            if database is not None:
                found = results_in(database)
                if running:
                    progress = progress_in(database, path)
    except sqlite3.OperationalError:  # locked for longer than we wait, or gone
        return None
    except sqlite3.DatabaseError as error:
        raise RunDirError(f"{store} is damaged ({error})") from error
    return Snapshot(running, finished, failures, *progress, *found)


def is_running(path: Path) -> bool:
    """Return whether a process holds a run directory.

    Raises:
        RunDirError: It is no run directory.
    """
    lock = path / LOCK_NAME
    if not (path / STORE_NAME).is_file() and not lock.exists():
        raise RunDirError(f"{path}: no run directory; name the folder that a sweep writes to")
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _end(path: Path) -> tuple[bool, int]:
    """Return whether the last sweep came to its end, and how many results it left out."""
    try:
        run = path / RUN_NAME
        content = json.loads(run.read_text(encoding="utf-8"))
        finished = run.stat().st_mtime >= (path / LOCK_NAME).stat().st_mtime
        failures = sum(int(count["failed"]) for count in content["stages"].values())
    except (OSError, ValueError, KeyError, TypeError):
        return False, 0
    return finished, failures if finished else 0


@contextmanager
def opened(store: Path) -> Iterator[sqlite3.Connection | None]:
    """Open a run database read-only; None for one that holds nothing yet."""
    if not store.is_file() or not store.stat().st_size:
        yield None
        return
    uri = f"{store.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, timeout=PATIENCE_S, uri=True)) as database:
        yield database


def results_in(database: sqlite3.Connection) -> _Found:
    """Return the number of results by stage and status, the latest, and the latest failures."""
    counts: dict[str, dict[str, int]] = {}
    query = f"SELECT stage, {VERDICT}, count(*) FROM results GROUP BY 1, 2"
    for stage, status, number in database.execute(query):
        counts.setdefault(stage, {})[status] = number
    columns = f"stage, determinants, {VERDICT}, seconds, payload, reason"
    last = f"ORDER BY rowid DESC LIMIT {SHOWN}"
    latest = database.execute(f"SELECT {columns} FROM results {last}").fetchall()
    bad = f"SELECT {columns} FROM results WHERE {VERDICT} != 'ok' {last}"
    latest_failures = database.execute(bad).fetchall()
    order = {stage: counts[stage] for stage in STAGE_ORDER if stage in counts}
    return order, tuple(map(_ended, latest)), tuple(map(_ended, latest_failures))


def _ended(row: tuple[str, str, str, float, str, str]) -> Ended:
    stage, determinants, status, seconds, payload, reason = row
    if payload:
        name = _SHOWN_CELLS.get(stage, "")
        cell = json.loads(payload).get(name)
        reason = "" if cell is None else f"{name} {cell:.6g}"
    return Ended(stage, label_of(determinants), status, seconds, reason)


def label_of(determinants: str) -> str:
    """Return the label of the design that a run was of."""
    try:
        return DesignPoint.from_json(json.loads(determinants)["key"]["axes"]).label()
    except (ValueError, KeyError, TypeError, AttributeError, DesignError):
        return ""


def progress_in(database: sqlite3.Connection, path: Path) -> _Progress:
    """Return runs done, runs in all, and seconds left of the sweep that runs in a directory."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").fetchone():
        return None, None, None
    query = "SELECT count(*), total(status != '') FROM tasks"
    total, done = database.execute(query).fetchone()
    since = (path / LOCK_NAME).stat().st_mtime
    work = Expected(lambda sql: database.execute(sql).fetchall())
    left = (time.time() - since) * work.left_s / work.worked_s if work.worked_s else None
    return int(done), int(total), left
