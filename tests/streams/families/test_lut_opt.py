from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import gf2_image, gf2_matrix, gf2_power, parity

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import lut_opt
from pezoexplore.streams.linear import apply, identity, power, rows_of
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream

PERIOD = 2**48 - 1


def test_every_nonzero_state_lies_on_one_cycle():
    assert math.prod(lut_opt.FACTORS) * 3 == PERIOD
    step = lut_opt.step_columns()
    assert power(step, PERIOD) == identity(48)
    for prime in lut_opt.FACTORS:
        assert power(step, PERIOD // prime) != identity(48)


def test_each_bit_is_one_lut_and_no_two_share_a_pair_of_taps():
    rows = rows_of(lut_opt.step_columns())
    taps = [[j for j in range(48) if row >> j & 1] for row in rows]
    assert sorted({len(t) for t in taps}) == [3, 4]
    pairs = [pair for t in taps for pair in combinations(t, 2)]
    assert len(pairs) == len(set(pairs))


@given(st.integers(0, PERIOD))
def test_a_clock_takes_the_taps(state):
    expected = sum(
        parity(sum(1 << t[i] for t in lut_opt.TAPS if t[i] >= 0) & state) << i for i in range(48)
    )
    assert apply(lut_opt.step_columns(), state) == expected


@pytest.mark.parametrize(("bits", "group"), [(8, 6), (5, 7), (24, 2), (1, 7)])
def test_lanes_share_the_state_from_the_top(bits, group):
    """States found by an independent matrix power."""
    lanes = 7
    point = resolve(rng="lut_opt", reuse="none", bit_width=bits, lanes=lanes)
    assert (point.group, point.generators) == (group, -(-lanes // group))
    words = Stream(point, 3).beats(1, 500, 5)
    step = gf2_matrix(lut_opt.step_columns())
    begin = phases(3, np.uint64([1]), point.generators, PERIOD)[0].tolist()
    for lane in range(lanes):
        state = gf2_image(gf2_power(step, begin[lane // group] + 500), 1)
        for beat in range(5):
            raw = state >> (48 - bits * (lane % group + 1)) & (2**bits - 1)
            assert words[beat, lane] == raw - 2 ** (bits - 1)
            state = gf2_image(step, state)


def test_lanes_and_their_squares_are_uncorrelated_up_to_lag_64():
    """Six lanes of one generator over 2**17 beats: noise has a deviation of 0.0028."""
    z = Stream(resolve(rng="lut_opt", reuse="none", lanes=6)).beats(0, 0, 2**17) + 0.5
    for values in (z, z**2):
        centred = (values - values.mean(axis=0)) / values.std(axis=0)
        for lag in range(65):
            found = centred[: len(z) - lag].T @ centred[lag:] / len(z)
            found -= np.diag(np.diag(found)) if lag == 0 else 0
            assert np.abs(found).max() < 0.017, lag
