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


class Gram:
    """Adds up the Gram matrix of rows of whole numbers, exactly.

    Of odd numbers v = 2 w + 1 it is 4 W + 2 (s + s^T) + n with W and s the Gram matrix and the sums
    of w, and n the number of rows: w has a bit less, so float32 adds up four times as many
    products.
    """

    def __init__(self, size: int, largest: float, odd: bool = False) -> None:
        """Start with no rows.

        Args:
            size: Length d of the rows.
            largest: No number is larger.
            odd: All numbers are odd.
        """
        self._largest, self._odd = (largest + 1) / 2 if odd else largest, odd
        self._total = np.zeros((size, size), order="F")
        self._sums, self._rows = np.zeros(size), 0

    def add(self, rows: F32, times: int = 1) -> None:
        """Add rows.

        Args:
            rows: Whole numbers [n, d].
            times: How often to add them.
        """
        if self._odd:
            rows = (rows - 1) * np.float32(0.5)
            self._sums += times * rows.sum(axis=0, dtype=np.float64)
            self._rows += times * len(rows)
        from scipy.linalg.blas import dsyrk, ssyrk  # imported here: SciPy takes 0.3 s to load

        terms = _terms(self._largest)
        if terms < min(_LEAST_TERMS, len(rows)):
            self._total += times * dsyrk(1.0, rows.T.astype(np.float64))
            return
        for first in range(0, len(rows), terms):
            part = ssyrk(1.0, rows[first : first + terms].T)
            self._total += part if times == 1 else times * part.astype(np.float64)

    def upper(self) -> F64:
        """Return the matrix, float64 [d, d] in Fortran order; below the diagonal it is zero."""
        found = self._total
        if self._odd:
            found = 4 * found
            for i, total in enumerate(self._sums):
                found[: i + 1, i] += 2 * (self._sums[: i + 1] + total) + self._rows
        return found


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
