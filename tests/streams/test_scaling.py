from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams.scaling import MAX_EXPONENT, MIN_EXPONENT, exponents, thresholds
from pezoexplore.streams.stream import Stream


def ideal_norm(lanes: int) -> float:
    return math.sqrt(2) * math.gamma((lanes + 1) / 2) / math.gamma(lanes / 2)


@given(st.data(), st.integers(1, 40), st.booleans())
def test_exponents_round_the_ratio_of_norms(data, lanes, half):
    reach = 2 ** data.draw(st.integers(0, 23))
    words = np.array(
        data.draw(st.lists(st.integers(-reach, reach - 1), min_size=lanes, max_size=lanes))
    )
    norm = math.sqrt(sum((int(w) + 0.5 * half) ** 2 for w in words))
    ratio = math.log2(ideal_norm(lanes) / norm) if norm else math.inf
    (exponent,) = exponents(words[None], half)
    clamped = min(max(ratio, MIN_EXPONENT), MAX_EXPONENT)
    assert abs(exponent - clamped) <= 0.5 + 1e-9


@pytest.mark.parametrize("lanes", [1, 2, 31, 1000])
def test_thresholds_are_where_the_ratio_crosses_a_half(lanes):
    found = thresholds(lanes)
    assert len(found) == MAX_EXPONENT - MIN_EXPONENT
    assert list(found) == sorted(found, reverse=True)
    norm_squared = ideal_norm(lanes) ** 2 if lanes < 300 else lanes - 0.5 + 1 / (8 * lanes)
    for exponent, limit in zip(range(MIN_EXPONENT + 1, MAX_EXPONENT + 1), found, strict=True):
        edge = 4 * norm_squared * 2 * 4.0**-exponent  # (2 ||v||)**2 at log2 ratio exponent - 1/2
        assert limit == pytest.approx(edge, rel=1e-9, abs=1)
        assert limit <= edge * (1 + 1e-9)


@pytest.mark.parametrize("exponent", range(-20, 0))
def test_a_sum_at_a_threshold_takes_the_larger_exponent(exponent):
    """One lane and the half: every odd number squared is a reachable sum."""
    limit = thresholds(1)[exponent - MIN_EXPONENT - 1]
    below = math.isqrt(limit)
    below -= 1 - below % 2
    words = np.array([[(below - 1) // 2], [(below + 1) // 2]])
    assert exponents(words, True).tolist() == [exponent, exponent - 1]


def test_exponents_are_clamped():
    assert exponents(np.array([[0, 0]]), False).tolist() == [MAX_EXPONENT]
    assert exponents(np.full((1, 31), 2**31 - 1), False).tolist() == [MIN_EXPONENT]
    assert exponents(np.zeros((3, 2), dtype=np.int16), True).dtype == np.int8


def test_few_lanes_take_several_exponents_and_many_take_one():
    """The norm of 31 lanes hardly varies, so their table is nearly a constant shift."""
    four = Stream(resolve(reuse="bank", state_bits=12, lanes=4, scaling="pow2"))
    many = Stream(resolve(reuse="bank", state_bits=12, lanes=31, scaling="pow2"))
    counts = np.unique(many.exponents(0, 0, 4095), return_counts=True)[1]
    assert np.unique(four.exponents(0, 0, 4095)).size >= 3
    assert counts.max() >= 0.99 * counts.sum()


@pytest.mark.parametrize("bits", [3, 4, 8, 12, 16])
def test_scales_of_uniform_words(bits):
    """`none` bounds |z| by 1; `constant` makes the deviation of all equally likely words 1."""
    for state_bits, half in ((bits, 0.0), (bits + 1, 0.5)):
        axes = {"reuse": "bank", "lanes": 2, "bit_width": bits, "state_bits": state_bits}
        first = 0 if half else 1
        words = np.arange(first, 2**bits) - 2 ** (bits - 1) + half
        plain = words * Stream(resolve(**axes, scaling="none")).scale
        assert np.abs(plain).max() <= 1 <= np.abs(plain).max() + 2.0 ** (1 - bits)
        assert words.mean() == 0
        scaled = words * Stream(resolve(**axes, scaling="constant")).scale
        assert scaled.std() == pytest.approx(1, abs=1e-12)


def test_other_scales():
    assert Stream(resolve(rng="gaussian", reuse="none")).scale == 1
    assert Stream(resolve(rng="rademacher", reuse="none", scaling="none")).scale == 2
    assert Stream(resolve(rng="treegrng", reuse="none", bit_width=8)).scale == 1 / 32
    assert Stream(resolve(rng="lfsr", reuse="bank", scaling="pow2")).scale == 1
