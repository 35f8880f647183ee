"""Streams the obvious way: Python integers, one clock at a time, written from the contract."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.families.lfsr import TAP_POSITIONS
from pezoexplore.streams.masks import phased_masks

MASK64 = 2**64 - 1


def splitmix64_next(state: int) -> tuple[int, int]:
    """Return (new state, output) of the published generator."""
    state = (state + 0x9E3779B97F4A7C15) & MASK64
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return state, z ^ (z >> 31)


def seed_word(seed: int, epoch: int, lane: int) -> int:
    value = splitmix64_next(seed)[1]
    value = splitmix64_next((value + epoch) & MASK64)[1]
    return splitmix64_next((value + lane) & MASK64)[1]


def parity(value: int) -> int:
    return value.bit_count() & 1


def lfsr_update(state: int, width: int) -> int:
    """One Galois update, bit by bit: the lowest bit leaves and is added at the exponents."""
    bits = [(state >> i) & 1 for i in range(width)]
    leaving = bits[0]
    bits = [*bits[1:], 0]
    for exponent in TAP_POSITIONS[width]:
        bits[exponent - 1] ^= leaving
    return sum(bit << i for i, bit in enumerate(bits))


def xorshift32_next(y: int) -> int:
    """Marsaglia's xor32: y^=(y<<13); y^=(y>>17); y^=(y<<5)."""
    y = (y ^ (y * 2**13)) % 2**32
    y = y ^ (y // 2**17)
    return (y ^ (y * 2**5)) % 2**32


@lru_cache(maxsize=64)
def cycle(state_bits: int, leap: int) -> tuple[int, ...]:
    """All states of a small lfsr in order, from state 1."""
    states = [1]
    while True:
        state = states[-1]
        for _ in range(leap):
            state = lfsr_update(state, state_bits)
        if state == 1:
            return tuple(states)
        states.append(state)


def ahead(point: DesignPoint, state: int, clocks: int) -> int:
    states = cycle(point.state_bits, point.leap)
    return states[(states.index(state) + clocks) % len(states)]


def word(point: DesignPoint, state: int) -> int:
    """Top bits of the state, the first inverted, read as two's complement."""
    top = state >> (point.state_bits - point.bits)
    flipped = top ^ (1 << (point.bits - 1))
    return flipped - (1 << point.bits) if flipped >> (point.bits - 1) else flipped


PRIMES = {3: 7, 4: 13, 5: 31, 6: 61, 7: 127, 8: 251, 9: 509, 10: 1021, 11: 2039, 12: 4093}
"""Largest primes below powers of two (OEIS A014234)."""


ROWS = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)
"""Rows that a small pool can have."""


def slow_beats(point: DesignPoint, phases: list[int]) -> Iterator[list[int]]:
    """Beats for ever of a small point whose generators start at the given phases.

    Of a phased point these are its epoch's and that of seed 0, epoch 0, where its period begins.
    """
    period = 2**point.state_bits - 1
    states = [ahead(point, 1, phase) for phase in phases]
    if point.reuse == "phased":
        yield from _phased_beats(point, *phases)
    if point.reuse == "pool":
        yield from _pool_beats(point, states[0])
    accepted = 0
    while True:
        yield [word(point, state) for state in states]
        accepted += 1
        states = [ahead(point, state, 1) for state in states]
        if accepted % period == 0 and point.reuse == "bank":
            states = [*states[1:], states[0]]


def _phased_beats(point: DesignPoint, phase: int, first: int) -> Iterator[list[int]]:
    turn = [ahead(point, 1, first + place) for place in range(PRIMES[point.state_bits])]
    yield from (_phased_words(point, state) for state in turn[(phase - first) % len(turn) :])
    while True:
        yield from (_phased_words(point, state) for state in turn)


def _pool_beats(point: DesignPoint, state: int) -> Iterator[list[int]]:
    least = -(-point.pool_size // point.lanes)
    rows = min(prime for prime in ROWS if prime >= least)
    contents = []
    for _ in range(rows * point.lanes):
        contents.append(word(point, state))
        state = ahead(point, state, 1)
    row = 0
    while True:
        yield contents[row * point.lanes : (row + 1) * point.lanes]
        row = 0 if row == rows - 1 else row + 1


def _phased_words(point: DesignPoint, state: int) -> list[int]:
    if point.taps == "shifted":
        shift = (2**point.state_bits - 1) // point.lanes
        return [word(point, ahead(point, state, lane * shift)) for lane in range(point.lanes)]
    words = []
    for masks in phased_masks(slow_columns(point), point.taps, point.lanes, point.bits):
        raw = sum(parity(mask & state) << bit for bit, mask in enumerate(masks))
        raw ^= point.taps == "shared" and point.bits > 1  # low bit 0 is a sign, which is inverted
        if point.taps == "sparse":  # signs are ranks 7, 10, 13, ...
            raw ^= sum(1 << point.bits - 1 - rank for rank in range(7, point.bits, 3))
        words.append(raw - 2 ** (point.bits - 1))
    return words


def slow_columns(point: DesignPoint) -> tuple[int, ...]:
    """Image of each single state bit after one clock."""
    return tuple(ahead(point, 1 << i, 1) for i in range(point.state_bits))


def gf2_matrix(columns: tuple[int, ...]) -> np.ndarray:
    """Return the map as a 0/1 matrix."""
    size = len(columns)
    return np.array([[(columns[j] >> i) & 1 for j in range(size)] for i in range(size)])


def gf2_power(matrix: np.ndarray, exponent: int) -> np.ndarray:
    result = np.eye(len(matrix), dtype=matrix.dtype)
    for bit in bin(exponent)[2:]:
        result = result @ result % 2
        if bit == "1":
            result = result @ matrix % 2
    return result


def gf2_image(matrix: np.ndarray, state: int) -> int:
    bits = np.array([(state >> i) & 1 for i in range(len(matrix))])
    return sum(int(bit) << i for i, bit in enumerate(matrix @ bits % 2))
