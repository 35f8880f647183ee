"""What a run's store knows beyond results.csv: learning curves, reasons of failures, model size."""

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
"""Looks at a run: step, validation accuracy (percent), half width of its 95 % interval."""


@dataclass(frozen=True)
class Trouble:
    """Why a stage has no result.

    Attributes:
        reason: One line.
        log: End of its log.
    """

    reason: str
    log: str


@dataclass
class Records:
    """Records of a store, by the axes that they are of.

    Attributes:
        parameters: Weights of the model; None if no record says.
    """

    parameters: int | None = None
    _trained: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    _troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take a record in."""
        what = json.loads(record.determinants) if record.determinants.startswith("{") else {}
        axes = canonical_json(what.get("key", {}).get("axes"))
        if record.status != "ok":
            label = _label(record.stage, what.get("target"))
            self._troubles[label, axes] = Trouble(record.reason, record.log)
        elif record.stage == "train":
            self._trained.setdefault(axes, []).append(json.loads(record.payload))
        elif record.stage == "health":
            self.parameters = what["key"].get("parameters", self.parameters)

    def curve(self, point: DesignPoint, row: Mapping[str, object]) -> Curve:
        """The learning curve behind a row; empty if there is none.

        A store may hold runs of the same axes with other settings: the one is meant that ended in
        the row's accuracies.
        """
        wanted = str(row.get(PER_SEED) or "")
        for payload in self._trained.get(canonical_json(point.axes()), ()):
            if cell_text(PER_SEED, payload.get(PER_SEED)) == wanted:
                curve: Curve = payload.get("validation_curve") or ()
                return curve
        return ()

    def trouble(self, point: DesignPoint, stage: str, target: str) -> Trouble | None:
        """Why a stage of a point has no result; None if the store does not say."""
        seen = {"health": point.perturbation(), "train": point}.get(stage) or point.hardware()
        axes = canonical_json(seen.axes())
        labels = (_label(stage, target), stage)
        return next((self._troubles[at] for label in labels if (at := (label, axes)) in
                     self._troubles), None)  # fmt: skip


def read_records(path: Path) -> Records:
    """Read a store; one that is not there is one without records.

    Raises:
        StoreError: It is damaged, or not ours.
    """
    if not path.is_file():
        return Records()
    with Store(path) as store:
        return records_of(store.records())


def records_of(found: Iterable[Record]) -> Records:
    """Records by what they are of."""
    records = Records()
    for record in found:
        records.add(record)
    return records


def _label(stage: str, target: str | None) -> str:
    return f"{stage}-{target}" if target else stage
