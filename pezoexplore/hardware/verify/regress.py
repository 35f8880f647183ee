"""The regression of the RTL library: for every module, design points that exercise it.

A generator is exercised through a stream that uses nothing else of interest, and a reuse module
over its own parameters, so that a defect shows in the modules that contain it and in no other.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.verify.engine.regress import ENGINE, engine_points

_GAUSSIAN = [{"bit_width": bits, "lanes": 3} for bits in (4, 8, 12)]

_Axes = dict[str, str | int | float]

_LANE_EACH: list[_Axes] = [{"reuse": "none", "bit_width": bits, "lanes": 3} for bits in (1, 8, 24)]
_LANES_SHARE: list[_Axes] = [
    {"reuse": "none", "bit_width": bits, "lanes": lanes, "reuse_period": period}
    for bits, lanes, period in ((8, 1, inf), (1, 31, inf), (8, 31, 4), (12, 5, inf), (24, 3, 4))
]
_GROUPS_OF_FOUR: list[_Axes] = [
    {"reuse": "none", "bit_width": bits, "lanes": lanes, "reuse_period": period}
    for bits, lanes, period in ((4, 3, inf), (8, 1, inf), (8, 31, 4), (12, 5, inf))
]
_FILLER: _Axes = {
    "reuse": "pool",
    "pool_size": 100,
    "lanes": 8,
    "bit_width": 8,
    "reuse_period": 4,
}
"""A pool that is refilled: the generator makes a word a clock."""

_ONE_EXPONENT: _Axes = {"bit_width": 4, "state_bits": 5, "lanes": 16, "scaling": "pow2"}
"""Every beat has the same scale exponent, so that there is no table of them."""

_TWO_EXPONENTS: _Axes = {"bit_width": 1, "state_bits": 6, "lanes": 5, "scaling": "pow2"}
"""The scale exponent has one bit."""

_ONE_BIT: _Axes = {"bit_width": 1, "state_bits": 24, "lanes": 31, "leap": 8}
"""XORs of many terms, and a state too wide for a table."""

_GRIDS: dict[str, list[_Axes]] = {
    "lfsr": [
        {"reuse": "none", "state_bits": bits, "bit_width": min(bits, 8), "lanes": 3, "leap": leap}
        for bits, leap in [(b, 1) for b in range(3, 33)] + [(8, 7), (12, 11), (16, 4), (24, 8)]
    ],
    "xorshift32": [{"reuse": "none", "bit_width": bits, "lanes": 3} for bits in (1, 8, 24)],
    "rademacher": [{"reuse": "none", "lanes": lanes} for lanes in (1, 31)],
    "clt": [{"reuse": "none", **axes} for axes in _GAUSSIAN],
    "treegrng": [{"reuse": "none", **axes} for axes in _GAUSSIAN],
    "box_muller": [{"reuse": "none", **axes} for axes in _GAUSSIAN],
    "xoshiro128pp": [*_LANES_SHARE, _FILLER],
    "ca": [*_LANE_EACH, _FILLER],
    "trivium": [*_LANES_SHARE, _FILLER],
    "icdf": [{"reuse": "none", **axes} for axes in _GAUSSIAN],
    "table_hadamard": [*_GROUPS_OF_FOUR, _FILLER],
    "lut_opt": [*_LANES_SHARE, _FILLER],
    "sobol": [*_LANES_SHARE, _FILLER, {"reuse": "none", "bit_width": 24, "lanes": 256}],
    "lut_sr": _LANES_SHARE[1:3],
    "ternary": [{"reuse": "none", "lanes": 1}, {"reuse": "none", "lanes": 31}, _FILLER],
    "stream_none": [
        {"rng": "xorshift32", "reuse": "none", "lanes": lanes, "reuse_period": period}
        for lanes in (1, 8, 31)
        for period in (1, inf)
    ],
    "stream_pool": [
        {
            "rng": "xorshift32",
            "reuse": "pool",
            "pool_size": size,
            "lanes": lanes,
            "reuse_period": period,
            "scaling": scaling,
        }
        for size, lanes in ((1, 1), (127, 8), (1023, 31))
        for period in (4, inf)
        for scaling in ("none", "pow2")
    ]
    + [{"rng": "lut_sr", **_FILLER}]
    + [{"rng": "xorshift32", **_FILLER, "lanes": 1, "bit_width": 4, "scaling": "pow2"}],
    "stream_lut_sr": [{"rng": "lut_sr", **axes} for axes in _LANES_SHARE],
    "stream_bank": [
        {
            "reuse": "bank",
            "bit_width": bits,
            "state_bits": state,
            "lanes": lanes,
            "leap": leap,
            "reuse_period": period,
            "scaling": scaling,
        }
        for bits, state, lanes, leap in ((4, 4, 1, 1), (8, 8, 5, 1), (8, 12, 31, 11))
        for period in (4, inf)
        for scaling in ("none", "pow2")
    ]
    + [
        {"reuse": "bank", "bit_width": 8, "state_bits": 20, "lanes": 8, "reuse_period": period}
        for period in (4, inf)
    ]
    + [{"reuse": "bank", **_ONE_EXPONENT}]
    + [{"reuse": "bank", **_TWO_EXPONENTS, "reuse_period": 4}],
    "stream_phased": [
        {
            "reuse": "phased",
            "bit_width": bits,
            "state_bits": state,
            "lanes": lanes,
            "leap": leap,
            "taps": taps,
            "reuse_period": period,
            "scaling": scaling,
        }
        for taps in ("shifted", "xor", "shared")
        for bits, state, lanes, leap in ((4, 8, 15, 1), (8, 12, 31, 11))
        for period in (4, inf)
        for scaling in ("none", "pow2")
    ]
    + [{"reuse": "phased", **_ONE_BIT, "reuse_period": period} for period in (4, inf)]
    + [{"reuse": "phased", **_ONE_EXPONENT}],
}

MODULES = tuple(_GRIDS)
"""Modules of streams of numbers, each with a grid of its own."""

ALL_MODULES = (*MODULES, ENGINE)
"""Every module that has a regression: the streams, and the engine that uses them."""


@lru_cache(maxsize=32)
def module_points(name: str) -> tuple[DesignPoint, ...]:
    """Design points whose verification makes up a module's regression.

    Raises:
        DesignError: No such module.
    """
    if name == ENGINE:
        return engine_points()
    if name not in _GRIDS:
        raise DesignError(f"{name}: no such module; there are {', '.join(ALL_MODULES)}")
    rng = {} if name.startswith("stream_") else {"rng": name}
    fixed = {"scaling": "none", **rng}
    return tuple(dict.fromkeys(resolve(**(fixed | axes)) for axes in _GRIDS[name]))
