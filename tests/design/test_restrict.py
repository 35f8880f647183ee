"""Axis options restrict the includes to designs that the given values allow."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.lattice.expand import expand
from pezoexplore.design.loading import load_design, read_design
from pezoexplore.design.point import AXES, IllegalPointError, resolve
from pezoexplore.design.restrict import restrict
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.paths import designs_dir


def includes(*items: dict, **values: list) -> list[dict]:
    """Return the items restricted to these values."""
    space = DesignSpace.model_validate({"name": "t", "include": list(items)})
    return [entry.named() for entry in restrict(space, values)[0].include]


def test_an_include_that_allows_the_values_stays_as_it_is():
    item = {"rng": ["clt", "lfsr"], "reuse": "none", "lanes": 8}
    assert includes(item, lanes=[8, 16]) == includes(item)


def test_an_include_that_names_another_value_is_dropped():
    assert includes({"lanes": 8}, {"lanes": 4}, lanes=[4]) == [{"lanes": (4,)}]


def test_an_axis_that_is_not_named_has_its_default():
    assert includes({"rng": "clt", "reuse": "none"}, lanes=[8]) == []
    assert includes({"bit_width": 4}, lanes=[31]) == [{"bit_width": (4,)}]


def test_an_include_keeps_the_values_allowed():
    (entry,) = includes({"reuse": ["bank", "phased"], "lanes": [4, 8, 31]}, lanes=[8, 4])
    assert entry == {"reuse": ("bank", "phased"), "lanes": (4, 8)}


@pytest.mark.parametrize(
    ("item", "axis"),
    [
        ({"rng": "gaussian", "reuse": "none"}, "lanes"),
        ({"rng": "gaussian", "reuse": "none"}, "bit_width"),
        ({"rng": "rademacher", "reuse": "none"}, "bit_width"),
        ({"rng": "xorshift32", "reuse": "none"}, "state_bits"),
        ({"reuse": "bank"}, "pool_size"),
        ({"rng": "clt", "reuse": "none"}, "leap"),
    ],
)
def test_an_axis_that_means_nothing_to_a_point_drops_nothing(item, axis):
    assert includes(item, **{axis: [11]}) == includes(item)


def test_what_is_left_need_not_be_a_cross_product():
    item = {"rng": ["lfsr", "xorshift32"], "reuse": "none", "state_bits": [8, 12]}
    left = includes(item, state_bits=[12])
    assert [(entry["rng"], entry["state_bits"]) for entry in left] == [
        (("lfsr",), (12,)),
        (("xorshift32",), (8,)),
        (("xorshift32",), (12,)),
    ]


def test_an_account_is_given():
    items = [{"lanes": 8}, {"lanes": [8, 4, 5], "rng": "lfsr"}]
    _, left_out = restrict(
        DesignSpace.model_validate({"name": "t", "include": items}), {"lanes": [8]}
    )
    (account,) = left_out
    assert (account.include, account.count) == (1, 2)
    assert "rng=lfsr" in account.example
    assert "lanes=4" in account.example


@pytest.mark.parametrize(
    "options",
    [
        {"rng": ["lfsr"]},
        {"lanes": ["8"]},
        {"reuse": ["phased"], "bit_width": ["4,8"]},
        {"reuse": ["none", "pool"], "reuse_period": ["inf"]},
        {"scaling": ["none"]},
    ],
)
def test_every_point_of_the_quickstart_has_the_values_asked_for(options):
    space = load_design(designs_dir() / "quickstart.yaml", (), options)
    for point in expand(space).points:
        for axis, texts in options.items():
            words = ",".join(texts).split(",")
            values = [math.inf if word == "inf" else word for word in words]
            typed = [int(v) if isinstance(v, str) and v.isdigit() else v for v in values]
            assert any(written_as(point, axis, value) for value in typed), (point, axis)


def written_as(point, axis: str, value) -> bool:
    """Whether a point has the value, or is the same when the axis is written so."""
    axes = {name: getattr(point, name) for name in AXES}
    named = {name: cell for name, cell in axes.items() if cell is not None}
    try:
        return axes[axis] == value or resolve(**{**named, axis: value}) == point
    except IllegalPointError:
        return False


def test_a_design_of_includes_alone_is_only_restricted(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("include: [{lanes: [4, 8]}, {rng: clt, reuse: none, lanes: 5}]")
    loaded = read_design(file, (), {"lanes": ["4"]})
    assert loaded.space.space.named() == {}
    assert [entry.named() for entry in loaded.space.include] == [{"lanes": (4,)}]
    assert [item.include for item in loaded.left_out] == [0, 1]
    with pytest.raises(DesignError, match=r"--lanes: .*x.yaml has no design with these values"):
        read_design(file, (), {"lanes": ["9"]})


AXIS = st.fixed_dictionaries(
    {},
    optional={
        "rng": st.lists(
            st.sampled_from(["lfsr", "clt", "gaussian", "rademacher"]), min_size=1, max_size=3
        ),
        "reuse": st.lists(st.sampled_from(["none", "pool", "phased"]), min_size=1, max_size=3),
        "bit_width": st.lists(st.sampled_from([1, 4, 8]), min_size=1, max_size=3),
        "state_bits": st.lists(st.sampled_from([None, 8, 12]), min_size=1, max_size=3),
        "lanes": st.lists(st.sampled_from([2, 31]), min_size=1, max_size=3),
        "reuse_period": st.lists(st.sampled_from([1, math.inf]), min_size=1, max_size=3),
    },
)


@settings(deadline=None)
@given(AXIS.filter(bool), AXIS)
def test_what_stays_and_what_goes_add_up(item, values):
    space = DesignSpace.model_validate({"name": "t", "include": [item]})
    left, left_out = restrict(space, values)
    before = set(itertools.product(*space.include[0].named().values()))
    kept = [
        combination
        for entry in left.include
        for combination in itertools.product(*entry.named().values())
    ]
    assert set(kept) <= before
    gone = sum(account.count for account in left_out)
    assert len(kept) + gone == math.prod(len(v) for v in space.include[0].named().values())
    again, none_left_out = restrict(left, values)
    assert again == left
    assert none_left_out == ()
