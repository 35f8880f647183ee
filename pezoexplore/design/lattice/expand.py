"""From a design space to its distinct, legal points, with an account of everything left out.

The combinations of ``space`` and of each include are taken in the order of the file (later axes of
the column order vary fastest). Each is either dropped by an exclude, skipped because its values are
not legal together, collapsed on to a point that is already there, or a new point.

:func:`expand` lists a space and remembers every point of it; :func:`iter_points` remembers none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pezoexplore.design.lattice.lattice import Value, lattice_of, matches
from pezoexplore.design.point import AXES, DEFAULTS, DesignPoint, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace, Entry, SubSpace
from pezoexplore.errors import DesignError


@dataclass(frozen=True)
class Skip:
    """Combinations that are not legal, for one reason.

    Attributes:
        reason: Why.
        count: How many combinations.
        example: The first of them, as ``axis=value`` words.
        axes: The first of them, as values by axis; None where the generator's default is meant.
    """

    reason: str
    count: int
    example: str
    axes: Mapping[str, Value]


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
class Exclusion:
    """Combinations that an exclude dropped.

    Attributes:
        rule: The exclude, as text.
        count: How many combinations; one that several excludes drop counts for the first.
        example: The first of them, as ``axis=value`` words.
    """

    rule: str
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


@dataclass
class _Tally:
    """How often something came up, and the first occasion."""

    first: Mapping[str, Value] = field(default_factory=dict)
    count: int = 0

    def add(self, written: Mapping[str, Value]) -> None:
        self.first = self.first if self.count else written
        self.count += 1

    @property
    def example(self) -> str:
        return axis_words(self.first)


@dataclass
class _Account:
    """The expansion in the making."""

    points: dict[DesignPoint, _Tally] = field(default_factory=dict)
    skipped: dict[str, _Tally] = field(default_factory=dict)
    excluded: dict[int, _Tally] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


def expand(space: DesignSpace) -> Expansion:
    """Return all distinct legal points of a design space.

    An exclude drops a combination that matches every axis it names, either with the values as
    written in the file or with those of the point it means. An axis that means nothing to a point
    (its cell is empty) matches no value.

    Raises:
        DesignError: No point is left.
    """
    account = _Account()
    excludes = [rule.named() for rule in space.exclude]
    for written in _combinations(space):
        _enter(account, written, excludes)
    if not account.points:
        skips = [(reason, tally.count) for reason, tally in account.skipped.items()]
        excluded = sum(tally.count for tally in account.excluded.values())
        raise DesignError(nothing_left(space, skips, excluded))
    return Expansion(
        points=tuple(account.points),
        collapsed=tuple(
            Collapse(point, tally.count, tally.example)
            for point, tally in account.points.items()
            if tally.count
        ),
        skipped=tuple(
            Skip(reason, tally.count, tally.example, DEFAULTS | dict(tally.first))
            for reason, tally in account.skipped.items()
        ),
        exclusions=tuple(
            Exclusion(rule_text(space.exclude[index]), tally.count, tally.example)
            for index, tally in sorted(account.excluded.items())
        ),
        unused_excludes=tuple(
            rule_text(rule) for index, rule in enumerate(space.exclude) if index not in account.used
        ),
    )


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


def _enter(
    account: _Account, written: dict[str, Value], excludes: Sequence[Mapping[str, Sequence[Value]]]
) -> None:
    try:
        point = resolve(**written)
        reason = ""
    except IllegalPointError as error:
        point, reason = None, str(error)
    dropped_by = [i for i, rule in enumerate(excludes) if matches(rule, written, point)]
    account.used.update(dropped_by)
    if dropped_by:
        account.excluded.setdefault(dropped_by[0], _Tally()).add(written)
    elif point is None:
        account.skipped.setdefault(reason, _Tally()).add(written)
    elif point in account.points:
        account.points[point].add(written)
    else:
        account.points[point] = _Tally()


def axis_words(written: Mapping[str, Value]) -> str:
    """Return a combination as ``axis=value`` words, axes it does not name with their default."""
    values = {axis: written.get(axis, DEFAULTS[axis]) for axis in AXES}
    return " ".join(f"{axis}={value}" for axis, value in values.items() if value is not None)


def rule_text(rule: Entry) -> str:
    """Return an exclude as ``axis=value,value`` words."""
    return " ".join(
        f"{axis}={','.join(str(value) for value in values)}"
        for axis, values in rule.named().items()
    )


def nothing_left(space: DesignSpace, skipped: Sequence[tuple[str, int]], excluded: int) -> str:
    """Explain in one line why a design has no legal point.

    Args:
        space: The design.
        skipped: Reasons to skip, each with its number of combinations.
        excluded: Combinations dropped by an exclude.
    """
    if not space.parts():
        return f"design {space.name} lists no points: name an axis in space or add an include"
    reasons = [f"{count} skipped ({reason})" for reason, count in skipped]
    if excluded:
        reasons.insert(0, f"{excluded} excluded")
    more = f" and {len(reasons) - 3} more reasons" if len(reasons) > 3 else ""
    return f"design {space.name} has no legal point: {'; '.join(reasons[:3])}{more}"
