"""Accuracy and cost along one axis of the design space."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from pezoexplore.analysis.pareto import check_columns
from pezoexplore.analysis.standing import cautions
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import in_words
from pezoexplore.report.designs import Design, finished_designs
from pezoexplore.report.plots import style
from pezoexplore.report.plots.front_key import WARNING_COLOUR
from pezoexplore.report.plots.front_view import arms
from pezoexplore.report.plots.scales import plain_number, scale_accuracy, scale_cost

PLOTTED_AXES = ("reuse_period", "pool_size", "bit_width", "lanes", "state_bits", "leap")
"""Numeric axes that get a plot of their own."""

MAX_FAMILIES = len(style.LINE_COLOURS)
"""Most lines in a plot."""

_LEFT, _GAP, _RIGHT, _TOP, _HEIGHT = 0.6, 0.72, 0.12, 0.12, 2.3
_AXIS = 0.46
"""Height below a panel that its ticks and its label take, inches."""
_KEY_LINE = 0.16
_NOTE_CHARS = 110
_INFINITY_STEP = 1.35
_SPREAD = 0.16
"""Largest sideways shift of a family, in steps between neighbouring values."""


@dataclass(frozen=True)
class Family:
    """Designs equal in all axes but one.

    Attributes:
        label: Their common name.
        designs: A design for each value of the axis, ascending.
        values: The n values of the axis; ``math.inf`` last.
    """

    label: str
    designs: tuple[Design, ...]
    values: tuple[float, ...]


def draw_axis(
    frame: pd.DataFrame,
    axis: str,
    out_dir: Path,
    accuracy: str = "accuracy_mean",
    costs: Sequence[str] = ("lut", "ff"),
    chance: float | None = None,
) -> list[Path]:
    """Draw ``axis_<axis>.png``: accuracy left, costs right, a line per family of designs.

    A family is a set of designs equal in all other axes, with at least two values of this one. Of
    too many families those with the most values are drawn, with a note in the plot.

    Args:
        frame: n rows with the columns of results.csv.
        axis: One of ``PLOTTED_AXES``.
        out_dir: Folder of the file, created if missing.
        accuracy: Column of the left panel.
        costs: One or two columns of the right panel; the second is dashed.
        chance: Accuracy of always naming the most frequent class, percent; None if unknown.

    Returns:
        The file written; empty if no family has two values.

    Raises:
        DesignError: A column is unknown.
        PezoError: The file cannot be written.
    """
    check_columns([axis, accuracy, *costs], [str(name) for name in frame.columns])
    designs = finished_designs(frame, [False] * len(frame), [])
    usable = [item for item in designs if math.isfinite(item.value(accuracy))]
    families = families_along(usable, axis)
    if not families:
        return []
    with style.house_style():
        warnings = cautions([item.row for item in usable], [False] * len(usable), chance)
        view = _View(axis, accuracy, tuple(costs), families[:MAX_FAMILIES], len(families), warnings)
        figure = _figure(view, usable)
        return [style.save(figure, out_dir / f"axis_{axis}.png")]


def families_along(designs: Sequence[Design], axis: str) -> list[Family]:
    """Return families of designs equal in all axes but one, those with the most values first.

    Among families with equally many values, the first of each combination of rng, reuse and taps
    precedes the second ones.

    An lfsr whose state is as wide as its output also belongs to the family whose state follows
    the bit width.

    Args:
        designs: Finished designs.
        axis: The axis that differs.
    """
    groups: dict[tuple[str, DesignPoint], dict[float, Design]] = {}
    for design in designs:
        value = getattr(design.point, axis)
        if value is not None:
            for label, rest in _rests(design.point, axis):
                target = design.label.removeprefix(design.point.label())
                groups.setdefault((label + target, rest), {})[float(value)] = design
    families: dict[tuple[int, ...], Family] = {}
    for (label, _rest), members in groups.items():
        values = tuple(sorted(members))
        found = tuple(members[value] for value in values)
        if len(values) > 1:  # the same designs form one family only
            families.setdefault(tuple(id(item) for item in found), Family(label, found, values))
    return _varied(families.values())


def _varied(families: Iterable[Family]) -> list[Family]:
    """Sort families by number of values, alternating the combinations of rng, reuse and taps."""
    seen: Counter[tuple[int, str, str, str | None]] = Counter()
    keys = []
    for family in sorted(families, key=lambda item: item.label):
        point, size = family.designs[0].point, len(family.values)
        kind = (size, point.rng, point.reuse, point.taps)
        keys.append((-size, seen[kind], family.label, family))
        seen[kind] += 1
    return [key[3] for key in sorted(keys, key=lambda key: key[:3])]


def _rests(point: DesignPoint, axis: str) -> list[tuple[str, DesignPoint]]:
    """Return label and point without an axis, for each family that the point belongs to."""
    label = point.label()
    if axis == "reuse_period":
        rest = replace(point, reuse_period=math.inf)
        return [(rest.label(), rest)]
    if axis == "pool_size":
        rest = replace(point, pool_size=None)
        return [(rest.label(), rest)]
    if axis == "leap":
        rest = replace(point, leap=1)
        return [(rest.label(), rest)]
    if axis == "lanes":
        return [(label.replace(f" x{point.lanes}", ""), replace(point, lanes=0))]
    own_state = f" {point.family.label(point)} "
    if axis == "state_bits":  # the other generators leave no choice
        named = label.replace(own_state, f" {point.rng} ")
        return [(named, replace(point, state_bits=0))] if point.family.chooses else []
    bare = label.replace(f" {point.bit_width}b ", " ")
    rest = replace(point, bit_width=0)
    if not point.family.chooses:
        return [(bare, replace(rest, state_bits=0))]
    if point.state_bits != point.bit_width:
        return [(bare, rest)]
    following = bare.replace(own_state, " lfsr (state = width) ")
    return [(following, replace(rest, state_bits=0)), (bare, rest)]


@dataclass(frozen=True)
class _View:
    """Content of one plot.

    Attributes:
        axis: The axis along x.
        accuracy: Column of the left panel.
        costs: Columns of the right panel.
        families: The lines.
        found: Number of families, drawn or not.
        warnings: What speaks against trusting the accuracies.
    """

    axis: str
    accuracy: str
    costs: tuple[str, ...]
    families: list[Family]
    found: int
    warnings: Sequence[str] = ()


def _figure(view: _View, designs: Sequence[Design]) -> Figure:
    drawn = [item for family in view.families for item in family.designs]
    costs = [column for column in view.costs if any(_finite(item, column) for item in drawn)]
    places = _positions(view.families)
    reference = _reference(designs, view.accuracy)
    handles, remarks = _handles(view, costs, reference), _remarks(view)
    bottom = _AXIS + 0.1 + _KEY_LINE * (-(-len(handles) // 2) + len(remarks))
    figure = Figure(figsize=(style.WIDTH, bottom + _HEIGHT + _TOP))
    width = style.WIDTH - _LEFT - _RIGHT
    width = (width - _GAP) / 2 if costs else width
    left = style.axes_at(figure, _LEFT, bottom, width, _HEIGHT)
    _draw_accuracy(left, view, places, reference)
    _label_positions(left, view.axis, places)
    if costs:
        right = style.axes_at(figure, _LEFT + width + _GAP, bottom, width, _HEIGHT, sharex=left)
        _draw_costs(right, view, costs, places)
        _label_positions(right, view.axis, places)
    _draw_key(figure, handles, remarks)
    return figure


def _finite(design: Design, column: str) -> bool:
    return math.isfinite(design.value(column))


def _reference(designs: Sequence[Design], accuracy: str) -> Design | None:
    """Return the software reference with fresh numbers, if there is one."""
    found = [
        item
        for item in designs
        if not item.point.in_hardware and item.point.rules.fresh and _finite(item, accuracy)
    ]
    return found[0] if found else None


def _positions(families: Sequence[Family]) -> dict[float, float]:
    """Return the x coordinate of each axis value: linear or logarithmic, infinity last."""
    values = sorted({value for family in families for value in family.values})
    finite = [value for value in values if math.isfinite(value)]
    log = bool(finite) and finite[0] > 0 and finite[-1] >= 8 * finite[0]
    raw = [math.log2(value) if log else value for value in finite]
    gaps = [right - left for left, right in pairwise(raw)]
    unit = sum(gaps) / len(gaps) if gaps else 1.0
    places = {value: (at - raw[0]) / unit for value, at in zip(finite, raw, strict=True)}
    if len(finite) < len(values):
        places[math.inf] = max(places.values(), default=-_INFINITY_STEP) + _INFINITY_STEP
    return places


def _label_positions(axes: Axes, axis: str, places: dict[float, float]) -> None:
    """Set ticks at the values; labels that would overlap are omitted."""
    low, high = min(places.values()), max(places.values())
    margin = 0.06 * (high - low) + 0.25
    axes.set_xlim(low - margin, high + margin)
    room = 0.08 * (high - low + 2 * margin)
    ticks: list[tuple[float, str]] = []
    for value, place in sorted(places.items(), reverse=True):  # infinity always has its label
        text = "inf" if math.isinf(value) else plain_number(value)
        if not ticks or ticks[-1][0] - place >= room:
            ticks.append((place, text))
    axes.xaxis.set_major_locator(FixedLocator([place for place, _ in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
    never = "; inf = never refilled or reseeded" if math.inf in places else ""
    axes.set_xlabel(style.title_of(axis) + never)


def _draw_accuracy(
    axes: Axes, view: _View, places: dict[float, float], reference: Design | None
) -> None:
    shown = [item for family in view.families for item in family.designs]
    everything = shown + ([reference] if reference else [])
    values = [item.value(view.accuracy) for item in everything]
    limits = [item.ends(view.accuracy) for item in everything]
    scale_accuracy(axes, values, limits, compress=False)  # a bent scale would distort the slopes
    axes.set_ylabel(style.title_of(view.accuracy))
    if reference is not None:
        value = reference.value(view.accuracy)
        axes.axhspan(*reference.ends(view.accuracy), color="#000000", alpha=0.07, lw=0, zorder=0.5)
        axes.axhline(value, color="#444444", lw=0.8, zorder=1)
    for index, family in enumerate(view.families):
        heights = [item.value(view.accuracy) for item in family.designs]
        bars = arms(family.designs, view.accuracy)
        xs = _shifted(family.values, places, index, len(view.families))
        look = _look(view.families, index)
        if any(map(any, bars)):
            axes.errorbar(xs, heights, yerr=bars, fmt="none", ecolor=style.LINE_COLOURS[index],
                          elinewidth=0.8, capsize=1.8, capthick=0.8, zorder=3)  # fmt: skip
        _draw_line(axes, family.values, xs, heights, look)


def _draw_costs(axes: Axes, view: _View, costs: Sequence[str], places: dict[float, float]) -> None:
    values = [
        item.value(column)
        for family in view.families
        for item in family.designs
        for column in costs
        if _finite(item, column)
    ]
    scale_cost(axes, "y", values)
    axes.set_ylabel(", ".join(style.title_of(column) for column in costs))
    for rank, column in enumerate(costs):
        for index, family in enumerate(view.families):
            heights = [item.value(column) for item in family.designs]
            xs = _shifted(family.values, places, index, len(view.families))
            look = _look(view.families, index) | (
                {"ls": (0, (4, 2)), "mfc": "white"} if rank else {}
            )
            _draw_line(axes, family.values, xs, heights, look)


def _shifted(
    values: Sequence[float], places: dict[float, float], index: int, count: int
) -> list[float]:
    """Return the x coordinates of a family, shifted sideways so that intervals do not overlap."""
    step = min(0.06, 2 * _SPREAD / max(count - 1, 1))
    return [places[value] + (index - (count - 1) / 2) * step for value in values]


def _look(families: Sequence[Family], index: int) -> dict[str, object]:
    """Return the line's options: colour by line, marker by reuse strategy."""
    colour = style.LINE_COLOURS[index]
    marker = style.REUSE_MARKERS.get(families[index].designs[0].point.reuse, "o")
    return {"color": colour, "marker": marker, "ls": "-", "mfc": colour}


def _draw_line(
    axes: Axes,
    values: Sequence[float],
    xs: Sequence[float],
    heights: Sequence[float],
    look: dict[str, object],
) -> None:
    """Draw the line of a family; the segment to infinity is dotted, as it has no scale."""
    common = {"lw": 1.1, "ms": 3.8, "mew": 0.9, "zorder": 4}
    finite = [index for index, value in enumerate(values) if math.isfinite(value)]
    options = {**common, **look}
    axes.plot([xs[i] for i in finite], [heights[i] for i in finite], **options)  # type: ignore[arg-type]
    if len(finite) < len(values):
        dotted = {**options, "ls": (0, (1, 1.5)), "marker": ""}
        axes.plot(xs[-2:], heights[-2:], **dotted)  # type: ignore[arg-type]
        axes.plot(xs[-1:], heights[-1:], **{**options, "ls": ""})  # type: ignore[arg-type]


def _handles(view: _View, costs: Sequence[str], reference: Design | None) -> list[Line2D]:
    """Return the lines of the key: families, the reference, and what full and dashed lines are."""
    handles = []
    for index, family in enumerate(view.families):
        options = {"lw": 1.1, "ms": 3.8, **_look(view.families, index)}
        handles.append(Line2D([], [], label=family.label, **options))  # type: ignore[arg-type]
    if reference is not None:
        half = reference.interval(view.accuracy) or None
        value = in_words(reference.value(view.accuracy), half, digits=1)
        text = f"{reference.label} (software), {value}"
        handles.append(Line2D([], [], color="#444444", lw=0.8, label=text))
    grey = {"color": "#777777", "lw": 1.1}
    styles = ("-", (0, (4, 2)))
    if len(costs) > 1:
        handles += [
            Line2D([], [], ls=dash, label=f"{style.title_of(column)} (right)", **grey)  # type: ignore[arg-type]
            for column, dash in zip(costs, styles, strict=False)
        ]
    return handles


def _remarks(view: _View) -> list[tuple[str, str]]:
    """Return the lines below the key, each with its colour."""
    remarks = []
    if view.found > len(view.families):
        shown = f"{len(view.families)} of {view.found} families shown"
        remarks.append((f"{shown}: those with the most values, one of each kind first", "#555555"))
    warnings = [line for item in view.warnings for line in wrap(f"Warning: {item}.", _NOTE_CHARS)]
    return remarks + [(line, WARNING_COLOUR) for line in warnings]


def _draw_key(
    figure: Figure, handles: Sequence[Line2D], remarks: Sequence[tuple[str, str]]
) -> None:
    """Draw the names of the lines below the panels, in two columns, and the remarks below those."""
    height = figure.get_figheight()
    for place, handle in enumerate(handles):
        rows = -(-len(handles) // 2)
        across = _LEFT + (style.WIDTH - _LEFT) / 2 * (place // rows)
        up = 0.12 + _KEY_LINE * (len(remarks) + rows - 1 - place % rows)
        legend = figure.legend(
            handles=[handle],
            loc="center left",
            bbox_to_anchor=(across / style.WIDTH, up / height),
            borderaxespad=0,
            borderpad=0,
            handlelength=2.4,
            fontsize=style.NOTE,
        )
        figure.add_artist(legend)
    for place, (text, colour) in enumerate(reversed(remarks)):
        up = 0.12 + _KEY_LINE * place
        figure.text(_LEFT / style.WIDTH, up / height, text, fontsize=style.NOTE, va="center",
                    color=colour)  # fmt: skip
