from __future__ import annotations

import numpy as np
import pytest
from gaussian_rtl import (
    corner_and_random_states,
    kl_bits,
    moments,
)
from scipy.stats import norm

from pezoexplore.streams.families import treegrng


def distribution() -> np.ndarray:
    """Probabilities of the 256 words at 8 bits, over all 2**28 values of the bits they depend on.

    Bit 32 is the sign and only mirrors the words, which another test shows.
    """
    low = np.arange(1 << 20, dtype=np.uint64)
    counts = np.zeros(128, dtype=np.int64)
    for rest in range(1 << 8):
        counts += np.bincount(treegrng.words(low | np.uint64(rest << 20), 8), minlength=128)
    return np.concatenate([counts[::-1], counts]) / 2**29


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return distribution()


def test_distribution_is_symmetric_and_nearly_normal(exact: np.ndarray) -> None:
    assert exact.sum() == 1.0
    assert np.array_equal(exact, exact[::-1])
    mean, variance, kurtosis = moments(exact, 8)
    assert abs(mean) < 1e-12
    assert abs(variance - 1) < 0.01
    assert abs(kurtosis - 3) < 0.01
    assert kl_bits(exact, 8) <= 2.0e-4


def test_twelve_bit_words_have_uniform_low_bits(exact: np.ndarray) -> None:
    """What the lowest four bits are is decided by four state bits that nothing else reads."""
    states = corner_and_random_states() & ~np.uint64(15 << 28)
    words = treegrng.words(states, 12)
    for low in range(16):
        assert np.array_equal(treegrng.words(states | np.uint64(low << 28), 12), words + low)
    fine = np.repeat(exact / 16, 16)
    mean, variance, kurtosis = moments(fine, 12)
    assert abs(mean) < 1e-12
    assert abs(variance - 1) < 0.01
    assert abs(kurtosis - 3) < 0.01
    assert kl_bits(fine, 12) <= 3.0e-4


def test_sign_bit_mirrors_the_word() -> None:
    states = corner_and_random_states() & ~np.uint64(1 << 32)
    words = treegrng.words(states, 8)
    assert words.min() >= 0
    assert np.array_equal(treegrng.words(states | np.uint64(1 << 32), 8), ~words)


def test_each_magnitude_decision_is_near_its_normal_probability(exact: np.ndarray) -> None:
    """P(bit | bits above) of the three upper magnitude bits, against scipy's normal."""
    magnitude = 2 * exact[128:]
    for level, tolerance in ((0, 0.002), (1, 0.004), (2, 0.02)):
        cells = magnitude.reshape(2 << level, -1).sum(axis=1)
        edges = 2 * norm.cdf(np.linspace(0, 4, (2 << level) + 1)) - 1
        edges[-1] = 1.0
        wanted = np.diff(edges)
        assert (
            np.abs(
                cells[1::2] / (cells[0::2] + cells[1::2])
                - wanted[1::2] / (wanted[0::2] + wanted[1::2])
            ).max()
            < tolerance
        )
