from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.exact import BITS, Gram, folded, product, whole

LARGEST = [1, 3, 255, 4095, 2**16]


def numbers(largest: int, rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(largest)
    found = rng.integers(-largest, largest, (rows, columns), endpoint=True)
    found[: rows // 2] = largest  # sums as large as they can be
    return found


@pytest.mark.parametrize("largest", LARGEST)
@pytest.mark.parametrize("terms", [1, 200, 5000])
def test_products_are_exact_in_any_order(largest: int, terms: int) -> None:
    left, right = numbers(largest, terms, 3).T, numbers(largest, terms, 4)
    found = product(left.astype(np.float32), right.astype(np.float32), largest)
    assert found.dtype == np.float64
    assert np.array_equal(found.astype(np.int64), left @ right)
    mixed = np.random.default_rng(0).permutation(terms)
    again = product(left[:, mixed].astype(np.float32), right[mixed].astype(np.float32), largest)
    assert np.array_equal(found, again)


@pytest.mark.parametrize("largest", LARGEST)
@pytest.mark.parametrize("times", [1, 7])
@pytest.mark.parametrize("odd", [False, True])
def test_gram_matrices_are_exact(largest: int, times: int, odd: bool) -> None:
    rows = numbers(largest, 3000, 5)
    if odd:
        rows = 2 * (rows // 2) + 1
        largest += 1 - largest % 2
    made = Gram(5, largest, odd)
    made.add(rows.astype(np.float32), times)
    made.add(rows[:10].astype(np.float32))
    expected = np.triu(times * rows.T @ rows + rows[:10].T @ rows[:10])
    found = made.upper()
    assert found.flags.f_contiguous
    assert np.array_equal(found.astype(np.int64), expected)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_folded_adds_every_row_once(values: list[float]) -> None:
    exact = sum(map(Fraction, values))
    assert float(folded(np.array(values))) == pytest.approx(float(exact), rel=1e-12, abs=1e-5)
    pairs = folded(np.stack([values, np.ones(len(values))], axis=1))
    assert pairs[1] == len(values)


def test_an_empty_sum_is_zero() -> None:
    assert folded(np.zeros((0, 3))).tolist() == [0, 0, 0]


def test_whole_numbers_stay_and_others_are_rounded_to_sixteen_bits() -> None:
    kept, unit = whole(np.array([-(2**BITS), 3, 0]))
    assert (kept.tolist(), unit) == ([-(2**BITS), 3, 0], 1)
    values = np.array([0.3, -1.7, math.pi], dtype=np.float32)
    rounded, unit = whole(values)
    assert math.frexp(unit)[0] == 0.5 and np.abs(rounded).max() <= 2**BITS
    assert np.array_equal(rounded, np.rint(rounded))
    assert np.abs(rounded * unit - values).max() <= unit / 2 <= math.pi * 2**-BITS
    assert whole(np.array([5.0, 6.0]), 4.0)[0].tolist() == [1, 2]
