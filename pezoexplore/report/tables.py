"""The table of the Pareto front, with how sure each design is to be on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from pezoexplore.analysis.differences import Difference
from pezoexplore.analysis.empty_front import empty_front
from pezoexplore.analysis.frames import row_labels, targets_of
from pezoexplore.analysis.pareto import check_columns, frame_rows
from pezoexplore.analysis.standing import cautions, standings
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.conditions import Condition, cell_text, is_missing, parse_number
from pezoexplore.intervals import POINTS, in_words
from pezoexplore.report.designs import interval_column

if TYPE_CHECKING:
    import pandas as pd

SAME = "≈"
"""Marks designs whose accuracies are not statistically distinguishable."""

SAME_MEANS = (
    f"{SAME}: not distinguishable: the 95 % interval of this one paired difference over the seeds "
    "contains zero. Designs that are each like a third one may still differ"
)


def front_table(
    frame: pd.DataFrame, front: Sequence[bool], objectives: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Return the header and rows of the table of the front.

    Rows ascend by the first objective, then the second and so on; accuracies come with their
    95 % interval, as ``89.50 ± 0.70`` or, cut at 0 or 100, ``13.75 (0.00 to 64.75)``.

    Args:
        frame: n rows with the columns of results.csv.
        front: For each of the n rows, True if it is on the front.
        objectives: Columns to show, those to maximize first.

    Returns:
        The header and a list of cells for each row of the front.

    Raises:
        DesignError: A column is unknown.
    """
    return ["design", *objectives], design_cells(_members(frame, front, objectives), objectives)


def design_cells(
    chosen: Sequence[tuple[str, Mapping[str, object]]], objectives: Sequence[str]
) -> list[list[str]]:
    """Return the cells of designs, each given as its label and row; see :func:`front_table`."""
    return [[label, *(_cell(row, name) for name in objectives)] for label, row in chosen]


def _members(
    frame: pd.DataFrame, front: Sequence[bool], objectives: Sequence[str]
) -> list[tuple[str, Mapping[str, object]]]:
    """Return labels and rows of the front, in the order of the table."""
    check_columns(objectives, [str(name) for name in frame.columns])
    rows = frame_rows(frame.loc[np.array(front, dtype=bool)])
    chosen = list(zip(row_labels(rows, targets_of(frame)), rows, strict=True))

    def order(item: tuple[str, Mapping[str, object]]) -> tuple[list[float], str, str]:
        numbers = [parse_number(item[1].get(name)) for name in objectives]
        keys = [math.inf if number is None else number for number in numbers]
        return keys, item[0], str(item[1].get("point_id", ""))

    return sorted(chosen, key=order)


def standings_document(
    frame: pd.DataFrame, front: Sequence[bool], objectives: Sequence[str]
) -> list[dict[str, object]]:
    """Return the differences of :func:`confidence_columns` as plain values, by ``point_id``."""
    rows = [row for _, row in _members(frame, front, objectives)]
    if ACCURACY not in objectives:
        return []
    return [
        {"point_id": row.get("point_id"), "target": row.get("target"), **asdict(item)}
        for row, item in zip(rows, standings(rows, frame_rows(frame)), strict=True)
    ]


def confidence_columns(
    rows: Sequence[Mapping[str, object]],
    sure: Sequence[float | None],
    everything: Sequence[Mapping[str, object]],
) -> dict[str, list[str]]:
    """Return columns of how sure designs are: confidence of the front, accuracy differences.

    Differences are paired over the seeds, with their 95 % interval, and marked if that contains
    zero: designs are not ranked within the noise.

    Args:
        rows: n designs in the order of the table.
        sure: Confidence of each to be on the front, 0 to 1; None if unknown.
        everything: All rows of the run, for the baseline.

    Returns:
        Cells of the n designs by header; no column that would be empty.
    """
    found = standings(rows, everything)
    columns = {
        "on front": ["" if share is None else f"{100 * share:.0f} %" for share in sure],
        "next minus this": [_marked(item.next) for item in found],
        "minus best": [_marked(item.best) for item in found],
        "minus baseline": [_marked(item.baseline) for item in found],
    }
    return {name: cells for name, cells in columns.items() if any(cells)}


def _marked(difference: Difference | None) -> str:
    if difference is None:
        return ""
    mark = "" if difference.distinguishable else f" {SAME}"
    return in_words(difference.mean, difference.half or 0, POINTS, sign="+") + mark


def _cell(row: Mapping[str, object], name: str) -> str:
    number = parse_number(row.get(name))
    if number is None:
        return "" if is_missing(row.get(name)) else cell_text(row.get(name))
    half = parse_number(row.get(interval_column(name))) if name.endswith("_mean") else None
    if half is not None:
        return in_words(number, half)
    return cell_text(number if number.is_integer() else float(f"{number:.6g}"))


def annotated_front(
    frame: pd.DataFrame,
    front: Sequence[bool],
    objectives: Sequence[str],
    constraints: Sequence[Condition] = (),
    chance: float | None = None,
) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Return the front with how sure it is, as a table; see :func:`front_table`.

    Args:
        frame: n rows with the columns of results.csv.
        front: For each of the n rows, True if it is on the front.
        objectives: Columns to show.
        constraints: Conditions that every design on the front meets.
        chance: Accuracy of the most frequent class, percent; None if unknown.

    Returns:
        Title, header, rows and the lines below the table; of an empty front a title that says why,
        no table, and warnings about all designs.

    Raises:
        DesignError: A column is unknown.
    """
    chosen = _members(frame, front, objectives)
    header, rows = ["design", *objectives], design_cells(chosen, objectives)
    everything = frame_rows(frame)
    warnings = [f"warning: {text}" for text in cautions(everything, front, chance)]
    if not rows:
        why = empty_front(everything, objectives, constraints)
        return f"Pareto front: empty: {why}", [], [], warnings
    members = [row for _, row in chosen]
    if ACCURACY in objectives:
        sure = [parse_number(row.get("front_confidence")) for row in members]
        columns = confidence_columns(members, sure, everything)
        header += columns
        for column in columns.values():
            for line, cell in zip(rows, column, strict=True):
                line.append(cell)
    same = any(cell.endswith(SAME) for line in rows for cell in line)
    title = f"Pareto front: {len(rows)} design{'s' * (len(rows) != 1)}"
    return title, header, rows, [SAME_MEANS] * same + warnings
