from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import seed_word, splitmix64_next

from pezoexplore.streams.seeding import phases, seed_words, splitmix64

U64_VALUES = st.integers(0, 2**64 - 1)


def test_splitmix64_gives_the_published_outputs():
    """The first outputs for seed 1234567 of the public reference implementation."""
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + k * golden) % 2**64 for k in range(5)], dtype=np.uint64)
    assert splitmix64(states).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(U64_VALUES)
def test_splitmix64_equals_integer_arithmetic(state):
    assert int(splitmix64(np.uint64([state]))[0]) == splitmix64_next(state)[1]


@given(U64_VALUES, U64_VALUES, st.integers(0, 2**32 - 1))
def test_seed_words_chain_the_three_numbers(seed, epoch, lane):
    (word,) = seed_words(seed, np.uint64([epoch]), np.uint64([lane]))
    assert int(word) == seed_word(seed, epoch, lane)


def test_seed_words_broadcast():
    words = seed_words(3, np.arange(4, dtype=np.uint64)[:, None], np.arange(5, dtype=np.uint64))
    assert words.tolist() == [[seed_word(3, e, lane) for lane in range(5)] for e in range(4)]


@given(st.data())
def test_phases_are_stratified(data):
    period = data.draw(st.integers(1, 5000) | st.sampled_from([2**16 - 1, 2**33 - 1, 2**41 - 1]))
    lanes = data.draw(st.integers(1, min(period, 70)))
    seed, epoch = data.draw(U64_VALUES), data.draw(U64_VALUES)
    (drawn,) = phases(seed, np.uint64([epoch]), lanes, period).tolist()
    assert all(0 <= phase < period for phase in drawn)
    assert len(set(drawn)) == lanes
    for one, other in itertools.combinations(drawn, 2):
        assert min((one - other) % period, (other - one) % period) >= period // (2 * lanes)


@given(U64_VALUES, st.integers(0, 10**6), st.integers(1, 40), st.integers(40, 2**33))
def test_phases_follow_the_documented_formula(seed, epoch, lanes, period):
    jitter = period // lanes - period // (2 * lanes)
    common = seed_word(seed, epoch, 2**32 - 1)
    drawn = sorted(range(lanes), key=lambda lane: seed_word(seed, epoch, 2**32 + lane))
    expected = [
        (common + rank * period // lanes + seed_word(seed, epoch, lane) % jitter) % period
        for lane, rank in ((lane, drawn.index(lane)) for lane in range(lanes))
    ]
    assert phases(seed, np.uint64([epoch]), lanes, period)[0].tolist() == expected


def test_phases_differ_by_epoch_and_seed_but_not_by_company():
    many = phases(5, np.arange(50, dtype=np.uint64), 3, 2**24 - 1)
    assert np.unique(many, axis=0).shape == (50, 3)
    assert np.array_equal(phases(5, np.uint64([17]), 3, 2**24 - 1)[0], many[17])
    assert not np.array_equal(phases(6, np.uint64([17]), 3, 2**24 - 1)[0], many[17])


@pytest.mark.parametrize("lanes", [1, 7])
def test_every_state_of_a_small_cycle_gets_its_turn(lanes):
    drawn = phases(0, np.arange(2000, dtype=np.uint64), lanes, 31)
    for lane in range(lanes):
        assert set(drawn[:, lane].tolist()) == set(range(31))
