"""From the outcome of a run to its record and its checked result, and from a record alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.design.columns import COLUMN_HELP, RESULT_HELP
from pezoexplore.errors import PezoError
from pezoexplore.sweeps.rows import FORMATS
from pezoexplore.sweeps.stage import determinants, sha256
from pezoexplore.sweeps.store import Record

if TYPE_CHECKING:
    from pezoexplore.sweeps.executors.local import Outcome
    from pezoexplore.sweeps.stage import Payload, Stage

CHANGED = "what determines this result changed while it was made (an edited RTL file?): run again"
"""Reason of a run whose result nobody could name."""

MAX_TEXT = 1000
"""Most characters of a reason that is kept, and of a result that is text."""


@dataclass(frozen=True)
class Result:
    """A record with its verdict; make it with :func:`result_of` or :func:`ended`.

    Attributes:
        record: The record.
        payload: The stage's result; empty if there is none.
        status: ``ok``, ``failed`` or ``timeout``; a result may be there and still be a failure.
        reason: Why it is not ok, in one line.
        ran: Whether it was run in this sweep rather than taken from the store.
    """

    record: Record
    payload: Payload
    status: str
    reason: str
    ran: bool


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
    return result_of(record, task.stage, ran=True)


def malformed(payload: Payload) -> str:
    """Return what is wrong with the form of a result, in one line; empty if nothing is.

    A cell must have the type of its column, whoever made the result: a number, numbers for the
    seeds, or a short text. No result may set a column of the point itself.
    """
    for name, value in payload.items():
        if name in COLUMN_HELP and value is not None and not _fits(name, value):
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
    """Return a line that a terminal prints as it is, without commands to it."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:MAX_TEXT]
    )


def result_of(record: Record, stage: Stage, *, ran: bool) -> Result:
    """Return the result of a record, the stage's own verdict included."""
    if record.status != "ok":
        return Result(record, {}, record.status, record.reason, ran)
    payload = json.loads(record.payload)
    if wrong := malformed(payload):
        return Result(record, {}, "failed", wrong, ran)
    verdict = stage.verdict(payload)
    return Result(record, payload, "failed" if verdict else "ok", verdict or "", ran)
