"""`pezoexplore pareto`: the front of a results.csv, with other objectives and filters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.analysis.run_files import may_have
from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, ResultsFile, TableOrJson, TaskOfRun, Where
from pezoexplore.cli.terminal import echo, print_json, print_table, telling
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

FRONTS = "pareto"
"""Folder beside the results for what is made of them."""


def pareto(
    results: ResultsFile,
    maximize: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to maximize; may be repeated; default: as in the run's design.",
            autocompletion=completion.columns,
        ),
    ] = None,
    minimize: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to minimize; may be repeated; default: as in the run's design.",
            autocompletion=completion.columns,
        ),
    ] = None,
    where: Where = None,
    task: TaskOfRun = None,
    constraints: Annotated[
        bool,
        typer.Option(
            "--constraints/--no-constraints",
            help="Keep to the constraints of the run's design, which limit the front.",
        ),
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder for plots and pareto.csv; default: {FRONTS} beside the results."
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace files in that folder that this command did not make."
        ),
    ] = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Print the Pareto front of a run or a results.csv and draw its plots into a folder.

    Objectives and constraints are those of the run's design.yaml; without one accuracy_mean is
    maximized, lut and ff are minimized.
    """
    for option, names in (("--maximize", maximize), ("--minimize", minimize)):
        _check_columns(results, option, names or ())
    from pezoexplore.analysis.runs import read_run, results_file

    tell = telling(results_file(results))
    tell(f"reading {results_file(results)}")
    run = read_run(results).of_task(task)
    from pezoexplore import paths
    from pezoexplore.analysis.empty_front import empty_front
    from pezoexplore.analysis.pareto import frame_rows, frame_where, front_of_rows
    from pezoexplore.analysis.standing import cautions
    from pezoexplore.analysis.statistics import front_confidence
    from pezoexplore.files import write_atomically
    from pezoexplore.report import made
    from pezoexplore.report.plots.plots import draw_fronts
    from pezoexplore.report.tables import annotated_front, standings_document
    from pezoexplore.sweeps.rows import csv_text, typed_row

    goals = run.goals(maximize or (), minimize or (), constraints)
    results, frame = run.path, run.frame
    if where:
        frame = frame_where(frame, where)
    tell(f"{len(frame):,} rows: the front")
    cells = frame_rows(frame)
    columns = [str(name) for name in frame.columns]
    mask = front_of_rows(cells, columns, goals.maximize, goals.minimize, goals.constraints)
    if not mask.any():
        why = empty_front(cells, goals.objectives, goals.constraints)
        raise DesignError(f"{results}: {why}; choose other objectives, constraints or rows")
    tell("how sure each design is to be on it")
    shares = front_confidence(cells, goals.maximize, goals.minimize, goals.constraints)
    frame = frame.assign(
        front_confidence=[math.nan if share is None else share for share in shares]
    )
    rows = _written_rows(results, frame, mask)
    tell("the plots")
    out = results.parent / FRONTS if out is None else out
    paths.make_folder(out)
    with made.drafts_in(out) as drafts:
        drawn = draw_fronts(
            frame,
            goals.maximize,
            goals.minimize,
            drafts,
            goals.constraints,
            chance=run.chance,
            front=mask.tolist(),
        )
        write_atomically(drafts / "pareto.csv", csv_text(list(rows[0]), rows))
        files = made.put([*drawn, drafts / "pareto.csv"], out, overwrite)
    if format_ is TableOrJson.json:
        front = [typed_row(row) for row in rows]
        print_json(
            {
                "objectives": {"maximize": goals.maximize, "minimize": goals.minimize},
                "constraints": list(map(str, goals.constraints)),
                "rows": len(frame),
                "front": front,
                "standings": standings_document(frame, mask.tolist(), goals.objectives),
                "warnings": cautions(cells, mask.tolist(), run.chance),
                "files": [str(path) for path in files],
            }
        )
    else:
        print_table(*annotated_front(frame, mask.tolist(), goals.objectives, chance=run.chance))
        for path in files:
            echo(str(path))
    return 0


def _check_columns(results: Path, option: str, names: Sequence[str]) -> None:
    """Refuse a column that no results have and these have not either, before reading them."""
    from pezoexplore.design.columns import NUMERIC_COLUMNS
    from pezoexplore.design.kinds import nearest

    for name in names:
        if name not in NUMERIC_COLUMNS and not may_have(results, name):
            hint, known = nearest(name, NUMERIC_COLUMNS), ", ".join(NUMERIC_COLUMNS)
            raise DesignError(f"{option}: unknown column {name!r}{hint}; there are: {known}")


def _written_rows(
    path: Path, frame: pd.DataFrame, mask: npt.NDArray[np.bool_]
) -> list[dict[str, str]]:
    """Return the rows of the front with their cells as they are written in the file."""
    from pezoexplore.analysis.csv_cells import read_cells
    from pezoexplore.sweeps.rows import ON_FRONT, cell_text

    header, written = read_cells(path)
    chosen = zip(frame.index, frame["front_confidence"].tolist(), mask, strict=True)
    rows = []
    for index, share, member in chosen:
        if member:
            row = dict(zip(header, written[index], strict=True))
            marks = {"pareto": ON_FRONT, "front_confidence": cell_text("front_confidence", share)}
            rows.append(row | {name: marks[name] for name in marks if name in row})
    return rows
