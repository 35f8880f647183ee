"""Share of the perturbation engine that the streams are, by lanes, a line a design."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from pezoexplore.report.designs import finished_designs
from pezoexplore.report.plots import style
from pezoexplore.report.plots.axis_plot import MAX_FAMILIES, Family, families_along

FILE, COLUMN = "generator_share", "generator_share_pct"

_LEFT, _BOTTOM, _WIDTH, _HEIGHT, _TOP = 0.6, 0.5, 3.6, 2.9, 0.15
_FONT = 7.0
"""Size of the text, points."""


def draw_share(frame: pd.DataFrame, out_dir: Path) -> list[Path]:
    """Draw ``generator_share.png`` and ``.svg``, if a design has the share at two numbers of lanes.

    Args:
        frame: n rows with the columns of results.csv of a design with ``hardware.engine``.
        out_dir: Folder of the files, created if missing.

    Returns:
        The files written.

    Raises:
        PezoError: A file cannot be written.
    """
    designs = finished_designs(frame, [False] * len(frame), [])
    known = [design for design in designs if math.isfinite(design.value(COLUMN))]
    families = families_along(known, "lanes")[:MAX_FAMILIES]
    if not families:
        return []
    with style.house_style():
        figure = _figure(families)
        return [style.save(figure, out_dir / f"{FILE}.{kind}") for kind in ("png", "svg")]


def _figure(families: list[Family]) -> Figure:
    figure = Figure(figsize=(style.WIDTH, _BOTTOM + _HEIGHT + _TOP))
    axes = style.axes_at(figure, _LEFT, _BOTTOM, _WIDTH, _HEIGHT)
    lanes = sorted({int(value) for family in families for value in family.values})
    ends = []
    for family, colour in zip(families, style.LINE_COLOURS, strict=False):
        shares = [design.value(COLUMN) for design in family.designs]
        marker = style.REUSE_MARKERS[family.designs[0].point.reuse]
        axes.plot(family.values, shares, color=colour, marker=marker, mfc="white", ms=4, lw=1.2)
        ends.append((shares[-1], family.label, colour))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(lanes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(lanes, [str(number) for number in lanes])
    axes.set_ylim(0, 100)
    axes.set_xlabel("lanes")
    axes.set_ylabel("streams, % of the engine's LUTs or cell area")
    # The names stand in the order of the lines' ends.
    for place, (_, label, colour) in enumerate(sorted(ends, reverse=True)):
        axes.text(
            1.03, 0.98 - 0.06 * place, label,
            transform=axes.transAxes, color=colour, fontsize=_FONT, va="top",
        )  # fmt: skip
    return figure
