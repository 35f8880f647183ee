"""Progress of a search: hypervolume against evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pezoexplore.report.plots import style

_LEFT, _WIDTH, _BOTTOM, _HEIGHT, _RIGHT, _TITLE = 0.7, 3.9, 0.46, 2.3, 0.2, 0.3


def draw_search(
    evaluations: Sequence[int], hypervolume: Sequence[float], label: str, path: Path
) -> list[Path]:
    """Draw the share of hypervolume against points evaluated, as PNG and SVG.

    Args:
        evaluations: Evaluations so far, after each trial; ascending.
        hypervolume: Dominated share of the reference box after each, 0 to 1.
        label: The title.
        path: The files without extension.

    Returns:
        The files.

    Raises:
        PezoError: A file cannot be written.
    """
    with style.house_style():
        figure = Figure(figsize=(_LEFT + _WIDTH + _RIGHT, _BOTTOM + _HEIGHT + _TITLE))
        axes = style.axes_at(figure, _LEFT, _BOTTOM, _WIDTH, _HEIGHT)
        axes.step(
            evaluations, hypervolume, where="post", color=style.LINE_COLOURS[0], lw=1.3, zorder=3
        )
        axes.set_title(label, fontsize=style.LABEL, loc="left")
        axes.set_xlabel("designs evaluated at full budget")
        axes.set_ylabel("hypervolume (share of the box)")
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return [style.save(figure, path.with_suffix(f".{kind}")) for kind in ("png", "svg")]
