"""`pezoexplore report`: a run as one HTML page, as Markdown and as figures for print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.options import Format, TableOrJson, TagsWanted, there
from pezoexplore.cli.terminal import counted, echo, print_json, print_table, telling
from pezoexplore.errors import DesignError


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN...",
            help="A run directory or a results.csv; several are set side by side in one page. With "
            "--tag, folders that hold run directories; default: reports.",
        ),
    ] = None,
    tag: TagsWanted = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the files; default: the run directory, or reports for several runs."
        ),
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw SVG and PDF figures for print.")
    ] = True,
    format_: Format = TableOrJson.table,
) -> int:
    """Write a run as an HTML page, Markdown and figures; several side by side as one page.

    report.html opens from disk and needs no network: the front in two and three objectives, linked
    to parallel coordinates and a table; learning curves, streams, resources, sensitivity, failures
    with their reasons, and provenance. Several runs become runs.html: what each found, their joint
    front, and by how much designs in several of them differ.
    """
    if tag or len(runs or ()) > 1:
        return _side_by_side(_tagged(runs, tag) if tag else runs or [], out, format_)
    if not runs:
        raise DesignError("name a run directory, or runs by their --tag")
    (run,) = runs
    there(run)
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


def _tagged(folders: Sequence[Path] | None, tags: Sequence[str]) -> list[Path]:
    """Return the runs in some folders that have all of some tags."""
    from pezoexplore.analysis.several.run_list import find_runs

    where = folders or [Path("reports")]
    found = [facts.path for folder in where for facts in find_runs(folder, tags)]
    if not found:
        raise DesignError(
            f"--tag {' --tag '.join(tags)}: no such run in {', '.join(map(str, where))}"
        )
    return found


def _side_by_side(sources: Sequence[Path], out: Path | None, format_: TableOrJson) -> int:
    """Write several runs as one page, and print its tables."""
    for source in sources:
        there(source)
    from pezoexplore.analysis.several.side_by_side import read_sides

    found = read_sides(sources)
    from pezoexplore import paths
    from pezoexplore.files import write_atomically
    from pezoexplore.report.html import runs as page

    folder = out or Path("reports")
    paths.make_folder(folder)
    file = folder / "runs.html"
    write_atomically(file, page.runs_page(found))
    if format_ is TableOrJson.json:
        tables = {
            "runs": (page.RUN_HEADER, page.run_rows(found)),
            "found": (page.FOUND_HEADER, page.found_rows(found)),
            "shared": (page.SHARED_HEADER, page.shared_rows(found.shared)),
        }
        document = {
            name: [dict(zip(header, row, strict=True)) for row in rows]
            for name, (header, rows) in tables.items()
        }
        print_json({**document, "notes": found.notes, "files": [str(file)]})
        return 0
    print_table(counted(len(found.sides), "run"), page.RUN_HEADER, page.run_rows(found))
    print_table("What each found", page.FOUND_HEADER, page.found_rows(found))
    for line in [*page.pair_lines(found), *(f"note: {note}" for note in found.notes), str(file)]:
        echo(line)
    return 0
