"""How many points a design space holds, and a random sample of them, without listing them.

Whether a combination is legal depends on a few axes, and a generator, reuse strategy or estimator
leaves others without meaning. So only the combinations of the axes that matter are looked at; the
others, and those no value of which is ever refused, multiply.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pezoexplore.design.lattice.account import Account, Exclusion, Skip, nothing_left
from pezoexplore.design.lattice.expand import iter_points
from pezoexplore.design.lattice.lattice import (
    STRUCTURE,
    Indices,
    Lattice,
    Part,
    Value,
    lattice_of,
    matches,
)
from pezoexplore.design.point import AXES, DesignPoint, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.splitmix import GOLDEN, mix64


@dataclass(frozen=True)
class Counts:
    """Contents of a design space, as numbers.

    Attributes:
        listed: Combinations the design lists: the sum of the others.
        points: Distinct legal points.
        collapsed: Combinations that mean a point another combination means.
        skipped: Reasons for which combinations were skipped, each once.
        exclusions: Excludes that dropped something, with what they dropped.
        unused_excludes: Excludes that dropped nothing, as text.
    """

    listed: int
    points: int
    collapsed: int
    skipped: tuple[Skip, ...]
    exclusions: tuple[Exclusion, ...]
    unused_excludes: tuple[str, ...]


def count(space: DesignSpace) -> Counts:
    """Count what :func:`pezoexplore.design.lattice.expand.expand` lists, without its lists.

    A space without a legal point has none; that is no error here.
    """
    lattice, account, points = lattice_of(space), Account(space), 0
    for number, part in enumerate(lattice.parts):
        for free_axes, indices in _cores(part, lattice):
            size = math.prod(len(part.values[axis]) for axis in free_axes)
            point = account.enter(part.written(indices), size, (number, indices))
            if point is not None:
                points += _new_points(lattice, number, indices, point, free_axes)
    skipped, exclusions = account.skipped(), account.exclusions()
    dropped = sum(skip.count for skip in skipped) + sum(item.count for item in exclusions)
    collapsed = lattice.size - points - dropped
    return Counts(lattice.size, points, collapsed, skipped, exclusions, account.unused())


@dataclass(frozen=True)
class Selection:
    """The points of a design that are to be run; make it with :func:`select`.

    Attributes:
        space: The design.
        counts: Its contents.
        drawn: A sample of its points; None for all of them.
    """

    space: DesignSpace
    counts: Counts
    drawn: tuple[DesignPoint, ...] | None

    def __len__(self) -> int:
        """Return the number of points."""
        return self.counts.points if self.drawn is None else len(self.drawn)

    def __iter__(self) -> Iterator[DesignPoint]:
        """Yield the points in the order of the design, made one at a time."""
        return iter_points(self.space) if self.drawn is None else iter(self.drawn)


def select(space: DesignSpace, number: int | None = None, seed: int = 0) -> Selection:
    """Return the points of a design, all of them or a sample.

    Args:
        space: The design.
        number: Size of the sample; None for all points.
        seed: Seed of the sample.

    Raises:
        DesignError: The design has no legal point.
    """
    counts = count(space)
    if not counts.points:
        raise DesignError(nothing_left(space, counts.skipped, counts.exclusions))
    drawn = None if number is None else tuple(sample(space, number, seed))
    return Selection(space, counts, drawn)


def sample(space: DesignSpace, number: int, seed: int = 0) -> list[DesignPoint]:
    """Return distinct points of a design space, each set of them equally likely.

    Combinations are drawn in a random order, and a canonical one gives its point; so time and
    memory grow with the sample, not with the space.

    Args:
        space: The design space.
        number: How many points; all there are if they are fewer.
        seed: Seed of the draw.

    Returns:
        The points, in the order of :func:`pezoexplore.design.lattice.expand.iter_points`.
    """
    lattice = lattice_of(space)
    found: dict[int, DesignPoint] = {}
    for index in _shuffled(lattice.size, seed):
        if len(found) >= number:
            break
        point = _canonical_point(lattice, index)
        if point is not None:
            found[index] = point
    return [found[index] for index in sorted(found)]


def _canonical_point(lattice: Lattice, index: int) -> DesignPoint | None:
    """Return the point that a combination is canonical for; None if it is not."""
    number, indices = lattice.locate(index)
    written = lattice.parts[number].written(indices)
    try:
        point = resolve(**written)
    except IllegalPointError:
        return None
    if any(matches(rule, written, point) for rule in lattice.rules):
        return None
    return point if lattice.is_canonical(number, indices, point) else None


def _shuffled(size: int, seed: int) -> Iterator[int]:
    """Yield the numbers below `size`, each once, in an order that depends on the seed alone.

    A Feistel network over the next power of four permutes without a table; an index outside is
    permuted again (Black and Rogaway, CT-RSA 2002). Round function: SplitMix64's finaliser.
    """
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    keys = [mix64(seed * GOLDEN + turn + 1) for turn in range(8)]
    for index in range(size):
        at = index
        while True:
            left, right = at >> half, at & mask
            for key in keys:
                left, right = right, left ^ (mix64(right + key) & mask)
            at = left << half | right
            if at < size:
                break
        yield at


def _never_refused(values: Mapping[str, Value]) -> frozenset[str]:
    """Return the axes no value of which is illegal with these values of ``STRUCTURE``."""
    return frozenset({"reuse_period"} | ({"queries"} if values["weight_bits"] is None else set()))


def _cores(part: Part, lattice: Lattice) -> Iterator[tuple[frozenset[int], Indices]]:
    """Yield the combinations of the axes that matter, free axes at their first value.

    Yields:
        The free axes (indices in ``AXES``) and a combination, for each.
    """
    at = [AXES.index(axis) for axis in STRUCTURE]
    for chosen in itertools.product(*(range(len(part.values[axis])) for axis in at)):
        values = {
            name: part.values[axis][index]
            for name, axis, index in zip(STRUCTURE, at, chosen, strict=True)
        }
        fixed = dict(zip(at, chosen, strict=True))
        free = _never_refused(values) - lattice.ruled
        free_axes = lattice.irrelevant(values) | {AXES.index(axis) for axis in free}
        spread = (
            (0,) if axis in free_axes else (fixed[axis],) if axis in fixed else range(len(listed))
            for axis, listed in enumerate(part.values)
        )
        yield from ((free_axes, indices) for indices in itertools.product(*spread))


def _new_points(
    lattice: Lattice, number: int, indices: Indices, point: DesignPoint, free_axes: frozenset[int]
) -> int:
    """Count points that a combination, or one that differs in free axes, is canonical for."""
    part = lattice.parts[number]
    kept = sorted(axis for axis in free_axes if part.keeps(point, axis))
    canonical = _with_own(lattice, number, point, kept)
    if canonical is None or any(
        mine != indices[axis] for axis, mine in enumerate(canonical) if axis not in free_axes
    ):
        return 0
    earlier = [
        lattice.parts[before]
        for before in range(number)
        if _with_own(lattice, before, point, kept) is not None
    ]
    return _uncovered(
        [list(part.first[axis]) for axis in kept],
        [[other.first[axis] for axis in kept] for other in earlier],
    )


def _with_own(
    lattice: Lattice, number: int, point: DesignPoint, free: Sequence[int]
) -> Indices | None:
    """Return the canonical combination in one sub-space, whatever some kept axes hold."""
    part = lattice.parts[number]
    values = {AXES[axis]: part.values[axis][0] for axis in free}
    if not values:
        return lattice.canonical(number, point)
    moved = DesignPoint(**{**vars(point), **values})
    return lattice.canonical(number, moved)


def _uncovered(
    values: Sequence[Sequence[Value]], boxes: Sequence[Sequence[Collection[Value]]]
) -> int:
    """Count the members of a cross product that lie in none of some boxes.

    Args:
        values: Values by axis.
        boxes: For each box a container of values by axis.
    """
    if not boxes:
        return math.prod(len(listed) for listed in values)
    if not values:
        return 0
    head, *rest = values
    known: dict[tuple[int, ...], int] = {}
    total = 0
    for value in head:
        inside = tuple(i for i, box in enumerate(boxes) if value in box[0])
        if inside not in known:
            known[inside] = _uncovered(rest, [boxes[i][1:] for i in inside])
        total += known[inside]
    return total
