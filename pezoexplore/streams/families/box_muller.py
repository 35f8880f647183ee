"""Gaussian words by the Box-Muller method, bit-true with rtl/box_muller.v.

z = sqrt(-2 ln u) * cos(2 pi v) (G. Box, M. Muller, Annals of Math. Stat. 29(2), 1958), made small:

* the radius of 64 equally likely strata of u, each by its root mean square, in 32 steps of
  ``RADIUS_STEP`` sigma: one six-input table per bit;
* eight angles of the quarter wave at their midpoints (which makes the second and fourth moments of
  the cosine exact), sign by a random bit;
* the multiplier splits the radius into a high and a low part, each times cosine straight from a
  table (at most six inputs), and adds the two products. The high one is rounded to multiples of 8
  and a uniform 0..7 takes the place of its low bits: it smooths out the few angles.

Rounding is chosen so that the KL divergence is least (:func:`refine`); a high product lies within
one of its units of the exact one, a low one within two. No word lies beyond 3.5 sigma, so none
saturates.
``z = (word + 1/2) / 2**(bit_width - 3)``; wider words have more uniform low bits, narrower fewer.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.families.clt import before_carry, pack
from pezoexplore.streams.gaussian_source import (
    C_FOLD,
    GAUSSIAN_RTL,
    PYTHON_FOLD,
    STATE_SOURCE,
    GaussianFamily,
    words_of,
)
from pezoexplore.streams.generators.compiled import compiled
from pezoexplore.streams.generators.family import Point
from pezoexplore.streams.generators.models import Constant, Model

RADIUS_STEP = 0.106
"""Step of the radius in sigma."""

HIGH: tuple[tuple[int, ...], ...] = (
    (0, 0, 0, 0, 0, 0, 0, 0),
    (1, 1, 1, 1, 1, 0, 0, 0),
    (3, 3, 2, 2, 2, 1, 0, 0),
    (5, 4, 4, 3, 3, 2, 1, 0),
    (6, 6, 5, 5, 4, 3, 1, 0),
    (7, 8, 7, 7, 5, 3, 2, 1),
    (10, 9, 9, 8, 6, 4, 2, 1),
    (11, 10, 9, 8, 7, 5, 2, 1),
)
"""High radius part (0 to 7) times cosine (angle 0 to 7), in units of sigma/4."""

LOW: tuple[tuple[int, ...], ...] = (
    (0, 0, 0, 0, 0, 0, 0, 0),
    (2, 2, 2, 2, 1, 0, 0, 0),
    (8, 7, 7, 7, 4, 2, 0, 0),
    (10, 8, 8, 8, 8, 6, 4, 0),
)
"""Low radius part (0 to 3) times cosine (angle 0 to 7), in units of sigma/32."""

Table = NDArray[np.int64]


def tables() -> dict[str, int]:
    """Return the truth tables of the RTL, six inputs each: name -> table with entry i in bit i."""
    radius = [int(code) for code in radius_codes()]
    high = [value for row in HIGH for value in row]
    low = [value for row in LOW for value in row]
    return (
        {f"RADIUS_{k}": pack(radius, k) for k in range(5)}
        | {f"HIGH_{k}": pack(high, k) for k in range(4)}
        | {f"LOW_{k}": before_carry(low, k) for k in range(4)}
    )


def words(states: NDArray[np.uint64], bit_width: int) -> NDArray[np.int32]:
    """Return the words of states; see :func:`gaussian_source.words_of`."""
    return words_of(_words, states, bit_width, _PRODUCTS)


def radius_codes() -> Table:
    """Return the radius of each stratum of u in steps: int64 [64], 0 to 31.

    The mean of -2 ln u over a stratum is exact: its antiderivative is 2 u (1 - ln u).
    """
    edges = np.arange(65) / 64
    area = np.zeros(65)
    area[1:] = 2 * edges[1:] * (1 - np.log(edges[1:]))
    steps = np.round(np.sqrt(64 * np.diff(area)) / RADIUS_STEP)
    return np.minimum(steps, 31).astype(np.int64)


def refine() -> tuple[Table, Table]:
    """Derive the product tables: exact products rounded, then adjusted to reduce KL divergence.

    Returns:
        The high [8, 8] and low [4, 8] products by radius part and angle. A descent over single
        entries, each kept near its exact value; deterministic.
    """
    exact = _exact_products()
    chosen = [np.maximum(0, np.round(product)).astype(np.int64) for product in exact]
    cost = _cost(chosen[0], chosen[1])
    improved = True
    while improved:
        improved = False
        for table, product in zip(chosen, exact, strict=True):
            for index in np.ndindex(product.shape):
                for step in (-1, 1):
                    old = table[index]
                    table[index] = old + step
                    new = _cost(chosen[0], chosen[1]) if _allowed(table, product, index) else 9.0
                    if new < cost - 1e-7:
                        cost, improved = new, True
                    else:
                        table[index] = old
    return chosen[0], chosen[1]


def magnitudes(high: Table, low: Table) -> NDArray[np.float64]:
    """Return the distribution of the magnitude in steps of sigma/32, by product: float64 [128]."""
    share = np.bincount(radius_codes(), minlength=32) / 64
    out = np.zeros(128)
    for radius in np.flatnonzero(share):
        first = 8 * high[radius >> 2] + low[radius & 3]
        for start in first:
            out[start : start + 8] += share[radius] / 64
    return out


def _exact_products() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return exact products: high in units of sigma/4 minus its mean noise, low in units of /32."""
    cosine = np.cos(np.pi / 2 * (np.arange(8) + 0.5) / 8) * RADIUS_STEP * 32
    high = (4 * np.arange(8)[:, None] * cosine - 4) / 8
    return high, np.arange(4)[:, None] * cosine


def _allowed(table: Table, product: NDArray[np.float64], index: tuple[int, ...]) -> bool:
    nearness = 1.0 if len(product) == 8 else 2.0
    return 0 <= table[index] <= 15 and abs(float(table[index] - product[index])) <= nearness


def _cost(high: Table, low: Table) -> float:
    """Return the KL divergence at 8 bits plus a penalty on errors of variance and kurtosis."""
    p = magnitudes(high, low)
    z = (np.arange(128) + 0.5) / 32
    variance = float(p @ z**2)
    kurtosis = float(p @ z**4) / variance**2
    seen = p > 0
    kl = float(p[seen] @ np.log2(p[seen] / _reference()[seen]))
    return kl + 5 * max(0.0, abs(variance - 1) - 0.01) + 2 * max(0.0, abs(kurtosis - 3) - 0.08)


@cache
def _reference() -> NDArray[np.float64]:
    from scipy.special import ndtr

    edges = 2 * ndtr(np.arange(129) / 32) - 1
    edges[128] = 1.0
    return np.diff(edges)


def _products() -> NDArray[np.int32]:
    """Return the magnitude before noise by state bits 8:0 (angle 8:6, stratum 5:0), sigma/32."""
    codes = radius_codes()
    out = np.empty(512, dtype=np.int32)
    for i in range(512):
        code, angle = int(codes[i & 63]), i >> 6
        out[i] = 8 * HIGH[code >> 2][angle] + LOW[code & 3][angle]
    return out


@compiled
def _words(
    states: NDArray[np.uint64],
    shift: np.uint64,
    products: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    for i in range(states.size):
        s = states[i]
        magnitude = products[s & np.uint64(511)] + np.int32((s >> np.uint64(9)) & np.uint64(7))
        sign = np.int32((s >> np.uint64(16)) & np.uint64(1))
        rest = np.int32((s >> np.uint64(12)) & np.uint64(15))
        out[i] = ((magnitude ^ -sign) << 4 | rest) >> np.int32(shift)


_PRODUCTS = _products()


class BoxMuller(GaussianFamily):
    """The Box-Muller method with small tables."""

    what = "Gaussian: sqrt(-2 ln u) cos(2 pi v) from 64 radii and eight angles a quadrant."
    source = f"G. Box and M. Muller, Annals of Math. Stat. 29(2), 1958. {STATE_SOURCE}"
    weaknesses = (
        "Few radii: no word beyond 3.5 sigma, and the tail is a few values smeared out by a "
        "uniform number. The state is linear."
    )
    rtl = ("box_muller.v", "box_muller_table.vh", *GAUSSIAN_RTL)
    colour = "#CC79A7"
    c = Model(
        functions=C_FOLD,
        clock="""\
    const uint64_t s = *state;
    const int radius = PEZO_RADIUS[s & 63], angle = (int)(s >> 6 & 7);
    const int magnitude = 8 * PEZO_HIGH[radius >> 2][angle] + PEZO_FINE[radius & 3][angle]
                        + (int)(s >> 9 & 7);
    word[0] = pezo_fold(magnitude, s >> 16, s >> 12);
""",
    )
    python = Model(
        functions=PYTHON_FOLD,
        clock="""\
    radius, angle = RADIUS[s & 63], s >> 6 & 7
    magnitude = 8 * HIGH[radius >> 2][angle] + FINE[radius & 3][angle] + (s >> 9 & 7)
    words = [_fold(magnitude, s >> 16, s >> 12)]
""",
    )

    def constants(self, point: Point) -> dict[str, Constant]:
        """Return the radii and the two products."""
        return {
            "RADIUS": Constant(tuple(int(code) for code in radius_codes()), "uint8_t"),
            "HIGH": Constant(HIGH, "uint8_t"),
            "FINE": Constant(LOW, "uint8_t"),
        }

    def words(self, states: NDArray[np.uint64], point: Point) -> NDArray[np.int32]:
        """Return the words of states."""
        return words(states, point.bits)
