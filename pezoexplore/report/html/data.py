"""The data of a report, read from a run directory; nothing is trained or synthesised."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore.analysis.empty_front import empty_front
from pezoexplore.analysis.frames import row_labels
from pezoexplore.analysis.pareto import as_conditions, front_of_rows
from pezoexplore.analysis.runs import DESIGN_NAME, Goals, Row, StoredRun
from pezoexplore.analysis.sensitivity import RESPONSES, Effect, Sensitivity, sensitivity
from pezoexplore.analysis.several.side_by_side import number_of
from pezoexplore.analysis.standing import cautions
from pezoexplore.analysis.statistics import front_confidence
from pezoexplore.design.conditions import is_missing, parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.report.html.failures import Failure, failures_of
from pezoexplore.report.html.records import Curve, Records, read_records
from pezoexplore.report.html.streams import StreamPicture, ordered, pictures
from pezoexplore.sweeps.rundir import RUN_NAME, STORE_NAME
from pezoexplore.sweeps.stages import PARAMETERS
from pezoexplore.sweeps.store import StoreError

if TYPE_CHECKING:
    import pandas as pd

FRESH_RESAMPLES = 20
"""Bootstrap resamples of a sensitivity that the run has not stored; few, to keep it quick."""


@dataclass(frozen=True)
class Report:
    """Data of a report.

    Attributes:
        name: Name of the run.
        path: Its results.csv.
        frame: n rows of results.
        rows: The same rows as mappings.
        points: Their n designs.
        labels: Their n names.
        front: For each row, True if it is on the Pareto front.
        sure: Confidence of each row to be on the front, 0 to 1; None for one that can be on none.
        maximize: Objectives whose larger values are better.
        minimize: Objectives whose smaller values are better.
        constraints: Conditions that every design on the front meets.
        parameters: Weights d of the model; None if unknown.
        curves: Learning curves by row index.
        streams: Sampled statistics of some streams.
        failures: The failed rows listed with reason and log.
        failed: Number of failed rows, listed or not.
        skipped: Number of skipped points by reason.
        sensitivity: Effects of the axes on each result.
        run: Content of run.json; empty without one.
        design: The design file as text.
        notes: What is missing from the report and why, one line each.
        chance: Accuracy of always naming the most frequent class, percent; None if unknown.
    """

    name: str
    path: Path
    frame: pd.DataFrame
    rows: Sequence[Row]
    points: Sequence[DesignPoint]
    labels: Sequence[str]
    front: Sequence[bool]
    sure: Sequence[float | None]
    maximize: Sequence[str]
    minimize: Sequence[str]
    constraints: Sequence[str]
    parameters: int | None = None
    curves: Mapping[int, Curve] = field(default_factory=dict)
    streams: Sequence[StreamPicture] = ()
    failures: Sequence[Failure] = ()
    failed: int = 0
    skipped: Mapping[str, int] = field(default_factory=Counter)
    sensitivity: Sequence[Sensitivity] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    design: str = ""
    notes: Sequence[str] = ()
    chance: float | None = None

    def value(self, index: int, column: str) -> float:
        """Return a cell as a number, NaN if it holds none."""
        return number_of(self.rows[index], column)

    def members(self) -> list[int]:
        """Return the rows on the front, ascending by the costs in order, then by accuracy."""
        keys = [*self.minimize, *self.maximize]
        chosen = [index for index, member in enumerate(self.front) if member]
        return sorted(chosen, key=lambda index: [self.value(index, name) for name in keys])

    @property
    def objectives(self) -> list[str]:
        """Objectives, those to maximize first."""
        return [*self.maximize, *self.minimize]

    @cached_property
    def cautions(self) -> list[str]:
        """What speaks against trusting the accuracies, one sentence each."""
        return cautions(self.rows, self.front, self.chance)

    @property
    def why_empty(self) -> str:
        """The reason why no design is on the front, where none is."""
        return empty_front(self.rows, self.objectives, as_conditions(self.constraints))

    @property
    def finished(self) -> int:
        """Rows whose status is ok."""
        return sum(str(row.get("status", "ok")) == "ok" for row in self.rows)


def report_of(run: StoredRun, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Return the data of a report of results read back.

    Args:
        run: The results.
        tell: Is told what is being done.

    Raises:
        PezoError: The run's design cannot be read.
    """
    folder, frame, rows = run.path.parent, run.frame, list(run.rows)
    notes: list[str] = []
    goals = run.goals()
    columns = [str(name) for name in frame.columns]
    tell(f"{len(rows):,} rows: the front")
    front = front_of_rows(rows, columns, goals.maximize, goals.minimize, goals.constraints).tolist()
    tell("how sure each design is to be on it")
    sure = _confidence(rows, goals)
    tell("what moves the results, and the streams")
    points = [DesignPoint.from_json(row) for row in rows]
    labels = row_labels(rows, points=points)
    records = _records(folder / STORE_NAME, notes)
    known = [PARAMETERS[task] for task in run.tasks if task in PARAMETERS]
    parameters = records.parameters or next(iter(known), None)
    curves = {
        index: curve
        for index, row in enumerate(rows)
        if len(curve := records.curves.get(str(row["point_id"]), ())) > 1
    }
    failures, skipped = failures_of(rows, labels, folder, records)
    summary = _run_json(folder / RUN_NAME, notes)
    finished = [str(row.get("status", "ok")) == "ok" for row in rows]
    return Report(
        name=run.space.name if run.space else folder.absolute().name,
        path=run.path,
        frame=frame,
        rows=rows,
        points=points,
        labels=labels,
        front=front,
        sure=sure,
        maximize=goals.maximize,
        minimize=goals.minimize,
        constraints=list(map(str, goals.constraints)),
        parameters=parameters,
        curves=curves,
        streams=_streams(points, front, finished, parameters, notes),
        failures=failures,
        failed=len(rows) - sum(finished) - sum(skipped.values()),
        skipped=skipped,
        sensitivity=_sensitivity(folder / "sensitivity.csv", rows),
        run=summary,
        design=_text(folder / DESIGN_NAME),
        notes=notes,
        chance=run.chance,
    )


def _records(path: Path, notes: list[str]) -> Records:
    """Read the store; on an error note it and return no records, so the report still appears."""
    try:
        return read_records(path)
    except StoreError as error:
        notes.append(f"no learning curves and no reasons of failures: {error}")
        return Records()


def _confidence(rows: Sequence[Row], goals: Goals) -> list[float | None]:
    """Return the stored front confidence of each row, recomputed if the run has none."""
    cells = [row.get("front_confidence") for row in rows]
    if any(not is_missing(cell) for cell in cells):
        return [None if is_missing(cell) else parse_number(cell) for cell in cells]
    return front_confidence(rows, goals.maximize, goals.minimize, goals.constraints)


def _streams(
    points: Sequence[DesignPoint],
    front: Sequence[bool],
    finished: Sequence[bool],
    parameters: int | None,
    notes: list[str],
) -> list[StreamPicture]:
    if parameters is None:
        notes.append("no pictures of streams: nothing here says how many weights the model has")
        return []
    marks = [mark for mark, done in zip(front, finished, strict=True) if done]
    return pictures(
        ordered([point for point, done in zip(points, finished, strict=True) if done], marks),
        parameters,
    )


def _sensitivity(path: Path, rows: Sequence[Row]) -> list[Sensitivity]:
    """Read sensitivity.csv, or compute the sensitivities with fewer resamples without one."""
    if path.is_file():
        return read_sensitivity(path)
    found = []
    for response in RESPONSES:
        try:
            found.append(sensitivity(rows, response, resamples=FRESH_RESAMPLES, importances=False))
        except DesignError:
            continue  # too few rows have it, or it does not vary
    return found


def read_sensitivity(path: Path) -> list[Sensitivity]:
    """Read a sensitivity.csv; the share that all main effects explain together is not in it.

    Raises:
        DesignError: The file has another format.
    """
    found: dict[str, Sensitivity] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        for line in lines:
            effect, name = _effect(line), line["response"]
            old = found.get(name) or Sensitivity(
                response=name,
                logarithmic=line["scale"] == "logarithm",
                rows=int(line["rows"]),
                explained=math.nan,
                noise=None,
                p_value=None,
                main=(),
                interactions=(),
            )
            main, pairs = old.main, old.interactions
            main, pairs = (main, (*pairs, effect)) if line["with_axis"] else (
                (*main, effect), pairs
            )  # fmt: skip
            found[name] = replace(old, main=main, interactions=pairs)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DesignError(
            f"{path}: is not a sensitivity.csv ({error}); delete it to have it written again"
        ) from None
    return list(found.values())


def _effect(line: Mapping[str, str]) -> Effect:
    pair = (line["with_axis"],) if line["with_axis"] else ()
    return Effect(
        axes=(line["axis"], *pair),
        share=parse_number(line["share"]),
        low=parse_number(line["share_low"]),
        high=parse_number(line["share_high"]),
        degrees=int(line["degrees"]),
        effect=parse_number(line["effect"]),
        lowest=line["lowest"],
        highest=line["highest"],
        confounded=tuple(filter(None, line["confounded_with"].split(";"))),
        importance=parse_number(line["importance"]),
        within_noise=line.get("within_noise") == "1",
    )


def _run_json(path: Path, notes: list[str]) -> dict[str, Any]:
    text = _text(path)
    try:
        content = json.loads(text) if text else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        notes.append(f"no provenance: {path.name} is damaged")
        return {}
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
