"""What of a run failed or was left out, and why, with the end of each log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pezoexplore.analysis.frames import row_point
from pezoexplore.report.html.records import Records
from pezoexplore.sweeps.rundir import LOGS_NAME

LISTED = 200
"""Most failures told with their log; all of them are counted."""

LOG_BYTES, LOG_LINES = 6000, 40
"""How much of the end of a log is shown."""

_IDENTITY = re.compile(r"[0-9a-f]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_]+")
"""What may become part of a path: a CSV is input like any other."""


@dataclass(frozen=True)
class Failure:
    """A row without a good result.

    Attributes:
        point_id: Identity of the point.
        target: Hardware target; may be empty.
        label: Short name.
        status: ``failed``, ``timeout`` or ``diverged``.
        stage: Where.
        reason: Why, in one line.
        log: End of the log; may be empty.
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
    """What failed, in the order of the rows, and how often each reason to skip a point was met.

    Args:
        rows: n rows of results.
        labels: Their n names.
        run: The run directory, for the logs.
        records: What its store knows.

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
        reason = f"the loss was no number any more at step {rest}"
        return Failure(identity, target, label, status, "train", reason, "")
    trouble = records.trouble(row_point(row), rest, target)
    log = _log_end(run, identity, (rest, f"{rest}-{target}"))
    reason = trouble.reason if trouble else _verdict(rest, row)
    return Failure(
        identity, target, label, status, rest, reason, log or (trouble.log if trouble else "")
    )


def _verdict(stage: str, row: Mapping[str, object]) -> str:
    """What can be said where the store holds a result, or nothing."""
    if stage == "rtl" and row.get("rtl_status") == "fail":
        return "the RTL does not deliver the words of the software stream"
    return "the store does not say why; see the log"


def _log_end(run: Path, identity: str, labels: Sequence[str]) -> str:
    """The last lines of the first log that is there."""
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
