"""Stream statistics of a few designs: histogram, autocorrelation, lane correlations.

The statistics of every design are columns of results.csv; these are of a short sample of a few
streams, generated for the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.statistics import LAGS, lagged_correlations, sample
from pezoexplore.streams.stream import Stream

MAX_STREAMS = 12
BEATS = 2**13
MAX_LANES = 32
"""Most streams, beats and lanes that are sampled; they bound the time of a report."""

BINS = 61
MAX_VALUES = 256
"""Most distinct numbers that get one bar each; more are binned."""


@dataclass(frozen=True)
class StreamPicture:
    """Statistics of a sample of a stream.

    Attributes:
        point: The design, its training axes at their defaults.
        beats: Length of the sample in beats.
        whole: True if it is a whole period, so that its figures are exact.
        values: Distinct numbers, or centres of bins, ascending; float64 [n].
        share: Share of each among all numbers, percent; float64 [n].
        autocorrelation: Mean over the lanes that vary, by lag in beats from 0; float64 [lags].
        lanes: Largest absolute correlation of each pair of lanes at lags up to ``LAGS``, in
            either order; float64 [lanes, lanes], zero on the diagonal.
    """

    point: DesignPoint
    beats: int
    whole: bool
    values: NDArray[np.float64]
    share: NDArray[np.float64]
    autocorrelation: NDArray[np.float64]
    lanes: NDArray[np.float64]


def pictures(points: Iterable[DesignPoint], parameters: int) -> list[StreamPicture]:
    """Sample the first ``MAX_STREAMS`` distinct streams among some designs.

    Args:
        points: Designs, the most relevant ones first.
        parameters: Weights of the model, which determine when a refill or reseed occurs.
    """
    streams = dict.fromkeys(point.perturbation() for point in points if _drawable(point))
    return [picture(point, parameters) for point in list(streams)[:MAX_STREAMS]]


def _drawable(point: DesignPoint) -> bool:
    """Return whether numbers can be drawn: a generator of the user's may lie elsewhere."""
    return point.draws and point.family.known


def picture(point: DesignPoint, parameters: int) -> StreamPicture:
    """Sample the stream of one design, master seed 0."""
    stream = Stream(point)
    words, whole = sample(stream, parameters, BEATS)
    z = stream.z_of(words)
    values, share = _histogram(z)
    varying = z[:, z.std(axis=0, dtype=np.float64) > 0][:, :MAX_LANES]
    lags = min(LAGS, len(z) - 1)
    products = lagged_correlations(varying, whole, lags) if varying.size else np.zeros((1, 0, 0))
    diagonal = np.arange(products.shape[1])
    own = products[:, diagonal, diagonal]
    between = np.abs(products).max(axis=0)
    between = np.maximum(between, between.T)
    between[diagonal, diagonal] = 0.0
    mean = own.mean(axis=1) if own.size else np.zeros(0)
    return StreamPicture(point, len(z), whole, values, share, mean, between)


def _histogram(z: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct numbers, or centres of bins, and their shares in percent."""
    values, counts = np.unique(z, return_counts=True)
    if len(values) > MAX_VALUES:
        counts, edges = np.histogram(z, bins=BINS)
        values = (edges[1:] + edges[:-1]) / 2
    return values.astype(np.float64), 100 * counts / z.size


def ordered(points: Sequence[DesignPoint], first: Sequence[bool]) -> list[DesignPoint]:
    """Return designs with the marked ones first, a stable partition."""
    marked = list(zip(points, first, strict=True))
    return [point for point, mark in marked if mark] + [point for point, mark in marked if not mark]
