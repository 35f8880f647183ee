"""Divergence of the hardware Gaussians from the normal, against their exact distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from pezoexplore.design.point import resolve
from pezoexplore.streams.divergence import divergence
from pezoexplore.streams.families import icdf, table_hadamard
from pezoexplore.streams.stream import Stream


def exact(shares: np.ndarray) -> float:
    """Divergence in bits of the shares of the 8-bit words."""
    edges = norm.cdf(np.arange(-128, 129) / 32)
    edges[0], edges[-1] = 0.0, 1.0
    seen = shares > 0
    return float(np.sum(shares[seen] * np.log2(shares[seen] / np.diff(edges)[seen])))


def test_it_is_that_of_the_exact_distribution() -> None:
    magnitude = icdf.shares(np.array(icdf.START), np.array(icdf.WIDTH)) / 2
    wanted = {
        "icdf": exact(np.concatenate([magnitude[::-1], magnitude])),
        "table_hadamard": exact(table_hadamard.distribution(table_hadamard.MAGNITUDES)),
    }
    for rng, kl in wanted.items():
        found = divergence(Stream(resolve(rng=rng, reuse="none")))
        assert found == pytest.approx(kl, abs=1e-5)  # sampling would add 2.2e-5


@pytest.mark.parametrize("bits", [4, 12])
def test_other_widths_are_near_the_normal_too(bits: int) -> None:
    assert divergence(Stream(resolve(rng="treegrng", reuse="none", bit_width=bits))) < 5e-4


def test_it_tells_a_distribution_that_is_off() -> None:
    coarse = divergence(Stream(resolve(rng="box_muller", reuse="none")))
    assert coarse > 5e-3
