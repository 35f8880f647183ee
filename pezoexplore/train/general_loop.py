"""The general training loop: any network, any estimator, float32.

A step draws a batch and q directions and moves every replica (w, of one seed and one learning
rate) by SGD with momentum m and weight decay c along the estimate g of its gradient,

    v <- m v + g(w) + c w,    w <- w - eta_t v,    eta_t = eta / 2 * (1 + cos(pi t / steps)).

Replicas of one seed share batch and directions; step t's directions are the stream's steps t q to
t q + q - 1. As in the fast loop of perceptrons, the host makes blocks while the block before is
still being worked through, and neither the length of a block nor the stops change a bit of the
result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.estimators import estimator_of
from pezoexplore.train.loop import BLOCK_STEPS, Batches, cosine_rates
from pezoexplore.train.networks.network import Array, Loss, Network
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import NEVER, Directions, Run, TrainState

BLOCK_BYTES = 2**25
"""Memory the host fills with directions and batches at once, roughly."""

SIDE_BY_SIDE = 2**24
"""Most multiply-accumulates of a batch's forward pass for replicas to be worked through side by
side, which saves dispatches; larger ones fill the machine alone and go one after the other."""

SHORTEST_BLOCK = 2
"""A block of one step would be compiled into another program, with other roundings."""


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
    """

    network: Network
    loss: Loss
    estimator: str = "rge"
    normalise: bool = False
    sgd: Sgd = Sgd()


@dataclass(frozen=True)
class Start:
    """Where a run goes on from.

    Attributes:
        weights: [seeds, rates, d].
        step: Steps done; the schedule, the batches and the directions go on from there.
    """

    weights: Array
    step: int = 0


Carried = tuple[Array, Array, Array]
"""Weights [seeds, rates, d], velocity (of no elements without momentum), ``diverged_at``."""


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
    """Train all replicas and hand out their weights on the way.

    A replica that diverges carries NaN or infinite weights on and is marked; nothing is raised.

    Args:
        method: Network, loss, estimator and update.
        data: Training examples.
        run: Replicas and settings.
        directions: Values for exactly these seeds, asked for in order; None if the estimator
            takes none.
        start: Weights, and the step to go on from (without momentum of an earlier part).
        stops: Steps after which to hand out the weights, besides the last.
        queries: Directions a step.
        block_steps: Steps made at once by the host, at least 2; None: as many as fit in
            ``BLOCK_BYTES``. It changes no bit of the result.

    Yields:
        (steps done, state with the weights [seeds, rates, d]), in order.
    """
    host = _Host(data, run, directions, method.network.parameters, queries, start.step)
    length = block_steps or host.block_steps
    carried = carry(method.sgd, run, start)
    scale = np.float32(1.0 if directions is None else directions.scale)
    advance, epsilon = _compiled(method), np.float32(run.epsilon)
    cuts = Cuts(stops, start.step, run.steps)
    if cuts.due(start.step):
        yield start.step, state_of(carried)
    for first in range(start.step, run.steps, length):
        block = host.block(first, length)
        load_jax().block_until_ready(carried)
        at, end = first, min(first + length, run.steps)
        while at < end:
            stop = min(cuts.next, end)
            bounds = (np.int32(at - first), np.int32(stop - first), np.int32(first))
            carried = advance(carried, block, scale, epsilon, bounds)
            at = stop
            if cuts.due(at):
                yield at, state_of(carried)


class Cuts:
    """The steps at which a run hands out its weights, in order; the last step is one."""

    def __init__(self, stops: Sequence[int], first: int, last: int) -> None:
        """Those of ``stops`` from ``first`` on and below ``last``, and ``last``."""
        self._left = sorted({stop for stop in stops if first <= stop < last} | {last})

    @property
    def next(self) -> int:
        """The next of them; only before the last has been met."""
        return self._left[0]

    def due(self, step: int) -> bool:
        """Whether the next one is met by this step; it is then done with."""
        if not self._left or self._left[0] != step:
            return False
        self._left.pop(0)
        return True


def carry(sgd: Sgd, run: Run, start: Start) -> Carried:
    """What a loop starts with."""
    jnp = load_jax().numpy
    weights = jnp.asarray(start.weights, jnp.float32)
    shape = (len(run.seeds), len(run.learning_rates))
    velocity = jnp.zeros_like(weights) if sgd.momentum else jnp.zeros((*shape, 0), jnp.float32)
    return weights, velocity, jnp.full(shape, NEVER, jnp.int32)


def state_of(carried: Carried) -> TrainState:
    """The state that is handed out."""
    return TrainState(carried[0], np.asarray(carried[2]))


def moved(
    sgd: Sgd, carried: Carried, gradient: Array, sound: Array, rates: Array, step: Array
) -> Carried:
    """One SGD step of all replicas.

    Args:
        sgd: Options of the update.
        carried: Before the step.
        gradient: [seeds, rates, d].
        sound: Whether each replica's estimate was finite, [seeds, rates].
        rates: This step's learning rates, [rates].
        step: Number of the step.
    """
    jnp = load_jax().numpy
    weights, velocity, diverged_at = carried
    move = gradient + np.float32(sgd.weight_decay) * weights if sgd.weight_decay else gradient
    if sgd.momentum:
        move = velocity = np.float32(sgd.momentum) * velocity + move
    diverged_at = jnp.where(~sound & (diverged_at == NEVER), step, diverged_at)
    return weights - rates[:, None] * move, velocity, diverged_at


def over_replicas(function: Callable[..., Any], network: Network, batch: int) -> Callable[..., Any]:
    """A function of one replica as one of all of them.

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


class _Host:
    """Makes the blocks of a run, in order."""

    def __init__(
        self,
        data: Split,
        run: Run,
        directions: Directions | None,
        parameters: int,
        queries: int,
        first: int,
    ) -> None:
        self._data, self._run, self._queries = data, run, queries
        self._directions, self._parameters = directions, parameters
        self._batches = Batches(run.seeds, len(data), run.batch)
        self._batches.block(first)  # those of the steps done before

    @property
    def block_steps(self) -> int:
        """Steps of a block."""
        directions = 0 if self._directions is None else 2 * self._queries * self._parameters
        batch = self._run.batch * self._data.inputs[:1].nbytes
        fitting = BLOCK_BYTES // (len(self._run.seeds) * (directions + batch))
        return min(max(fitting, SHORTEST_BLOCK), BLOCK_STEPS)

    def block(self, first: int, length: int) -> tuple[NDArray[Any], ...]:
        """Directions, inputs, targets and rates of a block, zeros behind the last step."""
        run = self._run
        steps = min(length, run.steps - first)
        chosen = self._batches.block(steps)
        rates = cosine_rates(run.learning_rates, run.steps)[first : first + steps]
        parts = (
            self._values(first, steps),
            np.take(self._data.inputs, chosen, axis=0),
            self._data.labels[chosen],
            rates.astype(np.float32),
        )
        return tuple(_padded(part, length) for part in parts)

    def _values(self, first: int, steps: int) -> NDArray[Any]:
        """Directions as the loop takes them, [steps, seeds, queries, d]."""
        seeds, queries = len(self._run.seeds), self._queries
        if self._directions is None:
            return np.zeros((steps, seeds, 0, 0), np.int16)
        values = self._directions.block(first * queries, steps * queries)
        return values.reshape(steps, queries, seeds, -1).swapaxes(1, 2)


def _padded(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Values with zeros behind, up to a fixed length; the loop's bounds leave them unread."""
    padded = np.zeros((length, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


@cache
def _compiled(method: Method) -> Callable[..., Carried]:
    """The jitted loop over the steps of one block; compiles once per shape and value type."""
    jax = load_jax()
    network, loss, sgd = method.network, method.loss, method.sgd
    estimate = estimator_of(method.estimator, normalise=method.normalise)

    def advance(
        carried: Carried,
        block: tuple[Array, ...],
        scale: Array,
        epsilon: Array,
        bounds: tuple[Array, Array, Array],
    ) -> Carried:
        first, last, offset = bounds

        def of_replica(flat: Array, values: Array, inputs: Array, targets: Array) -> Any:  # noqa: ANN401
            def losses(weights: Array) -> Array:
                return loss(network.outputs(weights, inputs), targets)

            return estimate(losses, flat, values, scale, epsilon)

        batch = block[1].shape[2]

        def body(index: Array, carried: Carried) -> Carried:
            values, inputs, targets, rates = (part[index] for part in block)
            estimates = over_replicas(of_replica, network, batch)
            gradient, sound = estimates(carried[0], values, inputs, targets)
            return moved(sgd, carried, gradient, sound, rates, offset + index)

        done: Carried = jax.lax.fori_loop(first, last, body, carried)
        return done

    compiled: Callable[..., Carried] = jax.jit(advance)
    return compiled
