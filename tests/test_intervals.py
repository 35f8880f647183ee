from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pezoexplore.intervals import POINTS, ends, half_width, in_words


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_half_width_is_that_of_scipys_interval(level: float) -> None:
    values = [91.4, 90.2, 93.3, 92.0, 90.9]
    low, high = stats.t.interval(level, 4, sum(values) / 5, stats.sem(values))
    assert half_width(values, level) == pytest.approx((high - low) / 2, rel=1e-12)


def test_equal_values_have_no_width_and_one_value_none() -> None:
    assert half_width([5.0, 5.0]) == 0.0
    assert half_width([5.0]) is None
    assert half_width([]) is None
    assert math.isnan(half_width([1.0, math.nan]) or 0.0)


def test_an_interval_is_cut_at_the_bounds_of_its_quantity() -> None:
    assert ends(13.75, 51.0) == (0.0, 64.75)
    assert ends(99.0, 0.5) == (98.5, 99.5)
    assert ends(-60.0, 70.0, POINTS) == (-100.0, 10.0)
    assert ends(104.0, 1.0) == (103.0, 104.0)  # not a percentage after all: the mean stays within


def test_the_cut_interval_contains_the_mean_as_often_as_the_whole_one() -> None:
    rng = np.random.default_rng(1)
    hits = [0, 0]
    for _ in range(2000):
        values = 100 * rng.beta(2, 12, size=3)
        mean, half = float(values.mean()), half_width(values) or 0.0
        low, high = ends(mean, half)
        hits[0] += low <= 100 * 2 / 14 <= high
        hits[1] += mean - half <= 100 * 2 / 14 <= mean + half
    assert hits[0] == hits[1] > 1800


def test_words_say_both_ends_of_a_cut_interval() -> None:
    assert in_words(89.5, 0.7) == "89.50 ± 0.70"
    assert in_words(13.75, 51.0) == "13.75 (0.00 to 64.75)"
    assert in_words(3.67, 3.56, POINTS, sign="+") == "+3.67 ± 3.56"
    assert in_words(88.0, None) == in_words(88.0, math.nan) == "88.00"
