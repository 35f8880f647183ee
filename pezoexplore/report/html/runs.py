"""Several runs side by side: the cells of their tables, and the page."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from importlib.resources import files

from pezoexplore.analysis.runs import Row
from pezoexplore.analysis.several.side_by_side import (
    Finding,
    Shared,
    SideBySide,
    label_of,
    number_of,
)
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.conditions import parse_number
from pezoexplore.intervals import POINTS, in_words
from pezoexplore.report.html.sections import table_html
from pezoexplore.report.plots import style
from pezoexplore.report.plots.runs_plot import runs_svg
from pezoexplore.templates import fill

MOST_SHARED = 200
"""Most differences listed; the JSON document has all."""

RUN_HEADER = ("run", "tags", "design file", "date (UTC)", "version", "designs", "failures")
FOUND_HEADER = (
    *("run", "target", "task", "finished", "best accuracy (%)", "its design"),
    *("as good", "cheapest of these", "its accuracy (%)", "its costs"),
)
SHARED_HEADER = (
    *("design", "figure", "run A", "A", "run B", "B", "B - A", "verdict"),
)  # fmt: skip

_OWN = files("pezoexplore.report.html")


def run_rows(found: SideBySide) -> list[list[str]]:
    """Return a row of ``RUN_HEADER`` for each run."""
    return [
        [
            side.name,
            " ".join(side.facts.tags),
            side.facts.design_sha256[:12],
            side.facts.date,
            side.facts.version,
            *("" if n is None else f"{n:,}" for n in (side.facts.designs, side.facts.failures)),
        ]
        for side in found.sides
    ]


def found_rows(found: SideBySide) -> list[list[str]]:
    """Return a row of ``FOUND_HEADER`` for each run, target and task."""
    return [_found(item) for item in found.findings]


def _found(item: Finding) -> list[str]:
    head = [item.side.name, *item.rivals, f"{item.finished:,}"]
    if item.best is None:
        return [*head, *[""] * 6]
    best = [_accuracy(item.best), label_of(item.best)]
    if item.cheapest is None:
        return [*head, *best, "one seed: unknown", "", "", ""]
    costs = [
        f"{name} {number_of(item.cheapest, name):g}"
        for name in item.side.run.goals().minimize
        if number_of(item.cheapest, name) == number_of(item.cheapest, name)
    ]
    cheap = [label_of(item.cheapest), _accuracy(item.cheapest), ", ".join(costs)]
    return [*head, *best, f"{item.alike:,}", *cheap]


def _accuracy(row: Row) -> str:
    half = parse_number(row.get("accuracy_ci95"))
    return in_words(number_of(row, ACCURACY), half)


def shared_rows(shared: Sequence[Shared]) -> list[list[str]]:
    """Return a row of ``SHARED_HEADER`` for each figure that differs."""
    rows = []
    for item in shared:
        change, numbers = item.change, []
        for cell in (item.change.before, item.change.after):
            numbers.append(parse_number(cell))
        moved = ""
        if change.difference is not None:
            moved = in_words(change.difference.mean, change.difference.half, POINTS, sign="+")
            moved += f", {change.difference.seeds} seeds"
        elif numbers[0] is not None and numbers[1] is not None:
            moved = f"{numbers[1] - numbers[0]:+.6g}"
        cells = [change.label, change.column, item.first, change.before, item.second, change.after]
        rows.append([*cells, moved, "differs" if item.beyond else "within noise"])
    return rows


def pair_lines(found: SideBySide) -> list[str]:
    """Return a sentence for each two runs: how many designs both have."""
    return [
        f"{one} and {other}: {count:,} design{'s' * (count != 1)} in both"
        for one, other, count in found.pairs
    ]


def runs_page(found: SideBySide) -> str:
    """Return the page as text: one file, no script."""
    shared = shared_rows(found.shared[:MOST_SHARED])
    table = table_html(SHARED_HEADER, shared, "words") if shared else "<p>No figure differs.</p>"
    more = len(found.shared) - len(shared)
    lines = pair_lines(found) + ([f"{more:,} more differences, not listed"] if more else [])
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in found.notes)
    values = {
        "title": html.escape(" and ".join(side.name for side in found.sides)),
        "css": (_OWN / "page.css").read_text(encoding="utf-8"),
        "notes": f'<ul class="notes">{notes}</ul>' if notes else "",
        "runs": table_html(RUN_HEADER, run_rows(found), "words"),
        "found": table_html(FOUND_HEADER, found_rows(found), "words"),
        "plots": _plots(found) or "<p>No design has an accuracy and a cost.</p>",
        "shared": "".join(f"<p>{html.escape(line)}</p>" for line in lines) + table,
    }
    return fill((_OWN / "runs.html").read_text(encoding="utf-8"), values=values)


def _plots(found: SideBySide) -> str:
    parts = []
    for rivals in found.rivals:
        for resource in found.goals.minimize:
            svg = runs_svg(found, rivals, resource)
            if svg is not None:
                name = " ".join(filter(None, (style.title_of(resource), *rivals)))
                data = base64.b64encode(svg).decode()
                parts.append(
                    f"<h3>{html.escape(name)}</h3>"
                    f'<img alt="{html.escape(name)}" src="data:image/svg+xml;base64,{data}">'
                )
    return "".join(parts)
