"""The HTML page: one file that contains data, figures, scripts and styles; no network access.

Nothing of a run reaches the page unescaped: text is escaped as HTML, data are JSON in a script
element that no data can close, and the content security policy allows no script but the two
whose hashes it lists.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from pezoexplore.design.columns import COLUMN_HELP, TEXT_COLUMNS
from pezoexplore.design.conditions import cell_text as text_of
from pezoexplore.design.conditions import is_missing
from pezoexplore.design.point import AXES
from pezoexplore.report.designs import interval_column
from pezoexplore.report.html import figures
from pezoexplore.report.html.data import Report
from pezoexplore.report.html.scale_figure import scale_figure
from pezoexplore.report.html.sections import (
    failures_html,
    front_html,
    notes_html,
    provenance_html,
    summary_html,
)
from pezoexplore.report.plots import style
from pezoexplore.templates import fill

SYMBOLS = {"none": "circle", "pool": "square", "bank": "triangle-up", "phased": "diamond"}
"""Plotly's names of ``style.REUSE_MARKERS``."""

SCRIPTS = ("values", "plane", "cube", "lines", "table", "detail", "selection", "start")
"""The page's scripts in the order in which they are joined; each may use those before it."""

_OWN = files("pezoexplore.report.html")


def render(report: Report) -> str:
    """Return the page as text."""
    plotly, own = _plotly(), _script()
    values = {
        "title": html.escape(report.name),
        "policy": _policy([plotly, own]),
        "css": _own("page.css"),
        "summary": summary_html(report),
        "notes": notes_html(report),
        "front": front_html(report),
        "failures": failures_html(report),
        "provenance": provenance_html(report),
        "data": script_json(page_data(report)),
        "plotly": plotly,
        "script": own,
    }
    return fill(_own("page.html"), values=values)


def page_data(report: Report) -> dict[str, Any]:
    """Return the data that the page's script reads, as values for JSON."""
    costs = [name for name in report.minimize if name in report.frame.columns]
    return {
        "columns": [_column(report, name) for name in map(str, report.frame.columns)],
        "labels": list(report.labels),
        "front": [int(member) for member in report.front],
        "ok": [int(str(row.get("status", "ok")) == "ok") for row in report.rows],
        "rng": [point.rng for point in report.points],
        "reuse": [point.reuse for point in report.points],
        "software": [int(not point.in_hardware) for point in report.points],
        "maximize": list(report.maximize),
        "minimize": costs,
        "colours": style.rng_colours(point.rng for point in report.points),
        "symbols": SYMBOLS,
        "curves": {str(index): curve for index, curve in report.curves.items()},
        "figures": {
            "curves": figures.curves_figure(report),
            "span": figures.span_figure(report),
            "scale": scale_figure(report),
            "resources": figures.resources_figure(report),
        },
        "streams": [
            {
                "name": picture.point.label(),
                "note": _sampled(picture.beats, picture.whole),
                "figure": figures.stream_figure(picture),
            }
            for picture in report.streams
        ],
        "sensitivity": [figures.sensitivity_figure(found) for found in report.sensitivity],
    }


def _sampled(beats: int, whole: bool) -> str:
    if whole:
        return f"the whole period of {beats:,} beats: exact"
    return f"a sample of {beats:,} beats; in the grey band an autocorrelation is noise (95 %)"


def _column(report: Report, name: str) -> dict[str, Any]:
    """Return a column with its cells: numbers, infinity as text, None for empty cells.

    Cells that are all the same are given once, in `all`.
    """
    numeric = name not in TEXT_COLUMNS and report.frame[name].dtype.kind == "f"
    convert = _number_cell if numeric else _text_cell
    cells = list(map(convert, report.frame[name].tolist()))
    values = set(cells)
    half = interval_column(name) if name.endswith("_mean") else ""
    return {
        "name": name,
        "title": style.title_of(name),
        "help": COLUMN_HELP.get(name, ""),
        "numeric": numeric,
        "axis": name in AXES,
        "varies": len(values - {None}) > 1,
        "half": half if half in report.frame.columns else None,
        "cells": cells if len(values) > 1 else None,
        "all": cells[0] if len(values) == 1 else None,
    }


def _text_cell(cell: object) -> str | None:
    return None if is_missing(cell) else text_of(cell)


def _number_cell(number: float) -> str | float | int | None:
    if math.isfinite(number):
        return int(number) if number.is_integer() else number
    return None if math.isnan(number) else "inf" if number > 0 else "-inf"


def script_json(value: object) -> str:
    """Return JSON that is safe inside a script element: it cannot close or open one."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(scripts: Sequence[str]) -> str:
    """Return the content security policy: the page's own scripts and drawing, nothing else.

    Plotly compiles shader code at run time ('unsafe-eval') and sets inline styles.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    rules: Mapping[str, str] = {
        "default-src": "'none'",
        "script-src": f"{hashes} 'unsafe-eval'",
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _script() -> str:
    parts = "\n".join(_own(f"script/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _own(name: str) -> str:
    return (_OWN / name).read_text(encoding="utf-8")


def _plotly() -> str:
    """Return the script in Plotly's Python package, the only bundle with all figures used here."""
    code = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    # The browser hashes the text with normalised line ends.
    return code.replace("\r\n", "\n").replace("\r", "\n")
