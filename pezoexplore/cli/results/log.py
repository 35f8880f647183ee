"""`pezoexplore log`: a run's results in MLflow."""

from __future__ import annotations

from typing import Annotated

import typer

from pezoexplore.cli.options import Format, ResultsFile, TableOrJson
from pezoexplore.cli.terminal import counted, echo, print_json


def log(
    results: ResultsFile,
    mlflow: Annotated[
        str,
        typer.Option(
            "--mlflow",
            metavar="URI",
            help="Tracking URI: sqlite:///FILE.db, or the address of a server.",
        ),
    ],
    experiment: Annotated[
        str | None, typer.Option(help="Name of the experiment; default: the design's.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Log a run to MLflow: a run for each row, with axes, results and learning curve.

    A row that is there already is not logged twice; one with other results replaces it. Needs the
    extra ``mlflow``.
    """
    from pezoexplore.analysis.runs import read_rows
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.report.html.records import read_records
    from pezoexplore.report.tracking import log_rows
    from pezoexplore.sweeps.rundir import STORE_NAME, design_in

    rows = read_rows(results)
    folder = results if results.is_dir() else results.parent
    name = experiment or str(design_in(folder) or folder.absolute().name)
    curves = read_records(folder / STORE_NAME).curves
    with ProgressMeter("rows", "rerun the same command to go on") as meter:
        meter.begin(0, len(rows))
        found = log_rows(rows, curves, mlflow, name, meter.advance)
    if format_ is TableOrJson.json:
        counts = {"new": found.new, "changed": found.changed, "same": found.same}
        print_json({"experiment": name, "experiment_id": found.experiment, **counts})
        return 0
    new, changed = counted(found.new, "new run"), counted(found.changed, "changed run")
    echo(f"experiment {name} of {mlflow}: {new}, {changed}, {found.same} there already")
    return 0
