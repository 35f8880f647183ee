"""Test the data that the scaling law is fitted to, and its predictions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from pezoexplore.analysis.size.scaling_law import (
    LADDER,
    Measured,
    Network,
    fit,
    read_ladder,
    scaling_law,
)

EASY, HARD = "easy-mlp", "hard-mlp"


def ladder(b=0.2, c=0.1, noise=0.0, seed=0):
    """Return drops that follow a law exactly, written out here a second time, or with noise."""
    rng = np.random.default_rng(seed)
    found = []
    for task, a, k in ((EASY, 40.0, 1.5), (HARD, 90.0, 1.2)):
        for parameters, steps in ((2_000, 4_000), (20_000, 4_000), (200_000, 40_000)):
            for span in (5, 40, 140, 540, 2_100):
                half = a * (parameters / 1e4) ** b * (steps / 1e4) ** c
                drop = 80 / (1 + (span / half) ** k)
                drop += rng.normal(0, noise) if noise else 0
                item = (task, parameters, steps, "x", span, 80, drop, 2 * noise, 9, True)
                found.append(Measured(*item))
    return found


def test_a_law_that_holds_is_found_again():
    found = fit(ladder())
    assert found.data == ("easy", "hard")
    expected = (math.log(40), math.log(90), 1.5, 1.2, 0.2, 0.1)
    assert found.numbers == pytest.approx(expected, rel=1e-6)
    assert found.parameters == (2_000, 200_000) and found.steps == (4_000, 40_000)
    assert found.extrapolates(400_000) == 2 and found.extrapolates(9) == 1


def test_what_is_needed_is_where_the_drop_is_what_may_be_lost():
    found = fit(ladder())
    for network in (Network(5_000, 9_000, "easy"), Network(10**7, 10**6)):
        for drop in (0.3, 1.0, 10.0):
            span = found.needed(network, drop, 70)
            assert found.drop(span, network, 70) == pytest.approx(drop)
            assert found.needed_upper(network, drop, 70) >= min(span, network.parameters)
        assert found.needed(network, 0, 70) == math.inf == found.needed_upper(network, 0, 70)


def test_other_data_are_taken_for_the_most_demanding():
    found = fit(ladder())
    ours, hard = (found.needed(Network(10**6, 10**5, data), 1, 80) for data in (None, "hard"))
    assert ours == hard == found.needed(Network(10**6, 10**5, "ours"), 1, 80)
    assert ours > 2 * found.needed(Network(10**6, 10**5, "easy"), 1, 80)
    assert found.drop(999, Network(10**6, 9), 80) == found.drop(999, Network(10**6, 9, "hard"), 80)


def test_the_interval_covers_what_is_true_and_grows_with_the_distance():
    far, near = Network(10**6, 10**6), Network(10**4, 10**4)
    covered, true = 0, fit(ladder()).needed(far, 1, 80)
    for seed in range(60):
        found = fit(ladder(noise=1.0, seed=seed))
        covered += found.needed_upper(far, 1, 80) >= true
        wide = [found.needed_upper(net, 1, 80) / found.needed(net, 1, 80) for net in (near, far)]
        assert 1 < wide[0] < wide[1]
    assert covered >= 50


def test_drops_held_out_do_not_move_it():
    lines = ladder()
    wrong = replace(lines[0], drop=0.0, fitted=False)
    assert np.array_equal(fit([*lines, wrong]).numbers, fit(lines).numbers)
    with pytest.raises(ValueError, match="4 numbers, and there are 4"):
        fit(lines[:4])


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
