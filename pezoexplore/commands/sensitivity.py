"""`pezoexplore sensitivity`: which axis moves each result of a results.csv, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from pezoexplore.analysis.frames import read_results
from pezoexplore.analysis.pareto import frame_rows, select_frame
from pezoexplore.analysis.runs import results_file
from pezoexplore.analysis.sensitivity import RESPONSES, Effect, Sensitivity, sensitivity
from pezoexplore.commands.terminal import print_json, say
from pezoexplore.design.columns import NUMERIC_COLUMNS, RESULT_COLUMNS
from pezoexplore.design.conditions import parse_conditions
from pezoexplore.design.kinds import nearest
from pezoexplore.errors import DesignError
from pezoexplore.report.tables import print_table
from pezoexplore.sweeps.rows import csv_text
from pezoexplore.sweeps.rundir import write_atomically

CSV_COLUMNS = (
    *("response", "scale", "rows", "axis", "with_axis", "share", "share_low", "share_high"),
    *("degrees", "effect", "lowest", "highest", "importance", "confounded_with"),
)
"""Columns of sensitivity.csv: an axis a line, a pair of axes where `with_axis` is not empty."""

FILE = "sensitivity.csv"

SHOWN_PAIRS = 8
"""Interactions in the printed table."""


def show_sensitivity(
    results: Path, responses: Sequence[str], where: str | None, out: Path | None, as_json: bool
) -> int:
    """Print what moves each result, and write it as a CSV and as a plot.

    Args:
        results: A results.csv, or the run directory it is in.
        responses: Columns to explain; empty for those of ``RESPONSES`` that vary.
        where: Conditions joined by ``and`` that rows meet to be looked at; None for all rows.
        out: Folder for the files; None writes none.
        as_json: Whether to print JSON.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The file, a column or a condition cannot be used, or there is too little to
            look at.
    """
    from pezoexplore.report.plots.sensitivity_plot import draw_sensitivity

    results = results_file(results)
    frame = read_results(results)
    if where is not None:
        frame = select_frame(frame, parse_conditions(where))
    rows = frame_rows(frame)
    _check(responses, [str(name) for name in frame.columns])
    found = [sensitivity(rows, name) for name in responses] if responses else look(rows)
    if not found:
        names = ", ".join(RESPONSES)
        raise DesignError(f"{results}: none of {names} varies enough; name one with --response")
    files = []
    if out is not None:
        files = [_write(found, out), *draw_sensitivity(found, out)]
    if as_json:
        written = [str(path) for path in files]
        print_json({"responses": [asdict(item) for item in found], "files": written})
        return 0
    console = Console()
    for item in found:
        print_table(_title(item), *_table(item), console)
    for path in files:
        say(str(path))
    return 0


def look(rows: Sequence[Mapping[str, object]]) -> list[Sensitivity]:
    """What moves each of ``RESPONSES``, those left out that cannot be looked at."""
    found = []
    for name in RESPONSES:
        try:
            found.append(sensitivity(rows, name))
        except DesignError:
            continue  # too few rows have it, or it does not vary
    return found


def write_sensitivity(rows: Sequence[Mapping[str, object]], folder: Path) -> list[Path]:
    """Write sensitivity.csv and its plot into a run directory, if there is enough to look at.

    Returns:
        The files.

    Raises:
        PezoError: A file cannot be written.
    """
    from pezoexplore.report.plots.sensitivity_plot import draw_sensitivity

    found = look(rows)
    if found:
        return [_write(found, folder), *draw_sensitivity(found, folder)]
    for name in (FILE, "sensitivity.png", "sensitivity.svg"):  # of an earlier, larger design
        (folder / name).unlink(missing_ok=True)
    return []


def _check(responses: Sequence[str], columns: Sequence[str]) -> None:
    for name in responses:
        if name not in columns or name not in NUMERIC_COLUMNS:
            hint = nearest(name, RESULT_COLUMNS)
            raise DesignError(
                f"--response {name}: no numeric column{hint}; allowed: {', '.join(RESULT_COLUMNS)}"
            )


def _write(found: Sequence[Sensitivity], folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None
    write_atomically(folder / FILE, csv_text(CSV_COLUMNS, _lines(found)))
    return folder / FILE


def _lines(found: Sequence[Sensitivity]) -> list[dict[str, str]]:
    return [
        {
            "response": item.response,
            "scale": "logarithm" if item.logarithmic else "linear",
            "rows": str(item.rows),
            "axis": effect.axes[0],
            "with_axis": effect.axes[1] if len(effect.axes) > 1 else "",
            "share": _number(effect.share),
            "share_low": _number(effect.low),
            "share_high": _number(effect.high),
            "degrees": str(effect.degrees),
            "effect": _number(effect.effect),
            "lowest": effect.lowest,
            "highest": effect.highest,
            "importance": _number(effect.importance),
            "confounded_with": ";".join(effect.confounded),
        }
        for item in found
        for effect in (*item.main, *item.interactions)
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _title(item: Sensitivity) -> str:
    scale = ", by ratios" if item.logarithmic else ""
    noise = "" if item.noise is None else f", the seeds' noise {_percent(item.noise)}"
    return (
        f"{item.response}{scale}: {item.rows} rows, main effects explain "
        f"{_percent(item.explained)}{noise}"
    )


def _table(item: Sensitivity) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the axes, then the largest interactions."""
    header = ["axis", "share", "95 % interval", "effect", "from", "to", "Optuna", "note"]
    shown = [*item.main, *item.interactions[:SHOWN_PAIRS]]
    return header, [_cells(effect, item.logarithmic) for effect in shown if _worth(effect)]


def _worth(effect: Effect) -> bool:
    """Whether a line says something: all axes do, and pairs that are told from nothing."""
    return len(effect.axes) == 1 or bool(effect.share and effect.low)


def _cells(effect: Effect, logarithmic: bool) -> list[str]:
    interval = ""
    if effect.low is not None and effect.high is not None:
        interval = f"{100 * effect.low:.1f} to {_percent(effect.high)}"
    told = bool(effect.low) and effect.effect is not None
    size = ""
    if told and effect.effect is not None:
        size = f"x {effect.effect:.3g}" if logarithmic else f"+{effect.effect:.3g}"
    note = f"goes with {', '.join(effect.confounded)}" if effect.confounded else ""
    if effect.share is None:
        note = note or "cannot be told from the other axes together"
    return [
        " x ".join(effect.axes),
        "" if effect.share is None else _percent(effect.share),
        interval,
        size,
        effect.lowest if told else "",
        effect.highest if told else "",
        "" if effect.importance is None else _percent(effect.importance),
        note,
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
