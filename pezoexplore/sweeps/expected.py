"""Expected seconds of the runs of a plan: what such runs took, else what their stage estimates.

Runs differ by a factor of a hundred, so their number says little about the time left. A stage's
estimates of its runs (``Stage.cost``) are scaled to the seconds that its runs with a result took,
in this sweep or an earlier one; those of a stage without any to the seconds of all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_GROUPS = """
SELECT tasks.stage, total(-priority), total(-priority * (tasks.status != '')),
       total(results.seconds), total(results.seconds * ran)
FROM tasks LEFT JOIN results ON results.key = tasks.key AND tasks.status != ''
GROUP BY tasks.stage
"""

Query = Callable[[str], Sequence[Sequence[Any]]]
"""Runs a statement on a run database and returns all rows."""


@dataclass
class _Group:
    """Count the runs of one stage: estimates of all and of those done, seconds of those."""

    cost: float = 0.0
    done_cost: float = 0.0
    done_s: float = 0.0


class Expected:
    """Count the work of a plan, in seconds of single runs.

    Attributes:
        worked_s: Seconds of the runs that this sweep has made.
    """

    def __init__(self, query: Query) -> None:
        """Read what the plan in a run database has to do, and what is done."""
        self.worked_s = 0.0
        self._groups: dict[int, _Group] = {}
        for stage, cost, done_cost, done_s, worked_s in query(_GROUPS):
            self._groups[int(stage)] = _Group(cost, done_cost, done_s)
            self.worked_s += worked_s

    def ended(self, stage: int, cost: float, seconds: float, *, ran: bool) -> None:
        """Count a run that has ended.

        Args:
            stage: Number of its stage in the plan.
            cost: The stage's estimate of it.
            seconds: What it took.
            ran: Whether it was made here, now; not so if another sweep had it.
        """
        group = self._groups[stage]
        group.done_cost += cost
        group.done_s += seconds
        self.worked_s += seconds * ran

    @property
    def left_s(self) -> float:
        """Expected seconds of the runs that are not done."""
        groups = self._groups.values()
        known = sum(group.done_cost for group in groups)
        usual = sum(group.done_s for group in groups) / known if known else 1.0
        return sum(
            max(0.0, group.cost - group.done_cost)
            * (group.done_s / group.done_cost if group.done_cost else usual)
            for group in groups
        )
