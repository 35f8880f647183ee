"""Reading results.csv back: right types, and the design point behind each row."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pezoexplore.analysis.csv_cells import REQUIRED, read_cells
from pezoexplore.design.columns import NUMERIC_COLUMNS, TEXT_COLUMNS
from pezoexplore.design.conditions import cell_text, parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError


def read_results(path: Path, required: Sequence[str] = REQUIRED) -> pd.DataFrame:
    """Read a results.csv (or pareto.csv).

    Args:
        path: The file; packed by gzip if its name ends in ``.gz``.
        required: Columns that must be there.

    Returns:
        A row per line, in their order: columns of numbers as float64 (``inf`` read, empty NaN),
        the others as text (empty stays empty). Columns that results.csv does not define are
        numbers when every cell is one.

    Raises:
        DesignError: As :func:`pezoexplore.analysis.csv_cells.read_cells`.
    """
    return frame_of_cells(str(path), *read_cells(path, required))


def frame_of_rows(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> pd.DataFrame:
    """Convert rows of results as written to a frame typed as :func:`read_results` types them.

    Args:
        rows: n rows, text by column.
        columns: The columns, in order.

    Raises:
        DesignError: Text where a number belongs.
    """
    return frame_of_cells("results", columns, [[row[name] for name in columns] for row in rows])


def frame_of_cells(source: str, header: Sequence[str], lines: list[list[str]]) -> pd.DataFrame:
    """Convert cells as written to a frame typed as :func:`read_results` types them.

    Args:
        source: Name of the cells in an error.
        header: k columns.
        lines: n rows of k cells.

    Raises:
        DesignError: Text where a number belongs.
    """
    columns = {
        name: _column(source, name, [cells[index] for cells in lines])
        for index, name in enumerate(header)
    }
    return pd.DataFrame(columns, columns=list(header))


def _column(source: str, name: str, cells: list[str]) -> pd.Series:
    if name in TEXT_COLUMNS:
        return pd.Series(cells, dtype="str")
    numbers = {cell: parse_number(cell) for cell in set(cells)}  # far fewer than the cells
    if any(number is None and cell for cell, number in numbers.items()):
        if name in NUMERIC_COLUMNS:
            row, cell = next((n, c) for n, c in enumerate(cells, 2) if c and numbers[c] is None)
            raise DesignError(f"{source}: row {row}, column {name}: {cell!r} is no number")
        return pd.Series(cells, dtype="str")
    values = {cell: math.nan if number is None else number for cell, number in numbers.items()}
    return pd.Series(np.array([values[cell] for cell in cells], dtype=np.float64))


def row_labels(
    rows: Sequence[Mapping[str, object]],
    targets: Collection[str] = (),
    points: Sequence[DesignPoint] = (),
) -> list[str]:
    """Return short labels of rows, as :meth:`DesignPoint.label`; target and task if several.

    Args:
        rows: n rows of results.
        targets: Targets of the whole results; those of the rows if empty.
        points: The n designs, where they are known already.

    Returns:
        n labels.
    """
    labels = [point.label() for point in points or map(DesignPoint.from_json, rows)]
    for column, mark, known in (("target", "@", targets), ("task", "on ", ())):
        cells = [cell_text(row.get(column) or "") for row in rows]
        if len(set(known or cells) - {""}) > 1:
            pairs = zip(labels, cells, strict=True)
            labels = [f"{label} {mark}{cell}" if cell else label for label, cell in pairs]
    return labels


def targets_of(frame: pd.DataFrame) -> set[str]:
    """Return the hardware targets that rows of results are for."""
    return set(map(cell_text, frame["target"])) - {""} if "target" in frame.columns else set()
