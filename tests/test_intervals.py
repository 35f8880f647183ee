from __future__ import annotations

import math

import pytest
from scipy import stats

from pezoexplore.intervals import half_width


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
