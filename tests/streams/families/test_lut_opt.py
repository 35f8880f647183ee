from __future__ import annotations

import math
from functools import reduce
from itertools import combinations
from operator import xor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_models import gf2_image, gf2_matrix, gf2_power, parity

from pezoexplore.design.point import IllegalPointError, resolve
from pezoexplore.streams.families import lut_opt
from pezoexplore.streams.linear import apply, identity, power, rows_of
from pezoexplore.streams.seeding import phases
from pezoexplore.streams.stream import Stream

PERIOD = 2**48 - 1
FACTORS = {  # of 2**bits - 1, each prime as often as it occurs
    16: (3, 5, 17, 257),
    24: (3, 3, 5, 7, 13, 17, 241),
    32: (3, 5, 17, 257, 65537),
    48: (3, 3, 5, 7, 13, 17, 97, 241, 257, 673),
}
each_size = pytest.mark.parametrize("bits", FACTORS)


def test_every_size_is_tested():
    assert tuple(lut_opt.TAPS) == tuple(FACTORS)


@each_size
def test_every_nonzero_state_lies_on_one_cycle(bits):
    period = math.prod(FACTORS[bits])
    assert period == 2**bits - 1
    step = lut_opt.step_columns(bits)
    assert power(step, period) == identity(bits)
    for prime in FACTORS[bits]:
        assert power(step, period // prime) != identity(bits)


@each_size
def test_each_bit_is_one_lut_and_no_two_share_a_pair_of_taps(bits):
    rows = rows_of(lut_opt.step_columns(bits))
    taps = [[j for j in range(bits) if row >> j & 1] for row in rows]
    assert sorted({len(t) for t in taps}) == ([2, 3] if bits < 32 else [3, 4])
    pairs = [pair for t in taps for pair in combinations(t, 2)]
    assert len(pairs) == len(set(pairs))


@each_size
def test_no_state_bit_turns_into_another_within_64_clocks(bits):
    rows = rows_of(lut_opt.step_columns(bits))
    for bit in range(bits):
        mask = 1 << bit
        for _ in range(64):
            mask = reduce(xor, (row for i, row in enumerate(rows) if mask >> i & 1))
            assert mask.bit_count() > 1


@given(st.sampled_from(sorted(FACTORS)), st.integers(0, PERIOD))
def test_a_clock_takes_the_taps(bits, drawn):
    taps, state = lut_opt.TAPS[bits], drawn % 2**bits
    expected = sum(
        parity(sum(1 << t[i] for t in taps if t[i] >= 0) & state) << i for i in range(bits)
    )
    assert apply(lut_opt.step_columns(bits), state) == expected


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        ({"state_bits": 20}, "lut_opt is built for state_bits 16, 24, 32 or 48, not 20"),
        ({"state_bits": 16, "bit_width": 20}, "bit_width 20 needs at least as many state_bits"),
        ({"reuse": "phased"}, "reuse phased needs state_bits of at most 32, not 48"),
        ({"reuse": "bank"}, "reuse bank needs rng lfsr, not lut_opt"),
    ],
)
def test_what_is_not_legal_says_why(axes, text):
    with pytest.raises(IllegalPointError, match=text):
        resolve(**{"rng": "lut_opt", "reuse": "none", **axes})


@pytest.mark.parametrize(
    ("state", "bits", "group"),
    [(48, 8, 6), (48, 5, 7), (48, 24, 2), (48, 1, 7), (16, 8, 2), (24, 5, 4), (32, 1, 7)],
)
def test_lanes_share_the_state_from_the_top(state, bits, group):
    """States found by an independent matrix power."""
    lanes = 7
    point = resolve(rng="lut_opt", reuse="none", bit_width=bits, lanes=lanes, state_bits=state)
    assert (point.group, point.generators) == (group, -(-lanes // group))
    words = Stream(point, 3).beats(1, 500, 5)
    step = gf2_matrix(lut_opt.step_columns(state))
    begin = phases(3, np.uint64([1]), point.generators, 2**state - 1)[0].tolist()
    for lane in range(lanes):
        now = gf2_image(gf2_power(step, begin[lane // group] + 500), 1)
        for beat in range(5):
            raw = now >> (state - bits * (lane % group + 1)) & (2**bits - 1)
            assert words[beat, lane] == raw - 2 ** (bits - 1)
            now = gf2_image(step, now)


def test_lanes_and_their_squares_are_uncorrelated_up_to_lag_64():
    """Six lanes of one generator over 2**17 beats: noise has a deviation of 0.0028."""
    z = Stream(resolve(rng="lut_opt", reuse="none", lanes=6)).beats(0, 0, 2**17) + 0.5
    for values in (z, z**2):
        centred = (values - values.mean(axis=0)) / values.std(axis=0)
        for lag in range(65):
            found = centred[: len(z) - lag].T @ centred[lag:] / len(z)
            found -= np.diag(np.diag(found)) if lag == 0 else 0
            assert np.abs(found).max() < 0.017, lag
