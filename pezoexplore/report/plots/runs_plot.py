"""Accuracy against one resource of several runs, a colour and a marker each."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pezoexplore.analysis.several.side_by_side import Rivals, Side, SideBySide, label_of
from pezoexplore.analysis.standing import baseline_of
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.point import DesignPoint
from pezoexplore.report.designs import Design
from pezoexplore.report.plots import style
from pezoexplore.report.plots.front_plot import draw_steps, scale_axes
from pezoexplore.report.plots.front_view import MAX_BARS, MAX_DRAWN, STEP_COLOUR, FrontView, arms

MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_LINE, _HEIGHT = 0.17, 3.4
_DASHED = (0, (5, 2))


def runs_svg(found: SideBySide, rivals: Rivals, resource: str) -> bytes | None:
    """Return the joint front of several runs as an SVG file.

    Filled markers are on the front of all runs in all objectives, the step line is that in the two
    columns shown; a dashed line is the software reference of a run.

    Args:
        found: The runs.
        rivals: Target and task of the rows.
        resource: Column of the x axis.

    Returns:
        None if no row has both values.
    """
    sides: list[tuple[Side, Design]] = []
    for number, (side, row, member) in enumerate(found.joint_front(rivals), 1):
        design = Design(row, DesignPoint.from_json(row), label_of(row), member, number)
        if math.isfinite(design.value(resource)) and math.isfinite(design.value(ACCURACY)):
            sides.append((side, design))
    if not sides:
        return None
    if len(sides) > MAX_DRAWN:
        others = np.linspace(0, len(sides) - 1, MAX_DRAWN).astype(int).tolist()
        front = [place for place, (_, design) in enumerate(sides) if design.on_front]
        sides = [sides[place] for place in sorted({*others, *front})]
    references = {
        side.name: Design(base, DesignPoint.from_json(base), label_of(base), False, 0)
        for side in found.sides
        if (base := baseline_of(side.finished(rivals))) is not None
    }
    shown = [design for _, design in sides]
    view = FrontView(
        shown, [*references.values()], resource, ACCURACY, rivals[0], found.goals.constraints
    )
    with style.house_style():
        return _svg(found.sides, sides, references, view)


def _svg(
    names: Sequence[Side],
    sides: Sequence[tuple[Side, Design]],
    references: dict[str, Design],
    view: FrontView,
) -> bytes:
    drawn = [side for side in names if any(of is side for of, _ in sides)]
    referred = [side for side in drawn if side.name in references]
    below = 0.55 + _LINE * (len(drawn) + 1 + bool(referred))
    figure = Figure(figsize=(style.WIDTH, _HEIGHT + below))
    axes = style.axes_at(figure, 0.6, below, style.WIDTH - 0.75, _HEIGHT - 0.1)
    xs = scale_axes(axes, view)
    draw_steps(axes, view, xs)
    handles = [Line2D([], [], color=STEP_COLOUR, lw=1.2, label="front of all; filled: on it")]
    if referred:
        line = Line2D([], [], color=style.FAINT, lw=0.8, ls=_DASHED)
        line.set_label("software reference, in the run's colour")
        handles.append(line)
    for side in drawn:
        place = names.index(side)
        colour = style.LINE_COLOURS[place % len(style.LINE_COLOURS)]
        marker = MARKERS[place % len(MARKERS)]
        if side.name in references:
            axes.axhline(view.y(references[side.name]), color=colour, lw=0.8, ls=_DASHED)
        own = [design for of, design in sides if of is side]
        for front in (False, True):
            designs = [design for design in own if design.on_front == front]
            bars = arms(designs, ACCURACY) if front or len(view.shown) <= MAX_BARS else None
            axes.errorbar(
                [xs[design.number] for design in designs], [view.y(d) for d in designs], yerr=bars,
                fmt=marker, color=colour, mfc=colour if front else "white", ms=5.0, mew=0.9,
                elinewidth=0.7, capsize=1.6, zorder=4 if front else 3,
            )  # fmt: skip
        handles.append(Line2D([], [], ls="", marker=marker, color=colour, ms=5, label=side.name))
    figure.legend(handles=handles, loc="lower left", fontsize=style.TICK, borderaxespad=0.4)
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()
