"""Accuracy against the Gaussian reference by number of weights, a line a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from pezoexplore.analysis.size.scale import ScaleLine, Size, scale_of
from pezoexplore.intervals import POINTS, ends
from pezoexplore.report.plots import style

FILE = "scale"

DIRECT = 10
"""Most lines with their names at their ends; of more, a list beside the plot names them."""

MAX_LINES = 4 * len(style.LINE_COLOURS)
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)))

_FONT = 7.0
"""Size of all text, points."""

_LEFT, _BOTTOM, _PLOT_WIDTH, _HEIGHT, _TOP = 0.62, 0.92, 4.3, 3.1, 0.34
_LINE_HEIGHT = 1.45 * _FONT
_NEAR = 1.35
"""Sizes closer than this factor share a tick."""

_SPREAD = 0.16
"""Sideways shift between the first and last line at one size, as a share of the weights."""

_LINEAR = 2.0
"""Points within which the scale is linear, where some design loses more than ``_DEEP``."""
_DEEP = 8.0


def draw_scale(
    rows: Sequence[Mapping[str, object]], folder: Path, kinds: Sequence[str] = ("png", "svg")
) -> list[Path]:
    """Draw ``scale.png`` and ``.svg``, if the rows are of two tasks or more with a reference.

    Args:
        rows: Rows of results.
        folder: Folder of the files, created if missing.
        kinds: File types.

    Returns:
        The files written.

    Raises:
        PezoError: A file cannot be written.
    """
    sizes, lines = scale_of(rows)
    if not lines:
        return []
    with style.house_style():
        figure = _figure(sizes, lines)
        return [style.save(figure, folder / f"{FILE}.{kind}") for kind in kinds]


def look(index: int) -> tuple[str, int]:
    """Return colour and number of the dashes of a line by its place."""
    colours = len(style.LINE_COLOURS)
    return style.LINE_COLOURS[index % colours], index // colours % len(DASHES)


def _figure(sizes: Sequence[Size], lines: Sequence[ScaleLine]) -> Figure:
    shown = lines[:MAX_LINES]
    figure = Figure(figsize=(style.WIDTH, _BOTTOM + _HEIGHT + _TOP))
    axes = style.axes_at(figure, _LEFT, _BOTTOM, _PLOT_WIDTH, _HEIGHT)
    axes.tick_params(labelsize=_FONT)
    axes.set_xscale("log")
    _scale(axes, shown)
    axes.axhline(0, color=style.INK, lw=0.8)
    axes.axhspan(-1, 1, color=style.GRID, lw=0, zorder=0)
    for index, line in enumerate(shown):
        _draw(axes, sizes, line, index, len(shown))
    _label_sizes(axes, sizes)
    axes.set_ylabel("accuracy minus Gaussian reference (points)", fontsize=_FONT)
    axes.set_xlabel("weights, task, accuracy of the Gaussian reference", fontsize=_FONT)
    hidden = "" if len(shown) == len(lines) else f"; {len(lines) - len(shown)} designs not drawn"
    axes.set_title(
        f"Paired by seed, 95 % intervals; grey: within 1 point{hidden}",
        fontsize=_FONT, loc="left",
    )  # fmt: skip
    _name(figure, axes, sizes, shown)
    return figure


def _scale(axes: Axes, lines: Sequence[ScaleLine]) -> None:
    every = [item for line in lines for item in line.differences.values()]
    low, high = zip(*(ends(item.mean, item.half or 0.0, POINTS) for item in every), strict=True)
    if min(item.mean for item in every) < -_DEEP:
        axes.set_yscale("symlog", linthresh=_LINEAR)
        ticks = [-100, -50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20]
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
    margin = 1.1
    axes.set_ylim(min(-1.5, margin * min(low)), max(1.5, margin * max(high)))


def _draw(axes: Axes, sizes: Sequence[Size], line: ScaleLine, index: int, count: int) -> None:
    colour, dashes = look(index)
    known = [size for size in sizes if size.task in line.differences]
    shift = 1 + _SPREAD * (index / max(count - 1, 1) - 0.5)
    found = [line.differences[size.task] for size in known]
    limits = [ends(item.mean, item.half or 0.0, POINTS) for item in found]
    arms = [[item.mean - low for item, (low, _) in zip(found, limits, strict=True)],
            [high - item.mean for item, (_, high) in zip(found, limits, strict=True)]]  # fmt: skip
    axes.errorbar(
        [size.parameters * shift for size in known],
        [item.mean for item in found],
        arms,
        color=colour, ls=DASHES[dashes], lw=1.2, elinewidth=0.8, capsize=0, ms=4, mew=0.8,
        marker=style.REUSE_MARKERS[line.point.reuse], mfc="white",
    )  # fmt: skip


def _label_sizes(axes: Axes, sizes: Sequence[Size]) -> None:
    """Name the sizes below the axis: weights, task, accuracy of the reference."""
    groups: list[list[Size]] = []
    for size in sizes:
        if groups and size.parameters < _NEAR * groups[-1][0].parameters:
            groups[-1].append(size)
        else:
            groups.append([size])
    places = [group[0].parameters for group in groups]
    texts = [
        "\n".join(
            [", ".join(f"{size.parameters:,}" for size in group)]
            + [f"{size.task}\n{size.reference:.1f} %" for size in group]
        )
        for group in groups
    ]
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, texts)
    axes.set_xlim(places[0] / 1.8, sizes[-1].parameters * 1.4)


def _name(figure: Figure, axes: Axes, sizes: Sequence[Size], lines: Sequence[ScaleLine]) -> None:
    """Write the names at the right of the plot: at the lines' ends, or as a list with samples."""
    left = _LEFT + _PLOT_WIDTH
    top, bottom = _BOTTOM + _HEIGHT, _BOTTOM
    step = min(_LINE_HEIGHT / style.POINTS_PER_INCH, _HEIGHT / max(len(lines), 1))
    ends_at = [_end(axes, sizes, line) for line in lines]
    order = sorted(range(len(lines)), key=lambda index: (-ends_at[index][1], index))
    direct = len(lines) <= DIRECT
    wanted = [ends_at[index][1] if direct else top for index in order]
    across, up = figure.get_size_inches()
    for index, height in zip(order, _apart(wanted, step, bottom, top), strict=True):
        colour, dashes = look(index)
        from_x, from_y = ends_at[index] if direct else (left + 0.1, height)
        leader = Line2D(
            [from_x / across, (left + 0.3) / across], [from_y / up, height / up],
            transform=figure.transFigure, color=colour, lw=0.5 if direct else 1.2,
            ls="-" if direct else DASHES[dashes],
        )  # fmt: skip
        figure.add_artist(leader)
        figure.text(
            (left + 0.34) / across, height / up, lines[index].label,
            color=colour, fontsize=_FONT, va="center",
        )  # fmt: skip


def _end(axes: Axes, sizes: Sequence[Size], line: ScaleLine) -> tuple[float, float]:
    """Return where a line ends, inches from the lower left corner of the figure."""
    last = next(size for size in reversed(sizes) if size.task in line.differences)
    at = (last.parameters, line.differences[last.task].mean)
    x, y = axes.transData.transform(at) / axes.figure.dpi
    return float(x) + 0.1, float(y)


def _apart(wanted: Sequence[float], step: float, bottom: float, top: float) -> list[float]:
    """Return heights at least ``step`` apart, in the same order from the top, within bounds."""
    heights: list[float] = []
    for height in wanted:
        heights.append(min(height, heights[-1] - step) if heights else min(height, top))
    floor = bottom
    for index in reversed(range(len(heights))):
        heights[index] = max(heights[index], floor)
        floor = heights[index] + step
    return heights
