"""Rules of the reuse strategies: which points are legal, without computing a stream.

design/point.py resolves points by these rules, so this module imports neither NumPy nor the design.
The strategies that compute words and hardware are the classes of
:mod:`pezoexplore.streams.strategies`, which import both; every one of them has its rules here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import count
from typing import ClassVar

from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generators.family import Point
from pezoexplore.streams.generators.registry import families, family

MAX_POOL_BITS = 94_500_000
"""Block RAM of the largest UltraScale+ FPGA (VU13P, AMD DS890: 94.5 Mb): no pool is larger."""

MAX_PHASED_STATE_BITS = 32
"""Widest state that lanes are XORs of."""

MIN_SPARSE_STATE_BITS = 12
"""Narrowest state that has enough XORs of at most three bits."""

MAX_POW2_STATE_BITS = 12
"""Widest state whose scale exponents fit a table by state."""


@lru_cache(maxsize=256)
def prime_up_to(number: int) -> int:
    """Return the largest prime that is no larger than a number, 2 or more."""
    return next(n for n in range(number, 1, -1) if _is_prime(n))


@lru_cache(maxsize=256)
def prime_from(number: int) -> int:
    """Return the smallest prime that is no smaller than a number."""
    return next(n for n in count(max(number, 2)) if _is_prime(n))


def _is_prime(number: int) -> bool:
    divisors = range(3, math.isqrt(number) + 1, 2)
    return number == 2 or (number % 2 > 0 and all(map(number.__mod__, divisors)))


class Reuse:
    """Rules of one strategy.

    Attributes:
        name: Value of the axis ``reuse``.
        axes: Axes that only this strategy reads.
        fresh: Whether no number is used twice within a generator's period. One generator may then
            serve several neighbouring lanes.
        pooled: Whether words are stored and read again.
    """

    name: ClassVar[str]
    axes: ClassVar[frozenset[str]] = frozenset()
    fresh: ClassVar[bool] = False
    pooled: ClassVar[bool] = False

    def check_generator(self, rng: str) -> None:
        """Raise IllegalPointError unless the strategy can drive a generator of this family."""
        if self.name not in family(rng).reuses:
            able = " or ".join(item.name for item in families() if self.name in item.reuses)
            raise IllegalPointError(f"reuse {self.name} needs rng {able}, not {rng}")

    def check_lanes(self, point: Point) -> None:
        """Raise IllegalPointError if the lfsr of a point has too few states for its lanes."""
        period = 2 ** (point.state_bits or 0) - 1
        if period < point.lanes:
            raise IllegalPointError(f"{period} states are fewer than {point.lanes} lanes")

    def check_memory(self, point: Point) -> None:
        """Raise IllegalPointError if no target has the memory for a point."""

    def check_pow2(self, point: Point) -> None:
        """Raise IllegalPointError if a point cannot have a scale exponent a beat."""
        if (point.state_bits or 0) > MAX_POW2_STATE_BITS:
            raise IllegalPointError(
                f"scaling pow2 needs state_bits of at most {MAX_POW2_STATE_BITS} for reuse "
                f"{self.name} (its table is indexed by the state), not {point.state_bits}"
            )


class NoReuse(Reuse):
    """One generator per lane, or a group of lanes."""

    name = "none"
    fresh = True

    def check_pow2(self, point: Point) -> None:
        """Refuse: there is no table to hold the exponents."""
        raise IllegalPointError("scaling pow2 needs reuse pool, bank or phased")


class Pool(Reuse):
    """Rows of words, read cyclically."""

    name = "pool"
    axes = frozenset({"pool_size"})
    pooled = True

    def check_lanes(self, point: Point) -> None:
        """Accept any number of lanes: one generator fills the pool."""

    def check_memory(self, point: Point) -> None:
        """Implement :meth:`Reuse.check_memory`."""
        stored = point.rows * point.lanes * point.bits
        if stored > MAX_POOL_BITS:
            raise IllegalPointError(
                f"a pool of {stored:,} bits is larger than any target's memory "
                f"({MAX_POOL_BITS:,} bits)"
            )

    def check_pow2(self, point: Point) -> None:
        """Accept every point: the exponents are stored with the rows."""


class Bank(Reuse):
    """One lfsr per lane, of one polynomial, whose states rotate after every full period."""

    name = "bank"


class Phased(Reuse):
    """All lanes fixed XOR functions of one linear generator's state."""

    name = "phased"
    axes = frozenset({"taps"})

    def check_lanes(self, point: Point) -> None:
        """Implement :meth:`Reuse.check_lanes`."""
        super().check_lanes(point)
        if (point.state_bits or 0) > MAX_PHASED_STATE_BITS:
            raise IllegalPointError(
                f"reuse phased needs state_bits of at most {MAX_PHASED_STATE_BITS}, "
                f"not {point.state_bits}"
            )
        if point.taps == "sparse" and (point.state_bits or 0) < MIN_SPARSE_STATE_BITS:
            raise IllegalPointError(
                f"taps sparse needs state_bits of at least {MIN_SPARSE_STATE_BITS}, "
                f"not {point.state_bits}"
            )
        if point.taps == "sparse" and point.lanes <= point.bits - 4:
            raise IllegalPointError(
                f"taps sparse of {point.bits} bits needs more than {point.bits - 4} lanes"
            )
        if point.taps == "shared" and (point.bits < 2 or point.lanes <= point.bits // 2):
            raise IllegalPointError(
                f"taps shared needs bit_width 2 or more and more than {point.bits // 2} lanes"
            )


RULES: dict[str, Reuse] = {rule.name: rule for rule in (NoReuse(), Pool(), Bank(), Phased())}
"""Rules by value of the axis ``reuse``, in the order of the axis."""

OWN_AXES: frozenset[str] = frozenset().union(*(rule.axes for rule in RULES.values()))
"""Axes that one strategy alone reads."""
