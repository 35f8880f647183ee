"""Test the data that the scaling law is fitted to, and its predictions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pezoexplore.analysis.size.scaling_law import LADDER, Measured, fit, read_ladder, scaling_law


def ladder(a=40.0, b=0.2, k=1.5, noise=0.0, seed=0):
    """Return drops that follow a law exactly, written out here a second time, or with noise."""
    rng = np.random.default_rng(seed)
    found = []
    for parameters in (2_000, 20_000, 200_000):
        for span in (5, 40, 140, 540, 2_100):
            drop = 80 / (1 + (span / (a * (parameters / 1e4) ** b)) ** k)
            drop += rng.normal(0, noise) if noise else 0
            found.append(Measured("t", parameters, 1, "x", span, 80, drop, 2 * noise, 9, True))
    return found


def test_a_law_that_holds_is_found_again():
    found = fit(ladder())
    assert (math.exp(found.log_a), found.b, found.k) == pytest.approx((40, 0.2, 1.5), rel=1e-6)
    assert found.parameters == (2_000, 200_000)
    assert found.extrapolates(400_000) == 2 and found.extrapolates(9) == 1


def test_what_is_needed_is_where_the_drop_is_what_may_be_lost():
    found = fit(ladder())
    for drop in (0.3, 1.0, 10.0):
        span = found.needed(5_000, drop, 70)
        assert found.drop(span, 5_000, 70) == pytest.approx(drop)
        assert found.needed_upper(5_000, drop, 70) >= span
    assert found.needed(5_000, 0, 70) == math.inf == found.needed_upper(5_000, 0, 70)


def test_the_interval_covers_what_is_true_and_grows_with_the_distance():
    covered, true = 0, fit(ladder()).needed(10**6, 1, 80)
    for seed in range(60):
        found = fit(ladder(noise=1.0, seed=seed))
        covered += found.needed_upper(10**6, 1, 80) >= true
        near, far = (found.needed_upper(d, 1, 80) / found.needed(d, 1, 80) for d in (10**4, 10**7))
        assert 1 < near < far
    assert covered >= 50


def test_drops_held_out_do_not_move_it():
    lines = ladder()
    wrong = replace(lines[0], drop=0.0, fitted=False)
    assert fit([*lines, wrong]).k == fit(lines).k
    with pytest.raises(ValueError, match="three numbers, and there are 3"):
        fit(lines[:3])


def test_the_ladder_of_the_package_has_drops_to_compare_with():
    lines = read_ladder()
    assert {item.fitted for item in lines} == {True, False}
    assert LADDER.read_text(encoding="utf-8").count("\n") == len(lines) + 1
    assert scaling_law().parameters == (
        min(item.parameters for item in lines if item.fitted),
        max(item.parameters for item in lines if item.fitted),
    )
    for item in lines:
        assert 1 <= item.span <= min(item.parameters, item.steps)
        assert item.drop <= item.gain + item.half
