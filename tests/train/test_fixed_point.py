from __future__ import annotations

import math

import numpy as np
import pytest
from fixed_reference import at_random, exponential, held, logarithm, nearest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from pezoexplore.train.fixed_point import (
    cross_entropy,
    exp_negative,
    rails,
    saturate,
    shift_round,
    shift_round_by,
    step_size,
)
from pezoexplore.train.fixed_point import logarithm as fast_logarithm

INT32 = st.integers(-(2**29), 2**29)


def leading_bit(values: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda value: int(value).bit_length() - 1)(values).astype(np.int32)


@given(INT32, st.integers(-1, 30))
def test_to_nearest_is_away_from_zero_at_halves(value: int, shift: int) -> None:
    assert shift_round(np.int32(value // 2), shift) == nearest(value // 2, shift)


@given(INT32, st.integers(1, 30), st.integers(0, 2**12 - 1), st.integers(1, 12))
def test_stochastic_rounding_adds_below_one(value: int, shift: int, noise: int, bits: int) -> None:
    noise %= 2**bits
    found = shift_round(np.int32(value), shift, np.int32(noise), bits)
    assert found == at_random(value, shift, noise, bits)
    assert math.floor(value / 2**shift) <= found <= math.floor(value / 2**shift) + 1


def test_stochastic_rounding_is_right_on_average() -> None:
    noise = np.arange(256, dtype=np.int32)
    for value in (-1000, -37, 5, 129):
        assert shift_round(np.full(256, value, np.int32), 8, noise, 8).mean() == value / 256


@given(st.integers(-(2**23), 2**23 - 1), st.integers(0, 2**15 - 1))
def test_the_step_is_the_exact_product_rounded(difference: int, rate: int) -> None:
    expected = held((difference * rate + 2**14) // 2**15, 16)
    assert step_size(np.int32(difference), np.int32(rate)) == expected


def test_rails() -> None:
    assert rails(8) == (-128, 127)
    assert saturate(np.int32([-129, 5, 128]), 8).tolist() == [-128, 5, 127]


def test_exponential_and_logarithm() -> None:
    distance = np.arange(0, 2**16, 7, dtype=np.int32)
    found = exp_negative(distance)
    np.testing.assert_allclose(found / 2**15, np.exp(-distance / 4096), atol=2e-4)
    assert found[::101].tolist() == [exponential(int(x)) for x in distance[::101]]
    assert exp_negative(np.int32(2**24)) == exp_negative(np.int32(2**16 - 1)) == 0
    sums = np.unique(np.geomspace(2**15, 2**20, 500).astype(np.int32))
    logs = fast_logarithm(sums, leading_bit(sums))
    np.testing.assert_allclose(logs / 4096, np.log(sums / 2**15), atol=4e-4)
    assert logs[::50].tolist() == [logarithm(int(x)) for x in sums[::50]]


def test_cross_entropy_is_that_of_floats() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (10, 200))
    labels = rng.integers(10, size=200)
    whole = np.rint(logits * 4096).astype(np.int32)
    found = cross_entropy(whole, labels == np.arange(10)[:, None], leading_bit) / 4096
    expected = -log_softmax(logits, axis=0)[labels, np.arange(200)]
    np.testing.assert_allclose(found, expected, atol=1.5e-3)


@pytest.mark.parametrize("noise_bits", [None, 8, 12])
@pytest.mark.parametrize("shift", range(-6, 16))
def test_a_shift_known_only_at_run_time_rounds_alike(shift, noise_bits):
    rng = np.random.default_rng(shift + 100)
    values = rng.integers(-(2**20), 2**20, 500, dtype=np.int32)
    noise = None if noise_bits is None else rng.integers(2**noise_bits, size=500, dtype=np.int32)
    expected = shift_round(values, shift, noise, noise_bits or 0)
    found = shift_round_by(values, np.int32(shift), noise, noise_bits or 0)
    np.testing.assert_array_equal(found, expected)
