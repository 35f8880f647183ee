"""The fast compiled training loop, of perceptrons: two-point steps fed with blocks of directions.

A step draws a batch and a direction z and moves every replica (w, of one seed and one learning
rate) by

    w <- w - eta_t * (L(w + eps z) - L(w - eps z)) / (2 eps) * z,
    eta_t = eta / 2 * (1 + cos(pi t / steps)),

L the mean cross-entropy over the batch (two-point estimate of Spall's SPSA as in MeZO,
arXiv 2305.17333, with one direction a step). Replicas of one seed share z and batch.

The host makes directions and batches in blocks of a fixed number of steps while the block before
is still being worked through. The loop inside a block has bounds given at run time, so one
compiled function serves every number of steps, every epsilon, rate and point, and cutting a run
differently does not change a bit of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.mlp import Layers, Mlp, cross_entropy
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import NEVER, Directions, Run, TrainState

__all__ = [
    "BLOCK_STEPS",
    "Batches",
    "Directions",
    "Run",
    "cosine_rates",
    "initial_weights",
    "train",
]

BLOCK_STEPS = 500
"""Steps the host prepares at once: 12 MB of int16 directions for 5 seeds of 2,410 weights."""

_BATCH_STREAM = 1


def cosine_rates(learning_rates: Sequence[float], steps: int) -> NDArray[np.float64]:
    """Learning rates by step, decaying to zero along half a cosine, [steps, rates]."""
    decay = (1 + np.cos(math.pi * np.arange(steps) / steps)) / 2
    return decay[:, None] * np.asarray(learning_rates, np.float64)


class Batches:
    """Batches with replacement, one stream of indices a training seed, read in order.

    Learning rates, points and arms of equal seeds see the same batches: their comparison is
    paired. A stream is cut into blocks of any size without changing.
    """

    def __init__(self, seeds: Sequence[int], examples: int, batch: int) -> None:
        """Streams of ``batch`` indices below ``examples`` a step."""
        self._streams = [np.random.default_rng([seed, _BATCH_STREAM]) for seed in seeds]
        self._examples, self._batch = examples, batch

    def block(self, steps: int) -> NDArray[np.int64]:
        """Indices of the next steps, [steps, seeds, batch]."""
        shape = (steps, self._batch)
        return np.stack([rng.integers(self._examples, size=shape) for rng in self._streams], axis=1)


@dataclass(frozen=True)
class _Block:
    """One block as the compiled function takes it: always BLOCK_STEPS long, zeros at the end."""

    directions: NDArray[Any]
    inputs: NDArray[Any]
    labels: NDArray[np.uint8]
    rates: NDArray[np.float32]


def train(
    model: Mlp,
    data: Split,
    run: Run,
    directions: Directions,
    stops: Sequence[int] = (),
    block_steps: int = BLOCK_STEPS,
    initial: Initial | None = None,
) -> Iterator[tuple[int, TrainState]]:
    """Train all replicas and hand out their weights on the way.

    A replica that diverges carries NaN or infinite weights on and is marked; nothing is raised.

    Args:
        model: The network.
        data: Training examples.
        run: Replicas and settings.
        directions: Values for exactly these seeds; asked for in order from step 0.
        stops: Steps after which to hand out the weights, besides the last.
        block_steps: Steps made at once by the host, at least 2: more change no bit of the result.
        initial: Initial weights [d] by training seed; None: the model's own.

    Yields:
        (steps done, state with the weights by layer), in order; the last is the trained network.
    """
    advance = _compiled(model)
    carried = _start(model, run, initial or model.init)
    batches = Batches(run.seeds, len(data), run.batch)
    probe = np.float32(run.epsilon * directions.scale)
    cuts = sorted({stop for stop in stops if 0 <= stop < run.steps} | {run.steps})
    if cuts[0] == 0:
        yield cuts.pop(0), _state(carried)
    for first in range(0, run.steps, block_steps):
        block = _prepare(data, run, directions, batches, first, block_steps)
        # Wait here, not later: the host is one block ahead of the loop, never more.
        load_jax().block_until_ready(carried)
        start, end = first, min(first + block_steps, run.steps)
        while start < end:
            stop = min(cuts[0], end)
            carried = advance(
                carried,
                (block.directions, block.inputs, block.labels, block.rates),
                probe,
                (np.int32(start - first), np.int32(stop - first), np.int32(first)),
            )
            start = stop
            if stop == cuts[0]:
                yield cuts.pop(0), _state(carried)


Initial = Callable[[int], NDArray[np.float32]]
"""Initial weights [d] of a training seed."""

_Carried = tuple[Layers, Array]
"""Weights, and the step at which each replica diverged."""


def _start(model: Mlp, run: Run, initial: Initial) -> _Carried:
    shape = (len(run.seeds), len(run.learning_rates))
    return initial_weights(model, run, initial), load_jax().numpy.full(shape, NEVER, np.int32)


def _state(carried: _Carried) -> TrainState:
    weights, diverged_at = carried
    return TrainState(weights, np.asarray(diverged_at))


def initial_weights(model: Mlp, run: Run, initial: Initial) -> Layers:
    """Weights of every replica before the first step; rates of a seed start alike."""
    jnp = load_jax().numpy
    flat = np.stack([initial(seed) for seed in run.seeds])
    shape = (len(run.seeds), len(run.learning_rates), model.parameters)
    spread = np.broadcast_to(flat[:, None], shape)
    return tuple((jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in model.unpack(spread))


def _prepare(
    data: Split, run: Run, directions: Directions, batches: Batches, first: int, block_steps: int
) -> _Block:
    steps = min(block_steps, run.steps - first)
    chosen = batches.block(steps)
    rates = cosine_rates(run.learning_rates, run.steps)[first : first + steps]
    # dL/(2 eps) z as the loop sees it: summed over the batch, z in units of the values.
    factor = directions.scale / (2 * run.epsilon * run.batch)
    return _Block(
        directions=_padded(directions.block(first, steps), block_steps),
        inputs=_padded(np.take(data.inputs, chosen, axis=0), block_steps),
        labels=_padded(data.labels[chosen], block_steps),
        rates=_padded((rates * factor).astype(np.float32), block_steps),
    )


def _padded(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Values with zeros behind, up to a fixed length; the loop's bounds leave them unread."""
    if len(values) == length:
        return values
    padded = np.zeros((length, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


@cache
def _compiled(model: Mlp) -> Callable[..., _Carried]:
    """The jitted loop over the steps of one block; compiles once per shape and value type."""
    jax = load_jax()
    jnp = jax.numpy

    def step(weights: Layers, block: tuple[Array, ...], epsilon: Array) -> tuple[Layers, Array]:
        values, inputs, labels, rates = block
        direction = model.unpack(values.astype(jnp.float32))
        plus, minus = model.probe(weights, direction, inputs, epsilon)
        labels = labels[:, None]
        # Differences example by example: sums of losses would cancel and lose digits.
        difference = (cross_entropy(plus, labels) - cross_entropy(minus, labels)).sum(-1)
        move = -rates * difference
        moved = tuple(
            (
                weight + move[:, :, None, None] * z_weight[:, None],
                bias + move[:, :, None] * z_bias[:, None],
            )
            for (weight, bias), (z_weight, z_bias) in zip(weights, direction, strict=True)
        )
        return moved, jnp.isfinite(difference)

    def advance(
        carried: _Carried, block: tuple[Array, ...], epsilon: Array, bounds: tuple[Array, ...]
    ) -> _Carried:
        start, stop, first = bounds

        def body(index: Array, carried: _Carried) -> _Carried:
            weights, diverged_at = carried
            weights, sound = step(weights, tuple(part[index] for part in block), epsilon)
            now = ~sound & (diverged_at == NEVER)
            return weights, jnp.where(now, first + index, diverged_at)

        done: _Carried = jax.lax.fori_loop(start, stop, body, carried)
        return done

    compiled: Callable[..., _Carried] = jax.jit(advance)
    return compiled
