"""Which designs one plot of a front shows, and how each of them is marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pezoexplore.design.conditions import Condition
from pezoexplore.report.designs import Design

MAX_NUMBERED = 40
"""Designs numbered in a plot; beyond that only those on the front, cheapest first."""

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
        marks: What designs of the front are not distinguishable from, by number.
        warnings: What speaks against trusting the accuracies.
    """

    shown: list[Design]
    references: list[Design]
    resource: str
    accuracy: str
    target: str = ""
    constraints: tuple[Condition, ...] = ()
    marks: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> list[Design]:
        """The designs that meet the constraints."""
        return [item for item in self.shown if all(c.holds(item.row) for c in self.constraints)]

    @property
    def named(self) -> list[Design]:
        """The designs that get a number: all when they are few, else the front."""
        if len(self.shown) <= MAX_NUMBERED:
            return self.shown
        return [design for design in self.shown if design.on_front][:MAX_NUMBERED]

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


def references_of(designs: list[Design], accuracy: str) -> list[Design]:
    """Return at most four software references: fresh numbers first, then by accuracy."""
    software = [item for item in designs if not item.point.in_hardware]
    known = [item for item in software if math.isfinite(item.value(accuracy))]
    order = sorted(known, key=lambda item: (not item.point.rules.fresh, -item.value(accuracy)))
    return order[: len(DASHES)]
