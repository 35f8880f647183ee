"""Scopes of directions against plain loops in float64 and directions written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.streams.stream import Directions
from pezoexplore.train.backend import load_jax
from pezoexplore.train.costs import run_costs
from pezoexplore.train.fixed_loop import FixedTrainer, stream_steps
from pezoexplore.train.loop import Batches
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.cnn import Cnn, Conv
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.steps.scope import scope_of, tail_gradient
from pezoexplore.train.task import Task, class_losses
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

TASK = get_task("digits-mlp")
D, HIDDEN = 2410, 2080
"""Weights, and those before the last layer."""
ONE_BIT = {"bit_width": 1, "state_bits": 16, "taps": "sparse", "rng": "lut_opt"}
RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=40)
IMAGES = Cnn((6, 6, 1), (Conv(2, pool=2), Conv(3, groups=3)), (7, 5), 4)


def cut(flat: np.ndarray) -> tuple[np.ndarray, ...]:
    w1, b1, w2, b2 = np.split(flat, np.cumsum([2048, 32, 320]))
    return w1.reshape(32, 64), b1, w2.reshape(10, 32), b2


def slow_loss(flat: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    w1, b1, w2, b2 = cut(flat)
    logs = log_softmax(np.maximum(x / 16 @ w1.T + b1, 0) @ w2.T + b2, axis=1)
    return float(-logs[np.arange(len(y)), y].mean())


def last_gradient(flat: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Gradient of the last layer, written out, zeros before it."""
    w1, b1, w2, b2 = cut(flat)
    hidden = np.maximum(x / 16 @ w1.T + b1, 0)
    error = (softmax(hidden @ w2.T + b2, axis=1) - np.eye(10)[y]) / len(y)
    parts = (np.zeros(HIDDEN), (error.T @ hidden).ravel(), error.sum(axis=0))
    return np.concatenate(parts)


def slow_training(seed: int, rate: float, z: np.ndarray, hybrid: bool) -> np.ndarray:
    weights = TASK.init(seed).astype(np.float64)
    chosen = Batches([seed], len(TASK.train), RUN.batch).block(RUN.steps)[:, 0]
    for step in range(RUN.steps):
        x, y = TASK.train.inputs[chosen[step]], TASK.train.labels[chosen[step]]
        probe = RUN.epsilon * z[step]
        slope = (slow_loss(weights + probe, x, y) - slow_loss(weights - probe, x, y)) / (
            2 * RUN.epsilon
        )
        gradient = slope * z[step] + (last_gradient(weights, x, y) if hybrid else 0)
        weights -= rate * (1 + np.cos(np.pi * step / RUN.steps)) / 2 * gradient
    return weights


def smallest(seed: int, share: float) -> np.ndarray:
    """Return indices: all biases, and of each matrix the share smallest in absolute value."""
    flat, kept = np.abs(TASK.init(seed)), []
    for start, stop in ((0, 2048), (2080, 2400)):
        order = sorted(range(start, stop), key=lambda at: (flat[at], at))
        kept += order[: round(share * (stop - start))]
    return np.array(sorted([*kept, *range(2048, 2080), *range(2400, 2410)]))


@pytest.mark.parametrize(
    ("axes", "numbers"),
    [
        ({"scope": "last:1"}, HIDDEN),
        ({"scope": "last:1", "rng": "lfsr", "bit_width": 8, "reuse_period": 3}, HIDDEN),
        ({"scope": "sparse:0.1"}, 205 + 32 + 42),
        ({"scope": "sparse:0.5", "bit_width": 8}, 1024 + 160 + 42),
    ],
)
def test_training_agrees_with_a_plain_loop(axes: dict[str, Any], numbers: int) -> None:
    point = resolve(**ONE_BIT | axes)
    words = Directions.of(point.perturbation(), numbers, RUN.seeds)
    z = np.zeros((RUN.steps, 2, D))
    places = [np.arange(numbers)] * 2
    if "sparse" in point.scope:
        places = [smallest(seed, float(point.scope[7:])) for seed in RUN.seeds]
    for index, where in enumerate(places):
        z[:, index, where] = words.block(0, RUN.steps)[:, index] * words.scale
    trainer = trainer_of(point, TASK, TrainSettings())
    assert isinstance(trainer, MlpTrainer) == ("sparse" in point.scope)
    *_, (_, state) = trainer.run(TASK.train, RUN, stream_source(point, TASK))
    found = trainer.weights(state)
    assert (state.diverged_at == NEVER).all()
    for i, seed in enumerate(RUN.seeds):
        for j, rate in enumerate(RUN.learning_rates):
            expected = slow_training(seed, rate, z[:, i], "last" in point.scope)
            moved = np.abs(expected - TASK.init(seed)).max()
            assert moved > 0.005
            assert np.abs(found[i, j] - expected).max() < 2e-3 * moved


@pytest.mark.slow
@pytest.mark.parametrize(
    "rounding", [pytest.param("nearest", marks=pytest.mark.regression), "stochastic"]
)
def test_integers_outside_the_scope_stay(rounding: str) -> None:
    axes = {"weight_bits": 16, "activation_bits": 8, "rounding": rounding, "bit_width": 4}
    point = resolve(**ONE_BIT | axes, scope="sparse:0.1")
    trainer = trainer_of(point, TASK, TrainSettings())
    assert isinstance(trainer, FixedTrainer)
    *_, (_, state) = trainer.run(TASK.train, RUN, stream_source(point, TASK))
    start = trainer.network.quantised(np.stack([TASK.init(seed) for seed in RUN.seeds]))
    moved = trainer.integers(state) != start[:, None]
    for index, seed in enumerate(RUN.seeds):
        inside = np.isin(np.arange(D), smallest(seed, 0.1))
        assert not moved[index][:, ~inside].any()
        assert moved[index][:, inside].mean() > 0.5

    class WrittenOut:
        """The stream's words put in place by hand."""

        scale = Directions.of(point.perturbation(), 279, RUN.seeds).scale

        def block(self, first: int, steps: int) -> np.ndarray:
            words = Directions.of(point.perturbation(), 279, RUN.seeds).block(first, steps)
            values = np.zeros((steps, 2, D), words.dtype)
            for index, seed in enumerate(RUN.seeds):
                values[:, index, smallest(seed, 0.1)] = words[:, index]
            return values

    *_, (_, again) = trainer.run(TASK.train, RUN, lambda seeds: WrittenOut())
    np.testing.assert_array_equal(trainer.integers(again), trainer.integers(state))
    assert trainer.cost(10).random_numbers == 10 * 279 * stream_steps(point)


@pytest.mark.regression
def test_the_tail_of_a_convolution_network_is_that_of_its_gradient() -> None:
    jax = load_jax()
    inputs = np.random.default_rng(1).normal(size=(9, 6, 6, 1)).astype(np.float32)
    labels = np.arange(9, dtype=np.int32) % 4
    flat = IMAGES.init(1) + np.float32(0.1)

    def mean(weights: Any) -> Any:
        return class_losses(IMAGES.outputs(weights, inputs), labels).mean()

    @jax.jit
    def all_of_them(flat: Any) -> Any:
        some = [tail_gradient(IMAGES, class_losses, flat, inputs, labels, n) for n in (1, 2, 3)]
        return some, jax.grad(mean)(flat)

    tails, whole = jax.tree.map(np.asarray, all_of_them(flat))
    for last, found in enumerate(tails, 1):
        start = next(b.start for b in IMAGES.blocks if b.layer == IMAGES.layers - last)
        np.testing.assert_array_equal(found[:start], 0)
        np.testing.assert_allclose(found[start:], whole[start:], rtol=1e-4, atol=1e-6)
        assert np.abs(whole[start:]).max() > 0.01


def image_task(model: Cnn) -> Task:
    return replace(get_task("digits-cnn"), model=model)


@pytest.mark.parametrize(
    ("model", "scope", "allowed"),
    [
        (IMAGES, "last:4", "last:1 to last:3"),
        (Cnn((8, 8, 1), (Conv(2),), (), 10), "last:2", "last:1"),
    ],
)
def test_convolutions_are_left_to_directions(model: Cnn, scope: str, allowed: str) -> None:
    with pytest.raises(DesignError, match=f"{scope}: .*allowed for digits-cnn: {allowed}$"):
        scope_of(resolve(scope=scope), image_task(model))


@pytest.mark.regression
def test_a_hybrid_step_and_a_sparse_one_train_a_convolution_network() -> None:
    task = get_task("digits-cnn")
    for scope in ("last:1", "sparse:0.5"):
        point = resolve(**ONE_BIT, scope=scope)
        trainer = trainer_of(point, task, TrainSettings())
        run = Run((0,), (0.01,), 40)
        states = dict(trainer.run(task.fit, run, stream_source(point, task), (0,)))
        before, after = (trainer.score(states[step], task.validation).loss for step in (0, 40))
        assert (after < before).all()


@pytest.mark.parametrize(
    ("axes", "bits", "passes"),
    [
        ({"scope": "last:1"}, HIDDEN, 50 * 3 + 14),
        ({"scope": "last:1", "rank": "1"}, 64 + 31 + 32, 50 * 3 + 14),
        ({"scope": "last:1", "queries": 3, "estimator": "sign_spsa"}, 3 * HIDDEN, 50 * 7 + 14),
        ({"scope": "sparse:0.1"}, 279, 100),
        ({"scope": "sparse:0.1", "bit_width": 8, "momentum_replay": 2}, 8 * 279, 100),
        ({"estimator": "cocd"}, 0, 100),
        ({"estimator": "cocd", "queries": 30}, 0, 3000),
    ],
)
def test_costs_of_a_step(axes: dict[str, Any], bits: int, passes: int) -> None:
    """The last layer's 320 of 2,368 products make 13.5 of 50 passes, counted twice."""
    point = resolve(**ONE_BIT | axes)
    cost = trainer_of(point, TASK, TrainSettings()).cost
    found = run_costs(point, TASK, 64, 50, cost, 10)
    assert found["random_bits_per_step"] == bits
    assert found["macs"] == passes * 64 * 2368 == cost(50).passes * 64 * 2368
    numbers = bits // (point.bits * (point.queries or 1)) if bits else 0
    numbers = HIDDEN if point.outer_products else numbers  # as many beats as without
    assert found["numbers_to_target"] == cost(10).deliveries * -(-numbers // 31) * 31


@pytest.mark.parametrize(
    ("axes", "settings", "message"),
    [
        ({"scope": "last:2"}, {}, "allowed for digits-mlp: last:1$"),
        ({"scope": "sparse:0.5"}, {"weight_decay": 0.1}, "scope sparse:0.5 needs 0"),
        (
            {"scope": "last:1", "estimator": "rge_onesided", "queries": 2},
            {"normalise": True},
            "scope must be all",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    axes: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        trainer_of(resolve(**axes), TASK, TrainSettings(**settings))


def test_a_scope_without_a_weight_is_refused() -> None:
    bare = Cnn((8, 8, 1), (Conv(2),), (), 10)
    blocks = tuple(block for block in bare.blocks if len(block.shape) > 1)

    class Bare:
        parameters = bare.parameters

    Bare.blocks = blocks  # type: ignore[attr-defined]
    with pytest.raises(DesignError, match="scope sparse:1e-05 keeps none of digits-cnn's weights"):
        scope_of(resolve(scope="sparse:1e-05"), replace(image_task(bare), model=Bare()))
