"""`pezoexplore report`: a run as one HTML page, as Markdown and as figures for print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.options import Format, TableOrJson, there
from pezoexplore.cli.terminal import counted, echo, print_json, telling


def report(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_DIR", help="A run directory, or a results.csv.", callback=there
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the files; default: the run directory.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw SVG and PDF figures for print.")
    ] = True,
    format_: Format = TableOrJson.table,
) -> int:
    """Write a run as one HTML page, as Markdown, and as figures for print.

    report.html opens from disk and needs no network: the front in two and three objectives, linked
    to parallel coordinates and a table; learning curves, streams, resources, sensitivity, failures
    with their reasons, and provenance.
    """
    from pezoexplore.analysis.runs import read_run, results_file

    tell = telling(results_file(run))
    tell(f"reading {results_file(run)}")
    stored = read_run(run)
    from pezoexplore import paths
    from pezoexplore.files import write_atomically
    from pezoexplore.report.html.data import report_of
    from pezoexplore.report.html.page import render
    from pezoexplore.report.markdown import markdown
    from pezoexplore.report.paper import draw_paper

    found = report_of(stored, tell)
    folder = found.path.parent if out is None else out
    paths.make_folder(folder)
    files = [folder / "report.html", folder / "report.md"]
    write_atomically(files[0], render(found))
    write_atomically(files[1], markdown(found))
    if figures:
        tell("the figures")
        files += draw_paper(found, folder / "figures")
    if format_ is TableOrJson.json:
        counts = {"designs": len(found.rows), "front": sum(found.front), "failed": found.failed}
        names = [str(path) for path in files]
        print_json({**counts, "notes": found.notes, "files": names})
        return 0
    designs = counted(len(found.rows), "design")
    echo(f"{designs}, {sum(found.front)} on the front, {found.failed} failed")
    for note in found.notes:
        echo(f"note: {note}")
    for path in files:
        echo(str(path))
    return 0
