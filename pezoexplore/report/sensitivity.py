"""The files of a sensitivity analysis: sensitivity.csv and its plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pezoexplore import paths
from pezoexplore.analysis.sensitivity import RESPONSES, Sensitivity, sensitivity
from pezoexplore.errors import DesignError
from pezoexplore.files import write_atomically
from pezoexplore.report.plots.sensitivity_plot import draw_sensitivity
from pezoexplore.sweeps.rows import csv_text, rows_of
from pezoexplore.sweeps.rundir import task_folders

CSV_COLUMNS = (
    *("response", "scale", "rows", "axis", "with_axis", "share", "share_low", "share_high"),
    *("degrees", "effect", "lowest", "highest", "importance", "confounded_with"),
    "within_noise",
)
"""Columns of sensitivity.csv: a line is an axis, or a pair of axes if `with_axis` is not empty."""

FILE = "sensitivity.csv"


def explain_all(
    rows: Sequence[Mapping[str, object]], responses: Sequence[str] = RESPONSES
) -> list[Sensitivity]:
    """Return what moves each response, without those that too few rows have.

    Args:
        rows: Rows of results, numbers by column.
        responses: Results to explain, each once even if named twice.
    """
    found = []
    for name in dict.fromkeys(responses):
        try:
            found.append(sensitivity(rows, name))
        except DesignError:
            continue  # too few rows have it, or it does not vary
    return found


def write_sensitivities(
    rows: Sequence[Mapping[str, str]], tasks: Sequence[str], run: str
) -> list[Path]:
    """Write the files of each task of a sweep; see :func:`write_sensitivity`."""
    folders = task_folders(tasks, Path(run)).items()
    return [path for task, at in folders for path in write_sensitivity(rows_of(rows, task), at)]


def write_sensitivity(rows: Sequence[Mapping[str, object]], folder: Path) -> list[Path]:
    """Write sensitivity.csv and its plot into a run directory, if any response varies.

    Returns:
        The files.

    Raises:
        PezoError: A file cannot be written.
    """
    found = explain_all(rows)
    if found:
        return write_files(found, folder)
    for name in (FILE, "sensitivity.png", "sensitivity.svg"):  # of an earlier, larger design
        (folder / name).unlink(missing_ok=True)
    return []


def write_files(found: Sequence[Sensitivity], folder: Path) -> list[Path]:
    """Write sensitivity.csv and its plot.

    Returns:
        The files.

    Raises:
        PezoError: A file cannot be written.
    """
    paths.make_folder(folder)
    write_atomically(folder / FILE, csv_text(CSV_COLUMNS, _lines(found)))
    return [folder / FILE, *draw_sensitivity(found, folder)]


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
            "within_noise": str(int(effect.within_noise)),
        }
        for item in found
        for effect in (*item.main, *item.interactions)
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
