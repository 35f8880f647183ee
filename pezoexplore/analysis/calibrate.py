"""Calibration: resources by a vendor's tool beside those that Yosys counts, and their factor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pezoexplore.analysis.pareto import Rows
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint

RESOURCES = ("lut", "ff", "bram", "dsp")
"""Columns that both have."""


@dataclass(frozen=True)
class Pair:
    """One design by both tools.

    Attributes:
        point: The design, without its training.
        target: Target of the row of results.
        vendor: Figures of the vendor's tool, by column.
        yosys: Those of Yosys that both have.
    """

    point: DesignPoint
    target: str
    vendor: Mapping[str, float]
    yosys: Mapping[str, float]

    def factor(self, resource: str) -> float | None:
        """Return the vendor's figure over that of Yosys; None if one is missing or zero."""
        theirs, ours = self.vendor.get(resource), self.yosys.get(resource)
        return theirs / ours if theirs and ours else None


@dataclass(frozen=True)
class Factor:
    """The factor of one resource over several designs.

    Attributes:
        resource: Its column.
        designs: Number of designs.
        mean: Geometric mean.
        spread: Geometric standard deviation, at least 1; None for one design.
        low: Lowest.
        high: Highest.
    """

    resource: str
    designs: int
    mean: float
    spread: float | None
    low: float
    high: float


def pair(point: DesignPoint, vendor: Mapping[str, float], rows: Rows, target: str) -> Pair | None:
    """Find the row of a design and put it beside its vendor's figures.

    Args:
        point: A hardware point.
        vendor: Figures by column.
        rows: Rows of results, as written.
        target: Target of the row.

    Returns:
        The pair; None if no row on the target has resources of the design.
    """
    for row in rows:
        if row.get("target") == target and row.get("ff") and _is(row, point):
            numbers = {name: parse_number(str(row.get(name) or "")) for name in RESOURCES}
            yosys = {name: number for name, number in numbers.items() if number is not None}
            return Pair(point, target, vendor, yosys)
    return None


def _is(row: Mapping[str, object], point: DesignPoint) -> bool:
    found = DesignPoint.from_json(row)
    return found.in_hardware and found.hardware() == point


def factors(pairs: Sequence[Pair]) -> list[Factor]:
    """Return the factor of each resource that at least one design has by both tools."""
    found = []
    for resource in RESOURCES:
        logs = [math.log(f) for item in pairs if (f := item.factor(resource)) is not None]
        if logs:
            mean = sum(logs) / len(logs)
            squares = sum((log - mean) ** 2 for log in logs)
            spread = math.exp(math.sqrt(squares / (len(logs) - 1))) if len(logs) > 1 else None
            low, high = math.exp(min(logs)), math.exp(max(logs))
            found.append(Factor(resource, len(logs), math.exp(mean), spread, low, high))
    return found
