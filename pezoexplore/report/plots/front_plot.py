"""Accuracy against one resource, with the Pareto front."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pezoexplore.analysis.pareto import check_columns, pareto_mask
from pezoexplore.design.conditions import Condition
from pezoexplore.report.designs import Design, finished_designs
from pezoexplore.report.plots import style
from pezoexplore.report.plots.placement import Box, Obstacle, place_labels
from pezoexplore.report.plots.scales import plain_number, scale_accuracy, scale_cost

MAX_NUMBERED = 40
"""Designs named in the key of a plot; beyond that only the front is, then its cheapest part."""

SURE = 0.95
"""Confidence from which on a design is on the front without a remark."""

_LEFT, _PLOT_WIDTH = 0.6, 4.15
_KEY_LEFT = 4.98
_KEY_LINE = 8.7 / style.POINTS_PER_INCH
_KEY_CHARS, _HEADING_CHARS = 42, 38
"""Characters of a line there that fit at full size, and of a heading."""

_LEGEND_LINE = 0.165
_NUMBER_SIZE = 6.0
_NEAR = 12.5
"""Points from a marker beyond which its number gets a leader line."""
_CLOSE = 5.5
"""Points between error bars below which a number at the end of one is ambiguous."""
_REFERENCE, _STEP = "#444444", "#777777"

Spot = tuple[float, float]
"""A place on the plot: in data units, or in points from its lower left corner."""

ToPoints = Callable[[Sequence[Spot]], list[Spot]]
"""From data units to points."""

_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def draw_front(
    frame: pd.DataFrame,
    resource: str,
    front: Sequence[bool],
    out_dir: Path,
    accuracy: str = "accuracy_mean",
    order_by: Sequence[str] = (),
    title: str = "Pareto front",
    kinds: Sequence[str] = ("png", "svg"),
    target: str = "",
    constraints: Sequence[Condition] = (),
) -> list[Path]:
    """Draw ``pareto_<resource>.png`` and ``.svg``.

    The step line is the front of the two columns shown, of designs that meet the constraints;
    filled, numbered markers are the designs on the front of all objectives; the software reference
    is a line with its 95 % interval.

    Args:
        frame: n rows with the columns of results.csv.
        resource: Column on the x axis; smaller is better.
        front: For each of the n rows whether it is on the front of all objectives.
        out_dir: Where the files go; made when missing.
        accuracy: Column on the y axis; larger is better.
        order_by: Columns by which designs are numbered; `resource` when empty.
        title: Heading of the front's part of the key.
        kinds: Which files: ``png``, ``svg``, ``pdf``.
        target: Target of all rows, for the names of the files and the axis; empty if not needed.
        constraints: What a design must meet to be on the step line.

    Returns:
        The files written; none when no finished row has both values.

    Raises:
        DesignError: An unknown column.
        PezoError: A file cannot be written.
    """
    check_columns([resource, accuracy], [str(name) for name in frame.columns])
    designs = finished_designs(frame, front, order_by or [resource])
    shown = [item for item in designs if _shown(item, resource, accuracy)]
    if not shown:
        return []
    with style.house_style():
        references = _references(designs, accuracy)
        view = _View(shown, references, resource, accuracy, target, tuple(constraints))
        figure = _figure(view, title)
        name = "_".join(filter(None, ["pareto", resource, target]))
        stem = re.sub(r"[^0-9A-Za-z_]", "_", name)
        return [style.save(figure, out_dir / f"{stem}.{kind}") for kind in kinds]


@dataclass(frozen=True)
class _View:
    """What one plot shows, and where.

    Attributes:
        shown: Designs with both values, in the order of their numbers.
        references: Software designs with an accuracy.
        resource: Column of the x axis.
        accuracy: Column of the y axis.
        target: Target of all designs, where the plot is to say it.
        constraints: What a design must meet to be on the step line.
    """

    shown: list[Design]
    references: list[Design]
    resource: str
    accuracy: str
    target: str = ""
    constraints: tuple[Condition, ...] = ()

    @property
    def allowed(self) -> list[Design]:
        """The designs that meet the constraints."""
        return [item for item in self.shown if all(c.holds(item.row) for c in self.constraints)]

    @property
    def named(self) -> list[Design]:
        """The designs that get a number: all when they are few, else the front."""
        if len(self.shown) <= MAX_NUMBERED:
            return self.shown
        return [design for design in self.shown if design.on_front][:MAX_NUMBERED]

    def y(self, design: Design) -> float:
        """Accuracy of a design."""
        return design.value(self.accuracy)

    def half(self, design: Design) -> float:
        """Half width of the interval of a design's accuracy."""
        return design.interval(self.accuracy)


def _references(designs: list[Design], accuracy: str) -> list[Design]:
    """The software references: the one with fresh numbers first, then the best."""
    software = [item for item in designs if not item.point.in_hardware]
    known = [item for item in software if math.isfinite(item.value(accuracy))]
    order = sorted(known, key=lambda item: (item.point.reuse != "none", -item.value(accuracy)))
    return order[: len(_DASHES)]


def _shown(design: Design, resource: str, accuracy: str) -> bool:
    return math.isfinite(design.value(resource)) and math.isfinite(design.value(accuracy))


def _figure(view: _View, title: str) -> Figure:
    legend = _legend_rows(view)
    bottom = 0.5 + _LEGEND_LINE * len(legend)
    key_lines = len(view.named) + 2 + (len(view.named) < len(view.shown))
    height = max(bottom + 3.2, key_lines * _KEY_LINE + 0.3)
    figure = Figure(figsize=(style.WIDTH, height))
    axes = style.axes_at(figure, _LEFT, bottom, _PLOT_WIDTH, height - bottom - 0.12)
    xs = _scale(axes, view)
    steps = _draw_steps(axes, view, xs)
    _draw_references(axes, view)
    for group in reversed(_groups(view)):  # the front last, on top
        _draw_designs(axes, group, xs, view)
    _draw_numbers(axes, view, xs, steps)
    _draw_key(figure, view, title)
    _draw_legend(figure, legend)
    return figure


def _scale(axes: Axes, view: _View) -> dict[int, float]:
    """Scale both axes; returns where on the x axis each design goes, by its number."""
    everything = [*view.shown, *view.references]
    costs = [item.value(view.resource) for item in view.shown]
    cost = scale_cost(axes, "x", costs)
    place = f" on {view.target}" if view.target else ""
    log = ", log scale" * (cost.kind != "linear")
    axes.set_xlabel(style.title_of(view.resource) + place + log)
    bend = scale_accuracy(
        axes, [view.y(item) for item in everything], [view.half(item) for item in everything]
    )
    note = "" if bend is None else f", compressed below {plain_number(bend)}"
    axes.set_ylabel(style.title_of(view.accuracy) + note)
    if bend is not None:
        axes.axhline(bend, color=style.FAINT, lw=0.6, ls=(0, (2, 2)), zorder=1)
    xs = {item.number: item.value(view.resource) for item in view.shown}
    if cost.zero_strip:
        axes.axvspan(-cost.zero_strip, cost.zero_strip, color="#f4f4f4", lw=0, zorder=0.1)
        axes.grid(visible=False, axis="x")
        axes.text(0, 0.008, "all at 0, spread sideways", transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=5.8, color=style.FAINT)  # fmt: skip
        zeros = [item for item in view.shown if item.value(view.resource) == 0]
        places = np.linspace(-0.9, 0.9, len(zeros)) if len(zeros) > 1 else np.zeros(1)
        for item, place in zip(sorted(zeros, key=view.y), places.tolist(), strict=True):
            xs[item.number] = place * cost.zero_strip
    return xs


def _draw_references(axes: Axes, view: _View) -> None:
    """Lines over the whole width: software has no place on the axis of a resource."""
    for index, design in enumerate(view.references):
        value, half = view.y(design), view.half(design)
        axes.axhline(value, color=_REFERENCE, lw=0.8, ls=_DASHES[index], zorder=1.2)
        if index == 0:
            axes.axhspan(value - half, value + half, color="#000000", alpha=0.07, lw=0, zorder=0.5)
        elif half > 0:
            place = 0.99 - 0.014 * (index - 1)
            axes.errorbar(place, value, yerr=half, fmt="none", ecolor=_REFERENCE, elinewidth=0.8,
                          capsize=1.6, capthick=0.8, transform=axes.get_yaxis_transform(),
                          zorder=1.3)  # fmt: skip


def _draw_steps(axes: Axes, view: _View, xs: dict[int, float]) -> list[tuple[float, float]]:
    """The front of the two columns as a step line; returns its corners in data units, if any."""
    if not view.allowed:
        return []
    values = np.array([[view.y(item), item.value(view.resource)] for item in view.allowed])
    front = pareto_mask(values, [True, False])
    left, right = axes.get_xlim()
    best = {
        (x, y) for (y, x), member in zip(values.tolist(), front.tolist(), strict=True) if member
    }
    corners: list[tuple[float, float]] = []
    for x, y in sorted(best):
        # at no cost at all the line spans the whole strip of zeros
        start = left if x == 0 and any(xs[item.number] != 0 for item in _zeros(view)) else x
        corners += [(start, corners[-1][1])] if corners else []
        corners.append((start, y))
    corners.append((right, corners[-1][1]))
    axes.plot(*zip(*corners, strict=True), color=_STEP, lw=1.2, zorder=1.5)
    return corners


def _zeros(view: _View) -> list[Design]:
    return [item for item in view.shown if item.value(view.resource) == 0]


def _groups(view: _View) -> list[list[Design]]:
    """Designs to draw at one stroke: of a crowd those of one look, else each by itself."""
    groups: dict[object, list[Design]] = {}
    for design in view.shown:
        look = (design.point.rng, design.point.reuse)
        groups.setdefault(look if _crowded(design, view) else design.number, []).append(design)
    return list(groups.values())


def _crowded(design: Design, view: _View) -> bool:
    """Whether a design is one of a crowd: off the front, among too many to be numbered."""
    return not design.on_front and len(view.shown) > MAX_NUMBERED


def _draw_designs(axes: Axes, designs: list[Design], xs: dict[int, float], view: _View) -> None:
    """Markers and error bars of designs that look alike."""
    first = designs[0]
    colour = style.RNG_COLOURS.get(first.point.rng, style.FAINT)
    front, halves = first.on_front, [view.half(design) for design in designs]
    crowded = _crowded(first, view)
    size, bar, cap = (5.4, 0.9, 1.6) if front else (2.8, 0.4, 0.0) if crowded else (4.2, 0.7, 1.6)
    axes.errorbar(
        [xs[design.number] for design in designs],
        [view.y(design) for design in designs],
        yerr=halves if any(halves) else None,
        fmt=style.REUSE_MARKERS.get(first.point.reuse, "o"),
        color=colour,
        ms=size,
        mfc=colour if front else "white",
        mec=style.INK if front else colour,
        mew=0.7 if front or crowded else 0.9,
        elinewidth=bar,
        capsize=cap,
        capthick=bar,
        ecolor=colour if front else _pale(_pale(colour)) if crowded else _pale(colour),
        zorder=4 if front else 3,
    )


def _pale(colour: str) -> str:
    """A colour half way to white, as a tint that prints over a grid without transparency."""
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{(part + 255) // 2:02x}" for part in parts)


def _draw_numbers(
    axes: Axes, view: _View, xs: dict[int, float], steps: list[tuple[float, float]]
) -> None:
    """Numbers beside the markers, with a leader line where they had to move away."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    unit = style.POINTS_PER_INCH / figure.dpi

    def to_points(places: Sequence[Spot]) -> list[Spot]:
        found = axes.transData.transform(np.array(places).reshape(-1, 2)) * unit
        return [(across, up) for across, up in found.tolist()]

    named = view.named
    anchors = to_points([(xs[item.number], view.y(item)) for item in named])
    sizes = [(_NUMBER_SIZE * 0.66 * len(str(item.number)) + 1.4, _NUMBER_SIZE) for item in named]
    extent = axes.get_window_extent()
    frame = (extent.x0 * unit, extent.y0 * unit, extent.x1 * unit, extent.y1 * unit)
    obstacles = _obstacles(view, xs, steps, axes.get_xlim(), to_points)
    shown = to_points([(xs[item.number], view.y(item)) for item in view.shown])
    everywhere = [across for across, _ in shown]
    spots = [_bar_ends(item, view, xs, to_points, everywhere) for item in named]
    centres = place_labels(anchors, sizes, frame, obstacles, spots)
    for item, anchor, centre in zip(named, anchors, centres, strict=True):
        offset = (centre[0] - anchor[0], centre[1] - anchor[1])
        leader = {"arrowstyle": "-", "lw": 0.4, "color": style.FAINT, "shrinkA": 2.5, "shrinkB": 3}
        axes.annotate(
            str(item.number),
            (xs[item.number], view.y(item)),
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            fontsize=_NUMBER_SIZE,
            fontweight="bold" if item.on_front else "normal",
            color=style.INK if item.on_front else "#555555",
            zorder=5,
            # a number on top of its own error bar needs no leader line
            arrowprops=leader if math.hypot(*offset) > _NEAR and abs(offset[0]) > 1 else None,
        )


def _bar_ends(
    item: Design,
    view: _View,
    xs: dict[int, float],
    to_points: ToPoints,
    everywhere: Sequence[float],
) -> list[tuple[float, float]]:
    """Places for a number just above and below the error bar of its design, in points.

    None where another bar stands so close that the number could be read as that one's.
    """
    x, half = xs[item.number], view.half(item)
    top, bottom = to_points([(x, view.y(item) + half), (x, view.y(item) - half)])
    crowd = sum(abs(other - top[0]) < _CLOSE for other in everywhere)
    if half == 0 or crowd > 1:  # itself is one
        return []
    return [(top[0], top[1] + 4.6), (bottom[0], bottom[1] - 4.6)]


def _obstacles(
    view: _View,
    xs: dict[int, float],
    steps: list[tuple[float, float]],
    edges: tuple[float, float],
    to_points: ToPoints,
) -> list[Obstacle]:
    """Markers, error bars and lines, in points."""
    ends = [
        [(xs[item.number], view.y(item) + sign * view.half(item)) for item in view.shown]
        for sign in (0, -1, 1)
    ]
    obstacles = []
    for centre, low, high in zip(*map(to_points, ends), strict=True):
        obstacles.append(Obstacle(_grown(centre, centre, 3.4), 30.0))
        obstacles.append(Obstacle(_grown(low, high, 0.8), 12.0))
    for start, end in pairwise(to_points(steps)):
        obstacles.append(Obstacle(_grown(start, end, 0.9), 8.0))
    for item in view.references:
        start, end = to_points([(edge, view.y(item)) for edge in edges])
        obstacles.append(Obstacle(_grown(start, end, 0.7), 6.0))
    return obstacles


def _grown(start: tuple[float, float], end: tuple[float, float], margin: float) -> Box:
    return (
        min(start[0], end[0]) - margin,
        min(start[1], end[1]) - margin,
        max(start[0], end[0]) + margin,
        max(start[1], end[1]) + margin,
    )


def _named(item: Design) -> str:
    """Its label; of one that may not be on the front at all, how sure it is to be."""
    sure = item.value("front_confidence")
    if not item.on_front or not sure < SURE:
        return item.label
    return f"{item.label} ({sure:.0%} sure)"


def _draw_key(figure: Figure, view: _View, title: str) -> None:
    """The numbered list of designs, right of the plot: the front, then the others."""
    lines = []
    for member, heading in ((True, title), (False, "not on the front")):
        group = [item for item in view.named if item.on_front == member]
        colour = style.INK if member else "#555555"
        lines += [("", heading, colour, True)] if group else []
        lines += [(str(item.number), _named(item), colour, member) for item in group]
    more = len(view.shown) - len(view.named)
    if more:
        lines.append(("", f"and {more} more designs without a number", "#555555", False))
    height = figure.get_figheight()
    for line, (number, text, colour, bold) in enumerate(lines):
        up = 1 - (0.2 + line * _KEY_LINE) / height
        weight = "bold" if bold else "normal"
        left = _KEY_LEFT + (0.23 if number else 0.0)
        room = _KEY_CHARS if number else _HEADING_CHARS
        size = 6.3 * min(1.0, room / len(text))
        figure.text(left / style.WIDTH, up, text, fontsize=size, va="center", color=colour,
                    fontweight="normal" if number else weight)  # fmt: skip
        figure.text((_KEY_LEFT + 0.16) / style.WIDTH, up, number, fontsize=6.3, va="center",
                    ha="right", color=colour, fontweight=weight)  # fmt: skip


def _legend_rows(view: _View) -> list[tuple[str, list[Line2D]]]:
    """Title and handles of each row of the legend: colours, markers, lines."""
    used_rngs = {item.point.rng for item in view.shown}
    used_reuses = {item.point.reuse for item in view.shown}
    colours = [
        Line2D([], [], marker="o", ls="", ms=5, color=colour, label=rng)
        for rng, colour in style.RNG_COLOURS.items()
        if rng in used_rngs
    ]
    markers = [
        Line2D([], [], marker=marker, ls="", ms=4.6, mfc="white", color="#555555", label=reuse)
        for reuse, marker in style.REUSE_MARKERS.items()
        if reuse in used_reuses
    ]
    front = "front within the constraints" if view.constraints else "front of the two axes shown"
    lines = [Line2D([], [], color=_STEP, lw=1.2, label=front)] if view.allowed else []
    for index, item in enumerate(view.references):
        text = f"{item.label} (software): {view.y(item):.1f}"
        text += f" ± {view.half(item):.1f}" if view.half(item) > 0 else ""
        lines.append(Line2D([], [], color=_REFERENCE, lw=0.8, ls=_DASHES[index], label=text))
    rows = [("rng", colours), ("reuse", markers)]
    rows += [
        ("lines" if start == 0 else "", lines[start : start + 2])
        for start in range(0, len(lines), 2)
    ]
    # Where no design has hardware there is nothing to tell apart.
    return [(title, handles) for title, handles in rows if handles]


def _draw_legend(figure: Figure, rows: list[tuple[str, list[Line2D]]]) -> None:
    """The legend, below the plot."""
    height = figure.get_figheight()
    for index, (title, handles) in enumerate(reversed(rows)):
        up = (0.12 + _LEGEND_LINE * index) / height
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
