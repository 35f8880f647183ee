"""From a design space to its distinct, legal points, with an account of everything left out.

The combinations of ``space`` and of each include are taken in the order of the file (later axes of
the column order vary fastest). Each is either dropped by an exclude, skipped because its values are
not legal together, collapsed on to a point that is already there, or a new point.

:func:`expand` lists a space and remembers every point of it; :func:`iter_points` remembers none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from pezoexplore.design.lattice.account import (
    Account,
    Exclusion,
    Skip,
    Tally,
    axis_words,
    nothing_left,
)
from pezoexplore.design.lattice.lattice import Value, lattice_of, matches
from pezoexplore.design.point import DesignPoint, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace, SubSpace
from pezoexplore.errors import DesignError


@dataclass(frozen=True)
class Collapse:
    """Combinations that mean a point already listed.

    Attributes:
        point: The point.
        count: How many combinations beyond the first.
        example: The first of those, as ``axis=value`` words.
    """

    point: DesignPoint
    count: int
    example: str


@dataclass(frozen=True)
class Expansion:
    """Contents of a design space.

    Attributes:
        points: Distinct legal points, in the order they are first listed.
        collapsed: Points that several combinations mean.
        skipped: Reasons for which combinations were skipped, each once.
        exclusions: Excludes that dropped something, with what they dropped.
        unused_excludes: Excludes that dropped nothing (a slip, most likely), as text.
    """

    points: tuple[DesignPoint, ...]
    collapsed: tuple[Collapse, ...]
    skipped: tuple[Skip, ...]
    exclusions: tuple[Exclusion, ...]
    unused_excludes: tuple[str, ...]

    @property
    def excluded(self) -> int:
        """Combinations dropped by an exclude."""
        return sum(item.count for item in self.exclusions)

    @property
    def collapsed_count(self) -> int:
        """Combinations that were duplicates."""
        return sum(item.count for item in self.collapsed)

    @property
    def skipped_count(self) -> int:
        """Combinations that were not legal."""
        return sum(item.count for item in self.skipped)

    @property
    def listed(self) -> int:
        """Combinations the design lists; every one is accounted for."""
        return len(self.points) + self.collapsed_count + self.skipped_count + self.excluded


def expand(space: DesignSpace) -> Expansion:
    """Return all distinct legal points of a design space.

    An exclude drops a combination that matches every axis it names, either with the values as
    written in the file or with those of the point it means. An axis that means nothing to a point
    (its cell is empty) matches no value.

    Raises:
        DesignError: No point is left.
    """
    account = Account(space)
    found: dict[DesignPoint, Tally] = {}
    for written in _combinations(space):
        point = account.enter(written)
        if point in found:
            found[point].add(written)
        elif point is not None:
            found[point] = Tally()
    skipped, exclusions = account.skipped(), account.exclusions()
    if not found:
        raise DesignError(nothing_left(space, skipped, exclusions))
    collapsed = (
        Collapse(point, tally.count, axis_words(tally.first))
        for point, tally in found.items()
        if tally.count
    )
    return Expansion(tuple(found), tuple(collapsed), skipped, exclusions, account.unused())


def iter_points(space: DesignSpace) -> Iterator[DesignPoint]:
    """Yield the points of :func:`expand`, in its order, one at a time.

    Memory does not grow with the space: a combination is known by rule to be the first of its
    point or not (see :mod:`pezoexplore.design.lattice.lattice`). A space without a legal point
    gives none.
    """
    lattice = lattice_of(space)
    for number, part in enumerate(lattice.parts):
        for indices in lattice.candidates(number):
            written = part.written(indices)
            try:
                point = resolve(**written)
            except IllegalPointError:
                continue
            if lattice.rules and any(matches(rule, written, point) for rule in lattice.rules):
                continue
            if lattice.is_canonical(number, indices, point):
                yield point


def _combinations(space: DesignSpace) -> Iterator[dict[str, Value]]:
    for part in space.parts():
        yield from part_combinations(part)


def part_combinations(part: SubSpace) -> Iterator[dict[str, Value]]:
    """Yield the cross product of a sub-space: values by named axis, later axes varying fastest."""
    named = part.named()
    for values in itertools.product(*named.values()):
        yield dict(zip(named, values, strict=True))
