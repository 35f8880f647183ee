"""`pezoexplore report`: a run as one HTML page, as Markdown and as figures for print."""

from __future__ import annotations

from pathlib import Path

from pezoexplore.commands.terminal import counted, print_json, say
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.rundir import write_atomically

PAGE, WORDS, FIGURES = "report.html", "report.md", "figures"
"""What the command writes."""


def write_report(run: Path, out: Path | None, figures: bool, as_json: bool) -> int:
    """Write the report of a run.

    Args:
        run: A run directory, or a results.csv.
        out: Folder for the files; None: the run directory.
        figures: Whether to draw the figures for print as well.
        as_json: Whether to print JSON.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The run cannot be read, or a file cannot be written.
    """
    from pezoexplore.report.html.data import read_report
    from pezoexplore.report.html.page import render
    from pezoexplore.report.markdown import markdown
    from pezoexplore.report.paper import draw_paper

    report = read_report(run)
    folder = report.path.parent if out is None else out
    _make(folder)
    files = [folder / PAGE, folder / WORDS]
    write_atomically(files[0], render(report))
    write_atomically(files[1], markdown(report))
    if figures:
        files += draw_paper(report, folder / FIGURES)
    if as_json:
        counts = {"designs": len(report.rows), "front": sum(report.front), "failed": report.failed}
        names = [str(path) for path in files]
        print_json({**counts, "notes": report.notes, "files": names})
        return 0
    said = f"{counted(len(report.rows), 'design')}, {sum(report.front)} on the front"
    say(f"{said}, {report.failed} failed")
    for note in report.notes:
        say(f"note: {note}")
    for path in files:
        say(str(path))
    return 0


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None
