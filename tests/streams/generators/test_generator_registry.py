"""What is said of a generator is what the generator does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pezoexplore.design.point import resolve
from pezoexplore.errors import IllegalPointError
from pezoexplore.hardware.rtl.build import source_names
from pezoexplore.paths import rtl_dir
from pezoexplore.streams.generator import generator
from pezoexplore.streams.generators.catalogue import FACTS, page
from pezoexplore.streams.generators.registry import ORDER, families, family, gaussian_names, names

HARDWARE = [item for item in families() if item.in_hardware]
each = pytest.mark.parametrize("item", HARDWARE, ids=lambda item: item.name)


def point_of(item, **axes):
    return resolve(**{"rng": item.name, "reuse": "none", "lanes": 4} | axes)


def test_every_file_of_the_folder_is_a_family_in_a_fixed_order():
    assert tuple(item.name for item in families()) == names()
    assert names()[: len(ORDER)] == ORDER
    assert all(family(name).name == name for name in names())


def test_names_are_known_without_importing_anything_heavy():
    program = (
        "import sys; from pezoexplore.design.point import resolve; "
        "from pezoexplore.streams.generators.registry import names; names(); "
        "assert not {'numpy', 'numba', 'jax', 'scipy'} & set(sys.modules); "
        "[resolve(rng=name, reuse='none').label() for name in names()]; "
        "assert not {'numba', 'jax', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@each
def test_period_is_the_generators_own(item):
    made = generator(point_of(item))
    if "state_bits" in item.chooses:
        return
    told = item.facts()["period"]
    if told.startswith("not known"):
        assert made.period * 64 == 2**64
    else:
        assert told == (f"2^{made.period.bit_length()} - 1" if made.period % 2 else "2^32")


@each
def test_widths_are_those_that_are_legal(item):
    low, high = item.widths
    state = {"state_bits": 32} if "state_bits" in item.chooses else {}
    for bits in (low, high):
        assert point_of(item, bit_width=bits, **state).bits == bits
    for bits in (low - 1, high + 1):
        if 1 <= bits <= 24 and low != high:
            with pytest.raises(IllegalPointError, match="bit_width"):
                point_of(item, bit_width=bits)


@each
def test_its_files_are_part_of_its_rtl(item):
    assert all((rtl_dir() / name).is_file() for name in (*item.rtl, *item.filler_rtl))
    assert f"{item.name}.v" in item.rtl
    assert set(item.rtl) < set(source_names(point_of(item)))


def test_normal_numbers_are_the_hardware_gaussians():
    assert gaussian_names() == ("clt", "treegrng", "box_muller", "icdf", "table_hadamard")


def test_nothing_is_left_out():
    assert len({item.colour for item in families()}) == len(families())
    for item in families():
        assert list(item.facts()) == list(FACTS)
        assert all(item.facts().values())
        assert item.source.endswith(".")
        assert item.weaknesses.endswith(".")
        assert f"## {item.name}\n" in page()
