from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.analysis.pareto import front_of_frame, front_of_rows, pareto_mask, select_frame
from pezoexplore.errors import DesignError

CELLS = st.one_of(
    st.integers(-2, 2).map(float),
    st.sampled_from([-0.0, math.nan, math.inf, -math.inf, 1e-300]),
)


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, list[bool]]:
    count, objectives = draw(st.integers(0, 12)), draw(st.integers(1, 4))
    cells = st.lists(CELLS, min_size=objectives, max_size=objectives)
    values = draw(st.lists(cells, min_size=count, max_size=count))
    maximize = draw(st.lists(st.booleans(), min_size=objectives, max_size=objectives))
    return np.array(values, dtype=np.float64).reshape(count, objectives), maximize


def dominates(first: list[float], second: list[float], maximize: list[bool]) -> bool:
    if any(math.isnan(cell) for cell in first + second):
        return False
    pairs = [(a, b) if up else (b, a) for a, b, up in zip(first, second, maximize, strict=True)]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def reference(values: np.ndarray, maximize: list[bool]) -> list[bool]:
    rows = values.tolist()
    return [
        not any(math.isnan(cell) for cell in row)
        and not any(dominates(other, row, maximize) for other in rows)
        for row in rows
    ]


@given(problems())
def test_agrees_with_every_pair_compared(problem):
    values, maximize = problem
    assert pareto_mask(values, maximize).tolist() == reference(values, maximize)


@given(problems(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(problem, random):
    values, maximize = problem
    order = list(range(len(values)))
    random.shuffle(order)
    assert pareto_mask(values[order], maximize).tolist() == [
        pareto_mask(values, maximize).tolist()[index] for index in order
    ]


@given(problems(), st.data())
def test_adding_a_dominated_row_changes_nothing(problem, data):
    values, maximize = problem
    front = pareto_mask(values, maximize)
    finite = [index for index in np.flatnonzero(front) if np.isfinite(values[index]).all()]
    if not finite:
        return
    worse = values[data.draw(st.sampled_from(finite))] - np.where(maximize, 1.0, -1.0)
    extended = pareto_mask(np.vstack([values, worse]), maximize)
    assert extended.tolist() == [*front.tolist(), False]


@given(problems())
def test_turning_an_objective_round_is_negating_it(problem):
    values, maximize = problem
    turned = pareto_mask(-values, [not up for up in maximize])
    assert turned.tolist() == pareto_mask(values, maximize).tolist()


def test_thousands_of_rows_agree_with_broadcast_comparison():
    values = np.random.default_rng(0).integers(0, 60, (2000, 3)).astype(np.float64)
    better = (values[:, None] <= values[None]).all(axis=2)
    strictly = (values[:, None] < values[None]).any(axis=2)
    expected = ~(better & strictly).any(axis=0)
    front = pareto_mask(values, [False] * 3)
    assert front.tolist() == expected.tolist()
    assert 0 < front.sum() < 2000


def test_empty_ties_and_shapes():
    assert pareto_mask(np.zeros((0, 2)), [True, False]).tolist() == []
    assert pareto_mask(np.array([[1.0], [3.0], [3.0]]), [True]).tolist() == [False, True, True]
    with pytest.raises(ValueError, match="objectives"):
        pareto_mask(np.zeros((2, 2)), [True])


ROWS: list[dict[str, object]] = [
    {"status": "ok", "accuracy_mean": 90.0, "lut": 100.0, "rng": "lfsr"},
    {"status": "ok", "accuracy_mean": 91.0, "lut": 900.0, "rng": "clt"},
    {"status": "ok", "accuracy_mean": 89.0, "lut": 200.0, "rng": "lfsr"},
    {"status": "ok", "accuracy_mean": 99.0, "lut": math.nan, "rng": "gaussian"},
    {"status": "failed:rtl", "accuracy_mean": 99.0, "lut": 1.0, "rng": "lfsr"},
]
COLUMNS = list(ROWS[0])


def test_rows_as_numbers_and_as_written_give_the_same_front():
    expected = [True, True, False, False, False]
    text = [{k: "" if v != v else str(v) for k, v in row.items()} for row in ROWS]
    for rows in (ROWS, text):
        assert front_of_rows(rows, COLUMNS, ["accuracy_mean"], ["lut"]).tolist() == expected
    assert front_of_frame(pd.DataFrame(ROWS), ["accuracy_mean"], ["lut"]).tolist() == expected


def test_constraints_keep_rows_off_the_front_and_from_dominating():
    front = front_of_rows(ROWS, COLUMNS, ["accuracy_mean"], [], ["lut <= 500"])
    assert front.tolist() == [True, False, False, False, False]
    front = front_of_rows(ROWS, COLUMNS, [], ["lut"], ["accuracy_mean < 90"])
    assert front.tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("maximize", "minimize", "constraints", "words"),
    [
        (["accuracy"], [], [], ["'accuracy'", "accuracy_mean", "lut"]),
        ([], ["lut"], ["luts < 3"], ["'luts'", "lut"]),
        ([], [], [], ["no objective"]),
        (["lut"], ["lut"], [], ["more than once"]),
        ([], ["rng"], [], ["'rng'", "text"]),
    ],
)
def test_unusable_objectives_are_one_line(maximize, minimize, constraints, words):
    with pytest.raises(DesignError) as caught:
        front_of_rows(ROWS, COLUMNS, maximize, minimize, constraints)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words)


def test_select_keeps_order_and_names_unknown_columns():
    frame = pd.DataFrame(ROWS)
    kept = select_frame(frame, ["rng == lfsr", "status == ok"])
    assert kept["lut"].tolist() == [100.0, 200.0]
    with pytest.raises(DesignError, match="unknown column 'size'; there are: status"):
        select_frame(frame, ["size > 3"])
    assert len(select_frame(frame.iloc[:0], ["lut > 3"])) == 0


def test_each_target_has_a_front_of_its_own() -> None:
    rows = [
        {"target": "xcup", "accuracy_mean": 90, "lut": 100},
        {"target": "ice40", "accuracy_mean": 90, "lut": 150},
        {"target": "ice40", "accuracy_mean": 90, "lut": 160},
        {"target": "", "accuracy_mean": 90, "lut": 170},
    ]
    found = front_of_rows(rows, ["target", "accuracy_mean", "lut"], ["accuracy_mean"], ["lut"])
    assert found.tolist() == [True, True, False, True]
