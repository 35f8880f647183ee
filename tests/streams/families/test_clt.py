from __future__ import annotations

import math

import numpy as np
import pytest
from gaussian_rtl import (
    corner_and_random_states,
    kl_bits,
    moments,
)

from pezoexplore.streams.families import clt


def distribution() -> np.ndarray:
    """Probabilities of the 256 words at 8 bits, over all 2**25 values of the bits they read."""
    low = np.arange(1 << 21, dtype=np.uint64)
    counts = np.zeros(256, dtype=np.int64)
    for top in range(16):
        states = low | np.uint64(top << 25)
        counts += np.bincount(clt.words(states, 8).astype(np.int64) + 128, minlength=256)
    return counts / 2**25


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return distribution()


def test_distribution_is_symmetric_and_nearly_normal(exact: np.ndarray) -> None:
    assert exact.sum() == 1.0
    assert np.array_equal(exact, exact[::-1])
    mean, variance, kurtosis = moments(exact, 8)
    assert abs(mean) < 1e-12
    assert 0 < abs(variance - 1) < 0.001
    assert abs(kurtosis - 2.88) < 0.001
    assert kl_bits(exact, 8) <= 5.3e-4


def test_twelve_bit_words_have_uniform_low_bits(exact: np.ndarray) -> None:
    """What the lowest four bits are is decided by four state bits that nothing else reads."""
    states = corner_and_random_states() & ~np.uint64(15 << 21)
    words = clt.words(states, 12)
    for low in range(16):
        assert np.array_equal(clt.words(states | np.uint64(low << 21), 12), words + low)
    fine = np.repeat(exact / 16, 16)
    mean, variance, kurtosis = moments(fine, 12)
    assert abs(mean) < 1e-12
    assert 0 < abs(variance - 1) < 0.001
    assert abs(kurtosis - 2.88) < 0.001
    assert kl_bits(fine, 12) <= 5.9e-4


def test_extreme_sums_saturate_instead_of_wrapping() -> None:
    """All bits of the sum at one end: words at that end, not beyond the other."""
    ends = clt.words(np.array([0, 2**33 - 1], dtype=np.uint64), 8)
    assert ends[0] < -110
    assert ends[1] > 110


def test_distribution_is_the_convolution_of_its_parts(exact: np.ndarray) -> None:
    """Apart from the clamped ends: 15 bits, a uniform, a spread and a bit, less 144."""
    coarse = np.zeros(15 * 16 + 1)
    coarse[::16] = [math.comb(15, ones) / 2**15 for ones in range(16)]
    spread = np.bincount([*clt.SPREAD, *(31 - v for v in clt.SPREAD)], minlength=32) / 32
    total = np.convolve(np.convolve(coarse, np.ones(16) / 16), spread)
    total = np.convolve(total, [0.5, 0.5])
    saturated = total[144 - 128 : 144 + 128].copy()
    saturated[0] += total[: 144 - 128].sum()
    saturated[-1] += total[144 + 128 :].sum()
    assert np.abs(exact - saturated).sum() < 1e-4
