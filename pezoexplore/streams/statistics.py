"""Stream statistics of a row: moments, correlations, span and dimension.

Two-point training sees the gradient through C = E[z z^T], so whatever makes C differ from a
multiple of the identity acts as an unwanted preconditioner. All figures here are of z
(words with their half and scale), master seed 0, and deterministic.

Moments, lag-1 and lane correlation come from one *sample*: the first beats of the stream, reseeds
included. It is 2**17 beats, or fewer for many lanes (2**22 words), cut to whole periods: of the
stream where that is shorter, else of the generator. A whole period of the stream is taken as the
cycle it is, so its figures are exact; others carry noise of about 1 / sqrt(beats), which makes
the largest of many lane correlations of independent lanes about 0.012.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pezoexplore.streams.dimension import effective_dim
from pezoexplore.streams.stream import Stream, beats_per_step

LAGS = 64
"""Largest lag, in beats, at which lanes are compared."""

_BEATS, _WORDS = 2**17, 2**22
_BIT_BEATS = 128
_CHUNK = 2**12  # beats multiplied together: small enough for the cache

F32 = NDArray[np.float32]


def stream_statistics(stream: Stream, parameters: int, steps: int) -> dict[str, float | int | None]:
    """Compute the columns that describe a stream's numbers for a model.

    - ``effective_span``: dimensions that all updates ever made can reach (``effective_span``), no
      more than there are steps;
    - ``effective_dim``, ``effective_dim_ci95``: participation ratio of the directions of the run,
      and the half width of its 95 % interval (:func:`.dimension.effective_dim`);
    - ``stream_mean``, ``stream_std``, ``stream_kurtosis``: of all z of the sample (see the module),
      kurtosis being the fourth central moment over the squared variance: 1.8 for uniform numbers,
      3 for normal ones, 1 for signs;
    - ``stream_lag1``: correlation of a lane's successive beats, averaged over the lanes that vary;
    - ``lane_correlation``: largest absolute correlation between two different lanes up to LAGS
      beats apart, either one first; None for a single lane;
    - ``distinct_output_bits``: see :func:`distinct_output_bits`;
    - ``span_share``: the span divided by that of independent numbers, min(d, steps).

    Args:
        stream: The stream of a point, master seed 0.
        parameters: Weights d of the model.
        steps: Directions of the training run.

    Returns:
        Values by column name; None where a figure has no meaning.
    """
    span = min(stream.strategy.effective_span(parameters), steps)
    found = effective_dim(stream, parameters, steps)
    z, circular = sample(stream, parameters)
    mean, deviation, kurtosis = _moments(z)
    lag1, between = lane_correlations(z, circular)
    return {
        "effective_span": span,
        "effective_dim": min(found.value, span),
        "stream_mean": mean,
        "stream_std": deviation,
        "stream_kurtosis": kurtosis,
        "stream_lag1": lag1,
        "lane_correlation": between,
        "distinct_output_bits": distinct_output_bits(stream),
        "effective_dim_ci95": found.half,
        "span_share": span / min(parameters, steps),
    }


def sample(stream: Stream, parameters: int, beats: int = _BEATS) -> tuple[F32, bool]:
    """Return a sample of a stream's numbers; see the module.

    Args:
        stream: The stream, master seed 0.
        parameters: Weights d of the model: they say when a refill or reseed comes.
        beats: Most beats.

    Returns:
        z, float32 [beats, lanes], and whether it is a whole period of the stream.
    """
    point, strategy = stream.point, stream.strategy
    most = min(beats, _WORDS // point.lanes)
    if point.reseeds:
        epoch_beats = int(point.reuse_period) * beats_per_step(parameters, point.lanes)
        epochs = np.arange(-(-most // epoch_beats), dtype=np.uint64)
        words = stream.epochs(epochs, 0, min(epoch_beats, most))
        return stream.z_of(words.reshape(-1, point.lanes)[:most]), False
    if strategy.period is not None and strategy.period <= most:
        return stream.z(0, 0, strategy.period), True
    turn = strategy.repetition.turn or most
    return stream.z(0, 0, most // turn * turn or most), False


def _moments(z: F32) -> tuple[float, float, float | None]:
    """Return mean, deviation and kurtosis of all values, summed in float64."""
    chunks = [z[i : i + _CHUNK] for i in range(0, len(z), _CHUNK)]
    mean = sum(float(chunk.sum(dtype=np.float64)) for chunk in chunks) / z.size
    second = fourth = 0.0
    for chunk in chunks:
        squares = (chunk.astype(np.float64).ravel() - mean) ** 2
        second += float(squares.sum())
        fourth += float(squares @ squares)
    variance = second / z.size
    kurtosis = fourth / z.size / variance**2 if variance else None
    return mean, math.sqrt(variance), kurtosis


def lane_correlations(z: F32, circular: bool) -> tuple[float | None, float | None]:
    """Correlate lanes with themselves and each other at other beats.

    Args:
        z: float32 [beats, lanes].
        circular: Whether the first beat follows the last.

    Returns:
        Mean lag-1 autocorrelation of a lane, and the largest absolute correlation of two different
        lanes at lags 0 to LAGS, either one first. Lanes that never vary are left out; None where no
        lane, or pair of lanes, is left.
    """
    varying = z[:, z.std(axis=0, dtype=np.float64) > 0]
    lanes = varying.shape[1]
    if lanes == 0:
        return None, None
    products = lagged_correlations(varying, circular, LAGS if lanes > 1 else 1)
    lag1 = float(np.trace(products[1]) / lanes)
    if lanes == 1:
        return lag1, None
    products[:, np.arange(lanes), np.arange(lanes)] = 0.0
    return lag1, float(np.abs(products).max())


def lagged_correlations(z: F32, circular: bool, most: int = LAGS) -> NDArray[np.float64]:
    """Correlate every lane with every lane up to `most` beats later.

    Args:
        z: float32 [beats, lanes], every lane varying.
        circular: Whether the first beat follows the last.
        most: Largest lag, in beats.

    Returns:
        float64 [most + 1, lanes, lanes]: by lag, earlier lane and later lane.
    """
    beats = len(z)
    line = np.zeros((beats + most, z.shape[1]), dtype=np.float32)
    line[:beats] = z
    line[:beats] -= z.mean(axis=0, dtype=np.float64).astype(np.float32)
    line[:beats] /= z.std(axis=0, dtype=np.float64).astype(np.float32)
    if circular:
        line[beats:] = line[np.arange(most) % beats]
    return _lagged_products(line, beats, most + 1) / beats


def _lagged_products(line: F32, beats: int, lags: int) -> NDArray[np.float64]:
    """Sum line[t, i] * line[t + lag, j] over t < beats: float64 [lags, lanes, lanes]."""
    lanes = line.shape[1]
    sums = np.zeros((lanes, lags * lanes))
    for first in range(0, beats, _CHUNK):
        now = line[first : min(first + _CHUNK, beats)]
        # row t holds the beats t to t + lags - 1 side by side, so one product does all lags
        windows = np.lib.stride_tricks.sliding_window_view(
            line[first : first + len(now) + lags - 1].ravel(), lags * lanes
        )[::lanes]
        sums += now.T @ windows
    return sums.reshape(lanes, lags, lanes).transpose(1, 0, 2)


def distinct_output_bits(stream: Stream) -> int | None:
    """Count the output bits that are not copies of another one, of lanes * bit_width.

    Bits are compared over the first 128 beats, or up to the first rotation or wrap when that
    comes earlier. None for the software Gaussian, which has no bits.
    """
    point = stream.point
    if not point.in_hardware:
        return None
    words = stream.beats(0, 0, min(_BIT_BEATS, stream.strategy.repetition.turn or 1)).astype(
        np.int64
    )
    bits = (words[:, :, None] >> np.arange(point.bits)) & 1
    bits[:, :, -1] ^= 1  # as the state has it: the word shows its top bit inverted
    if stream.strategy.taps_one_state:
        bits ^= bits[:1]  # some low bits are wired inverted, too
    sequences = np.packbits(bits.reshape(len(words), -1).astype(np.uint8), axis=0)
    return int(np.unique(sequences, axis=1).shape[1])
