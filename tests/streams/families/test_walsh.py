from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.point import resolve
from pezoexplore.streams.families import walsh
from pezoexplore.streams.stream import Stream


def sign(count: int, lane: int) -> int:
    """Return -1 or 1, from the definition: one product and one bit at a time."""
    bits = [count >> i & 1 for i in range(32)]
    parity = sum(bits[i] for i in range(32) if walsh.MASKS[lane] >> i & 1)
    for distance in (3, 7, 13):
        parity += sum(bits[i] * bits[i + distance] for i in range(32 - distance))
    return (-1) ** parity


def words_from(count: int, clocks: int, lanes: int) -> np.ndarray:
    states, out = np.array([[count]], dtype=np.uint64), np.empty((1, clocks, lanes), np.int32)
    walsh.fill(states, 1, out)
    assert states[0, 0] == (count + clocks) % 2**32
    return out[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 32))
def test_signs_are_parities_of_the_count(count, lanes):
    expected = [[sign((count + i) % 2**32, lane) for lane in range(lanes)] for i in range(5)]
    assert (2 * words_from(count, 5, lanes) + 1).tolist() == expected


def test_after_the_last_count_comes_zero():
    signs = [[sign(count, lane) for lane in range(32)] for count in (2**32 - 1, 0, 1)]
    assert (2 * words_from(2**32 - 1, 3, 32) + 1).tolist() == signs


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**40))
def test_a_jump_is_as_many_clocks(count, clocks):
    states = np.array([[count]], dtype=np.uint64)
    walsh.jump(states, clocks)
    assert states.tolist() == [[(count + clocks) % 2**32]]


def test_masks_are_distinct_and_of_five_bits():
    assert len(set(walsh.MASKS)) == 32
    assert {mask.bit_count() for mask in walsh.MASKS} == {5}


def test_lanes_are_hardly_correlated():
    """Within 2**16 beats, at lags 0 to 64; of independent signs the largest is about 0.017."""
    z = Stream(resolve(rng="walsh", reuse="none", lanes=31)).z(0, 0, 2**16 + 64).reshape(-1, 31)
    for lag in range(65):
        found = np.abs(z[: 2**16].T @ z[lag : 2**16 + lag]) / 2**16
        assert (found - np.eye(31) * (lag == 0)).max() < 0.04


@pytest.mark.parametrize("beats", [78, 64, 771, 1024])
def test_directions_are_nearly_orthogonal(beats):
    """The participation ratio of 256 directions, also where a step has a power of two of beats."""
    stream = Stream(resolve(rng="walsh", reuse="none", lanes=31))
    z = stream.z(0, 0, 256 * beats).reshape(256, -1)
    gram = z @ z.T / z.shape[1]
    ratio = np.trace(gram) ** 2 / np.square(gram).sum()
    assert ratio > 0.85 * 256 / (1 + 256 / z.shape[1])


def test_generators_of_many_lanes_have_counts_of_their_own():
    words = Stream(resolve(rng="walsh", reuse="none", lanes=40)).beats(0, 0, 2**12)
    pairs = itertools.product(range(3), range(32, 35))
    assert all(abs(np.mean(words[:, i] == words[:, j]) - 0.5) < 0.05 for i, j in pairs)
