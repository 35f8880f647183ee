"""The general training loop: any network, any estimator, float32.

A step draws a batch and q directions and moves every replica (w, of one seed and one learning
rate) by SGD with momentum m and weight decay c along the estimate g of its gradient,

    v <- m v + g(w) + c w,    w <- w - eta_t v,    eta_t = eta / 2 * (1 + cos(pi t / steps)).

Replicas of one seed share batch and directions; step t's directions are the stream's steps t q to
t q + q - 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.estimators import estimator_of
from pezoexplore.train.loop import (
    Carried,
    Loop,
    compiled_steps,
    cosine_rates,
    drive,
    marked,
    steps_of_block,
    undiverged,
)
from pezoexplore.train.networks.network import Array, Loss, Network
from pezoexplore.train.steps.moments import NONE, Moments
from pezoexplore.train.steps.scope import tail_gradient
from pezoexplore.train.steps.stale import Coordinates, Stale
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import Directions, Run, TrainState

SIDE_BY_SIDE = 2**24
"""Most multiply-accumulates of a batch's forward pass for replicas to be worked through side by
side, which saves dispatches; larger ones fill the machine alone and go one after the other."""


@dataclass(frozen=True)
class Sgd:
    """Options of the update, DeepZero's; by default neither.

    Attributes:
        momentum: Share of the last move's direction that is kept.
        weight_decay: Pull towards zero, added to the gradient.
    """

    momentum: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Method:
    """What a compiled loop is made of; loops of equal methods are compiled once.

    Attributes:
        network: The network.
        loss: Losses of examples by outputs and targets.
        estimator: Name of the estimator.
        normalise: Whether ``rge_onesided`` divides by the deviation of the losses.
        sgd: Options of the update.
        moments: What earlier steps add to an estimate before the update.
        backprop_layers: Last layers whose gradient is computed by backprop; directions are zero
            there.
    """

    network: Network
    loss: Loss
    estimator: str = "rge"
    normalise: bool = False
    sgd: Sgd = Sgd()
    moments: Moments | Stale = NONE
    backprop_layers: int = 0


@dataclass(frozen=True)
class Start:
    """Where a run starts or resumes.

    Attributes:
        weights: [seeds, rates, d].
        step: Steps done; schedule, batches and directions continue from there.
        diverged_at: Where replicas diverged before, [seeds, rates]; None: nowhere.
        optimizer: State of the optimizer (:attr:`TrainState.optimizer`); empty: as before the
            first step.
    """

    weights: Array
    step: int = 0
    diverged_at: NDArray[np.int32] | None = None
    optimizer: tuple[Array, ...] = ()


def train(
    method: Method,
    data: Split,
    run: Run,
    directions: Directions | None,
    start: Start,
    stops: Sequence[int] = (),
    *,
    queries: int = 1,
    block_steps: int | None = None,
) -> Iterator[tuple[int, TrainState]]:
    """Train all replicas and yield their weights [seeds, rates, d]; see :func:`drive`.

    Args:
        method: Network, loss, estimator and update.
        data: Training examples.
        run: Replicas and settings.
        directions: Values for exactly these seeds, called in order; of ``cocd`` the coordinates;
            None if the estimator takes none.
        start: Weights, and the step to continue from.
        stops: Steps after which to yield the weights, besides the last.
        queries: Directions per step.
        block_steps: Steps of a block, at least 2; None: as many as fit in ``BLOCK_BYTES``. It
            changes no bit of the result.
    """

    def values(first: int, steps: int) -> tuple[NDArray[Any]]:
        """Return directions as the step takes them, [steps, seeds, queries, d]."""
        if directions is None:
            return (np.zeros((steps, len(run.seeds), 0, 0), np.int16),)
        drawn = directions.block(first * queries, steps * queries)
        return (drawn.reshape(steps, queries, len(run.seeds), -1).swapaxes(1, 2),)

    scale = np.float32(1.0 if directions is None else directions.scale)
    numbers = 0 if directions is None else queries * method.network.parameters
    numbers = queries if isinstance(directions, Coordinates) else numbers
    loop = Loop(
        data,
        cosine_rates(run.learning_rates, run.steps).astype(np.float32),
        values,
        partial(_compiled(method), (scale, np.float32(run.epsilon))),
        block_steps or steps_of_block(data, run, numbers),
    )
    weights, velocity, diverged_at = first_replicas(method.sgd, run, start)
    first = method.moments.first(diverged_at.shape, queries, method.network.parameters)
    kept = start.optimizer[1:] or first
    return drive(loop, (weights, velocity, *kept, diverged_at), run, stops, start.step)


def first_replicas(sgd: Sgd, run: Run, start: Start) -> Carried:
    """Return what is carried before the first step.

    Returns:
        Weights [seeds, rates, d], velocity (of no elements without momentum), ``diverged_at``.
    """
    jnp = load_jax().numpy
    weights = jnp.asarray(start.weights, jnp.float32)
    diverged_at = undiverged(run) if start.diverged_at is None else start.diverged_at
    empty = (*diverged_at.shape, 0)
    if start.optimizer:
        velocity = jnp.asarray(start.optimizer[0])
    else:
        velocity = jnp.zeros_like(weights) if sgd.momentum else jnp.zeros(empty, jnp.float32)
    return weights, velocity, diverged_at


def sgd_step(
    sgd: Sgd, carried: Carried, gradient: Array, sound: Array, rates: Array, step: Array
) -> Carried:
    """Move all replicas by one SGD step.

    Args:
        sgd: Options of the update.
        carried: As :func:`first_replicas` returns it, before the step.
        gradient: [seeds, rates, d].
        sound: Whether each replica's estimate was finite, [seeds, rates].
        rates: This step's learning rates, [rates].
        step: Number of the step.
    """
    weights, velocity, diverged_at = carried
    move = gradient + np.float32(sgd.weight_decay) * weights if sgd.weight_decay else gradient
    if sgd.momentum:
        move = velocity = np.float32(sgd.momentum) * velocity + move
    return weights - rates[:, None] * move, velocity, marked(diverged_at, ~sound, step)


def over_replicas(function: Callable[..., Any], network: Network, batch: int) -> Callable[..., Any]:
    """Turn a function of one replica into one of all of them.

    Args:
        function: Takes a replica's weights [d] and then arrays of its seed.
        network: The network.
        batch: Examples its inputs hold.

    Returns:
        The function of weights [seeds, rates, d] and arrays with leading axis [seeds]; its
        results have leading axes [seeds, rates].
    """
    jax = load_jax()

    def of_seed(weights: Array, *shared: Array) -> Any:  # noqa: ANN401 - as the function's
        return mapped(lambda flat: function(flat, *shared), weights)

    def mapped(body: Callable[..., Any], *arrays: Array) -> Any:  # noqa: ANN401
        if network.macs * batch <= SIDE_BY_SIDE:
            return jax.vmap(body)(*arrays)
        return jax.lax.map(lambda parts: body(*parts), arrays)

    return lambda weights, *shared: mapped(of_seed, weights, *shared)


@cache
def _compiled(method: Method) -> Callable[..., Carried]:
    network, loss = method.network, method.loss
    estimate = estimator_of(method.estimator, normalise=method.normalise)

    def step(
        carried: Carried, block: tuple[Array, ...], index: Array, scale: Array, epsilon: Array
    ) -> Carried:
        values, inputs, targets, rates = block

        def of_replica(flat: Array, values: Array, inputs: Array, targets: Array) -> Any:  # noqa: ANN401
            def losses(weights: Array) -> Array:
                return loss(network.outputs(weights, inputs), targets)

            gradient, *found = estimate(losses, flat, values, scale, epsilon)
            if method.backprop_layers:
                tail = tail_gradient(network, loss, flat, inputs, targets, method.backprop_layers)
                gradient = gradient + tail
            return gradient, *found

        estimates = over_replicas(of_replica, network, inputs.shape[1])
        weights, velocity, *kept, diverged_at = carried
        gradient, sound, slopes = estimates(weights, values, inputs, targets)
        gradient, kept = method.moments.moved(kept, gradient, slopes, values, scale, index)
        before = (weights, velocity, diverged_at)
        *moved, diverged_at = sgd_step(method.sgd, before, gradient, sound, rates, index)
        return (*moved, *kept, diverged_at)

    return compiled_steps(step)
