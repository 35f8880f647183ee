"""The summary sentences and the front table of a report, shared by the page and Markdown."""

from __future__ import annotations

import math

from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.intervals import in_words
from pezoexplore.report.html.data import Report
from pezoexplore.report.tables import confidence_columns, design_cells

MAX_FRONT = 100
"""Most designs of the front in the table."""


def headline(report: Report) -> list[str]:
    """Return the summary of a report: objectives, cheapest and most accurate design."""
    goal = _goal(report)
    members = report.members()
    if not members:
        return [f"{goal} The front is empty: {report.why_empty}.", *_doubts(report)]
    sentences = [goal]
    costs = [name for name in report.minimize if name in report.frame.columns]
    if costs:
        cheapest = members[0]
        sentences.append(f"Fewest {_unit(costs[0])}: {_design(report, cheapest)}.")
    if ACCURACY in report.maximize:
        best = max(members, key=lambda index: report.value(index, ACCURACY))
        sentences.append(f"Most accurate on the front: {_design(report, best)}.")
    return [*sentences, *_doubts(report)]


def _doubts(report: Report) -> list[str]:
    return [f"Warning: {caution}." for caution in report.cautions]


def front_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the front: objectives with intervals, confidence, differences.

    The differences are those of :func:`confidence_columns`.
    """
    members = report.members()[:MAX_FRONT]
    header = ["design", *report.objectives]
    chosen = [(report.labels[index], report.rows[index]) for index in members]
    cells = design_cells(chosen, report.objectives)
    if ACCURACY in report.objectives:
        rows = [report.rows[index] for index in members]
        sure = [report.sure[index] for index in members]
        columns = confidence_columns(rows, sure, report.rows)
        header += columns
        for column in columns.values():
            for line, cell in zip(cells, column, strict=True):
                line.append(cell)
    return header, cells


def _goal(report: Report) -> str:
    more, less = ", ".join(report.maximize), ", ".join(report.minimize)
    wanted = [f"high {more}"] * bool(more) + [f"low {less}"] * bool(less)
    limits = f", with {' and '.join(report.constraints)}" if report.constraints else ""
    return f"Wanted: {' and '.join(wanted)}{limits}."


def _design(report: Report, index: int) -> str:
    """Return the label of a design with its accuracy and costs."""
    parts = []
    accuracy, half = report.value(index, ACCURACY), report.value(index, "accuracy_ci95")
    if not math.isnan(accuracy):
        parts.append(f"{in_words(accuracy, half)} %")
    for name in report.minimize:
        value = report.value(index, name)
        if not math.isnan(value):
            parts.append(f"{value:,.6g} {_unit(name)}")
    return f"{report.labels[index]} ({', '.join(parts)})"


def _unit(column: str) -> str:
    return {"lut": "LUTs", "ff": "flip-flops", "bram": "block RAMs"}.get(column, column)
