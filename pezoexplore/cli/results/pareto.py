"""`pezoexplore pareto`: the front of a results.csv, with other objectives and filters."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, ResultsFile, TableOrJson, Where
from pezoexplore.cli.terminal import echo, print_json
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

MAXIMIZE = ("accuracy_mean",)
MINIMIZE = ("lut", "ff")
"""Default objectives, as those of a design file."""


def pareto(
    results: ResultsFile,
    maximize: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to maximize; may be repeated; default: accuracy_mean.",
            autocompletion=completion.columns,
        ),
    ] = None,
    minimize: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to minimize; may be repeated; default: lut and ff.",
            autocompletion=completion.columns,
        ),
    ] = None,
    where: Where = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for plots and pareto.csv; default: plots beside the CSV."),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Print the Pareto front of a results.csv and draw its plots again."""
    from pezoexplore import paths
    from pezoexplore.analysis.pareto import frame_rows, front_of_frame, select_frame
    from pezoexplore.analysis.runs import read_whole
    from pezoexplore.analysis.statistics import front_confidence
    from pezoexplore.design.conditions import parse_conditions
    from pezoexplore.report.plots.plots import draw_fronts
    from pezoexplore.report.tables import print_front
    from pezoexplore.sweeps.rows import csv_text, typed_row
    from pezoexplore.sweeps.rundir import write_atomically

    more, less = tuple(maximize or MAXIMIZE), tuple(minimize or MINIMIZE)
    results, frame = read_whole(results)
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
    files = draw_fronts(frame, more, less, results.parent if out is None else out)
    if out is not None:
        paths.make_folder(out)
        write_atomically(out / "pareto.csv", csv_text(list(rows[0]), rows))
        files.append(out / "pareto.csv")
    if format_ is TableOrJson.json:
        front = [typed_row(row) for row in rows]
        objectives = {"maximize": more, "minimize": less}
        names = [str(path) for path in files]
        print_json({"objectives": objectives, "rows": len(frame), "front": front, "files": names})
    else:
        print_front(frame, mask.tolist(), (*more, *less))
        for path in files:
            echo(str(path))
    return 0


def _written_rows(
    path: Path, frame: pd.DataFrame, mask: npt.NDArray[np.bool_]
) -> list[dict[str, str]]:
    """Return the rows of the front with their cells as they are written in the file."""
    from pezoexplore.sweeps.rows import ON_FRONT, cell_text

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
