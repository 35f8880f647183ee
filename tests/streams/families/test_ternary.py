from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import lfsr_update

from pezoexplore.design.point import resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.streams.generator import generator
from pezoexplore.streams.linear import apply
from pezoexplore.streams.stream import Stream

POINT = resolve(rng="ternary", reuse="none", lanes=3)


def test_a_word_has_two_bits_whatever_is_asked_for():
    assert resolve(rng="ternary", reuse="none", lanes=3, bit_width=8) == POINT
    assert (POINT.bit_width, POINT.state_bits) == (2, 32)


@pytest.mark.parametrize(("top", "word"), [(0b00, 0), (0b10, 0), (0b01, 1), (0b11, -1)])
def test_the_two_top_bits_make_the_word(top, word):
    states = np.array([top << 30 | low for low in (0, 1, 12345)], dtype=np.uint64)
    assert generator(POINT).words(states).tolist() == [word] * 3


@given(st.integers(1, 2**32 - 1))
def test_a_clock_is_two_updates(state):
    assert apply(generator(POINT).step, state) == lfsr_update(lfsr_update(state, 32), 32)


def test_successive_words_are_made_of_different_bits():
    """Nine successive pairs of words take on all of their 3**2 values as independent ones would."""
    words = Stream(POINT).beats(0, 0, 2**16)[:, 0].tolist()
    for lag in (1, 2, 5):
        pairs = list(zip(words, words[lag:], strict=False))
        for pair in itertools.product((-1, 0, 1), repeat=2):
            share = math.prod(0.5 if w == 0 else 0.25 for w in pair)
            assert abs(pairs.count(pair) / len(pairs) - share) < 0.008


@pytest.mark.parametrize(("scaling", "size"), [("none", 1.0), ("constant", math.sqrt(2))])
def test_directions_have_unit_size_or_unit_variance(scaling, size):
    stream = Stream(resolve(rng="ternary", reuse="none", lanes=3, scaling=scaling))
    assert not stream.half
    z = stream.z(0, 0, 2**15)
    assert np.allclose(np.unique(z), [-size, 0, size])
    assert abs(float(z.std()) - size * math.sqrt(0.5)) < 0.01
    assert abs(float(z.mean())) < 0.01 * size


def test_they_cannot_round():
    integers = {"weight_bits": 16, "activation_bits": 8, "update_rounding": "shared"}
    with pytest.raises(IllegalPointError, match="rounding stochastic needs uniform numbers"):
        resolve(rng="ternary", reuse="none", **integers, rounding="stochastic")
