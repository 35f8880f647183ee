"""How good the numbers of a few designs are: histogram, autocorrelation, lanes against lanes.

The statistics of every design are columns of results.csv; these pictures are of a short sample of
a few streams, made anew for the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.statistics import LAGS, lagged_correlations, sample

MAX_STREAMS = 12
BEATS = 2**13
MAX_LANES = 32
"""Streams, beats and lanes looked at, at most: they bound the time of a report."""

BINS = 61
MAX_VALUES = 256
"""Up to so many different numbers each has a bar of its own."""


@dataclass(frozen=True)
class StreamPicture:
    """A sample of a stream.

    Attributes:
        point: The design, without what is about training.
        beats: Length of the sample.
        whole: Whether it is a whole period, so that its figures are exact.
        values: Numbers, or centres of bins, ascending.
        share: Share of each among all numbers, percent.
        autocorrelation: By lag in beats, from 0 on, mean of the lanes that vary.
        lanes: Largest absolute correlation of each pair of lanes at lags up to ``LAGS``, either
            one first; float64 [lanes, lanes], zero on the diagonal.
    """

    point: DesignPoint
    beats: int
    whole: bool
    values: NDArray[np.float64]
    share: NDArray[np.float64]
    autocorrelation: NDArray[np.float64]
    lanes: NDArray[np.float64]


def pictures(points: Iterable[DesignPoint], parameters: int) -> list[StreamPicture]:
    """Pictures of the first ``MAX_STREAMS`` different streams among some designs.

    Args:
        points: Designs, the most interesting ones first.
        parameters: Weights of the model: they say when a refill or reseed comes.
    """
    streams = dict.fromkeys(point.perturbation() for point in points if point.draws)
    return [picture(point, parameters) for point in list(streams)[:MAX_STREAMS]]


def picture(point: DesignPoint, parameters: int) -> StreamPicture:
    """Look at the stream of one design, master seed 0."""
    z, whole = sample(point, parameters, BEATS)
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
    """Numbers, or centres of bins where there are too many, and their shares in percent."""
    values, counts = np.unique(z, return_counts=True)
    if len(values) > MAX_VALUES:
        counts, edges = np.histogram(z, bins=BINS)
        values = (edges[1:] + edges[:-1]) / 2
    return values.astype(np.float64), 100 * counts / z.size


def ordered(points: Sequence[DesignPoint], first: Sequence[bool]) -> list[DesignPoint]:
    """Designs with those marked first, else in their order."""
    marked = list(zip(points, first, strict=True))
    return [point for point, mark in marked if mark] + [point for point, mark in marked if not mark]
