"""Examples held out, against scikit-learn, whose import they do without."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pezoexplore.train.task import Split, carve
from pezoexplore.train.tasks.datasets import digits


def cases():
    rng = np.random.default_rng(1)
    for _ in range(60):
        classes = int(rng.integers(2, 12))
        examples = int(rng.integers(2 * classes, 300))
        labels = rng.choice(classes, size=examples, p=rng.dirichlet(np.full(classes, 3.0)))
        yield labels.astype(np.uint8), int(rng.integers(1, examples))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_examples_held_out_are_those_of_scikit_learn(dtype):
    refused = 0
    for labels, size in cases():
        numbers, targets = np.arange(len(labels)), labels.astype(dtype)
        stratify = labels if dtype is np.uint8 else None
        try:
            kept, held = train_test_split(
                numbers, test_size=size, random_state=0, stratify=stratify
            )
        except ValueError as error:
            with pytest.raises(ValueError, match="^" + str(error)[:20]):
                carve(Split(numbers, targets), size)
            refused += 1
            continue
        found = carve(Split(numbers, targets), size)
        for split, expected in zip(found, (kept, held), strict=True):
            np.testing.assert_array_equal(split.inputs, expected)
            np.testing.assert_array_equal(split.labels, targets[expected])
    assert refused < 30


def test_the_digits_are_those_of_scikit_learn():
    pixels, classes = load_digits(return_X_y=True)
    found = digits()
    np.testing.assert_array_equal(found.inputs, pixels.astype(np.uint8))
    np.testing.assert_array_equal(found.labels, classes.astype(np.uint8))
    assert found.inputs.dtype == found.labels.dtype == np.uint8
