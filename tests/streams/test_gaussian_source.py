from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from gaussian_rtl import corner_and_random_states, next_states

from pezoexplore.paths import rtl_dir
from pezoexplore.streams import gaussian_tables
from pezoexplore.streams.gaussian_source import FACTORS, STATE_BITS, next_rows
from pezoexplore.streams.linear import apply, compose, identity, power, transpose

PERIOD = 2**33 - 1


def test_factors_are_the_prime_factors_of_the_period() -> None:
    assert math.prod(FACTORS) == PERIOD
    assert all(p % d for p in FACTORS for d in range(2, math.isqrt(p) + 1))


def test_every_nonzero_state_lies_on_one_cycle() -> None:
    """The order of the map is the number of nonzero states: M**P = I, and no P/p will do."""
    step = transpose(next_rows(STATE_BITS))
    assert power(step, PERIOD) == identity(STATE_BITS)
    for prime in FACTORS:
        assert power(step, PERIOD // prime) != identity(STATE_BITS)


def test_full_period_check_refuses_a_map_of_smaller_order() -> None:
    step = transpose(next_rows(STATE_BITS))
    seventh = power(step, 7)
    assert not gaussian_tables.has_full_period(seventh, FACTORS)
    assert gaussian_tables.has_full_period(compose(step, step), FACTORS)


def test_each_bit_has_three_or_four_taps_and_no_two_share_a_pair() -> None:
    rows = next_rows(STATE_BITS)
    taps = [[j for j in range(STATE_BITS) if row >> j & 1] for row in rows]
    assert sorted({len(t) for t in taps}) == [3, 4]
    assert all(i not in t for i, t in enumerate(taps))
    pairs = [pair for t in taps for pair in combinations(t, 2)]
    assert len(pairs) == len(set(pairs))


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="33 state bits, not 41"):
        next_rows(41)


def test_trajectory_steps_by_the_rows() -> None:
    columns = transpose(next_rows(STATE_BITS))
    states = gaussian_tables.trajectory(columns, 1 << 10, first=12345)
    assert states[0] == 12345
    assert np.array_equal(states[1:], next_states(states)[:-1])
    assert apply(columns, int(states[500])) == int(states[501])


def test_words_and_squares_are_uncorrelated_at_lags_1_to_64() -> None:
    """Noise over 2**20 words: deviation 0.001, so 0.006 is six of them."""
    columns = transpose(next_rows(STATE_BITS))
    for bit_width in (8, 12):
        found = gaussian_tables.autocorrelations(columns, bit_width)
        assert sorted(found) == ["box_muller", "clt", "treegrng"]
        for of_values, of_squares in found.values():
            assert 0 < of_values < 0.006
            assert 0 < of_squares < 0.006


def test_correlation_is_seen_where_it_is() -> None:
    """x^33 + x^13 + 1, one step a clock, has full period too, but words share their bits."""
    rows = [1 << (i + 1) for i in range(32)] + [1 | 1 << 13]
    columns = transpose(rows)
    assert gaussian_tables.has_full_period(columns, FACTORS)
    found = gaussian_tables.autocorrelations(columns, 8)
    assert max(values for values, _ in found.values()) > 0.1
    assert max(squares for _, squares in found.values()) > 0.1


def test_candidates_are_deterministic_and_keep_the_rules() -> None:
    import random

    first = gaussian_tables.candidate(random.Random(3))
    assert first == gaussian_tables.candidate(random.Random(3))
    assert sum(tap.count(-1) for tap in first) == 1
    assert len({*first[0]}) == STATE_BITS


def test_committed_tables_are_what_the_script_writes(tmp_path) -> None:
    gaussian_tables.main(tmp_path)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(gaussian_tables.files())
    for name in written:
        assert (tmp_path / name).read_bytes() == (rtl_dir() / name).read_bytes(), name


def test_states_cover_corners() -> None:
    states = corner_and_random_states(10)
    assert states.min() > 0
    assert states.max() == PERIOD
