"""Accuracy against one resource, with the Pareto front."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pezoexplore.analysis.pareto import check_columns, pareto_mask
from pezoexplore.analysis.standing import standings
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.conditions import Condition
from pezoexplore.report.designs import Design, finished_designs
from pezoexplore.report.plots import style
from pezoexplore.report.plots.front_key import (
    KEY_LINE,
    LEGEND_LINE,
    draw_key,
    draw_legend,
    draw_notes,
    key_lines,
    legend_rows,
    name_of,
    notes,
)
from pezoexplore.report.plots.front_view import (
    DASHES,
    MAX_DRAWN,
    MAX_NUMBERED,
    REFERENCE_COLOUR,
    STEP_COLOUR,
    FrontView,
    references_of,
    visible,
)
from pezoexplore.report.plots.placement import Box, Obstacle, place_labels
from pezoexplore.report.plots.scales import mark_break, plain_number, scale_accuracy, scale_cost

_LEFT, _PLOT_WIDTH = 0.6, 4.15
_WIDE_CHARS = 130
"""Characters of a line over the whole width."""
_NEAR = 9.0
"""Points between a marker and its label beyond which that gets a leader line."""
_CLOSE = 5.5
"""Points between error bars below which a number at the end of one is ambiguous."""

Spot = tuple[float, float]
"""A position (x, y): in data units, or in points from the lower left corner of the figure."""

ToPoints = Callable[[Sequence[Spot]], list[Spot]]
"""Converts positions from data units to points."""


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
    warnings: Sequence[str] = (),
) -> list[Path]:
    """Draw ``pareto_<resource>.png`` and ``.svg``.

    The step line is the front in the two columns shown, of designs that meet the constraints;
    filled, numbered markers are the designs on the front of all objectives; the software reference
    is a line with its 95 % interval.

    Args:
        frame: n rows with the columns of results.csv.
        resource: Column on the x axis; smaller is better.
        front: For each of the n rows whether it is on the front of all objectives.
        out_dir: Folder of the files, created if missing.
        accuracy: Column on the y axis; larger is better.
        order_by: Columns by which designs are numbered; `resource` when empty.
        title: Heading of the front in the key.
        kinds: File types: ``png``, ``svg``, ``pdf``.
        target: Target of all rows, named in the files and the axis label; empty to omit it.
        constraints: Conditions for a design to be on the step line.
        warnings: What speaks against trusting the accuracies, one sentence each.

    Returns:
        The files written; empty if no finished row has both values.

    Raises:
        DesignError: A column is unknown.
        PezoError: A file cannot be written.
    """
    check_columns([resource, accuracy], [str(name) for name in frame.columns])
    found = None
    if len(frame) > MAX_DRAWN:
        kept, found = visible(frame, resource, accuracy, front, constraints)
        frame, front = frame.iloc[kept], [front[index] for index in kept]
    designs = finished_designs(frame, front, order_by or [resource])
    shown = [item for item in designs if _shown(item, resource, accuracy)]
    if not shown:
        return []
    with style.house_style():
        references = references_of(designs, accuracy)
        view = FrontView(
            shown,
            references,
            resource,
            accuracy,
            target,
            tuple(constraints),
            _marks(shown, designs, accuracy),
            tuple(warnings),
            len(shown) if found is None else found,
        )
        figure = _figure(view, title)
        name = "_".join(filter(None, ["pareto", resource, target]))
        stem = re.sub(r"[^0-9A-Za-z_]", "_", name)
        return [style.save(figure, out_dir / f"{stem}.{kind}") for kind in kinds]


def _marks(
    shown: Sequence[Design], everything: Sequence[Design], accuracy: str
) -> dict[int, list[str]]:
    """Return what each design of the front is not distinguishable from, by its number."""
    front = [item for item in shown if item.on_front]
    if accuracy != ACCURACY:
        return {}
    found = standings([item.row for item in front], [item.row for item in everything])
    marks = {}
    for design, standing in zip(front, found, strict=True):
        pairs = {"best": standing.best, "baseline": standing.baseline}
        alike = [name for name, pair in pairs.items() if pair and not pair.distinguishable]
        if alike:
            marks[design.number] = alike
    return marks


def _shown(design: Design, resource: str, accuracy: str) -> bool:
    return math.isfinite(design.value(resource)) and math.isfinite(design.value(accuracy))


def _figure(view: FrontView, title: str) -> Figure:
    legend = legend_rows(view, title)
    lines = notes(view, _WIDE_CHARS) if view.direct else key_lines(view, title)
    below = len(lines) if view.direct else 0
    bottom = 0.5 + LEGEND_LINE * (len(legend) + below)
    height = max(bottom + 3.2, 0.0 if view.direct else len(lines) * KEY_LINE + 0.3)
    figure = Figure(figsize=(style.WIDTH, height))
    width = style.WIDTH - _LEFT - 0.15 if view.direct else _PLOT_WIDTH
    axes = style.axes_at(figure, _LEFT, bottom, width, height - bottom - 0.12)
    xs = scale_axes(axes, view)
    steps = draw_steps(axes, view, xs)
    _draw_references(axes, view)
    for group in reversed(_groups(view)):  # the front last, on top
        _draw_designs(axes, group, xs, view)
    _draw_numbers(axes, view, xs, steps)
    if view.direct:
        draw_notes(figure, lines)
    else:
        draw_key(figure, lines)
    draw_legend(figure, legend, below)
    return figure


def scale_axes(axes: Axes, view: FrontView) -> dict[int, float]:
    """Scale both axes; return the x coordinate of each design, by its number."""
    everything = [*view.shown, *view.references]
    costs = [item.value(view.resource) for item in view.shown]
    cost = scale_cost(axes, "x", costs)
    place = f" on {view.target}" if view.target else ""
    log = ", log scale" * (cost.kind != "linear")
    axes.set_xlabel(style.title_of(view.resource) + place + log)
    bend = scale_accuracy(
        axes, [view.y(item) for item in everything], [view.ends(item) for item in everything]
    )
    note = "" if bend is None else f", compressed below {plain_number(bend)}"
    axes.set_ylabel(style.title_of(view.accuracy) + note)
    if bend is not None:
        axes.axhline(bend, color=style.FAINT, lw=0.6, ls=(0, (2, 2)), zorder=1)
        mark_break(axes, bend)
    xs = {item.number: item.value(view.resource) for item in view.shown}
    if cost.zero_strip:
        axes.axvspan(-cost.zero_strip, cost.zero_strip, color="#f4f4f4", lw=0, zorder=0.1)
        axes.grid(visible=False, axis="x")
        axes.text(0, 0.008, "all at 0, spread sideways", transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=style.NOTE, color=style.FAINT)  # fmt: skip
        zeros = [item for item in view.shown if item.value(view.resource) == 0]
        places = np.linspace(-0.9, 0.9, len(zeros)) if len(zeros) > 1 else np.zeros(1)
        for item, place in zip(sorted(zeros, key=view.y), places.tolist(), strict=True):
            xs[item.number] = place * cost.zero_strip
    return xs


def _draw_references(axes: Axes, view: FrontView) -> None:
    """Draw lines over the whole width: software has no value on the axis of a resource."""
    for index, design in enumerate(view.references):
        value, (low, high) = view.y(design), view.ends(design)
        axes.axhline(value, color=REFERENCE_COLOUR, lw=0.8, ls=DASHES[index], zorder=1.2)
        if index == 0:
            axes.axhspan(low, high, color="#000000", alpha=0.07, lw=0, zorder=0.5)
        elif high > low:
            place = 0.99 - 0.014 * (index - 1)
            axes.errorbar(place, value, yerr=view.arms([design]), fmt="none", elinewidth=0.8,
                          ecolor=REFERENCE_COLOUR, capsize=1.6, capthick=0.8,
                          transform=axes.get_yaxis_transform(), zorder=1.3)  # fmt: skip


def draw_steps(axes: Axes, view: FrontView, xs: dict[int, float]) -> list[tuple[float, float]]:
    """Draw the front in the two columns as a step line; return its corners in data units."""
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
        # at zero cost the line spans the whole strip of zeros
        start = left if x == 0 and any(xs[item.number] != 0 for item in _zeros(view)) else x
        corners += [(start, corners[-1][1])] if corners else []
        corners.append((start, y))
    corners.append((right, corners[-1][1]))
    axes.plot(*zip(*corners, strict=True), color=STEP_COLOUR, lw=1.2, zorder=1.5)
    return corners


def _zeros(view: FrontView) -> list[Design]:
    return [item for item in view.shown if item.value(view.resource) == 0]


def _groups(view: FrontView) -> list[list[Design]]:
    """Group designs drawn in one call: unnumbered ones by appearance, others one by one."""
    groups: dict[object, list[Design]] = {}
    for design in view.shown:
        look = (design.point.rng, design.point.reuse, design.on_front, design in view.named)
        many = len(view.shown) > MAX_NUMBERED
        groups.setdefault(look if many else design.number, []).append(design)
    return list(groups.values())


def _draw_designs(axes: Axes, designs: list[Design], xs: dict[int, float], view: FrontView) -> None:
    """Draw markers and error bars of designs of equal appearance."""
    first = designs[0]
    colour = first.point.family.colour
    front = first.on_front
    bars = view.arms(designs) if first in view.named or view.has_bars else []
    crowded = not front and len(view.shown) > MAX_NUMBERED
    size, bar, cap = (5.4, 0.9, 1.6) if front else (2.8, 0.4, 0.0) if crowded else (4.2, 0.7, 1.6)
    axes.errorbar(
        [xs[design.number] for design in designs],
        [view.y(design) for design in designs],
        yerr=bars if any(map(any, bars)) else None,
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
    """Return a colour half way to white, opaque so that no grid shows through."""
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{(part + 255) // 2:02x}" for part in parts)


def _draw_numbers(
    axes: Axes, view: FrontView, xs: dict[int, float], steps: list[tuple[float, float]]
) -> None:
    """Draw numbers beside the markers, with a leader line to those placed farther away."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    unit = style.POINTS_PER_INCH / figure.dpi

    def to_points(places: Sequence[Spot]) -> list[Spot]:
        found = axes.transData.transform(np.array(places).reshape(-1, 2)) * unit
        return [(across, up) for across, up in found.tolist()]

    named = view.named
    anchors = to_points([(xs[item.number], view.y(item)) for item in named])
    texts = [name_of(item, view) if view.direct else str(item.number) for item in named]
    wide = 0.58 if view.direct else 0.66
    sizes = [(style.NOTE * wide * len(text) + 1.4, style.NOTE) for text in texts]
    extent = axes.get_window_extent()
    frame = (extent.x0 * unit, extent.y0 * unit, extent.x1 * unit, extent.y1 * unit)
    obstacles = _obstacles(view, xs, steps, axes.get_xlim(), to_points)
    shown = to_points([(xs[item.number], view.y(item)) for item in view.shown])
    everywhere = [across for across, _ in shown]
    spots = [_bar_ends(item, view, xs, to_points, everywhere) for item in named]
    centres = place_labels(anchors, sizes, frame, obstacles, spots)
    for item, text, size, anchor, centre in zip(named, texts, sizes, anchors, centres, strict=True):
        offset = (centre[0] - anchor[0], centre[1] - anchor[1])
        leader = {"arrowstyle": "-", "lw": 0.4, "color": style.FAINT, "shrinkA": 2.5, "shrinkB": 3}
        axes.annotate(
            text,
            (xs[item.number], view.y(item)),
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            fontsize=style.NOTE,
            fontweight="bold" if item.on_front and not view.direct else "normal",
            color=style.INK if item.on_front else "#555555",
            zorder=5,
            # a number on top of its own error bar needs no leader line
            arrowprops=leader if _far(offset, size) else None,
        )


def _far(offset: Spot, size: Spot) -> bool:
    """Return whether a label so far from its marker needs a leader line."""
    gap = max(abs(offset[0]) - size[0] / 2, 0.0), max(abs(offset[1]) - size[1] / 2, 0.0)
    return math.hypot(*gap) > _NEAR and abs(offset[0]) > 1


def _bar_ends(
    item: Design,
    view: FrontView,
    xs: dict[int, float],
    to_points: ToPoints,
    everywhere: Sequence[float],
) -> list[tuple[float, float]]:
    """Return positions for a number just above and below its error bar, in points.

    The list is empty if another bar is so close that the number could be read as that one's.
    """
    x, (low, high) = xs[item.number], view.ends(item)
    top, bottom = to_points([(x, high), (x, low)])
    crowd = sum(abs(other - top[0]) < _CLOSE for other in everywhere)
    if high == low or crowd > 1:  # the bar itself is counted
        return []
    return [(top[0], top[1] + 4.6), (bottom[0], bottom[1] - 4.6)]


def _obstacles(
    view: FrontView,
    xs: dict[int, float],
    steps: list[tuple[float, float]],
    edges: tuple[float, float],
    to_points: ToPoints,
) -> list[Obstacle]:
    """Return markers, error bars and lines as boxes in points."""
    heights = [(view.y(item), *view.ends(item)) for item in view.shown]
    ends = [
        [(xs[item.number], place[which]) for item, place in zip(view.shown, heights, strict=True)]
        for which in (0, 1, 2)
    ]
    obstacles = []
    for centre, low, high in zip(*map(to_points, ends), strict=True):
        obstacles.append(Obstacle(_grown(centre, centre, 3.4), 90.0))
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
