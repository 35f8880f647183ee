"""The reason why no design is on a Pareto front."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pezoexplore.design.conditions import Condition, is_missing, parse_number


def empty_front(
    rows: Iterable[Mapping[str, object]],
    objectives: Sequence[str],
    constraints: Sequence[Condition] = (),
) -> str:
    """Return why none of the rows is on the front, as a clause without a full stop.

    The first that is true: no rows, none finished, none with all objectives, all miss one
    constraint, none meets all constraints.

    Args:
        rows: Rows of results, none of them on the front; read once, none is kept.
        objectives: Columns of the objectives.
        constraints: Conditions that every row of the front meets.
    """
    total = finished = complete = 0
    has: Counter[str] = Counter()
    met: Counter[Condition] = Counter()
    nearest: dict[Condition, float] = {}
    for row in rows:
        total += 1
        if row.get("status", "ok") != "ok":
            continue
        finished += 1
        there = [name for name in objectives if not is_missing(row.get(name))]
        has.update(there)
        if len(there) < len(objectives):
            continue
        complete += 1
        for item in constraints:
            met[item] += item.holds(row)
            nearest[item] = _nearer(item, nearest.get(item), parse_number(row.get(item.column)))
    if not total:
        return "there is no design"
    if not finished:
        return f"none of {_designs(total)} finished"
    if not complete:
        absent = [name for name in objectives if not has[name]] or list(objectives)
        return f"none of {_designs(finished, 'finished ')} has {_listed(absent)}"
    unmet = [item for item in constraints if not met[item]]
    if not unmet:
        every = " and ".join(map(str, constraints))
        return f"none of {_designs(complete, 'finished ')} meets all of: {every}"
    missed = " and ".join(f"{item}{_nearest(nearest[item])}" for item in unmet)
    return f"none of {_designs(complete, 'finished ')} meets the constraint {missed}"


def _nearer(item: Condition, best: float | None, number: float | None) -> float:
    """Return which of two cells is nearer to a bound; NaN for none, or where none is nearer."""
    if number is None or item.op not in ("<", "<=", ">", ">="):
        return math.nan if best is None else best
    if best is None or math.isnan(best):
        return number
    return min(best, number) if item.op in ("<", "<=") else max(best, number)


def _nearest(number: float) -> str:
    return "" if math.isnan(number) else f" (nearest: {number:.6g})"


def _designs(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}design{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
