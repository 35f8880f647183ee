from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from slow_models import PRIMES, slow_beats

from pezoexplore.design.point import TAPS, DesignPoint, IllegalPointError, resolve
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream


@st.composite
def small_points(draw, reuses=("none", "pool", "bank", "phased")) -> DesignPoint:
    """Lfsr points whose whole life can be walked in Python."""
    state_bits = draw(st.integers(3, 7))
    try:
        return resolve(
            reuse=draw(st.sampled_from(reuses)),
            taps=draw(st.sampled_from(["shifted", "xor", "shared", "sparse"])),
            state_bits=state_bits,
            bit_width=draw(st.integers(1, state_bits)),
            lanes=draw(st.integers(1, 9)),
            leap=draw(st.sampled_from([1, 1, 2, 4, 5])),
            pool_size=draw(st.integers(1, 60)),
        )
    except IllegalPointError:
        assume(False)
        raise


def first_phases(point: DesignPoint, seed: int, epoch: int) -> list[int]:
    lanes = point.lanes if point.reuse in ("none", "bank") else 1
    if point.reuse == "phased":
        prime = PRIMES[point.state_bits]
        drawn = [phases(*of, 1, prime) for of in ((seed, np.uint64([epoch])), (0, np.uint64([0])))]
        return [int(phase[0, 0]) for phase in drawn]
    return phases(seed, np.uint64([epoch]), lanes, 2**point.state_bits - 1)[0].tolist()


@settings(deadline=None, max_examples=120)
@given(
    small_points(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 400), st.integers(1, 60)
)
def test_any_beats_equal_the_clocked_model(point, seed, epoch, start, count):
    model = slow_beats(point, first_phases(point, seed, epoch))
    expected = list(itertools.islice(model, start, start + count))
    assert Stream(point, seed).beats(epoch, start, count).tolist() == expected


@settings(deadline=None, max_examples=60)
@given(small_points(), st.integers(0, 300), st.integers(0, 40), st.integers(1, 20))
def test_replay_and_random_access_are_slices(point, start, offset, count):
    whole = Stream(point, 3).beats(1, start, offset + count)
    stream = Stream(point, 3)
    for _ in range(2):
        assert np.array_equal(stream.beats(1, start + offset, count), whole[offset:])


@settings(deadline=None, max_examples=40)
@given(small_points(), st.integers(0, 50))
def test_many_epochs_at_once_equal_one_at_a_time(point, start):
    stream = Stream(point, 1)
    together = stream.epochs(np.arange(4, dtype=np.uint64), start, 10)
    assert together.shape == (4, 10, point.lanes)
    for epoch in range(4):
        assert np.array_equal(together[epoch], Stream(point, 1).beats(epoch, start, 10))


LONG = [
    {"rng": "lfsr", "reuse": "none", "state_bits": 32, "leap": 7},
    {"rng": "lfsr", "reuse": "bank", "state_bits": 24, "bit_width": 16},
    {"rng": "lfsr", "reuse": "phased", "state_bits": 24, "taps": "shared"},
    {"rng": "xorshift32", "reuse": "none"},
    {"rng": "xorshift32", "reuse": "pool", "pool_size": 100},
    {"rng": "rademacher", "reuse": "none"},
    {"rng": "clt", "reuse": "none"},
    {"rng": "treegrng", "reuse": "none"},
    {"rng": "box_muller", "reuse": "pool", "pool_size": 33},
    {"rng": "gaussian", "reuse": "none"},
    {"rng": "gaussian", "reuse": "pool", "pool_size": 77},
]


@pytest.mark.parametrize("axes", LONG, ids=lambda axes: f"{axes['rng']}-{axes['reuse']}")
def test_long_streams_are_reached_at_random(axes):
    """Across a chunk of software numbers, and far beyond what could be walked."""
    point = resolve(**axes, lanes=5)
    for far in (0, 65_530, 10**9):
        whole = Stream(point, 2).beats(3, far, 40)
        assert np.array_equal(Stream(point, 2).beats(3, far + 13, 27), whole[13:])
    assert not np.array_equal(Stream(point, 2).beats(4, 0, 40), Stream(point, 2).beats(3, 0, 40))
    assert not np.array_equal(Stream(point, 1).beats(3, 0, 40), Stream(point, 2).beats(3, 0, 40))


@pytest.mark.parametrize("leap", [1, 2])
def test_a_bank_rotates_after_every_full_period(leap):
    """Lane j then continues the generator of lane j + 1 modulo L."""
    point = resolve(reuse="bank", bit_width=5, lanes=6, leap=leap)
    beats = Stream(point).beats(0, 0, 31 * 13)
    for turn in range(12):
        here, following = beats[31 * turn : 31 * (turn + 1)], beats[31 * (turn + 1) :][:31]
        assert np.array_equal(following, np.roll(here, -1, axis=1))
    assert not np.array_equal(beats[:31], np.roll(beats[:31], -1, axis=1))


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize(("state_bits", "prime"), [(6, 61), (7, 127), (12, 4093), (16, 65_521)])
def test_a_phased_stream_starts_over_after_a_prime_number_of_beats(taps, state_bits, prime):
    if taps == "sparse" and state_bits < 12:
        return
    point = resolve(reuse="phased", bit_width=6, state_bits=state_bits, lanes=15, taps=taps)
    beats = Stream(point).beats(0, 0, 2 * prime + 9)
    assert np.array_equal(beats[prime:], beats[:-prime])
    assert np.unique(beats[:prime], axis=0).shape[0] == prime


@pytest.mark.parametrize("taps", ["shifted", "xor", "shared"])
def test_a_reseeded_phased_stream_walks_the_same_period_from_elsewhere(taps):
    point = resolve(reuse="phased", bit_width=6, lanes=7, taps=taps, reuse_period=4)
    stream = Stream(point, 3)
    turn, starts = stream.beats(0, 0, 61), set()
    for epoch in range(40):
        beats = stream.beats(epoch, 0, 150)
        (start,) = [k for k in range(61) if np.array_equal(np.roll(turn, -k, axis=0), beats[:61])]
        assert np.array_equal(beats[61:], beats[:-61])
        starts.add(start)
    assert len(starts) > 20


def test_shifted_lanes_are_true_phase_shifts():
    point = resolve(reuse="phased", bit_width=8, state_bits=13, lanes=10, taps="shifted")
    shift = 8191 // 10
    beats = Stream(point).beats(0, 0, 8191)
    for lane in range(1, 10):
        assert np.array_equal(beats[: 8191 - lane * shift, lane], beats[lane * shift :, 0])


@pytest.mark.parametrize("rng", ["lfsr", "xorshift32", "rademacher", "clt", "treegrng", "gaussian"])
def test_a_pool_is_the_fillers_words_read_cyclically(rng):
    """Word i is lane i mod L of row i div L; the last row is filled up, then all to a prime."""
    narrow = resolve(rng=rng, reuse="pool", pool_size=50, lanes=1, state_bits=24)
    wide = resolve(rng=rng, reuse="pool", pool_size=50, lanes=7, state_bits=24)
    assert (narrow.rows, wide.rows) == (53, 11)
    longer = resolve(rng=rng, reuse="pool", pool_size=79, lanes=1, state_bits=24)
    contents = Stream(longer, 4).beats(2, 0, 77)[:, 0]
    assert np.array_equal(Stream(narrow, 4).beats(2, 0, 53)[:, 0], contents[:53])
    read = Stream(wide, 4).beats(2, 0, 30)
    assert np.array_equal(read, np.resize(contents.reshape(11, 7), (30, 7)))
    assert np.array_equal(Stream(wide, 4).beats(2, 11 * 10**6 + 3, 1)[0], contents[21:28])


def test_one_generator_a_lane_repeats_after_its_own_period():
    beats = Stream(resolve(reuse="none", bit_width=6, lanes=4)).beats(0, 0, 200)
    assert np.array_equal(beats[63:], beats[:-63])
    assert math.prod(np.unique(beats, axis=0).shape) == 63 * 4


@pytest.mark.parametrize("rng", names())
def test_reading_on_gives_the_words_that_jumping_there_gives(rng):
    """In pieces that are shorter and longer than the blocks in which words are made."""
    point = resolve(rng=rng, reuse="none", lanes=40)
    stream, at = Stream(point, 5), 3
    for count in (1, 700, 0, 1900):
        words = stream.beats(1, at, count)
        assert np.array_equal(words, Stream(point, 5).beats(1, at, count))
        at += count
    for epochs in ([1], [0, 1], [0, 1]):  # others, and the same again after more have been read
        together = stream.epochs(np.array(epochs, dtype=np.uint64), at, 900)
        for epoch, words in zip(epochs, together, strict=True):
            assert np.array_equal(words, Stream(point, 5).beats(epoch, at, 900))
