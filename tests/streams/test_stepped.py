"""Generators that step: any beat is the same however it is reached."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.streams.generator import generator
from pezoexplore.streams.seeding import drawn_limbs
from pezoexplore.streams.stream import Directions, Stream, strategy

each = pytest.mark.parametrize(
    "rng", ["lut_sr", "sobol", "trivium", "walsh", "xormix", "xoshiro128pp"]
)


def point_of(rng, **axes):
    return resolve(**{"rng": rng, "reuse": "none", "lanes": 5, "scaling": "none"} | axes)


@each
def test_beats_do_not_depend_on_what_was_read_before(rng):
    whole = Stream(point_of(rng)).beats(1, 0, 300)
    stream = Stream(point_of(rng))
    for start, count in ((0, 10), (10, 20), (250, 50), (40, 5), (299, 1)):
        assert np.array_equal(stream.beats(1, start, count), whole[start : start + count])
    far = Stream(point_of(rng)).beats(1, 5000, 8)
    assert np.array_equal(stream.beats(1, 4990, 18)[10:], far)


@each
def test_epochs_are_streams_of_their_own(rng):
    both = Stream(point_of(rng)).epochs(np.array([3, 1], dtype=np.uint64), 20, 30)
    for row, epoch in zip(both, (3, 1), strict=True):
        assert np.array_equal(row, Stream(point_of(rng)).beats(epoch, 20, 30))
    assert not np.array_equal(both[0], both[1])


@each
def test_a_pool_holds_one_generators_words(rng):
    point = point_of(rng, reuse="pool", pool_size=40, reuse_period=4)
    assert (point.group, point.rows) == (1, 11)
    words = Stream(point).beats(2, 0, 11).reshape(-1)
    made = generator(point).stepped
    state = made.begin(drawn_limbs(0, np.uint64([2]), 1, made.drawn)[:, 0])
    one = np.empty((1, 55, 1), dtype=np.int32)
    made.fill(state, 8, one)
    assert words.tolist() == one[0, :, 0].tolist()


@each
def test_training_reads_them_in_order(rng):
    point = point_of(rng, reuse_period=3)
    block = Directions.of(point, 12, [0]).block(0, 7)
    again = Directions.of(point, 12, [0])
    assert np.array_equal(block, np.concatenate([again.block(0, 2), again.block(2, 5)]))


@each
def test_no_run_comes_round(rng):
    assert strategy(point_of(rng)).effective_span(2410) == 2410
    assert strategy(point_of(rng, lanes=1)).effective_span(300) == 300
    assert (strategy(point_of(rng)).step_cycle(2410) or 2**60) > 2**30
    pooled = point_of(rng, reuse="pool", pool_size=40)
    assert strategy(pooled).effective_span(2410) == 11  # rows, and 482 beats a step
    assert strategy(pooled).effective_span(5 * 11 * 9) == 1  # which meet the same row


def test_limbs_are_drawn_by_the_documented_formula():
    from slow_models import seed_word

    limbs = drawn_limbs(7, np.uint64([0, 4]), 3, 2)
    assert limbs.shape == (2, 3, 2)
    for e, epoch in enumerate((0, 4)):
        for j in range(3):
            for k in range(2):
                assert int(limbs[e, j, k]) == seed_word(7, epoch, 2**33 + 64 * j + k)
