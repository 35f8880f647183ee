"""`pezoexplore pareto`: the front of a results.csv, with objectives and filters of one's own."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

from pezoexplore.analysis.frames import read_results
from pezoexplore.analysis.pareto import frame_rows, front_of_frame, select_frame
from pezoexplore.analysis.runs import results_file
from pezoexplore.analysis.statistics import front_confidence
from pezoexplore.commands.terminal import print_json, say
from pezoexplore.design.conditions import parse_conditions
from pezoexplore.errors import DesignError
from pezoexplore.report.plots.plots import draw_fronts
from pezoexplore.report.tables import print_front
from pezoexplore.sweeps.rows import ON_FRONT, cell_text, csv_text, typed_row
from pezoexplore.sweeps.rundir import write_atomically

MAXIMIZE = ("accuracy_mean",)
MINIMIZE = ("lut", "ff")
"""Objectives when none are named, those of a design file that names none."""


def redraw(
    results: Path,
    maximize: Sequence[str],
    minimize: Sequence[str],
    where: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Print the front of a results.csv and draw its plots.

    Args:
        results: The file, or the run directory it is in.
        maximize: Columns to maximize; empty for ``MAXIMIZE``.
        minimize: Columns to minimize; empty for ``MINIMIZE``.
        where: Conditions joined by ``and`` that rows meet to be looked at; None for all rows.
        out: Folder for the plots and pareto.csv; None draws the plots beside the file.
        as_json: Whether to print JSON.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The file, a column or a condition cannot be used, no row has all objectives, or
            a file cannot be written.
    """
    more, less = tuple(maximize) or MAXIMIZE, tuple(minimize) or MINIMIZE
    results = results_file(results)
    frame = read_results(results)
    if where is not None:
        frame = select_frame(frame, parse_conditions(where))
    mask = front_of_frame(frame, more, less)
    if not mask.any():
        lacking = f"none of {len(frame)} rows is a finished design with {', '.join((*more, *less))}"
        raise DesignError(f"{results}: {lacking}; choose other objectives or rows")
    shares = front_confidence(frame_rows(frame), more, less)
    frame = frame.assign(
        front_confidence=[math.nan if share is None else share for share in shares]
    )
    rows = _written_rows(results, frame, mask)
    folder = results.parent if out is None else out
    files = draw_fronts(frame, more, less, folder)
    if out is not None:
        _make(out)
        columns = list(rows[0])
        write_atomically(out / "pareto.csv", csv_text(columns, rows))
        files.append(out / "pareto.csv")
    if as_json:
        front = [typed_row(row) for row in rows]
        objectives = {"maximize": more, "minimize": less}
        names = [str(path) for path in files]
        print_json({"objectives": objectives, "rows": len(frame), "front": front, "files": names})
    else:
        print_front(frame, mask.tolist(), (*more, *less), Console())
        for path in files:
            say(str(path))
    return 0


def _written_rows(
    path: Path, frame: pd.DataFrame, mask: npt.NDArray[np.bool_]
) -> list[dict[str, str]]:
    """The rows of the front with their cells as they are written in the file."""
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    shares = frame["front_confidence"].tolist()
    chosen = [(written[index], share) for index, share, member in zip(
        frame.index, shares, mask, strict=True) if member]  # fmt: skip
    cells = [
        (row, {"pareto": ON_FRONT, "front_confidence": cell_text("front_confidence", share)})
        for row, share in chosen
    ]
    return [row | {name: marks[name] for name in marks if name in row} for row, marks in cells]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None
