"""The regression of the perturbation engine: points that cover its parameters and the streams."""

from __future__ import annotations

from functools import lru_cache

from pezoexplore.design.point import DesignPoint, resolve

ENGINE = "perturb_engine"
"""Name of the engine among the modules of the library."""

_RANDOM = {"rounding": "stochastic"}
_TWICE = {"rounding": "stochastic", "update_rounding": "independent"}


@lru_cache(maxsize=1)
def engine_points() -> tuple[DesignPoint, ...]:
    """Return the design points whose verification is the engine's regression."""
    xorshift = {"rng": "xorshift32"}
    return (
        _phased(state_bits=16, leap=4, taps="shared", weight_bits=16),
        _phased(state_bits=16, lanes=9, weight_bits=16, **_RANDOM),
        _phased(taps="shifted", lanes=8, weight_bits=8, reuse_period=3, **_RANDOM),
        _point(reuse="bank", bit_width=5, lanes=7, weight_bits=12, reuse_period=4, **_TWICE),
        _point(reuse="bank", bit_width=12, lanes=4, weight_bits=10),
        _pool(rng="clt", pool_size=40, lanes=5, weight_bits=4, reuse_period=4),
        _pool(pool_size=100, lanes=4, weight_bits=16, **xorshift, **_TWICE),
        _none(rng="rademacher", lanes=7, weight_bits=16),
        _none(rng="rademacher", lanes=8, weight_bits=8, reuse_period=4, **_RANDOM),
        _none(rng="rademacher", lanes=3, weight_bits=8, **_RANDOM),
        _none(rng="rademacher", lanes=2, weight_bits=4, **_TWICE),
        _none(rng="treegrng", lanes=1, weight_bits=8, reuse_period=4),
        _none(rng="trivium", bit_width=8, lanes=3, weight_bits=8, reuse_period=4),
        _none(rng="lut_sr", bit_width=8, lanes=5, weight_bits=8, reuse_period=4, **_RANDOM),
        _none(bit_width=24, lanes=2, weight_bits=16, **xorshift, **_RANDOM),
        _none(state_bits=9, bit_width=3, lanes=3, weight_bits=16, reuse_period=4, **_TWICE),
    )


def _point(**axes: str | int) -> DesignPoint:
    return resolve(scaling="none", activation_bits=8, **axes)


def _phased(**axes: str | int) -> DesignPoint:
    return _point(reuse="phased", **axes)


def _pool(**axes: str | int) -> DesignPoint:
    return _point(reuse="pool", **axes)


def _none(**axes: str | int) -> DesignPoint:
    return _point(reuse="none", **axes)
