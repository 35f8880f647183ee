from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pezoexplore.design.point import resolve
from pezoexplore.train.evaluate import (
    DirectionSource,
    best_rate,
    ci95,
    learning_curve,
    score,
    train_point,
    train_source,
)
from pezoexplore.train.mlp import Mlp
from pezoexplore.train.tasks import Split, get_task

TASK = get_task("digits-mlp")


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30).filter(lambda v: np.std(v) > 1e-6))
def test_ci95_is_students_interval(values: list[float]) -> None:
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    assert ci95(values) == pytest.approx((high - low) / 2, rel=1e-6)


def test_one_value_has_no_interval() -> None:
    assert ci95([93.0]) is None


def test_best_rate_takes_the_smaller_of_equals() -> None:
    assert best_rate({0.01: 90.0, 0.003: 90.0, 0.005: 89.0}) == 0.003
    assert best_rate({0.003: 88.0, 0.005: 91.0, 0.01: 90.0}) == 0.005


def test_score_counts_examples_and_takes_what_is_not_finite_for_wrong() -> None:
    model = Mlp((2, 3))
    inputs = np.float32([[1, 0], [0, 1], [1, 0], [0, 0]])
    labels = np.uint8([0, 1, 0, 0])
    good = np.float32([9, 0, 0, 9, 0, 0, 0, 0, 1])
    nan, infinite = np.full(9, np.nan, np.float32), np.full(9, np.inf, np.float32)
    flat = np.stack([good, nan, infinite])[:, None]
    result = score(model, model.unpack(flat), Split(inputs, labels))
    np.testing.assert_array_equal(result.accuracy, [[75.0], [0.0], [0.0]])
    assert np.isfinite(result.loss[0, 0])
    assert np.isnan(result.loss[1, 0])


def test_a_point_is_tuned_retrained_and_tested(source: DirectionSource, settings: Any) -> None:
    chosen = settings(steps=400, seeds=3, learning_rates=(0.01, 1e-7, 1e3))
    result = train_source(source, TASK, chosen)
    assert json.loads(json.dumps(result)) == result
    assert result["learning_rate"] == 0.01
    assert list(result["validation_accuracy"]) == ["1e-07", "0.01", "1000.0"]
    assert result["validation_accuracy"]["0.01"] > 32
    assert result["validation_accuracy"]["1e-07"] < 20
    assert result["forward_passes"] == 800
    accuracies = result["accuracy_per_seed"]
    assert len(accuracies) == 3
    assert np.mean(accuracies) > 32
    assert result["accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert result["accuracy_ci95"] == ci95(accuracies)
    counts = np.array(accuracies) * 3.6
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)


def test_the_same_point_twice_gives_the_same_result(source: DirectionSource, settings: Any) -> None:
    first = train_source(source, TASK, settings(learning_rates=(0.01, 0.003)))
    assert train_source(source, TASK, settings(learning_rates=(0.003, 0.01))) == first


def test_a_single_rate_is_not_tuned(source: DirectionSource, settings: Any) -> None:
    single = train_source(source, TASK, settings(learning_rates=(0.01,)))
    assert single["validation_accuracy"] == {}
    tuned = train_source(source, TASK, settings(learning_rates=(0.01, 1e-9), steps=60))
    assert tuned["learning_rate"] == 0.01
    assert tuned["accuracy_per_seed"] == single["accuracy_per_seed"]


def test_each_split_serves_one_purpose(source: DirectionSource, settings: Any) -> None:
    """Tuning sees fit and validation, the final runs train, the accuracy test; and no other."""

    def changed(**splits: Split) -> tuple[Any, Any]:
        result = train_source(source, replace(TASK, **splits), settings(steps=200))
        return result["validation_accuracy"], result["accuracy_per_seed"]

    def halved(split: Split) -> Split:
        return Split(split.inputs[::2], split.labels[::2])

    tuning, final = changed()
    for name in ("fit", "validation"):
        other = changed(**{name: halved(getattr(TASK, name))})
        assert other[0] != tuning
        assert other[1] == final
    for name in ("train", "test"):
        other = changed(**{name: halved(getattr(TASK, name))})
        assert other[0] == tuning
        assert other[1] != final


def test_a_seed_does_not_depend_on_how_many_there_are(
    source: DirectionSource, settings: Any
) -> None:
    few, many = (
        train_source(source, TASK, settings(seeds=seeds, learning_rates=(0.01,)))
        for seeds in (5, 7)
    )
    assert len(many["accuracy_per_seed"]) == 7
    assert many["accuracy_per_seed"][:5] == few["accuracy_per_seed"]


def test_gaussian_directions_learn_the_digits(
    normal_source: DirectionSource, settings: Any
) -> None:
    result = train_source(normal_source, TASK, settings(steps=4000, learning_rates=(0.01,)))
    assert 87 < result["accuracy_mean"] < 93


def test_learning_curve_has_a_row_every_so_often_and_at_both_ends(
    source: DirectionSource, settings: Any
) -> None:
    rows = learning_curve(source, TASK, settings(steps=1050), 0.01, 400)
    assert [row["step"] for row in rows] == [0, 400, 800, 1050]
    assert rows[0]["validation_accuracy"] < 30 < 60 < rows[-1]["validation_accuracy"]
    losses = [row["train_loss"] for row in rows]
    assert losses == sorted(losses, reverse=True)
    assert abs(rows[-1]["train_loss"] - rows[-1]["validation_loss"]) < 0.2


def test_learning_curve_of_a_diverged_run_is_plain_json(
    source: DirectionSource, settings: Any
) -> None:
    rows = learning_curve(source, TASK, settings(), 1e30, 50)
    assert rows[-1]["train_loss"] is None
    assert rows[-1]["validation_accuracy"] == 0
    json.dumps(rows, allow_nan=False)


def test_a_design_point_trains_on_its_own_stream(settings: Any) -> None:
    quick = settings(steps=300, learning_rates=(0.01,))
    uniform = train_point(resolve(rng="xorshift32", reuse="none"), TASK, quick)
    tiny = train_point(resolve(rng="lfsr", reuse="pool", pool_size=31), TASK, quick)
    assert uniform["accuracy_mean"] > 30
    assert uniform["accuracy_per_seed"] != tiny["accuracy_per_seed"]
