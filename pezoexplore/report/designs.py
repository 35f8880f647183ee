"""Rows of a result frame as designs to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pezoexplore.analysis.frames import row_labels
from pezoexplore.analysis.pareto import frame_rows
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import ends


@dataclass(frozen=True)
class Design:
    """A finished row of results.

    Attributes:
        row: Its cells by column name.
        point: The design point.
        label: Short name.
        on_front: True if the design is on the Pareto front of all objectives.
        number: Its number in every plot of one call; 0 for a software reference.
    """

    row: Mapping[str, object]
    point: DesignPoint
    label: str
    on_front: bool
    number: int

    def value(self, column: str) -> float:
        """Return the number in a column, NaN if the cell holds none."""
        number = parse_number(self.row.get(column))
        return math.nan if number is None else number

    def interval(self, column: str) -> float:
        """Return the half width of the 95 % interval of a ``*_mean`` column, 0 if unknown."""
        half = self.value(interval_column(column)) if column.endswith("_mean") else math.nan
        return half if math.isfinite(half) else 0.0

    def ends(self, column: str) -> tuple[float, float]:
        """Return the ends of the 95 % interval, cut at the bounds of a percentage."""
        value = self.value(column)
        return ends(value, self.interval(column)) if self.interval(column) else (value, value)


def interval_column(column: str) -> str:
    """Return the name of the column with the 95 % half width of a ``*_mean`` column."""
    return column.removesuffix("_mean") + "_ci95"


def finished_designs(
    frame: pd.DataFrame, front: Sequence[bool], order_by: Sequence[str]
) -> list[Design]:
    """Return the designs whose status is ok, numbered: first the front, then the others.

    Args:
        frame: n rows with the columns of results.csv.
        front: For each of the n rows, True if it is on the front.
        order_by: Columns by which designs are numbered, the most significant first.

    Returns:
        Designs in the order of their numbers, then the software references (number 0), each
        once even if it has rows for several targets.
    """
    rows = frame_rows(frame)
    points = list(map(DesignPoint.from_json, rows))
    labels = row_labels(rows, points=points)
    designs = [
        Design(row, point, label, bool(member), 0)
        for row, point, label, member in zip(rows, points, labels, front, strict=True)
        if row.get("status", "ok") == "ok"
    ]
    hardware = [design for design in designs if design.point.in_hardware]

    def place(design: Design) -> tuple[bool, list[float], str, str]:
        values = [design.value(column) for column in order_by]
        keys = [math.inf if math.isnan(value) else value for value in values]
        return not design.on_front, keys, design.label, str(design.row.get("point_id", ""))

    numbered = [
        replace(item, number=number)
        for number, item in enumerate(sorted(hardware, key=place), start=1)
    ]
    software = {
        design.point: replace(design, label=design.point.label())
        for design in designs
        if not design.point.in_hardware
    }
    return numbered + sorted(software.values(), key=place)
