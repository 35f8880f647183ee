"""Training by coordinate-wise estimation (CGE, DeepZero, arXiv 2310.02025), split over processes.

Coordinates are probed by :mod:`pezoexplore.train.probes`. Those of a layer are processed in chunks
of fixed size, by one compiled function with run-time bounds, so that it changes no bit of the
result which process takes which chunk.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.general_loop import Sgd, Start, first_replicas, over_replicas, sgd_step
from pezoexplore.train.loop import Block, Bounds, Carried, Loop, cosine_rates, drive
from pezoexplore.train.networks.network import Array, Network
from pezoexplore.train.probes import Probe, probed
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import Run, TrainState

CHUNK = 32
"""Coordinates of a chunk, the least that a process takes."""

Coordinates: TypeAlias = tuple[NDArray[np.int32], ...]
"""Indices to probe by layer, [seeds, a multiple of CHUNK] each; the index d is padding."""


@dataclass(frozen=True)
class Point:
    """Weights and batch at which the coordinates are probed, and the length of the probe.

    Attributes:
        weights: [seeds, rates, d].
        inputs: [seeds, batch, ...].
        targets: [seeds, batch, ...].
        epsilon: Length of the probe (DeepZero's mu).
    """

    weights: Array
    inputs: Array
    targets: Array
    epsilon: float


class Masks(Protocol):
    """The coordinates to probe, by step."""

    def at(self, step: int) -> Coordinates:
        """Return the coordinates of a step; called in order of the steps."""


def layer_coordinates(network: Network) -> list[NDArray[np.int32]]:
    """Return the indices of the weights of each layer, in order."""
    found: list[list[NDArray[np.int32]]] = [[] for _ in range(network.layers)]
    for block in network.blocks:
        found[block.layer].append(np.arange(block.start, block.stop, dtype=np.int32))
    return [np.concatenate(parts) if parts else np.zeros(0, np.int32) for parts in found]


def padded_coordinates(network: Network, chosen: Sequence[NDArray[Any]]) -> Coordinates:
    """Sort the indices that each seed probes by layer.

    Args:
        network: The network.
        chosen: Indices of each seed, in rising order.
    """
    layers = layer_coordinates(network)
    by_layer = [[np.intersect1d(of, mine, assume_unique=True) for mine in chosen] for of in layers]
    return tuple(_padded(parts, network.parameters) for parts in by_layer)


class Everywhere:
    """All coordinates at every step: plain CGE."""

    def __init__(self, network: Network, seeds: int) -> None:
        """Build the coordinates for a number of seeds."""
        self._all = padded_coordinates(network, [np.arange(network.parameters)] * seeds)

    def at(self, step: int) -> Coordinates:
        """Return all coordinates, whatever the step."""
        return self._all


class Workers(ExitStack):
    """A context of processes that share the probing; one worker means this process alone."""

    def __init__(self, workers: int = 1) -> None:
        """Start ``workers`` - 1 processes besides this one (spawned, not forked)."""
        super().__init__()
        self.count = workers
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers - 1, mp_context=spawn)
            self.callback(self._pool.shutdown, cancel_futures=True)

    def changes(self, probe: Probe, point: Point, coordinates: Coordinates) -> list[Array]:
        """Compute the mean loss's changes at each layer's coordinates, [seeds, rates, n] each."""
        if self._pool is None:
            return _share(probe, point, coordinates, 0, 1)
        weights, inputs, targets = map(np.asarray, (point.weights, point.inputs, point.targets))
        sent = Point(weights, inputs, targets, point.epsilon)
        others = [
            self._pool.submit(_sent_share, probe, sent, coordinates, part, self.count)
            for part in range(1, self.count)
        ]
        parts = [_share(probe, point, coordinates, 0, self.count)]
        parts += [other.result() for other in others]
        return [np.concatenate(layer, axis=-1) for layer in zip(*parts, strict=True)]


def gradient(
    probe: Probe, point: Point, coordinates: Coordinates, workers: Workers | None = None
) -> tuple[Array, Array]:
    """Estimate g_i = (L(w + eps e_i) - L(w)) / eps at given coordinates, zero elsewhere.

    Returns:
        The estimate [seeds, rates, d], and whether all changes were finite [seeds, rates].
    """
    changes = (workers or Workers()).changes(probe, point, coordinates)
    return _compiled_gather()(point.weights, tuple(changes), coordinates, np.float32(point.epsilon))


def train_by_coordinates(
    probe: Probe,
    sgd: Sgd,
    data: Split,
    run: Run,
    masks: Masks,
    start: Start,
    stops: Sequence[int] = (),
    *,
    workers: int = 1,
) -> Iterator[tuple[int, TrainState]]:
    """Train by SGD along the coordinate-wise estimate; see :func:`pezoexplore.train.loop.drive`.

    Args:
        probe: Network and loss.
        sgd: Options of the update.
        data: Training examples.
        run: Replicas and settings; its epsilon is the length of a probe.
        masks: Coordinates by step.
        start: Weights, and the step to continue from.
        stops: Steps after which to yield the weights, besides the last.
        workers: Processes that share the probing; they change no bit of the result.

    Yields:
        (steps done, state with the weights [seeds, rates, d]), in order.
    """
    rates = cosine_rates(run.learning_rates, run.steps).astype(np.float32)
    update = _compiled_update(sgd)
    with Workers(workers) as shared:

        def advance(carried: Carried, block: Block, bounds: Bounds) -> Carried:
            inputs, targets, rates = (part[0] for part in block)
            point, step = Point(carried[0], inputs, targets, run.epsilon), bounds[2]
            estimate = gradient(probe, point, masks.at(int(step)), shared)
            return update(carried, *estimate, rates, step)

        loop = Loop(data, rates, lambda first, steps: (), advance, block_steps=1)
        yield from drive(loop, first_replicas(sgd, run, start), run, stops, start.step)


def _padded(parts: Sequence[NDArray[Any]], none: int) -> NDArray[np.int32]:
    longest = max(len(part) for part in parts)
    padded = np.full((len(parts), -(-longest // CHUNK) * CHUNK), none, np.int32)
    for row, part in zip(padded, parts, strict=True):
        row[: len(part)] = part
    return padded


def _share(
    probe: Probe, point: Point, coordinates: Coordinates, part: int, parts: int
) -> list[Array]:
    """Compute one of several equal parts of each layer's changes, [seeds, rates, n] each."""
    where = (point.weights, point.inputs, point.targets)
    shares = []
    for layer, indices in enumerate(coordinates):
        chunks = indices.shape[1] // CHUNK
        first, last = chunks * part // parts, chunks * (part + 1) // parts
        if first == last:
            shares.append(np.zeros((*point.weights.shape[:2], 0), np.float32))
            continue
        bounds = (np.int32(first), np.int32(last))
        # The whole layer goes in, whatever the part: one program, and so one rounding, for all.
        changes = _compiled_changes(probe, layer)(
            *where, indices, np.float32(point.epsilon), bounds
        )
        shares.append(changes[..., first * CHUNK : last * CHUNK])
    return shares


def _sent_share(
    probe: Probe, point: Point, coordinates: Coordinates, part: int, parts: int
) -> list[NDArray[np.float32]]:
    return [np.asarray(share) for share in _share(probe, point, coordinates, part, parts)]


@cache
def _compiled_changes(probe: Probe, layer: int) -> Callable[..., Array]:
    """Compile the changes of the mean loss at the coordinates of one layer, of all replicas."""
    jax = load_jax()
    jnp = jax.numpy

    def changes(
        weights: Array,
        inputs: Array,
        targets: Array,
        indices: Array,
        epsilon: Array,
        bounds: tuple[Array, Array],
    ) -> Array:
        def of_replica(flat: Array, inputs: Array, targets: Array, indices: Array) -> Array:
            change = probed(probe, layer, flat, inputs, targets, epsilon)
            by_chunk = indices.reshape(-1, CHUNK)

            def body(chunk: Array, found: Array) -> Array:
                return found.at[chunk].set(change(by_chunk[chunk]))

            none = jnp.zeros(by_chunk.shape, jnp.float32)
            return jax.lax.fori_loop(*bounds, body, none).reshape(-1)

        mapped = over_replicas(of_replica, probe.network, inputs.shape[1])
        return mapped(weights, inputs, targets, indices)

    compiled: Callable[..., Array] = jax.jit(changes)
    return compiled


@cache
def _compiled_gather() -> Callable[..., tuple[Array, Array]]:
    jax = load_jax()
    jnp = jax.numpy

    def gather(
        weights: Array, changes: tuple[Array, ...], coordinates: Coordinates, epsilon: Array
    ) -> tuple[Array, Array]:
        slopes = jnp.concatenate(changes, axis=-1) / epsilon
        indices = jnp.concatenate(coordinates, axis=-1)
        rows = jnp.arange(len(indices))[:, None]
        by_seed = jnp.zeros_like(weights).swapaxes(1, 2)
        found = by_seed.at[rows, indices].set(slopes.swapaxes(1, 2), mode="drop")
        return found.swapaxes(1, 2), jnp.isfinite(slopes).all(-1)

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(gather)
    return compiled


@cache
def _compiled_update(sgd: Sgd) -> Callable[..., Carried]:
    jax = load_jax()

    def update(
        carried: Carried, estimate: Array, sound: Array, rates: Array, step: Array
    ) -> Carried:
        return sgd_step(sgd, carried, estimate, sound, rates, step)

    compiled: Callable[..., Carried] = jax.jit(update)
    return compiled
