"""Last-mile adaptation: a network trained on one domain, k examples per class of another.

The network is the digits perceptron. Its source domain is the training part of the digits,
unchanged (for new classes: of 0 to 4), on which it is trained by backprop once per process, always
with the same result. The target domain is the same split of the digits after a shift:

- ``rotated``: rotated by ``ANGLE`` degrees, bilinear;
- ``inverted``: 16 - x;
- ``noisy``: Gaussian noise of deviation ``NOISE`` (in sixteenths) added, clipped;
- ``new-classes``: the classes 5 to 9, which the network has outputs for and has never seen.

Adaptation sees k examples of each class of the shifted training part and nothing else of the
target domain: a quarter of the k is the validation split that settings are chosen on, and final
runs train on all k. The test split is the shifted test part of the digits. The setting and k = 16
follow "Stepping Forward on the Last Mile" (QZO-FF, arXiv 2411.04036), on data that need no
download.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.general_loop import Method, Start, train
from pezoexplore.train.task import Split, Task, carve, class_losses
from pezoexplore.train.tasks.datasets import digits_mlp
from pezoexplore.train.trainer import Run

LAST_MILE_TASKS = tuple(
    f"last-mile-{shift}" for shift in ("rotated", "inverted", "noisy", "new-classes")
)
"""Adaptation tasks; the suffix ``-K`` sets K examples per class."""

ANGLE = 45.0
"""Rotation of ``rotated``, degrees."""

NOISE = 6.0
"""Standard deviation of the noise, in steps of 1 / 16."""

SHOTS = 16
"""Examples per class of a name without ``-K``."""

MOST_SHOTS = 128
"""Most examples per class: the rarest digit has 139 training images."""

_WHITE = 16
_OLD_CLASSES = 5
_SOURCE_STEPS, _SOURCE_RATE, _SOURCE_BATCH = 2000, 0.1, 64
_NOISE_STREAM, _SHOT_STREAM = 2, 3

Pixels = NDArray[np.uint8]


def last_mile(name: str) -> Task:
    """Build the adaptation task of that name.

    Raises:
        DesignError: Not such a name, or fewer than ``SHOTS`` or more than ``MOST_SHOTS`` examples.
    """
    shift, shots = _parsed(name)
    source = digits_mlp()
    new = shift == "new-classes"
    old = np.arange(_OLD_CLASSES if new else 10)
    start = pretrained(len(old))
    classes = np.arange(_OLD_CLASSES, 10) if new else np.arange(10)
    train = few(shifted(_of_classes(source.train, classes), shift), shots)
    test = shifted(_of_classes(source.test, classes), shift)
    fit, validation = carve(train, len(train) // 4)
    task = Task(name, source.model, train, fit, validation, test, initial=lambda seed: start.copy())
    return replace(task, accuracy_before=accuracy(task))


@cache
def pretrained(classes: int) -> NDArray[np.float32]:
    """Train the digits perceptron by backprop on digits below ``classes``; return weights [d]."""
    source = digits_mlp()
    run = Run((0,), (_SOURCE_RATE,), _SOURCE_STEPS, _SOURCE_BATCH)
    method = Method(source.model, class_losses, "backprop")
    begin = Start(source.init(0)[None, None])
    data = _of_classes(source.train, np.arange(classes))
    *_, (_, state) = train(method, data, run, None, begin)
    weights: NDArray[np.float32] = np.asarray(state.weights, np.float32)[0, 0]
    return weights


def accuracy(task: Task) -> float:
    """Measure the accuracy on a task's test split at its initial weights, percent."""
    outputs = np.asarray(load_jax().jit(task.model.outputs)(task.init(0), task.test.inputs))
    return 100 * float((outputs.argmax(-1) == task.test.labels).mean())


def shifted(split: Split, shift: str) -> Split:
    """Return a split of digits, [n, 64] of 0 to 16, in the target domain."""
    return Split(_SHIFTS[shift](split.inputs), split.labels)


def few(split: Split, shots: int) -> Split:
    """Choose ``shots`` examples of each class, always the same ones."""
    rng = np.random.default_rng([0, _SHOT_STREAM])
    chosen = [
        rng.permutation(np.flatnonzero(split.labels == label))[:shots]
        for label in np.unique(split.labels)
    ]
    return split[np.sort(np.concatenate(chosen))]


def _parsed(name: str) -> tuple[str, int]:
    """Parse a name into shift and examples per class."""
    task = next(task for task in LAST_MILE_TASKS if name.startswith(task))
    words = name.removeprefix(task)
    if not words:
        return task.removeprefix("last-mile-"), SHOTS
    count = words.removeprefix("-")
    if not (words[0] == "-" and count.isdecimal() and SHOTS <= int(count) <= MOST_SHOTS):
        raise DesignError(
            f"task: '{name}' is not {task} or {task}-K with K examples per class, "
            f"{SHOTS} to {MOST_SHOTS}"
        )
    return task.removeprefix("last-mile-"), int(count)


def _of_classes(split: Split, classes: NDArray[np.int64]) -> Split:
    return split[np.flatnonzero(np.isin(split.labels, classes))]


def _rotated(pixels: Pixels) -> Pixels:
    from scipy.ndimage import rotate

    images = pixels.reshape(-1, 8, 8).astype(np.float64)
    rotated = rotate(images, ANGLE, axes=(1, 2), reshape=False, order=1)
    return np.rint(rotated).clip(0, _WHITE).astype(np.uint8).reshape(-1, 64)


def _noisy(pixels: Pixels) -> Pixels:
    # The stream is seeded by the number of images, so that train and test differ.
    rng = np.random.default_rng([len(pixels), _NOISE_STREAM])
    noise = rng.normal(0.0, NOISE, pixels.shape)
    return np.rint(pixels + noise).clip(0, _WHITE).astype(np.uint8)


_SHIFTS: dict[str, Callable[[Pixels], Pixels]] = {
    "rotated": _rotated,
    "inverted": lambda pixels: (_WHITE - pixels).astype(np.uint8),
    "noisy": _noisy,
    "new-classes": lambda pixels: pixels,
}
