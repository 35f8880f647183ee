"""Results of earlier runs as the start of a search."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.analysis.csv_cells import read_cells
from pezoexplore.design.columns import NUMERIC_COLUMNS
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import AXES, DesignPoint
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS
from pezoexplore.errors import DesignError
from pezoexplore.search.goal import COMPLETE, Finding, Known
from pezoexplore.sweeps.rundir import STORE_NAME
from pezoexplore.sweeps.store import Store

if TYPE_CHECKING:
    from pezoexplore.search.candidates import Candidates
    from pezoexplore.search.stage_evaluator import StageEvaluator

RESULTS_NAME = "results.csv"

log = logging.getLogger(__name__)


def warm_start(
    sources: Sequence[Path],
    candidates: Candidates,
    evaluator: StageEvaluator,
) -> list[Known]:
    """Return what earlier runs know of the points of a search.

    Of a run directory the finished stages are taken over into the store, so they never run again;
    of a results.csv the good rows. Rows of other training settings, tasks or axes than the
    design's have another ``point_id`` and are left out: their accuracy is another quantity.

    Args:
        sources: Run directories and results.csv files.
        candidates: The points of the search.
        evaluator: Runs the stages.

    Returns:
        Points with all their results, each once.

    Raises:
        DesignError: A source is not there or is neither.
        StoreError: A store is damaged.
    """
    found: dict[DesignPoint, Known] = {}
    for source in sources:
        before = len(found)
        stages = 0
        if source.is_dir():
            if not any((source / name).exists() for name in (STORE_NAME, RESULTS_NAME)):
                raise DesignError(
                    f"--warm-start {source}: neither {STORE_NAME} nor {RESULTS_NAME} is in it; "
                    "name a run directory or a results.csv"
                )
            if (source / STORE_NAME).exists():
                stages = _take_over(source / STORE_NAME, candidates, evaluator, found)
            table = source / RESULTS_NAME
        else:
            table = source
        foreign = 0
        if table.exists() or not source.is_dir():
            foreign = _rows(table, candidates, evaluator, found)
        log.info(
            f"warm start from {source}: {len(found) - before} points known, {stages} finished "
            f"stages taken over, {foreign} rows of other settings or designs left out"
        )
    return list(found.values())


def _take_over(
    path: Path, candidates: Candidates, evaluator: StageEvaluator, found: dict[DesignPoint, Known]
) -> int:
    """Copy the good records that serve a point of the search; how many."""
    copied = 0
    with Store(path) as other:
        for point in candidates.points:
            for key, *_ in evaluator.uses(point, [*evaluator.rungs, *evaluator.stages]):
                record = other.get(key)
                if (
                    record is not None
                    and record.status == "ok"
                    and evaluator.store.get(key) is None
                ):
                    evaluator.store.put(record)
                    copied += 1
            finding = evaluator.known(point)
            if finding is not None:
                found.setdefault(point, Known(point, finding, warm=True))
    return copied


def _rows(
    path: Path, candidates: Candidates, evaluator: StageEvaluator, found: dict[DesignPoint, Known]
) -> int:
    """Take the good rows of a table; how many were of no use."""
    target = evaluator.space.hardware.names[0]
    foreign = 0
    for row in _table(path):
        if row.get("status") != "ok" or row.get("target") != target:
            continue
        point = _point(row)
        if (
            point is None
            or not candidates.holds(point)
            or row["point_id"] != evaluator.identity(point)
        ):
            foreign += 1
            continue
        finding = Finding(COMPLETE, _cells(row), full=True)
        found.setdefault(point, Known(point, finding, warm=True))
    return foreign


def _table(path: Path) -> list[dict[str, str]]:
    try:
        header, lines = read_cells(path, ("point_id", "status", "target"))
    except DesignError as error:
        raise DesignError(f"--warm-start {error}; name a run or a results.csv") from None
    return [dict(zip(header, cells, strict=True)) for cells in lines]


def _point(row: Mapping[str, str]) -> DesignPoint | None:
    """Return the point of a row; None if the row lacks an axis or holds text where numbers go."""
    try:
        return DesignPoint.from_json(
            {axis: row[axis] for axis in AXES if axis in row or axis not in OPTIONAL_DEFAULTS}
        )
    except (KeyError, DesignError):
        return None


def _cells(row: Mapping[str, str]) -> dict[str, float]:
    numbers = {name: parse_number(row.get(name, "")) for name in NUMERIC_COLUMNS}
    return {
        name: number for name, number in numbers.items() if number is not None and name not in AXES
    }
