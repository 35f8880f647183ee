"""Cost and accuracy of each reuse design against the Gaussian reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter

from pezoexplore.analysis.compare import PAPER, WORST_DROP, Comparison, Line
from pezoexplore.report.plots import style

_MARKS = {"lut": ("LUT", "o"), "ff": ("FF", "^"), "area_um2": ("area", "s"),
          "power_mw_est": ("power", "D")}  # fmt: skip
_COLOURS = dict(zip(_MARKS, style.LINE_COLOURS, strict=False))

_LEFT, _RIGHT, _GAP, _TOP, _BOTTOM, _LINE = 1.9, 0.15, 0.3, 0.3, 0.75, 0.2


def draw_comparison(
    found: Comparison, out_dir: Path, kinds: Sequence[str] = ("png", "svg")
) -> list[Path]:
    """Draw ``compare_<target>``: relative costs, and paired accuracy differences.

    Args:
        found: The comparison.
        out_dir: Folder of the files.
        kinds: File types: ``png``, ``svg``, ``pdf``.

    Returns:
        The files written.

    Raises:
        PezoError: A file cannot be written.
    """
    with style.house_style():
        figure = _figure(found)
        return [style.save(figure, out_dir / f"compare_{found.target}.{kind}") for kind in kinds]


def _figure(found: Comparison) -> Figure:
    lines = found.lines
    figure = Figure(figsize=(style.WIDTH, _TOP + _LINE * len(lines) + _BOTTOM))
    width = (style.WIDTH - _LEFT - _RIGHT - _GAP) / 2
    costs = style.axes_at(figure, _LEFT, _BOTTOM, width, _LINE * len(lines))
    drops = style.axes_at(figure, _LEFT + width + _GAP, _BOTTOM, width, _LINE * len(lines))
    for panel in (costs, drops):
        panel.set_ylim(len(lines) - 0.4, -0.6)
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", visible=False)
    names = [line.label + " *" * (line.label == found.reference) for line in lines]
    costs.set_yticks(range(len(lines)), names, fontsize=style.NOTE)
    drops.set_yticks(range(len(lines)), [""] * len(lines))
    _draw_costs(costs, found)
    _draw_drops(drops, lines)
    _draw_key(figure, found)
    return figure


def _draw_costs(panel: Axes, found: Comparison) -> None:
    panel.set_xscale("log")
    if not found.costs:
        panel.set_xlim(10, 1000)
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for place, line in enumerate(found.lines):
        for name, (_, mark) in _MARKS.items():
            if name in line.change:
                share = 100 + line.change[name]
                panel.plot(max(share, 0.1), place, mark, ms=4, color=_COLOURS[name], lw=0)
    for name, change in PAPER.items():
        if name not in found.costs:
            continue
        panel.axvline(100 + change, color=_COLOURS[name], lw=0.8, ls=(0, (4, 2)))
    panel.axvline(100, color=style.INK, lw=0.6)
    panel.set_xlabel("share of the reference's cost (%)")


def _draw_drops(panel: Axes, lines: Sequence[Line]) -> None:
    for place, line in enumerate(lines):
        if line.drop is not None:
            panel.errorbar(line.drop.mean, place, xerr=line.drop.half or 0, fmt="o", ms=3.5,
                           color=style.INK, lw=0.9, capsize=2)  # fmt: skip
    panel.axvline(0, color=style.INK, lw=0.6)
    panel.axvline(WORST_DROP, color=style.FAINT, lw=0.8, ls=(0, (4, 2)))
    panel.set_xlabel("accuracy minus the reference's (points)")


def _draw_key(figure: Figure, found: Comparison) -> None:
    handles = [
        Line2D([], [], ls="", marker=mark, ms=4, color=_COLOURS[name], label=label)
        for name, (label, mark) in _MARKS.items()
        if name in found.costs
    ]
    handles.append(
        Line2D(
            [],
            [],
            color=style.FAINT,
            lw=0.8,
            ls=(0, (4, 2)),
            label="left: the paper's, against its baseline; right: 1 point lost",
        ),
    )
    handles.append(
        Line2D([], [], color=style.INK, lw=0.9, marker="|", label="paired 95 % interval")
    )  # fmt: skip
    _, height = figure.get_size_inches()
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), fontsize=style.NOTE,
                  borderaxespad=0, bbox_to_anchor=(0.5, 0.08 / height),
                  handlelength=1.6)  # fmt: skip
    figure.text(0.99, 1 - 0.1 / height, f"* reference; target {found.target}", ha="right",
                va="top", fontsize=style.NOTE, color=style.FAINT)  # fmt: skip
