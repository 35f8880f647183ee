"""Expansion: every combination is a point, a duplicate, a skip or excluded."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.lattice.expand import expand
from pezoexplore.design.point import REUSES, SCALINGS, TAPS, IllegalPointError, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names


def design(**keys) -> DesignSpace:
    return DesignSpace.model_validate({"name": "t", **keys})


def listed(values, **sizes):
    return st.lists(values, min_size=1, max_size=2, **sizes)


AXES = {
    "rng": listed(st.sampled_from(names())),
    "reuse": listed(st.sampled_from(REUSES)),
    "pool_size": listed(st.sampled_from([1, 127, 4095, 94_500_000])),
    "reuse_period": listed(st.sampled_from([1, 64, math.inf])),
    "bit_width": listed(st.integers(1, 24)),
    "state_bits": listed(st.one_of(st.none(), st.integers(3, 32))),
    "lanes": listed(st.sampled_from([1, 8, 31, 256])),
    "leap": listed(st.sampled_from([1, 3, 64])),
    "taps": listed(st.sampled_from(TAPS)),
    "scaling": listed(st.sampled_from(SCALINGS)),
}
SUBSPACES = st.dictionaries(
    st.sampled_from(sorted(AXES)), st.none(), min_size=1, max_size=6
).flatmap(lambda named: st.fixed_dictionaries({axis: AXES[axis] for axis in named}))
DESIGNS = st.fixed_dictionaries(
    {
        "space": SUBSPACES,
        "include": st.lists(SUBSPACES, max_size=2),
        "exclude": st.lists(SUBSPACES, max_size=2),
    }
)


@settings(deadline=None)
@given(DESIGNS)
def test_every_combination_is_accounted_for_once(keys):
    space = design(**keys)
    combinations = sum(
        math.prod(len(values) for values in part.values())
        for part in (keys["space"], *keys["include"])
    )
    try:
        expansion = expand(space)
    except DesignError as error:
        assert "no legal point" in str(error)
        return
    assert expansion.listed == combinations
    assert len(set(expansion.points)) == len(expansion.points)
    reasons = [skip.reason for skip in expansion.skipped]
    assert len(set(reasons)) == len(reasons)
    assert {item.point for item in expansion.collapsed} <= set(expansion.points)


@settings(deadline=None)
@given(SUBSPACES)
def test_points_are_those_of_the_plain_cross_product(axes):
    expected = []
    for values in itertools.product(*axes.values()):
        try:
            point = resolve(**dict(zip(axes, values, strict=True)))
        except IllegalPointError:
            continue
        expected.append(point)
    if expected:
        assert set(expand(design(space=axes)).points) == set(expected)
    else:
        with pytest.raises(DesignError):
            expand(design(space=axes))


@settings(deadline=None)
@given(DESIGNS)
def test_no_point_matches_an_exclude(keys):
    space = design(**keys)
    try:
        points = expand(space).points
    except DesignError:
        return
    for point, rule in itertools.product(points, space.exclude):
        assert not all(
            getattr(point, axis) is not None and getattr(point, axis) in values
            for axis, values in rule.named().items()
        )


@settings(deadline=None)
@given(DESIGNS)
def test_the_order_of_keys_in_the_file_does_not_matter(keys):
    shuffled = {key: keys[key] for key in reversed(keys)}
    shuffled["space"] = {axis: keys["space"][axis] for axis in reversed(keys["space"])}
    try:
        assert expand(design(**keys)) == expand(design(**shuffled))
    except DesignError as error:
        with pytest.raises(DesignError) as other:
            expand(design(**shuffled))
        assert str(other.value) == str(error)


def test_points_come_in_the_order_they_are_listed():
    points = expand(
        design(space={"lanes": [31, 8], "bit_width": [12, 4]}, include=[{"lanes": 2}])
    ).points
    # lanes is the later axis and varies fastest; 4 bits give 15 states, too few for 31 lanes.
    assert [(point.bit_width, point.lanes) for point in points] == [
        (12, 31),
        (12, 8),
        (4, 8),
        (8, 2),
    ]


def test_an_include_stands_on_its_own():
    points = expand(design(space={"lanes": 8, "bit_width": 4}, include=[{"reuse": "bank"}])).points
    assert (points[1].lanes, points[1].bit_width) == (31, 8)


def test_without_a_space_only_the_includes_count():
    assert len(expand(design(include=[{"lanes": [4, 8]}])).points) == 2


def test_duplicates_collapse_and_are_counted():
    expansion = expand(
        design(
            space={"reuse": ["none", "pool"], "pool_size": [255, 4095]}, include=[{"reuse": "none"}]
        )
    )
    assert len(expansion.points) == 3
    (collapse,) = expansion.collapsed
    assert (collapse.point, collapse.count) == (resolve(reuse="none"), 2)
    assert "reuse=none pool_size=4095" in collapse.example


def test_what_is_not_legal_is_skipped_with_its_reason_once():
    expansion = expand(design(space={"rng": ["lfsr", "clt"], "lanes": [8, 31]}))
    assert len(expansion.points) == 2
    (skip,) = expansion.skipped
    assert (skip.reason, skip.count) == (
        "reuse phased needs rng lfsr or lut_opt or xormix, not clt",
        2,
    )
    assert skip.example.startswith("rng=clt reuse=phased")
    assert "lanes=8" in skip.example


def test_exclude_needs_every_axis_it_names():
    space = {"bit_width": [4, 8], "lanes": [8, 12]}
    expansion = expand(design(space=space, exclude=[{"bit_width": 4, "lanes": 12}]))
    assert expansion.excluded == 1
    assert resolve(bit_width=4, lanes=12) not in expansion.points
    assert len(expansion.points) == 3


def test_exclude_matches_any_of_several_values():
    expansion = expand(design(space={"lanes": [2, 4, 8]}, exclude=[{"lanes": [2, 8]}]))
    assert expansion.points == (resolve(lanes=4),)


def test_exclude_matches_values_as_resolved_and_as_written():
    as_resolved = expand(design(space={"bit_width": [8, 12]}, exclude=[{"state_bits": 12}]))
    assert as_resolved.points == (resolve(bit_width=8),)
    space = {"rng": ["rademacher", "xorshift32"], "reuse": "none", "bit_width": [4, 8]}
    as_written = expand(design(space=space, exclude=[{"rng": "rademacher", "bit_width": 4}]))
    assert (as_written.excluded, as_written.collapsed_count) == (1, 0)


def test_exclude_does_not_match_an_axis_that_means_nothing_to_a_point():
    space = {"reuse": ["none", "pool"], "pool_size": 4095}
    expansion = expand(design(space=space, exclude=[{"pool_size": 4095}]))
    assert expansion.points == (resolve(reuse="none"),)


def test_exclude_silences_a_skip():
    space = {"rng": ["lfsr", "clt"], "reuse": ["none", "phased"]}
    expansion = expand(design(space=space, exclude=[{"rng": "clt", "reuse": "phased"}]))
    assert (expansion.excluded, expansion.skipped) == (1, ())


def test_an_exclude_that_drops_nothing_is_reported():
    expansion = expand(
        design(space={"lanes": 8}, exclude=[{"lanes": 8, "rng": "clt"}, {"lanes": 9}])
    )
    assert expansion.unused_excludes == ("rng=clt lanes=8", "lanes=9")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "design t lists no points: name an axis in space or add an include"),
        (
            {"space": {"rng": "clt", "lanes": [8, 9]}},
            "design t has no legal point: 2 skipped "
            "(reuse phased needs rng lfsr or lut_opt or xormix, not clt)",
        ),
        (
            {"space": {"lanes": 8}, "exclude": [{"lanes": 8}]},
            "design t has no legal point: 1 excluded",
        ),
        (
            {"space": {"rng": ["clt", "treegrng"], "reuse": ["bank", "phased"]}},
            "design t has no legal point: 1 skipped (reuse bank needs rng lfsr, not clt); "
            "1 skipped (reuse phased needs rng lfsr or lut_opt or xormix, not clt); "
            "1 skipped (reuse bank needs rng lfsr, not treegrng) and 1 more reasons",
        ),
    ],
)
def test_a_design_without_points_is_an_error(keys, message):
    with pytest.raises(DesignError) as error:
        expand(design(**keys))
    assert str(error.value) == message
