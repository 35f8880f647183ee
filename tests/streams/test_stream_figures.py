from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.streams import dimension
from pezoexplore.streams.dimension import effective_dim, participation
from pezoexplore.streams.statistics import (
    LAGS,
    distinct_output_bits,
    lane_correlations,
    sample,
    stream_statistics,
)
from pezoexplore.streams.stream import Directions, Stream
from pezoexplore.sweeps.rows import cell_text

COLUMNS = [
    "effective_span",
    "effective_dim",
    "stream_mean",
    "stream_std",
    "stream_kurtosis",
    "stream_lag1",
    "lane_correlation",
    "distinct_output_bits",
    "effective_dim_ci95",
    "span_share",
]


def brute_correlations(z, circular):
    """Mean lag-1 of a lane and the largest of two, pair by pair and lag by lag."""
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    beats, lanes = z.shape

    def correlation(i, j, lag):
        follows = np.take(z[:, j], np.arange(lag, lag + beats), mode="wrap")
        pairs = beats if circular else beats - lag
        return float(z[:pairs, i] @ follows[:pairs]) / beats

    lag1 = np.mean([correlation(i, i, 1) for i in range(lanes)])
    between = [
        abs(correlation(i, j, lag))
        for i in range(lanes)
        for j in range(lanes)
        if i != j
        for lag in range(LAGS + 1)
    ]
    return lag1, max(between)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize(("beats", "lanes"), [(70, 2), (200, 3), (5000, 4), (30, 3)])
def test_correlations_equal_brute_force(beats, lanes, circular):
    rng = np.random.default_rng(beats)
    z = rng.normal(size=(beats, lanes)).cumsum(axis=0) % 7 + rng.normal(size=lanes)
    if not circular and beats <= LAGS:
        z = np.concatenate([z, z + rng.normal(size=z.shape)])
    found = lane_correlations(z.astype(np.float32), circular)
    assert found == pytest.approx(brute_correlations(z, circular), abs=1e-4)


@pytest.mark.parametrize("lag", [0, 1, 40, LAGS])
@pytest.mark.parametrize("order", [1, -1])
def test_a_delayed_copy_is_found_either_way_round(lag, order):
    noise = np.random.default_rng(0).normal(size=20_000 + lag)
    lanes = [noise[lag:], -noise[: len(noise) - lag]][::order]
    z = np.stack(lanes, axis=1).astype(np.float32)
    assert lane_correlations(z, False)[1] == pytest.approx(1, abs=0.01)


def test_a_copy_beyond_the_window_and_independent_lanes_are_not():
    noise = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    far = np.stack([noise[LAGS + 1 :], noise[: -LAGS - 1]], axis=1)
    assert lane_correlations(far, False)[1] < 0.02


def test_lanes_that_never_vary_are_left_out():
    z = np.zeros((500, 3), dtype=np.float32)
    assert lane_correlations(z, False) == (None, None)
    z[::2, 1] = 1
    assert lane_correlations(z, True) == (pytest.approx(-1), None)


@pytest.mark.parametrize(
    ("axes", "lag1"),
    [
        ({"bit_width": 8}, 0.375),
        ({"bit_width": 12}, 0.031),
        ({"bit_width": 12, "leap": 11}, 0.0),
    ],
)
def test_lag1_of_galois_registers(axes, lag1):
    """A register read out whole every clock shares bits with its neighbour; a leap cures it."""
    found = stream_statistics(Stream(resolve(reuse="none", lanes=3, **axes)), 50, 20)
    assert found["stream_lag1"] == pytest.approx(lag1, abs=0.005)


MOMENTS = [
    {"reuse": "bank"},
    {"reuse": "none", "state_bits": 24, "scaling": "none"},
    {"reuse": "pool", "pool_size": 1000, "state_bits": 16},
    {"reuse": "phased", "bit_width": 6, "state_bits": 10, "scaling": "pow2"},
    {"rng": "treegrng", "reuse": "none"},
]


@pytest.mark.parametrize("axes", MOMENTS)
def test_moments_are_those_of_z(axes):
    point = resolve(lanes=6, **axes)
    found = stream_statistics(Stream(point), 100, 10)
    z = Stream(point).z(0, 0, 2**17).astype(np.float64)
    if point.reuse == "pool":
        z = z[: point.rows]
    centred = z - z.mean()
    assert found["stream_mean"] == pytest.approx(z.mean(), abs=1e-3)
    assert found["stream_std"] == pytest.approx(z.std(), rel=1e-3)
    kurtosis = (centred**4).mean() / z.var() ** 2
    assert found["stream_kurtosis"] == pytest.approx(kurtosis, rel=1e-2)


def test_a_whole_period_is_exact():
    found = stream_statistics(Stream(resolve(reuse="none", lanes=31)), 2410, 10)
    assert found["stream_mean"] == pytest.approx(0, abs=1e-9)
    assert found["stream_std"] == pytest.approx(1, abs=1e-6)
    assert found["stream_kurtosis"] == pytest.approx(1.8, abs=1e-3)
    assert found["lane_correlation"] == pytest.approx(1, abs=1e-5)  # phase shifts 8 beats apart


def test_reseeds_are_part_of_the_sample():
    """A pool of one row never varies until it is refilled."""
    axes = {"rng": "xorshift32", "reuse": "pool", "pool_size": 8, "lanes": 8}
    frozen = stream_statistics(Stream(resolve(**axes)), 8, 10)
    assert frozen["stream_lag1"] is None
    assert frozen["lane_correlation"] is None
    fresh = stream_statistics(Stream(resolve(**axes, reuse_period=1)), 8, 10)
    assert abs(fresh["stream_lag1"]) < 0.01
    assert fresh["lane_correlation"] < 0.02
    slow = stream_statistics(Stream(resolve(**axes, reuse_period=2)), 8, 10)
    assert slow["stream_lag1"] == pytest.approx(0.5, abs=0.01)


def test_designs_made_to_be_clean_are():
    shared = resolve(reuse="phased", taps="shared", state_bits=16, leap=4)
    assert stream_statistics(Stream(shared), 100, 5)["lane_correlation"] <= 0.02
    shifted = resolve(reuse="phased", taps="shifted", bit_width=8)
    assert stream_statistics(Stream(shifted), 100, 5)["lane_correlation"] > 0.5


@pytest.mark.parametrize(
    ("axes", "bits"),
    [
        ({"reuse": "phased", "taps": "shifted"}, 218),
        ({"reuse": "phased", "taps": "xor", "state_bits": 24}, 31 * 8),
        ({"reuse": "phased", "taps": "shared", "state_bits": 24}, 31 * 4),
        ({"rng": "xorshift32", "reuse": "none"}, 31 * 8),
        ({"rng": "rademacher", "reuse": "none"}, 31),
        ({"rng": "treegrng", "reuse": "none"}, 31 * 8),
        ({"reuse": "phased", "taps": "xor", "bit_width": 3, "lanes": 7}, 7),
        ({"reuse": "pool", "pool_size": 31, "rng": "xorshift32"}, 2),
        ({"rng": "gaussian", "reuse": "none"}, None),
    ],
)
def test_distinct_output_bits(axes, bits):
    assert distinct_output_bits(Stream(resolve(**axes))) == bits


DIMENSIONS = [  # axes, weights, steps
    ({"reuse": "bank", "lanes": 4}, 60, 300),
    ({"reuse": "pool", "pool_size": 70, "lanes": 3, "state_bits": 16}, 100, 1000),
    ({"reuse": "phased", "bit_width": 6, "taps": "shifted"}, 70, 500),
    ({"reuse": "none", "rng": "xorshift32"}, 90, 40),
    ({"reuse": "bank", "bit_width": 6, "scaling": "pow2", "reuse_period": 3}, 120, 200),
    ({"reuse": "none", "state_bits": 16}, 1200, 4000),
    ({"rng": "gaussian", "reuse": "none"}, 9000, 600),
]


@pytest.mark.parametrize(("axes", "parameters", "steps"), DIMENSIONS)
def test_effective_dim_equals_brute_force(axes, parameters, steps):
    point = resolve(**axes)
    z = Directions.of(point, parameters, [0]).block(0, steps)[:, 0].astype(np.float64)
    gram = z.T @ z if parameters < steps else z @ z.T
    expected = np.trace(gram) ** 2 / (gram**2).sum()
    found = effective_dim(Stream(point), parameters, steps)
    assert (found.value, found.half) == (pytest.approx(expected, rel=1e-5), 0)


@pytest.mark.parametrize(
    "axes", [{"reuse": "phased", "state_bits": 12}, {"reuse": "bank"}, {"reuse": "pool"}]
)
def test_an_estimated_effective_dim_is_within_its_interval(axes, monkeypatch):
    stream, parameters, steps = Stream(resolve(**axes)), 1500, 1200
    exact = effective_dim(stream, parameters, steps)
    monkeypatch.setattr(dimension, "_MOST_PRODUCTS", 0)
    monkeypatch.setattr(dimension, "_SAMPLED", 100)
    found = effective_dim(stream, parameters, steps)
    assert 0 < found.half < 0.4 * found.value
    assert abs(found.value - exact.value) < found.half


@pytest.mark.parametrize(
    ("lanes", "beats"),
    [
        *((38, 64), (31, 771), (16, 256)),
        *(
            pytest.param(*shape, marks=pytest.mark.slow)
            for shape in ((32, 1024), (64, 512), (48, 273))
        ),
    ],
)
@pytest.mark.parametrize(
    "axes",
    [
        {"reuse": "phased"},
        {"reuse": "phased", "state_bits": 16},
        {"reuse": "phased", "state_bits": 16, "taps": "shared", "leap": 8},
        {"reuse": "phased", "state_bits": 16, "bit_width": 1, "leap": 8},
        {"rng": "lut_opt", "reuse": "phased", "state_bits": 16, "taps": "sparse"},
        {"rng": "lut_opt", "reuse": "phased", "state_bits": 16, "taps": "sparse", "bit_width": 1},
        {"rng": "lut_opt", "reuse": "none", "state_bits": 32, "bit_width": 1},
        {"reuse": "bank"},
    ],
    ids=lambda axes: " ".join(map(str, axes.values())),
)
def test_power_of_two_steps_meet_as_many_directions_as_others(axes, lanes, beats):
    _, share = participation(Stream(resolve(**axes, lanes=lanes)), lanes * beats)
    assert share > 0.9


def test_effective_dim_of_independent_numbers():
    """d weights and n steps of independent numbers: d n / (d + n), give or take."""
    found = effective_dim(Stream(resolve(rng="xorshift32", reuse="none")), 400, 1600)
    assert found.value == pytest.approx(400 * 1600 / 2000, rel=0.01)


def test_dimension_never_exceeds_span_and_every_column_is_there():
    for axes in ({"reuse": "none"}, {"reuse": "pool", "pool_size": 127}, {"reuse": "bank"}):
        found = stream_statistics(Stream(resolve(**axes)), 500, 100)
        assert list(found) == COLUMNS
        assert 1 <= found["effective_dim"] <= min(found["effective_span"], 100)
        assert all(type(value) in (int, float) for value in found.values())


def test_what_has_no_meaning_is_empty_and_the_rest_repeats():
    point = resolve(rng="gaussian", reuse="none")
    found = stream_statistics(Stream(point), 200, 100)
    assert found["lane_correlation"] is None
    assert found["distinct_output_bits"] is None
    assert found == stream_statistics(Stream(point), 200, 100)
    assert (
        stream_statistics(Stream(resolve(reuse="none", lanes=1)), 50, 20)["lane_correlation"]
        is None
    )


EXACT = [  # axes, weights, steps
    ({"rng": "rademacher", "reuse": "none", "lanes": 3}, 40, 100),
    ({"rng": "xorshift32", "reuse": "none", "lanes": 3, "bit_width": 12}, 50, 3000),
    ({"reuse": "none", "state_bits": 16, "lanes": 2}, 30, 5000),
    ({"reuse": "bank", "bit_width": 5, "lanes": 4}, 60, 777),
    ({"reuse": "pool", "pool_size": 97, "lanes": 3, "state_bits": 16, "bit_width": 14}, 90, 1000),
    ({"reuse": "phased", "taps": "shared", "state_bits": 12, "lanes": 5}, 700, 600),
    ({"rng": "ternary", "reuse": "none", "lanes": 3}, 50, 200),
    ({"rng": "treegrng", "reuse": "none", "lanes": 2, "reuse_period": 7}, 33, 99),
]


def exact_dimension(point, parameters, steps):
    z = Directions.of(point, parameters, [0]).block(0, steps)[:, 0].astype(np.int64)
    gram = z.T @ z if parameters < steps else z @ z.T
    squares = sum(int(entry) ** 2 for entry in gram.ravel())
    return float(Fraction(int(np.trace(gram)) ** 2, squares))


def exact_figures(stream, parameters, steps):
    """Return the figures that sums go into, from whole numbers and fractions alone."""
    words, circular = sample(stream, parameters)
    values = words.astype(np.int64) * (1 + stream.half) + stream.half
    found, counts = np.unique(values, return_counts=True)
    weighted = [(int(v), int(n)) for v, n in zip(found, counts, strict=True)]
    mean = Fraction(sum(v * n for v, n in weighted), values.size)
    second, fourth = (
        sum(n * (v - mean) ** power for v, n in weighted) / values.size for power in (2, 4)
    )
    unit = stream.scale / (1 + stream.half)
    beats, lanes = values.shape
    totals = values.sum(axis=0)
    centred = [beats * int((lane * lane).sum()) - int(lane.sum()) ** 2 for lane in values.T]

    def correlation(i, j, lag):
        pairs = beats if circular else beats - lag
        now, later = values[:pairs, i], np.roll(values[:, j], -lag)[:pairs]
        whole = beats**2 * int((now * later).sum()) + pairs * int(totals[i]) * int(totals[j])
        whole -= beats * int(totals[j]) * int(now.sum()) + beats * int(totals[i]) * int(later.sum())
        return whole / beats / math.sqrt(centred[i] * centred[j])

    between = [
        abs(correlation(i, j, lag))
        for i in range(lanes)
        for j in range(lanes)
        for lag in range(LAGS + 1)
        if i != j
    ]
    return {
        "effective_dim": exact_dimension(stream.point, parameters, steps),
        "stream_mean": float(mean) * unit,
        "stream_std": math.sqrt(second) * unit,
        "stream_kurtosis": float(fourth / second**2),
        "stream_lag1": math.fsum(correlation(i, i, 1) for i in range(lanes)) / lanes,
        "lane_correlation": max(between),
    }


@pytest.mark.parametrize(("axes", "parameters", "steps"), EXACT)
def test_printed_digits_are_those_of_exact_fractions(axes, parameters, steps):
    """So they are the same on every machine, however its libraries order their sums."""
    stream = Stream(resolve(**axes))
    found = stream_statistics(stream, parameters, steps)
    for name, value in exact_figures(stream, parameters, steps).items():
        assert cell_text(name, found[name]) == cell_text(name, value), name


@pytest.mark.parametrize(
    ("axes", "parameters", "steps"),
    [*DIMENSIONS[:-1], pytest.param(*DIMENSIONS[-1], marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("every", [3, 4])
def test_effective_dim_of_every_nth_step(axes, parameters, steps, every):
    """Roundings take the steps of the stream between two directions."""
    point = resolve(**axes)
    block = Directions.of(point, parameters, [0]).block(0, steps * every)
    z = block[::every, 0].astype(np.float64)
    gram = z.T @ z if parameters < steps else z @ z.T
    expected = np.trace(gram) ** 2 / (gram**2).sum()
    found = effective_dim(Stream(point), parameters, steps, every)
    assert found.value == pytest.approx(expected, rel=1e-5)
