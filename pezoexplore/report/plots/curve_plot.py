"""The learning curve of one run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pezoexplore.report.plots import style

_LEFT, _PLOT_WIDTH, _BOTTOM, _GAP = 0.7, 3.9, 0.46, 0.14
_ACCURACY_HEIGHT, _LOSS_HEIGHT, _TITLE = 2.1, 1.4, 0.3
_LOSSES = {"train_loss": "training", "validation_loss": "validation"}

Row = Mapping[str, float | int | None]


def draw_curve(curve: Sequence[Row], label: str, path: Path) -> Path:
    """Draw a learning curve: validation accuracy above, losses below, against the step.

    Args:
        curve: Rows of ``step``, ``train_loss``, ``validation_loss`` (nats) and
            ``validation_accuracy`` (percent); None after a run has diverged.
        label: Name of the design, the title.
        path: The file, PNG or SVG by its extension.

    Returns:
        The file.

    Raises:
        PezoError: The file cannot be written.
    """
    with style.house_style():
        height = _BOTTOM + _LOSS_HEIGHT + _GAP + _ACCURACY_HEIGHT + _TITLE
        figure = Figure(figsize=(_LEFT + _PLOT_WIDTH + 0.2, height))
        above = _BOTTOM + _LOSS_HEIGHT + _GAP
        upper = style.axes_at(figure, _LEFT, above, _PLOT_WIDTH, _ACCURACY_HEIGHT)
        lower = style.axes_at(figure, _LEFT, _BOTTOM, _PLOT_WIDTH, _LOSS_HEIGHT, sharex=upper)
        upper.set_title(label, fontsize=style.LABEL, loc="left")
        _line(upper, curve, "validation_accuracy", 0, "")
        upper.set_ylabel("validation accuracy (%)")
        upper.tick_params(labelbottom=False)
        for index, (column, name) in enumerate(_LOSSES.items()):
            _line(lower, curve, column, index, name)
        lower.set_ylim(bottom=0)
        lower.set_ylabel("loss (nats)")
        lower.set_xlabel("step")
        lower.legend(loc="upper right")
        for axes in (upper, lower):
            axes.yaxis.set_label_coords(-0.125, 0.5)
        return style.save(figure, path)


def _line(axes: Axes, curve: Sequence[Row], column: str, index: int, name: str) -> None:
    steps = [_number(row["step"]) for row in curve]
    values = [_number(row[column]) for row in curve]
    colour = style.LINE_COLOURS[index]
    axes.plot(steps, values, color=colour, lw=1.1, marker="o", ms=2.4, label=name or None)


def _number(value: float | int | None) -> float:
    return math.nan if value is None else float(value)
