"""The XOR functions of the one state that the lanes of a phased stream are.

A *mask* selects the state bits whose XOR is one output bit. Masks of a point are indexed
[lane][bit], bit 0 the least significant. The four wirings:

- ``shifted``: lane j is the top bits of the state advanced by j * floor(P / L) clocks.
- ``xor``: every output bit has its own mask.
- ``shared``: the upper half of a lane's bits have masks of their own; low bit i is wired from bit
  bit_width - 1 - i of lane j + 1 + i as that is shown, its sign inverted, which costs nothing and
  correlates the two lanes by 3 * 2**-(bit_width + 1), 0.006 at 8 bits.
- ``sparse``: masks of at most three state bits. The three leading bits of a lane have masks of
  their own, up to four lanes have the fourth bit in common, and the lower ones are wired from the
  four leading bits of other lanes, so that at most 3.25 functions a lane are left. The leading bits
  being numbered from 0, two lanes that share bit m of one and n of the other correlate by
  3 * 2**-(m + n + 2); m + n is at least 6, and 7 for the lower bits: no two lanes correlate by more
  than 0.0147, whatever the width.

Both are known from elsewhere: XORs of a few bits of a register are the phase shifters of built-in
self test (J. Rajski, J. Tyszer, N. Tamarapalli, US 6,874,109), registers whose bits several words
take in other orders the permuted shared LFSR of stochastic computing (S. Salehi, IEEE TVLSI 28(3),
2020).

Masks are drawn most significant bits first from SplitMix64 and taken greedily so that, as far as
the state allows, no function recurs within 64 beats of another (correlation of values), nor the
XOR of a lane's two leading bits within 64 beats of another lane's (correlation of squares). A
function recurs when stepping the state turns one mask into the other, so the orbit of a mask under
the transposed step is all that must be kept apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.generators.family import Columns
from pezoexplore.streams.linear import apply, compose, identity, power, rows_of
from pezoexplore.streams.seeding import splitmix64

LAGS = 64
"""Beats within which functions are kept from recurring."""

_TRIES = 400
_WEIGHT = 5
_SPARSE_WEIGHT = 3
_LUT_INPUTS = 6
_SMALL_STATE = 12  # bits up to which every mask is a candidate
_TABLE_BITS = 20  # bits up to which a table has an entry for every mask
_FIRST = 32  # candidates looked at before all are: one of them will often do
_LEADING_PAIRS = ((0, 1), (0, 2))
"""Ranks (0: most significant) whose XORs are kept apart too: pairs that move z squared the most."""

_SPARSE_PAIRS = ((0, 1), (0, 2), (1, 2), (0, 3))
"""The same of `sparse` lanes, whose pairs are kept apart from other pairs as well."""

_OWN, _COMMON = 3, 4
"""Leading bits of a `sparse` lane with masks of their own; lanes that have the next in common."""

Masks = tuple[tuple[int, ...], ...]
Sources = tuple[tuple[tuple[int, int], ...], ...]


class _Orbits:
    """Masks taken so far and everything they turn into within LAGS beats."""

    def __init__(self, step: Columns) -> None:
        self._maps = _powers(step)
        self._distances = np.abs(np.arange(-LAGS, LAGS + 1, dtype=np.int8))
        self._wide = len(step) > _TABLE_BITS
        self._of_wide_states: dict[int, int] = {}
        self._lags = np.full(0 if self._wide else 2 ** len(step), LAGS + 1, dtype=np.int8)

    def gaps(self, masks: NDArray[np.uint64]) -> NDArray[np.int8]:
        """Return the beats to the nearest recurrence of taken masks; LAGS + 1 if there is none."""
        if self._wide:
            lags = self._of_wide_states
            return np.array([lags.get(mask, LAGS + 1) for mask in masks.tolist()], dtype=np.int8)
        return self._lags[masks]

    def add(self, mask: int) -> None:
        """Keep a mask and its orbit."""
        bits = [bit for bit in range(self._maps.shape[1]) if mask >> bit & 1]
        orbit = np.bitwise_xor.reduce(self._maps[:, bits], axis=1)
        lags = np.minimum(self.gaps(orbit), self._distances)
        if self._wide:  # the period is longer than the orbit: no image is in it twice
            self._of_wide_states.update(zip(orbit.tolist(), lags.tolist(), strict=True))
        else:
            np.minimum.at(self._lags, orbit, lags)


@lru_cache(maxsize=128)
def _powers(step: Columns) -> NDArray[np.uint64]:
    """Return the columns of a map's powers, uint64 [2 * LAGS + 1, state bits], from -LAGS to LAGS.

    Args:
        step: A map with the full period 2**s - 1: its inverse is one step less than the period.
    """
    states = np.zeros((2 * LAGS + 1, len(step)), dtype=np.uint64)
    for sign, columns in ((1, step), (-1, power(step, 2 ** len(step) - 2))):
        images = identity(len(step))
        for lag in range(LAGS + 1):
            states[LAGS + sign * lag] = images
            images = compose(columns, images)
    return states


@lru_cache(maxsize=1024)
def _candidates(state_bits: int, rank: int, lane: int, weight: int) -> NDArray[np.uint64]:
    """Return candidates for one output bit: single state bits (no LUT), then some of one LUT."""
    singles = [1 << bit for bit in range(state_bits)]
    start = np.uint64(((state_bits << 40) + (rank << 20) + (lane << 8)) << 12)
    draws = splitmix64(start + np.arange(max(8 * _TRIES, 2**_SMALL_STATE), dtype=np.uint64))
    if state_bits <= _SMALL_STATE:
        order = np.argsort(draws[1 : 2**state_bits], kind="stable").astype(np.uint64) + np.uint64(1)
        most = _LUT_INPUTS if weight == _WEIGHT else weight
        counts = np.bitwise_count(order)
        return np.append(np.array(singles, dtype=np.uint64), order[(counts > 1) & (counts <= most)])
    places = (draws[: 8 * _TRIES] % np.uint64(state_bits)).reshape(_TRIES, 8)
    seen = np.tril(places[:, :, None] == places[:, None, :], k=-1).any(axis=2)
    taken = ~seen & (np.cumsum(~seen, axis=1) <= weight)
    masks = np.bitwise_or.reduce(np.where(taken, np.uint64(1) << places, np.uint64(0)), axis=1)
    return np.append(np.array(singles, dtype=np.uint64), masks[taken.sum(axis=1) == weight])


def _best(
    candidates: NDArray[np.uint64],
    kept: Sequence[tuple[_Orbits, int]],
    served: Sequence[list[int]],
    holders: Sequence[list[int]],
) -> int:
    """Return the mask to take: the first of those with the largest gap.

    Args:
        candidates: Masks in order of preference.
        kept: What they are kept apart from, each with the mask that they are XORed with before.
        served: Masks of each lane that shows the bit; the mask must be independent of them.
        holders: Masks of each word that the bit is wired to; it is independent of them if any is.

    Returns:
        The mask; 0 if none is independent of the masks served.
    """
    for part, least in ((candidates[:_FIRST], LAGS + 1), (candidates, 0)):
        gaps = np.min([orbits.gaps(part ^ np.uint64(mask)) for orbits, mask in kept], axis=0)
        fallback = 0
        for place in np.argsort(-gaps, kind="stable"):
            mask = int(part[place])
            if gaps[place] < least:
                break
            if all(_independent(mask, masks) for masks in served):
                if all(_independent(mask, masks) for masks in holders):
                    return mask
                fallback = fallback or mask
    return fallback


def _independent(mask: int, others: list[int]) -> bool:
    """Return whether a mask is linearly independent of others over GF(2)."""
    basis: list[int] = []
    for vector in [*others, mask]:
        for member in basis:
            vector = min(vector, vector ^ member)
        if vector:
            basis.append(vector)
    return len(basis) == len(others) + 1


def _xor_masks(step: Columns, every: Sources, sparse: bool) -> list[list[int]]:
    """Draw masks [lane][rank], most significant first.

    Args:
        step: The map of one clock.
        every: What the output bits show. Where fewer lanes than all have a bit of their own, lane j
            has that of lane j modulo their number.
        sparse: Whether masks are light and those of a whole word, wired bits included, are
            independent as far as may be; else those of its own bits.
    """
    stepped = rows_of(step)  # masks step by the transposed map, whose columns are the rows
    singles = _Orbits(stepped)
    pairs = {pair: _Orbits(stepped) for pair in _LEADING_PAIRS}
    if sparse:
        pairs = dict.fromkeys(_SPARSE_PAIRS, _Orbits(stepped))
    lanes, top = len(every), len(every[0]) - 1
    weight = _SPARSE_WEIGHT if sparse else _WEIGHT
    masks: list[list[int]] = [[] for _ in every]
    words: list[list[int]] = [[] for _ in every]
    for rank in range(top + 1):
        owners = sum(every[lane][top - rank] == (lane, top - rank) for lane in range(lanes))
        relevant = [(other, pairs[other, rank]) for other in range(rank) if (other, rank) in pairs]
        for lane in range(owners):
            served = masks[lane::owners]
            holders = [
                word
                for word, shown in zip(words, every, strict=True)
                if sparse and (lane, top - rank) in shown
            ]
            kept = [(singles, 0)]
            kept += [(orbits, others[o]) for o, orbits in relevant for others in served]
            best = _best(_candidates(len(step), rank, lane, weight), kept, served, holders)
            singles.add(best)
            for others in served:
                for other, orbits in relevant:
                    orbits.add(best ^ others[other])
                others.append(best)
            for word in holders:
                word.append(best)
    return masks


@lru_cache(maxsize=128)
def sources(taps: str, lanes: int, bit_width: int) -> Sources:
    """Return the output bit that shows the same function without being wired from another.

    Args:
        taps: ``shifted``, ``xor``, ``shared`` or ``sparse``.
        lanes: Lanes L.
        bit_width: Output bits per lane.

    Returns:
        (lane, bit), indexed [lane][bit]: itself for a bit that is wired from none.
    """
    found = [[(lane, bit) for bit in range(bit_width)] for lane in range(lanes)]
    if taps == "shared":
        for lane in range(lanes):
            for bit in range(bit_width // 2):
                found[lane][bit] = ((lane + 1 + bit) % lanes, bit_width - 1 - bit)
    if taps == "sparse":
        common, distances = _common_lanes(lanes, bit_width)
        for lane in range(lanes):
            for rank in range(_OWN, bit_width):
                at, of = lane, min(rank, _OWN)  # ranks 4, 5, 6, ... take 3, 2, 1, 0, 2, 1, 0, ...
                if rank > _OWN:
                    at = (lane + distances[rank - _OWN - 1]) % lanes
                if rank > _OWN + 1:
                    of = _OWN - 1 - (rank - _OWN - 2) % _OWN
                at = at % common if of == _OWN else at
                found[lane][bit_width - 1 - rank] = (at, bit_width - 1 - of)
    return tuple(map(tuple, found))


def _common_lanes(lanes: int, bit_width: int) -> tuple[int, list[int]]:
    """Return how many functions bit 3 of `sparse` lanes has, and how far low bits come from.

    No low bit comes from a lane that has the bit in common, so that no pair shares both ways.
    """
    low = max(0, bit_width - _OWN - 1)
    for common in (-(-lanes // _COMMON), lanes):
        same = {(a - b) % lanes for a in range(lanes) for b in range(a % common, lanes, common)}
        distances = [distance for distance in range(1, lanes) if distance not in same]
        if len(distances) >= low:
            break
    return common, distances[:low]


@lru_cache(maxsize=128)
def phased_masks(step: Columns, taps: str, lanes: int, bit_width: int) -> Masks:
    """Return the masks of every output bit of a phased stream.

    Args:
        step: The map of one clock of the state.
        taps: ``shifted``, ``xor``, ``shared`` or ``sparse``.
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
    every = sources(taps, lanes, bit_width)
    leading = _xor_masks(step, every, taps == "sparse")
    return tuple(tuple(leading[of][bit_width - 1 - shown] for of, shown in lane) for lane in every)
