"""Data of a run's store beyond results.csv: learning curves, reasons of failures, model size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.sweeps.plan import records_by_point
from pezoexplore.sweeps.store import Record, Store

Curve = Sequence[Sequence[float | None]]
"""Evaluations of a run: step, validation accuracy (percent), half width of its 95 % interval."""


@dataclass(frozen=True)
class StageFailure:
    """Why a stage has no result.

    Attributes:
        reason: The reason, one line.
        log: End of its log.
    """

    reason: str
    log: str


@dataclass
class Records:
    """Records of a run, joined by ``point_id`` with the rows of results.csv.

    Attributes:
        parameters: Weights of the model; None if no record has them.
        curves: Learning curve by ``point_id``.
        failures: Failure by ``point_id`` and stage, ``synth-xcup`` for a stage of one target.
    """

    parameters: int | None = None
    curves: dict[str, Curve] = field(default_factory=dict)
    failures: dict[tuple[str, str], StageFailure] = field(default_factory=dict)

    def add(self, point_id: str, record: Record) -> None:
        """Add a record of a point."""
        what = json.loads(record.determinants) if record.determinants.startswith("{") else {}
        if record.status != "ok":
            label = f"{record.stage}-{what['target']}" if what.get("target") else record.stage
            self.failures[point_id, label] = StageFailure(record.reason, record.log)
        elif record.stage == "train":
            self.curves[point_id] = json.loads(record.payload).get("validation_curve") or ()
        elif record.stage == "health":
            self.parameters = what["key"].get("parameters", self.parameters)

    def failure(self, point_id: str, stage: str, target: str) -> StageFailure | None:
        """Return why a stage of a point has no result; None if the store has no reason."""
        found = self.failures.get((point_id, f"{stage}-{target}"))
        return found or self.failures.get((point_id, stage))


def read_records(path: Path) -> Records:
    """Read a run database; a missing file has no records.

    Raises:
        StoreError: The file is damaged or no store of pezoexplore.
    """
    records = Records()
    if path.is_file():
        with Store(path) as store:
            for point_id, record in records_by_point(store):
                records.add(point_id, record)
    return records
