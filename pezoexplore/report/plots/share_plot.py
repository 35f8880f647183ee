"""Share of the perturbation engine that the streams are, by lanes, a line a design."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from pezoexplore.report.designs import Design, finished_designs
from pezoexplore.report.plots import style
from pezoexplore.report.plots.axis_plot import MAX_FAMILIES, Family, families_along

FILE = "generator_share"

PANELS = {
    "generator_share_pct": "streams, % of the engine's LUTs or cell area",
    "generator_power_share_pct": "streams, % of the engine's power",
}
"""Title of the axis of each panel by its column."""

_LEFT, _BOTTOM, _HEIGHT, _TOP = 0.5, 0.5, 2.6, 0.15
_NAMES, _GAP = 1.6, 0.5
"""Inches to the right of the panels, for the names of the lines, and between them."""


def draw_share(frame: pd.DataFrame, out_dir: Path) -> list[Path]:
    """Draw ``generator_share.png`` and ``.svg``, if a design has a share at two numbers of lanes.

    One panel is of LUTs or cell area, another of power; one that no design has is left out.

    Args:
        frame: n rows with the columns of results.csv of a design with ``hardware.engine``.
        out_dir: Folder of the files, created if missing.

    Returns:
        The files written.

    Raises:
        PezoError: A file cannot be written.
    """
    designs = finished_designs(frame, [False] * len(frame), [])
    known = [design for design in designs if any(map(math.isfinite, map(design.value, PANELS)))]
    families = families_along(known, "lanes")[:MAX_FAMILIES]
    panels = [name for name in PANELS if any(_line(family, name) for family in families)]
    if not panels:
        return []
    with style.house_style():
        figure = _figure(families, panels)
        return [style.save(figure, out_dir / f"{FILE}.{kind}") for kind in ("png", "svg")]


def _line(family: Family, column: str) -> list[Design]:
    """Return the designs that have a share, if they are a line."""
    found = [design for design in family.designs if math.isfinite(design.value(column))]
    return found if len(found) > 1 else []


def _figure(families: list[Family], panels: list[str]) -> Figure:
    figure = Figure(figsize=(style.WIDTH, _BOTTOM + _HEIGHT + _TOP))
    room = style.WIDTH - _LEFT - _NAMES - (len(panels) - 1) * _GAP
    width = min(3.6, room / len(panels))
    most = 0.0
    drawn = list[Axes]()
    for place, column in enumerate(panels):
        left = _LEFT + place * (width + _GAP)
        drawn.append(style.axes_at(figure, left, _BOTTOM, width, _HEIGHT))
        most = max(most, _panel(drawn[-1], families, column))
    for axes in drawn:
        axes.set_ylim(0, min(100.0, 1.08 * most))
    # The names stand in the order of the lines' ends, those of the last panel where it has them.
    ends = []
    for family, colour in zip(families, style.LINE_COLOURS, strict=False):
        lines = [(column, line) for column in panels if (line := _line(family, column))]
        if lines:
            column, line = lines[-1]
            ends.append((line[-1].value(column), family.label, colour))
    for place, (_, label, colour) in enumerate(sorted(ends, reverse=True)):
        drawn[-1].text(
            1.04, 0.98 - 0.065 * place, label,
            transform=drawn[-1].transAxes, color=colour, fontsize=style.TICK, va="top",
        )  # fmt: skip
    return figure


def _panel(axes: Axes, families: list[Family], column: str) -> float:
    """Draw the lines of a share; return the largest."""
    most, lanes = 0.0, set[int]()
    for family, colour in zip(families, style.LINE_COLOURS, strict=False):
        if line := _line(family, column):
            numbers = [design.point.lanes for design in line]
            shares = [design.value(column) for design in line]
            marker = style.REUSE_MARKERS[line[0].point.reuse]
            axes.plot(numbers, shares, color=colour, marker=marker, mfc="white", ms=4, lw=1.2)
            most, lanes = max(most, *shares), lanes | set(numbers)
    axes.set_xscale("log")
    ticks = sorted(lanes)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [str(number) for number in ticks])
    axes.set_xlabel(style.title_of("lanes"))
    axes.set_ylabel(PANELS[column])
    return most
