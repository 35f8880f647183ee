"""The regression of the RTL library: for every module, design points that exercise it.

A generator is exercised through a stream that uses nothing else of interest, and a reuse module
over its own parameters, so that a defect shows in the modules that contain it and in no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import inf

from pezoexplore.design.kinds import nearest
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.hardware.verify.engine.regress import ENGINE, engine_points
from pezoexplore.streams.generators.family import FILLER, Axes, grid_of_groups
from pezoexplore.streams.generators.registry import families, family

_Axes = dict[str, str | int | float]

_ONE_EXPONENT: _Axes = {"bit_width": 4, "state_bits": 5, "lanes": 16, "scaling": "pow2"}
"""Every beat has the same scale exponent, so that there is no table of them."""

_WRAP_EXPONENT: _Axes = {"bit_width": 4, "state_bits": 6, "lanes": 4, "scaling": "pow2"}
"""The beat after a period has another scale exponent than the lfsr's next state."""

_TWO_EXPONENTS: _Axes = {"bit_width": 1, "state_bits": 6, "lanes": 5, "scaling": "pow2"}
"""The scale exponent has one bit."""

_TWO_ROWS: _Axes = {
    "reuse": "pool", "pool_size": 512, "lanes": 256, "bit_width": 1, "reuse_period": 4,
}  # fmt: skip
"""Every beat is the first or the last of a period, and as wide as can be."""

_WIDEST_STATE: _Axes = {"bit_width": 24, "state_bits": 32, "lanes": 2, "reuse_period": 4}
"""The count of a period has as many bits as it can."""

_LEAST_STATE: _Axes = {"bit_width": 3, "state_bits": 3, "lanes": 7, "reuse_period": 4}
"""A period of seven beats."""

_ONE_BIT: _Axes = {"bit_width": 1, "state_bits": 24, "lanes": 31, "leap": 8}
"""XORs of many terms, and a state too wide for a table."""

_SPARSE: list[_Axes] = [
    {"rng": "lut_opt", "state_bits": 16, "bit_width": 8, "lanes": 31, "reuse_period": 4},
    {"rng": "lut_opt", "state_bits": 16, "bit_width": 1, "lanes": 31},
    {"rng": "xormix", "bit_width": 8, "lanes": 9, "reuse_period": 4},
    {"bit_width": 8, "state_bits": 12, "lanes": 17, "leap": 11, "scaling": "pow2"},
]
"""Lanes of few functions, also of a state that is no lfsr's."""

_OUTER: list[_Axes] = [
    {"reuse": "none", "rng": "rademacher", "lanes": 1, "layers": "3x4,3,2x3,2", "reuse_period": 3},
    {"reuse": "none", "rng": "rademacher", "lanes": 5, "layers": "4x5,5x6"},  # no bias
    {"state_bits": 8, "lanes": 4, "layers": "4x6,6x4", "reuse_period": 4},  # ends with its beat
    {"state_bits": 8, "lanes": 3, "layers": "7,5x3,4,3x3,3x3,3x5,5"},
    {"state_bits": 12, "lanes": 31, "layers": "32x64,32,10x32,10", "taps": "sparse"},
    {"state_bits": 12, "lanes": 32, "layers": "32x64,32,10x32,10", "reuse_period": 2},
    {"reuse": "pool", "rng": "xorshift32", "pool_size": 90, "lanes": 6, "layers": "9x7,9",
     "reuse_period": 4},
    {"reuse": "none", "rng": "lut_sr", "lanes": 7, "layers": "7,9x8,8x9,9x7", "reuse_period": 4},
    {"rank": "2", "state_bits": 8, "lanes": 4, "layers": "6,5x7,7x5", "reuse_period": 4},
    {"rank": "2", "state_bits": 12, "lanes": 31, "layers": "32x64,32,10x32,10", "taps": "sparse"},
    {"rank": "4", "reuse": "pool", "rng": "xorshift32", "pool_size": 90, "lanes": 6,
     "layers": "9x10,9", "reuse_period": 4},
    {"rank": "4", "reuse": "pool", "rng": "lut_sr", "pool_size": 90, "lanes": 9,
     "layers": "9x9,9x9"},
]  # fmt: skip
"""Outer products: rows as long as a beat and longer, matrices that end at beats' edges or not."""

_STREAM_GRIDS: dict[str, list[_Axes]] = {
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
    + [{"rng": "lut_sr", **FILLER, "bit_width": bits} for bits in (1, 8, 24)]
    + [{"rng": "xorshift32", **FILLER, "lanes": 1, "bit_width": 4, "scaling": "pow2"}]
    + [{"rng": "xorshift32", **_TWO_ROWS}],
    "stream_lut_sr": [{"rng": "lut_sr", **axes} for axes in grid_of_groups()],
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
    + [{"reuse": "bank", **_TWO_EXPONENTS, "reuse_period": 4}]
    + [{"reuse": "bank", **_WIDEST_STATE}],
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
    + [{"reuse": "phased", **_ONE_EXPONENT}, {"reuse": "phased", **_WRAP_EXPONENT}]
    + [{"reuse": "phased", "taps": "sparse", **axes} for axes in _SPARSE]
    + [{"reuse": "phased", "taps": "shifted", **_LEAST_STATE}],
    "outer_product": [{"bit_width": 1, "rank": "1", **axes} for axes in _OUTER],
}

MODULES = (*(item.name for item in families() if item.in_hardware), *_STREAM_GRIDS)
"""Modules of streams of numbers, each with its own grid."""

ALL_MODULES = (*MODULES, ENGINE)
"""Every module that has a regression: the streams, and the engine that uses them."""


@lru_cache(maxsize=32)
def module_points(name: str) -> tuple[DesignPoint, ...]:
    """Return the design points whose verification makes up a module's regression.

    Args:
        name: One of ``ALL_MODULES``, or ``module:Class`` for a generator of the user's.

    Raises:
        DesignError: No such module.
    """
    if name == ENGINE:
        return engine_points()
    if name in _STREAM_GRIDS:
        return _points(_STREAM_GRIDS[name], {"scaling": "none"})
    if name not in MODULES and ":" not in name:
        hint = nearest(name, ALL_MODULES)
        raise DesignError(f"{name}: no such module{hint}; there are {', '.join(ALL_MODULES)}")
    return _points(family(name).grid, {"scaling": "none", "rng": name})


def _points(grid: Sequence[Axes], fixed: Axes) -> tuple[DesignPoint, ...]:
    return tuple(dict.fromkeys(resolve(**{**fixed, **axes}) for axes in grid))
