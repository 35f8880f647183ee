"""Several runs side by side: what each of them found, and how designs in several of them differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pezoexplore.analysis.diff import COSTS, NOISE, PROVENANCE, VANISHED, Change, compare_runs
from pezoexplore.analysis.differences import paired_difference
from pezoexplore.analysis.pareto import front_of_rows, rivals_of
from pezoexplore.analysis.runs import Goals, Row, StoredRun, different_settings, read_run
from pezoexplore.analysis.several.run_list import RunFacts, facts_of
from pezoexplore.analysis.statistics import ACCURACY, seeds_of
from pezoexplore.design.columns import TEXT_COLUMNS
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import family

Rivals = tuple[str, str]
"""Target and task: rows of others do not compete."""


@dataclass(frozen=True)
class Side:
    """Hold one run of several.

    Attributes:
        name: What it is called: its folder's name, or its path where two have the same.
        facts: What its run.json tells.
        run: Its results.
    """

    name: str
    facts: RunFacts
    run: StoredRun

    def finished(self, rivals: Rivals) -> list[Row]:
        """Return the rows of a target and task that have a result."""
        return [row for row in self.run.rows if row["status"] == "ok" and rivals_of(row) == rivals]


@dataclass(frozen=True)
class Finding:
    """Tell what a run found on one target and task.

    Attributes:
        side: The run.
        rivals: Target and task.
        finished: Number of its designs that have a result.
        best: The most accurate design in hardware; of software where there is no other.
        cheapest: The one least in the costs, in their order, of those not distinguishable from
            the best, paired by seed; None without seeds to tell.
        alike: How many those are, the best one included.
    """

    side: Side
    rivals: Rivals
    finished: int
    best: Row | None
    cheapest: Row | None
    alike: int


@dataclass(frozen=True)
class Shared:
    """Hold a figure that differs between two runs of one design.

    Attributes:
        first: The earlier run in the order given.
        second: The other.
        change: The difference, second minus first.
        beyond: Whether an accuracy differs beyond noise, all designs of the two runs tested
            together; resources are exact, so they always do.
    """

    first: str
    second: str
    change: Change
    beyond: bool


@dataclass(frozen=True)
class SideBySide:
    """Hold several runs and what sets them apart.

    Attributes:
        sides: The runs, in the order given.
        goals: Objectives and constraints of the first, by which the joint front is.
        findings: What each found.
        shared: Figures of designs in several runs that differ.
        pairs: For each two runs the number of designs that both have.
        notes: What is not alike in the runs, one line each.
    """

    sides: Sequence[Side]
    goals: Goals
    findings: Sequence[Finding]
    shared: Sequence[Shared]
    pairs: Sequence[tuple[str, str, int]]
    notes: Sequence[str]

    @property
    def rivals(self) -> list[Rivals]:
        """Targets and tasks, as they come."""
        return list(dict.fromkeys(finding.rivals for finding in self.findings))

    def joint_front(self, rivals: Rivals) -> list[tuple[Side, Row, bool]]:
        """Return the finished rows of a target and task, each with whether it is on the front."""
        rows = [(side, row) for side in self.sides for row in side.finished(rivals)]
        known = set.intersection(*({*map(str, side.run.frame.columns)} for side in self.sides))
        less = [name for name in self.goals.minimize if name in known]
        constraints = [item for item in self.goals.constraints if item.column in known]
        columns, more = sorted(known), self.goals.maximize
        front = front_of_rows([row for _, row in rows], columns, more, less, constraints)
        return [(*pair, member) for pair, member in zip(rows, front.tolist(), strict=True)]


def read_sides(sources: Sequence[Path]) -> SideBySide:
    """Read runs and set them side by side.

    Args:
        sources: Run directories or results.csv files.

    Raises:
        DesignError: One cannot be read, or is named twice.
    """
    twice = {path for path in sources if [*map(Path.resolve, sources)].count(path.resolve()) > 1}
    if twice:
        raise DesignError(f"{min(twice)}: named twice; name each run once")
    names = [(path if path.is_dir() else path.parent).resolve().name for path in sources]
    sides = [
        Side(name if names.count(name) == 1 else str(path), facts_of(path), read_run(path))
        for path, name in zip(sources, names, strict=True)
    ]
    goals = sides[0].run.goals()
    findings = [
        _finding(side, rivals)
        for side in sides
        for rivals in dict.fromkeys(rivals_of(r) for r in side.run.rows if r["status"] == "ok")
    ]
    shared: list[Shared] = []
    pairs, notes = [], []
    for one, other in combinations(sides, 2):
        try:
            differ = different_settings(one.run.space, other.run.space)
            found = compare_runs(one.run.rows, other.run.rows, allow_missing=True)
        except DesignError as error:
            notes.append(f"{one.name} and {other.name}: {error}")
            continue
        notes += [f"{one.name} and {other.name}: {line}" for line in differ]
        pairs.append((one.name, other.name, found.matched))
        shared += [
            Shared(one.name, other.name, change, change.kind != NOISE)
            for change in found.changes
            if change.column not in (*PROVENANCE, *TEXT_COLUMNS) and change.kind != VANISHED
        ]
    rank = {column: place for place, column in enumerate((ACCURACY, *COSTS))}
    shared.sort(key=lambda item: (not item.beyond, rank.get(item.change.column, len(rank))))
    return SideBySide(sides, goals, findings, shared, pairs, notes)


def _finding(side: Side, rivals: Rivals) -> Finding:
    rows = side.finished(rivals)
    trained = [row for row in rows if not math.isnan(number_of(row, ACCURACY))]
    built = [row for row in trained if family(str(row["rng"])).in_hardware] or trained
    if not built:
        return Finding(side, rivals, len(rows), None, None, 0)
    best = max(built, key=lambda row: number_of(row, ACCURACY))
    alike = list(_alike(built, best))
    costs = side.run.goals().minimize

    def order(row: Row) -> list[float]:
        values = [number_of(row, name) for name in costs]
        return [math.inf if math.isnan(value) else value for value in values]

    cheapest = min(alike, key=order) if len(seeds_of(best)) > 1 else None
    return Finding(side, rivals, len(rows), best, cheapest, len(alike))


def _alike(rows: Sequence[Row], best: Row) -> Iterator[Row]:
    """Yield the rows that are not distinguishable from the best, and that itself."""
    top = seeds_of(best)
    for row in rows:
        if row is best or not paired_difference(top, seeds_of(row)).distinguishable:
            yield row


def number_of(row: Row, column: str) -> float:
    """Return a cell as a number, NaN if it holds none."""
    number = parse_number(row.get(column))
    return math.nan if number is None else number


def label_of(row: Row) -> str:
    """Return the short name of a row's design."""
    return DesignPoint.from_json(row).label()
