"""The DesignPoint: one perturbation design, frozen, read by everything.

Software stream, training, testbench, synthesis and CSV all take the same object, so nothing
translates a design twice. :func:`resolve` turns raw axis values into a point in canonical form
(axes that do not matter are blank, so equal designs are equal objects) or says why they are not
legal together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from pezoexplore.design.training_axes import (
    FLOAT,
    FLOAT_AXES,
    OPTIONAL_DEFAULTS,
    TRAINING_DEFAULTS,
    Value,
    axis_value,
    draws_numbers,
    integer_value,
    layers_value,
    training_values,
    training_words,
    without_defaults,
)
from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.family import Family
from pezoexplore.streams.generators.own_family import require_same
from pezoexplore.streams.generators.registry import NO_RNG, family
from pezoexplore.streams.reuse import MAX_POOL_BITS, RULES, Reuse, prime_from

__all__ = ["AXES", "DEFAULTS", "MAX_POOL_BITS", "DesignPoint", "IllegalPointError", "resolve"]

REUSES = tuple(RULES)
TAPS = ("shifted", "xor", "shared", "sparse")
SCALINGS = ("none", "constant", "pow2")


@dataclass(frozen=True)
class DesignPoint:
    """One perturbation design in canonical form; make it with :func:`resolve`.

    Attributes:
        rng: Name of the generator family; ``none`` for an estimator that draws no numbers.
        reuse: Reuse strategy, one of ``REUSES``.
        pool_size: Least words of a pool, which has whole rows and a prime number of them; None for
            the other strategies.
        reuse_period: Steps served before a refill or reseed; ``math.inf`` for never.
        bit_width: Signed output bits per number; None for the software Gaussian.
        state_bits: Bits of one generator's state; None for the software Gaussian.
        lanes: Numbers per beat.
        leap: State updates per clock (lfsr); None for the other generators.
        taps: How the lanes of a phased stream are wired; None for the other strategies.
        scaling: ``none``, ``constant`` or ``pow2``.
        estimator: How a step estimates the gradient, one of ``ESTIMATORS``.
        queries: Directions per step, of ``cocd`` coordinates; None for the estimators without.
        weight_bits: Bits of an integer weight; None for float weights.
        activation_bits: Bits of an integer activation; None for float activations.
        rounding: How integers are rounded; None for float weights.
        update_rounding: One rounding of z for probe and update, or (QuZO) two; None for floats.
        step_size: Whether one second moment scales the learning rate, one of ``STEP_SIZES``.
        momentum_replay: Earlier directions that an update replays for its momentum.
        rank: Outer products that make up the direction of a matrix, one of ``RANKS``.
        scope: Weights that directions move: ``all``, ``last:N`` (all but N layers), ``sparse:S``.
        layers: With ``rank``, shapes of the task's tensors such as ``32x64,32``, if known; no axis.
    """

    rng: str
    reuse: str
    pool_size: int | None
    reuse_period: float
    bit_width: int | None
    state_bits: int | None
    lanes: int
    leap: int | None
    taps: str | None
    scaling: str
    estimator: str = "rge"
    queries: int | None = 1
    weight_bits: int | None = None
    activation_bits: int | None = None
    rounding: str | None = None
    update_rounding: str | None = None
    step_size: str = "plain"
    momentum_replay: int = 0
    rank: str = "full"
    scope: str = "all"
    layers: str | None = None

    @property
    def family(self) -> Family:
        """All that is known of the generator."""
        return family(self.rng)

    def __getstate__(self) -> dict[str, Any]:
        """Return the axes, and for a generator of the user's where another process finds it."""
        made = self.family
        return vars(self) | ({"_origin": (made.folder, made.sha256)} if made.folder else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the axes; a generator of the user's must be the same here."""
        folder, digest = state.pop("_origin", (None, ""))
        self.__dict__.update(state)
        if folder is not None:
            require_same(self.rng, folder, digest)

    @property
    def reseeds(self) -> bool:
        """Whether the pool is refilled or the generators are reseeded every so often."""
        return math.isfinite(self.reuse_period)

    @property
    def rules(self) -> Reuse:
        """Rules of the reuse strategy."""
        return RULES[self.reuse]

    @property
    def pooled(self) -> bool:
        """Whether words are stored and read again."""
        return self.rules.pooled

    @property
    def has_memory(self) -> bool:
        """Whether the hardware has a memory: for a pool's rows, or a table of scale exponents."""
        return self.pooled or self.scaling == "pow2"

    @property
    def in_hardware(self) -> bool:
        """Whether the point has RTL; the software Gaussian and the point without numbers do not."""
        return self.family.in_hardware

    @property
    def draws(self) -> bool:
        """Whether training draws any random directions or masks."""
        return self.family.draws

    @property
    def fixed_point(self) -> bool:
        """Whether training is in integers."""
        return self.weight_bits is not None

    @property
    def outer_products(self) -> int | None:
        """Outer products that make up the direction of a matrix; None: each weight has a word."""
        return None if self.rank == "full" else int(self.rank)

    @property
    def streams(self) -> int:
        """Streams of words that are multiplied and added up; 1 where the numbers are words."""
        return (self.outer_products or 1) if self.layers else 1

    @property
    def bits(self) -> int:
        """Output bits per number of a hardware point; a sum of words has more than its words."""
        assert self.bit_width is not None, "the software Gaussian has no bit width"
        return self.bit_width + self.streams.bit_length() - 1

    @property
    def load_bits(self) -> int:
        """Bits of what the host loads at a time: a word for each of the streams."""
        return self.streams * (self.state_bits or 0)

    @property
    def rows(self) -> int:
        """Rows of a pool: 1, or more than 1 raised to the next prime; ceil(pool_size / lanes) do.

        With R prime, steps of B beats start at all rows unless R divides B.
        """
        assert self.pool_size is not None, "only a pool has rows"
        enough = -(-self.pool_size // self.lanes)
        return 1 if enough == 1 else prime_from(enough)

    @property
    def group(self) -> int:
        """Lanes that one generator serves: neighbours share the bits that it makes a clock."""
        if not self.rules.fresh or not self.in_hardware:
            return 1
        return min(self.lanes, self.family.served(self))

    @property
    def in_shift_registers(self) -> bool:
        """Whether the state lies in shift registers, which are not read or loaded at once."""
        return bool(self.family.stream) and self.rules.fresh

    @property
    def generators(self) -> int:
        """Generators of a point with reuse none: ceil(lanes / group)."""
        return -(-self.lanes // self.group)

    def to_json(self) -> dict[str, str | int | float | None]:
        """Return :meth:`axes` but optional ones at their defaults, and ``layers`` where known."""
        return without_defaults(self.axes()) | ({"layers": self.layers} if self.layers else {})

    def axes(self) -> dict[str, str | int | float | None]:
        """Return all axes as JSON can hold them, in the order of the columns.

        ``inf`` and ``float`` (of weight and activation bits) become text.
        """
        values = {axis: getattr(self, axis) for axis in AXES}
        period = self.reuse_period
        values["reuse_period"] = int(period) if self.reseeds else "inf"
        for axis in FLOAT_AXES:
            values[axis] = values[axis] or FLOAT
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Self:
        """Return the point that values by axis describe, taken as they are: legal or not.

        Args:
            values: Axes as :meth:`to_json` returns them or as results.csv holds them: numbers, text
                or nothing (None, an empty cell, NaN). A missing training axis takes its default;
                other keys are ignored.

        Raises:
            DesignError: A numeric axis holds something else.
        """
        given = ((axis, values.get(axis, TRAINING_DEFAULTS.get(axis))) for axis in AXES)
        read = {axis: axis_value(axis, value) for axis, value in given}
        there = {axis: value for axis, value in read.items() if value is not None}
        complete: dict[str, Any] = dict.fromkeys(AXES) | _EMPTY | there
        return cls(**complete, layers=layers_value(values.get("layers")))

    def moved(self, **axes: Value) -> DesignPoint:
        """Return the point with some axes written otherwise, in canonical form again.

        Args:
            **axes: Values by axis name, as a design file or :meth:`to_json` writes them.

        Raises:
            IllegalPointError: The values are not legal together.
        """
        written = {axis: value for axis, value in vars(self).items() if value is not None}
        if not self.draws:
            del written["rng"]  # never written: an estimator without random numbers implies it
        return resolve(**written | {axis: axis_value(axis, value) for axis, value in axes.items()})

    def label(self) -> str:
        """Return a short name for plots and tables, such as ``phased/xor lfsr16 8b x31``."""
        how = f"{self.reuse}/{self.taps}" if self.taps else self.reuse
        parts = [how, self.family.label(self)]
        if self.bit_width is not None:
            parts.append(f"{self.bit_width}b x{self.lanes}")
        if self.pool_size is not None:
            parts.append(f"N={self.pool_size}")
        if self.reseeds:
            parts.append(f"T={int(self.reuse_period)}")
        if self.leap is not None and self.leap != 1:
            parts.append(f"leap {self.leap}")
        plain = "constant" if self.family.scaled else "none"
        if self.scaling != plain:
            parts.append(self.scaling)
        trained = training_words(vars(self))
        return " ".join(parts + trained if self.draws else trained)

    def words(self) -> DesignPoint:
        """Return the point that has the same words, a number for each weight."""
        return replace(self, **TRAINING_DEFAULTS, layers=None)

    def perturbation(self) -> DesignPoint:
        """Return the point with the same stream: of the training axes ``rank`` alone matters."""
        words = self.words()
        return replace(words, rank=self.rank, layers=self.layers) if self.layers else words

    def hardware(self) -> DesignPoint:
        """Return the point that has the same hardware: `constant` scaling needs none."""
        point = self.perturbation()
        return replace(point, scaling="none") if point.scaling == "constant" else point

    def circuit(self) -> DesignPoint:
        """Return the point with the same RTL: when to reseed is the host's decision."""
        point = self.hardware()
        return replace(point, reuse_period=1.0) if point.reseeds else point


_EMPTY: dict[str, Any] = {
    "rng": "",
    "reuse": "",
    "reuse_period": math.inf,
    "lanes": 1,
    "scaling": "none",
    "estimator": "rge",
    **OPTIONAL_DEFAULTS,
}
"""What a point is where a row leaves an axis empty that every point has."""

AXES = tuple(field.name for field in fields(DesignPoint) if field.name != "layers")
"""Names of the axes, in the order of the columns."""

STREAM_AXES = AXES[: -len(TRAINING_DEFAULTS)]
"""The axes that the numbers and their hardware depend on."""

DEFAULTS: dict[str, Value] = {
    "rng": "lfsr",
    "reuse": "phased",
    "pool_size": 4095,
    "reuse_period": math.inf,
    "bit_width": 8,
    "state_bits": None,
    "lanes": 31,
    "leap": 1,
    "taps": "xor",
    "scaling": "constant",
    **TRAINING_DEFAULTS,
}
"""What an axis is when a design does not name it; state_bits None: the generator's own default."""


def resolve(**axes: str | int | float | None) -> DesignPoint:
    """Return the canonical point of raw axis values; axes not given take their default.

    Args:
        **axes: Values by axis name, each already of the right type and in range.

    Raises:
        IllegalPointError: The values are not legal together; the message says why.
    """
    values = DEFAULTS | axes
    training = training_values(values)
    if not draws_numbers(training["estimator"]):
        return replace(_NO_NUMBERS, **training)
    rng, reuse = str(values["rng"]), str(values["reuse"])
    rules, made = RULES[reuse], family(rng)
    rules.check_generator(rng)
    raw = DesignPoint(
        rng=rng,
        reuse=reuse,
        pool_size=integer_value(values["pool_size"]) if "pool_size" in rules.axes else None,
        reuse_period=float(values["reuse_period"] or math.inf),
        bit_width=made.fixed_bits or integer_value(values["bit_width"]),
        state_bits=integer_value(values["state_bits"]),
        lanes=integer_value(values["lanes"]) or 1,
        leap=integer_value(values["leap"]) if "leap" in made.chooses else None,
        taps=str(values["taps"]) if "taps" in rules.axes else None,
        scaling=str(values["scaling"]),
        **training,
    )
    found = _hardware_point(raw) if made.in_hardware else _software_gaussian(raw)
    return replace(found, layers=layers_value(values.get("layers"), training["rank"]))


_NO_NUMBERS = DesignPoint(NO_RNG, "none", None, math.inf, None, None, 1, None, None, "none")


def _software_gaussian(raw: DesignPoint) -> DesignPoint:
    """Resolve MeZO's reference: always fresh numbers, or a pool of them."""
    if raw.scaling == "pow2":
        raise IllegalPointError("scaling pow2 is hardware; rng gaussian is software only")
    if raw.fixed_point:
        raise IllegalPointError("weight_bits needs integer numbers; rng gaussian draws floats")
    period, lanes = (raw.reuse_period, raw.lanes) if raw.pooled else (math.inf, 1)
    blank: dict[str, Any] = {"bit_width": None, "state_bits": None, "scaling": "none"}
    return replace(raw, reuse_period=period, lanes=lanes, **blank)


def _hardware_point(raw: DesignPoint) -> DesignPoint:
    point = replace(raw, state_bits=raw.family.state_bits(raw))
    point.family.check(point)
    point.rules.check_lanes(point)
    _check_integers(point)
    point.rules.check_memory(point)
    return _check_scaling(point)


def _check_integers(point: DesignPoint) -> None:
    """Check a point of integer training, which adds words unscaled and rounds with uniform ones."""
    if point.fixed_point and point.scaling == "pow2":
        raise IllegalPointError("weight_bits needs scaling none or constant, not pow2")
    if point.fixed_point and point.outer_products and point.bits != 1:
        raise IllegalPointError(
            f"rank {point.rank} of integer weights needs bit_width 1, not {point.bits}: its words "
            "are signs, whose products are whole"
        )
    if point.rounding == "stochastic" and not point.family.uniform:
        raise IllegalPointError(
            f"rounding stochastic needs uniform numbers; rng {point.rng} has none"
        )


def _check_scaling(point: DesignPoint) -> DesignPoint:
    if point.scaling != "pow2":
        return point if point.family.scaled else replace(point, scaling="none")
    point.rules.check_pow2(point)
    return point
