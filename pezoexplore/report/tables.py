"""Tables on the terminal: the Pareto front, and the points that a sweep would run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pezoexplore.analysis.differences import Difference
from pezoexplore.analysis.empty_front import empty_front
from pezoexplore.analysis.frames import row_labels, targets_of
from pezoexplore.analysis.pareto import check_columns, frame_rows
from pezoexplore.analysis.standing import cautions, standings
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.conditions import Condition, cell_text, is_missing, parse_number
from pezoexplore.design.point import AXES, DesignPoint
from pezoexplore.intervals import POINTS, in_words
from pezoexplore.report.designs import interval_column

if TYPE_CHECKING:
    import pandas as pd

_NO_LIMIT = 10_000
"""Width in characters that no table exceeds."""

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


def points_table(points: Sequence[DesignPoint]) -> tuple[list[str], list[list[str]]]:
    """Return the header and rows of the table of points that a sweep would run, in order.

    Args:
        points: n points.

    Returns:
        The header (one column per axis) and n rows; cells of axes without effect are empty.
    """
    rows = []
    for point in points:
        axes = point.axes()
        cells = (axes[name] for name in AXES)
        rows.append(["" if cell is None else cell_text(cell) for cell in cells])
    return list(AXES), rows


def print_front(
    frame: pd.DataFrame,
    front: Sequence[bool],
    objectives: Sequence[str],
    console: Console | None = None,
    constraints: Sequence[Condition] = (),
    chance: float | None = None,
) -> None:
    """Print the front as a table; see :func:`front_table`. Of an empty one print the reason.

    Args:
        frame: n rows with the columns of results.csv.
        front: For each of the n rows, True if it is on the front.
        objectives: Columns to show.
        console: Destination; standard output if None.
        constraints: Conditions that every design on the front meets.
        chance: Accuracy of the most frequent class, percent; None if unknown.

    Raises:
        DesignError: A column is unknown.
    """
    console = console or Console()
    chosen = _members(frame, front, objectives)
    header, rows = ["design", *objectives], design_cells(chosen, objectives)
    if not rows:
        why = empty_front(frame_rows(frame), objectives, constraints)
        _line(console, f"Pareto front: empty: {why}")
        return
    members = [row for _, row in chosen]
    everything = frame_rows(frame)
    if ACCURACY in objectives:
        sure = [parse_number(row.get("front_confidence")) for row in members]
        columns = confidence_columns(members, sure, everything)
        header += columns
        for column in columns.values():
            for line, cell in zip(rows, column, strict=True):
                line.append(cell)
    print_table(f"Pareto front: {_count(len(rows), 'design')}", header, rows, console)
    if any(cell.endswith(SAME) for line in rows for cell in line):
        _line(console, SAME_MEANS)
    for caution in cautions(everything, front, chance):
        _line(console, f"warning: {caution}")


def print_dry_run(
    points: Sequence[DesignPoint],
    skipped: Sequence[str] = (),
    collapsed: Sequence[str] = (),
    console: Console | None = None,
    total: int | None = None,
) -> None:
    """Print the points that a sweep would run, then the collapsed and skipped ones with reasons.

    Args:
        points: The distinct points, in display order.
        skipped: A line per reason to skip, such as ``12 points: leap 12 shares a factor``.
        collapsed: A line per kind of collapse.
        console: Destination; standard output if None.
        total: Number of distinct points; None if all are shown.
    """
    console = console or Console()
    title = _count(len(points) if total is None else total, "distinct point")
    header, rows = points_table(points)
    if console.is_terminal and len(rows) > 1:
        header, rows, common = _without_common(header, rows)
        title += f"; the same in those shown: {common}" * bool(common)
    print_table(title, header, rows, console)
    for title, lines in (("collapsed", collapsed), ("skipped", skipped)):
        for line in lines:
            _line(console, f"{title}: {line}")


def _without_common(
    header: list[str], rows: list[list[str]]
) -> tuple[list[str], list[list[str]], str]:
    """Split off the columns whose cells are all equal, and return those as text."""
    cells = list(zip(*rows, strict=True))
    vary = [index for index, column in enumerate(cells) if len(set(column)) > 1]
    common = [
        f"{name} {column[0]}"
        for name, column in zip(header, cells, strict=True)
        if len(set(column)) == 1 and column[0]
    ]
    kept = [[row[index] for index in vary] for row in rows]
    return [header[index] for index in vary], kept, ", ".join(common)


def print_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    console: Console | None = None,
) -> None:
    """Print a table: ruled on a terminal, aligned plain text in a pipe or if it is too wide.

    Args:
        title: Line above the table.
        header: n names.
        rows: Rows of n cells; columns of numbers are right-aligned.
        console: Destination; standard output if None.
    """
    console = console or Console()
    flush_right = [
        bool(rows) and all(not row[index] or _is_number(row[index]) for row in rows)
        for index in range(len(header))
    ]
    _line(console, title)
    ruled = _ruled(header, rows, flush_right)
    # rich would cut the cells of a table that does not fit.
    narrowest = console.measure(ruled, options=console.options.update_width(_NO_LIMIT)).minimum
    if not console.is_terminal or narrowest > console.width:
        widths = [
            max(len(name), *(len(row[index]) for row in rows)) if rows else len(name)
            for index, name in enumerate(header)
        ]
        for cells in [header, *rows]:
            padded = [
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(cells, widths, flush_right, strict=True)
            ]
            _line(console, "  ".join(padded).rstrip())
        return
    console.print(ruled, highlight=False)


def _ruled(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Table:
    """Build a table with a rule below its header; numbers are not wrapped."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, flush in zip(header, right, strict=True):
        table.add_column(escape(name), justify="right" if flush else "left", no_wrap=flush)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _line(console: Console, text: str) -> None:
    """Print a line verbatim: no wrapping, markup or colours."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)


def _is_number(cell: str) -> bool:
    return parse_number(re.split(" ± | \\(", cell)[0].replace(",", "")) is not None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
