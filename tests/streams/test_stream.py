from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams.generator import generator
from pezoexplore.streams.scaling import exponents
from pezoexplore.streams.stream import Directions, Stream, beats_per_step

POINTS = {
    "bank": {"reuse": "bank", "bit_width": 5},
    "bank T=2": {"reuse": "bank", "bit_width": 5, "reuse_period": 2},
    "phased T=3": {"reuse": "phased", "state_bits": 6, "bit_width": 4, "reuse_period": 3},
    "none": {"reuse": "none", "bit_width": 4, "state_bits": 7},
    "pool": {"reuse": "pool", "pool_size": 33, "state_bits": 12},
    "pool T=1": {"reuse": "pool", "pool_size": 33, "rng": "xorshift32", "reuse_period": 1},
    "pool pow2 T=4": {"reuse": "pool", "pool_size": 33, "scaling": "pow2", "reuse_period": 4},
    "bank pow2": {"reuse": "bank", "bit_width": 6, "scaling": "pow2"},
    "phased pow2 half": {"state_bits": 9, "bit_width": 6, "scaling": "pow2", "reuse_period": 5},
    "wide": {"reuse": "none", "bit_width": 16, "state_bits": 20, "reuse_period": 2},
    "plain scale": {"reuse": "none", "bit_width": 15, "state_bits": 20, "scaling": "none"},
    "rademacher": {"rng": "rademacher", "reuse": "none"},
    "treegrng T=2": {"rng": "treegrng", "reuse": "none", "reuse_period": 2},
    "gaussian": {"rng": "gaussian", "reuse": "none"},
    "gaussian pool T=2": {"rng": "gaussian", "reuse": "pool", "pool_size": 30, "reuse_period": 2},
}
SCALINGS = ("none", "constant", "pow2")


def point_of(name, lanes=5):
    return resolve(**{"lanes": lanes, **POINTS[name]})


def one_step(point, parameters, seed, step):
    """Direction of one step, from the contract: beats of its epoch, surplus words dropped."""
    beats = -(-parameters // point.lanes)
    epoch, within = divmod(step, int(point.reuse_period)) if point.reseeds else (0, step)
    return Stream(point, seed).z(epoch, within * beats, beats).ravel()[:parameters]


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize(("first", "steps"), [(0, 1), (3, 8), (11, 2)])
def test_blocks_are_the_steps_one_by_one(name, first, steps):
    point, parameters, seeds = point_of(name), 23, [0, 7, 2**40]
    directions = Directions.of(point, parameters, seeds)
    block = directions.block(first, steps)
    assert block.shape == (steps, 3, parameters)
    for i in range(steps):
        for k, seed in enumerate(seeds):
            expected = one_step(point, parameters, seed, first + i)
            np.testing.assert_allclose(block[i, k] * directions.scale, expected, rtol=1e-6)
    assert np.ptp(block.astype(np.float64), axis=1).max() > 0, "seeds differ"


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(list(POINTS)), st.integers(0, 12), st.integers(1, 12), st.integers(0, 11))
def test_blocks_do_not_depend_on_where_they_are_cut(name, first, steps, cut):
    directions = Directions.of(point_of(name), 17, [1])
    whole = directions.block(first, steps)
    cut = min(cut, steps - 1)
    parts = [directions.block(first, cut)] if cut else []
    parts.append(directions.block(first + cut, steps - cut))
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(("parameters", "lanes"), [(1, 1), (20, 5), (21, 5), (24, 5), (3, 8)])
def test_every_step_starts_on_a_beat_and_drops_the_surplus(parameters, lanes):
    point = point_of("bank", lanes)
    beats = beats_per_step(parameters, lanes)
    assert beats == math.ceil(parameters / lanes)
    words = Stream(point, 4).beats(0, 0, 6 * beats).reshape(6, beats * lanes)
    block = Directions.of(point, parameters, [4]).block(0, 6)
    assert np.array_equal(block[:, 0], words[:, :parameters])


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("bank", np.int16),
        ("none", np.int16),
        ("plain scale", np.int16),
        ("rademacher", np.int16),
        ("treegrng T=2", np.int16),
        ("wide", np.float32),
        ("bank pow2", np.float32),
        ("gaussian", np.float32),
    ],
)
def test_block_types(name, dtype):
    assert Directions.of(point_of(name), 9, [0]).block(0, 2).dtype == dtype


RNG_SCALINGS = [
    (rng, scaling)
    for rng in ("lfsr", "xorshift32", "rademacher", "clt", "treegrng", "gaussian")
    for scaling in SCALINGS
    if (rng, scaling) != ("gaussian", "pow2")
]


@pytest.mark.parametrize(("rng", "scaling"), RNG_SCALINGS)
@pytest.mark.parametrize("state_bits", [8, 12])
def test_z_is_the_word_with_its_half_and_scale(rng, scaling, state_bits):
    point = resolve(
        rng=rng, reuse="pool", pool_size=60, lanes=6, state_bits=state_bits, scaling=scaling
    )
    stream = Stream(point, 3)
    words = stream.beats(0, 0, 10).astype(np.float64)
    factor = np.ones(10)
    if scaling == "pow2" and rng != "rademacher":
        factor = 2.0 ** exponents(stream.beats(0, 0, 10), stream.half)
        assert np.array_equal(stream.exponents(0, 0, 10), np.log2(factor))
    elif rng != "gaussian":
        sigma = generator(point).sigma
        factor *= 1 / sigma if scaling == "constant" else 2.0 ** (1 - point.bits)
        if rng == "rademacher":
            factor[:] = 2
    expected = (words + 0.5 * stream.half) * factor[:, None]
    np.testing.assert_allclose(stream.z(0, 0, 10), expected, rtol=1e-6)
    if scaling != "pow2":
        assert stream.exponents(0, 0, 10) is None


def test_the_half_is_there_unless_the_state_is_symmetric():
    assert not Stream(point_of("bank")).half
    assert Stream(point_of("none")).half
    assert not Stream(point_of("gaussian")).half
    for rng in ("xorshift32", "rademacher", "clt", "treegrng", "box_muller"):
        assert Stream(resolve(rng=rng, reuse="none")).half


@pytest.mark.parametrize("scaling", SCALINGS)
def test_rademacher_directions_are_signs(scaling):
    point = resolve(rng="rademacher", reuse="pool", pool_size=4000, lanes=31, scaling=scaling)
    z = Stream(point).z(0, 0, 100)
    assert set(np.unique(z).tolist()) == {-1.0, 1.0}
