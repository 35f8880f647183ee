"""The loss around two trajectories, as a contour map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from pezoexplore.report.plots import style

_LEFT, _BOTTOM, _SIDE, _BAR = 0.62, 0.46, 3.4, 0.12
_LEVELS = 14

Floats = NDArray[np.float64]


def draw_landscape(
    across: Floats,
    along: Floats,
    loss: Floats,
    paths: dict[str, Floats],
    explained: Floats,
    label: str,
    path: Path,
) -> Path:
    """Draw the loss over a plane with trajectories on it.

    Args:
        across: Coordinates along the first component, [x].
        along: Coordinates along the second, [y].
        loss: Mean loss over the plane in nats, [y, x]; not finite where the network overflows.
        paths: Trajectories by name, each [n, 2], with a common start.
        explained: Share of the trajectories' variance that each component explains, [2].
        label: Name of the design, the title.
        path: The file, PNG or SVG by its extension.

    Returns:
        The file.

    Raises:
        PezoError: The file cannot be written.
    """
    with style.house_style():
        figure = Figure(figsize=(_LEFT + _SIDE + 0.9, _BOTTOM + _SIDE + 0.3))
        axes = style.axes_at(figure, _LEFT, _BOTTOM, _SIDE, _SIDE)
        axes.grid(False)
        axes.set_title(label, fontsize=style.LABEL, loc="left")
        _contours(figure, axes, across, along, loss)
        for (name, line), colour in zip(paths.items(), ("#D55E00", "#0072B2"), strict=False):
            _trajectory(axes, line, name, colour)
        start = next(iter(paths.values()))[0]
        axes.plot(*start, marker="o", ms=5, mfc="white", mec=style.INK, ls="", label="start")
        axes.set_xlabel(f"first component ({100 * explained[0]:.0f} % of the variance)")
        axes.set_ylabel(f"second component ({100 * explained[1]:.0f} %)")
        axes.legend(loc="best", frameon=True, framealpha=0.9, edgecolor="none")
        return style.save(figure, path)


def _contours(figure: Figure, axes: Axes, across: Floats, along: Floats, loss: Floats) -> None:
    """Draw filled contours, evenly spaced in the logarithm of the loss."""
    shown = np.where(np.isfinite(loss) & (loss > 0), loss, np.nan)
    low, high = np.nanmin(shown), np.nanmax(shown)
    levels = np.geomspace(low, max(high, low * 1.01), _LEVELS)
    filled = axes.contourf(across, along, shown, levels=levels, norm="log", cmap="cividis_r")
    axes.contour(across, along, shown, levels=levels, colors="white", linewidths=0.3)
    left = _LEFT + _SIDE + 0.1
    bar = style.axes_at(figure, left, _BOTTOM, _BAR, _SIDE)
    bar.grid(False)
    figure.colorbar(filled, cax=bar, label="training loss (nats)", ticks=LogLocator(subs=(1, 2, 5)))
    bar.yaxis.set_major_formatter("{x:g}")


def _trajectory(axes: Axes, line: Floats, name: str, colour: str) -> None:
    axes.plot(line[:, 0], line[:, 1], color="white", lw=2.6)
    axes.plot(line[:, 0], line[:, 1], color=colour, lw=1.3, label=name)
    axes.plot(*line[-1], marker="*", ms=9, color=colour, mec="white", mew=0.6)
