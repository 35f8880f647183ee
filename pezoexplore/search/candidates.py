"""The points a search chooses from, as parameters of an Optuna study and as numbers to learn from.

A space that is small enough is listed. Of a larger one a random sample is taken, with all points of
its small sub-spaces, and the neighbours of what turns out well are added during the search.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from optuna.distributions import CategoricalDistribution

from pezoexplore.design.lattice.counting import count, sample
from pezoexplore.design.lattice.expand import expand, iter_points
from pezoexplore.design.lattice.lattice import Lattice, lattice_of
from pezoexplore.design.point import AXES, DEFAULTS, DesignPoint, IllegalPointError
from pezoexplore.design.space import DesignSpace, SubSpace

MAX_LISTED = 20_000
"""Points up to which a space is listed; of a larger one this many are drawn."""

MAX_SPANS = 2_000
"""Points up to which a model learns from their spans, some milliseconds each."""

Params = dict[str, Any]
"""Values by axis, as :meth:`DesignPoint.axes` writes them."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Points to choose from; make them with :func:`candidates_of`.

    Attributes:
        points: Distinct legal points.
        choices: Values of every axis that varies, in a fixed order: numbers, words, None.
        lattice: The space, where it is not listed as a whole; else None.
        span: Returns the dimensions that the updates of a point reach; None if not known.
    """

    points: tuple[DesignPoint, ...]
    choices: Mapping[str, tuple[Any, ...]]
    lattice: Lattice | None = None
    span: Callable[[DesignPoint], int] | None = None

    @cached_property
    def distributions(self) -> dict[str, CategoricalDistribution]:
        """The study's parameters."""
        return {axis: CategoricalDistribution(values) for axis, values in self.choices.items()}

    @cached_property
    def index(self) -> dict[DesignPoint, int]:
        """Index of each point."""
        return {point: at for at, point in enumerate(self.points)}

    @cached_property
    def _by_params(self) -> dict[tuple[Any, ...], int]:
        return {tuple(self.params(point).values()): at for at, point in enumerate(self.points)}

    @cached_property
    def same_circuit(self) -> tuple[Sequence[int], ...]:
        """Indices of the points with the circuit of each point, its own among them."""
        circuits = [point.circuit() for point in self.points]
        groups: dict[DesignPoint, list[int]] = {}
        for at, circuit in enumerate(circuits):
            groups.setdefault(circuit, []).append(at)
        return tuple(groups[circuit] for circuit in circuits)

    def params(self, point: DesignPoint) -> Params:
        """Return parameters of a point: its values on the axes that vary."""
        axes = point.axes()
        return {axis: axes[axis] for axis in self.choices}

    def place(self, params: Mapping[str, Any]) -> int | None:
        """Return the index of the point with these parameters; None if it is none of these."""
        return self._by_params.get(tuple(params[axis] for axis in self.choices))

    @cached_property
    def _codes(self) -> npt.NDArray[np.int64]:
        """Index of each point's value among the choices of each axis, int64 [n, axes]."""
        rows = [self._encode(self.params(point)) for point in self.points]
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(self.choices))

    def _encode(self, params: Mapping[str, Any]) -> list[int]:
        return [_position(values, params[axis]) for axis, values in self.choices.items()]

    def decode(self, unit: npt.NDArray[np.float64]) -> Params:
        """Return parameters at a point of the unit cube, float64 [axes]: each axis cut evenly."""
        return {
            axis: values[min(int(share * len(values)), len(values) - 1)]
            for (axis, values), share in zip(self.choices.items(), unit, strict=True)
        }

    def nearest(
        self, params: Mapping[str, Any], taken: Collection[int], draw: np.random.Generator
    ) -> int:
        """Return the index of the nearest point that is not taken; ties are drawn.

        Numbers are apart by their ranks, words and empty cells by one axis.

        Raises:
            ValueError: Every point is taken.
        """
        free = np.ones(len(self.points), dtype=bool)
        free[list(taken)] = False
        if not free.any():
            raise ValueError("every point is taken")
        distance = self._distance(params)
        distance[~free] = np.inf
        ties = np.flatnonzero(distance <= distance.min() + 1e-9)
        return int(draw.choice(ties))

    def _distance(self, params: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        total = np.zeros(len(self.points))
        target = self._encode(params)
        for at, values in enumerate(self.choices.values()):
            codes = self._codes[:, at]
            numbers = np.array([_is_number(value) for value in values])
            ranks = np.abs(codes - target[at]) / max(1, int(numbers.sum()) - 1)
            comparable = numbers[codes] & numbers[target[at]]
            total += np.where(comparable, ranks, codes != target[at])
        return total

    @cached_property
    def features(self) -> npt.NDArray[np.float64]:
        """Inputs of a model, float64 [n, features].

        An axis of numbers gives log2 of the number (empty: -1; infinity: two above the largest),
        an axis of words one indicator a word. log2 of the span, which decides how well a design
        trains (docs/scale.md), is another where points are few enough to work it out.
        """
        columns = []
        for at, values in enumerate(self.choices.values()):
            codes = self._codes[:, at]
            if any(isinstance(value, str) and value != "inf" for value in values):
                columns += [(codes == code).astype(np.float64) for code in range(len(values))]
            else:
                columns.append(_levels(values)[codes])
        if self.span is not None and len(self.points) <= MAX_SPANS:
            columns.append(np.log2([max(1, self.span(point)) for point in self.points]))
        return np.column_stack(columns) if columns else np.zeros((len(self.points), 1))

    def around(
        self, centres: Iterable[DesignPoint], others: Iterable[DesignPoint] = ()
    ) -> Candidates:
        """Return these points and, of a space not listed as a whole, some more.

        Args:
            centres: Points whose neighbours are added: those that differ in one axis as written.
            others: Points that are added themselves.
        """
        if self.lattice is None:
            return self
        known = dict.fromkeys(self.points)
        known |= dict.fromkeys(point for point in others if self.holds(point))
        for centre in centres:
            for point in _neighbours(centre, self.choices):
                if point not in known and self.holds(point):
                    known[point] = None
        return Candidates(tuple(known), self.choices, self.lattice)

    def holds(self, point: DesignPoint) -> bool:
        """Return whether a point is one of the space that the study has parameters for."""
        if self.lattice is None:
            return point in self.index
        axes, lattice = point.axes(), self.lattice
        if any(axes[axis] not in values for axis, values in self.choices.items()):
            return False
        return any(lattice.canonical(at, point) is not None for at in range(len(lattice.parts)))


def candidates_of(space: DesignSpace, seed: int = 0, limit: int = MAX_LISTED) -> Candidates:
    """Return the points of a space to search, all of them or a sample.

    Args:
        space: The design space.
        seed: Seed of the sample.
        limit: Points up to which a space is listed.

    Raises:
        DesignError: The space has no legal point.
    """
    if sum(part.combinations for part in space.parts()) <= limit:
        points = expand(space).points
        return Candidates(points, _choices(points))
    if count(space).points <= limit:
        points = tuple(iter_points(space)) or expand(space).points
        return Candidates(points, _choices(points))
    small = [part for part in space.include if part.combinations <= limit // 10]
    chosen = dict.fromkeys(sample(space, limit, seed))
    if small:
        corner = space.model_copy(update={"space": SubSpace(), "include": tuple(small)})
        chosen |= dict.fromkeys(iter_points(corner))
    points = tuple(chosen)
    return Candidates(points, _choices(points), lattice_of(space))


def _choices(points: Sequence[DesignPoint]) -> dict[str, tuple[Any, ...]]:
    """Return values of the axes that vary over points; if none does, of the first axis."""
    listed: dict[str, dict[Any, None]] = {axis: {} for axis in AXES}
    for point in points:
        for axis, value in point.axes().items():
            listed[axis].setdefault(value)
    varying = {axis: values for axis, values in listed.items() if len(values) > 1}
    varying = varying or {AXES[0]: listed[AXES[0]]}
    return {axis: tuple(sorted(values, key=_order)) for axis, values in varying.items()}


def _order(value: object) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if _is_number(value):
        return (1, float(str(value)), "")
    return (2, 0.0, str(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or value == "inf"


def _position(values: Sequence[Any], value: object) -> int:
    return values.index(value)


def _levels(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    finite = [float(value) for value in values if value is not None and value != "inf"]
    top = np.log2(max(finite, default=1.0)) + 2.0
    return np.array(
        [-1.0 if v is None else top if v == "inf" else np.log2(max(float(v), 0.5)) for v in values]
    )


def _neighbours(centre: DesignPoint, choices: Mapping[str, Sequence[Any]]) -> Iterable[DesignPoint]:
    for axis, values in choices.items():
        for value in values:
            if value is None and DEFAULTS[axis] is not None:
                continue  # the empty cell of points for which the axis means nothing
            try:
                point = centre.moved(**{axis: value})
            except IllegalPointError:
                continue
            if point != centre:
                yield point
