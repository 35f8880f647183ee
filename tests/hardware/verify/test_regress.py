"""The regression reaches every module, and every module its own file."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.design.point import SCALINGS, TAPS
from pezoexplore.errors import DesignError
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.hardware.rtl.engine import ENGINE_FILES
from pezoexplore.hardware.verify.regress import MODULES, module_points
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.linear import jump
from pezoexplore.streams.stream import Stream

EVERY = {name: module_points(name) for name in MODULES}


def test_every_generator_and_every_stream_is_a_module():
    streams = {path.stem for path in rtl_dir().glob("stream_*.v")}
    assert set(MODULES) == (set(names()) - {"gaussian"}) | streams | {"outer_product"}


def test_every_file_is_used_by_some_point():
    used = {name for points in EVERY.values() for point in points for name in source_names(point)}
    assert used | set(ENGINE_FILES) == {path.name for path in rtl_dir().iterdir()}


@pytest.mark.parametrize("name", MODULES)
def test_points_contain_their_module(name):
    points = EVERY[name]
    assert len(points) >= 2
    assert len(set(points)) == len(points)
    assert all(f"{name}.v" in source_names(point) for point in points)
    assert all(point == point.hardware() for point in points)


@pytest.mark.parametrize("name", [name for name in MODULES if name not in names()])
def test_reuse_modules_run_with_and_without_reseed(name):
    assert {point.reseeds for point in EVERY[name]} == {False, True}
    assert 1 in {point.lanes for point in EVERY[name]} or name == "stream_phased"


def test_axes_are_covered():
    assert {point.taps for point in EVERY["stream_phased"]} == set(TAPS)
    for name in ("stream_pool", "stream_bank", "stream_phased"):
        assert {point.scaling for point in EVERY[name]} == set(SCALINGS) - {"constant"}
    assert {point.state_bits for point in EVERY["lfsr"]} == set(range(3, 33))


def test_an_unknown_module_is_one_line():
    with pytest.raises(DesignError) as caught:
        module_points("stream_pol")
    assert str(caught.value).startswith("stream_pol: no such module; did you mean stream_pool?; ")
    assert "stream_pool" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_period_of_phased_ends_where_the_exponent_tells():
    def tells(point):
        """Return whether the first beat and the lfsr's state after the last differ in exponent."""
        strategy = Stream(point).strategy
        last = strategy.states(np.array([0], dtype=np.uint64), strategy.wrap_period - 1)
        after = jump(strategy.generator.step, last, np.ones_like(last))
        by_state = strategy.exponents_by_state()
        return by_state[int(after[0, 0])] != strategy.exponents(0, 0, 1)[0]

    points = [point for point in EVERY["stream_phased"] if point.scaling == "pow2"]
    assert any(map(tells, points))
