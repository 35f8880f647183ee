from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import gf2_image, gf2_matrix, gf2_power, xorshift32_next

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import xorshift32
from pezoexplore.streams.linear import identity, power
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream

PUBLISHED = [723471715, 2497366906, 2064144800, 2008045182, 3532304609]
"""First outputs for the seed of Marsaglia's paper, 2463534242."""


def test_the_published_seed_gives_the_published_outputs():
    state, outputs = 2463534242, []
    for _ in PUBLISHED:
        state = xorshift32.update(state)
        outputs.append(state)
    assert outputs == PUBLISHED


@given(st.integers(1, 2**32 - 1))
def test_update_equals_the_published_recurrence(state):
    assert xorshift32.update(state) == xorshift32_next(state)


def test_the_period_is_maximal():
    period, step = 2**32 - 1, xorshift32.step_columns()
    assert power(step, period) == identity(32)
    for factor in (3, 5, 17, 257, 65537):
        assert power(step, period // factor) != identity(32)


@pytest.mark.parametrize("bits", [1, 8, 15, 16, 24])
def test_the_stream_shows_top_bits_of_seeded_lanes(bits):
    """States found by an independent matrix power, then the recurrence."""
    lanes, start, count = 3, 1_000_003, 20
    period = 2**32 - 1
    words = Stream(resolve(rng="xorshift32", reuse="none", bit_width=bits, lanes=lanes), 9).beats(
        2, start, count
    )
    step = gf2_matrix(tuple(xorshift32_next(1 << i) for i in range(32)))
    begin = phases(9, np.uint64([2]), lanes, period)[0].tolist()
    for lane in range(lanes):
        state = gf2_image(gf2_power(step, (begin[lane] + start) % period), 1)
        for beat in range(count):
            assert words[beat, lane] == (state >> (32 - bits)) - 2 ** (bits - 1)
            state = xorshift32_next(state)
    assert words.dtype == (np.int16 if bits <= 15 else np.int32)
