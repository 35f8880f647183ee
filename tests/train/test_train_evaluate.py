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
from pezoexplore.intervals import half_width
from pezoexplore.train.coordinates.sparsity import Sparsity
from pezoexplore.train.evaluate import (
    Candidate,
    learning_curve,
    steps_to_target,
    train_point,
    train_source,
    tune,
)
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import DirectionSource, TrainState

TASK = get_task("digits-mlp")
TRAINER = MlpTrainer(TASK.model)


def result_of(source: DirectionSource, settings: Any, task: Task = TASK) -> dict[str, Any]:
    return train_source(source, task, settings, TRAINER)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30).filter(lambda v: np.std(v) > 1e-6))
def test_ci95_is_students_interval(values: list[float]) -> None:
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-6)


def test_one_value_has_no_interval() -> None:
    assert half_width([93.0]) is None


def test_the_target_counts_from_where_it_is_held() -> None:
    steps = [10, 20, 30, 40]
    assert steps_to_target(steps, [80, 90, 84, 91], 85) == 40
    assert steps_to_target(steps, [80, 85, 86, 91], 85) == 20
    assert steps_to_target(steps, [90, 90, 90, 84], 85) is None


def test_score_counts_examples_and_takes_what_is_not_finite_for_wrong() -> None:
    model = Mlp((2, 3))
    inputs = np.float32([[1, 0], [0, 1], [1, 0], [0, 0]])
    labels = np.uint8([0, 1, 0, 0])
    good = np.float32([9, 0, 0, 9, 0, 0, 0, 0, 1])
    nan, infinite = np.full(9, np.nan, np.float32), np.full(9, np.inf, np.float32)
    flat = np.stack([good, nan, infinite])[:, None]
    state = TrainState(model.unpack(flat), np.full((3, 1), -1, np.int32))
    result = MlpTrainer(model).score(state, Split(inputs, labels))
    np.testing.assert_array_equal(result.accuracy, [[75.0], [0.0], [0.0]])
    assert np.isfinite(result.loss[0, 0])
    assert np.isnan(result.loss[1, 0])


def test_a_point_is_tuned_retrained_and_tested(source: DirectionSource, settings: Any) -> None:
    chosen = settings(steps=400, seeds=3, learning_rates=(0.01, 1e-7, 1e3))
    result = result_of(source, chosen)
    assert json.loads(json.dumps(result)) == result
    assert result["learning_rate"] == 0.01
    assert list(result["validation_accuracy"]) == ["1e-07/0.001", "0.01/0.001", "1000/0.001"]
    assert result["validation_accuracy"]["0.01/0.001"] > 32
    assert result["validation_accuracy"]["1e-07/0.001"] < 20
    assert result["forward_passes"] == 800
    accuracies = result["accuracy_per_seed"]
    assert len(accuracies) == 3
    assert np.mean(accuracies) > 32
    assert result["accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert result["accuracy_ci95"] == half_width(accuracies)
    counts = np.array(accuracies) * 3.6
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)


def test_the_same_point_twice_gives_the_same_result(source: DirectionSource, settings: Any) -> None:
    first = result_of(source, settings(learning_rates=(0.01, 0.003)))
    assert result_of(source, settings(learning_rates=(0.003, 0.01))) == first


def test_tuning_does_not_change_what_the_chosen_rate_gives(
    source: DirectionSource, settings: Any
) -> None:
    single = result_of(source, settings(learning_rates=(0.01,)))
    tuned = result_of(source, settings(learning_rates=(0.01, 1e-9), steps=60))
    assert tuned["learning_rate"] == 0.01
    assert tuned["accuracy_per_seed"] == single["accuracy_per_seed"]
    assert single["tuning_forward_passes"] == 120
    assert tuned["tuning_forward_passes"] == 240


@pytest.mark.regression
def test_many_candidates_are_halved(source: DirectionSource, settings: Any) -> None:
    chosen = settings(
        steps=400,
        learning_rates=(0.01, 0.005, 1e-9, 1e-8),
        epsilon=(1e-3, 1e-2),
        target_accuracy=30,
    )
    tuning = tune(source, TASK, chosen, TRAINER)
    assert tuning.passes == 2 * (8 * 100 + 4 * 200 + 3 * 400)
    assert len(tuning.trials) == 8
    assert tuning.chosen.learning_rate == 0.01
    assert tuning.trials[tuning.chosen].steps_to_target is not None
    again = tune(source, TASK, chosen, TRAINER)
    assert again == tuning


def test_every_tuning_run_pays_for_its_own_masks(source: DirectionSource, settings: Any) -> None:
    """The passes of tuning are those of its runs, the scores of a sparse estimate included."""
    options = Options(sparsity=Sparsity(share=0.99, queries=2), batch=16)
    trainer = GeneralTrainer(TASK, "cge_sparse", None, options)
    chosen = settings(steps=2, learning_rates=(0.01, 0.003))
    assert tune(source, TASK, chosen, trainer).passes == 2 * trainer.cost(2).forward_passes


def test_equals_go_to_the_smaller(source: DirectionSource, settings: Any) -> None:
    chosen = settings(learning_rates=(1e-12, 1e-11), epsilon=(1e-2, 1e-3))
    assert tune(source, TASK, chosen, TRAINER).chosen == Candidate(1e-12, 1e-3)


def test_a_diverged_point_has_no_accuracy_but_the_step(
    source: DirectionSource, settings: Any
) -> None:
    result = result_of(source, settings(learning_rates=(1e30,)))
    assert result["accuracy_mean"] is result["accuracy_per_seed"] is result["accuracy_ci95"] is None
    assert 1 <= result["diverged_step"] <= 5
    assert result["steps_to_target"] is None
    json.dumps(result, allow_nan=False)


def test_each_split_serves_one_purpose(source: DirectionSource, settings: Any) -> None:
    """Tuning sees fit and validation, the final runs train, the accuracy test; and no other."""

    def changed(**splits: Split) -> tuple[Any, Any]:
        result = result_of(source, settings(steps=200), replace(TASK, **splits))
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


@pytest.mark.regression
def test_a_seed_does_not_depend_on_how_many_there_are(
    source: DirectionSource, settings: Any
) -> None:
    few, many = (
        result_of(source, settings(seeds=seeds, learning_rates=(0.01,))) for seeds in (5, 7)
    )
    assert len(many["accuracy_per_seed"]) == 7
    assert many["accuracy_per_seed"][:5] == few["accuracy_per_seed"]


def test_gaussian_directions_learn_the_digits(
    normal_source: DirectionSource, settings: Any
) -> None:
    result = result_of(normal_source, settings(steps=4000, learning_rates=(0.01,)))
    assert 87 < result["accuracy_mean"] < 93


def test_learning_curve_has_a_row_every_so_often_and_at_both_ends(
    source: DirectionSource, settings: Any
) -> None:
    rows = learning_curve(source, TASK, settings(steps=1050), TRAINER, Candidate(0.01, 1e-3), 400)
    assert [row["step"] for row in rows] == [0, 400, 800, 1050]
    assert rows[0]["validation_accuracy"] < 30 < 60 < rows[-1]["validation_accuracy"]
    losses = [row["train_loss"] for row in rows]
    assert losses == sorted(losses, reverse=True)
    assert abs(rows[-1]["train_loss"] - rows[-1]["validation_loss"]) < 0.2


def test_learning_curve_of_a_diverged_run_is_plain_json(
    source: DirectionSource, settings: Any
) -> None:
    rows = learning_curve(source, TASK, settings(), TRAINER, Candidate(1e30, 1e-3), 50)
    assert rows[-1]["train_loss"] is None
    assert rows[-1]["validation_accuracy"] == 0
    json.dumps(rows, allow_nan=False)


def test_a_design_point_trains_on_its_own_stream(settings: Any) -> None:
    quick = settings(steps=300, learning_rates=(0.01,))
    uniform = train_point(resolve(rng="xorshift32", reuse="none"), TASK, quick)
    tiny = train_point(resolve(rng="lfsr", reuse="pool", pool_size=31), TASK, quick)
    assert uniform["accuracy_mean"] > 30
    assert uniform["accuracy_per_seed"] != tiny["accuracy_per_seed"]
