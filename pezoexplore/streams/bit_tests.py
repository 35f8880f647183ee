"""Linear complexity and ranks of bits, with their distributions for independent fair bits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

U8 = NDArray[np.uint8]


def two_sided(statistic: float, freedom: int) -> float:
    """Return the p-value of a chi-squared statistic that may be too large or too small."""
    return float(2 * min(chi2.sf(statistic, freedom), chi2.cdf(statistic, freedom)))


def linear_complexity(bits: U8) -> int:
    """Return the length of the shortest linear recurrence that makes a sequence.

    Berlekamp-Massey over GF(2) (J. Massey, IEEE Trans. Information Theory 15(1), 1969), with
    polynomials and the sequence read backwards as whole numbers.

    Args:
        bits: 0 and 1, [n].
    """
    current, previous, length, since, seen = 1, 1, 0, 1, 0
    for index, bit in enumerate(bits.tolist()):
        seen = seen << 1 | bit
        if (current & seen).bit_count() & 1:
            shifted = current ^ previous << since
            if 2 * length <= index:
                length, previous, since = index + 1 - length, current, 0
            current = shifted
        since += 1
    return length


def complexity_p_value(length: int, count: int) -> float:
    """Return the probability of a linear complexity at least as far from count / 2.

    Of the 2**n sequences of n bits, 2**min(2 n - 2 L, 2 L - 1) have complexity L > 0 (R. Rueppel,
    Analysis and Design of Stream Ciphers, 1986, section 4.2). Twice the smaller tail.
    """
    smaller = min(2 * length + 1 - count, count - 2 * length + 2)
    return min(1.0, 2.0 ** max(smaller + 1, -1074) / 3)


def matrix_ranks(matrices: U8) -> NDArray[np.int64]:
    """Return the ranks over GF(2) of square matrices of bits.

    Args:
        matrices: 0 and 1, [matrices, n, n].
    """
    return np.array([_rank(np.packbits(matrix, axis=1)) for matrix in matrices])


def _rank(rows: U8) -> int:
    """Return the rank of a matrix whose rows are packed: uint8 [n, bytes]."""
    basis: dict[int, int] = {}  # row by its highest bit
    for packed in rows:
        row = int.from_bytes(packed.tobytes())
        while row and (pivot := basis.get(row.bit_length())):
            row ^= pivot
        if row:
            basis[row.bit_length()] = row
    return len(basis)


def rank_p_value(ranks: NDArray[np.int64], side: int) -> float:
    """Compare ranks of n x n matrices with those of random ones: n, n - 1, and less."""
    missing = np.minimum(side - ranks, 2)
    counts = np.bincount(missing, minlength=3)
    shares = [_rank_share(side, 0), _rank_share(side, 1)]
    expected = len(ranks) * np.array([*shares, 1 - sum(shares)])
    return float(chi2.sf(float(((counts - expected) ** 2 / expected).sum()), 2))


def _rank_share(side: int, missing: int) -> float:
    """Return the probability that a random n x n matrix over GF(2) has rank n - missing.

    G. Marsaglia and L. Tsay, Linear Algebra and its Applications 67, 1985.
    """
    rank = side - missing
    log = -(missing**2) * math.log(2)
    for i in range(rank):
        log += 2 * math.log1p(-(2.0 ** (i - side))) - math.log1p(-(2.0 ** (i - rank)))
    return math.exp(log)
