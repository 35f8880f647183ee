from __future__ import annotations

import numpy as np
import pytest
from gaussian_rtl import corner_and_random_states, kl_bits, largest_autocorrelation, moments
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import icdf
from pezoexplore.streams.stream import Stream


def distribution() -> np.ndarray:
    """Probabilities of the 256 words at 8 bits, over all 2**25 values of the bits they read.

    Bit 25 is the sign and only mirrors the words, which another test shows.
    """
    low = np.arange(1 << 21, dtype=np.uint64)
    counts = np.zeros(128, dtype=np.int64)
    for rest in range(1 << 4):
        counts += np.bincount(icdf.words(low | np.uint64(rest << 21), 8), minlength=128)
    return np.concatenate([counts[::-1], counts]) / 2**26


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return distribution()


def test_distribution_is_symmetric_and_nearly_normal(exact):
    assert exact.sum() == 1.0
    assert np.array_equal(exact, exact[::-1])
    mean, variance, kurtosis = moments(exact, 8)
    assert abs(mean) < 1e-12
    assert abs(variance - 1) < 0.001
    assert abs(kurtosis - 3) < 0.006
    assert kl_bits(exact, 8) <= 3.6e-4
    assert exact[0] > 0


def test_the_tables_give_this_distribution(exact):
    assert np.allclose(icdf.shares(np.array(icdf.START), np.array(icdf.WIDTH)), 2 * exact[128:])


def test_sections_begin_where_the_normal_has_their_share():
    """Start of a section against the quantile of scipy's normal, in steps of sigma/256."""
    first, last = icdf.ends()
    assert np.isclose((first - last).sum(), 1)
    assert np.allclose(first[1:], last[:-1])
    wanted = 256 * norm.isf(first / 2)
    assert np.abs(np.array(icdf.START) - wanted)[:60].max() < 8
    reach = 256 * norm.isf(last / 2) - wanted
    assert np.abs(np.array(icdf.WIDTH) - reach)[:60].max() < 7


def test_the_committed_tables_are_what_the_descent_finds():
    start, width = icdf.refine()
    assert tuple(start.tolist()) == icdf.START
    assert tuple(width.tolist()) == icdf.WIDTH


@given(st.integers(1, 2**33 - 1), st.sampled_from([0, 6, 8, 13, 15]))
def test_a_word_is_the_written_formula(state, zeros):
    state = state >> zeros << zeros  # towards the tail
    u, inside, t = state & 0x7FFF, state >> 15 & 7, state >> 18 & 127
    zeros = next((i for i in range(15) if u >> i & 1), 15)
    first, _ = icdf.ends()
    at = 2.0**-zeros  # the section starts here or further on in the octave
    parts = 8 if zeros < 4 else 4 if zeros < 8 else 2
    octave = at / 2 if zeros < 15 else at
    section = int(np.argmin(np.abs(first - (at - inside % parts * octave / parts))))
    assert section == icdf.section_of(u, inside)
    magnitude = (icdf.START[section] + icdf.WIDTH[section] * t // 128) // 8
    word12 = (-magnitude - 1 if state >> 25 & 1 else magnitude) * 16 + (state >> 26 & 15)
    assert icdf.words(np.array([state], dtype=np.uint64), 12).tolist() == [word12]


def test_twelve_bit_words_have_uniform_low_bits(exact):
    states = corner_and_random_states() & ~np.uint64(15 << 26)
    words = icdf.words(states, 12)
    for low in range(16):
        assert np.array_equal(icdf.words(states | np.uint64(low << 26), 12), words + low)
    assert kl_bits(np.repeat(exact / 16, 16), 12) <= 6.1e-4


def test_values_and_squares_are_uncorrelated_at_lags_1_to_64():
    """Over 2**19 words: noise has a deviation of 0.0014."""
    z = Stream(resolve(rng="icdf", reuse="none", lanes=1)).beats(0, 0, 2**19)[:, 0] + 0.5
    assert largest_autocorrelation(z) < 0.008
    assert largest_autocorrelation(z**2) < 0.008
