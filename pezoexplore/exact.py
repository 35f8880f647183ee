"""Sums that come out the same on every machine, whatever order its libraries add in.

Numbers are first brought to whole ones of at most ``BITS`` bits and a sign. Sums of their products
are then exact in any order: in float32 up to 2**24, else in float64 up to 2**53, which is enough
for 2**21 terms. What follows is arithmetic element by element, which IEEE 754 fixes, and
:func:`folded`, a sum in a fixed order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 16
"""Bits of a whole number's magnitude."""

_LEAST_TERMS = 128  # below so many terms at once float64 is as fast as float32

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


def whole(values: NDArray[Any], unit: float | None = None) -> tuple[F32, float]:
    """Bring numbers to whole ones; those that are whole and short enough stay as they are.

    Args:
        values: Any numbers.
        unit: What one unit of the result is to be worth, a power of two; None to choose it.

    Returns:
        Whole numbers of the same shape, none above 2**BITS, and the worth of one unit.
    """
    if unit is None:
        limit = float(np.abs(values).max(initial=0))
        short = limit <= 2**BITS and np.array_equal(values, np.rint(values))
        unit = 1.0 if short else 2.0 ** (math.frexp(limit)[1] - BITS)
    if unit != 1.0:
        values = np.rint(values * np.float32(1 / unit))
    return values.astype(np.float32), unit


def product(left: F32, right: F32, largest: float) -> F64:
    """Multiply matrices of whole numbers, exactly.

    Args:
        left: [m, k].
        right: [k, n].
        largest: No number is larger.
    """
    terms = _terms(largest)
    if terms < min(_LEAST_TERMS, left.shape[1]):
        return np.asarray(left.astype(np.float64) @ right.astype(np.float64))
    total = np.zeros((left.shape[0], right.shape[1]))
    for first in range(0, left.shape[1], terms):
        total += left[:, first : first + terms] @ right[first : first + terms]
    return total


def add_gram(total: F64, rows: F32, largest: float, times: int = 1) -> None:
    """Add ``times`` the Gram matrix ``rows.T @ rows`` to the upper triangle of a total, exactly.

    Args:
        total: float64 [d, d] in Fortran order.
        rows: Whole numbers [n, d].
        largest: None of them is larger.
        times: A whole factor.
    """
    from scipy.linalg.blas import dsyrk, ssyrk  # imported here: SciPy takes 0.3 s to load

    terms = _terms(largest)
    if terms < min(_LEAST_TERMS, len(rows)):
        total += times * dsyrk(1.0, rows.T.astype(np.float64))
        return
    for first in range(0, len(rows), terms):
        part = ssyrk(1.0, rows[first : first + terms].T)
        total += part if times == 1 else times * part.astype(np.float64)


def _terms(largest: float) -> int:
    """Return how many products of such numbers float32 adds up exactly."""
    return int(2**24 // max(largest, 1) ** 2)


def folded(values: F64) -> F64:
    """Sum along the first axis, adding the second half to the first until one row is left."""
    while len(values) > 1:
        half = len(values) // 2
        total = values[:half] + values[half : 2 * half]
        if len(values) % 2:
            total[0] += values[-1]
        values = total
    return values[0] if len(values) else np.zeros(values.shape[1:])
