"""Moments of every generator, in z units: the figures each stream must hold."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.streams.stream import Stream

BEATS, LANES = 2**16, 31
UNIFORM = [
    {"rng": "xorshift32", "reuse": "none"},
    {"rng": "lfsr", "reuse": "none", "state_bits": 16},
    {"rng": "lfsr", "reuse": "none", "state_bits": 32, "leap": 8},
    {"rng": "lfsr", "reuse": "bank", "state_bits": 20},
    {"rng": "lfsr", "reuse": "bank", "state_bits": 24, "reuse_period": 16},
    {"rng": "lfsr", "reuse": "phased", "taps": "shifted", "state_bits": 16},
    {"rng": "lfsr", "reuse": "phased", "taps": "xor", "state_bits": 24},
    {"rng": "lfsr", "reuse": "phased", "taps": "shared", "state_bits": 16, "leap": 4},
    {"rng": "lfsr", "reuse": "pool", "state_bits": 24, "pool_size": 2_000_000},
]
GAUSSIAN = {"clt": (2.9, 0.1), "treegrng": (3.0, 0.15), "box_muller": (3.0, 0.15)}


def z_of(**axes):
    stream = Stream(resolve(lanes=LANES, scaling="constant", **axes))
    return stream.z(0, 0, BEATS).astype(np.float64)


def moments(z):
    centred = z - z.mean()
    variance = (centred**2).mean()
    return z.mean(), variance, (centred**4).mean() / variance**2


@pytest.mark.parametrize("bit_width", [4, 8, 12])
@pytest.mark.parametrize("axes", UNIFORM, ids=lambda a: "-".join(str(v) for v in a.values()))
def test_uniform_streams(axes, bit_width):
    mean, variance, kurtosis = moments(z_of(**axes, bit_width=bit_width))
    assert abs(mean) <= 0.01
    assert variance == pytest.approx(1, abs=0.02)
    assert kurtosis == pytest.approx(1.8, abs=0.05)


@pytest.mark.parametrize("bit_width", [4, 6, 8, 12])
@pytest.mark.parametrize("rng", GAUSSIAN)
def test_gaussian_streams(rng, bit_width):
    """Coarse words add the variance of their quantisation, step**2 / 12 (Sheppard)."""
    mean, variance, kurtosis = moments(z_of(rng=rng, reuse="none", bit_width=bit_width))
    step = 2.0 ** (3 - bit_width)
    aimed, within = GAUSSIAN[rng]
    assert abs(mean) <= 0.01
    assert variance - step**2 / 12 == pytest.approx(1, abs=0.02)
    assert kurtosis == pytest.approx(aimed, abs=within)


def test_the_software_gaussian():
    z = Stream(resolve(rng="gaussian", reuse="none")).z(0, 0, 2_000_000).astype(np.float64)
    mean, variance, kurtosis = moments(z)
    assert abs(mean) <= 0.01
    assert variance == pytest.approx(1, abs=0.02)
    assert kurtosis == pytest.approx(3, abs=0.15)


def test_rademacher_signs_balance():
    mean, variance, kurtosis = moments(z_of(rng="rademacher", reuse="none"))
    assert abs(mean) <= 0.01
    assert variance == pytest.approx(1, abs=1e-3)
    assert kurtosis == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("lanes", [8, 31])
def test_power_of_two_scaling_keeps_the_norm_within_its_rounding(lanes):
    """One beat's norm over the ideal lies within half an exponent, so its square within 2."""
    stream = Stream(resolve(reuse="bank", state_bits=12, lanes=lanes, scaling="pow2"))
    z = stream.z(0, 0, 4095).astype(np.float64)
    norms = (z**2).sum(axis=1)
    assert norms.min() >= (lanes - 0.5) / 2 * 0.99
    assert norms.max() <= (lanes - 0.5) * 2 * 1.01
    assert abs(z.mean()) <= 0.01 * z.std()
