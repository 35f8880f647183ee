"""The catalogue says of every generator what the generator itself does."""

from __future__ import annotations

import pytest

from pezoexplore.design.point import GAUSSIAN_HARDWARE, RNGS, resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.catalogue import CATALOGUE, FACTS, entry, facts, page
from pezoexplore.streams.generator import generator

HARDWARE = [item for item in CATALOGUE if item.name != "gaussian"]
each = pytest.mark.parametrize("item", HARDWARE, ids=lambda item: item.name)


def point_of(item, **axes):
    return resolve(**{"rng": item.name, "reuse": "none", "lanes": 4} | axes)


def test_every_generator_is_listed_in_order():
    assert tuple(item.name for item in CATALOGUE) == RNGS
    assert all(entry(name).name == name for name in RNGS)


@each
def test_state_and_period_are_the_generators_own(item):
    point = point_of(item)
    if item.state_bits.isdigit():
        assert point.state_bits == int(item.state_bits)
    if item.period.startswith("not known"):
        assert generator(point).period * 64 == 2**64
        return
    formula = item.period.replace("state_bits", str(point.state_bits)).replace("^", "**")
    assert generator(point).period == eval(formula, {})


@each
def test_widths_are_those_that_are_legal(item):
    low, high = item.widths
    state = {"state_bits": 32} if item.name == "lfsr" else {}
    for bits in (low, high):
        assert point_of(item, bit_width=bits, **state).bits == bits
    for bits in (low - 1, high + 1):
        if 1 <= bits <= 24 and low != high:
            with pytest.raises(IllegalPointError, match="bit_width"):
                point_of(item, bit_width=bits)


@each
def test_its_files_are_part_of_its_rtl(item):
    assert all((rtl_dir() / name).is_file() for name in item.rtl)
    assert f"{item.name}.v" in item.rtl
    assert set(item.rtl) < set(source_names(point_of(item)))


def test_normal_numbers_are_the_hardware_gaussians():
    assert {item.name for item in HARDWARE if item.numbers == "normal"} == set(GAUSSIAN_HARDWARE)


def test_nothing_is_left_out():
    for item in CATALOGUE:
        assert all(facts(item).values())
        assert item.source.endswith(".")
        assert item.weaknesses.endswith(".")
        assert f"## {item.name}\n" in page()
    assert list(facts(CATALOGUE[0])) == list(FACTS)
