"""Stream statistics of a row: moments, correlations, span and dimension.

Two-point training sees the gradient through C = E[z z^T], so whatever makes C differ from a
multiple of the identity acts as an unwanted preconditioner. All figures here are of z
(words with their half and scale), master seed 0, and deterministic.

They are the same to the last digit on every machine: moments are of whole numbers as fractions,
the rest as :mod:`pezoexplore.exact` says. Words of more than 16 bits, pow2 and the software
Gaussian are rounded to 16 bits of their largest value first.

Moments, lag-1 and lane correlation come from one *sample*: the first beats of the stream, reseeds
included. It is 2**17 beats, or fewer for many lanes (2**22 words), cut to whole periods: of the
stream where that is shorter, else of the generator. A whole period of the stream is taken as the
cycle it is, so its figures are exact; others carry noise of about 1 / sqrt(beats), which makes
the largest of many lane correlations of independent lanes about 0.012.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from pezoexplore.exact import F32, F64, product, whole
from pezoexplore.streams.dimension import effective_dim
from pezoexplore.streams.packing import Words
from pezoexplore.streams.stream import Stream, beats_per_step

LAGS = 64
"""Largest lag, in beats, at which lanes are compared."""

_BEATS, _WORDS = 2**17, 2**22
_BIT_BEATS = 128
_CHUNK = 2**12  # beats multiplied together: small enough for the cache


def stream_statistics(
    stream: Stream, parameters: int, steps: int, every: int = 1
) -> dict[str, float | int | None]:
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
        every: Steps of the stream from one direction to the next; those between are random numbers
            for roundings. Span and dimension are of the directions, moments and correlations of
            all that the stream outputs.

    Returns:
        Values by column name; None where a figure has no meaning.
    """
    span = min(stream.strategy.effective_span(parameters, every=every), steps)
    found = effective_dim(stream, parameters, steps, every)
    words, circular = sample(stream, parameters)
    values, unit = whole(stream.values_of(words))
    mean, deviation, kurtosis = moments(values)
    lag1, between = lane_correlations(values, circular)
    unit *= stream.value_scale
    return {
        "effective_span": span,
        "effective_dim": min(found.value, span),
        "stream_mean": mean * unit,
        "stream_std": deviation * unit,
        "stream_kurtosis": kurtosis,
        "stream_lag1": lag1,
        "lane_correlation": between,
        "distinct_output_bits": distinct_output_bits(stream),
        "effective_dim_ci95": found.half,
        "span_share": span / min(parameters, steps),
    }


def sample(stream: Stream, parameters: int, beats: int = _BEATS) -> tuple[Words, bool]:
    """Return a sample of a stream's words; see the module.

    Args:
        stream: The stream, master seed 0.
        parameters: Weights d of the model: they say when a refill or reseed comes.
        beats: Most beats.

    Returns:
        Words [beats, lanes], and whether they are a whole period of the stream.
    """
    point, strategy = stream.point, stream.strategy
    most = min(beats, _WORDS // point.lanes)
    if point.reseeds:
        epoch_beats = int(point.reuse_period) * beats_per_step(parameters, point.lanes)
        epochs = np.arange(-(-most // epoch_beats), dtype=np.uint64)
        words = stream.epochs(epochs, 0, min(epoch_beats, most))
        return words.reshape(-1, point.lanes)[:most], False
    if strategy.period is not None and strategy.period <= most:
        return stream.beats(0, 0, strategy.period), True
    turn = strategy.repetition.turn or most
    return stream.beats(0, 0, most // turn * turn or most), False


def moments(values: F32) -> tuple[float, float, float | None]:
    """Return mean, deviation and kurtosis of whole numbers; no kurtosis where all are equal."""
    found, counts = np.unique(values, return_counts=True)
    weighted = [(int(value), int(count)) for value, count in zip(found, counts, strict=True)]
    first, second, third, fourth = (
        Fraction(sum(count * value**power for value, count in weighted), values.size)
        for power in (1, 2, 3, 4)
    )
    variance = second - first**2
    central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    kurtosis = float(central / variance**2) if variance else None
    return float(first), math.sqrt(variance), kurtosis


def lane_correlations(values: F32, circular: bool) -> tuple[float | None, float | None]:
    """Correlate lanes with themselves and each other at other beats.

    Args:
        values: [beats, lanes]; see :func:`lagged_correlations`.
        circular: Whether the first beat follows the last.

    Returns:
        Mean lag-1 autocorrelation of a lane, and the largest absolute correlation of two different
        lanes at lags 0 to LAGS, either one first. Lanes that never vary are left out; None where no
        lane, or pair of lanes, is left.
    """
    varying = values[:, (values != values[0]).any(axis=0)]
    lanes = varying.shape[1]
    if lanes == 0:
        return None, None
    found = lagged_correlations(varying, circular, LAGS if lanes > 1 else 1)
    lag1 = math.fsum(np.diag(found[1])) / lanes
    if lanes == 1:
        return lag1, None
    found[:, np.arange(lanes), np.arange(lanes)] = 0.0
    return lag1, float(np.abs(found).max())


def lagged_correlations(values: F32, circular: bool, most: int = LAGS) -> F64:
    """Correlate every lane with every lane up to `most` beats later, the same on every machine.

    Args:
        values: float32 [beats, lanes], every lane varying; brought to whole numbers first
            (:func:`pezoexplore.exact.whole`).
        circular: Whether the first beat follows the last.
        most: Largest lag, in beats.

    Returns:
        float64 [most + 1, lanes, lanes]: by lag, earlier lane and later lane.
    """
    numbers, _ = whole(values)
    beats, lanes = numbers.shape
    line = np.zeros((beats + most, lanes), dtype=np.float32)
    line[:beats] = numbers
    if circular:
        line[beats:] = numbers[np.arange(most) % beats]
    products = _lagged_products(line, beats, most + 1)
    # With m the mean of a lane, sum (x - m_x) (y' - m_y) over the pairs of a lag: all whole numbers
    # but the means. `earlier` and `later` are the sums of x and y' over those pairs.
    running = np.concatenate([np.zeros((1, lanes)), np.cumsum(line, axis=0, dtype=np.float64)])
    lag = np.arange(most + 1)
    pairs = np.full(most + 1, beats) if circular else np.maximum(beats - lag, 0)
    mean = running[beats] / beats
    earlier, later = running[pairs], running[lag + pairs] - running[lag]
    sums = (
        products
        - earlier[:, :, None] * mean
        - mean[:, None] * later[:, None, :]
        + pairs[:, None, None] * (mean[:, None] * mean)
    )
    squares = np.einsum("bl,bl->l", numbers, numbers, dtype=np.float64)
    deviation = np.sqrt(squares / beats - mean * mean)
    return np.asarray(sums / beats / (deviation[:, None] * deviation))


def _lagged_products(line: F32, beats: int, lags: int) -> F64:
    """Sum line[t, i] * line[t + lag, j] over t < beats: float64 [lags, lanes, lanes]."""
    lanes, largest = line.shape[1], float(np.abs(line).max())
    sums = np.zeros((lanes, lags * lanes))
    for first in range(0, beats, _CHUNK):
        now = line[first : min(first + _CHUNK, beats)]
        # row t holds the beats t to t + lags - 1 side by side, so one product does all lags
        windows = np.lib.stride_tricks.sliding_window_view(
            line[first : first + len(now) + lags - 1].ravel(), lags * lanes
        )[::lanes]
        sums += product(now.T, windows, largest)
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
