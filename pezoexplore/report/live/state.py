"""The state of a run for its live page, read from the run database while a sweep writes to it.

Only what is new since the last look is read, a page of rows at a time: no query holds the database
for long, and a sweep never waits for more than one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pezoexplore.analysis.pareto import GrowingFront, pareto_mask
from pezoexplore.design.columns import COLUMN_HELP
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import PezoError
from pezoexplore.report.plots import style
from pezoexplore.sweeps.rows import joined_row
from pezoexplore.sweeps.rundir import STORE_NAME, RunDirError
from pezoexplore.sweeps.store import malformed
from pezoexplore.sweeps.watch import (
    VERDICT,
    is_running,
    label_of,
    opened,
    progress_in,
    results_in,
)

PAGE = 5000
"""Rows read at a time."""

DRAWN_POINTS = 50_000
"""Most points of a sweep whose front is followed while it runs."""

DRAWN_OTHERS = 2000
"""Most designs drawn that are not on the front."""

LOGS = 20
"""Failures listed with their logs: the last ones."""


@dataclass(frozen=True)
class Design:
    """A design with all its objectives.

    Attributes:
        label: Its name.
        target: The hardware target.
        rng: Its generator.
        reuse: Its reuse strategy.
        values: The objectives, those to maximize first.
        front: Whether no other of its target dominates it.
    """

    label: str
    target: str
    rng: str
    reuse: str
    values: Sequence[float]
    front: bool = False


@dataclass
class _Plan:
    """What was read so far of one plan and its results."""

    facts: Mapping[str, Any]
    points: dict[str, DesignPoint] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    keys: dict[str, dict[int, str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    found: dict[tuple[str, str], Design] = field(default_factory=dict)
    last_row: int = 0


class LiveRun:
    """A run directory that is looked at again and again.

    Args:
        path: The run directory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] | None = None
        self._plan: _Plan | None = None
        self._last: dict[str, Any] = {"name": path.absolute().name, "state": "starting"}

    def state(self) -> dict[str, Any]:
        """Return the state as plain values for JSON; ``error`` holds what is in the way, if any."""
        error, store = "", self._path / STORE_NAME
        try:
            running = is_running(self._path)
            with opened(store) as database:
                if database is not None:
                    self._last = self._read(database, running)
        except RunDirError as gone:
            error = str(gone)
        except sqlite3.OperationalError:  # locked for longer than we wait, or gone meanwhile
            error = f"{store} is being written: shown again when it can be read"
        except (sqlite3.Error, OSError, ValueError) as damage:
            error = f"{store} cannot be read ({damage}): shown again when it can"
        return {**self._last, "error": error}

    def _read(self, database: sqlite3.Connection, running: bool) -> dict[str, Any]:
        facts = _facts(database)
        design = facts.get("design", {})
        stages = _stages(database, design)
        done, total = sum(one["done"] for one in stages), sum(one["total"] for one in stages)
        plan = self._update(database, design)
        _, latest, _ = results_in(database)
        left = progress_in(database, self._path)[2] if running else None
        study = facts.get("study")
        return {
            "name": design.get("name") or (study or {}).get("name") or self._last["name"],
            "state": _word(running, done == total > 0),
            "done": done, "total": total, "left_s": left,
            "stages": stages,
            "latest": [asdict(ended) for ended in latest],
            "failures": _failures(database),
            "skipped": design.get("skipped", []),
            "study": None if study is None else {k: v for k, v in study.items() if k != "designs"},
            "colours": style.rng_colours(()),
        } | _picture(plan, study)  # fmt: skip

    def _update(self, database: sqlite3.Connection, design: Mapping[str, Any]) -> _Plan | None:
        """Read what is new of the plan and its results; None without a plan or with a huge one."""
        (version,) = database.execute("PRAGMA schema_version").fetchone()  # grows with every plan
        mark = (self._path / STORE_NAME).stat().st_ino, int(version)
        if mark != self._mark or self._plan is None:
            self._plan, self._mark = None, mark
            if not design or not _number(database, "SELECT count(*) FROM points") <= DRAWN_POINTS:
                return None
            self._plan = _read_plan(database, design)
        touched = _read_results(database, self._plan)
        _complete(self._plan, touched)
        return self._plan


def _facts(database: sqlite3.Connection) -> dict[str, Any]:
    if not _number(database, "SELECT count(*) FROM sqlite_master WHERE name = 'facts'"):
        return {}
    return {name: json.loads(value) for name, value in database.execute("SELECT * FROM facts")}


def _number(database: sqlite3.Connection, query: str) -> int:
    (value,) = database.execute(query).fetchone()
    return int(value or 0)


def _word(running: bool, all_done: bool) -> str:
    if running:
        return "writing the results" if all_done else "running"
    return "finished" if all_done else "stopped"


def _stages(database: sqlite3.Connection, design: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return done, failed and planned runs of each stage, in order."""
    if not design:
        return []
    found = [
        {
            "label": name if target is None else f"{name}-{target}",
            "done": 0,
            "failed": 0,
            "total": 0,
        }
        for name, target in design["stages"]
    ]
    query = "SELECT stage, status, count(*) FROM tasks GROUP BY 1, 2"
    for number, status, count in database.execute(query):
        if number >= len(found):  # a new plan was made since its facts were read: the next look
            continue
        one = found[number]
        one["total"] += count
        one["done"] += count * (status != "")
        one["failed"] += count * (status not in ("", "ok"))
    return [one for one in found if one["total"]]


def _failures(database: sqlite3.Connection) -> list[dict[str, str]]:
    """Return the last failures that the sweep counts, each with the end of its log."""
    query = (
        f"SELECT stage, {VERDICT}, reason, log, determinants FROM results "
        f"WHERE {VERDICT} != 'ok' ORDER BY rowid DESC LIMIT {LOGS}"
    )
    return [
        {"stage": stage, "status": status, "reason": reason or "words differ", "log": log,
         "design": label_of(determinants)}
        for stage, status, reason, log, determinants in database.execute(query)
    ]  # fmt: skip


def _pages(database: sqlite3.Connection, query: str, after: tuple[Any, ...]) -> Iterator[Any]:
    """Yield rows page by page; each row begins with the values to go on after."""
    while rows := database.execute(f"{query} LIMIT {PAGE}", after).fetchall():
        yield from rows
        after = rows[-1][: len(after)]


def _read_plan(database: sqlite3.Connection, design: Mapping[str, Any]) -> _Plan:
    plan = _Plan(design)
    query = "SELECT id, axes, task FROM points WHERE id > ? ORDER BY id"
    for identity, axes, task in _pages(database, query, ("",)):
        try:
            plan.points[identity] = DesignPoint.from_json(json.loads(axes))
            plan.tasks[identity] = task
        except (ValueError, PezoError):
            continue  # a generator of the user's own, whose module is not to be found from here
    query = "SELECT point_id, stage, key FROM uses WHERE (point_id, stage) > (?, ?) ORDER BY 1, 2"
    for identity, number, key in _pages(database, query, ("", -1)):
        if identity in plan.points:
            plan.keys.setdefault(identity, {})[number] = key
            plan.users.setdefault(key, []).append(identity)
    return plan


def _read_results(database: sqlite3.Connection, plan: _Plan) -> set[str]:
    """Read the results that are new; return the points they belong to."""
    touched: set[str] = set()
    query = f"SELECT rowid, key, {VERDICT}, payload FROM results WHERE rowid > ? ORDER BY rowid"
    for row, key, status, payload in _pages(database, query, (plan.last_row,)):
        plan.last_row = row
        if key in plan.users:
            plan.results[key] = status, _cells(payload)
            touched |= set(plan.users[key])
    return touched


def _cells(payload: str) -> dict[str, Any]:
    """Return the cells of a result, without its learning curves."""
    try:
        found = json.loads(payload or "{}")
        if malformed(found):
            return {}
    except (ValueError, AttributeError):
        return {}
    also = ("numbers_to_target", "diverged_step", "engine_streams")
    return {name: value for name, value in found.items() if name in COLUMN_HELP or name in also}


def _complete(plan: _Plan, touched: set[str]) -> None:
    """Add the designs whose stages all have a result now, by point and target."""
    facts = plan.facts
    front = GrowingFront([*COLUMN_HELP], facts["maximize"], facts["minimize"], facts["constraints"])
    signs = [-1.0] * len(facts["maximize"]) + [1.0] * len(facts["minimize"])
    several = len(set(plan.tasks.values())) > 1
    for identity in touched:
        point, keys = plan.points[identity], plan.keys[identity]
        for target in facts["targets"]:
            parts, missing = [], False
            for number, key in sorted(keys.items()):
                name, of_target = facts["stages"][number]
                if of_target in (None, target):
                    missing |= key not in plan.results
                    parts.append((name, of_target, *plan.results.get(key, ("", {}))))
            plan.found.pop((identity, target), None)
            costs = front.costs(joined_row(identity, target, point, parts))
            if not missing and np.isfinite(costs).all():
                values = [cost * sign for cost, sign in zip(costs, signs, strict=True)]
                rivals = f"{target} on {plan.tasks[identity]}" if several else target
                plan.found[identity, target] = Design(
                    point.label(), rivals, point.rng, point.reuse, values
                )


def _picture(plan: _Plan | None, study: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the designs known so far, the front of each target and task among them."""
    facts: Mapping[str, Any] = plan.facts if plan is not None else {}
    designs = [] if plan is None else [plan.found[key] for key in sorted(plan.found)]
    searched = [Design(*one) for one in (study or {}).get("designs", ())]
    if study is not None and len(searched) > len(designs):
        facts, designs = study, searched
    maximize, minimize = facts.get("maximize", []), facts.get("minimize", [])
    signs = np.array([-1.0] * len(maximize) + [1.0] * len(minimize))
    marked: list[Design] = []
    for target in sorted({design.target for design in designs}):
        mine = [design for design in designs if design.target == target]
        costs = np.array([design.values for design in mine]) * signs
        mask = pareto_mask(costs, [False] * len(signs))
        marked += [
            replace(design, front=bool(member)) for design, member in zip(mine, mask, strict=True)
        ]
    others = [design for design in marked if not design.front]
    step = 1 + len(others) // DRAWN_OTHERS
    return {
        "objectives": [style.title_of(name) for name in (*maximize, *minimize)],
        "less": [name in minimize for name in (*maximize, *minimize)],
        "designs": [asdict(one) for one in (*others[::step], *(d for d in marked if d.front))],
        "complete": len(designs),
    }
