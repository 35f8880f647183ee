"""Accuracy against the Gaussian reference by size of the network, over the tasks of a run.

Designs that tie on a small network may lose on a large one: a stream with fewer dimensions than the
network has weights leaves directions out. Differences are paired by seed within each task.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pezoexplore.analysis.differences import Difference, paired_difference
from pezoexplore.analysis.pareto import Rows
from pezoexplore.analysis.standing import baseline_of, is_baseline
from pezoexplore.analysis.statistics import ACCURACY, seeds_of
from pezoexplore.design.conditions import is_missing, parse_number
from pezoexplore.design.point import DesignPoint

TASK, PARAMETERS = "task", "parameters"
"""Columns of the results of a design with several tasks."""


@dataclass(frozen=True)
class Size:
    """A task of the run, in the order of its weights.

    Attributes:
        task: Its name.
        parameters: Weights of its network.
        reference: Mean accuracy of the Gaussian reference, percent.
    """

    task: str
    parameters: int
    reference: float


@dataclass(frozen=True)
class ScaleLine:
    """A design over the sizes.

    Attributes:
        point: The design.
        label: Its name.
        differences: By task: its accuracy minus the reference's, percentage points.
    """

    point: DesignPoint
    label: str
    differences: Mapping[str, Difference]


def scale_of(rows: Rows) -> tuple[list[Size], list[ScaleLine]]:
    """Compare designs with the reference on each task.

    Args:
        rows: Rows of results.

    Returns:
        The tasks with a reference, ascending by weights, and the designs, best on the largest task
        first; both empty without two such tasks. Unfinished rows and those of one seed count for
        nothing, nor do later rows of a design on further hardware targets.
    """
    finished: dict[str, dict[DesignPoint, Mapping[str, object]]] = {}
    sizes: list[Size] = []
    for row in rows:
        known = not is_missing(row.get(TASK)) and parse_number(row.get(ACCURACY)) is not None
        if known and row.get("status", "ok") == "ok" and len(seeds_of(row)) > 1:
            of_task = finished.setdefault(str(row[TASK]), {})
            of_task.setdefault(DesignPoint.from_json(row), row)
    for task, known_rows in finished.items():
        reference = baseline_of(list(known_rows.values()))
        weights = None if reference is None else parse_number(reference.get(PARAMETERS))
        mean = None if reference is None else parse_number(reference[ACCURACY])
        if weights is not None and mean is not None:
            sizes.append(Size(task, int(weights), mean))
    if len(sizes) < 2:
        return [], []
    sizes.sort(key=lambda size: (size.parameters, size.task))
    return sizes, _lines(sizes, finished)


def _lines(
    sizes: list[Size], finished: Mapping[str, Mapping[DesignPoint, Mapping[str, object]]]
) -> list[ScaleLine]:
    found: dict[DesignPoint, dict[str, Difference]] = {}
    for size in sizes:
        of_task = finished[size.task]
        reference = baseline_of(list(of_task.values()))
        assert reference is not None, "a size has one"
        for point, row in of_task.items():
            if not is_baseline(point):
                difference = paired_difference(seeds_of(row), seeds_of(reference))
                found.setdefault(point, {})[size.task] = difference

    def order(line: ScaleLine) -> tuple[float, ...]:
        last = [line.differences.get(size.task) for size in reversed(sizes)]
        return tuple(math.inf if item is None else -item.mean for item in last)

    return sorted((ScaleLine(p, p.label(), by_task) for p, by_task in found.items()), key=order)
