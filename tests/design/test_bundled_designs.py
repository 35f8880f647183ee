"""The design files that come with the package."""

from __future__ import annotations

import pytest

from pezoexplore.design.lattice.expand import Expansion, expand
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import REUSES, SCALINGS, TAPS, resolve
from pezoexplore.paths import designs_dir

NAMES = sorted(path.stem for path in designs_dir().glob("*.yaml"))

RNGS = ("lfsr", "xorshift32", "rademacher", "clt", "treegrng", "box_muller", "gaussian")
"""Generators of the main grids; the others of the catalogue are for designs of one's own."""

GAUSSIAN_HARDWARE = ("clt", "treegrng", "box_muller")


def expanded(name: str) -> Expansion:
    return expand(load_design(designs_dir() / f"{name}.yaml"))


def values(expansion: Expansion, axis: str) -> set:
    return {point.to_json()[axis] for point in expansion.points} - {None}


def test_there_are_three():
    assert {"quickstart", "pezo", "full"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_named_as_its_file_and_excludes_nothing_in_vain(name):
    assert load_design(designs_dir() / f"{name}.yaml").name == name
    assert expanded(name).unused_excludes == ()


def test_quickstart_touches_every_axis():
    expansion = expanded("quickstart")
    assert 24 <= len(expansion.points) <= 40
    assert expansion.listed == len(expansion.points)
    for axis in resolve().to_json():  # all but the optional ones
        assert len(values(expansion, axis)) >= 2, axis
    for axis, all_of_them in (
        ("rng", RNGS),
        ("reuse", REUSES),
        ("taps", set(TAPS) - {"sparse"}),  # in designs/cheapest.yaml
        ("scaling", SCALINGS),
    ):
        assert values(expansion, axis) >= set(all_of_them)
    assert {1, 64, "inf"} <= values(expansion, "reuse_period")


def test_quickstart_is_a_small_run():
    space = load_design(designs_dir() / "quickstart.yaml")
    assert (space.train.steps, space.train.seeds) == (4000, 5)
    assert space.train.learning_rates == (0.003, 0.005, 0.01)
    heavy = [point for point in expand(space).points if point.rng in GAUSSIAN_HARDWARE]
    assert {point.rng for point in heavy} == set(GAUSSIAN_HARDWARE)
    assert all(point.lanes == 8 for point in heavy)


def test_pezo_sets_the_strategies_against_gaussian_generators():
    space = load_design(designs_dir() / "pezo.yaml")
    assert (space.train.steps, space.train.seeds) == (20_000, 20)
    points = [point for point in expand(space).points if point.in_hardware]
    assert {point.lanes for point in points} == {31}
    assert {point.bit_width for point in points} == {8, 12}
    strategies = {(p.reuse, p.bit_width, p.reseeds) for p in points if p.rng == "lfsr"}
    assert strategies == {(r, b, t) for r in REUSES for b in (8, 12) for t in (True, False)}
    baselines = {(p.rng, p.bit_width) for p in points if p.reuse == "none" and p.rng != "lfsr"}
    assert baselines == {(rng, bits) for rng in GAUSSIAN_HARDWARE for bits in (8, 12)}


def test_full_holds_hundreds():
    expansion = expanded("full")
    assert 200 <= len(expansion.points) <= 800
    assert values(expansion, "rng") == set(RNGS)
