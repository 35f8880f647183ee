"""Share of each result's variance that every axis explains, and the largest interactions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pezoexplore.analysis.sensitivity import Effect, Sensitivity
from pezoexplore.report.plots import style

MAX_PAIRS = 6
"""Most interactions shown per result, the largest ones."""

MIN_SHARE = 0.005
"""Interactions below this share are not shown."""

MAX_PANELS = 4

_LEFT, _RIGHT, _GAP = 1.5, 0.12, 0.14
_TOP, _BOTTOM, _LINE = 0.66, 0.66, 0.19
_TITLE_CHARS = 30
"""Characters of a line of a title."""
_ROOM = 2.1
"""Width of a bar with its name on the right, in lengths of the bar."""
_FAR = 25.0
"""Percent beyond which the note on a ring is placed left of it."""
_MAIN, _PAIR = style.LINE_COLOURS[0], style.LINE_COLOURS[5]


def draw_sensitivity(
    found: Sequence[Sensitivity], out_dir: Path, kinds: Sequence[str] = ("png", "svg")
) -> list[Path]:
    """Draw ``sensitivity.png`` and ``.svg``: a panel per result, a bar per axis.

    Args:
        found: Sensitivity of each result; at most ``MAX_PANELS`` are drawn.
        out_dir: Folder of the files, created if missing.
        kinds: File types: ``png``, ``svg``, ``pdf``.

    Returns:
        The files written; empty without a result.

    Raises:
        PezoError: A file cannot be written.
    """
    if not found:
        return []
    with style.house_style():
        figure = _figure(found[:MAX_PANELS])
        return [style.save(figure, out_dir / f"sensitivity.{kind}") for kind in kinds]


def _figure(found: Sequence[Sensitivity]) -> Figure:
    axes = _order(found)
    pairs = [_pairs(item) for item in found]
    lines = len(axes) + (1 + max(map(len, pairs)) if any(pairs) else 0)
    height = _TOP + _LINE * lines + _BOTTOM
    figure = Figure(figsize=(style.WIDTH, height))
    width = (style.WIDTH - _LEFT - _RIGHT - _GAP * (len(found) - 1)) / len(found)
    bars = [max(_end(effect), effect.importance or 0) for item in found for effect in item.main]
    most = max([0.05, *bars, *(_end(effect) * _ROOM for chosen in pairs for effect in chosen)])
    for index, (item, chosen) in enumerate(zip(found, pairs, strict=True)):
        left = _LEFT + index * (width + _GAP)
        panel = style.axes_at(figure, left, _BOTTOM, width, _LINE * lines)
        _draw_panel(panel, item, axes, chosen, lines, index == 0)
        panel.set_xlim(0, 100 * most * 1.04)
        logarithm = ", log" if item.logarithmic else ""
        title = "\n".join(wrap(style.title_of(item.response) + logarithm, _TITLE_CHARS))
        panel.set_title(title, fontsize=style.LABEL, loc="left", pad=14)
        panel.text(0, 1.0, _summary(item), transform=panel.transAxes, fontsize=style.NOTE,
                   color="#555555", va="bottom")  # fmt: skip
    middle = (_LEFT + style.WIDTH - _RIGHT) / 2 / style.WIDTH
    figure.text(middle, 0.36 / height, "share of the variance explained (%)", ha="center")
    rings = any(effect.importance is not None for item in found for effect in item.main)
    _draw_key(figure, height, rings)
    return figure


def _order(found: Sequence[Sensitivity]) -> list[str]:
    """Return all axes, the one with the largest share of any result first."""
    best: dict[str, float] = {}
    for item in found:
        for effect in item.main:
            axis = effect.axes[0]
            share = 0.0 if effect.within_noise else effect.share or 0.0
            best[axis] = max(best.get(axis, 0.0), share)
    return sorted(best, key=lambda axis: (-best[axis], axis))


def _pairs(item: Sensitivity) -> list[Effect]:
    told = [effect for effect in item.interactions if not effect.within_noise]
    large = [effect for effect in told if (effect.share or 0) >= MIN_SHARE]
    return large[:MAX_PAIRS]


def _end(effect: Effect) -> float:
    """Return where a bar with its interval ends, as a share."""
    return max(effect.share or 0.0, effect.high or 0.0)


def _summary(item: Sensitivity) -> str:
    noise = "" if item.noise is None else f", seeds {100 * item.noise:.1f} %"
    if math.isnan(item.explained):  # unknown if read from a file
        return f"{item.rows} rows"
    if not item.told:
        return f"{item.rows} rows; nothing beyond the seeds' noise"
    return f"{item.rows} rows; main effects {100 * item.explained:.0f} %{noise}"


def _draw_panel(
    panel: Axes,
    item: Sensitivity,
    axes: Sequence[str],
    pairs: Sequence[Effect],
    lines: int,
    named: bool,
) -> None:
    main = {effect.axes[0]: effect for effect in item.main}
    for line, axis in enumerate(axes):
        if axis in main:
            _draw_bar(panel, line, main[axis], _MAIN)
    for place, effect in enumerate(pairs):
        line = len(axes) + 1 + place
        _draw_bar(panel, line, effect, _PAIR)
        name, end = " × ".join(effect.axes), (100 * _end(effect), line)
        panel.annotate(name, end, (3, 0), textcoords="offset points", fontsize=style.NOTE,
                       va="center", color=style.INK)  # fmt: skip
    panel.set_ylim(lines - 0.4, -0.6)
    panel.set_yticks(range(len(axes)), axes if named else [""] * len(axes))
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)
    if pairs:
        panel.axhline(len(axes), color=style.GRID, lw=0.8)


def _draw_bar(panel: Axes, line: int, effect: Effect, colour: str) -> None:
    """Draw a bar with its interval, and Optuna's importance as a ring."""
    if effect.share is None:
        ring = 100 * (effect.importance or 0)
        where, side = ((-5, 0), "right") if ring > _FAR else ((5, 0), "left")
        panel.annotate("not separable", (ring, line), where, textcoords="offset points", ha=side,
                       fontsize=style.NOTE, va="center", color=style.FAINT)  # fmt: skip
    else:
        (bar,) = panel.barh(line, 100 * effect.share, height=0.62, color=colour, lw=0)
        if effect.within_noise:
            bar.set(facecolor="white", edgecolor=style.FAINT, linewidth=0.6)
        if effect.low is not None and effect.high is not None and effect.high > 0:
            panel.plot([100 * effect.low, 100 * effect.high], [line, line], color=style.INK, lw=0.8)
    if effect.importance is not None:
        panel.plot(100 * effect.importance, line, "o", ms=3.6, mfc="white", mec=style.INK, mew=0.8,
                   zorder=5, clip_on=True)  # fmt: skip


def _draw_key(figure: Figure, height: float, rings: bool) -> None:
    handles = [
        Patch(color=_MAIN, label="main effect"),
        Patch(color=_PAIR, label="interaction"),
        Patch(fc="white", ec=style.FAINT, lw=0.6, label="within the noise"),
        Line2D([], [], color=style.INK, lw=0.8, label="95 % interval"),
        Line2D([], [], ls="", marker="o", ms=3.6, mfc="white", mec=style.INK, mew=0.8,
               label="Optuna's importance (sums to 100 %)"),
    ][: 5 if rings else 4]  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=5, fontsize=style.NOTE,
                  borderaxespad=0, handlelength=1.4,
                  bbox_to_anchor=(0.5, 0.08 / height))  # fmt: skip
