from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pezoexplore.design.lattice.expand import expand
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.search.candidates import candidates_of

AXES = {"rng": ["lfsr", "clt"], "reuse": ["none", "phased"], "lanes": [1, 2, 4, 8, 16]}
PERIODS = {"reuse_period": [1, 2, 4, 8, "inf"]}


def space(**more: object) -> DesignSpace:
    return DesignSpace.model_validate({"name": "few", "space": AXES | PERIODS} | more)


def test_a_small_space_is_listed() -> None:
    listed = candidates_of(space())
    assert set(listed.points) == set(expand(space()).points)
    assert set(listed.choices) >= {"rng", "reuse", "lanes", "reuse_period"}
    for place, point in enumerate(listed.points):
        assert listed.place(listed.params(point)) == place
        assert DesignPoint.from_json(point.to_json()) == point


def test_points_that_differ_in_training_or_in_a_finite_period_have_one_circuit() -> None:
    listed = candidates_of(space(train={"learning_rates": 0.01}))
    for place, point in enumerate(listed.points):
        others = {listed.points[other] for other in listed.same_circuit[place]}
        assert point in others
        alike = replace(point, reuse_period=2.0) if point.reseeds else point
        assert others == {
            one
            for one in listed.points
            if alike == (replace(one, reuse_period=2.0) if one.reseeds else one)
        }


def test_a_model_learns_from_the_span_of_few_points() -> None:
    listed = candidates_of(space())
    spans = {point: 1 + place for place, point in enumerate(listed.points)}
    told = replace(listed, span=spans.__getitem__)
    assert np.array_equal(told.features[:, :-1], listed.features)
    assert np.allclose(2 ** told.features[:, -1], [*spans.values()])


def test_the_nearest_free_point_is_found() -> None:
    listed, draw = candidates_of(space()), np.random.default_rng(0)
    point = resolve(rng="clt", reuse="none", lanes=4, reuse_period=2)
    place = listed.nearest(listed.params(point), (), draw)
    assert listed.points[place] == point
    other = listed.points[listed.nearest(listed.params(point), [place], draw)]
    assert (other.rng, other.reuse) == ("clt", "none")
    assert (other.lanes, other.reuse_period) in {(2, 2), (8, 2), (4, 1), (4, 4)}
    with pytest.raises(ValueError, match="taken"):
        listed.nearest(listed.params(point), range(len(listed.points)), draw)


def test_a_large_space_is_drawn_from_and_its_neighbours_are_added() -> None:
    full = set(expand(space()).points)
    some = candidates_of(space(), seed=3, limit=20)
    assert some.points == candidates_of(space(), seed=3, limit=20).points
    assert 20 <= len(some.points) < len(full)
    assert set(some.points) < full
    centre = some.points[0]
    more = some.around([centre])
    assert set(some.points) < set(more.points) <= full
    for point in set(more.points) - set(some.points):
        mine, theirs = vars(point), vars(centre)
        assert sum(mine[axis] != theirs[axis] for axis in ("rng", "reuse", "lanes")) <= 1


def test_a_small_include_of_a_large_space_is_there_as_a_whole() -> None:
    extra = {"rng": "gaussian", "reuse": "pool", "pool_size": [63, 127]}
    some = candidates_of(space(include=[extra]), limit=20)
    assert {point.pool_size for point in some.points if point.rng == "gaussian"} == {63, 127}


def test_a_million_points_are_not_listed() -> None:
    axes = {
        "rng": "xorshift32",
        "reuse": "none",
        "lanes": {"range": [1, 100, 1]},
        "reuse_period": {"range": [1, 10000, 1]},
    }
    some = candidates_of(space(space=axes), limit=50)
    assert len(some.points) == 50
    assert all(some.holds(point) for point in some.points)
    assert not some.holds(resolve(rng="clt", reuse="none"))


def test_neighbours_of_pools_and_of_the_gaussian_in_a_large_space() -> None:
    """Axes that mean nothing to some points have empty cells, which are no values to move to."""
    axes = AXES | PERIODS | {"reuse": ["none", "pool", "phased"], "pool_size": [63, 127]}
    some = candidates_of(space(space=axes, include=[{"rng": "gaussian", "lanes": 8}]), limit=30)
    assert {point.reuse for point in some.points} == {"none", "pool", "phased"}
    more = some.around(some.points)
    assert set(some.points) < set(more.points)
    assert all(point.pool_size in (63, 127) for point in more.points if point.reuse == "pool")
