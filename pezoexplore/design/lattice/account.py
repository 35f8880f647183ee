"""The account of combinations that a design lists but that are no points: skipped or excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pezoexplore.design.lattice.lattice import Value, matches
from pezoexplore.design.point import AXES, DEFAULTS, DesignPoint, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace, Entry


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


@dataclass
class Tally:
    """A number of combinations, and the first of them.

    Attributes:
        count: How many.
        where: Position of the first; empty where they come in order.
        first: The first, values by named axis.
    """

    count: int = 0
    where: tuple[object, ...] = ()
    first: Mapping[str, Value] = field(default_factory=dict)

    def add(
        self, written: Mapping[str, Value], count: int = 1, where: tuple[object, ...] = ()
    ) -> None:
        """Count combinations of which the first is given."""
        if not self.count or where < self.where:
            self.where, self.first = where, written
        self.count += count


@dataclass
class Account:
    """What became of the combinations of a space so far.

    Attributes:
        space: The design space.
    """

    space: DesignSpace
    _skipped: dict[str, Tally] = field(default_factory=dict)
    _excluded: dict[int, Tally] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read the excludes once."""
        self._rules = [rule.named() for rule in self.space.exclude]

    def enter(
        self, written: Mapping[str, Value], count: int = 1, where: tuple[object, ...] = ()
    ) -> DesignPoint | None:
        """Return the point of a combination; None if it is not legal or excluded.

        Args:
            written: The combination, values by named axis.
            count: For how many combinations it stands.
            where: Its position; empty where combinations come in order.
        """
        try:
            point, reason = resolve(**written), ""
        except IllegalPointError as error:
            point, reason = None, str(error)
        dropped_by = [i for i, rule in enumerate(self._rules) if matches(rule, written, point)]
        self._used.update(dropped_by)
        if dropped_by:
            self._excluded.setdefault(dropped_by[0], Tally()).add(written, count, where)
            return None
        if point is None:
            self._skipped.setdefault(reason, Tally()).add(written, count, where)
        return point

    def skipped(self) -> tuple[Skip, ...]:
        """Return the reasons to skip, in the order of their first combinations."""
        return tuple(
            Skip(reason, tally.count, axis_words(tally.first), DEFAULTS | dict(tally.first))
            for reason, tally in sorted(self._skipped.items(), key=lambda item: item[1].where)
        )

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Return the excludes that dropped something."""
        return tuple(
            Exclusion(rule_text(self.space.exclude[at]), tally.count, axis_words(tally.first))
            for at, tally in sorted(self._excluded.items())
        )

    def unused(self) -> tuple[str, ...]:
        """Return the excludes that dropped nothing, as text."""
        rules = enumerate(self.space.exclude)
        return tuple(rule_text(rule) for at, rule in rules if at not in self._used)


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


def nothing_left(
    space: DesignSpace, skipped: Sequence[Skip], exclusions: Sequence[Exclusion]
) -> str:
    """Explain in one line why a design has no legal point.

    Args:
        space: The design.
        skipped: Reasons for which combinations were skipped.
        exclusions: Excludes that dropped something.
    """
    if not space.parts():
        return f"design {space.name} lists no points: name an axis in space or add an include"
    reasons = [f"{skip.count} skipped ({skip.reason})" for skip in skipped]
    if exclusions:
        reasons.insert(0, f"{sum(item.count for item in exclusions)} excluded")
    more = f" and {len(reasons) - 3} more reasons" if len(reasons) > 3 else ""
    return f"design {space.name} has no legal point: {'; '.join(reasons[:3])}{more}"
