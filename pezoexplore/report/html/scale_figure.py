"""The figure of a run with several tasks: accuracy against the reference by size, for Plotly."""

from __future__ import annotations

import html
from typing import Any

from pezoexplore.analysis.size.scale import scale_of
from pezoexplore.report.html.data import Report
from pezoexplore.report.html.figures import Figure
from pezoexplore.report.plots import style
from pezoexplore.report.plots.scale_plot import look

_DASHES = ("solid", "dash", "dot", "dashdot")


def scale_figure(report: Report) -> Figure | None:
    """Build accuracy minus the Gaussian reference against weights; None for one task."""
    sizes, lines = scale_of(report.rows)
    if not lines:
        return None
    data: list[dict[str, Any]] = []
    for index, line in enumerate(lines):
        (colour, dashes), name = look(index), html.escape(line.label)
        known = [size for size in sizes if size.task in line.differences]
        found = [line.differences[size.task] for size in known]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [size.parameters for size in known],
                "y": [item.mean for item in found],
                "error_y": {"type": "data", "array": [item.half or 0.0 for item in found],
                            "thickness": 1, "width": 0},
                "text": [
                    f"{size.task}, {item.seeds} seeds, ± {item.half or 0:.2f}; reference "
                    f"{size.reference:.2f} %"
                    for size, item in zip(known, found, strict=True)
                ],
                "name": name,
                "line": {"color": colour, "width": 2, "dash": _DASHES[dashes]},
                "hovertemplate": "%{y:+.2f}: %{text}<extra>" + name + "</extra>",
            }
        )  # fmt: skip
    ticks = {
        "tickvals": [size.parameters for size in sizes],
        "ticktext": [f"{size.parameters:,}" for size in sizes],
    }
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
            "line": {"color": style.INK, "width": 1}}  # fmt: skip
    layout = {
        "xaxis": {"type": "log", "title": {"text": "weights of the network"}, **ticks},
        "yaxis": {"title": {"text": "accuracy minus Gaussian reference (points)"}},
        "shapes": [zero],
        "height": 460,
        "legend": {"font": {"size": 11}},
    }
    return {"data": data, "layout": layout}
