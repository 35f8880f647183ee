"""The goal of a search, and the finding on a point: the types that all of search/ shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from optuna.study import StudyDirection
from optuna.trial import TrialState

from pezoexplore.design.conditions import COMPARE

if TYPE_CHECKING:
    from pezoexplore.design.conditions import Condition
    from pezoexplore.design.point import DesignPoint

COMPLETE, SCREENED, STOPPED, FAILED = "complete", "screened", "stopped", "failed"

STATES = {
    COMPLETE: TrialState.COMPLETE,
    SCREENED: TrialState.PRUNED,
    STOPPED: TrialState.PRUNED,
    FAILED: TrialState.FAIL,
}
"""Outcomes of a point, and the state of its trial: known at full budget; not trained, since
its resources rule it out; trained at a smaller budget and left there; without a result."""

VIOLATIONS = "violations"
"""User attribute of a trial: how far each constraint is missed; above 0 is infeasible."""

CEILINGS = {"accuracy_mean": 100.0}
"""The best value that a column can have, where there is one."""


@dataclass(frozen=True)
class Finding:
    """The outcome of a proposed point.

    Attributes:
        state: One of ``STATES``.
        cells: Results at full budget, numbers by column.
        reason: Why it is not complete, in one line.
        full: Whether every stage was run at full budget: an evaluation.
    """

    state: str
    cells: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    full: bool = False


@dataclass(frozen=True)
class Known:
    """A point with its finding.

    Attributes:
        point: The point.
        finding: Its outcome.
        warm: Whether it was known before the search.
    """

    point: DesignPoint
    finding: Finding
    warm: bool = False


@dataclass(frozen=True)
class Goal:
    """The objectives and constraints of a search.

    Attributes:
        maximize: Columns of which more is better.
        minimize: Columns of which less is better.
        constraints: Bounds that a point on the front keeps.
    """

    maximize: tuple[str, ...]
    minimize: tuple[str, ...]
    constraints: tuple[Condition, ...] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """All of them, in the order of a trial's values."""
        return self.maximize + self.minimize

    @property
    def directions(self) -> list[StudyDirection]:
        """As Optuna has them."""
        up = [StudyDirection.MAXIMIZE] * len(self.maximize)
        return up + [StudyDirection.MINIMIZE] * len(self.minimize)

    @property
    def bounds(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """The constraints on numbers, as (column, check of a number or array)."""
        return [
            (item.column, _check(item.op, float(item.value)))
            for item in self.constraints
            if not isinstance(item.value, str)
        ]

    def costs(self, cells: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the objectives as costs, float64 [k]."""
        signs = [-1.0] * len(self.maximize) + [1.0] * len(self.minimize)
        return np.array([cells[name] for name in self.objectives]) * signs

    def violations(self, cells: Mapping[str, float]) -> list[float]:
        """Return how far each constraint is missed: 0 where it is kept or not known yet."""
        return [_violation(item, cells) for item in self.constraints]

    def feasible(self, known: Known) -> bool:
        """Return whether a point may be on the front."""
        finding = known.finding
        return (
            finding.state == COMPLETE
            and all(name in finding.cells for name in self.objectives)
            and all(item.holds(finding.cells) for item in self.constraints)
        )

    def front_costs(self, history: Sequence[Known]) -> npt.NDArray[np.float64]:
        """Return costs of the feasible points, float64 [n, k], in the order they came."""
        rows = [self.costs(known.finding.cells) for known in history if self.feasible(known)]
        return np.array(rows).reshape(len(rows), len(self.objectives))


def _check(op: str, value: float) -> Callable[[Any], Any]:
    return lambda cells: COMPARE[op](cells, value)


def _violation(condition: Condition, cells: Mapping[str, float]) -> float:
    if condition.column not in cells or condition.holds(cells):
        return 0.0
    if isinstance(condition.value, str) or condition.op in ("==", "!="):
        return 1.0
    gap = abs(cells[condition.column] - condition.value) / max(1.0, abs(condition.value))
    return gap or math.ulp(1.0)  # at the very limit of < or >
