from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from pezoexplore.train.loop import Batches
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

TASK = get_task("digits-mlp")
RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=40)


def trained(task: Task, run: Run, directions: Any, **options: Any) -> np.ndarray:
    """Flat final weights [seeds, rates, d]."""
    *_, (step, state) = MlpTrainer(task.model).train(task.train, run, directions, **options)
    assert step == run.steps
    return task.model.pack(state.weights)


def slow_loss(model: Mlp, flat: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
    w1, b1, w2, b2 = np.split(flat, np.cumsum([2048, 32, 320]))
    hidden = np.maximum(inputs * model.input_scale @ w1.reshape(32, 64).T + b1, 0)
    logs = log_softmax(hidden @ w2.reshape(10, 32).T + b2, axis=1)
    return float(-logs[np.arange(len(labels)), labels].mean())


def slow_training(task: Task, run: Run, z: np.ndarray, seed: int, rate: float) -> np.ndarray:
    """One replica of two-point ZO-SGD in float64; z is [steps, d]."""
    weights = task.init(seed).astype(np.float64)
    chosen = Batches([seed], len(task.train), run.batch).block(run.steps)[:, 0]
    for step in range(run.steps):
        x, y = task.train.inputs[chosen[step]], task.train.labels[chosen[step]]
        above = slow_loss(task.model, weights + run.epsilon * z[step], x, y)
        below = slow_loss(task.model, weights - run.epsilon * z[step], x, y)
        eta = rate * (1 + np.cos(np.pi * step / run.steps)) / 2
        weights -= eta * (above - below) / (2 * run.epsilon) * z[step]
    return weights


def test_agrees_with_a_slow_reference(uniform: Callable[..., Any]) -> None:
    values = uniform(RUN.seeds, 2410).block(0, RUN.steps)
    weights = trained(TASK, RUN, uniform(RUN.seeds, 2410))
    for i, seed in enumerate(RUN.seeds):
        for j, rate in enumerate(RUN.learning_rates):
            z = values[:, i].astype(np.float64) * uniform.scale
            expected = slow_training(TASK, RUN, z, seed, rate)
            moved = np.abs(expected - TASK.init(seed)).max()
            error = np.abs(weights[i, j] - expected).max()
            assert moved > 0.01
            assert error < 2e-3 * moved


def test_float_directions_are_as_good_as_integers(uniform: Callable[..., Any]) -> None:
    class Floats:
        scale = 1.0
        _integers = uniform(RUN.seeds, 2410)

        def block(self, first_step: int, steps: int) -> np.ndarray:
            return np.float32(self._integers.block(first_step, steps) * uniform.scale)

    expected = trained(TASK, RUN, uniform(RUN.seeds, 2410))
    np.testing.assert_allclose(trained(TASK, RUN, Floats()), expected, atol=2e-4)


@pytest.mark.parametrize("block_steps", [7, 40, 64])
def test_block_length_changes_no_bit(uniform: Callable[..., Any], block_steps: int) -> None:
    directions = uniform(RUN.seeds, 2410)
    weights = trained(TASK, RUN, directions, block_steps=block_steps)
    np.testing.assert_array_equal(weights, trained(TASK, RUN, uniform(RUN.seeds, 2410)))
    ends = [first + steps for first, steps in directions.asked]
    assert [first for first, _ in directions.asked] == [0, *ends[:-1]]
    assert ends[-1] == RUN.steps


def test_stops_change_no_bit_and_come_in_order(uniform: Callable[..., Any]) -> None:
    stops = [0, 13, 14, 30, 40, 99]
    directions = uniform(RUN.seeds, 2410)
    steps = MlpTrainer(TASK.model).train(TASK.train, RUN, directions, stops, block_steps=16)
    handed = [(step, TASK.model.pack(state.weights)) for step, state in steps]
    assert [step for step, _ in handed] == [0, 13, 14, 30, 40]
    start = np.stack([TASK.init(seed) for seed in RUN.seeds])
    np.testing.assert_array_equal(handed[0][1], np.stack([start, start], axis=1))
    whole = trained(TASK, RUN, uniform(RUN.seeds, 2410))
    np.testing.assert_array_equal(handed[-1][1], whole)


def test_the_same_call_twice_gives_the_same_bits(uniform: Callable[..., Any]) -> None:
    again = [trained(TASK, RUN, uniform(RUN.seeds, 2410)) for _ in range(2)]
    np.testing.assert_array_equal(again[0], again[1])


def test_a_diverged_replica_raises_nothing_and_harms_no_other(uniform: Callable[..., Any]) -> None:
    def pair(second: float) -> np.ndarray:
        run = Run(seeds=(0,), learning_rates=(0.01, second), steps=40)
        return trained(TASK, run, uniform(run.seeds, 2410))

    wild = pair(1e30)
    assert not np.isfinite(wild[0, 1]).all()
    np.testing.assert_array_equal(wild[0, 0], pair(0.01)[0, 0])


def test_divergence_is_marked_with_its_step(uniform: Callable[..., Any]) -> None:
    run = Run(seeds=(0, 1), learning_rates=(0.01, 1e30), steps=40)

    def marks(block_steps: int) -> np.ndarray:
        directions = uniform(run.seeds, 2410)
        steps = MlpTrainer(TASK.model).train(TASK.train, run, directions, block_steps=block_steps)
        *_, (_, state) = steps
        return state.diverged_at

    diverged_at = marks(40)
    assert (diverged_at[:, 0] == NEVER).all()
    assert ((diverged_at[:, 1] > 0) & (diverged_at[:, 1] < 10)).all()
    np.testing.assert_array_equal(marks(2), diverged_at)
