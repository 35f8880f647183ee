"""Canonical points: what is legal together, what collapses, what stays."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import (
    AXES,
    MAX_POOL_BITS,
    REUSES,
    SCALINGS,
    TAPS,
    DesignPoint,
    IllegalPointError,
    resolve,
)
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS
from pezoexplore.streams.generators.registry import family, names

RAW_AXES = {
    "rng": st.sampled_from(names()),
    "reuse": st.sampled_from(REUSES),
    "pool_size": st.integers(1, 2**20),
    "reuse_period": st.one_of(st.integers(1, 10**6), st.just(math.inf)),
    "bit_width": st.integers(1, 24),
    "state_bits": st.one_of(st.none(), st.integers(3, 32)),
    "lanes": st.integers(1, 256),
    "leap": st.integers(1, 64),
    "taps": st.sampled_from(TAPS),
    "scaling": st.sampled_from(SCALINGS),
}
ANY_AXES = st.fixed_dictionaries({}, optional=RAW_AXES)


def legal(axes: dict) -> DesignPoint | None:
    try:
        return resolve(**axes)
    except IllegalPointError:
        return None


@settings(deadline=None)
@given(ANY_AXES)
def test_resolving_the_axes_of_a_point_gives_the_point(axes):
    point = legal(axes)
    if point is not None:
        assert DesignPoint.from_json(point.to_json()) == point.moved() == point
        written = {axis: str(value) for axis, value in point.to_json().items() if value is not None}
        assert DesignPoint.from_json(written) == point


@settings(deadline=None)
@given(ANY_AXES)
def test_blank_axes_are_exactly_those_that_mean_nothing(axes):
    point = legal(axes)
    if point is not None:
        assert (point.pool_size is None) == (point.reuse != "pool")
        assert (point.taps is None) == (point.reuse != "phased")
        assert (point.leap is None) == (point.rng != "lfsr")
        assert (point.bit_width is None) == (point.rng == "gaussian")
        assert (point.state_bits is None) == (point.rng == "gaussian")


@settings(deadline=None)
@given(ANY_AXES, st.integers(1, 10**6), st.sampled_from(TAPS))
def test_axes_that_mean_nothing_change_nothing(axes, pool_size, taps):
    point = legal(axes)
    if point is not None and point.reuse not in ("pool", "phased"):
        assert resolve(**axes | {"pool_size": pool_size, "taps": taps}) == point


def test_defaults():
    assert resolve().to_json() == {
        "rng": "lfsr",
        "reuse": "phased",
        "pool_size": None,
        "reuse_period": "inf",
        "bit_width": 8,
        "state_bits": 8,
        "lanes": 31,
        "leap": 1,
        "taps": "xor",
        "scaling": "constant",
        "estimator": "rge",
        "queries": 1,
        "weight_bits": "float",
        "activation_bits": "float",
        "rounding": None,
        "update_rounding": None,
    }
    assert tuple(resolve().axes()) == AXES


@pytest.mark.parametrize("reuse", REUSES)
def test_bank_and_phased_take_linear_generators_only(reuse):
    able = {"bank": ["lfsr"], "phased": ["lfsr", "lut_opt", "xormix"]}.get(reuse, names())
    for rng in names():
        if rng in able:
            state = {"state_bits": 16} if family(rng).chooses else {}
            assert resolve(rng=rng, reuse=reuse, **state).rng == rng
            continue
        said = f"reuse {reuse} needs rng {' or '.join(able)}, not {rng}"
        with pytest.raises(IllegalPointError, match=said):
            resolve(rng=rng, reuse=reuse)


@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ({"state_bits": 12, "leap": 12}, "leap 12 shares a factor with the period 4095"),
        ({"state_bits": 12, "leap": 64}, None),
        ({"bit_width": 2}, "needs state_bits of at least 3, not 2"),
        ({"bit_width": 2, "state_bits": 8}, None),
        ({"bit_width": 8, "state_bits": 7}, "at least as many state_bits"),
        ({"bit_width": 4, "lanes": 15}, None),
        ({"bit_width": 4, "lanes": 16}, "15 states are fewer than 16 lanes"),
        ({"bit_width": 4, "lanes": 16, "reuse": "none"}, "15 states are fewer than 16 lanes"),
        ({"bit_width": 4, "lanes": 16, "reuse": "pool"}, None),
        ({"scaling": "pow2", "state_bits": 12}, None),
        ({"scaling": "pow2", "state_bits": 13}, "pow2 needs state_bits of at most 12"),
        ({"scaling": "pow2", "state_bits": 13, "reuse": "bank"}, "at most 12 for reuse bank"),
        ({"scaling": "pow2", "state_bits": 32, "reuse": "pool"}, None),
        ({"scaling": "pow2", "reuse": "none"}, "pow2 needs reuse pool, bank or phased"),
        ({"scaling": "pow2", "rng": "gaussian", "reuse": "pool"}, "software only"),
        ({"rng": "clt", "reuse": "none", "bit_width": 3}, "clt is built for bit_width 4 to 12"),
        ({"rng": "treegrng", "reuse": "none", "bit_width": 13}, "treegrng is built for"),
        ({"rng": "box_muller", "reuse": "none", "bit_width": 12}, None),
        ({"rng": "xorshift32", "reuse": "none", "bit_width": 24}, None),
    ],
)
def test_legal_combinations(axes, reason):
    if reason is None:
        assert resolve(**axes) == resolve(**axes)
    else:
        with pytest.raises(IllegalPointError, match=reason):
            resolve(**axes)


def test_a_pool_fills_whole_rows_and_no_more_than_the_largest_memory():
    pool = {"reuse": "pool", "bit_width": 8, "lanes": 1}
    largest = MAX_POOL_BITS // 8
    fits = 11_812_459  # the largest prime up to it
    assert resolve(**pool, pool_size=fits).rows == fits
    with pytest.raises(IllegalPointError, match="larger than any target's memory"):
        resolve(**pool, pool_size=fits + 1)
    assert largest > fits
    assert resolve(reuse="pool", pool_size=4095, lanes=31).rows == 137
    sizes = {1: 1, 2: 2, 3: 3, 4: 5, 90: 97, 97: 97, 127: 127, 4095: 4099}
    assert {size: resolve(**pool, pool_size=size).rows for size in sizes} == sizes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"rng": "rademacher", "reuse": "none", "bit_width": 4}, {"bit_width": 12}),
        ({"rng": "rademacher", "reuse": "none", "scaling": "none"}, {"scaling": "constant"}),
        ({"rng": "xorshift32", "reuse": "none", "state_bits": 5}, {"state_bits": 9, "leap": 3}),
        ({"rng": "gaussian", "reuse": "none", "lanes": 8}, {"lanes": 31, "reuse_period": 4}),
        ({"state_bits": None}, {"state_bits": 8}),
        ({"reuse_period": "inf"}, {"reuse_period": math.inf}),
    ],
)
def test_equal_designs_are_equal_points(one, other):
    assert resolve(**one) == resolve(**one | other)
    assert hash(resolve(**one)) == hash(resolve(**one | other))


def test_different_designs_stay_different():
    assert resolve(scaling="none") != resolve(scaling="constant")
    assert resolve(reuse_period=64) != resolve()
    assert resolve(rng="gaussian", reuse="pool", lanes=8) != resolve(
        rng="gaussian", reuse="pool", lanes=31
    )


def test_constant_scaling_shares_the_hardware_of_none():
    assert resolve(scaling="constant").hardware() == resolve(scaling="none").hardware()
    assert resolve(scaling="pow2").hardware() != resolve(scaling="none").hardware()


def test_the_reuse_period_is_written_as_a_whole_number_or_inf():
    assert resolve(reuse_period=64).to_json()["reuse_period"] == 64
    assert resolve(reuse_period=64).reseeds
    assert resolve().to_json()["reuse_period"] == "inf"
    assert not resolve().reseeds


def test_labels_tell_points_apart():
    points = [
        resolve(),
        resolve(taps="shared"),
        resolve(state_bits=16),
        resolve(bit_width=4, lanes=8),
        resolve(reuse_period=64),
        resolve(leap=2),
        resolve(scaling="pow2"),
        resolve(reuse="pool"),
        resolve(reuse="pool", pool_size=127),
        resolve(rng="gaussian", reuse="none"),
        resolve(rng="rademacher", reuse="pool"),
        resolve(rng="rademacher", reuse="pool", scaling="pow2"),
    ]
    assert len({point.label() for point in points}) == len(points)


INTEGERS = {"weight_bits": 16, "activation_bits": 8}


@pytest.mark.parametrize("estimator", ["cge", "cocd", "backprop"])
def test_an_estimator_without_numbers_has_no_generator(estimator):
    point = resolve(estimator=estimator, rng="treegrng", reuse="none", lanes=8, queries=4)
    assert (point.rng, point.draws, point.in_hardware) == ("none", False, False)
    queries = 4 if estimator == "cocd" else 1
    assert point == resolve(estimator=estimator, queries=queries)
    assert point.label() == (f"{estimator} q=4" if estimator == "cocd" else estimator)


def test_training_axes_do_not_change_the_hardware():
    point = resolve(**INTEGERS, rounding="stochastic", update_rounding="independent")
    assert point.fixed_point
    assert point.hardware() == resolve().hardware()
    assert point.perturbation() == resolve()
    assert point.label().endswith("w16a8 stochastic independent")


@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ({"weight_bits": 8}, "both float or both integers, not 8 and float"),
        ({"weight_bits": 8, "activation_bits": "float"}, "both integers, not 8 and float"),
        (INTEGERS | {"estimator": "cge"}, "weight_bits 16 needs estimator rge"),
        (INTEGERS | {"rng": "gaussian", "reuse": "none"}, "rng gaussian draws floats"),
        (INTEGERS | {"update_rounding": "independent"}, "needs rounding stochastic"),
        (INTEGERS | {"scaling": "pow2", "state_bits": 8}, "needs scaling none or constant"),
        (
            INTEGERS | {"rounding": "stochastic", "rng": "clt", "reuse": "none"},
            "stochastic needs uniform numbers; rng clt has none",
        ),
    ],
)
def test_training_axes_that_do_not_go_together(axes, reason):
    with pytest.raises(IllegalPointError, match=reason):
        resolve(**axes)


@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ({"step_size": "scalar", "estimator": "cge"}, "needs estimator rge, .*, not cge"),
        ({"step_size": "scalar", "estimator": "sign_spsa"}, "needs estimator rge, .*, not sign"),
        ({"momentum_replay": 2, "estimator": "backprop"}, "along directions, not backprop"),
        (INTEGERS | {"step_size": "scalar"}, "step_size scalar needs float weights"),
        (
            INTEGERS | {"momentum_replay": 4, "rounding": "stochastic"},
            "momentum_replay 4 of integer weights needs rounding nearest, not stochastic",
        ),
        (INTEGERS | {"rank": "1", "rounding": "stochastic"}, "rank 1 .* needs rounding nearest"),
        (INTEGERS | {"rank": "1"}, "rank 1 of integer weights needs bit_width 1, not 8"),
        ({"rank": "2", "estimator": "cge_sparse"}, "rank 2 needs .* along directions, not cge_sp"),
        ({"rank": "2", "scaling": "pow2", "state_bits": 8}, "rank 2 needs scaling none or const"),
        ({"rank": "2", "estimator": "cocd"}, "rank 2 needs .* along directions, not cocd"),
        (INTEGERS | {"estimator": "cocd"}, "weight_bits 16 needs estimator rge"),
        (INTEGERS | {"scope": "last:1"}, "scope last:1 needs float weights"),
        ({"scope": "last:1", "estimator": "backprop"}, "along directions, not backprop"),
        ({"scope": "sparse:0.1", "estimator": "cocd"}, "along directions, not cocd"),
        ({"scope": "last:1", "step_size": "scalar"}, "last:1 needs step_size plain, not scalar"),
        ({"scope": "last:2", "momentum_replay": 3}, "last:2 needs momentum_replay 0, not 3"),
        ({"scope": "sparse:0.1", "rank": "1"}, "scope sparse:0.1 needs rank full, not 1"),
    ],
)
def test_earlier_steps_do_not_go_with_everything(axes, reason):
    with pytest.raises(IllegalPointError, match=reason):
        resolve(**axes)


def test_an_optional_axis_at_its_default_is_left_out():
    """Identities of designs from before the axis was there do not change."""
    plain, named = resolve(), resolve(step_size="scalar", momentum_replay=4, rank="2")
    scoped = resolve(scope="last:1", rank="4")
    assert resolve(scope="sparse:0.1", **INTEGERS).hardware() == plain.hardware()
    assert not plain.to_json().keys() & OPTIONAL_DEFAULTS.keys()
    assert plain.axes().keys() == set(AXES)
    assert [*named.to_json().values()][-3:] == ["scalar", 4, "2"]
    assert [*scoped.to_json().values()][-2:] == ["4", "last:1"]
    for point in (plain, named, scoped):
        assert type(point).from_json(point.to_json()) == point
    assert named.perturbation() == scoped.perturbation() == plain
    assert named.label() == f"{plain.label()} scalar step replay 4 rank 2"


def test_roundings_mean_nothing_to_float_weights():
    assert resolve(rounding="stochastic", update_rounding="independent") == resolve()
    assert resolve(**INTEGERS).rounding == "nearest"
    assert resolve(**INTEGERS).update_rounding == "shared"
