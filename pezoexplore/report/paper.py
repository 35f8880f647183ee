"""Figures of a report for print: SVG and PDF in the style of every other plot."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from pezoexplore.analysis.several.side_by_side import number_of
from pezoexplore.intervals import ends
from pezoexplore.report.html.data import Report
from pezoexplore.report.html.figures import curve_order
from pezoexplore.report.plots import style
from pezoexplore.report.plots.plots import draw_fronts
from pezoexplore.report.plots.scale_plot import draw_scale
from pezoexplore.report.plots.sensitivity_plot import draw_sensitivity

KINDS = ("svg", "pdf")

CURVES = 7
"""Most learning curves in the printed figure: one per colour."""

_LEFT, _BOTTOM, _HEIGHT = 0.6, 0.5, 2.6
_SPAN_WIDTH, _GAP = 3.15, 0.2


def draw_paper(report: Report, folder: Path) -> list[Path]:
    """Draw all figures for which the report has data.

    Args:
        report: The report.
        folder: Folder of the files, created if missing.

    Returns:
        The files: ``pareto_<resource>``, ``scale``, ``sensitivity``, ``learning_curves`` and
        ``effective_span``, each as SVG and as PDF.

    Raises:
        PezoError: A file cannot be written.
    """
    written = []
    if report.objectives and report.finished:
        written += draw_fronts(
            report.frame,
            report.maximize,
            report.minimize,
            folder,
            report.constraints,
            KINDS,
            report.chance,
            report.front,
        )
    written += draw_scale(report.rows, folder, KINDS)
    written += draw_sensitivity(report.sensitivity, folder, KINDS)
    with style.house_style():
        figures = {"learning_curves": _curves(report), "effective_span": _span(report)}
        for name, figure in figures.items():
            if figure is not None:
                written += [style.save(figure, folder / f"{name}.{kind}") for kind in KINDS]
    return written


def _curves(report: Report) -> Figure | None:
    """Draw validation accuracy against the step, with 95 % intervals as bands."""
    chosen = curve_order(report)[:CURVES]
    if not chosen:
        return None
    figure = Figure(figsize=(style.WIDTH, _BOTTOM + _HEIGHT + 0.15))
    axes = style.axes_at(figure, _LEFT, _BOTTOM, style.WIDTH - _LEFT - 0.15, _HEIGHT)
    for index, colour in zip(chosen, style.LINE_COLOURS, strict=False):
        looks = report.curves[index]
        steps = [look[0] or 0.0 for look in looks]
        means = [look[1] or 0.0 for look in looks]
        limits = [ends(mean, look[2] or 0.0) for mean, look in zip(means, looks, strict=True)]
        lower, upper = zip(*limits, strict=True)
        axes.fill_between(steps, lower, upper, color=colour, alpha=0.13, lw=0)
        name = report.labels[index] + (" (front)" if report.front[index] else "")
        axes.plot(steps, means, color=colour, lw=1.2, label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("validation accuracy (%)")
    axes.set_xlim(left=0)
    axes.legend(loc="lower right", fontsize=style.NOTE)  # curves end high
    return figure


def _span(report: Report) -> Figure | None:
    """Draw accuracy against effective span and effective dimension, each as a share of d."""
    d, columns = report.parameters, ("effective_span", "effective_dim")
    if d is None or not {*columns, "accuracy_mean"} <= set(report.frame.columns):
        return None
    clouds: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for row, point in zip(report.rows, report.points, strict=True):
        accuracy = number_of(row, "accuracy_mean")
        if row.get("status", "ok") != "ok" or math.isnan(accuracy):
            continue
        for column in columns:
            share = 100 * number_of(row, column) / d
            if share > 0:
                xs, ys = clouds.setdefault((column, point.rng), ([], []))
                xs.append(share)
                ys.append(accuracy)
    if not clouds:
        return None
    colours = style.rng_colours(rng for _, rng in clouds)
    figure = Figure(figsize=(style.WIDTH, _BOTTOM + _HEIGHT + 0.35))
    for place, column in enumerate(columns):
        left = _LEFT + place * (_SPAN_WIDTH + _GAP)
        axes = style.axes_at(figure, left, _BOTTOM, _SPAN_WIDTH, _HEIGHT)
        for rng in colours:
            xs, ys = clouds.get((column, rng), ([], []))
            if xs:
                axes.plot(xs, ys, "o", ms=3, mfc="none", mew=0.8, color=colours[rng],
                          label=rng if place == 0 else None)  # fmt: skip
        axes.set_xscale("log")
        axes.axvline(100, color=style.FAINT, lw=0.7, ls=(0, (2, 2)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        name = column.replace("_", " ").replace(" dim", " dimension")
        axes.set_xlabel(f"{name}, share of d = {d:,} (%)")
        axes.set_ylabel(style.title_of("accuracy_mean") if place == 0 else "")
        axes.tick_params(labelleft=place == 0)
    figure.legend(loc="upper center", ncols=len(colours), borderaxespad=0.2, handletextpad=0.2)
    return figure
