"""The Pareto front: one pure filter for any number of objectives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pezoexplore.design.conditions import (
    Condition,
    is_missing,
    parse_condition,
    parse_conditions,
    parse_number,
)
from pezoexplore.design.kinds import nearest
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

Rows = Sequence[Mapping[str, object]]
"""Rows of results: cells by column name, as numbers or as written in a CSV."""


def pareto_mask(values: npt.NDArray[np.float64], maximize: Sequence[bool]) -> npt.NDArray[np.bool_]:
    """Return which rows no other row dominates.

    A row dominates another when it is at least as good in every objective and better in one; so
    equal rows do not dominate each other and are all kept. A row with a missing objective is not
    comparable: it is never on the front and dominates nobody. Infinities compare as numbers do.

    Args:
        values: float64 [n, k], the objectives of n rows; NaN is a missing cell.
        maximize: For each of the k objectives whether larger is better.

    Returns:
        bool [n].

    Raises:
        ValueError: `values` is not [n, k] with k the length of `maximize`.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(maximize):
        raise ValueError(f"values of shape {values.shape} for {len(maximize)} objectives")
    complete = ~np.isnan(values).any(axis=1)
    signs = np.where(np.asarray(maximize, dtype=bool), -1.0, 1.0)
    costs = values[complete] * signs + 0.0  # adding 0 turns -0 into 0: they are one value
    mask = np.zeros(len(values), dtype=bool)
    mask[complete] = _minimal(costs)
    return mask


def _minimal(costs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows of float64 [n, k] without NaN are minimal.

    In lexicographic order a dominating row comes before the rows that it dominates, so the first
    row left is always on the front; what it dominates is then dropped at one stroke.
    """
    minimal = np.zeros(len(costs), dtype=bool)
    if costs.shape[1] == 0:
        return ~minimal
    order = np.lexsort(costs.T[::-1])
    rest = costs[order]
    while len(order):
        best = rest[0]
        equal = (rest == best).all(axis=1)
        minimal[order[equal]] = True
        better_somewhere = (rest < best).any(axis=1)
        order, rest = order[better_somewhere], rest[better_somewhere]
    return minimal


def front_of_rows(
    rows: Rows,
    columns: Sequence[str],
    maximize: Sequence[str],
    minimize: Sequence[str],
    constraints: Sequence[Condition | str] = (),
) -> npt.NDArray[np.bool_]:
    """Return which rows of results are on the front of their target and task.

    Rows whose status is not ``ok``, that miss an objective (a software reference has no hardware
    columns) or that break a constraint are never on it.

    Args:
        rows: n rows; cells as numbers or as written in the CSV.
        columns: Names of the columns there are.
        maximize: Columns whose larger values are better.
        minimize: Columns whose smaller values are better.
        constraints: Conditions that every row of the front meets.

    Returns:
        bool [n].

    Raises:
        DesignError: No objective, one named twice, an unknown column, or one that holds text.
    """
    front = GrowingFront(columns, maximize, minimize, constraints)
    values = np.array([front.costs(row) for row in rows], dtype=np.float64)
    costs = values.reshape(len(rows), len(maximize) + len(minimize))
    rivals = np.array(["\n".join(rivals_of(row)) for row in rows], dtype=str)
    mask = np.zeros(len(rows), dtype=bool)
    for group in np.unique(rivals):
        mine = rivals == group
        mask[mine] = pareto_mask(costs[mine], [False] * costs.shape[1])
    return mask


class GrowingFront:
    """The front of rows that come one at a time; it remembers the front, not the rows.

    Rows count as in :func:`front_of_rows`. Once all were added, :meth:`holds` tells of each
    whether it is on the front. Each target and task has its own front: a LUT of one target
    is not a LUT of another.

    Args:
        columns: Names of the columns there are.
        maximize: Columns whose larger values are better.
        minimize: Columns whose smaller values are better.
        constraints: Conditions that every row of the front meets.

    Raises:
        DesignError: No objective, one named twice, or an unknown column.
    """

    def __init__(
        self,
        columns: Sequence[str],
        maximize: Sequence[str],
        minimize: Sequence[str],
        constraints: Sequence[Condition | str] = (),
    ) -> None:
        self._objectives = [*maximize, *minimize]
        self._signs = [-1.0] * len(maximize) + [1.0] * len(minimize)
        self._conditions = as_conditions(constraints)
        _check_objectives(self._objectives)
        named = [*self._objectives, *(condition.column for condition in self._conditions)]
        check_columns(named, columns)
        self._fronts: dict[tuple[str, str], _Front] = {}

    def costs(self, row: Mapping[str, object]) -> tuple[float, ...]:
        """Return the objectives of a row, smaller is better; all NaN if it cannot be on the front.

        Raises:
            DesignError: An objective holds text.
        """
        values = [_objective(row, name) for name in self._objectives]
        eligible = row.get("status", "ok") == "ok"
        if not (eligible and all(condition.holds(row) for condition in self._conditions)):
            return (math.nan,) * len(values)
        # Adding 0 turns -0 into 0: they are one value.
        return tuple(value * sign + 0.0 for value, sign in zip(values, self._signs, strict=True))

    def add(self, row: Mapping[str, object]) -> None:
        """Take a row into account.

        Raises:
            DesignError: An objective holds text.
        """
        costs = self.costs(row)
        if not any(math.isnan(cost) for cost in costs):
            self._fronts.setdefault(rivals_of(row), _Front()).add(costs)

    def holds(self, row: Mapping[str, object]) -> bool:
        """Return whether a row is on the front of all rows added with its target and task."""
        front = self._fronts.get(rivals_of(row))
        return front is not None and self.costs(row) in front


class _Front:
    """The front of points that come one at a time, smaller being better."""

    _SPARE = 1000
    """Points added before what they dominate is dropped."""

    def __init__(self) -> None:
        self._points: set[tuple[float, ...]] = set()
        self._kept = 0

    def add(self, costs: tuple[float, ...]) -> None:
        self._points.add(costs)
        if len(self._points) >= 2 * self._kept + self._SPARE:
            self._thin()

    def __contains__(self, costs: tuple[float, ...]) -> bool:
        if len(self._points) != self._kept:
            self._thin()
        return costs in self._points

    def _thin(self) -> None:
        """Drop what is dominated."""
        rows = list(self._points)
        costs = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
        mask = _minimal(costs).tolist()
        self._points = {row for row, minimal in zip(rows, mask, strict=True) if minimal}
        self._kept = len(self._points)


def rivals_of(row: Mapping[str, object]) -> tuple[str, str]:
    """Return hardware target and task of the rows that a row competes with; empty where none."""
    target, task = ("" if is_missing(cell) else str(cell) for cell in map(row.get, _RIVALRY))
    return target, task


_RIVALRY = ("target", "task")


def front_of_frame(
    frame: pd.DataFrame,
    maximize: Sequence[str],
    minimize: Sequence[str],
    constraints: Sequence[Condition | str] = (),
) -> npt.NDArray[np.bool_]:
    """Return which rows of a frame with the columns of results.csv are on the front.

    See :func:`front_of_rows`.

    Returns:
        bool [n], in the order of the frame.

    Raises:
        DesignError: As :func:`front_of_rows`.
    """
    return front_of_rows(
        frame_rows(frame), [str(name) for name in frame.columns], maximize, minimize, constraints
    )


def select_frame(frame: pd.DataFrame, conditions: Sequence[Condition | str]) -> pd.DataFrame:
    """Return the rows of a frame that meet every condition, in their order.

    Raises:
        DesignError: A condition names a column that the frame does not have.
    """
    parsed = as_conditions(conditions)
    check_columns([condition.column for condition in parsed], [str(c) for c in frame.columns])
    keep = [all(condition.holds(row) for condition in parsed) for row in frame_rows(frame)]
    return frame.loc[np.array(keep, dtype=bool)]


def frame_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a frame as mappings by column name."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def frame_where(frame: pd.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a frame that meet every text of conditions joined by ``and``.

    Raises:
        DesignError: A text is no condition, names an unknown column, or no row meets them all.
    """
    chosen = select_frame(frame, [item for text in texts for item in parse_conditions(text)])
    if len(frame) and not len(chosen):
        raise DesignError(f"no row meets {' and '.join(texts)}; choose other conditions")
    return chosen


def as_conditions(conditions: Sequence[Condition | str]) -> list[Condition]:
    """Return conditions, those given as text parsed.

    Raises:
        DesignError: A text is no condition.
    """
    return [parse_condition(item) if isinstance(item, str) else item for item in conditions]


def check_columns(names: Sequence[str], columns: Sequence[str]) -> None:
    """Check that every named column exists.

    Raises:
        DesignError: One does not; the message names the columns there are.
    """
    for name in names:
        if name not in columns:
            hint = nearest(name, columns)
            raise DesignError(f"unknown column {name!r}{hint}; there are: {', '.join(columns)}")


def _check_objectives(objectives: Sequence[str]) -> None:
    if not objectives:
        raise DesignError("no objective: name at least one column to maximize or to minimize")
    for name in objectives:
        if objectives.count(name) > 1:
            raise DesignError(f"objective {name!r} is named more than once")


def _objective(row: Mapping[str, object], name: str) -> float:
    """Return the cell of an objective, NaN where it is missing."""
    cell = row.get(name)
    if is_missing(cell):
        return math.nan
    number = parse_number(cell)
    if number is None:
        raise DesignError(f"objective {name!r} holds text ({cell!r}), not numbers")
    return number
