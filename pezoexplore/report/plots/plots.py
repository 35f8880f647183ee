"""All plots of a run directory: the fronts, and accuracy and cost along each axis."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pezoexplore.analysis.pareto import (
    as_conditions,
    check_columns,
    frame_rows,
    front_of_frame,
)
from pezoexplore.analysis.standing import cautions
from pezoexplore.analysis.statistics import ACCURACY
from pezoexplore.design.conditions import Condition, cell_text
from pezoexplore.report.plots.axis_plot import PLOTTED_AXES, draw_axis
from pezoexplore.report.plots.front_plot import draw_front

RESOURCES = ("lut", "ff", "bram")
"""Resources that get a plot if any design uses them, objective or not."""

_LOG = logging.getLogger(__name__)

__all__ = ["PLOTTED_AXES", "RESOURCES", "draw_all", "draw_axis", "draw_front", "draw_fronts"]


def draw_all(
    frame: pd.DataFrame,
    maximize: Sequence[str],
    minimize: Sequence[str],
    out_dir: Path,
    constraints: Sequence[Condition | str] = (),
    chance: float | None = None,
) -> list[Path]:
    """Draw every plot for which the results have data.

    Omitted plots are logged with the reason.

    Args:
        frame: n rows with the columns of results.csv.
        maximize: Objectives whose larger values are better.
        minimize: Objectives whose smaller values are better.
        out_dir: Folder of the files, created if missing.
        constraints: Conditions that every design of the front meets.
        chance: Accuracy of always naming the most frequent class, percent; None if unknown.

    Returns:
        The files written: ``pareto_<resource>.png`` and ``.svg``, if several targets have
        the resource ``pareto_<resource>_<target>.png`` and ``.svg``, then ``axis_<axis>.png``.

    Raises:
        DesignError: An objective or constraint names an unknown or a text column.
        PezoError: A file cannot be written.
    """
    written = draw_fronts(frame, maximize, minimize, out_dir, constraints, chance=chance)
    columns = {str(name) for name in frame.columns}
    costs = [column for column in ("lut", "ff") if column in columns]
    for axis in PLOTTED_AXES:
        drawn = draw_axis(frame, axis, out_dir, costs=costs, chance=chance)
        if not drawn:
            _LOG.debug("no plot along %s: no designs that differ in nothing else", axis)
        written += drawn
    return written


def draw_fronts(
    frame: pd.DataFrame,
    maximize: Sequence[str],
    minimize: Sequence[str],
    out_dir: Path,
    constraints: Sequence[Condition | str] = (),
    kinds: Sequence[str] = ("png", "svg"),
    chance: float | None = None,
    front: Sequence[bool] | None = None,
) -> list[Path]:
    """Draw accuracy against each resource; ``pezoexplore pareto`` draws just these.

    The y axis is accuracy_mean, or the first column to maximize if that is not among them.
    The resources are the columns to minimize, then those of ``RESOURCES`` that are not zero
    throughout.

    Args:
        frame: As in :func:`draw_all`.
        maximize: As in :func:`draw_all`.
        minimize: As in :func:`draw_all`.
        out_dir: As in :func:`draw_all`.
        constraints: As in :func:`draw_all`.
        kinds: File types of each plot: ``png``, ``svg``, ``pdf``.
        chance: As in :func:`draw_all`.
        front: For each of the n rows whether it is on the front, where that is known already.

    Returns:
        The files written.

    Raises:
        DesignError: As in :func:`draw_all`.
        PezoError: A file cannot be written.
    """
    if front is None:
        front = front_of_frame(frame, maximize, minimize, constraints).tolist()
    accuracy = ACCURACY if ACCURACY in maximize or not maximize else maximize[0]
    check_columns([accuracy], [str(name) for name in frame.columns])
    used = [name for name in RESOURCES if name in frame.columns and frame[name].fillna(0).any()]
    title = f"Pareto front ({', '.join([*maximize, *minimize])})"
    told = accuracy == ACCURACY
    warnings = cautions(frame_rows(frame), front, chance) if told else ()
    written = []
    for resource in dict.fromkeys([*minimize, *used]):
        drawn = []
        for target, rows in _by_target(frame, resource):
            part, members = frame.iloc[rows], [front[row] for row in rows]
            drawn += draw_front(
                part,
                resource,
                members,
                out_dir,
                accuracy,
                list(minimize),
                title,
                kinds,
                target,
                as_conditions(constraints),
                warnings,
            )
        if not drawn:
            _LOG.debug("no plot of %s against %s: no design has both", accuracy, resource)
        written += drawn
    return written


def _by_target(frame: pd.DataFrame, resource: str) -> list[tuple[str, list[int]]]:
    """Group rows by target, as a LUT of one target differs from a LUT of another.

    Returns:
        Name and row indices of each target with the resource; one unnamed group for one target.
    """
    everything = [("", list(range(len(frame))))]
    if "target" not in frame.columns or resource not in frame.columns:
        return everything
    of_rows = [cell_text(cell) for cell in frame["target"]]
    known = pd.to_numeric(frame[resource], errors="coerce").notna()
    targets = sorted({t for t, has in zip(of_rows, known, strict=True) if has and t})
    if len(set(of_rows) - {""}) < 2 or not targets:
        return everything
    groups = [
        (target, [row for row, t in enumerate(of_rows) if t in (target, "")]) for target in targets
    ]
    return groups if len(groups) > 1 else [("", groups[0][1])]
