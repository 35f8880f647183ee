"""Distance of a Gaussian generator's words from the normal distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pezoexplore.streams.stream import Stream

CELL_BITS = 8
"""Words are compared by their top bits, at most so many: the bits below are uniform."""

_WORDS = 2**23
_CHUNK = 2**18  # words made at a time


def divergence(stream: Stream) -> float:
    """Return the divergence (Kullback-Leibler, bits) of a stream's words from the normal.

    The words of z = (w + 1/2) / 2**(bit_width - 3), of all lanes, over the first 2**23 of
    them. What so many words add by chance, (cells - 1) / (2 ln 2 words), is subtracted (G. Miller,
    Note on the bias of information estimates, 1955).

    Args:
        stream: A stream whose generator is a hardware Gaussian.
    """
    point = stream.point
    bits = min(point.bits, CELL_BITS)
    counts = np.zeros(2**bits, dtype=np.int64)
    beats = _CHUNK // stream.lanes
    for first in range(0, _WORDS // point.lanes, beats):
        words = stream.beats(0, first, beats).astype(np.int32) >> (point.bits - bits)
        counts += np.bincount(words.ravel() + 2 ** (bits - 1), minlength=2**bits)
    chance = (np.count_nonzero(counts) - 1) / (2 * np.log(2) * counts.sum())
    return _bits_from_normal(counts / counts.sum()) - float(chance)


def _bits_from_normal(shares: NDArray[np.float64]) -> float:
    """Return the divergence of the shares of words by cell from :func:`normal_shares`."""
    seen = shares > 0
    return float(shares[seen] @ np.log2(shares[seen] / normal_shares(len(shares))[seen]))


def normal_shares(cells: int) -> NDArray[np.float64]:
    """Return the probabilities of equal cells from -4 to 4 sigma, the outer ones with the tails."""
    edges = ndtr(np.linspace(-4.0, 4.0, cells + 1))
    edges[0], edges[-1] = 0.0, 1.0
    return np.diff(edges)
