from __future__ import annotations

import numpy as np
import pytest
from gaussian_rtl import (
    corner_and_random_states,
    kl_bits,
    moments,
)

from pezoexplore.streams.families import box_muller


def distribution() -> np.ndarray:
    """Probabilities of the 256 words at 8 bits, over all values of the bits they depend on."""
    states = np.arange(1 << 17, dtype=np.uint64)
    counts = np.bincount(box_muller.words(states, 8).astype(np.int64) + 128, minlength=256)
    return counts / 2**17


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return distribution()


def test_distribution_is_symmetric_and_nearly_normal(exact: np.ndarray) -> None:
    assert exact.sum() == 1.0
    assert np.array_equal(exact, exact[::-1])
    mean, variance, kurtosis = moments(exact, 8)
    assert abs(mean) < 1e-12
    assert abs(variance - 1) < 0.02
    assert abs(kurtosis - 3) < 0.15
    assert kl_bits(exact, 8) <= 6.5e-3


def test_twelve_bit_words_have_uniform_low_bits(exact: np.ndarray) -> None:
    """What the lowest four bits are is decided by four state bits that nothing else reads."""
    states = corner_and_random_states() & ~np.uint64(15 << 12)
    words = box_muller.words(states, 12)
    for low in range(16):
        assert np.array_equal(box_muller.words(states | np.uint64(low << 12), 12), words + low)
    fine = np.repeat(exact / 16, 16)
    mean, variance, kurtosis = moments(fine, 12)
    assert abs(mean) < 1e-12
    assert abs(variance - 1) < 0.02
    assert abs(kurtosis - 3) < 0.15
    assert kl_bits(fine, 12) <= 6.7e-3


def test_sign_bit_mirrors_the_word() -> None:
    states = corner_and_random_states() & ~np.uint64(1 << 16)
    words = box_muller.words(states, 8)
    assert words.min() >= 0
    assert np.array_equal(box_muller.words(states | np.uint64(1 << 16), 8), ~words)


def test_products_are_what_the_refinement_finds() -> None:
    high, low = box_muller.refine()
    assert high.tolist() == [list(row) for row in box_muller.HIGH]
    assert low.tolist() == [list(row) for row in box_muller.LOW]


def test_radius_times_cosine_is_near_the_exact_product() -> None:
    """Against sqrt(-2 ln u) cos(v) in float, u at the middle of its stratum, noise averaged."""
    stratum, angle = np.meshgrid(np.arange(1, 64), np.arange(8))
    states = (angle << 6 | stratum).astype(np.uint64)
    noisy = [box_muller.words(states | np.uint64(noise << 9), 12) for noise in range(8)]
    z = (np.mean(noisy, axis=0) + 8) / 512
    exact = np.sqrt(-2 * np.log((stratum + 0.5) / 64)) * np.cos(np.pi / 2 * (angle + 0.5) / 8)
    assert np.abs(z - exact).max() < 0.4
    assert np.sqrt(np.mean((z - exact) ** 2)) < 0.15
