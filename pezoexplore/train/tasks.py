"""What is trained: a network and its data, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.mlp import Mlp
from pezoexplore.train.network import Array

_DIGITS_TEST = 360
_DIGITS_VALIDATION = 287
"""A fifth of the 1,437 training images, held out to choose the learning rate."""


@dataclass(frozen=True, eq=False)
class Split:
    """Examples.

    Attributes:
        inputs: [examples, features]; small integers stay small integers, since batches are
            gathered on the host and scaled in the compiled loop.
        labels: Class numbers [examples], uint8.
    """

    inputs: NDArray[Any]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.labels)


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
    """

    name: str
    model: Mlp
    train: Split
    fit: Split
    validation: Split
    test: Split

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return self.model.parameters

    def init(self, seed: int) -> NDArray[np.float32]:
        """Initial weights of a training seed, [d]."""
        return self.model.init(seed)

    def forward(self, weights: Array, inputs: Array) -> Array:
        """Outputs [..., examples, classes] at weights [..., d] on inputs [examples, features]."""
        return self.model.logits(self.model.unpack(weights), inputs).swapaxes(-1, -2)


def digits_mlp() -> Task:
    """The scikit-learn digits on a 64-32-10 perceptron: 2,410 parameters, inputs / 16."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, classes = load_digits(return_X_y=True)
    inputs, labels = pixels.astype(np.uint8), classes.astype(np.uint8)

    def carve(split: Split, size: int) -> tuple[Split, Split]:
        kept_x, held_x, kept_y, held_y = train_test_split(
            split.inputs, split.labels, test_size=size, random_state=0, stratify=split.labels
        )
        return Split(kept_x, kept_y), Split(held_x, held_y)

    train, test = carve(Split(inputs, labels), _DIGITS_TEST)
    fit, validation = carve(train, _DIGITS_VALIDATION)
    model = Mlp((64, 32, 10), input_scale=1 / 16)
    return Task("digits-mlp", model, train, fit, validation, test)


TASKS: dict[str, Callable[[], Task]] = {"digits-mlp": digits_mlp}
"""Builders of the tasks by name."""


@cache
def get_task(name: str) -> Task:
    """The task of that name, its data loaded once a process.

    Raises:
        DesignError: There is no such task.
    """
    if name not in TASKS:
        raise DesignError(f"task: unknown task '{name}'; there is {', '.join(sorted(TASKS))}")
    return TASKS[name]()
