"""Which designs one plot of a front shows, and how each of them is marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pezoexplore.analysis.pareto import pareto_mask
from pezoexplore.design.conditions import Condition
from pezoexplore.report.designs import Design

MAX_NUMBERED = 40
"""Designs numbered in a plot; of more those on the front, and of a larger front some, evenly."""

MAX_DIRECT = 10
"""Designs up to which each has its name beside it, instead of a number and a key."""

MAX_DRAWN = 1000
"""Rows of which every one is drawn; of more, one in each of ``CELLS`` by ``CELLS`` places."""

MAX_BARS = 300
"""Designs beyond which only numbered ones have error bars."""

CELLS = 64

STEP_COLOUR, REFERENCE_COLOUR = "#777777", "#444444"
"""Colours of the step line of the front and of the lines of software references."""

DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
"""Line styles of the software references, the first for fresh numbers."""


@dataclass(frozen=True)
class FrontView:
    """Content of one plot of accuracy against a resource.

    Attributes:
        shown: Designs with both values, in the order of their numbers.
        references: Software designs with an accuracy.
        resource: Column of the x axis.
        accuracy: Column of the y axis, percent.
        target: Target of all designs, if the axis label is to name it; else empty.
        constraints: Conditions for a design to be on the step line.
        marks: What designs of the front are not distinguishable from (``best``, ``baseline``), by
            number.
        warnings: What speaks against trusting the accuracies.
        found: Number of designs with both values, drawn or hidden behind others.
    """

    shown: list[Design]
    references: list[Design]
    resource: str
    accuracy: str
    target: str = ""
    constraints: tuple[Condition, ...] = ()
    marks: Mapping[int, Sequence[str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    found: int = 0

    @property
    def has_bars(self) -> bool:
        """Whether designs without a number have error bars."""
        return len(self.shown) <= MAX_BARS

    @property
    def allowed(self) -> list[Design]:
        """The designs that meet the constraints."""
        return [item for item in self.shown if all(c.holds(item.row) for c in self.constraints)]

    @cached_property
    def named(self) -> list[Design]:
        """The designs that get a number: all when they are few, else the front."""
        if len(self.shown) <= MAX_NUMBERED:
            return self.shown
        front = [design for design in self.shown if design.on_front]
        places = np.linspace(0, len(front) - 1, min(len(front), MAX_NUMBERED)).round().astype(int)
        return [front[place] for place in places.tolist()]

    @property
    def direct(self) -> bool:
        """Whether designs have their names beside them."""
        return len(self.shown) <= MAX_DIRECT

    def y(self, design: Design) -> float:
        """Return the accuracy of a design, percent."""
        return design.value(self.accuracy)

    def ends(self, design: Design) -> tuple[float, float]:
        """Return the ends of the 95 % interval of a design's accuracy, percent."""
        return design.ends(self.accuracy)

    def arms(self, designs: list[Design]) -> list[list[float]]:
        """Return lengths of the error bars of designs, those below and those above."""
        return arms(designs, self.accuracy)


def arms(designs: Sequence[Design], column: str) -> list[list[float]]:
    """Return lengths of the error bars of a column, those below and those above its values."""
    limits = [(item.value(column), *item.ends(column)) for item in designs]
    return [[value - low for value, low, _ in limits], [high - value for value, _, high in limits]]


def visible(
    frame: pd.DataFrame,
    resource: str,
    accuracy: str,
    front: Sequence[bool],
    constraints: Sequence[Condition],
) -> tuple[list[int], int]:
    """Return the rows that make a difference in a plot of very many.

    Those are the front of all objectives, the front of the two columns, software references, and of
    the others one in each place: what lies behind it would not be seen.

    Args:
        frame: n rows with the columns of results.csv.
        resource: Column of the x axis.
        accuracy: Column of the y axis.
        front: For each of the n rows whether it is on the front of all objectives.
        constraints: Conditions for a design to be on the step line.

    Returns:
        Places of rows, ascending; and the number of rows with both values.
    """
    xs, ys = (
        pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
        for name in (resource, accuracy)
    )
    finished = (frame["status"] == "ok").to_numpy() & np.isfinite(ys)
    kept = np.array(front, dtype=bool) | (finished & ~np.isfinite(xs))
    allowed = np.flatnonzero(finished & np.isfinite(xs))
    columns = {item.column: frame[item.column].tolist() for item in constraints}
    if constraints:
        holds = [
            all(item.holds({item.column: columns[item.column][row]}) for item in constraints)
            for row in allowed.tolist()
        ]
        steps = allowed[np.array(holds, dtype=bool)]
    else:
        steps = allowed
    kept[steps[pareto_mask(np.column_stack([ys[steps], xs[steps]]), [True, False])]] = True
    places = np.column_stack([_cells(np.log1p(np.maximum(xs[allowed], 0))), _cells(ys[allowed])])
    kept[allowed[np.unique(places, axis=0, return_index=True)[1]]] = True
    return np.flatnonzero(kept).tolist(), len(allowed)


def _cells(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the cell of each value, of ``CELLS`` between the least and the greatest."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    low, high = float(values.min()), float(values.max())
    return ((values - low) / ((high - low) or 1.0) * (CELLS - 1)).astype(np.int64)


def references_of(designs: list[Design], accuracy: str) -> list[Design]:
    """Return at most four software references: fresh numbers first, then by accuracy."""
    software = [item for item in designs if not item.point.in_hardware]
    known = [item for item in software if math.isfinite(item.value(accuracy))]
    order = sorted(known, key=lambda item: (not item.point.rules.fresh, -item.value(accuracy)))
    return order[: len(DASHES)]
