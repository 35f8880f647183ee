"""Data of a run's store beyond results.csv: learning curves, reasons of failures, model size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pezoexplore.analysis.statistics import PER_SEED
from pezoexplore.design.point import DesignPoint
from pezoexplore.sweeps.rows import cell_text
from pezoexplore.sweeps.stage import canonical_json
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
    """Records of a store, indexed by axes.

    Attributes:
        parameters: Weights of the model; None if no record has them.
    """

    parameters: int | None = None
    _trained: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    _failed: dict[tuple[str, str], StageFailure] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Add a record."""
        what = json.loads(record.determinants) if record.determinants.startswith("{") else {}
        axes = canonical_json(what.get("key", {}).get("axes"))
        if record.status != "ok":
            label = _label(record.stage, what.get("target"))
            self._failed[label, axes] = StageFailure(record.reason, record.log)
        elif record.stage == "train":
            self._trained.setdefault(axes, []).append(json.loads(record.payload))
        elif record.stage == "health":
            self.parameters = what["key"].get("parameters", self.parameters)

    def curve(self, point: DesignPoint, row: Mapping[str, object]) -> Curve:
        """Return the learning curve of a row; empty if there is none.

        A store may hold runs of the same axes with other settings: the one with the row's
        accuracies is returned.
        """
        wanted = str(row.get(PER_SEED) or "")
        for payload in self._trained.get(canonical_json(point.to_json()), ()):
            if cell_text(PER_SEED, payload.get(PER_SEED)) == wanted:
                curve: Curve = payload.get("validation_curve") or ()
                return curve
        return ()

    def failure(self, point: DesignPoint, stage: str, target: str) -> StageFailure | None:
        """Return why a stage of a point has no result; None if the store has no reason."""
        seen = {"health": point.perturbation(), "train": point}.get(stage) or point.hardware()
        axes = canonical_json(seen.to_json())
        labels = (_label(stage, target), stage)
        return next((self._failed[at] for label in labels if (at := (label, axes)) in
                     self._failed), None)  # fmt: skip


def read_records(path: Path) -> Records:
    """Read a store; a missing file is an empty store.

    Raises:
        StoreError: The file is damaged or no store of pezoexplore.
    """
    if not path.is_file():
        return Records()
    with Store(path) as store:
        return records_of(store.records())


def records_of(found: Iterable[Record]) -> Records:
    """Index records by their axes."""
    records = Records()
    for record in found:
        records.add(record)
    return records


def _label(stage: str, target: str | None) -> str:
    return f"{stage}-{target}" if target else stage
