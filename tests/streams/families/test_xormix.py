from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import xormix
from pezoexplore.streams.linear import identity, power, transpose
from pezoexplore.streams.stream import Stream

SHIFTS = (6, 16, 9, 15)


def clock(state: int, count: int) -> int:
    """Step a state of so many streams a bit at a time, as the algorithm is published."""
    x, ys = state % 2**32, [state >> 32 * (s + 1) & 0xFFFFFFFF for s in range(count)]
    after = 0
    for i, taps in enumerate(xormix.MATRIX):
        after |= (sum(x >> bit for bit in taps) & 1) << i
    for i in range(32):
        new = []
        for s in range(count):
            y = ys[(s + 1) % count]
            one, two, three, four = (y >> shift for shift in SHIFTS)
            place = (s + xormix.SHUFFLE[i]) % 32
            mixed = (x ^ xormix.SALTS[s]) >> place
            new.append((y ^ one & ~two ^ three ^ four ^ mixed) & 1)
        ys = [y >> 1 | bit << 31 for y, bit in zip(ys, new, strict=True)]
    return after | sum(y << 32 * (s + 1) for s, y in enumerate(ys))


@given(st.data(), st.sampled_from([(1, 1), (4, 8), (5, 8), (31, 1), (31, 8), (7, 12), (42, 24)]))
def test_clocks_are_those_of_the_definition(data, shape):
    lanes, bits = shape
    count = xormix.streams(lanes, bits)
    state = data.draw(st.integers(0, 2 ** (32 * (count + 1)) - 1))
    limbs = -(-(count + 1) // 2)
    states = np.array([[state >> 64 * k & 2**64 - 1 for k in range(limbs)]], dtype=np.uint64)
    out = np.empty((1, 3, lanes), dtype=np.int32)
    xormix.fill(states, bits, out)
    for row in out[0].tolist():
        words = [state >> 32 + bits * lane & 2**bits - 1 for lane in range(lanes)]
        assert row == [word - 2 ** (bits - 1) for word in words]
        state = clock(state, count)
    assert sum(int(limb) << 64 * k for k, limb in enumerate(states[0])) == state


def test_first_clocks_of_xormix32():
    """Of one and of two streams, seeds of small numbers, by the author's reference in Python."""
    assert clock(1 | 2 << 32, 1) == 0xECFCCE1F20020300
    assert clock(clock(1 | 2 << 32 | 3 << 64, 2), 2) == 0x74473453B75EB80D898B166C


def test_the_linear_word_has_full_period():
    columns = transpose([sum(1 << bit for bit in taps) for taps in xormix.MATRIX])
    assert power(columns, 2**32 - 1) == identity(32)
    for prime in (3, 5, 17, 257, 65537):
        assert power(columns, (2**32 - 1) // prime) != identity(32)


def test_phased_lanes_are_functions_of_the_linear_word_alone():
    stream = Stream(resolve(rng="xormix", reuse="phased", taps="sparse", lanes=9))
    assert (stream.strategy.state_bits, stream.strategy.turn) == (32, 2**32 - 5)
    (state,) = stream.strategy.registers(0, 0)
    for row in stream.beats(0, 0, 200).tolist():
        signs = [(state & lane[-1]).bit_count() % 2 for lane in stream.strategy.masks]
        assert [word < 0 for word in row] == [not sign for sign in signs]
        state = clock(state, 0)
    assert stream.strategy.locks_up
    assert not Stream(resolve(rng="xormix", reuse="none")).strategy.locks_up


@pytest.mark.parametrize("count", [1, 2, 8])
def test_every_state_has_one_predecessor(count):
    """Different states have different successors: what a clock loses would shorten the period."""
    rng = np.random.default_rng(count)
    states = {int.from_bytes(rng.bytes(4 * (count + 1)), "little") for _ in range(500)}
    near = states | {state ^ 1 << bit for state in list(states)[:20] for bit in range(32 * count)}
    assert len({clock(state, count) for state in near}) == len(near)


def test_the_linear_word_of_a_seed_is_not_zero():
    limbs = np.array([[5 << 32, 7], [6, 8]], dtype=np.uint64)
    assert xormix.begin(limbs, 3).tolist() == [[5 << 32 | 1, 7], [6, 8]]
    assert xormix.begin(limbs << np.uint64(32), 3)[:, 1].tolist() == [0, 0]


def test_one_generator_serves_all_lanes():
    point = resolve(rng="xormix", reuse="none", bit_width=8, lanes=31)
    assert (point.generators, point.state_bits) == (1, 32 * 9)
    words = Stream(point).beats(0, 0, 2**12)
    assert abs(np.corrcoef(words.T) - np.eye(31)).max() < 0.08
