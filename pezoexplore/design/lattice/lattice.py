"""The combinations of a design space as a grid, and which of them is canonical for its point.

Several combinations may mean one point, in one sub-space and across sub-spaces. The first of them
that no exclude drops, in the order of the file, is the point's *canonical combination*. Whether a
combination is canonical is decided by rule and not from memory, so nothing is remembered however
large a space is: an axis is either kept as written or blanked, and which of the two depends on the
kind of point alone (:func:`_kind_of`); so the combinations of a sub-space that mean a point are a
cross product of values axis by axis, and its first member is found axis by axis.

The specification is :func:`pezoexplore.design.lattice.expand.expand`, a plain ``itertools.product``
that remembers every point; tests compare the two.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from pezoexplore.design.point import (
    AXES,
    DEFAULTS,
    DesignPoint,
    IllegalPointError,
)
from pezoexplore.design.space import DesignSpace, SubSpace
from pezoexplore.design.training_axes import FLOAT_AXES, TRAINING_AXES, draws_numbers
from pezoexplore.streams.generators.registry import family
from pezoexplore.streams.reuse import OWN_AXES, RULES

Value = str | int | float | None

Indices = tuple[int, ...]
"""A combination of a sub-space: for each of ``AXES`` the index of its value."""

STRUCTURE = ("rng", "reuse", "estimator", "weight_bits")
"""Axes that decide which of the others mean something."""

_T = TypeVar("_T")

_Kind = tuple[str | None, ...]

_NUMBER = "a number"
"""Stands for any number in a kind; no axis has this word as a value."""


@dataclass(frozen=True, eq=False)
class Part:
    """A sub-space as a grid; make it with :func:`part_of`.

    Attributes:
        values: The values of each of ``AXES``; of an axis that is not named its default.
        named: Names of the axes that are named, in the order of the columns.
        first: For each axis, by value, the index where it is first listed.
        sorts: For each axis the index of the first value of each sort (number, None, each word).
    """

    values: tuple[tuple[Value, ...], ...]
    named: tuple[str, ...]
    first: tuple[dict[Value, int], ...]
    sorts: tuple[dict[str | None, int], ...]
    _offsets: dict[tuple[_Kind, bool], tuple[float, ...]] = field(default_factory=dict)
    _kept: dict[tuple[_Kind, int], bool] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Combinations there are."""
        return math.prod(len(values) for values in self.values)

    def combination(self, index: int) -> Indices:
        """Return the combination with an index; the last axis varies fastest."""
        positions = []
        for values in reversed(self.values):
            index, at = divmod(index, len(values))
            positions.append(at)
        return tuple(reversed(positions))

    def written(self, indices: Indices) -> dict[str, Value]:
        """Return the values of a combination by named axis."""
        return {
            axis: values[at]
            for axis, values, at in zip(AXES, self.values, indices, strict=True)
            if axis in self.named
        }

    def blank_offsets(self, point: DesignPoint) -> tuple[float, ...]:
        """Return for each axis the index of its first foreign value that still means the point.

        Infinity where there is none: the axis is kept as written.
        """
        kind = _kind_of(point)
        key = (kind, point.state_bits == point.bit_width)
        if key not in self._offsets:
            self._offsets[key] = tuple(
                min((at for at in sorts.values() if _blanks(point, axis, values[at])),
                    default=math.inf)
                for axis, values, sorts in zip(AXES, self.values, self.sorts, strict=True)
            )  # fmt: skip
        return self._offsets[key]

    def keeps(self, point: DesignPoint, axis: int) -> bool:
        """Return whether a point keeps the numbers of an axis: another number, another point."""
        own = getattr(point, AXES[axis])
        if own is None or isinstance(own, str):
            return False
        key = (_kind_of(point), axis)
        if key not in self._kept:
            self._kept[key] = not _blanks(point, AXES[axis], math.nan)
        return self._kept[key]

    def first_of(self, point: DesignPoint) -> Indices | None:
        """Return the first combination that means a point, excluded or not; None without one."""
        offsets = self.blank_offsets(point)
        indices = []
        for first, offset, axis in zip(self.first, offsets, AXES, strict=True):
            value = getattr(point, axis)
            at = first.get(value, math.inf)
            at = min(at, offset)
            if at == math.inf:
                return None
            indices.append(at)
        return cast(Indices, tuple(indices))

    def choices_of(self, point: DesignPoint) -> list[list[int]]:
        """Return for each axis the positions of all values that may mean a point, ascending."""
        own = vars(point)
        return [
            [
                at
                for at, value in enumerate(values)
                if value == own[axis] or _blanks(point, axis, value)
            ]
            for axis, values in zip(AXES, self.values, strict=True)
        ]


def part_of(part: SubSpace) -> Part:
    """Return the grid of a sub-space."""
    named = part.named()
    values = tuple(named.get(axis, (DEFAULTS[axis],)) for axis in AXES)
    first = tuple(_first_places(listed) for listed in values)
    sorts = tuple(_first_places([_sort_of(value) for value in listed]) for listed in values)
    return Part(values, tuple(named), first, sorts)


@dataclass(frozen=True, eq=False)
class Lattice:
    """A design space as grids; make it with :func:`lattice_of`.

    Attributes:
        parts: The sub-spaces that make up the design.
        rules: Its excludes, values by named axis.
    """

    parts: tuple[Part, ...]
    rules: tuple[Mapping[str, Sequence[Value]], ...]

    @property
    def ruled(self) -> frozenset[str]:
        """Axes that an exclude names."""
        return frozenset(axis for rule in self.rules for axis in rule)

    @property
    def size(self) -> int:
        """Combinations there are."""
        return sum(part.size for part in self.parts)

    def locate(self, index: int) -> tuple[int, Indices]:
        """Return sub-space and indices of the combination with a running number."""
        for number, part in enumerate(self.parts):
            if index < part.size:
                return number, part.combination(index)
            index -= part.size
        raise IndexError(f"no combination {index}")

    def irrelevant(self, values: Mapping[str, Value]) -> frozenset[int]:
        """Return indices in ``AXES`` of those without effect at these values of ``STRUCTURE``.

        Axes that an exclude names are none of them.
        """
        return frozenset(AXES.index(axis) for axis in _irrelevant_axes(values) - self.ruled)

    def candidates(self, number: int) -> Iterator[Indices]:
        """Yield combinations of a sub-space in the order of the file.

        Those are left out that differ from an earlier one in an irrelevant axis only.
        """
        part = self.parts[number]
        at = [AXES.index(axis) for axis in STRUCTURE]
        pinned: dict[Indices, tuple[int, ...]] = {}
        for chosen in itertools.product(*(range(len(part.values[axis])) for axis in at)):
            values = {name: part.values[axis][i] for name, axis, i in zip(STRUCTURE, at, chosen,
                                                                          strict=True)}  # fmt: skip
            unused = self.irrelevant(values)
            pinned[chosen] = tuple(axis for axis in sorted(unused) if len(part.values[axis]) > 1)
        choose = operator.itemgetter(*at)
        for indices in itertools.product(*(range(len(values)) for values in part.values)):
            if not any(indices[axis] for axis in pinned[choose(indices)]):
                yield indices

    def is_canonical(self, number: int, indices: Indices, point: DesignPoint) -> bool:
        """Return whether a combination that no exclude drops is the canonical one of its point."""
        if self.canonical(number, point) != indices:
            return False
        return all(self.canonical(earlier, point) is None for earlier in range(number))

    def canonical(self, number: int, point: DesignPoint) -> Indices | None:
        """Return the first combination of one sub-space for a point that no exclude drops."""
        part = self.parts[number]
        first = part.first_of(point)
        if first is None or not self.rules:
            return first
        written = [rule for rule in self.rules if rule.keys() <= set(part.named)]
        living = [rule for rule in written if not _blank_axes(rule, point)]
        if any(matches(rule, {}, point) for rule in self.rules):
            return None
        if not any(matches(rule, part.written(first), point) for rule in living):
            return first
        return _first_outside(part, part.choices_of(point), living)


def lattice_of(space: DesignSpace) -> Lattice:
    """Return the grids of a design space."""
    parts = tuple(part_of(part) for part in space.parts())
    return Lattice(parts, tuple(rule.named() for rule in space.exclude))


def matches(
    rule: Mapping[str, Sequence[Value]], written: Mapping[str, Value], point: DesignPoint | None
) -> bool:
    """Return whether an exclude drops a combination.

    It does when every axis it names has one of its values, either as written or in the point that
    is meant. An axis that means nothing to the point matches no value.

    Args:
        rule: Values by axis.
        written: The combination, values by named axis.
        point: The point it means; None for a combination that is not legal.
    """
    as_written = all(axis in written and written[axis] in rule[axis] for axis in rule)
    if point is None or _blank_axes(rule, point):
        return point is None and as_written
    return as_written or all(getattr(point, axis) in rule[axis] for axis in rule)


def _irrelevant_axes(values: Mapping[str, Value]) -> set[str]:
    """Return axes that, with these values of ``STRUCTURE``, neither mean nor forbid anything.

    An axis that is missing here costs time only.
    """
    idle = set()
    if values["weight_bits"] is None:
        idle = {"rounding", "update_rounding"}
    if not draws_numbers(str(values["estimator"])):
        return idle | set(AXES) - set(TRAINING_AXES) - set(STRUCTURE)
    idle |= OWN_AXES - RULES[str(values["reuse"])].axes
    return idle | {"leap", "state_bits"} - set(family(str(values["rng"])).chooses)


def _blank_axes(rule: Mapping[str, Sequence[Value]], point: DesignPoint) -> bool:
    """Return whether an axis that a rule names means nothing to a point; bits None are float."""
    return any(getattr(point, axis) is None and axis not in FLOAT_AXES for axis in rule)


def _first_outside(
    part: Part, choices: Sequence[Sequence[int]], rules: Sequence[Mapping[str, Sequence[Value]]]
) -> Indices | None:
    """Return the first member of a cross product of positions that matches no rule as written."""
    dead: set[tuple[int, frozenset[int]]] = set()

    def search(axis: int, active: frozenset[int]) -> Indices | None:
        if axis == len(AXES):
            return None if active else ()
        if (axis, active) in dead:
            return None
        for at in choices[axis]:
            value = part.values[axis][at]
            left = frozenset(
                index
                for index in active
                if AXES[axis] not in rules[index] or value in rules[index][AXES[axis]]
            )
            rest = search(axis + 1, left)
            if rest is not None:
                return (at, *rest)
        dead.add((axis, active))
        return None

    return search(0, frozenset(range(len(rules))))


def _blanks(point: DesignPoint, axis: str, value: Value) -> bool:
    """Return whether writing a value that is not the point's own still means the point.

    The numbers of an axis are alike in this: the answer for one serves for all.
    """
    own = getattr(point, axis)
    if value == own:
        return False
    if own is not None and not isinstance(own, str) and not isinstance(value, str | None):
        value = 1 if math.isinf(own) else own + 1  # any number that is not its own
    try:
        return point.moved(**{axis: value}) == point
    except IllegalPointError:
        return False


def _kind_of(point: DesignPoint) -> _Kind:
    """Return what decides which axes are blanked: the words of a point, and its empty axes."""
    return tuple(
        value if value is None or isinstance(value, str) else _NUMBER
        for value in vars(point).values()
    )


def _sort_of(value: Value) -> str | None:
    return value if value is None or isinstance(value, str) else _NUMBER


def _first_places(values: Sequence[_T]) -> dict[_T, int]:
    positions: dict[_T, int] = {}
    for at, value in enumerate(values):
        positions.setdefault(value, at)
    return positions
