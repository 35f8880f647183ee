from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pezoexplore.errors import PezoError
from pezoexplore.train.tasks import Split, get_task


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


def test_forward_scales_inputs_by_a_sixteenth() -> None:
    task = get_task("digits-mlp")
    flat = task.init(0)
    flat[-10:] = np.arange(10)
    (w1, _), (w2, b2) = task.model.unpack(flat)
    inputs = task.test.inputs[:30]
    expected = np.maximum(inputs / 16 @ w1.T, 0) @ w2.T + b2
    np.testing.assert_allclose(task.forward(flat, inputs), expected, rtol=1e-4, atol=1e-4)


def test_a_task_is_loaded_once() -> None:
    assert get_task("digits-mlp") is get_task("digits-mlp")


def test_unknown_task_is_one_line_that_names_what_there_is() -> None:
    with pytest.raises(
        PezoError, match=r"^task: unknown task 'mnist'; there is .*digits-mlp"
    ) as caught:
        get_task("mnist")
    assert "\n" not in str(caught.value)
