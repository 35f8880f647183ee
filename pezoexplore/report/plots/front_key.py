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
_KEY_CHARS, _NOTE_CHARS = 39, 44
"""Characters of a line of an entry, and of a line of notes."""

ALIKE = {"best": "*", "baseline": "†"}
"""Marks of designs that are not distinguishable from another, by that one."""

WARNING_COLOUR = style.LINE_COLOURS[1]

LegendRow = tuple[str, list[Line2D]]
"""Title and handles of a row of the legend."""


KeyLine = tuple[str, str, str, str]
"""A line of the key: number, text, colour, font weight."""


def name_of(item: Design, view: FrontView) -> str:
    """Return a label, with the confidence of a design that may not be on the front, and marks."""
    sure = item.value("front_confidence")
    doubt = f"({sure:.0%}\N{NO-BREAK SPACE}sure)" if item.on_front and sure < SURE else ""
    marks = "".join(ALIKE[other] for other in view.marks.get(item.number, ()))
    named = " ".join(filter(None, (item.label, doubt)))
    return "\N{NO-BREAK SPACE}".join(filter(None, (named, marks)))


def notes(view: FrontView, width: int = _NOTE_CHARS) -> list[KeyLine]:
    """Return the lines below the list of designs: what marks mean, what is not shown, warnings."""
    used = {other for alike in view.marks.values() for other in alike}
    texts = []
    if (more := view.found - len(view.named)) > 0:
        texts.append(f"and {more:,} more designs without a number")
    texts += [
        f"{mark} indistinguishable from the {other} (95 %)"
        for other, mark in ALIKE.items()
        if other in used
    ]
    if view.found > len(view.shown):
        texts.append(f"{len(view.shown):,} of {view.found:,} points drawn, the others behind them")
    if not view.has_bars:
        texts.append("error bars on numbered designs only")
    warnings = [f"Warning: {text}." for text in view.warnings]
    coloured = [(text, "#555555") for text in texts] + [(text, WARNING_COLOUR) for text in warnings]
    return [("", line, colour, "normal") for text, colour in coloured for line in wrap(text, width)]


def key_lines(view: FrontView, title: str) -> list[KeyLine]:
    """Return the numbered list of designs, the front before the others, and the notes."""
    lines: list[KeyLine] = []
    for member, heading in ((True, title), (False, "not on the front")):
        group = [item for item in view.named if item.on_front == member]
        colour = style.INK if member else "#555555"
        weight = "bold" if member else "normal"
        parts = wrap(heading, _KEY_CHARS) if group else []
        lines += [("", text, colour, "bold") for text in parts]
        for item in group:
            first, *rest = wrap(name_of(item, view), _KEY_CHARS, subsequent_indent="   ")
            lines.append((str(item.number), first, colour, weight))
            lines += [(" ", text, colour, weight) for text in rest]
    return lines + notes(view)


def draw_key(figure: Figure, lines: list[KeyLine]) -> None:
    """Draw the list of designs right of the plot, in one font size."""
    height = figure.get_figheight()
    for line, (number, text, colour, weight) in enumerate(lines):
        up = 1 - (0.2 + line * KEY_LINE) / height
        left = _KEY_LEFT + (0.23 if number else 0.0)
        figure.text(left / style.WIDTH, up, text, fontsize=style.NOTE, va="center", color=colour,
                    fontweight="normal" if number else weight)  # fmt: skip
        if number.strip():
            figure.text((_KEY_LEFT + 0.16) / style.WIDTH, up, number, fontsize=style.NOTE,
                        va="center", ha="right", color=colour, fontweight=weight)  # fmt: skip


def draw_notes(figure: Figure, lines: list[KeyLine]) -> None:
    """Draw notes at the bottom of a plot without a key."""
    for place, (_, text, colour, _) in enumerate(reversed(lines)):
        up = (0.12 + LEGEND_LINE * place) / figure.get_figheight()
        figure.text(0.1 / style.WIDTH, up, text, fontsize=style.NOTE, va="center", color=colour)


def legend_rows(view: FrontView, title: str) -> list[LegendRow]:
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
    fills = [
        Line2D([], [], marker="o", ls="", ms=4.6, mfc="#555555" if member else "white",
               color="#555555", label=title if member else "not on it")
        for member in (True, False)
        if view.direct and any(item.on_front == member for item in view.shown)
    ]  # fmt: skip
    rows = [("rng", colours), ("reuse", markers), ("filled", fills)]
    rows += [
        ("lines" if start == 0 else "", lines[start : start + 2])
        for start in range(0, len(lines), 2)
    ]
    # Without hardware designs there are no colours or markers to explain.
    return [(title, handles) for title, handles in rows if handles]


def draw_legend(figure: Figure, rows: list[LegendRow], below: int) -> None:
    """Draw the legend below the plot, above some lines of notes."""
    height = figure.get_figheight()
    for index, (title, handles) in enumerate(reversed(rows)):
        up = (0.12 + LEGEND_LINE * (index + below)) / height
        figure.text(
            0.1 / style.WIDTH, up, title, fontsize=style.TICK, fontweight="bold", va="center"
        )
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
