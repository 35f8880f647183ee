"""A report as Markdown, for a pull request or ``$GITHUB_STEP_SUMMARY``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pezoexplore.markdown import markdown_table
from pezoexplore.report.html.data import Report
from pezoexplore.report.plots import style
from pezoexplore.report.words import front_rows, headline

SHOWN_FRONT = 25
"""Designs of the front in the table."""

SHOWN_REASONS = 10
SHOWN_EFFECTS = 5
"""Most reasons of failures, and most axes of a result, that are listed."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#|~&!])")


def markdown(report: Report) -> str:
    """Return the report as text: front, failures, sensitivities, tool versions."""
    skipped = sum(report.skipped.values())
    counts = (
        f"{len(report.rows):,} designs: {sum(report.front):,} on the front, "
        f"{report.failed:,} failed, {skipped:,} skipped."
    )
    parts = [f"# {escaped(report.name)}", counts, *(escaped(line) for line in headline(report))]
    parts += [*_front(report), *_failures(report), *_sensitivity(report), *_provenance(report)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return text with Markdown's special characters escaped, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _front(report: Report) -> list[str]:
    header, rows = front_rows(report)
    if not rows:
        return []
    more = sum(report.front) - SHOWN_FRONT
    note = [f"and {more:,} more on the front."] if more > 0 else []
    return ["## Pareto front", _table(header, rows[:SHOWN_FRONT]), *note]


def _failures(report: Report) -> list[str]:
    failed = Counter((f"{item.status}:{item.stage}", item.reason) for item in report.failures)
    firsts = {(f"{item.status}:{item.stage}", item.reason): item for item in report.failures[::-1]}
    rows = [
        [f"{count:,}", *what, f"{firsts[what].label} ({firsts[what].point_id})"]
        for what, count in failed.most_common(SHOWN_REASONS)
    ]
    header = ["designs", "status", "because", "the first"]
    parts = ["## Failed", _table(header, rows)] if rows else []
    skipped = Counter(report.skipped).most_common(SHOWN_REASONS)
    if skipped:
        rows = [[f"{count:,}", reason] for reason, count in skipped]
        parts += ["## Skipped", _table(["points", "because"], rows)]
    return parts


def _sensitivity(report: Report) -> list[str]:
    rows = []
    for found in report.sensitivity:
        known = [effect for effect in found.main if effect.share and not effect.within_noise]
        for effect in known[:SHOWN_EFFECTS]:
            interval = ""
            if effect.low is not None and effect.high is not None:
                interval = f"{100 * effect.low:.1f} to {100 * effect.high:.1f} %"
            share = f"{100 * (effect.share or 0):.1f} %"
            rows.append([style.title_of(found.response), effect.axes[0], share, interval])
    header = ["result", "axis", "share of the variance", "95 % interval"]
    return ["## What moves the results", _table(header, rows)] if rows else []


def _provenance(report: Report) -> list[str]:
    run = report.run
    command, tools = run.get("command"), run.get("tools")
    lines = []
    if isinstance(command, list):
        lines.append(f"- command: {escaped(' '.join(map(str, command)))}")
    if isinstance(run.get("rtl_sha256"), str):
        lines.append(f"- RTL: {escaped(run['rtl_sha256'])}")
    if isinstance(tools, dict):
        named = ", ".join(f"{name} {version}" for name, version in tools.items() if version)
        lines.append(f"- tools: {escaped(named)}")
    lines += [f"- missing here: {escaped(note)}" for note in report.notes]
    return ["## Provenance", "\n".join(lines)] if lines else []


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return markdown_table(
        [escaped(cell) for cell in header], ([escaped(cell) for cell in row] for row in rows)
    )
