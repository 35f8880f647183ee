"""Linear complexity and ranks of bits against definitions and published constants."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from pezoexplore.streams.bit_tests import (
    complexity_p_value,
    linear_complexity,
    matrix_ranks,
    rank_p_value,
)


def shortest_recurrence(bits: tuple[int, ...]) -> int:
    """Return the linear complexity by trying every recurrence."""
    for length in range(len(bits) + 1):
        for taps in product((0, 1), repeat=length):
            if all(
                bits[i] == sum(t & bits[i - 1 - k] for k, t in enumerate(taps)) % 2
                for i in range(length, len(bits))
            ):
                return length
    raise AssertionError("a sequence of n bits has a recurrence of length n")


def test_the_complexity_of_every_short_sequence():
    for bits in product((0, 1), repeat=7):
        assert linear_complexity(np.array(bits, dtype=np.uint8)) == shortest_recurrence(bits)


def test_the_p_value_of_a_complexity_is_twice_the_smaller_tail():
    count = 12
    found = Counter(
        linear_complexity(np.array(bits, dtype=np.uint8)) for bits in product((0, 1), repeat=count)
    )
    for length in range(1, count + 1):
        below = sum(n for value, n in found.items() if value <= length) / 2**count
        above = sum(n for value, n in found.items() if value >= length) / 2**count
        # The formula leaves out the one sequence of zeros, and rounds the lowest terms.
        expected = min(1.0, 2 * min(below, above))
        assert complexity_p_value(length, count) == pytest.approx(expected, rel=0.2, abs=2**-count)


def rank_by_elimination(matrix: np.ndarray) -> int:
    rows, rank = matrix.astype(bool).copy(), 0
    for column in range(rows.shape[1]):
        pivots = np.flatnonzero(rows[rank:, column]) + rank
        if not len(pivots):
            continue
        rows[[rank, pivots[0]]] = rows[[pivots[0], rank]]
        below = np.flatnonzero(rows[rank + 1 :, column]) + rank + 1
        rows[below] ^= rows[rank]
        rank += 1
    return rank


def test_ranks_by_elimination():
    random = np.random.default_rng(0)
    made = random.integers(0, 2, (40, 19, 19), dtype=np.uint8)
    made[::4, 3:12] = made[::4, :1]  # low ranks too
    assert matrix_ranks(made).tolist() == [rank_by_elimination(matrix) for matrix in made]


def test_the_shares_of_ranks_are_the_published_ones():
    # Of random 32 x 32 matrices 28.88 % have rank 32, 57.76 % rank 31 (Marsaglia, diehard).
    as_expected = np.repeat([32, 31, 30], [28_879, 57_758, 13_363])
    assert rank_p_value(as_expected, 32) > 0.99
    assert rank_p_value(np.repeat([32, 31, 30], [28_379, 58_258, 13_363]), 32) < 0.01
