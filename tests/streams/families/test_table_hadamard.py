from __future__ import annotations

import numpy as np
import pytest
from gaussian_rtl import corner_and_random_states, kl_bits, largest_autocorrelation, moments
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import hadamard
from slow_models import gf2_image, gf2_matrix, gf2_power

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import table_hadamard
from pezoexplore.streams.gaussian_source import next_rows
from pezoexplore.streams.linear import transpose
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream


@pytest.fixture(scope="module")
def every() -> np.ndarray:
    """Words of four lanes at 8 bits for all 2**22 values of the bits they read: [2**22, 4]."""
    return table_hadamard.words_of_lanes(np.arange(1 << 22, dtype=np.uint64), 8)


@pytest.fixture(scope="module")
def exact(every) -> np.ndarray:
    return np.bincount(every[:, 0] + 128, minlength=256) / len(every)


def test_every_lane_is_symmetric_and_nearly_normal(every):
    for lane in range(4):
        p = np.bincount(every[:, lane] + 128, minlength=256) / len(every)
        assert np.allclose(p, p[::-1])
        mean, variance, kurtosis = moments(p, 8)
        assert abs(mean) < 1e-12
        assert abs(variance - 1) < 0.001
        assert abs(kurtosis - 3) < 0.015
        assert kl_bits(p, 8) <= 6.0e-5


def test_the_tables_give_this_distribution(exact):
    assert np.allclose(table_hadamard.distribution(table_hadamard.MAGNITUDES), exact)


def test_lanes_of_a_group_are_uncorrelated_and_so_are_their_squares(every):
    z = every + 0.5
    for values in (z, z**2):
        found = np.corrcoef(values, rowvar=False)
        assert np.abs(found - np.eye(4)).max() < 0.006


def test_the_sum_of_the_lanes_is_four_table_entries(every):
    """What the transform cannot hide: (1, 1, 1, 1) times the lanes is 4 a, where none wraps."""
    a = np.array(table_hadamard.values(0))[np.arange(1 << 22) & 63]
    inside = (every + 0.5).sum(axis=1) == 4 * (a + 0.5)
    assert inside.mean() > 0.9995


def test_the_committed_tables_are_what_the_descent_finds():
    assert table_hadamard.refine() == table_hadamard.MAGNITUDES


@given(st.integers(1, 2**33 - 1))
def test_words_are_a_hadamard_transform(state):
    index = (state & 63, state >> 6 & 31, state >> 11 & 63, state >> 17 & 31)
    halves = (0.5, 0.0, 0.5, 0.5)
    parts = [table_hadamard.values(k)[i] + halves[k] for k, i in enumerate(index)]
    sums = hadamard(4)[[0, 2, 1, 3]] @ np.array(parts)
    wrapped = (sums - 0.5 + 128) % 256 - 128
    expected = [int(w) * 16 + (state >> 22 & 15) for w in wrapped]
    found = table_hadamard.words_of_lanes(np.array([state], dtype=np.uint64), 12)
    assert found[0].tolist() == expected


def test_twelve_bit_words_have_uniform_low_bits(exact):
    states = corner_and_random_states() & ~np.uint64(15 << 22)
    words = table_hadamard.words(states, 12)
    for low in range(16):
        assert np.array_equal(table_hadamard.words(states | np.uint64(low << 22), 12), words + low)
    assert kl_bits(np.repeat(exact / 16, 16), 12) <= 3.0e-4


def test_lanes_take_the_outputs_of_their_generator_in_turn():
    """States found by an independent matrix power."""
    point = resolve(rng="table_hadamard", reuse="none", lanes=7)
    assert (point.group, point.generators) == (4, 2)
    words = Stream(point, 5).beats(1, 1000, 6)
    step = gf2_matrix(transpose(next_rows(33)))
    begin = phases(5, np.uint64([1]), 2, 2**33 - 1)[0].tolist()
    for unit in range(2):
        state = gf2_image(gf2_power(step, begin[unit] + 1000), 1)
        for beat in range(6):
            shown = table_hadamard.words_of_lanes(np.array([state], dtype=np.uint64), 8)[0]
            lanes = words[beat, 4 * unit : 4 * unit + 4]
            assert np.array_equal(lanes, shown[: len(lanes)])
            state = gf2_image(step, state)


def test_values_and_squares_are_uncorrelated_at_lags_1_to_64():
    """Over 2**18 words of each lane: noise has a deviation of 0.002."""
    words = Stream(resolve(rng="table_hadamard", reuse="none", lanes=4)).beats(0, 0, 2**18) + 0.5
    for z in words.T:
        assert largest_autocorrelation(z) < 0.012
        assert largest_autocorrelation(z**2) < 0.012
