"""Differences between two runs, and which of them exceed noise.

Designs are matched by axes, target and task. Resources are exact: any difference is a move. An
accuracy differs when the paired differences over the common seeds say so, all designs of the run
tested together (Holm, Scandinavian Journal of Statistics 6, 1979): with the same seeds and nothing
changed, a run that reports a regression by chance is one in twenty at most. A design or measurement
that the second run lacks is a regression too, unless missing ones are allowed: a check that is gone
cannot have passed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pezoexplore.analysis.differences import Difference, paired_difference
from pezoexplore.analysis.pareto import rivals_of
from pezoexplore.analysis.runs import Row
from pezoexplore.analysis.statistics import ACCURACY, seeds_of
from pezoexplore.design.columns import RESULT_HELP, TEXT_COLUMNS
from pezoexplore.design.conditions import Condition, cell_text, is_missing, parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError

COSTS = ("lut", "muxf", "ff", "carry", "bram", "dsp", "reseed_stall_beats")
"""Exact columns of which more is worse."""

DERIVED = ("front_confidence", "pareto")
"""Columns that depend on the other rows of the run as well."""

PROVENANCE = ("yosys_version", "rtl_sha256")
"""Columns that say what a row was made by: they explain a move."""

EVENTS = (
    *("steps_to_target", "energy_to_target_uj_est"),
    "generator_energy_to_target_uj_est",
)
"""Columns that are empty where training did not reach its target: an outcome, not a gap."""

_OF_ACCURACY = (ACCURACY, "accuracy_ci95", "accuracy_per_seed")

ALPHA = 0.05
"""Probability of a false alarm on any accuracy of two runs."""

SAME_DIGITS = 1e-5
"""Relative difference below which inexact numbers are written alike."""

REGRESSION, IMPROVEMENT, MOVED, NOISE = "regression", "improvement", "moved", "within noise"
VANISHED = "vanished"

Place = tuple[DesignPoint, str, str]
"""The key that matches rows: design, target and task."""


@dataclass(frozen=True)
class Change:
    """One cell that differs.

    Attributes:
        label: The design.
        point_id: Identity of the row in the second run.
        column: Column that differs.
        before: Cell in the first run, as text.
        after: Cell in the second run, as text.
        kind: ``regression``, ``vanished`` (measured in the first run only), ``improvement``,
            ``moved`` (neither better nor worse) or ``within noise``.
        difference: For an accuracy: second less first, by seed; else None.
    """

    label: str
    point_id: str
    column: str
    before: str
    after: str
    kind: str
    difference: Difference | None = None


@dataclass(frozen=True)
class Comparison:
    """Two runs compared.

    Attributes:
        matched: Designs in both.
        added: Labels of designs in the second only.
        removed: Labels of designs in the first only.
        changes: The differences, worst first.
        overall: Mean accuracy of all designs in both, second less first, by seed; None without.
        overall_kind: Its kind.
        allow_missing: Whether what the second run lacks is no regression.
    """

    matched: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]
    overall: Difference | None
    overall_kind: str
    allow_missing: bool = False

    @property
    def vanished(self) -> dict[str, list[str]]:
        """Labels of the designs without their measurement in the second run, by column."""
        found: dict[str, list[str]] = {}
        for change in self.changes:
            if change.kind == VANISHED:
                found.setdefault(change.column, []).append(change.label)
        return found

    @property
    def regressed(self) -> bool:
        """Whether anything got worse beyond noise, or is gone without being allowed to."""
        kinds = [change.kind for change in self.changes]
        gone = bool(self.removed or self.vanished) and not self.allow_missing
        return gone or REGRESSION in [*kinds, self.overall_kind]


def compare_runs(
    before: Sequence[Row],
    after: Sequence[Row],
    tolerances: Mapping[str, float] | None = None,
    *,
    allow_missing: bool = False,
    constraints: Sequence[Condition] = (),
) -> Comparison:
    """Compare two runs' rows.

    Args:
        before: Rows of the first run.
        after: Rows of the second.
        tolerances: By exact column, the relative rise that is no regression.
        allow_missing: Whether designs and measurements that the second run lacks are none either.
        constraints: Conditions of the design; one that a design no longer meets is a regression.

    Raises:
        DesignError: A run has a design twice, or an unknown column is tolerated.
    """
    for name in tolerances or {}:
        if name not in COSTS:
            raise DesignError(f"--tolerance {name}: no exact column; there are: {', '.join(COSTS)}")
    first, second = _by_place(before, "first"), _by_place(after, "second")
    common = sorted(first.keys() & second.keys(), key=_name)
    pairs = [(_name(place), first[place], second[place]) for place in common]
    changes = _accuracy_changes(pairs)
    for label, one, other in pairs:
        changes += _vanished(label, one, other)
        changes += _exact_changes(label, one, other, tolerances or {})
        changes += _broken(label, one, other, constraints)
    overall, kind = _overall(pairs)
    rank = (REGRESSION, VANISHED, IMPROVEMENT, MOVED, NOISE)
    return Comparison(
        matched=len(common),
        added=tuple(sorted(map(_name, second.keys() - first.keys()))),
        removed=tuple(sorted(map(_name, first.keys() - second.keys()))),
        changes=tuple(sorted(changes, key=lambda change: rank.index(change.kind))),
        overall=overall,
        overall_kind=kind,
        allow_missing=allow_missing,
    )


def _by_place(rows: Sequence[Row], which: str) -> dict[Place, Row]:
    """Return rows by design, target and task; combinations that are not legal are not designs."""
    found: dict[Place, Row] = {}
    for row in rows:
        if str(row["status"]).startswith("skipped:"):
            continue
        target, task = rivals_of(row)
        place = DesignPoint.from_json(row), target, task
        if place in found:
            raise DesignError(f"the {which} run has {_name(place)} twice")
        found[place] = row
    return found


def _name(place: Place) -> str:
    point, target, task = place
    return point.label() + f" @{target}" * bool(target) + f" on {task}" * bool(task)


Pair = tuple[str, Row, Row]


def _accuracy_changes(pairs: Sequence[Pair]) -> list[Change]:
    """Return the accuracies that differ at all, classed as beyond noise or not."""
    found: list[tuple[Pair, Difference]] = []
    for label, one, other in pairs:
        if is_missing(one.get(ACCURACY)) or is_missing(other.get(ACCURACY)):
            continue
        difference = paired_difference(seeds_of(other), seeds_of(one))
        if seeds_of(one) != seeds_of(other):
            found.append(((label, one, other), difference))
    beyond = _holm([difference.p_value for _, difference in found])
    return [
        _change(pair, ACCURACY, _direction(difference.mean) if sure else NOISE, difference)
        for (pair, difference), sure in zip(found, beyond, strict=True)
    ]


def _holm(p_values: Sequence[float | None]) -> list[bool]:
    """Return which of several tests hold together at ``ALPHA``; never without a p-value."""
    known = [(value, place) for place, value in enumerate(p_values) if value is not None]
    order = sorted(known)
    holds = [False] * len(p_values)
    for rank, (value, place) in enumerate(order):
        if value > ALPHA / (len(order) - rank):
            break
        holds[place] = True
    return holds


def _direction(mean: float) -> str:
    return REGRESSION if mean < 0 else IMPROVEMENT


def _overall(pairs: Sequence[Pair]) -> tuple[Difference | None, str]:
    """Return the mean over all designs, seed by seed, and its class: small shifts add up."""
    both = [
        (seeds_of(one), seeds_of(other))
        for _, one, other in pairs
        if not is_missing(one.get(ACCURACY)) and not is_missing(other.get(ACCURACY))
    ]
    if not both:
        return None, NOISE
    seeds = min(min(len(one), len(other)) for one, other in both)
    means = [np.mean([pair[which][:seeds] for pair in both], axis=0).tolist() for which in (0, 1)]
    difference = paired_difference(means[1], means[0])
    return difference, _direction(difference.mean) if difference.distinguishable else NOISE


def _vanished(label: str, one: Row, other: Row) -> list[Change]:
    """Return the measurements of the first row that the second lacks."""
    names = [name for name in RESULT_HELP if _is_gone(name, one, other)]
    return [_change((label, one, other), name, VANISHED) for name in names]


def _broken(label: str, one: Row, other: Row, constraints: Sequence[Condition]) -> list[Change]:
    """Return the constraints that the first row meets and the second breaks, whatever by."""
    return [
        replace(_change((label, one, other), item.column, REGRESSION), column=f"constraint {item}")
        for item in constraints
        if item.holds(one) and not is_missing(other.get(item.column)) and not item.holds(other)
    ]


def _is_gone(name: str, one: Row, other: Row) -> bool:
    if name in DERIVED or is_missing(one.get(name)) or not is_missing(other.get(name)):
        return False
    return name not in EVENTS or name not in other


def _exact_changes(
    label: str, one: Row, other: Row, tolerances: Mapping[str, float]
) -> list[Change]:
    pair = label, one, other
    changes = []
    status = _status_kind(str(one["status"]), str(other["status"]))
    if status is not None:
        changes.append(_change(pair, "status", status))
    for name in RESULT_HELP:
        if name in (*_OF_ACCURACY, *DERIVED) or (name not in one or name not in other):
            continue
        if _is_gone(name, one, other):
            continue
        kind = _cell_kind(name, one[name], other[name], tolerances.get(name, 0.0))
        if kind is not None:
            changes.append(_change(pair, name, kind))
    return changes


def _status_kind(one: str, other: str) -> str | None:
    if one == other:
        return None
    if one == "ok":
        return REGRESSION
    return IMPROVEMENT if other == "ok" else MOVED


def _cell_kind(name: str, one: object, other: object, tolerance: float) -> str | None:
    """Classify the difference of two cells; None for no difference."""
    if name == "rtl_status" and cell_text(one) != cell_text(other):
        kinds = {"pass": IMPROVEMENT, "fail": REGRESSION}
        return kinds.get(cell_text(other), MOVED) if not is_missing(one) else MOVED
    if name in TEXT_COLUMNS:
        return MOVED if cell_text(one or "") != cell_text(other or "") else None
    before, after = parse_number(one), parse_number(other)
    if before is None:  # what was not measured cannot have moved
        return None
    if after is None:
        return MOVED
    if name in COSTS:
        if before == after:
            return None
        if after < before:
            return IMPROVEMENT
        return REGRESSION if after > before * (1 + tolerance) else MOVED
    return None if math.isclose(before, after, rel_tol=SAME_DIGITS, abs_tol=1e-9) else MOVED


def _change(pair: Pair, column: str, kind: str, difference: Difference | None = None) -> Change:
    label, *rows = pair
    before, after = ("" if is_missing(row.get(column)) else cell_text(row[column]) for row in rows)
    return Change(label, str(rows[-1]["point_id"]), column, before, after, kind, difference)
