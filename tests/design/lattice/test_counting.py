"""Lazy enumeration, counts and samples say the same as the plain listing of a space."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pezoexplore.design.lattice.counting import count, sample
from pezoexplore.design.lattice.expand import expand, iter_points
from pezoexplore.design.point import AXES, REUSES, SCALINGS, TAPS
from pezoexplore.design.space import DesignSpace
from pezoexplore.design.training_axes import ESTIMATORS, ROUNDINGS, STEP_SIZES, UPDATE_ROUNDINGS
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names


def design(**keys) -> DesignSpace:
    return DesignSpace.model_validate({"name": "t", **keys})


VALUES = {
    "rng": st.sampled_from(names()),
    "reuse": st.sampled_from(REUSES),
    "pool_size": st.sampled_from([1, 127, 4095, 94_500_000]),
    "reuse_period": st.sampled_from([1, 2, 64, math.inf]),
    "bit_width": st.sampled_from([1, 4, 8, 12]),
    "state_bits": st.sampled_from([None, 8, 12, 32, 33 - 1]),
    "lanes": st.sampled_from([1, 8, 31, 256]),
    "leap": st.sampled_from([1, 3, 64]),
    "taps": st.sampled_from(TAPS),
    "scaling": st.sampled_from(SCALINGS),
    "estimator": st.sampled_from(ESTIMATORS),
    "queries": st.sampled_from([1, 2, 4]),
    "weight_bits": st.sampled_from(["float", 8, 16]),
    "activation_bits": st.sampled_from(["float", 8, 16]),
    "rounding": st.sampled_from(ROUNDINGS),
    "update_rounding": st.sampled_from(UPDATE_ROUNDINGS),
    "step_size": st.sampled_from(STEP_SIZES),
    "momentum_replay": st.sampled_from([0, 2, 8]),
    "rank": st.sampled_from(["full", 1, 4]),
    "scope": st.sampled_from(["all", "last:1", "sparse:0.1", "sparse:.10"]),
}
SUBSPACES = st.sets(st.sampled_from(AXES), min_size=1, max_size=6).flatmap(
    lambda named: st.fixed_dictionaries(
        {axis: st.lists(VALUES[axis], min_size=1, max_size=3) for axis in sorted(named)}
    )
)
RULES = st.sets(st.sampled_from(AXES), min_size=1, max_size=2).flatmap(
    lambda named: st.fixed_dictionaries(
        {axis: st.lists(VALUES[axis], min_size=1, max_size=2) for axis in sorted(named)}
    )
)
DESIGNS = st.fixed_dictionaries(
    {
        "space": SUBSPACES,
        "include": st.lists(SUBSPACES, max_size=2),
        "exclude": st.lists(RULES, max_size=2),
    }
)


def listed(space: DesignSpace):
    """Return the points that expand lists, possibly none."""
    try:
        return expand(space)
    except DesignError:
        return None


def test_every_axis_is_tried():
    assert set(VALUES) == set(AXES)


@settings(deadline=None, max_examples=200)
@given(DESIGNS)
def test_points_come_one_by_one_as_they_are_listed(keys):
    space = design(**keys)
    expansion = listed(space)
    assert list(iter_points(space)) == list(expansion.points if expansion else ())


@settings(deadline=None, max_examples=200)
@given(DESIGNS)
@example(
    {"space": {"queries": [1, 2], "weight_bits": [8], "activation_bits": [8]},
     "include": [], "exclude": []}
)  # fmt: skip
def test_counts_are_those_of_the_listing(keys):
    space = design(**keys)
    expansion, counts = listed(space), count(space)
    if expansion is None:
        assert counts.points == 0
        return
    assert counts.points == len(expansion.points)
    assert counts.collapsed == expansion.collapsed_count
    assert counts.listed == expansion.listed
    assert counts.skipped == expansion.skipped
    assert counts.exclusions == expansion.exclusions
    assert counts.unused_excludes == expansion.unused_excludes


@settings(deadline=None, max_examples=60)
@given(DESIGNS, st.integers(0, 5), st.integers(0, 2**64 - 1))
def test_a_sample_is_distinct_points_in_the_order_of_the_space(keys, number, seed):
    space = design(**keys)
    points = list(iter_points(space))
    drawn = sample(space, number, seed)
    assert len(drawn) == min(number, len(points))
    places = [points.index(point) for point in drawn]
    assert places == sorted(set(places))
    assert sample(space, len(points) + 1, seed) == points


def test_samples_hit_every_point_alike():
    # Combinations of pool mean 6 points, those of none one point six times over.
    space = design(space={"reuse": ["none", "pool"], "pool_size": [7, 8, 9], "lanes": [4, 8]})
    points = list(iter_points(space))
    assert len(points) == 8
    hits = Counter(point for seed in range(800) for point in sample(space, 2, seed))
    # 1,600 draws on 8 points: chi-squared with 7 degrees of freedom, 0.1 % point 24.3.
    assert sum((hits[point] - 200) ** 2 / 200 for point in points) < 24.3


def test_samples_of_pairs_are_alike():
    space = design(space={"lanes": [4, 8, 16, 31]})
    pairs = Counter(tuple(sample(space, 2, seed)) for seed in range(600))
    assert len(pairs) == 6
    # chi-squared with 5 degrees of freedom, 0.1 % point 20.5
    assert sum((hits - 100) ** 2 / 100 for hits in pairs.values()) < 20.5


MILLION = {
    "space": {
        "reuse": ["none", "pool", "bank", "phased"],
        "pool_size": {"range": [100, 2000, 100]},
        "reuse_period": {"range": [1, 50, 1]},
        "bit_width": [4, 6, 8, 10, 12],
        "lanes": {"range": [4, 31, 3]},
        "queries": [1, 2, 4, 8, 16],
        "taps": ["xor", "shifted"],
    }
}
"""2,000,000 combinations."""


def test_a_huge_space_is_counted_by_its_structure():
    space = design(**MILLION)
    counts = count(space)
    assert counts.listed == 2_000_000
    # By hand: 15 states of 4 bits are fewer than 16 lanes and more; pools take any; xor and
    # shifted count for phased only.
    legal = 4 * 10 + 4
    times = 50 * 5
    assert counts.points == times * (legal + 20 * 50 + legal + 2 * legal)
    assert sum(skip.count for skip in counts.skipped) == times * 6 * 20 * 2 * 3


@pytest.mark.slow
def test_a_huge_space_is_sampled_and_begun_without_listing_it():
    keys = {"space": MILLION["space"] | {"leap": {"range": [1, 64, 1]}, "scaling": ["constant"]}}
    space = design(**keys)
    tracemalloc.start()
    try:
        drawn = sample(space, 50, 3)
        begun = list(itertools.islice(iter_points(space), 300))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(set(drawn)) == 50
    assert len(set(begun)) == 300
    assert most < 2_000_000
    assert count(space).listed == 128_000_000


def test_includes_that_overlap_the_space_count_once():
    space = design(
        space={"lanes": [4, 8, 16], "reuse_period": [1, 2, 3]},
        include=[
            {"lanes": [8, 16, 20], "reuse_period": [2, 3, 4]},
            {"lanes": [20], "reuse_period": [4, 5], "queries": [1, 2]},
        ],
    )
    assert count(space).points == 9 + (9 - 4) + (4 - 1)


def test_bits_that_are_float_can_be_excluded():
    space = design(
        space={"weight_bits": ["float", 8], "activation_bits": ["float", 8]},
        exclude=[{"weight_bits": "float"}],
    )
    (point,) = iter_points(space)
    assert point.weight_bits == 8


@pytest.mark.parametrize("number", [0, 1])
def test_a_space_of_nothing_gives_nothing(number):
    assert sample(design(), number) == []
    assert count(design()).listed == 0
