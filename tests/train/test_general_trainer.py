from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.errors import DesignError
from pezoexplore.train import general_loop, loop
from pezoexplore.train.coordinates.sparsity import MASK_PASSES, Sparsity
from pezoexplore.train.estimators import RANDOM
from pezoexplore.train.general_loop import Method, Sgd, Start
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.task import Split
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, DirectionSource, Run

TASK = get_task("digits-mlp")
D = TASK.parameters
RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=24)


def trained(trainer: Any, source: Any, run: Run = RUN, **options: Any) -> np.ndarray:
    *_, (step, state) = trainer.run(TASK.fit, run, source, **options)
    assert step == run.steps
    assert (state.diverged_at == NEVER).all()
    return np.asarray(trainer.weights(state))


@pytest.mark.parametrize(("estimator", "share"), [("rge", 0.01), ("forward_gradient", 0.05)])
def test_one_direction_agrees_with_the_fast_loop(
    estimator: str, share: float, source: DirectionSource
) -> None:
    fast = trained(MlpTrainer(TASK.model), source)
    general = trained(GeneralTrainer(TASK, estimator), source)
    start = np.stack([TASK.init(seed) for seed in RUN.seeds])[:, None]
    moved = np.abs(fast - start).max(axis=-1)
    error = np.abs(fast - general).max(axis=-1)
    assert (moved > 0.01).all()
    assert (error < share * moved).all()


def test_scores_agree_with_the_fast_loop(source: DirectionSource) -> None:
    general, fast = GeneralTrainer(TASK), MlpTrainer(TASK.model)
    *_, (_, state) = general.run(TASK.fit, RUN, source)
    *_, (_, same) = fast.run(TASK.fit, RUN, source)
    found, expected = general.score(state, TASK.validation), fast.score(same, TASK.validation)
    np.testing.assert_allclose(found.accuracy, expected.accuracy, atol=0.7)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-3)
    assert general.weights(state).shape == (2, 2, D)


def test_targets_that_are_no_classes_have_a_loss_alone() -> None:
    def squares(outputs: Any, targets: Any) -> Any:
        return ((outputs[:, :2] - targets) ** 2).sum(-1)

    trainer = GeneralTrainer(replace(TASK, loss=squares), "backprop", None)
    targets = np.random.default_rng(0).normal(size=(len(TASK.fit), 2)).astype(np.float32)
    data = Split(TASK.fit.inputs, targets)
    states = dict(trainer.run(data, Run((0,), (0.01,), 24), None, (0,)))
    before, after = (trainer.score(states[step], data) for step in (0, 24))
    assert after.loss[0, 0] < before.loss[0, 0]
    assert np.isnan(after.accuracy).all()


def test_directions_of_a_step_follow_each_other_in_the_stream(
    uniform: Callable[..., Any],
) -> None:
    asked = []

    def source(seeds: Any) -> Any:
        asked.append(uniform(seeds, D))
        return asked[-1]

    pairs = trained(GeneralTrainer(TASK, "rge", 2), source)
    assert asked[0].asked == [(0, 48)]
    values = uniform(RUN.seeds, D).block(0, 48)
    halves = []

    class Half:
        scale = uniform.scale

        def __init__(self, at: int) -> None:
            self.at = at

        def block(self, first: int, steps: int) -> np.ndarray:
            return values[self.at :: 2][first : first + steps]

    run = Run(RUN.seeds, RUN.learning_rates, 1)
    pair = trained(GeneralTrainer(TASK, "rge", 2), source, run)
    halves = [trained(GeneralTrainer(TASK), lambda _, at=at: Half(at), run) for at in (0, 1)]
    np.testing.assert_allclose(pair, (halves[0] + halves[1]) / 2, atol=1e-5)
    assert np.abs(pairs - pair).max() > 1e-3


def test_blocks_and_stops_change_no_bit(uniform: Callable[..., Any]) -> None:
    trainer = GeneralTrainer(TASK, "rge", 2)
    whole = trained(trainer, lambda seeds: uniform(seeds, D))
    directions = uniform(RUN.seeds, D)
    cut = general_loop.train(
        Method(TASK.model, TASK.loss),
        TASK.fit,
        RUN,
        directions,
        trainer.start(RUN),
        (0, 5, 6, 99),
        queries=2,
        block_steps=7,
    )
    handed = {step: np.asarray(state.weights) for step, state in cut}
    assert list(handed) == [0, 5, 6, 24]
    np.testing.assert_array_equal(handed[0][1, 1], TASK.init(7))
    np.testing.assert_array_equal(handed[24], whole)
    assert directions.asked == [(0, 14), (14, 14), (28, 14), (42, 6)]


def test_large_targets_shorten_the_blocks_as_large_inputs_do(
    uniform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(data: Split) -> int:
        """Return the most steps that were prepared at once."""
        directions = uniform((0,), D)
        task = replace(TASK, loss=lambda outputs, targets: (outputs - targets.mean(1)).sum(-1))
        run = Run((0,), (0.001,), 24, batch=4)
        *_, _ = GeneralTrainer(task).run(data, run, lambda seeds: directions)
        return max(count for _, count in directions.asked)

    inputs, targets = TASK.fit.inputs[:8], np.zeros((8, 512, 10), np.float32)
    monkeypatch.setattr(loop, "BLOCK_BYTES", 12 * 4 * targets[:1].nbytes)
    assert asked(Split(inputs, targets[:, :1])) == 24
    assert 9 <= asked(Split(inputs, targets)) <= 12


def test_a_run_resumes_where_it_stopped(uniform: Callable[..., Any]) -> None:
    trainer = GeneralTrainer(TASK)
    whole = {
        step: state.weights
        for step, state in trainer.run(TASK.fit, RUN, lambda seeds: uniform(seeds, D), (10,))
    }

    class Later:
        scale = uniform.scale

        def block(self, first: int, steps: int) -> np.ndarray:
            return uniform(RUN.seeds, D).block(0, RUN.steps)[first : first + steps]

    rest = trainer.resume(TASK.fit, RUN, lambda _: Later(), Start(whole[10], 10))
    (_, state) = list(rest)[-1]
    np.testing.assert_array_equal(state.weights, whole[24])


@pytest.mark.parametrize("estimator", ["rge_onesided", "sign_spsa", "backprop"])
def test_every_estimator_learns(estimator: str, source: DirectionSource) -> None:
    rate = {"backprop": 0.1, "sign_spsa": 3e-3}.get(estimator, 1e-2)
    run = Run((0, 7), (rate, 2 * rate), 200)
    trainer = GeneralTrainer(TASK, estimator, None if estimator == "backprop" else 1)
    states = dict(trainer.run(TASK.fit, run, None if estimator == "backprop" else source, (0,)))
    before, after = (trainer.score(states[step], TASK.validation).loss for step in (0, 200))
    assert (after < 0.97 * before).all()


@pytest.mark.regression
def test_cge_learns_as_backprop_does() -> None:
    run = Run((0,), (0.1,), 10)
    cge = GeneralTrainer(TASK, "cge", None)
    exact = trained(GeneralTrainer(TASK, "backprop", None), None, run)
    probed = trained(cge, None, run)
    moved = exact[0, 0] - TASK.init(0)
    assert np.linalg.norm(probed - exact) < 0.05 * np.linalg.norm(moved)


@pytest.mark.regression
def test_sparse_cge_moves_the_masks_alone(source: DirectionSource) -> None:
    options = Options(sparsity=Sparsity(share=0.9, queries=32))
    trainer = GeneralTrainer(TASK, "cge_sparse", None, options)
    run = Run((0,), (0.1,), 3)
    moved = trained(trainer, source, run)[0, 0] - TASK.init(0)
    kept = options.sparsity.kept(TASK.model)
    assert kept == 42 + 237
    assert 0.5 * kept < (moved != 0).sum() <= kept
    exact = trained(GeneralTrainer(TASK, "backprop", None), None, Run((0,), (0.1,), 1))
    slope = exact[0, 0] - TASK.init(0)
    assert np.corrcoef(moved[moved != 0], slope[moved != 0])[0, 1] > 0.8


def test_momentum_and_weight_decay(source: DirectionSource) -> None:
    def weights(steps: int, **options: float) -> np.ndarray:
        trainer = GeneralTrainer(TASK, "backprop", None, Options(sgd=Sgd(**options)))
        handed = dict(trainer.run(TASK.fit, Run((0,), (0.1,), 24), None, (1, 2)))
        return np.asarray(handed[steps].weights)[0, 0].astype(np.float64)

    start = TASK.init(0).astype(np.float64)
    plain, pushed = [start, weights(1), weights(2)], weights(2, momentum=0.5)
    rates = 0.1 * (1 + np.cos(np.pi * np.arange(2) / 24)) / 2
    np.testing.assert_allclose(weights(1, momentum=0.5), plain[1], atol=1e-6)
    kept = 0.5 * rates[1] * (plain[1] - plain[0]) / rates[0]
    np.testing.assert_allclose(pushed, plain[2] + kept, atol=1e-6)
    decayed = weights(1, weight_decay=0.2)
    np.testing.assert_allclose(decayed, plain[1] - rates[0] * 0.2 * start, atol=1e-6)


@pytest.mark.parametrize(
    "estimator", ["rge", pytest.param("cge", marks=pytest.mark.regression), "backprop"]
)
def test_divergence_is_marked_with_its_step(estimator: str, source: DirectionSource) -> None:
    trainer = GeneralTrainer(TASK, estimator, 1 if estimator == "rge" else None)
    run = Run((0,), (0.01, 1e30), 6)
    *_, (_, state) = trainer.run(TASK.fit, run, source)
    assert state.diverged_at[0, 0] == NEVER
    assert 0 < state.diverged_at[0, 1] < 6
    assert trainer.score(state, TASK.validation).accuracy[0, 1] == 0


def test_costs_of_a_run() -> None:
    def costs(estimator: str, queries: int | None) -> tuple[int, int, int, int]:
        trainer = GeneralTrainer(TASK, estimator, queries)
        cost = trainer.cost(50)
        return cost.forward_passes, cost.passes, cost.random_numbers // D, cost.deliveries

    assert costs("rge", 1) == (100, 100, 50, 150)
    assert costs("rge", 3) == (300, 300, 150, 450)
    assert costs("rge_onesided", 3) == (200, 200, 150, 300)
    assert costs("sign_spsa", 3) == (300, 300, 150, 450)
    assert costs("forward_gradient", 3) == (150, 300, 150, 300)
    assert costs("backprop", None) == (50, 150, 0, 0)
    assert costs("cge", None) == (50 * (D + 1), 50 * (D + 1), 0, 0)
    probes = 50 * (42 + 237 + 1) + 4 * 192
    drawn, delivered = 192 + MASK_PASSES, 6 * 192 + MASK_PASSES
    assert costs("cge_sparse", None) == (probes, probes, drawn, delivered)
    few = Options(sparsity=Sparsity(mask_epochs=1), batch=100)  # masks of 15 steps
    trainer = GeneralTrainer(TASK, "cge_sparse", None, few)
    assert trainer.cost(50).random_numbers == (192 + 4 * MASK_PASSES) * D


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(DesignError, match="normalise needs estimator rge_onesided"):
        GeneralTrainer(TASK, "rge_onesided", 1, Options(normalise=True))
    with pytest.raises(DesignError, match="normalise"):
        GeneralTrainer(TASK, "rge", 4, Options(normalise=True))
    for estimator in RANDOM:
        with pytest.raises(DesignError, match="needs rng other than none"):
            GeneralTrainer(TASK, estimator).run(TASK.fit, RUN, None)
