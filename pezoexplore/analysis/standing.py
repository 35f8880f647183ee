"""How the designs of a front compare with each other, and what speaks against trusting them.

"Not distinguishable" is not transitive: neighbours may all be alike, and the first and the last
still differ. So each design is compared, paired by seed, with the next one, with the most accurate
one and with the baseline, Gaussian numbers in software. Each interval is of one comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pezoexplore.analysis.differences import Difference, paired_difference
from pezoexplore.analysis.pareto import Rows
from pezoexplore.analysis.statistics import ACCURACY, PER_SEED, seeds_of
from pezoexplore.design.conditions import is_missing, parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import ends
from pezoexplore.streams.generators.registry import family

FEW_SEEDS = 3
"""Seeds below which an interval says little: of two seeds it is 12.7 standard errors wide."""

NARROW = 0.5
"""Share of the dimensions of independent numbers below which a stream is called narrow.

Digits at 2,410 weights, 6,000 steps, 10 paired seeds (docs/scale.md): designs with a share of .88
and above tie with Gaussian numbers, those of .22 and below lose 2.2 points and more.
"""


@dataclass(frozen=True)
class Standing:
    """A design among others, accuracies paired by seed; None where there is nothing to compare.

    Attributes:
        next: The next design's accuracy minus this one's.
        best: This design's accuracy minus the most accurate one's.
        baseline: This design's accuracy minus the baseline's.
    """

    next: Difference | None = None
    best: Difference | None = None
    baseline: Difference | None = None


def standings(rows: Rows, everything: Rows) -> list[Standing]:
    """Compare designs with their neighbours, the most accurate one and the baseline.

    Args:
        rows: n finished rows in the order of a table.
        everything: All rows of the run, among which the baseline may be.

    Returns:
        n standings; empty ones where a row has one seed or none.
    """
    seeds = [seeds_of(row) for row in rows]
    if not rows or min(map(len, seeds)) < 2 or any(math.isnan(s) for one in seeds for s in one):
        return [Standing() for _ in rows]
    top = max(range(len(rows)), key=lambda index: sum(seeds[index]) / len(seeds[index]))
    reference = baseline_of(everything)
    base = None if reference is None else seeds_of(reference)
    steps = [paired_difference(after, this) for this, after in pairwise(seeds)]
    return [
        Standing(
            next=step,
            best=None if index == top else paired_difference(own, seeds[top]),
            baseline=None
            if base is None or len(base) < 2 or row is reference
            else paired_difference(own, base),
        )
        for index, (row, own, step) in enumerate(zip(rows, seeds, [*steps, None], strict=True))
    ]


def baseline_of(rows: Rows) -> Mapping[str, object] | None:
    """Return the first finished row of fresh Gaussian numbers in software, MeZO's reference."""
    for row in rows:
        finished = row.get("status", "ok") == "ok" and not math.isnan(_number(row, ACCURACY))
        software = finished and not family(str(row["rng"])).in_hardware
        if software and is_baseline(DesignPoint.from_json(row)):
            return row
    return None


def is_baseline(point: DesignPoint) -> bool:
    """Return whether a point is MeZO's reference."""
    software = point.draws and not point.in_hardware
    return software and not point.pooled and point.estimator == "rge"


def learned(row: Mapping[str, object], chance: float) -> bool:
    """Return whether a row's accuracy is shown to be above that of chance.

    Args:
        row: A finished row with an accuracy.
        chance: Percent that the most frequent class alone gives.
    """
    mean, half = _number(row, ACCURACY), _number(row, "accuracy_ci95")
    return ends(mean, 0.0 if math.isnan(half) else half)[0] > chance


def cautions(rows: Rows, front: Sequence[bool], chance: float | None) -> list[str]:
    """Return why the accuracies of a run are not to be trusted, one sentence each.

    Args:
        rows: n rows of results.
        front: For each row whether it is on the front.
        chance: Percent that the most frequent class alone gives; None if unknown.

    Returns:
        Empty if nothing speaks against them, or if nothing was trained.
    """
    trained = [
        (row, member)
        for row, member in zip(rows, front, strict=True)
        if row.get("status", "ok") == "ok" and not math.isnan(_number(row, ACCURACY))
    ]
    found = []
    told = [row for row, _ in trained if not is_missing(row.get(PER_SEED))]
    fewest = min((len(seeds_of(row)) for row in told), default=FEW_SEEDS)
    if fewest < FEW_SEEDS:
        found.append(
            f"{fewest} seed{'s' * (fewest > 1)}: too few to tell designs apart; set train.seeds to "
            f"{FEW_SEEDS} or more, better 5"
        )
    found += _narrow(trained)
    if chance is None or not trained:
        return found
    level = f"the {chance:.1f} % that always naming the most frequent class gives"
    below = [(row, member) for row, member in trained if not learned(row, chance)]
    on_front = sum(bool(member) for _, member in below)
    if len(below) == len(trained):
        found.append(
            f"nothing has learned: no design's accuracy is shown to be above {level}; train longer "
            "(train.steps) or with other train.learning_rates"
        )
    elif on_front:
        found.append(
            f"{on_front} design{'s' * (on_front > 1)} on the front not shown to be above {level}"
        )
    return found


def is_narrow(row: Mapping[str, object]) -> bool:
    """Return whether a row's directions reach far fewer dimensions than independent ones."""
    share = parse_number(row.get("span_share"))
    return share is not None and share < NARROW


def _narrow(trained: Sequence[tuple[Mapping[str, object], bool]]) -> list[str]:
    """Return a warning of narrow designs on the front; among all, where none is on it."""
    front = [row for row, member in trained if member]
    rows = [row for row in front or [row for row, _ in trained] if is_narrow(row)]
    if not rows:
        return []
    least = min(_number(row, "span_share") for row in rows)
    where = " on the front" if front else ""
    reach = "reaches" if len(rows) == 1 else "reach"
    return [
        f"{len(rows)} design{'s' * (len(rows) > 1)}{where} {reach} less than half of the "
        f"dimensions that independent numbers do (span_share down to {least:.4f}): directions "
        "repeat or weights move together, and tasks that are harder to learn lose more"
    ]


def _number(row: Mapping[str, object], name: str) -> float:
    number = parse_number(row.get(name))
    return math.nan if number is None else number
