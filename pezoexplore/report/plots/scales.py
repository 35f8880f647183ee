"""Scales and ticks of plot axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

LARGE_SPREAD = 12.0
"""Ratio of largest to smallest non-zero value from which a resource gets a logarithmic axis."""

_MANY_ZEROS = 3
_LOW_SHARE = 0.2
"""Share of the height that the compressed low part of an axis takes."""


def plain_number(value: float, _position: int | None = None) -> str:
    """Format a tick value: 0.5, 100, 20,000."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


@dataclass(frozen=True)
class CostScale:
    """The scale of an axis that shows a resource.

    Attributes:
        kind: ``linear``, ``log`` or ``symlog``.
        zero_strip: Half width, in data units, of the strip that stands for zero: markers may be
            moved sideways inside it. 0 without one.
    """

    kind: str
    zero_strip: float = 0.0


def scale_cost(axes: Axes, which: str, values: Sequence[float]) -> CostScale:
    """Scale the ``x`` or ``y`` axis for a resource: linear, or logarithmic for a large spread.

    With zeros among the values it is symlog, with a strip for them whose width grows with their
    number.

    Args:
        axes: The axes.
        which: ``x`` or ``y``.
        values: The finite values to show.
    """
    positive = [value for value in values if value > 0]
    zeros = sum(value == 0 for value in values)
    low, high = min(positive, default=1.0), max(values)
    spread = high >= LARGE_SPREAD * low or zeros >= _MANY_ZEROS
    if min(values) < 0 or not positive or not spread:
        return _linear(axes, which, min(values), high)
    if zeros:
        strip, top = low / 1.6, high * 1.5
        share = min(max(0.12, 0.75 * zeros / len(values)), 0.5)
        decades = math.log10(top / strip)
        linear_part = share * decades / (2 * (1 - share))
        _set_scale(axes, which, "symlog", (-strip, top), linthresh=strip, linscale=linear_part)
        _set_ticks(axes, which, [0.0, *_log_ticks(low / 1.1, top)])
        return CostScale("symlog", strip)
    _set_scale(axes, which, "log", (low / 1.4, high * 1.4))
    _set_ticks(axes, which, _log_ticks(low / 1.4, high * 1.4))
    return CostScale("log")


def _linear(axes: Axes, which: str, low: float, high: float) -> CostScale:
    bottom = min(0.0, low * 1.08)
    margin = 0.04 * (high - bottom) if low == 0 else 0.0
    top = high * 1.08 if high > bottom else bottom + 1.0
    _set_scale(axes, which, "linear", (bottom - margin, top))
    (axes.xaxis if which == "x" else axes.yaxis).set_major_formatter(FuncFormatter(plain_number))
    return CostScale("linear")


def _set_scale(
    axes: Axes, which: str, kind: str, limits: tuple[float, float], **options: float
) -> None:
    if which == "x":
        axes.set_xscale(kind, **options)
        axes.set_xlim(*limits)
    else:
        axes.set_yscale(kind, **options)
        axes.set_ylim(*limits)


def _set_ticks(axes: Axes, which: str, ticks: Sequence[float]) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain_number))


def _log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two positive ones: 1, 2, 5 per decade, or fewer."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    span = math.log10(high / low)
    steps = (1.0,) if span > 6 else (1.0, 3.0) if span > 3.4 else (1.0, 2.0, 5.0)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def scale_accuracy(
    axes: Axes,
    values: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    compress: bool = True,
) -> float | None:
    """Scale the y axis for accuracies, error bars included.

    If a few designs train much worse, the part of the axis below a round number is compressed to
    keep the good designs apart.

    Args:
        axes: The axes.
        values: Finite accuracies of the n designs to show.
        intervals: Lower and upper ends of their n intervals.
        compress: Allow the compressed part.

    Returns:
        The accuracy below which the axis is compressed; None if it is linear throughout.
    """
    lows = [low for low, _ in intervals]
    low, high = min(lows), max(high for _, high in intervals)
    bend = _bend(values, lows, low, high) if compress else None
    if bend is None:
        spread = max(high - low, 1e-6 * abs(high), 1e-9)
        axes.set_ylim(low - 0.07 * spread, high + 0.07 * spread)
        axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
        return None
    top = high + 0.06 * (high - bend)
    bottom = low - 0.12 * (bend - low)
    points = np.array([bottom, bend, top])
    places = np.array([0.0, _LOW_SHARE, 1.0])

    def forward(data: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return _through(np.asarray(data, dtype=np.float64), points, places)

    def inverse(data: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return _through(np.asarray(data, dtype=np.float64), places, points)

    axes.set_yscale("function", functions=(forward, inverse))
    axes.set_ylim(bottom, top)
    step = _round_step((top - bend) / 7)
    ticks = np.arange(bend, top, step).tolist()
    lower: list[float] = []
    parts = 2
    while not lower:  # at least one tick below, not too near the bend
        below = _round_step((bend - bottom) / parts)
        end = bend - 0.15 * (bend - bottom)
        lower = np.arange(math.ceil(bottom / below) * below, end, below).tolist()
        parts *= 2
    _set_ticks(axes, "y", [round(tick, 9) for tick in lower + ticks])
    return bend


def mark_break(axes: Axes, bend: float) -> None:
    """Draw the mark of a broken axis, two strokes, where the scale of the y axis changes."""
    up = axes.transAxes.inverted().transform(axes.transData.transform((axes.get_xlim()[0], bend)))[
        1
    ]
    across = 3.6 * axes.figure.dpi / 72 / axes.bbox.width  # 3.6 points
    high = 0.6 * across * axes.bbox.width / axes.bbox.height
    strokes = [([0.0, 0.0], [up - high, up + high], "white", 2.0)]
    for shift in (-high, high):
        ends = [up + shift - 0.7 * high, up + shift + 0.7 * high]
        strokes.append(([-across, across], ends, "#555555", 0.8))
    for xs, ys, colour, width in strokes:
        axes.plot(xs, ys, color=colour, lw=width, transform=axes.transAxes, clip_on=False, zorder=6)


def _bend(values: Sequence[float], lows: Sequence[float], low: float, high: float) -> float | None:
    """Return a round number below the best two thirds of the designs, if most of the axis is."""
    if len(values) < 4:
        return None
    best = sorted(zip(values, lows, strict=True), reverse=True)[: math.ceil(len(values) * 2 / 3)]
    cut = min(item[1] for item in best)
    if high - cut > 0.45 * (high - low):
        return None
    step = _round_step((high - cut) / 7)
    return math.floor(cut / step) * step


def _round_step(width: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least a width."""
    decade = 10.0 ** math.floor(math.log10(width))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= width * (1 - 1e-9))


def _through(
    data: npt.NDArray[np.float64], points: npt.NDArray[np.float64], places: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Map data piecewise linearly through three points, extended beyond the outer ones."""
    slopes = np.diff(places) / np.diff(points)
    slope = np.where(data < points[1], slopes[0], slopes[1])
    return np.asarray(places[1] + (data - points[1]) * slope, dtype=np.float64)
