"""The summary sentences and the front table of a report, shared by the page and Markdown."""

from __future__ import annotations

import math
from itertools import pairwise

from pezoexplore.analysis.statistics import ACCURACY, paired_difference, seeds_of
from pezoexplore.report.html.data import Report
from pezoexplore.report.tables import SAME, front_table

MAX_FRONT = 100
"""Most designs of the front in the table."""


def headline(report: Report) -> list[str]:
    """Return the summary of a report: objectives, cheapest and most accurate design."""
    goal = _goal(report)
    members = report.members()
    if not members:
        return [f"{goal} The front is empty: {report.why_empty}."]
    sentences = [goal]
    costs = [name for name in report.minimize if name in report.frame.columns]
    if costs:
        cheapest = members[0]
        sentences.append(f"Fewest {_unit(costs[0])}: {_design(report, cheapest)}.")
    if ACCURACY in report.maximize:
        best = max(members, key=lambda index: report.value(index, ACCURACY))
        sentences.append(f"Most accurate on the front: {_design(report, best)}.")
    return sentences


def front_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the front: objectives with intervals, confidence, differences.

    ``next minus this`` is the paired difference in accuracy to the next design with its 95 %
    interval, marked if that contains zero.
    """
    members = report.members()[:MAX_FRONT]
    header, cells = ["design", *report.objectives], []
    for index in members:
        line = front_table(report.frame.iloc[[index]], [True], report.objectives)[1][0]
        cells.append([report.labels[index], *line[1:]])
    if any(report.sure[index] is not None for index in members):
        header.append("on front")
        for line, index in zip(cells, members, strict=True):
            sure = report.sure[index]
            line.append("" if sure is None else f"{100 * sure:.0f} %")
    seeds = [seeds_of(report.rows[index]) for index in members]
    if len(members) > 1 and min(map(len, seeds)) > 1 and ACCURACY in report.objectives:
        header.append("next minus this")
        for line, (this, after) in zip(cells, pairwise(seeds), strict=False):
            step = paired_difference(after, this)
            mark = "" if step.distinguishable else f" {SAME}"
            line.append(f"{step.mean:+.2f} ± {step.half or 0:.2f}{mark}")
        cells[-1].append("")
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
        parts.append(f"{accuracy:.2f}{'' if math.isnan(half) else f' ± {half:.2f}'} %")
    for name in report.minimize:
        value = report.value(index, name)
        if not math.isnan(value):
            parts.append(f"{value:,.6g} {_unit(name)}")
    return f"{report.labels[index]} ({', '.join(parts)})"


def _unit(column: str) -> str:
    return {"lut": "LUTs", "ff": "flip-flops", "bram": "block RAMs"}.get(column, column)
