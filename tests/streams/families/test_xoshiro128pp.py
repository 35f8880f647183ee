from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import seed_word

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import xoshiro128pp
from pezoexplore.streams.linear import identity, power
from pezoexplore.streams.stream import Stream

PUBLISHED = [
    *(641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295),
    *(495546011, 621204420),
]
"""First outputs of the authors' C program for the state 1, 2, 3, 4."""

MASK = 2**32 - 1
FACTORS = (3, 5, 17, 257, 641, 65537, 274177, 6700417, 67280421310721)
"""Prime factors of 2**128 - 1: those of the Fermat numbers F0 to F6."""

states = st.lists(st.integers(0, MASK), min_size=4, max_size=4).filter(any)


def rotated(x: int, k: int) -> int:
    return (x << k | x >> (32 - k)) & MASK


def published_next(s: list[int]) -> tuple[int, list[int]]:
    """Output and next state as the authors define them."""
    result = (rotated((s[0] + s[3]) & MASK, 7) + s[0]) & MASK
    s = list(s)
    shifted = s[1] << 9 & MASK
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = rotated(s[3], 11)
    return result, s


def limbs(s: list[int]) -> np.ndarray:
    return np.array([[s[0] | s[1] << 32, s[2] | s[3] << 32]], dtype=np.uint64)


def outputs(s: list[int], count: int) -> list[int]:
    """Whole outputs, put together from two lanes of 16 bits."""
    words = np.empty((1, count, 2), dtype=np.int32)
    xoshiro128pp.fill(limbs(s), 16, words)
    top, low = (words[0].astype(np.int64) + 2**15).T
    return (top << 16 | low).tolist()


def test_the_published_outputs():
    assert outputs([1, 2, 3, 4], len(PUBLISHED)) == PUBLISHED


@given(states, st.integers(1, 40))
def test_every_clock_is_the_published_one(s, clocks):
    expected, moved = [], list(s)
    for _ in range(clocks):
        result, moved = published_next(moved)
        expected.append(result)
    assert outputs(s, clocks) == expected
    stepped = limbs(s)
    xoshiro128pp.fill(stepped, 8, np.empty((1, clocks, 1), dtype=np.int16))
    assert stepped.tolist() == limbs(moved).tolist()


@pytest.mark.slow
def test_the_period_is_maximal():
    assert np.prod([int(f) for f in FACTORS], dtype=object) == 2**128 - 1
    columns = []
    for i in range(128):
        _, moved = published_next([(1 << i) >> (32 * k) & MASK for k in range(4)])
        columns.append(sum(word << (32 * k) for k, word in enumerate(moved)))
    assert power(tuple(columns), 2**128 - 1) == identity(128)
    for factor in FACTORS:
        assert power(tuple(columns), (2**128 - 1) // factor) != identity(128)


def test_zero_is_no_state():
    begun = xoshiro128pp.begin(np.array([[0, 0], [0, 5]], dtype=np.uint64))
    assert begun.tolist() == [[1, 0], [0, 5]]


@pytest.mark.parametrize(("bits", "group"), [(8, 4), (12, 2), (24, 1)])
def test_lanes_share_outputs_from_the_top(bits, group):
    """Lane i is the i mod group-th word, from the top, of generator i div group."""
    lanes, start, count = 5, 70, 9
    point = resolve(rng="xoshiro128pp", reuse="none", bit_width=bits, lanes=lanes)
    assert (point.group, point.generators) == (group, -(-lanes // group))
    words = Stream(point, 9).beats(2, start, count)
    for lane in range(lanes):
        index = 2**33 + 64 * (lane // group)
        drawn = [seed_word(9, 2, index + k) for k in range(2)]
        state = [drawn[k // 2] >> (32 * (k % 2)) & MASK for k in range(4)]
        for _ in range(start):
            _, state = published_next(state)
        for beat in range(count):
            result, state = published_next(state)
            raw = result >> (32 - bits * (lane % group + 1)) & (2**bits - 1)
            assert words[beat, lane] == raw - 2 ** (bits - 1)
