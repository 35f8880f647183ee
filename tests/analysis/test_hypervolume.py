from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.analysis.hypervolume import Box, box_of, hypervolume, staircase
from pezoexplore.analysis.pareto import pareto_mask

GRID = 5


def by_counting(points: np.ndarray, reference: np.ndarray) -> int:
    """Return unit cells of a grid that some point dominates: exact for whole numbers."""
    cells = itertools.product(*(range(int(limit)) for limit in reference))
    return sum(any((point <= np.array(cell)).all() for point in points) for cell in cells)


@given(st.data(), st.integers(1, 5))
def test_it_counts_the_cells_that_points_dominate(data: st.DataObject, objectives: int) -> None:
    row = st.lists(st.integers(0, GRID), min_size=objectives, max_size=objectives)
    rows = data.draw(st.lists(row, max_size=8))
    costs = np.array(rows, dtype=np.float64).reshape(len(rows), objectives)
    reference = np.full(objectives, GRID - 1.0)
    assert hypervolume(costs, reference) == pytest.approx(by_counting(costs, reference))


def test_it_agrees_with_random_places() -> None:
    draw = np.random.default_rng(1)
    costs = draw.random((25, 4))
    places = draw.random((100_000, 4))
    covered = np.zeros(len(places), dtype=bool)
    for row in costs:
        covered |= (row <= places).all(axis=1)
    spread = 5 * np.sqrt(0.25 / len(places))
    assert hypervolume(costs, np.ones(4)) == pytest.approx(covered.mean(), abs=spread)


def test_shapes_that_do_not_fit_are_errors() -> None:
    with pytest.raises(ValueError, match="shape"):
        hypervolume(np.zeros((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="no costs"):
        box_of(np.zeros((0, 2)))


def test_the_box_has_its_best_corner_at_0_and_its_worst_at_1() -> None:
    costs = np.array([[-90.0, 100.0], [-95.0, 300.0], [-80.0, 300.0]])
    box = box_of(costs)
    assert box.scale(costs).tolist() == [[1 / 3, 0.0], [0.0, 1.0], [1.0, 1.0]]
    # The reference is the worst corner: only the first row is better than it in both.
    assert box.share(costs) == pytest.approx(2 / 3)
    assert box.share(np.array([[-99.0, 50.0]])) == 1.0, "beyond the best corner counts as there"


def test_an_objective_without_range_does_not_count() -> None:
    costs = np.array([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]])
    assert box_of(costs).share(costs[1:2]) == pytest.approx(0.5)


def test_shares_after_the_first_points() -> None:
    costs = np.array([[0.5, 0.5], [0.6, 0.6], [0.0, 0.5], [0.5, 0.0]])
    box = Box(np.zeros(2), np.ones(2))
    shares = staircase(costs, box, [0, 1, 2, 2, 3, 4])
    assert shares == pytest.approx([0.0, 0.25, 0.25, 0.25, 0.5, 0.75])


CELLS = st.one_of(st.integers(0, 4).map(float), st.sampled_from([math.inf, -math.inf, math.nan]))


@given(st.integers(1, 3).flatmap(lambda k: st.lists(st.tuples(*[CELLS] * k), max_size=9)))
def test_rows_of_nan_infinity_and_ties_count_as_by_hand(rows: list[tuple[float, ...]]) -> None:
    """Unit cells of the box are counted one by one, and domination is tried row by row."""
    objectives = len(rows[0]) if rows else 1
    costs = np.array(rows, dtype=float).reshape(-1, objectives)
    mask = pareto_mask(costs, [False] * objectives)
    whole = [row for row in rows if not any(map(math.isnan, row))]

    def beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        pairs = list(zip(one, other, strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    wanted = [row in whole and not any(beats(other, row) for other in whole) for row in rows]
    assert mask.tolist() == wanted
    if not whole:
        return
    columns = [list(filter(math.isfinite, column)) for column in zip(*whole, strict=True)]
    sides = [(min(column), max(column)) if column else (0.0, 0.0) for column in columns]
    spans = [range(max(1, int(high - low))) for low, high in sides]
    corners = list(itertools.product(*spans))
    dominated = sum(
        any(
            all(cost <= low + at for cost, (low, _), at in zip(row, sides, corner, strict=True))
            and all(
                cost < (high if high > low else low + 1)
                for cost, (low, high) in zip(row, sides, strict=True)
            )
            for row in whole
        )
        for corner in corners
    )
    share = box_of(np.array(whole)).share(np.array(whole))
    assert share == pytest.approx(dominated / len(corners))
