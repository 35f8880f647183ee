from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pezoexplore.design.setting_kinds import chance_of
from pezoexplore.errors import PezoError
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.task import Split
from pezoexplore.train.tasks.certified import CLASSIFIERS
from pezoexplore.train.tasks.cifar import CIFAR10_TASKS
from pezoexplore.train.tasks.last_mile import LAST_MILE_TASKS
from pezoexplore.train.tasks.pde import PDE_TASKS
from pezoexplore.train.tasks.registry import TASK_NAMES, TASKS, get_task
from pezoexplore.train.tasks.speech import SPEECH_TASK
from pezoexplore.train.trainer import Run


def rows(split: Split) -> list[bytes]:
    return sorted(
        bytes(x) + bytes([y]) for x, y in zip(split.inputs, split.labels.tolist(), strict=True)
    )


def test_digits_split_is_the_documented_protocol() -> None:
    task = get_task("digits-mlp")
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels, labels, test_size=360, random_state=0, stratify=labels
    )
    np.testing.assert_array_equal(task.train.inputs, train_x)
    np.testing.assert_array_equal(task.train.labels, train_y)
    np.testing.assert_array_equal(task.test.inputs, test_x)
    np.testing.assert_array_equal(task.test.labels, test_y)
    assert task.parameters == 2410


def test_validation_is_a_stratified_part_of_train() -> None:
    task = get_task("digits-mlp")
    assert (len(task.fit), len(task.validation)) == (1150, 287)
    assert sorted(rows(task.fit) + rows(task.validation)) == rows(task.train)
    share = np.bincount(task.validation.labels) / np.bincount(task.train.labels)
    assert np.abs(share - 0.2).max() < 0.01


def test_outputs_scale_inputs_by_a_sixteenth() -> None:
    task = get_task("digits-mlp")
    flat = task.init(0)
    flat[-10:] = np.arange(10)
    (w1, _), (w2, b2) = task.model.unpack(flat)
    inputs = task.test.inputs[:30]
    expected = np.maximum(inputs / 16 @ w1.T, 0) @ w2.T + b2
    np.testing.assert_allclose(task.model.outputs(flat, inputs), expected, rtol=1e-4, atol=1e-4)


def test_a_task_is_loaded_once() -> None:
    assert get_task("digits-mlp") is get_task("digits-mlp")


def test_unknown_task_is_one_line_that_names_what_there_is() -> None:
    with pytest.raises(
        PezoError, match=r"^task: unknown task 'mnist'; there is .*digits-mlp"
    ) as caught:
        get_task("mnist")
    assert "\n" not in str(caught.value)


SHAPES = {
    "digits-mlp-25k": (24_985, 1437, 1150, 287, 360),
    "digits-mlp-100k": (99_160, 1437, 1150, 287, 360),
    "digits-cnn": (1898, 1437, 1150, 287, 360),
    "mnist5k-lenet": (61_706, 4000, 3200, 800, 1000),
    "mnist5k-deepzero-406": (406, 4000, 3200, 800, 1000),
    "mnist5k-deepzero-12286": (12_286, 4000, 3200, 800, 1000),
    "mnist-mlp-25k": (25_017, 4000, 3200, 800, 1000),
    "mnist-mlp-100k": (99_198, 4000, 3200, 800, 1000),
    "mnist-mlp-1m": (998_030, 4000, 3200, 800, 1000),
    "mnist-cnn-100k": (96_658, 4000, 3200, 800, 1000),
    "wine": (275, 143, 108, 35, 35),
    "breast-cancer": (530, 456, 343, 113, 113),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.regression] if name.startswith("mnist") else [])
        for name in SHAPES
    ],
)
def test_splits_and_outputs_of_every_task(name: str) -> None:
    task = get_task(name)
    splits = (task.train, task.fit, task.validation, task.test)
    assert (task.parameters, *map(len, splits)) == SHAPES[name]
    assert task.name == name
    outputs = task.model.outputs(task.init(0), task.test.inputs[:7])
    assert outputs.shape == (7, len(np.unique(task.train.labels)))
    expected = -np.log(np.exp(outputs)[range(7), task.test.labels[:7]] / np.exp(outputs).sum(1))
    np.testing.assert_allclose(task.loss(outputs, task.test.labels[:7]), expected, rtol=1e-4)


def test_every_name_of_the_package_is_known_to_design_files() -> None:
    others = {SPEECH_TASK, *CLASSIFIERS}
    assert set(TASK_NAMES) == {*TASKS, *CIFAR10_TASKS, *LAST_MILE_TASKS, *PDE_TASKS, *others}


@pytest.mark.parametrize(("name", "least"), [("wine", 90), ("breast-cancer", 90)])
def test_the_smoke_tasks_can_be_learned(name: str, least: float) -> None:
    task = get_task(name)
    trainer = GeneralTrainer(task, "backprop")
    *_, (_, state) = trainer.run(task.train, Run((0,), (0.1,), 300, 32), None)
    assert trainer.score(state, task.test).accuracy[0, 0] > least


@pytest.mark.parametrize("name", ["wine", "breast-cancer"])
def test_features_are_standardised_without_the_test_split(name: str) -> None:
    task = get_task(name)
    stored = task.train.inputs
    assert stored.dtype == np.int8
    kept = np.abs(stored).max(0) < 127  # columns without an outlier that was clipped
    values = stored[:, kept] * task.model.input_scale
    assert np.abs(values.mean(0)).max() < 0.01
    np.testing.assert_allclose(values.std(0), 1, atol=0.01)
    assert np.abs(task.test.inputs[:, kept].mean(0) * task.model.input_scale).max() > 0.05


@pytest.mark.slow
def test_the_ladder_of_sizes_trains_on_the_same_images() -> None:
    images = get_task("mnist-cnn-100k")
    for name in ("mnist-mlp-25k", "mnist-mlp-100k", "mnist-mlp-1m"):
        task = get_task(name)
        np.testing.assert_array_equal(task.test.inputs, images.test.inputs.reshape(1000, 784))
        np.testing.assert_array_equal(task.test.labels, images.test.labels)


@pytest.mark.slow
def test_images_for_deepzero_are_quarters_of_mnist() -> None:
    large, small = get_task("mnist5k-lenet"), get_task("mnist5k-deepzero-406")
    image, means = large.test.inputs[3, :, :, 0].astype(int), small.test.inputs[3, :, :, 0]
    assert means.shape == (16, 16)
    assert not means[[0, 15]].any()
    assert means[8, 7] == image[14:16, 12:14].sum() // 4


@pytest.mark.parametrize("name", [*TASKS, "last-mile-rotated", "last-mile-new-classes-16"])
def test_chance_is_the_share_of_the_most_frequent_class(name: str) -> None:
    labels = get_task(name).test.labels
    assert chance_of(name) == pytest.approx(100 * np.bincount(labels).max() / len(labels))


def test_chance_of_a_users_task_is_not_known_by_its_name() -> None:
    assert all(chance_of(name) for name in set(TASK_NAMES) - set(PDE_TASKS))
    assert not any(chance_of(name) for name in PDE_TASKS)  # fields are no classes
    assert chance_of("own:digits") is None
