"""Axes of results as levels, for an analysis of variance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pezoexplore.analysis.pareto import Rows
from pezoexplore.design.conditions import cell_text, is_missing, parse_number
from pezoexplore.design.point import AXES
from pezoexplore.design.training_axes import TRAINING_AXES
from pezoexplore.streams.generators.registry import family
from pezoexplore.streams.reuse import RULES

Floats = npt.NDArray[np.float64]

MAX_LEVELS = 8
"""Most values of a numeric axis that become separate levels; more are binned into as many."""


def varying_axes(rows: Rows) -> list[str]:
    """Return axes with two or more values, in the order of the columns, then the target."""
    axes = (*AXES, "target")
    return [axis for axis in axes if len(_levels([chosen(row, axis) for row in rows])) > 1]


@dataclass(frozen=True)
class Factor:
    """An axis as levels.

    Attributes:
        axis: Its name.
        levels: Its values as text, ascending.
        codes: int [n], the level of each row; -1 where the axis means nothing.
    """

    axis: str
    levels: tuple[str, ...]
    codes: npt.NDArray[np.int64]

    @property
    def numeric(self) -> bool:
        """Whether the levels are numbers, and so have an order."""
        return all(parse_number(level.split(" to ")[0]) is not None for level in self.levels)

    def contrasts(self) -> Floats:
        """Return float64 [n, levels - 1]: summing to zero over levels, zero where meaningless."""
        last = len(self.levels) - 1
        columns = np.zeros((len(self.codes), last))
        for level in range(last):
            columns[self.codes == level, level] = 1.0
        columns[self.codes == last] = -1.0
        return columns


def factor_of(axis: str, rows: Rows) -> Factor:
    """Return an axis of some rows; one of many numbers in groups."""
    cells = [chosen(row, axis) for row in rows]
    levels = _levels(cells)
    places = {level: index for index, level in enumerate(levels)}
    codes = np.array([-1 if is_missing(cell) else places[cell_text(cell)] for cell in cells])
    if len(levels) <= MAX_LEVELS or any(parse_number(level) is None for level in levels):
        return Factor(axis, levels, codes)
    return _grouped(axis, levels, codes)


def _grouped(axis: str, levels: Sequence[str], codes: npt.NDArray[np.int64]) -> Factor:
    """Return an axis of many numbers as groups of neighbours, of about as many rows each."""
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    before = np.cumsum(counts) - counts / 2
    groups = np.minimum(before * MAX_LEVELS // counts.sum(), MAX_LEVELS - 1).astype(np.int64)
    names, members = [], [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for member in members:
        first, last = levels[int(member[0])], levels[int(member[-1])]
        names.append(first if first == last else f"{first} to {last}")
    renamed = np.searchsorted(np.unique(groups), groups)
    return Factor(axis, tuple(names), np.where(codes < 0, -1, renamed[codes]))


def chosen(row: Mapping[str, object], axis: str) -> object:
    """Return the value of an axis; None where the row's generator leaves no choice."""
    rng = row.get("rng")
    if rng and axis not in TRAINING_AXES and axis != "rng":
        made = family(str(rng))
        if axis in made.fixed_axes:
            return None
        rules = RULES.get(str(row.get("reuse")))
        fresh = rules is not None and rules.fresh
        if not made.in_hardware and fresh and axis != "reuse":
            return None
    return row.get(axis)


def _levels(cells: Sequence[object]) -> tuple[str, ...]:
    """Return the values there are, numbers ascending before words."""
    texts = {cell_text(cell) for cell in cells if not is_missing(cell)}

    def order(text: str) -> tuple[bool, float, str]:
        number = parse_number(text)
        return number is None, math.inf if number is None else number, text

    return tuple(sorted(texts, key=order))


def determined_by(factor: Factor, factors: Sequence[Factor]) -> tuple[str, ...]:
    """Return the axes that are a function of the given axis (confounded with it)."""
    found = []
    for other in factors:
        alone = factor.codes >= 0
        if other is factor or bool((other.codes[alone] < 0).any()):
            continue
        pairs = set(zip(other.codes[alone].tolist(), factor.codes[alone].tolist(), strict=True))
        if len(pairs) == len({level for level, _ in pairs}):
            found.append(other.axis)
    return tuple(found)
