"""Momentum by replay and the scalar step size, against sums written out in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train import general_loop
from pezoexplore.train.general_loop import Method, Sgd
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.selection import trainer_of
from pezoexplore.train.steps.moments import SECOND_BETA, Moments
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

TASK = get_task("digits-mlp")
D = TASK.parameters
RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=24)


def trained(options: Options, uniform: Callable[..., Any], run: Run = RUN) -> np.ndarray:
    trainer = GeneralTrainer(TASK, "rge", 1, options)
    *_, (_, state) = trainer.run(TASK.fit, run, lambda seeds: uniform(seeds, D))
    return np.asarray(trainer.weights(state), np.float64)


@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("replay", [0, 1, 3])
def test_moments_are_the_sums_of_the_equations(scalar: bool, replay: int) -> None:
    rng, steps, queries, d, scale = np.random.default_rng(1), 8, 2, 5, 0.5
    moments = Moments(scalar, replay, 0.8)
    slopes = rng.normal(size=(steps, 2, 3, queries)).astype(np.float32)
    words = rng.integers(-9, 10, size=(steps, 2, queries, d)).astype(np.int16)
    gradients = np.einsum("tsrq,tsqd->tsrd", slopes, words * scale) / queries
    kept = moments.first((2, 3), queries, d)
    for t in range(steps):
        parts = (gradients[t].astype(np.float32), slopes[t], words[t], np.float32(scale), t)
        found, kept = moments.moved(kept, *parts)
        expected = gradients[t]
        if replay:
            ages = range(min(replay, t) + 1)
            expected = 0.2 * np.sum([0.8**age * gradients[t - age] for age in ages], axis=0)
        if scalar:
            squares = slopes[: t + 1].astype(np.float64).mean(-1) ** 2
            decays = SECOND_BETA ** np.arange(t, -1, -1)
            second = np.tensordot(decays, squares, 1) / decays.sum()
            expected = expected / np.sqrt(second)[..., None]
        np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.slow
def test_a_replay_of_all_steps_is_a_stored_velocity(uniform: Callable[..., Any]) -> None:
    replayed = trained(Options(moments=Moments(replay=RUN.steps, beta=0.75)), uniform)
    rates = tuple(rate * 0.25 for rate in RUN.learning_rates)
    stored = trained(Options(sgd=Sgd(0.75)), uniform, replace(RUN, learning_rates=rates))
    start = np.stack([TASK.init(seed) for seed in RUN.seeds])[:, None]
    moved = np.abs(stored - start).max(-1)
    assert (np.abs(replayed - stored).max(-1) < 0.02 * moved).all()


def test_the_first_scalar_step_is_as_long_as_the_learning_rate() -> None:
    point = resolve(bit_width=1, state_bits=16, step_size="scalar")
    trainer = trainer_of(point, TASK, TrainSettings())

    class Signs:
        scale = 1.0

        def block(self, first: int, steps: int) -> np.ndarray:
            rng = np.random.default_rng(first)
            return rng.choice([-1, 1], size=(steps, 2, D)).astype(np.int16)

    run = replace(RUN, steps=1)
    *_, (_, state) = trainer.run(TASK.fit, run, lambda _: Signs())
    start = np.stack([TASK.init(seed) for seed in RUN.seeds])[:, None]
    moved = np.abs(np.asarray(trainer.weights(state)) - start)
    expected = np.broadcast_to(np.array(run.learning_rates)[None, :, None], moved.shape)
    np.testing.assert_allclose(moved, expected, rtol=2e-3)


@pytest.mark.regression
def test_blocks_change_no_bit_of_what_is_replayed(uniform: Callable[..., Any]) -> None:
    moments = Moments(scalar=True, replay=5)

    def weights(block_steps: int) -> np.ndarray:
        method = Method(TASK.model, TASK.loss, moments=moments)
        start = GeneralTrainer(TASK).start(RUN)
        parts = (TASK.fit, RUN, uniform(RUN.seeds, D), start)
        *_, (_, state) = general_loop.train(method, *parts, block_steps=block_steps)
        return np.asarray(state.weights)

    np.testing.assert_array_equal(weights(7), weights(24))


@pytest.mark.parametrize(("steps", "replay"), [(1, 4), (4, 4), (9, 4), (50, 1), (50, 64)])
def test_replays_are_delivered_and_not_drawn(steps: int, replay: int) -> None:
    settings, axes = TrainSettings(), {"queries": 2}
    plain = trainer_of(resolve(**axes), TASK, settings).cost(steps)
    cost = trainer_of(resolve(**axes, momentum_replay=replay), TASK, settings).cost(steps)
    replays = sum(min(step, replay) for step in range(steps))
    assert cost == replace(plain, deliveries=plain.deliveries + 2 * replays)


def test_replayed_directions_take_the_place_of_a_stored_velocity() -> None:
    settings = TrainSettings(momentum=0.5)
    trainer = trainer_of(resolve(momentum_replay=3), TASK, settings)
    assert isinstance(trainer, GeneralTrainer)
    assert trainer.options.sgd == Sgd()
    assert trainer.options.moments == Moments(replay=3, beta=0.5)
