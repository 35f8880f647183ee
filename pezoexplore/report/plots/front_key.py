"""The numbered list of designs beside a plot of a front, and the legend below it."""

from __future__ import annotations

from textwrap import wrap

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pezoexplore.intervals import in_words
from pezoexplore.report.designs import Design
from pezoexplore.report.plots import style
from pezoexplore.report.plots.front_view import (
    DASHES,
    REFERENCE_COLOUR,
    STEP_COLOUR,
    FrontView,
)

SURE = 0.95
"""Confidence from which on a design is listed on the front without a remark."""

LEGEND_LINE = 0.165
"""Height of a row of the legend, inches."""

KEY_LINE = 8.7 / style.POINTS_PER_INCH
"""Height of a line of the key, inches."""

_KEY_LEFT = 4.98
_KEY_CHARS, _HEADING_CHARS = 42, 38
_NOTE_CHARS = 44
"""Characters of an entry and of a heading of the key that fit at full size."""

WARNING_COLOUR = style.LINE_COLOURS[1]

LegendRow = tuple[str, list[Line2D]]
"""Title and handles of a row of the legend."""


def _named(item: Design, mark: str) -> str:
    """Return a label, with the confidence of a design that may not be on the front."""
    sure = item.value("front_confidence")
    doubt = f"({sure:.0%} sure)" if item.on_front and sure < SURE else ""
    return " ".join(filter(None, (item.label, doubt, mark)))


def notes(view: FrontView) -> list[tuple[str, str]]:
    """Return the lines below the list of designs, each with its colour."""
    marks = ["≈ not distinguishable (95 %, paired seeds)"] if view.marks else []
    more = view.found - len(view.named)
    if more > 0:
        marks.insert(0, f"and {more:,} more designs without a number")
    if view.found > len(view.shown):
        marks.append(
            f"{len(view.shown):,} of {view.found:,} points drawn: the others lie behind them"
        )
    if not view.has_bars:
        marks.append("error bars on the front only")
    warnings = [line for text in view.warnings for line in wrap(f"Warning: {text}.", _NOTE_CHARS)]
    return [(line, "#555555") for line in marks] + [(line, WARNING_COLOUR) for line in warnings]


def draw_key(figure: Figure, view: FrontView, title: str) -> None:
    """Draw the numbered list of designs right of the plot: the front, then the others."""
    lines = []
    for member, heading in ((True, title), (False, "not on the front")):
        group = [item for item in view.named if item.on_front == member]
        colour = style.INK if member else "#555555"
        lines += [("", heading, colour, True)] if group else []
        lines += [
            (str(item.number), _named(item, view.marks.get(item.number, "")), colour, member)
            for item in group
        ]
    lines += [("", text, colour, False) for text, colour in notes(view)]
    height = figure.get_figheight()
    for line, (number, text, colour, bold) in enumerate(lines):
        up = 1 - (0.2 + line * KEY_LINE) / height
        weight = "bold" if bold else "normal"
        left = _KEY_LEFT + (0.23 if number else 0.0)
        room = _KEY_CHARS if number else _HEADING_CHARS
        size = 6.3 * min(1.0, room / len(text))
        figure.text(left / style.WIDTH, up, text, fontsize=size, va="center", color=colour,
                    fontweight="normal" if number else weight)  # fmt: skip
        figure.text((_KEY_LEFT + 0.16) / style.WIDTH, up, number, fontsize=6.3, va="center",
                    ha="right", color=colour, fontweight=weight)  # fmt: skip


def legend_rows(view: FrontView) -> list[LegendRow]:
    """Return the rows of the legend that are not empty: colours, markers, lines."""
    used_rngs = {item.point.rng for item in view.shown}
    used_reuses = {item.point.reuse for item in view.shown}
    colours = [
        Line2D([], [], marker="o", ls="", ms=5, color=colour, label=rng)
        for rng, colour in style.rng_colours(used_rngs).items()
        if rng in used_rngs
    ]
    markers = [
        Line2D([], [], marker=marker, ls="", ms=4.6, mfc="white", color="#555555", label=reuse)
        for reuse, marker in style.REUSE_MARKERS.items()
        if reuse in used_reuses
    ]
    front = "front within the constraints" if view.constraints else "front of the two axes shown"
    lines = [Line2D([], [], color=STEP_COLOUR, lw=1.2, label=front)] if view.allowed else []
    for index, item in enumerate(view.references):
        half = item.interval(view.accuracy) or None
        text = f"{item.label} (software): {in_words(view.y(item), half, digits=1)}"
        lines.append(Line2D([], [], color=REFERENCE_COLOUR, lw=0.8, ls=DASHES[index], label=text))
    rows = [("rng", colours), ("reuse", markers)]
    rows += [
        ("lines" if start == 0 else "", lines[start : start + 2])
        for start in range(0, len(lines), 2)
    ]
    # Without hardware designs there are no colours or markers to explain.
    return [(title, handles) for title, handles in rows if handles]


def draw_legend(figure: Figure, rows: list[LegendRow]) -> None:
    """Draw the legend below the plot."""
    height = figure.get_figheight()
    for index, (title, handles) in enumerate(reversed(rows)):
        up = (0.12 + LEGEND_LINE * index) / height
        figure.text(0.1 / style.WIDTH, up, title, fontsize=7, fontweight="bold", va="center")
        legend = figure.legend(
            handles=handles,
            loc="center left",
            bbox_to_anchor=(0.5 / style.WIDTH, up),
            ncols=len(handles),
            borderaxespad=0,
            borderpad=0,
            handletextpad=0.5,
            columnspacing=1.2,
            handlelength=2.4 if handles[0].get_linestyle() != "None" else 1.0,
        )
        figure.add_artist(legend)
