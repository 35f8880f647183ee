"""The tasks of certified defence: what they start from, measure and can be trained to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from pezoexplore.design.columns import CERTIFIED_HELP, columns_of
from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.tasks.certified import SIGMA, undefended, wrong_probability
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run


def test_the_loss_is_what_the_wrong_classes_get() -> None:
    outputs = np.random.default_rng(0).normal(0, 3, (5, 10)).astype(np.float32)
    labels = np.array([0, 3, 9, 3, 7], np.uint8)
    expected = 1 - softmax(outputs, -1)[range(5), labels]
    np.testing.assert_allclose(wrong_probability(outputs, labels), expected, atol=1e-6)


@pytest.mark.regression
def test_noisy_digits_for_training_and_a_certificate_for_the_result() -> None:
    task = get_task("certified-digits")
    sizes = [len(split) for split in (task.train, task.fit, task.validation, task.test)]
    assert sizes == [1437 * 16, 1150 * 16, 287 * 4, 360 * 4]
    assert task.parameters == 64 * 32 + 32 + 32 * 64 + 64 == task.init(0).size
    copies = task.train.inputs.astype(np.float32).reshape(16, 1437, 64)
    assert copies.std(0, ddof=1).mean() == pytest.approx(SIGMA, rel=0.03)
    bare = task.measure(undefended(task.model))
    assert bare.accuracy[0] == task.accuracy_before
    assert bare.columns["clean_accuracy"] > 95
    radii = ("certified_000", "certified_025", "certified_075", "certified_100")
    shares = [bare.columns[name] for name in radii]
    shares.insert(2, task.accuracy_before)
    assert shares == sorted(shares, reverse=True) and 70 < shares[0] < 80
    assert 100 - bare.columns["abstained"] >= shares[0]
    start = task.measure(np.stack([task.init(seed) for seed in range(2)]))
    assert np.abs(start.accuracy - task.accuracy_before).max() < 5  # near the bare classifier
    assert start.accuracy[0] != start.accuracy[1]


@pytest.mark.slow
def test_a_denoiser_certifies_more_and_the_classifier_stays_as_it_is() -> None:
    task = get_task("certified-digits")
    frozen = task.model.frozen
    trainer = GeneralTrainer(task, "backprop", None)
    *_, (_, state) = trainer.run(task.train, Run((0,), (1.0,), 1500, 64), None)
    found = task.measure(trainer.weights(state)[:, 0])
    assert found.accuracy[0] > task.accuracy_before + 10
    assert found.columns["abstained"] < 20
    assert task.model.frozen == frozen


@pytest.mark.regression
def test_a_point_reports_the_certified_accuracy() -> None:
    task = get_task("certified-digits")
    settings = TrainSettings(steps=20, seeds=2, learning_rates=(0.001,), batch=16)
    found = train_point(resolve(rng="gaussian", reuse="none"), task, settings)
    assert found.keys() >= CERTIFIED_HELP.keys()
    assert columns_of([task.name])[-len(CERTIFIED_HELP) :] == tuple(CERTIFIED_HELP)
    assert not CERTIFIED_HELP.keys() & set(columns_of(["digits-mlp"]))
    assert found["certified_025"] > found["accuracy_mean"] > found["certified_075"]
    assert found["accuracy_before"] == task.accuracy_before
    assert len(found["accuracy_per_seed"]) == 2
    # A few steps from the start certify what the start does, whatever the noise of the copies.
    assert found["accuracy_mean"] == pytest.approx(task.accuracy_before, abs=4)


@pytest.mark.regression
def test_mnist_is_at_half_its_size() -> None:
    task = get_task("certified-mnist")
    sizes = [len(split) for split in (task.train, task.fit, task.validation, task.test)]
    assert sizes == [4000 * 16, 3200 * 16, 800 * 4, 1000 * 4]
    assert task.parameters == 12_772
    bare = task.measure(undefended(task.model))
    assert bare.accuracy[0] == task.accuracy_before < bare.columns["certified_000"]
    assert bare.columns["clean_accuracy"] > 90
