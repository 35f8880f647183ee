"""Block-cyclic coordinates with stale gradients against plain loops in float64."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.train import general_loop
from pezoexplore.train.general_loop import Method
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.loop import Batches
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.selection import trainer_of
from pezoexplore.train.steps.stale import Coordinates, Stale
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

DIGITS = get_task("digits-mlp")


def small_task() -> Task:
    """Eight pixels of the digits, a network of 67 weights."""

    def cut(split: Split) -> Split:
        return Split(np.ascontiguousarray(split.inputs[:, 24:32]), split.labels)

    splits = {name: cut(getattr(DIGITS, name)) for name in ("train", "fit", "validation", "test")}
    return replace(DIGITS, model=Mlp((8, 3, 10), input_scale=1 / 16), **splits)


TASK = small_task()
RUN = Run(seeds=(0, 7), learning_rates=(0.01, 0.1), steps=40, batch=16, epsilon=0.02)


def slow_loss(flat: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    w1, b1, w2, b2 = np.split(flat, np.cumsum([24, 3, 30]))
    hidden = np.maximum(x / 16 @ w1.reshape(3, 8).T + b1, 0)
    logs = log_softmax(hidden @ w2.reshape(10, 3).T + b2, axis=1)
    return float(-logs[np.arange(len(y)), y].mean())


def slow_training(seed: int, rate: float, queries: int, decay: float) -> np.ndarray:
    weights = TASK.init(seed).astype(np.float64)
    kept, turn = np.zeros(67), 0
    chosen = Batches([seed], len(TASK.train), RUN.batch).block(RUN.steps)[:, 0]
    for step in range(RUN.steps):
        x, y = TASK.train.inputs[chosen[step]], TASK.train.labels[chosen[step]]
        kept *= decay
        for _ in range(queries):
            there = np.zeros(67)
            there[turn] = RUN.epsilon
            sides = slow_loss(weights + there, x, y) - slow_loss(weights - there, x, y)
            kept[turn] = sides / (2 * RUN.epsilon)
            turn = (turn + 1) % 67
        weights -= rate * (1 + np.cos(np.pi * step / RUN.steps)) / 2 * kept
    return weights


@pytest.mark.parametrize(
    ("queries", "momentum"),
    [(1, 0.0), (5, 0.0), (5, 0.75), pytest.param(67, 0.5, marks=pytest.mark.regression)],
)
def test_agrees_with_a_plain_loop(queries: int, momentum: float) -> None:
    """Without ``train.momentum`` earlier estimates do not fade."""
    point = resolve(estimator="cocd", queries=queries)
    trainer = trainer_of(point, TASK, TrainSettings(momentum=momentum))
    *_, (_, state) = trainer.run(TASK.train, RUN, None)
    found = trainer.weights(state)
    for i, seed in enumerate(RUN.seeds):
        for j, rate in enumerate(RUN.learning_rates):
            expected = slow_training(seed, rate, queries, momentum or 1.0)
            moved = np.abs(expected - TASK.init(seed)).max()
            assert moved > 0.001
            assert np.abs(found[i, j] - expected).max() < 2e-3 * moved


def test_all_coordinates_a_step_are_the_gradient() -> None:
    run = replace(RUN, epsilon=1e-2, steps=3)
    probed = GeneralTrainer(TASK, "cocd", 67)
    *_, (_, state) = replace(probed, options=replace(probed.options, moments=Stale())).run(
        TASK.train, run, None
    )
    *_, (_, exact) = GeneralTrainer(TASK, "backprop", None).run(TASK.train, run, None)
    start = np.stack([TASK.init(seed) for seed in run.seeds])[:, None]
    moved = np.abs(np.asarray(exact.weights) - start).max(-1)
    error = np.abs(np.asarray(state.weights) - np.asarray(exact.weights)).max(-1)
    assert (error < 0.05 * moved).all()  # kinks of ReLUs lie between the two sides


def test_blocks_change_no_bit() -> None:
    method = Method(TASK.model, TASK.loss, "cocd", moments=Stale(0.9))

    def weights(block_steps: int) -> np.ndarray:
        parts = (TASK.train, RUN, Coordinates(67, 2), GeneralTrainer(TASK).start(RUN))
        trained = general_loop.train(method, *parts, queries=3, block_steps=block_steps)
        *_, (_, state) = trained
        return np.asarray(state.weights)

    np.testing.assert_array_equal(weights(7), weights(40))


def test_coordinates_go_round() -> None:
    found = Coordinates(5, 2).block(3, 9)
    assert found.shape == (9, 2, 1)
    assert found[:, 1, 0].tolist() == [3, 4, 0, 1, 2, 3, 4, 0, 1]


def test_divergence_is_marked() -> None:
    trainer = GeneralTrainer(TASK, "cocd", 67)
    run = replace(RUN, learning_rates=(0.01, math.inf))
    *_, (_, state) = trainer.run(TASK.train, run, None)
    assert state.diverged_at.tolist() == [[NEVER, 1]] * 2


def test_more_coordinates_than_weights_are_refused() -> None:
    with pytest.raises(DesignError, match="queries 68: digits-mlp has 67 weights"):
        trainer_of(resolve(estimator="cocd", queries=68), TASK, TrainSettings())
