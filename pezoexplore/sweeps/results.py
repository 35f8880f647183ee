"""What the outcomes of runs become, and what the records of a sweep amount to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.design.columns import COLUMNS, RESULT_HELP
from pezoexplore.errors import PezoError
from pezoexplore.sweeps.rows import FORMATS
from pezoexplore.sweeps.stage import determinants, sha256
from pezoexplore.sweeps.store import Record, StoreError

if TYPE_CHECKING:
    from pezoexplore.sweeps.executors.local import Outcome
    from pezoexplore.sweeps.plan import Plan
    from pezoexplore.sweeps.stage import Payload, Stage
    from pezoexplore.sweeps.store import Store

CHANGED = "what determines this result changed while it was made (an edited RTL file?): run again"
"""Reason of a run whose result nobody could name."""

MAX_TEXT = 1000
"""Most characters of a reason that is kept, and of a result that is text."""


@dataclass(frozen=True)
class Result:
    """A record and what it amounts to; make it with :func:`judge`.

    Attributes:
        record: The record.
        payload: The stage's result; empty if there is none.
        status: ``ok``, ``failed`` or ``timeout``; a result may be there and still be a failure.
        reason: Why it is not ok, in one line.
        ran: Whether it was run in this sweep, not taken from the store.
    """

    record: Record
    payload: Payload
    status: str
    reason: str
    ran: bool


def record_of(outcome: Outcome) -> Record:
    """The record of an outcome; a failure if it holds no result, or its key no longer fits."""
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
    return Record(
        key=task.key,
        stage=task.stage.name,
        determinants=content,
        status=status,
        payload=outcome.payload if status == "ok" else "",
        reason=_printable(reason),
        seconds=outcome.seconds,
        log=outcome.log,
    )


def malformed(payload: Payload) -> str:
    """What is wrong with the form of a result, in one line; empty if nothing is.

    What becomes a cell must be what the column holds, whoever made the result: a number, numbers
    for the seeds, or a short text. No result may speak of the point itself.
    """
    for name, value in payload.items():
        if name in COLUMNS and value is not None and not _fits(name, value):
            return f"the result's {name} is not what that column holds"
    step = payload.get("diverged_step")
    return "" if step is None or _is_number(step) else "the result's diverged_step is no number"


def _fits(column: str, value: object) -> bool:
    if column == "accuracy_per_seed":
        return isinstance(value, list) and all(_is_number(item) for item in value)
    if column in FORMATS:
        return _is_number(value)
    short_text = isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()
    return column in RESULT_HELP and short_text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _printable(text: str) -> str:
    """A line that a terminal prints as it is, without commands to it."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MAX_TEXT]
    )


def judge(record: Record, stage: Stage, *, ran: bool) -> Result:
    """What a record amounts to, the stage's own verdict included."""
    if record.status != "ok":
        return Result(record, {}, record.status, record.reason, ran)
    payload = json.loads(record.payload)
    if wrong := malformed(payload):
        return Result(record, {}, "failed", wrong, ran)
    verdict = stage.verdict(payload)
    return Result(record, payload, "failed" if verdict else "ok", verdict or "", ran)


class StoredResults(Mapping[str, Result]):
    """Results of a plan by key, none of them kept in memory.

    Args:
        plan: The plan, which knows how every run ended.
        store: The store, which has every record.
    """

    def __init__(self, plan: Plan, store: Store) -> None:
        """Results of a plan; see the class."""
        self._plan, self._store = plan, store

    def __getitem__(self, key: str) -> Result:
        """The result of a key.

        Raises:
            KeyError: The plan has no such key.
            StoreError: Its record was damaged since.
        """
        stage, ran = self._plan.stage(key)
        record = self._store.get(key)
        if record is None:
            raise StoreError(
                f"the store lost the {stage.label} result {key}: run again to remake it"
            )
        return judge(record, stage, ran=ran)

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order of first use."""
        return iter(self._plan.tasks)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._plan.tasks)


def tally(plan: Plan, results: Mapping[str, Result]) -> dict[tuple[str, str, bool], int]:
    """Number of results by stage name, status and whether they were run just now."""
    if isinstance(results, StoredResults):
        return plan.tally()
    counts: dict[tuple[str, str, bool], int] = {}
    for result in results.values():
        group = result.record.stage, result.status, result.ran
        counts[group] = counts.get(group, 0) + 1
    return counts
