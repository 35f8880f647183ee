"""A training task: a network, its data in splits, and its loss."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.networks.mlp import cross_entropy
from pezoexplore.train.networks.network import Array, Loss, Network


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
        """Return the number of examples."""
        return len(self.labels)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are class numbers, so that there is an accuracy."""
        return self.labels.ndim == 1 and self.labels.dtype.kind in "ui"

    def __getitem__(self, chosen: NDArray[Any] | slice) -> Split:
        """Return the examples at these indices."""
        return Split(self.inputs[chosen], self.labels[chosen])


def class_losses(outputs: Array, labels: Array) -> Array:
    """Compute the cross-entropy of examples in nats.

    Args:
        outputs: [n, classes].
        labels: Class numbers, [n].

    Returns:
        [n].
    """
    return cross_entropy(outputs.T, labels)


@dataclass(frozen=True)
class Measured:
    """Hold the results of trained networks under a task's own measure.

    Attributes:
        accuracy: By seed, percent.
        columns: Further results by name of their column: means over the seeds.
    """

    accuracy: NDArray[np.float64]
    columns: dict[str, float]


@dataclass(frozen=True, eq=False)
class Task:
    """A network and its data.

    Attributes:
        name: As design files name it.
        model: The network.
        train: Examples of the final runs: all but the test split.
        fit: ``train`` without ``validation``: examples that learning rates are tried on.
        validation: Examples that learning rates are chosen by.
        test: Examples that accuracies are reported on, used for nothing else.
        loss: Losses of examples, [n], from outputs and targets.
        initial: Initial weights by training seed, where they are not the model's own.
        accuracy_before: Accuracy on ``test`` before any training, percent, of a pretrained
            network; None for others.
        code_sha256: Hash of user code that is part of the task; empty for the package's own tasks.
        trainer: Returns the :class:`Trainer` of this task, a ``DesignPoint`` and ``TrainSettings``,
            where the network is not one that JAX can trace.
        measure: Measures trained networks, weights [seeds, d], where the accuracy that is reported
            is not that on ``test``.
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
    trainer: Callable[[Task, Any, Any], Any] | None = None
    measure: Callable[[NDArray[np.float32]], Measured] | None = None

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
        """Return the initial weights of a training seed, float32 [d]."""
        weights: NDArray[np.float32] = (self.initial or self.model.init)(seed)
        return weights


def carve(split: Split, size: int) -> tuple[Split, Split]:
    """Hold out examples, stratified by class where there are classes, always the same ones.

    Returns:
        (the examples kept, the ``size`` examples held out).
    """
    kept, held = _held_out(len(split), size, split.labels if split.has_classes else None)
    return (
        Split(split.inputs[kept], split.labels[kept]),
        Split(split.inputs[held], split.labels[held]),
    )


def _held_out(
    examples: int, size: int, classes: NDArray[Any] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return indices of the examples kept and held out.

    They are those of scikit-learn's ``train_test_split`` with ``random_state=0``, whose import
    takes longer than most trainings; what it would refuse is left to it.
    """
    rng = np.random.RandomState(0)
    if 0 < size < examples and classes is None:
        order = rng.permutation(examples)
        return order[size:], order[:size]
    _, number = np.unique(np.zeros(0) if classes is None else classes, return_inverse=True)
    counts = np.bincount(number)
    if not (0 < len(counts) <= min(size, examples - size) and counts.min() >= 2):
        from sklearn.model_selection import train_test_split

        kept, held = train_test_split(
            np.arange(examples), test_size=size, random_state=0, stratify=classes
        )
        return np.asarray(kept), np.asarray(held)
    by_class = np.split(np.argsort(number, kind="stable"), np.cumsum(counts)[:-1])
    taken = _shared_out(counts, examples - size, rng)
    left_out = _shared_out(counts - taken, size, rng)
    some: list[NDArray[np.int64]] = []
    others: list[NDArray[np.int64]] = []
    for members, first, second in zip(by_class, taken, left_out, strict=True):
        order = members[rng.permutation(len(members))]
        some.append(order[:first])
        others.append(order[first : first + second])
    return rng.permutation(np.concatenate(some)), rng.permutation(np.concatenate(others))


def _shared_out(counts: NDArray[Any], draws: int, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Share draws among classes by their counts; what rounding leaves by the largest remainders."""
    exact = counts / counts.sum() * draws
    shares = np.floor(exact)
    missing = int(draws - shares.sum())
    remainder = exact - shares
    for value in np.unique(remainder)[::-1] if missing else ():
        (ties,) = np.nonzero(remainder == value)
        now = min(len(ties), missing)
        shares[rng.choice(ties, size=now, replace=False)] += 1
        missing -= now
        if not missing:
            break
    whole: NDArray[np.int64] = shares.astype(np.int64)
    return whole


def split_task(name: str, model: Network, data: Split, test: int, validation: int) -> Task:
    """Build a task from one body of examples, ``test`` and ``validation`` of them held out."""
    train, tested = carve(data, test)
    fit, validated = carve(train, validation)
    return Task(name, model, train, fit, validated, tested)
