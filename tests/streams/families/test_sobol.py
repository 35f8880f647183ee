from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc
from slow_models import seed_word

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import sobol
from pezoexplore.streams.packing import whole
from pezoexplore.streams.stream import Stream

LANES = 256


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    """scipy's points [2**14, 256] as 32-bit whole numbers; the first 2**12 gave the table."""
    points = qmc.Sobol(LANES, scramble=False, bits=32).random(2**14)
    return np.rint(points * 2.0**32).astype(np.uint64)


def zero_start(lanes: int, bits: int) -> np.ndarray:
    return np.zeros((1, -(-sobol.state_bits(lanes, bits) // 64)), dtype=np.uint64)


@pytest.mark.parametrize("bits", [8, 24])
def test_from_zero_the_points_are_scipys(reference, bits):
    words = np.empty((1, len(reference), LANES), dtype=np.int32)
    sobol.fill(zero_start(LANES, bits), bits, words)
    top = (reference >> np.uint64(32 - bits)).astype(np.int64) - 2 ** (bits - 1)
    assert np.array_equal(words[0], top)


def test_far_points_are_scipys():
    """Direction numbers up to the 22nd, found by the recurrence, in 12 dimensions."""
    engine = qmc.Sobol(12, scramble=False, bits=32)
    engine.fast_forward(2**22 - 2)
    expected = np.rint(engine.random(5) * 2.0**32).astype(np.uint64)
    gray = [n ^ n >> 1 for n in range(2**22 - 2, 2**22 + 3)]
    for row, bits in zip(expected, gray, strict=True):
        chosen = [k for k in range(32) if bits >> k & 1]
        found = np.bitwise_xor.reduce(sobol.directions()[:12, chosen], axis=1)
        assert np.array_equal(found.astype(np.uint64), row)


def test_direction_numbers_end_in_a_one_on_the_diagonal():
    numbers = sobol.directions().astype(np.uint64)
    lowest = numbers & (~numbers + np.uint64(1))
    assert np.array_equal(lowest, np.broadcast_to(2 ** np.arange(31, -1, -1), numbers.shape))


def test_polynomials_are_those_of_the_published_table():
    """Joe and Kuo's degrees s and inner coefficients a of dimensions 2 to 10."""
    published = [(1, 0), (2, 1), (3, 1), (3, 2), (4, 1), (4, 4), (5, 2), (5, 4), (5, 7)]
    assert sobol.polynomials(9) == [2**s | a << 1 | 1 for s, a in published]


def test_every_aligned_run_is_stratified_whatever_the_shift():
    """Any 256 points from a multiple of 256 on take each 8-bit value once, in every lane."""
    point = resolve(rng="sobol", reuse="none", bit_width=8, lanes=31)
    stream = Stream(point)
    count = seed_word(0, 0, 2**33) % 2**32
    words = stream.beats(0, -count % 256, 256)
    assert all(len(np.unique(lane)) == 256 for lane in words.T)


def test_a_seed_draws_the_count_and_a_shift_a_lane(reference):
    limbs = np.array([[5, 7 << 32 | 9, 0x80000000]], dtype=np.uint64)
    state = whole(sobol.begin(limbs, 3, 24)[0])
    assert state % 2**32 == 5
    shifts = (9, 7, 0x80000000)
    for lane, shift in enumerate(shifts):
        found = state >> (32 + 24 * lane) & (2**24 - 1)
        assert found == (int(reference[5, lane]) ^ shift) >> 8


def test_after_the_last_count_it_starts_again():
    limbs = np.array([[2**32 - 1, 3, 4]], dtype=np.uint64)
    states = sobol.begin(limbs, 3, 20)
    sobol.fill(states, 20, np.empty((1, 1, 3), dtype=np.int32))
    limbs[0, 0] = 0
    assert np.array_equal(states, sobol.begin(limbs, 3, 20))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2000), st.sampled_from([(1, 1), (3, 8), (5, 24)]))
def test_a_jump_ends_where_steps_do(count, clocks, shape):
    lanes, bits = shape
    limbs = np.full((1, sobol.drawn(lanes)), 2**40 + count, dtype=np.uint64)
    stepped = sobol.begin(limbs, lanes, bits)
    jumped = stepped.copy()
    sobol.fill(stepped, bits, np.empty((1, clocks, lanes), dtype=np.int32))
    sobol.jump(jumped, lanes, bits, clocks)
    assert jumped.tolist() == stepped.tolist()
    sobol.jump(jumped, lanes, bits, sobol.PERIOD - clocks)
    assert jumped.tolist() == sobol.begin(limbs, lanes, bits).tolist()
