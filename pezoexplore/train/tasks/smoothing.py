"""Certificates of randomised smoothing: the radius within which no perturbation changes the class.

The smoothed classifier returns the class that the base classifier gives most often to x + noise,
noise of deviation sigma in every feature. Of an image, ``SELECTION`` noisy copies choose the class
and ``ESTIMATION`` others estimate how often it wins; with p the lower Clopper-Pearson bound of
that share at confidence 1 - ``ALPHA``, no perturbation of Euclidean length below sigma Phi^-1(p)
changes it. Where p is not above 1/2 it abstains. Cohen, Rosenfeld and Kolter, arXiv 1902.02918,
theorem 1 and algorithm CERTIFY.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.denoised import Denoised
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split

SELECTION, ESTIMATION = 100, 1000
"""Noisy copies of an image that choose its class, and others that estimate its share."""

ALPHA = 0.001
"""Probability that a certificate is wrong."""

ABSTAINED = -np.inf
"""Radius where the smoothed classifier abstains: below every radius that is asked for."""

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_NOISE_STREAM = 8


@dataclass(frozen=True)
class Certificates:
    """Hold the smoothed classifier's answers to images, [..., images] both.

    Attributes:
        classes: The classes chosen.
        radii: Certified radii, ``ABSTAINED`` where it abstains.
    """

    classes: I64
    radii: F64

    def accuracy(self, labels: NDArray[np.integer], radius: float) -> F64:
        """Return the share of images classified right and certified to a radius, percent [...]."""
        certain = (self.classes == labels) & (self.radii >= radius)
        return np.asarray(100 * certain.mean(-1))

    def abstained(self) -> F64:
        """Return the share of images on which it abstains, percent [...]."""
        return np.asarray(100 * (self.radii == ABSTAINED).mean(-1))


def lower_bound(count: NDArray[np.integer], trials: int, alpha: float = ALPHA) -> F64:
    """Compute the lower Clopper-Pearson bound of a probability.

    Args:
        count: Successes.
        trials: Trials.
        alpha: Probability that the bound is above the probability.
    """
    from scipy.special import betaincinv

    found = betaincinv(np.maximum(count, 1), trials - count + 1, alpha)
    return np.where(count > 0, found, 0.0)


def certified_radius(
    count: NDArray[np.integer], trials: int, sigma: float, alpha: float = ALPHA
) -> F64:
    """Compute certified radii from how often the chosen class won; ``ABSTAINED`` if too seldom."""
    from scipy.special import ndtri

    bound = lower_bound(count, trials, alpha)
    return np.where(bound > 0.5, sigma * ndtri(bound), ABSTAINED)


def certify(
    network: Denoised, weights: NDArray[np.float32], images: NDArray[np.float32], sigma: float
) -> Certificates:
    """Certify images at several weights, on the same noise; arrays are [seeds, images].

    The noise of image i follows from i alone.

    Args:
        network: The base classifier.
        weights: [seeds, d].
        images: [images, features].
        sigma: Deviation of the noise.
    """
    vote = _compiled_votes(network)
    votes = [vote(weights, noisy(image, index, sigma)) for index, image in enumerate(images)]
    choosing, estimating = (np.stack(part, axis=1) for part in zip(*votes, strict=True))
    classes = choosing.argmax(-1)
    won = np.take_along_axis(estimating, classes[..., None], -1)[..., 0]
    return Certificates(classes, certified_radius(won, ESTIMATION, sigma))


def noisy(image: NDArray[np.float32], index: int, sigma: float) -> NDArray[np.float32]:
    """Return the noisy copies of an image, those that choose the class first."""
    rng = np.random.default_rng([index, _NOISE_STREAM])
    noise = rng.standard_normal((SELECTION + ESTIMATION, len(image)), np.float32)
    return image + np.float32(sigma) * noise


def noisy_copies(split: Split, copies: int, sigma: float, stream: int) -> Split:
    """Return several noisy copies of every image, to train and to choose settings on.

    Args:
        split: Images [n, features].
        copies: Copies of each.
        sigma: Deviation of the noise.
        stream: Number of the noise's stream.
    """
    rng = np.random.default_rng([stream, copies, _NOISE_STREAM])
    inputs = np.tile(split.inputs, (copies, 1))
    inputs += np.float32(sigma) * rng.standard_normal(inputs.shape, np.float32)
    return Split(inputs.astype(np.float16), np.tile(split.labels, copies))


@cache
def _compiled_votes(network: Denoised) -> Callable[..., tuple[Array, Array]]:
    """Compile the counts of classes among the copies of an image, [seeds, classes] each."""
    jax = load_jax()
    jnp = jax.numpy

    def votes(weights: Array, copies: Array) -> tuple[Array, Array]:
        def of_seed(flat: Array) -> tuple[Array, Array]:
            outputs = network.outputs(flat, copies)
            # An output that is not finite votes for no class.
            sound = jnp.isfinite(outputs).all(-1, keepdims=True)
            cast = sound & (outputs.argmax(-1)[:, None] == jnp.arange(outputs.shape[1]))
            return cast[:SELECTION].sum(0), cast[SELECTION:].sum(0)

        found: tuple[Array, Array] = jax.lax.map(of_seed, weights)
        return found

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(votes)
    return compiled
