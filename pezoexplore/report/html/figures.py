"""The figures of a report that do not change with a selection, as data for Plotly.

They are plain mappings, not ``plotly.graph_objects``: importing those takes a second, and what
they would validate is tested in a browser.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pezoexplore.analysis.sensitivity import Effect, Sensitivity
from pezoexplore.intervals import ends
from pezoexplore.report.html.data import Report
from pezoexplore.report.html.streams import StreamPicture
from pezoexplore.report.plots import style

Figure = Mapping[str, Any]
"""``data`` and ``layout`` of a Plotly figure."""

MAX_CURVES = 40
SHOWN_CURVES = 7
"""Learning curves in the figure, and those initially visible."""

MAX_CLOUD = 4000
"""Designs in a cloud of points: of more, the front and evenly spaced others."""

MAX_BARS = 40
MAX_PAIRS = 8
RESOURCES = ("lut", "ff", "muxf", "carry", "bram", "dsp")

_LINE = 22
"""Height of a bar with its name, pixels."""
_DASHES = ("solid", "dash", "dot", "dashdot")


def curves_figure(report: Report) -> Figure | None:
    """Build validation accuracy against the step, with its interval; None without a curve.

    The curves are in the order of :func:`curve_order`.
    """
    chosen = curve_order(report)[:MAX_CURVES]
    if not chosen:
        return None
    data: list[dict[str, Any]] = []
    for place, index in enumerate(chosen):
        colour = style.LINE_COLOURS[place % len(style.LINE_COLOURS)]
        dash = _DASHES[place // len(style.LINE_COLOURS) % len(_DASHES)]
        steps, means, halves = zip(*report.curves[index], strict=True)
        visible: object = True if place < SHOWN_CURVES else "legendonly"
        group = {"legendgroup": str(index), "visible": visible}
        name = _escaped(report.labels[index]) + (" (front)" if report.front[index] else "")
        data.append(_band(steps, means, halves, colour) | group)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": list(steps),
                "y": list(means),
                "name": name,
                "line": {"color": colour, "width": 2, "dash": dash},
                "hovertemplate": "step %{x}: %{y:.1f} %<extra>" + name + "</extra>",
            }
            | group
        )
    layout = {
        "xaxis": {"title": {"text": "step"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "validation accuracy (%)"}},
        "height": 460,
        "legend": {"font": {"size": 11}},
    }
    return {"data": data, "layout": layout}


def curve_order(report: Report) -> list[int]:
    """Return the rows with a learning curve: the front, software references, then by accuracy."""

    def place(index: int) -> tuple[bool, bool, float]:
        accuracy = report.value(index, "accuracy_mean")
        worse = math.inf if math.isnan(accuracy) else -accuracy
        return not report.front[index], report.points[index].in_hardware, worse

    return sorted(report.curves, key=place)


def _band(
    steps: Sequence[float], means: Sequence[float], halves: Sequence[float | None], colour: str
) -> dict[str, Any]:
    """Build the 95 % interval as a band."""
    limits = [ends(mean, half or 0.0) for mean, half in zip(means, halves, strict=True)]
    lower, upper = zip(*limits, strict=True)
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return {
        "type": "scatter",
        "x": [*steps, *reversed(steps)],
        "y": [*upper, *reversed(lower)],
        "fill": "toself",
        "fillcolor": f"rgba({red},{green},{blue},0.12)",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def span_figure(report: Report) -> Figure | None:
    """Build accuracy against effective span (left) and effective dimension (right).

    Both are shares of d in percent. None if the columns or d are unknown.
    """
    d = report.parameters
    columns = ("effective_span", "effective_dim")
    if d is None or not set(columns) <= set(report.frame.columns):
        return None
    usable = [
        index
        for index, row in enumerate(report.rows)
        if row.get("status", "ok") == "ok" and not math.isnan(report.value(index, "accuracy_mean"))
    ]
    every = -(-len(usable) // MAX_CLOUD)
    usable = [row for place, row in enumerate(usable) if place % every == 0 or report.front[row]]
    data = []
    for side, column in enumerate(columns, start=1):
        for rng, colour in style.rng_colours(point.rng for point in report.points).items():
            chosen = [
                index
                for index in usable
                if report.points[index].rng == rng and report.value(index, column) > 0
            ]
            if chosen:
                data.append(_cloud(report, chosen, column, colour, rng, side))
    axis = {"type": "log", "ticksuffix": " %", "dtick": "D2"}
    bound = {"type": "line", "x0": 100, "x1": 100, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"color": style.FAINT, "width": 1, "dash": "dot"}}  # fmt: skip
    layout = {
        "grid": {"rows": 1, "columns": 2, "pattern": "coupled", "xgap": 0.06},
        "xaxis": {**axis, "title": {"text": f"effective span, share of d = {d:,}"}},
        "xaxis2": {**axis, "title": {"text": f"effective dimension, share of d = {d:,}"}},
        "yaxis": {"title": {"text": style.title_of("accuracy_mean")}},
        "shapes": [{**bound, "xref": "x"}],
        "height": 400,
    }
    return {"data": data, "layout": layout} if data else None


def _cloud(
    report: Report, chosen: Sequence[int], column: str, colour: str, rng: str, side: int
) -> dict[str, Any]:
    d = report.parameters or 1
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [_plain(100 * report.value(index, column) / d) for index in chosen],
        "y": [report.value(index, "accuracy_mean") for index in chosen],
        "text": [_escaped(report.labels[index]) for index in chosen],
        "name": rng,
        "legendgroup": rng,
        "showlegend": side == 1,
        "marker": {
            "color": colour,
            "size": [8 if report.front[index] else 5 for index in chosen],
            "opacity": 0.75,
        },
        "xaxis": "x" if side == 1 else "x2",
        "yaxis": "y",
        "hovertemplate": "%{text}<br>%{x:.3g} %, %{y:.2f} %<extra></extra>",
    }


def stream_figure(picture: StreamPicture) -> Figure:
    """Build histogram, autocorrelation and lane correlations of one stream."""
    lags = len(picture.autocorrelation)
    noise = 0.0 if picture.whole else 1.96 / math.sqrt(picture.beats)
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": _rounded(picture.values),
            "y": _rounded(picture.share),
            "marker": {"color": style.LINE_COLOURS[0], "line": {"width": 0}},
            "hovertemplate": "z = %{x}: %{y:.3g} %<extra></extra>",
        },
        {
            "type": "bar",
            "x": list(range(1, lags)),
            "y": _rounded(picture.autocorrelation[1:]),
            "marker": {"color": style.LINE_COLOURS[1]},
            "xaxis": "x2",
            "yaxis": "y2",
            "hovertemplate": "lag %{x}: %{y:.3f}<extra></extra>",
        },
        {
            "type": "heatmap",
            "z": [_rounded(line) for line in picture.lanes],
            "xaxis": "x3",
            "yaxis": "y3",
            "zmin": 0,
            "zmax": max(0.2, float(picture.lanes.max(initial=0.0))),
            "colorscale": "Cividis",
            "colorbar": {"thickness": 10, "len": 0.9, "outlinewidth": 0},
            "hovertemplate": "lanes %{x}, %{y}: %{z:.3f}<extra></extra>",
        },
    ]
    peak = max(0.12, 1.15 * max(map(abs, picture.autocorrelation[1:].tolist()), default=0.0))
    layout = {
        "xaxis": {"domain": [0, 0.27], "title": {"text": "z"}, "anchor": "y"},
        "yaxis": {"title": {"text": "share of the numbers (%)"}},
        "xaxis2": {"domain": [0.36, 0.63], "title": {"text": "lag (beats)"}, "anchor": "y2"},
        "yaxis2": {
            "anchor": "x2",
            "title": {"text": "autocorrelation of a lane"},
            "range": [-peak, peak],
        },
        "xaxis3": {"domain": [0.71, 0.95], "title": {"text": "lane"}, "anchor": "y3"},
        "yaxis3": {"anchor": "x3", "title": {"text": "lane"}, "scaleanchor": "x3"},
        "shapes": [
            {"type": "rect", "xref": "x2 domain", "yref": "y2", "x0": 0, "x1": 1, "y0": -noise,
             "y1": noise, "fillcolor": "#000000", "opacity": 0.07, "line": {"width": 0}}
        ],
        "bargap": 0.15,
        "showlegend": False,
        "height": 330,
    }  # fmt: skip
    return {"data": data, "layout": layout}


def resources_figure(report: Report) -> Figure | None:
    """Build the resources of the designs on the front, a panel per resource; None without any."""
    used = [
        name
        for name in RESOURCES
        if name in report.frame.columns and report.frame[name].fillna(0).any()
    ]
    chosen = [index for index in report.members() if report.points[index].in_hardware]
    chosen = (chosen or _cheapest(report))[:MAX_BARS]
    if not used or not chosen:
        return None
    names = [_escaped(report.labels[index]) for index in chosen]
    width = (1 - 0.025 * (len(used) - 1)) / len(used)
    lines = [f"{place}" for place in range(len(chosen))]
    layout: dict[str, Any] = {
        "yaxis": {"autorange": "reversed", "tickvals": lines, "ticktext": names, "type": "category",
                  "showgrid": False},
        "height": 120 + _LINE * len(chosen),
        "margin": {"t": 88},
        "showlegend": False,
        "bargap": 0.35,
    }  # fmt: skip
    data = []
    for place, name in enumerate(used):
        number = "" if place == 0 else str(place + 1)
        left = place * (width + 0.025)
        values = [report.value(index, name) for index in chosen]
        most = max(filter(math.isfinite, values), default=0.0)
        title = style.title_of(name).split(" (")[0]
        layout[f"xaxis{number}"] = {
            "domain": [left, left + width],
            "title": {"text": title, "standoff": 4},
            "range": [0, 1.3 * most or 1.0],
            "nticks": 4,
            "side": "top",
        }
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": [_plain(value) for value in values],
                "y": lines,
                "text": ["" if math.isnan(value) else f"{value:,.6g}" for value in values],
                "textposition": "outside",
                "cliponaxis": False,
                "textfont": {"size": 10},
                "marker": {"color": style.LINE_COLOURS[place % len(style.LINE_COLOURS)]},
                "xaxis": f"x{number}",
                "yaxis": "y",
                "hovertext": names,
                "hovertemplate": "%{hovertext}: %{x}<extra></extra>",
            }
        )
    return {"data": data, "layout": layout}


def _cheapest(report: Report) -> list[int]:
    """Return rows with a LUT count, the smallest first, for a run without a front."""
    known = [index for index in range(len(report.rows)) if report.value(index, "lut") >= 0]
    return sorted(known, key=lambda index: report.value(index, "lut"))


def sensitivity_figure(found: Sensitivity) -> Figure:
    """Build the share of variance that each axis explains, with the largest interactions."""
    told = [effect for effect in found.interactions if not effect.within_noise]
    pairs = [effect for effect in told if (effect.share or 0) >= 0.005][:MAX_PAIRS]
    effects = [*[effect for effect in found.main if effect.share is not None], *pairs]
    shares = [100 * (effect.share or 0) for effect in effects]
    highs = [100 * (effect.high or 0) - share if effect.high is not None else 0.0 for effect, share
             in zip(effects, shares, strict=True)]  # fmt: skip
    lows = [share - 100 * effect.low if effect.low is not None else 0.0 for effect, share
            in zip(effects, shares, strict=True)]  # fmt: skip
    main, pair = style.LINE_COLOURS[0], style.LINE_COLOURS[5]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [round(share, 3) for share in shares],
            "y": [" × ".join(effect.axes) for effect in effects],
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [round(high, 3) for high in highs],
                "arrayminus": [round(low, 3) for low in lows],
                "thickness": 1.2,
                "width": 3,
                "color": style.INK,
            },
            "marker": {
                "color": [
                    style.GRID if effect.within_noise else main if len(effect.axes) == 1 else pair
                    for effect in effects
                ]
            },
            "hovertext": [_effect_words(effect, found.logarithmic) for effect in effects],
            "hovertemplate": "%{y}: %{x:.1f} %<br>%{hovertext}<extra></extra>",
        }
    ]
    title = style.title_of(found.response) + (", by ratios" if found.logarithmic else "")
    layout = {
        "title": {"text": f"{title}: {found.rows:,} rows", "font": {"size": 13}, "x": 0},
        "xaxis": {"title": {"text": "share of the variance explained (%)"}, "rangemode": "tozero"},
        "yaxis": {"autorange": "reversed", "type": "category", "showgrid": False},
        "height": 120 + _LINE * len(effects),
        "margin": {"t": 40},
        "showlegend": False,
    }
    return {"data": data, "layout": layout}


def _effect_words(effect: Effect, logarithmic: bool) -> str:
    if effect.within_noise:
        return "within the noise: not shown to be there at all"
    if effect.effect is None or not effect.lowest:
        return ""
    size = f"x {effect.effect:.3g}" if logarithmic else f"+{effect.effect:.3g}"
    return _escaped(f"{size} from {effect.lowest} to {effect.highest}")


def _escaped(text: str) -> str:
    """Return text escaped for Plotly, which interprets some HTML."""
    return html.escape(text)


def _rounded(values: Any) -> list[float]:  # noqa: ANN401 - any array
    return [float(f"{value:.4g}") for value in values]


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
