"""The XOR functions of the one state that the lanes of a phased stream are.

A *mask* selects the state bits whose XOR is one output bit. Masks of a point are indexed
[lane][bit], bit 0 the least significant. The three wirings:

- ``shifted``: lane j is the top bits of the state advanced by j * floor(P / L) clocks.
- ``xor``: every output bit has its own mask.
- ``shared``: the upper half of a lane's bits have masks of their own; low bit i is wired from bit
  bit_width - 1 - i of lane j + 1 + i as that is shown, its sign inverted, which costs nothing and
  correlates the two lanes by 3 * 2**-(bit_width + 1), 0.006 at 8 bits.

Masks are drawn most significant bits first from SplitMix64 and taken greedily so that, as far as
the state allows, no function recurs within 64 beats of another (correlation of values), nor the
XOR of a lane's two leading bits within 64 beats of another lane's (correlation of squares). A
function recurs when stepping the state turns one mask into the other, so the orbit of a mask under
the transposed step is all that must be kept apart.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pezoexplore.streams.generators.family import Columns
from pezoexplore.streams.linear import apply, power, rows_of
from pezoexplore.streams.seeding import splitmix64

LAGS = 64
"""Beats within which functions are kept from recurring."""

_TRIES = 400
_WEIGHT = 5
_LUT_INPUTS = 6
_SMALL_STATE = 12  # bits up to which every mask is a candidate
_LEADING_PAIRS = ((0, 1), (0, 2))
"""Ranks (0: most significant) whose XORs are kept apart too: pairs that move z squared the most."""

Masks = tuple[tuple[int, ...], ...]


class _Orbits:
    """Masks taken so far and everything they turn into within LAGS beats."""

    def __init__(self, step: Columns) -> None:
        self._forward = step
        self._backward = _inverse(step)
        self._lag: dict[int, int] = {}

    def gap(self, mask: int) -> int:
        """Return the beats to the nearest recurrence of a taken mask; LAGS + 1 if there is none."""
        return self._lag.get(mask, LAGS + 1)

    def add(self, mask: int) -> None:
        """Keep a mask and its orbit."""
        for direction in (self._forward, self._backward):
            image = mask
            for lag in range(LAGS + 1):
                self._lag[image] = min(lag, self._lag.get(image, lag))
                image = apply(direction, image)


def _inverse(columns: Columns) -> Columns:
    """Return the inverse of a map with the full period 2**s - 1: one step less than the period."""
    return power(columns, 2 ** len(columns) - 2)


@lru_cache(maxsize=1024)
def _candidates(state_bits: int, rank: int, lane: int) -> tuple[int, ...]:
    """Return candidates for one output bit: single state bits (no LUT), then some of one LUT."""
    singles = [1 << bit for bit in range(state_bits)]
    start = np.uint64(((state_bits << 40) + (rank << 20) + (lane << 8)) << 12)
    draws = splitmix64(start + np.arange(max(8 * _TRIES, 2**_SMALL_STATE), dtype=np.uint64))
    if state_bits <= _SMALL_STATE:
        order = np.argsort(draws[1 : 2**state_bits], kind="stable") + 1
        return tuple(singles + [m for m in order.tolist() if 1 < m.bit_count() <= _LUT_INPUTS])
    for row in (draws[: 8 * _TRIES] % np.uint64(state_bits)).reshape(_TRIES, 8).tolist():
        chosen = list(dict.fromkeys(row))[:_WEIGHT]
        if len(chosen) == _WEIGHT:
            singles.append(sum(1 << bit for bit in chosen))
    return tuple(singles)


def _independent(mask: int, others: list[int]) -> bool:
    """Return whether a mask is linearly independent of others over GF(2)."""
    basis: list[int] = []
    for vector in [*others, mask]:
        for member in basis:
            vector = min(vector, vector ^ member)
        if vector:
            basis.append(vector)
    return len(basis) == len(others) + 1


def _xor_masks(state_bits: int, step: Columns, lanes: int, fresh: int) -> list[list[int]]:
    """Draw `fresh` masks a lane, most significant first."""
    stepped = rows_of(step)  # masks step by the transposed map, whose columns are the rows
    singles = _Orbits(stepped)
    pairs = {pair: _Orbits(stepped) for pair in _LEADING_PAIRS}
    masks: list[list[int]] = [[] for _ in range(lanes)]
    for rank in range(fresh):
        relevant = [(other, pairs[other, rank]) for other in range(rank) if (other, rank) in pairs]
        for lane in range(lanes):
            taken = masks[lane]
            best, best_gap = 0, -1
            for mask in _candidates(state_bits, rank, lane):
                gap = min(
                    [singles.gap(mask)] + [orbits.gap(mask ^ taken[o]) for o, orbits in relevant]
                )
                if gap > best_gap and _independent(mask, taken):
                    best, best_gap = mask, gap
                if best_gap > LAGS:
                    break
            singles.add(best)
            for other, orbits in relevant:
                orbits.add(best ^ taken[other])
            taken.append(best)
    return masks


@lru_cache(maxsize=128)
def phased_masks(step: Columns, taps: str, lanes: int, bit_width: int) -> Masks:
    """Return the masks of every output bit of a phased stream.

    Args:
        step: The map of one clock of the state.
        taps: ``shifted``, ``xor`` or ``shared``.
        lanes: Lanes L.
        bit_width: Output bits per lane, at most the state's.

    Returns:
        Masks indexed [lane][bit], bit 0 the least significant.
    """
    state_bits = len(step)
    if taps == "shifted":
        shift = power(step, (2**state_bits - 1) // lanes)
        lane_map, masks = power(step, 0), []
        for _ in range(lanes):
            masks.append(rows_of(lane_map)[state_bits - bit_width :])
            lane_map = tuple(apply(shift, column) for column in lane_map)
        return tuple(masks)
    fresh = bit_width if taps == "xor" else bit_width - bit_width // 2
    leading = _xor_masks(state_bits, step, lanes, fresh)
    return tuple(
        tuple(
            leading[lane][bit_width - 1 - bit]
            if bit >= bit_width - fresh
            else leading[(lane + 1 + bit) % lanes][bit]
            for bit in range(bit_width)
        )
        for lane in range(lanes)
    )
