"""Pictures of streams against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.report.html.streams import MAX_LANES, MAX_STREAMS, picture, pictures
from pezoexplore.streams.stream import Stream


def test_a_picture_of_a_short_period_is_exact():
    point = resolve(reuse="bank", lanes=3, bit_width=5)
    seen = picture(point, 2410)
    z = Stream(point).z(0, 0, seen.beats).astype(np.float64)
    assert seen.whole
    values, counts = np.unique(z, return_counts=True)
    assert np.allclose(seen.values, values)
    assert np.allclose(seen.share, 100 * counts / z.size)
    assert seen.share.sum() == pytest.approx(100)
    lags = range(len(seen.autocorrelation))
    own = [np.mean([np.corrcoef(line, np.roll(line, -lag))[0, 1] for line in z.T]) for lag in lags]
    assert np.allclose(seen.autocorrelation, own, atol=1e-4)
    between = max(abs(np.corrcoef(z[:, 0], np.roll(z[:, 2], lag))[0, 1]) for lag in range(-64, 65))
    assert seen.lanes[0, 2] == pytest.approx(between, abs=1e-4)
    assert seen.lanes[2, 0] == seen.lanes[0, 2]
    assert not seen.lanes.diagonal().any()


def test_many_lanes_and_many_numbers_are_bounded():
    seen = picture(resolve(rng="xorshift32", reuse="none", bit_width=16, lanes=40), 2410)
    assert seen.lanes.shape == (MAX_LANES, MAX_LANES)
    assert len(seen.values) < 100
    assert seen.share.sum() == pytest.approx(100)


def test_each_stream_once_and_no_more_than_asked_for():
    same = [resolve(reuse="bank", queries=queries) for queries in (1, 2)]
    backprop = resolve(estimator="backprop")
    assert [item.point for item in pictures([*same, backprop], 100)] == [same[0]]
    many = [resolve(reuse="pool", pool_size=63 + index) for index in range(MAX_STREAMS + 5)]
    assert len(pictures(many, 100)) == MAX_STREAMS
