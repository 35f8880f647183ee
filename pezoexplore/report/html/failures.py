"""Failed and skipped points of a run, with reasons and the end of each log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.report.html.records import Records
from pezoexplore.sweeps.rundir import LOGS_NAME

LISTED = 200
"""Most failures listed with their log; all of them are counted."""

LOG_BYTES, LOG_LINES = 6000, 40
"""Bytes and lines of the end of a log that are shown."""

_IDENTITY = re.compile(r"[0-9a-f]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_]+")
"""Text allowed as part of a path: a CSV is untrusted input."""


@dataclass(frozen=True)
class Failure:
    """A row without a good result.

    Attributes:
        point_id: Identity of the point.
        target: Hardware target, or empty.
        label: Short name.
        status: ``failed``, ``timeout`` or ``diverged``.
        stage: Stage that failed.
        reason: The reason, one line.
        log: End of the log, or empty.
    """

    point_id: str
    target: str
    label: str
    status: str
    stage: str
    reason: str
    log: str


def failures_of(
    rows: Sequence[Mapping[str, object]], labels: Sequence[str], run: Path, records: Records
) -> tuple[list[Failure], Counter[str]]:
    """Return the failures, in the order of the rows, and the number of skipped points by reason.

    Args:
        rows: n rows of results.
        labels: Their n names.
        run: The run directory, for the logs.
        records: Records of its store.

    Returns:
        The first ``LISTED`` failures, and counts by reason.
    """
    failures: list[Failure] = []
    skipped: Counter[str] = Counter()
    for row, label in zip(rows, labels, strict=True):
        status, _, rest = str(row.get("status", "ok")).partition(":")
        if status == "skipped":
            skipped[rest or "no reason given"] += 1
        elif status != "ok" and len(failures) < LISTED:
            failures.append(_failure(row, label, status, rest, run, records))
    return failures, skipped


def _failure(
    row: Mapping[str, object], label: str, status: str, rest: str, run: Path, records: Records
) -> Failure:
    identity, target = str(row.get("point_id", "")), str(row.get("target") or "")
    if status == "diverged":
        reason = f"the loss was not finite at step {rest}"
        return Failure(identity, target, label, status, "train", reason, "")
    failure = records.failure(identity, rest, target)
    log = _log_end(run, identity, (rest, f"{rest}-{target}"))
    reason = failure.reason if failure else _default_reason(rest, row)
    return Failure(
        identity, target, label, status, rest, reason, log or (failure.log if failure else "")
    )


def _default_reason(stage: str, row: Mapping[str, object]) -> str:
    """Return a reason for a failure without one in the store."""
    if stage == "rtl" and row.get("rtl_status") == "fail":
        return "the RTL does not deliver the words of the software stream"
    return "the store holds no reason; see the log"


def _log_end(run: Path, identity: str, labels: Sequence[str]) -> str:
    """Return the last lines of the first log that exists."""
    if not _IDENTITY.fullmatch(identity):
        return ""
    for label in labels:
        path = run / LOGS_NAME / identity / f"{label}.log"
        if all(map(_NAME.fullmatch, label.split("-"))) and path.is_file():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - LOG_BYTES))
                text = file.read(LOG_BYTES).decode(errors="replace")
            return "\n".join(text.splitlines()[-LOG_LINES:])
    return ""
