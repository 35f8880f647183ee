from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from slow_models import lfsr_update

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import lfsr
from pezoexplore.streams.linear import apply, identity, power
from pezoexplore.streams.stream import Stream


def prime_factors(number: int) -> set[int]:
    found, divisor = set(), 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.add(divisor)
            number //= divisor
        divisor += 1
    return found | ({number} if number > 1 else set())


def whole_states(width: int, leap: int, count: int) -> np.ndarray:
    """States of one lane that shows all of its bits."""
    point = resolve(reuse="none", lanes=1, bit_width=width, state_bits=width, leap=leap)
    return Stream(point).beats(0, 0, count)[:, 0].astype(np.int64) + 2 ** (width - 1)


@pytest.mark.parametrize("width", range(3, 21))
def test_the_stream_walks_through_every_state_before_it_returns(width):
    period = 2**width - 1
    states = whole_states(width, 1, period + 1)
    assert states[period] == states[0]
    assert np.array_equal(np.sort(states[:period]), np.arange(1, period + 1))


@pytest.mark.parametrize("width", range(3, 33))
def test_updates_and_streams_equal_the_bit_loop(width):
    states = whole_states(width, 1, 200).tolist()
    for state, following in itertools.pairwise(states):
        assert following == lfsr_update(state, width)
        assert following == apply(lfsr.update_columns(width), state)


@pytest.mark.parametrize("width", range(3, 15))
def test_a_whole_period_equals_the_bit_loop(width):
    states = whole_states(width, 1, 2**width).tolist()
    assert states[1:] == [lfsr_update(state, width) for state in states[:-1]]


@pytest.mark.parametrize("width", range(21, 33))
def test_wide_updates_have_the_order_of_a_maximal_length(width):
    period, update = 2**width - 1, lfsr.update_columns(width)
    assert power(update, period) == identity(width)
    for factor in prime_factors(period):
        assert power(update, period // factor) != identity(width)


@pytest.mark.parametrize("width", [3, 4, 8, 11, 12])
def test_coprime_leaps_walk_through_every_state(width):
    period = 2**width - 1
    leaps = [g for g in range(2, 17) if math.gcd(g, period) == 1]
    assert leaps
    for leap in leaps:
        states = whole_states(width, leap, period + 1)
        assert states[period] == states[0]
        assert np.unique(states[:period]).size == period
        state = int(states[0])
        for _ in range(leap):
            state = lfsr_update(state, width)
        assert states[1] == state


def test_a_leap_that_shares_a_factor_would_cut_the_walk():
    """Why such leaps are not legal: 12 bits, leap 12, 1,365 states instead of 4,095."""
    step = power(lfsr.update_columns(12), 12)
    assert power(step, 1365) == identity(12)


def test_taps_put_an_exponent_at_the_bit_below():
    assert lfsr.taps(8) == 0xB8
    assert lfsr.taps(12) == 0xE08
    assert all(lfsr.taps(width).bit_length() == width for width in lfsr.TAP_POSITIONS)
