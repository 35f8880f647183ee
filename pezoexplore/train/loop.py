"""The host loop of every training: blocks of steps, prepared while the block before still runs.

A training is a compiled function of what is carried from step to step and of a block of prepared
arrays; :func:`drive` cuts the run into blocks, feeds them and yields the states on the way. The
perceptron, general and integer loops and coordinate-wise estimation differ in that function alone.

The host prepares directions and batches for a fixed number of steps while the block before is
still being computed. The loop inside a block has bounds given at run time, so one compiled
function serves every number of steps, every epsilon, rate and point, and cutting a run differently
does not change a bit of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import NEVER, Run, TrainState

BLOCK_STEPS = 500
"""Steps the host prepares at once: 12 MB of int16 directions for 5 seeds of 2,410 weights."""

BLOCK_BYTES = 2**25
"""Memory the host fills with directions and batches at once, roughly, where networks are large."""

SHORTEST_BLOCK = 2
"""A block of one step would be compiled into another program, with other roundings."""

_BATCH_STREAM = 1

Carried: TypeAlias = tuple[Any, ...]
"""What goes from step to step: the weights first, ``diverged_at`` [seeds, rates] last."""

Block: TypeAlias = tuple[NDArray[Any], ...]
"""The prepared values, inputs, targets and rates of ``block_steps`` steps, by leading axis."""

Bounds: TypeAlias = tuple[np.int32, np.int32, np.int32]
"""First step within the block, the one after the last, and the number of the block's first."""


@dataclass(frozen=True, eq=False)
class Loop:
    """One kind of training, as :func:`drive` runs it.

    Attributes:
        data: Examples as the step takes them.
        rates: Rates as the step takes them, [steps, rates].
        values: Returns what the step takes besides (directions, random numbers) from a first step
            and a number of steps, which come in order: arrays with leading axis [steps].
        advance: Moves what is carried by the steps of a block that lie within bounds.
        block_steps: Steps of a block; more change no bit of the result.
    """

    data: Split
    rates: NDArray[Any]
    values: Callable[[int, int], tuple[NDArray[Any], ...]]
    advance: Callable[[Carried, Block, Bounds], Carried]
    block_steps: int = BLOCK_STEPS


def drive(
    loop: Loop, carried: Carried, run: Run, stops: Sequence[int] = (), first: int = 0
) -> Iterator[tuple[int, TrainState]]:
    """Train all replicas of a run and yield their states on the way.

    A replica that diverges carries NaN or infinite weights on and is marked; nothing is raised.

    Args:
        loop: The kind of training.
        carried: What is carried before step ``first``.
        run: Replicas and settings.
        stops: Steps after which to yield the weights, besides the last.
        first: Steps done before; schedule and batches continue from there.

    Yields:
        (steps done, state), in order; the last is the trained network.
    """
    batches = Batches(run.seeds, len(loop.data), run.batch)
    batches.skip(first)
    cuts = sorted({stop for stop in stops if first <= stop < run.steps} | {run.steps})
    if cuts[0] == first:
        yield cuts.pop(0), _state(carried)
    for begin in range(first, run.steps, loop.block_steps):
        end = min(begin + loop.block_steps, run.steps)
        block = _prepared(loop, batches, begin, end - begin)
        # Wait here, not later: the host is one block ahead of the loop, never more. The block is
        # copied to the device once, not for each stop within it. Single steps (coordinate-wise) are
        # small, and waiting for each would cost a tenth of their time.
        if loop.block_steps > 1:
            load_jax().block_until_ready(carried)
            block = load_jax().device_put(block)
        start = begin
        while start < end:
            stop = min(cuts[0], end)
            bounds = (np.int32(start - begin), np.int32(stop - begin), np.int32(begin))
            carried = loop.advance(carried, block, bounds)
            start = stop
            if stop == cuts[0]:
                yield cuts.pop(0), _state(carried)


def compiled_steps(step: Callable[..., Carried]) -> Callable[..., Carried]:
    """Compile the loop over the steps of a block; it compiles once per shape and value type.

    Args:
        step: Returns what is carried after a step, from what is carried before it, the step's
            part of the block, the step's number, and the constants.

    Returns:
        A function of constants (a tuple), carried, block and bounds: with the constants bound,
        :attr:`Loop.advance`.
    """
    jax = load_jax()

    def advance(
        constants: tuple[Array, ...], carried: Carried, block: tuple[Array, ...], bounds: Bounds
    ) -> Carried:
        start, stop, first = bounds

        def body(index: Array, carried: Carried) -> Carried:
            return step(carried, tuple(part[index] for part in block), first + index, *constants)

        done: Carried = jax.lax.fori_loop(start, stop, body, carried)
        return done

    compiled: Callable[..., Carried] = jax.jit(advance)
    return compiled


def steps_of_block(data: Split, run: Run, numbers: int) -> int:
    """Return the steps of a block that fit in ``BLOCK_BYTES``.

    Args:
        data: Examples as the step takes them.
        run: Replicas and settings.
        numbers: Numbers of a step and seed, int16.
    """
    a_step = 2 * numbers + run.batch * (data.inputs[:1].nbytes + data.labels[:1].nbytes)
    return min(max(BLOCK_BYTES // (len(run.seeds) * a_step), SHORTEST_BLOCK), BLOCK_STEPS)


def cosine_rates(learning_rates: Sequence[float], steps: int) -> NDArray[np.float64]:
    """Compute learning rates that decay to zero along half a cosine, [steps, rates]."""
    decay = (1 + np.cos(math.pi * np.arange(steps) / steps)) / 2
    return decay[:, None] * np.asarray(learning_rates, np.float64)


def undiverged(run: Run) -> Array:
    """Return ``diverged_at`` before the first step, int32 [seeds, rates]."""
    shape = (len(run.seeds), len(run.learning_rates))
    return np.full(shape, NEVER, np.int32)


def marked(diverged_at: Array, diverged: Array, step: Array) -> Array:
    """Return ``diverged_at`` with the step of the replicas that diverge for the first time."""
    return load_jax().numpy.where(diverged & (diverged_at == NEVER), step, diverged_at)


class Batches:
    """Batches with replacement, one stream of indices per training seed, read in order.

    Learning rates, points and arms of equal seeds see the same batches: their comparison is
    paired. A stream is cut into blocks of any size without changing.
    """

    def __init__(self, seeds: Sequence[int], examples: int, batch: int) -> None:
        """Start streams of ``batch`` indices below ``examples`` a step."""
        self._streams = [np.random.default_rng([seed, _BATCH_STREAM]) for seed in seeds]
        self._examples, self._batch = examples, batch

    def block(self, steps: int) -> NDArray[np.int64]:
        """Draw the indices of the next steps, [steps, seeds, batch]."""
        shape = (steps, self._batch)
        return np.stack([rng.integers(self._examples, size=shape) for rng in self._streams], axis=1)

    def skip(self, steps: int) -> None:
        """Leave out the next steps."""
        for first in range(0, steps, BLOCK_STEPS):
            self.block(min(BLOCK_STEPS, steps - first))


def _prepared(loop: Loop, batches: Batches, first: int, steps: int) -> Block:
    """Prepare a block: always ``block_steps`` long, zeros behind its last step."""
    chosen = batches.block(steps)
    parts = (
        *loop.values(first, steps),
        np.take(loop.data.inputs, chosen, axis=0),
        loop.data.labels[chosen],
        loop.rates[first : first + steps],
    )
    return tuple(_padded(part, loop.block_steps) for part in parts)


def _padded(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Append zeros up to a fixed length; the loop's bounds leave them unread."""
    if len(values) == length:
        return values
    padded = np.zeros((length, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


def _state(carried: Carried) -> TrainState:
    return TrainState(carried[0], np.asarray(carried[-1]), carried[1:-1])
