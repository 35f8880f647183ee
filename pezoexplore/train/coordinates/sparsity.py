"""Sparse gradients as DeepZero makes them: ratios by ZO-GraSP, masks drawn by the hardware.

A weight's score says how the gradient's norm depends on it,

    s = -w * (ghat(w + mu ghat(w)) - ghat(w)) / mu,

ghat a two-point random estimate over many directions (DeepZero, arXiv 2310.02025, eq. 4 and
algorithm 1; GraSP, Wang et al., ICLR 2020, with the true gradient). The weights of largest |s| over
all layers only determine how many weights of each tensor are estimated. Every K epochs a new mask
draws that many weights of each tensor at random, and only those are estimated until the next. The
network stays dense. Biases are always estimated: scores start at 0 there, and DeepZero's public
code leaves them out as well. GraSP itself keeps the lowest signed scores; here, as in DeepZero's
public code, the rank is by absolute value.

**Drawing.** The mask comes from the same generator as the directions. Passes of the stream give
each weight a tuple of ``MASK_PASSES`` words; in each tensor the weights with the largest tuples
(compared word by word; of equals the lower index) are in the mask. Several words per weight are
needed since narrow ones tie. The scores take the stream's first ``queries`` steps, the same ones
for both estimates (a replay), and mask k the ``MASK_PASSES`` from ``queries + k * MASK_PASSES`` on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.coordinates.coordinate import Coordinates, padded_coordinates
from pezoexplore.train.estimators import rge
from pezoexplore.train.general_loop import over_replicas
from pezoexplore.train.networks.network import Array, Block, Loss, Network
from pezoexplore.train.probes import Probe
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import Directions

MASK_PASSES = 8
"""Words of the stream that decide whether a weight is in a mask."""

SCORE_QUERIES_AT_ONCE = 16
"""Directions of a score held in memory at once."""

_SCORE_STREAM = 2


@dataclass(frozen=True)
class Sparsity:
    """Settings of the sparse estimate; all defaults but the share are DeepZero's.

    Attributes:
        share: Share of the weights (biases apart) whose gradient is left at zero.
        mask_epochs: Epochs a mask serves (K).
        mu: Length of the probes of the scores, and of the step along ghat.
        queries: Directions of a score's estimate.
    """

    share: float = 0.9
    mask_epochs: int = 5
    mu: float = 5e-3
    queries: int = 192

    def kept(self, network: Network) -> int:
        """Count the coordinates that a step probes."""
        total = network.parameters
        biases = total - sum(block.size for block in weight_tensors(network))
        return biases + self.kept_weights(network)

    def kept_weights(self, network: Network) -> int:
        """Count the weights in a mask, biases apart."""
        weights = sum(block.size for block in weight_tensors(network))
        return weights - round(self.share * weights)

    def mask_steps(self, examples: int, batch: int) -> int:
        """Count the steps that a mask serves."""
        return self.mask_epochs * math.ceil(examples / batch)


@dataclass(frozen=True)
class Scored:
    """Weights and batches that scores are measured on.

    Attributes:
        weights: Initial weights, [seeds, d].
        inputs: One batch per seed, [seeds, batch, ...].
        targets: [seeds, batch, ...].
    """

    weights: NDArray[np.float32]
    inputs: Array
    targets: Array


def weight_tensors(network: Network) -> tuple[Block, ...]:
    """Return the blocks that masks are drawn in: those of two axes and more."""
    return tuple(block for block in network.blocks if len(block.shape) > 1)


def score_batches(data: Split, seeds: Sequence[int], batch: int) -> tuple[Array, Array]:
    """Draw inputs and targets to score on, a batch per seed, other than training's."""
    chosen = np.stack(
        [
            np.random.default_rng([seed, _SCORE_STREAM]).integers(len(data), size=batch)
            for seed in seeds
        ]
    )
    return data.inputs[chosen], data.labels[chosen]


def grasp_scores(
    network: Network, loss: Loss, scored: Scored, directions: Directions, sparsity: Sparsity
) -> NDArray[np.float32]:
    """Compute ZO-GraSP scores of every weight, [seeds, d], from the first ``queries`` steps.

    The step of length mu is along ghat, not normalised; the two estimates share their directions.
    """
    mu = np.float32(sparsity.mu)
    values = directions.block(0, sparsity.queries)
    compiled = _compiled_estimate(Probe(network, loss))

    def estimate(weights: NDArray[np.float32]) -> NDArray[np.float32]:
        total = np.zeros_like(weights)
        for first in range(0, sparsity.queries, SCORE_QUERIES_AT_ONCE):
            some = values[first : first + SCORE_QUERIES_AT_ONCE].swapaxes(0, 1)
            parts = (weights[:, None], some, scored.inputs, scored.targets)
            mean = compiled(*parts, np.float32(directions.scale), mu)
            total += np.asarray(mean)[:, 0] * np.float32(some.shape[1])
        return total / np.float32(sparsity.queries)

    here = estimate(scored.weights)
    there = estimate(scored.weights + mu * here)
    return -scored.weights * ((there - here) / mu)


def kept_counts(network: Network, scores: NDArray[np.floating], keep: int) -> tuple[int, ...]:
    """Count how many of the ``keep`` weights of largest absolute score are in each weight tensor.

    Args:
        network: The network.
        scores: [d]; of equal scores the lower index is kept.
        keep: Weights kept in all, biases apart.
    """
    tensors = weight_tensors(network)
    ranked = np.concatenate([scores[block.start : block.stop] for block in tensors])
    order = np.argsort(-np.abs(ranked), kind="stable")[:keep]
    ends = np.cumsum([block.size for block in tensors])
    owners = np.searchsorted(ends, order, side="right")
    return tuple(int(count) for count in np.bincount(owners, minlength=len(tensors)))


def draw_mask(
    network: Network, counts: Sequence[int], words: NDArray[np.number]
) -> NDArray[np.int64]:
    """Draw a mask: coordinates in rising order, all biases and of each weight tensor its count.

    Args:
        network: The network.
        counts: Weights to keep of each weight tensor.
        words: Words of the stream, [passes, d]; the first pass is compared first.
    """
    inside = np.ones(network.parameters, bool)
    for block, count in zip(weight_tensors(network), counts, strict=True):
        inside[block.start : block.stop] = False
        keys = words[::-1, block.start : block.stop]
        order = np.lexsort((np.arange(block.size), *(-keys.astype(np.float64))))
        inside[block.start + order[:count]] = True
    return np.flatnonzero(inside)


class DrawnMasks:
    """Masks of a run, redrawn every ``mask_steps`` steps by the rule in the module's docstring."""

    def __init__(
        self,
        network: Network,
        counts: Sequence[Sequence[int]],
        directions: Directions,
        queries: int,
        mask_steps: int,
    ) -> None:
        """Prepare masks with given counts.

        Args:
            network: The network.
            counts: Weights to keep of each weight tensor, by seed.
            directions: The stream, ``queries`` steps of which the scores took.
            queries: Directions of a score.
            mask_steps: Steps that a mask serves.
        """
        self._network, self._counts = network, counts
        self._directions, self._queries = directions, queries
        self._steps = mask_steps
        self._drawn = -1
        self._mask: Coordinates = ()

    def at(self, step: int) -> Coordinates:
        """Return the coordinates of a step; called in order of the steps."""
        while self._drawn < step // self._steps:
            self._drawn += 1
            first = self._queries + self._drawn * MASK_PASSES
            words = self._directions.block(first, MASK_PASSES)
            masks = [
                draw_mask(self._network, counts, words[:, seed])
                for seed, counts in enumerate(self._counts)
            ]
            self._mask = padded_coordinates(self._network, masks)
        return self._mask


@cache
def _compiled_estimate(probe: Probe) -> Callable[..., Array]:
    """Compile two-point estimates over some directions, [seeds, 1, d]."""
    jax = load_jax()

    def estimate(
        weights: Array, values: Array, inputs: Array, targets: Array, scale: Array, mu: Array
    ) -> Array:
        def of_replica(flat: Array, values: Array, inputs: Array, targets: Array) -> Array:
            def losses(flat: Array) -> Array:
                return probe.loss(probe.network.outputs(flat, inputs), targets)

            return rge(losses, flat, values, scale, mu)[0]

        mapped = over_replicas(of_replica, probe.network, inputs.shape[1])
        return mapped(weights, values, inputs, targets)

    compiled: Callable[..., Array] = jax.jit(estimate)
    return compiled
