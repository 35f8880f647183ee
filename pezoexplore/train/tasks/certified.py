"""Certified defence of a black box: a denoiser makes a classifier that can only be queried robust.

A perceptron, trained by backprop on images without noise, is the black box. Under the noise of
randomised smoothing (:mod:`pezoexplore.train.tasks.smoothing`) it errs often, so little can be
certified. A denoiser in front of it (:mod:`pezoexplore.train.networks.denoised`) is trained on
noisy images so that the classifier says the right class. After DeepZero, arXiv 2310.02025,
section 5.

The loss is the probability that the classifier gives to all wrong classes. It is what smoothing
counts, made smooth; it is bounded, and unlike cross-entropy it is not lowered by making a
too confident classifier less confident. Training and validation see noisy images, each as often as
``COPIES`` and ``HELD_COPIES`` say; the accuracy that is reported is the certified accuracy at
``RADIUS`` of test images, of which no noise is seen in training.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.general_loop import Method, Start, train
from pezoexplore.train.networks.denoised import Denoised
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Measured, Split, Task, carve, class_losses
from pezoexplore.train.tasks.datasets import digits, mnist5k
from pezoexplore.train.tasks.smoothing import certify, noisy_copies
from pezoexplore.train.trainer import Run

SIGMA = 0.5
"""Deviation of the noise, where white is 1 and black 0."""

RADIUS = 0.5
"""Radius of the certified accuracy that columns accuracy_... report."""

RADII = {"certified_000": 0.0, "certified_025": 0.25, "certified_075": 0.75, "certified_100": 1.0}
"""Other radii, by column."""

COPIES, HELD_COPIES = 16, 4
"""Noisy copies of each image to train on, and of each that is held out."""

CLASSIFIERS = {"certified-digits": (64, 32, 10), "certified-mnist": (196, 64, 32, 10)}
"""Units of the classifier's layers, by task."""

HIDDEN = (32,)
"""Hidden units of the denoiser."""

_HELD_OUT = {"certified-digits": (360, 287), "certified-mnist": (1000, 800)}
"""Images of the test and the validation split."""

CERTIFIED = 500
"""Most test images that are certified: the first ones, in the random order of the split."""

_STEPS, _RATE, _BATCH = 2000, 0.1, 64
_TRAIN, _FIT, _VALIDATION, _TEST = range(4)


def certified_task(name: str) -> Task:
    """Build the task of that name."""
    images, test = carve(_images(name), _HELD_OUT[name][0])
    fit, validation = carve(images, _HELD_OUT[name][1])
    classifier = Mlp(CLASSIFIERS[name])
    model = Denoised(classifier, trained(classifier, images).tobytes(), HIDDEN)

    def measure(weights: NDArray[np.float32]) -> Measured:
        return measured(model, weights, certified_images(name))

    return Task(
        name,
        model,
        noisy_copies(images, COPIES, SIGMA, _TRAIN),
        noisy_copies(fit, COPIES, SIGMA, _FIT),
        noisy_copies(validation, HELD_COPIES, SIGMA, _VALIDATION),
        noisy_copies(test, HELD_COPIES, SIGMA, _TEST),
        loss=wrong_probability,
        accuracy_before=float(measure(undefended(model)).accuracy[0]),
        measure=measure,
    )


def certified_images(name: str) -> Split:
    """Return the test images, without noise, that a task certifies: float32 [n, features]."""
    return carve(_images(name), _HELD_OUT[name][0])[1][:CERTIFIED]


def undefended(model: Denoised) -> NDArray[np.float32]:
    """Return weights at which the denoiser changes nothing, [1, d]."""
    return np.zeros((1, model.parameters), np.float32)


def wrong_probability(outputs: Array, labels: Array) -> Array:
    """Compute the probability (softmax) of all classes but the right one, [n].

    Args:
        outputs: [n, classes].
        labels: Class numbers, [n].
    """
    return 1 - load_jax().numpy.exp(-class_losses(outputs, labels))


def measured(model: Denoised, weights: NDArray[np.float32], test: Split) -> Measured:
    """Certify test images at weights [seeds, d]."""
    found = certify(model, weights, test.inputs, SIGMA)
    outputs = load_jax().vmap(model.outputs, (0, None))(weights, test.inputs)
    clean = 100 * (np.asarray(outputs).argmax(-1) == test.labels).mean()
    shares = {name: found.accuracy(test.labels, radius).mean() for name, radius in RADII.items()}
    columns = {"clean_accuracy": clean, **shares, "abstained": found.abstained().mean()}
    return Measured(
        found.accuracy(test.labels, RADIUS), {name: float(v) for name, v in columns.items()}
    )


def trained(classifier: Mlp, images: Split) -> NDArray[np.float32]:
    """Train a classifier by backprop on images without noise; return weights [d]."""
    method, run = Method(classifier, class_losses, "backprop"), Run((0,), (_RATE,), _STEPS, _BATCH)
    *_, (_, state) = train(method, images, run, None, Start(classifier.init(0)[None, None]))
    weights: NDArray[np.float32] = np.asarray(state.weights, np.float32)[0, 0]
    return weights


@cache
def _images(name: str) -> Split:
    """Load the images of a task, 0 to 1: digits, or MNIST at half its height and width."""
    if name == "certified-digits":
        stored = digits()
        return Split(stored.inputs.astype(np.float32) / 16, stored.labels)
    large = mnist5k()
    pixels = large.inputs.reshape(-1, 14, 2, 14, 2).mean((2, 4)) / 255
    return Split(pixels.reshape(len(large), -1).astype(np.float32), large.labels)
