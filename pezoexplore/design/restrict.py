"""Axis options on the whole design: the includes keep only what the given values allow.

The options replace their axes in ``space``. A combination of an include stays when it can be
written with the values given and still means the same design. So ``--lanes 8`` drops an include of
31 lanes, and keeps the software Gaussian, to which lanes mean nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pezoexplore.design.lattice.account import axis_words
from pezoexplore.design.lattice.expand import part_combinations
from pezoexplore.design.lattice.lattice import Value
from pezoexplore.design.point import DEFAULTS, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace, Entry

Values = Mapping[str, Sequence[Value]]
"""The values given, by axis."""


@dataclass(frozen=True)
class LeftOut:
    """Combinations of one include that the axis options leave out.

    Attributes:
        include: Which include of the file, counted from 0.
        count: How many combinations.
        example: The first of them, as ``axis=value`` words.
    """

    include: int
    count: int
    example: str


def restrict(space: DesignSpace, values: Values) -> tuple[DesignSpace, tuple[LeftOut, ...]]:
    """Return the design with only those combinations of its includes that the values allow.

    Args:
        space: The design; its ``space`` stays as it is.
        values: Values allowed by axis; axes not named allow all.

    Returns:
        The design, and what was left out.
    """
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for index, entry in enumerate(space.include):
        every = list(part_combinations(entry))
        kept = [written for written in every if _allowed(written, values)]
        if len(kept) == len(every):
            entries.append(entry)
            continue
        entries += _entries(kept)
        dropped = [written for written in every if not _allowed(written, values)]
        left_out.append(LeftOut(index, len(dropped), axis_words(dropped[0])))
    return space.model_copy(update={"include": tuple(entries)}), tuple(left_out)


def _allowed(written: Mapping[str, Value], values: Values) -> bool:
    """Return whether a combination means the same design when written with the values given."""
    return all(_allowed_by(written, axis, values[axis]) for axis in values)


def _allowed_by(written: Mapping[str, Value], axis: str, values: Sequence[Value]) -> bool:
    if written.get(axis, DEFAULTS[axis]) in values:
        return True
    try:
        point = resolve(**written)
    except IllegalPointError:
        return False
    for value in values:
        try:
            if resolve(**{**written, axis: value}) == point:
                return True
        except IllegalPointError:
            continue
    return False


def _entries(kept: Sequence[Mapping[str, Value]]) -> list[Entry]:
    """Return includes of these combinations: one for a cross product, else one each."""
    if not kept:
        return []
    axes = {axis: tuple(dict.fromkeys(item[axis] for item in kept)) for axis in kept[0]}
    product = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    if product == list(kept):
        return [Entry.model_validate(axes)]
    return [Entry.model_validate(item) for item in kept]
