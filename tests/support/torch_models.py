"""Designs and small models that the tests of fine-tuning share."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.streams.generators.registry import names
from pezoexplore.streams.stream import Stream, beats_per_step

CPU = torch.device("cpu")

POINTS: tuple[DesignPoint, ...] = (
    resolve(),
    resolve(scaling="none"),
    resolve(scaling="pow2", reuse_period=3),
    resolve(state_bits=12, scaling="pow2", lanes=5),
    resolve(lanes=8, taps="shifted", reuse_period=2),
    resolve(lanes=8, taps="shared", leap=7),
    resolve(state_bits=24, reuse_period=2),
    resolve(state_bits=32, bit_width=20, lanes=3),
    resolve(reuse="bank"),
    resolve(reuse="bank", bit_width=4, lanes=3, reuse_period=2),
    resolve(reuse="bank", state_bits=12, scaling="pow2"),
    resolve(reuse="bank", state_bits=24, leap=11),
    resolve(reuse="none", bit_width=6, lanes=4),
    resolve(rng="xorshift32", reuse="none"),
    resolve(rng="rademacher", reuse="none", reuse_period=1),
    resolve(rng="clt", reuse="none", bit_width=12),
    resolve(rng="treegrng", reuse="none"),
    resolve(rng="box_muller", reuse="none"),
    resolve(rng="xoshiro128pp", reuse="none", lanes=9),
    resolve(rng="xoshiro128pp", reuse="none", lanes=9, reuse_period=2),
    resolve(rng="xoshiro128pp", reuse="pool"),
    resolve(rng="treegrng", reuse="pool", pool_size=341, reuse_period=3),
    resolve(reuse="pool", pool_size=100, scaling="pow2"),
    resolve(rng="gaussian", reuse="none"),
    resolve(rng="gaussian", reuse="pool"),
)
"""Every strategy, with what it takes."""

EVERY_RNG: tuple[DesignPoint, ...] = tuple(
    resolve(rng=rng, reuse=reuse, lanes=8, reuse_period=period)
    for rng in names()
    for reuse, period in (("none", math.inf), ("pool", 2))
)
"""Every generator, on its own and as a pool's filler."""


def addends(
    point: DesignPoint, seed: int, parameters: int, step: int, factor: float
) -> NDArray[np.float32]:
    """Return the update of d weights by the NumPy stream: float32 [d], rounded once."""
    stream, beats = Stream(point, seed), beats_per_step(parameters, point.lanes)
    epoch, start = 0, step * beats
    if point.reseeds:
        epoch, start = step // int(point.reuse_period), step % int(point.reuse_period) * beats
    numbers = stream.beats(epoch, start, beats) + np.float64(0.5 * stream.half)
    exponents = stream.exponents(epoch, start, beats)
    if exponents is not None:
        numbers = numbers * np.exp2(exponents.astype(np.float64))[:, None]
    flat = numbers.reshape(-1)[:parameters].astype(np.float32)
    return flat * np.float32(factor * stream.scale)
