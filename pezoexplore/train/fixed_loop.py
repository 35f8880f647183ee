"""Fixed-point training: the compiled loop over integers of :mod:`pezoexplore.train.fixed_point`.

**Random bits of stochastic rounding** come from the generator itself. A training step then takes
more than one step of the stream: its first one is the direction, as ever, and each number that is
rounded at random takes ``ceil(NOISE_BITS / bit_width)`` steps of the stream more, whose words, one
after the other with the first on top, are the random bits of each weight. In this order: the
rounding of the probe (signs alone are never rounded and take none), that of the update's own
direction (independent rounding only), that of the update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.streams.generator import generator
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import (
    LOSS_BITS,
    RATE_BITS,
    cross_entropy,
    rails,
    saturate,
    shift_round,
    step_size,
)
from pezoexplore.train.loop import BLOCK_STEPS, Batches
from pezoexplore.train.networks.fixed_mlp import FixedMlp, calibrated
from pezoexplore.train.networks.mlp import Layers, Mlp
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split, Task
from pezoexplore.train.trainer import (
    NEVER,
    Directions,
    DirectionSource,
    Run,
    Score,
    TrainState,
)

NOISE_BITS = 8
"""Random bits a stochastic rounding takes at least."""

FARTHEST_SHIFT = 30
"""Largest shift of an update: products below 2**30 and random bits still fit 32 bits."""

RAILED_SHARE = 0.25
"""Share of weights at a rail from which on a replica counts as diverged."""

RAILED_LOOKS = 8
"""It is looked at after every so many steps: counting takes a tenth of a step's time."""

_Carried = tuple[Layers, Array]


@dataclass(frozen=True)
class Arithmetic:
    """What a compiled fixed-point loop is made of.

    Attributes:
        network: The network in integers.
        exponent: E: a value v moves a weight of f fraction bits by ``v * 2**(E + f)``.
        update_shift: S, to the right.
        largest: The largest value of the stream.
        stochastic: Whether probe and update are rounded at random.
        independent: Whether the update rounds the direction again.
        sign: Whether the step follows the sign of the loss difference alone.
        noise_bits: Bits of a random number for rounding.
    """

    network: FixedMlp
    exponent: int
    update_shift: int
    largest: int
    stochastic: bool
    independent: bool
    sign: bool
    noise_bits: int

    @property
    def probe_rounds(self) -> bool:
        """Whether the probe may be rounded."""
        return self.largest > 1

    @property
    def draws(self) -> int:
        """Random numbers a weight takes a step for roundings."""
        if not self.stochastic:
            return 0
        return 1 + self.probe_rounds * (1 + self.independent)


@dataclass(frozen=True, eq=False)
class FixedTrainer:
    """Two-point training of a perceptron in integers.

    Attributes:
        task: The task.
        point: The point, for its widths, rounding and numbers.
    """

    task: Task
    point: DesignPoint

    def __post_init__(self) -> None:
        """Refuse what has no integer form.

        Raises:
            DesignError: The task's network is not a perceptron.
        """
        if not isinstance(self.task.model, Mlp):
            raise DesignError(f"weight_bits: task {self.task.name} is no perceptron")

    @property
    def _half(self) -> bool:
        """Whether the stream's values are twice the word plus one."""
        return generator(self.point.perturbation()).half

    @cached_property
    def network(self) -> FixedMlp:
        """The network in integers."""
        assert self.point.weight_bits is not None, "a float point has a float trainer"
        assert self.point.activation_bits is not None, "widths are set together"
        return calibrated(
            self.task.model,
            self.task.init(0),
            self.task.fit.inputs,
            self.point.weight_bits,
            self.point.activation_bits,
        )

    def run(
        self, data: Split, run: Run, source: DirectionSource, stops: Sequence[int] = ()
    ) -> Iterator[tuple[int, TrainState]]:
        """See :meth:`Trainer.run`; weights are int32 by layer."""
        return self.train(data, run, source(run.seeds), stops)

    def train(
        self,
        data: Split,
        run: Run,
        directions: Directions,
        stops: Sequence[int] = (),
        block_steps: int | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """:meth:`run` on given directions; the length of a block changes no bit of the result."""
        arithmetic, rates = self.prepare(run, directions.scale)
        block_steps = block_steps or BLOCK_STEPS // _stream_steps(arithmetic, self.point.bits)
        advance = _compiled(arithmetic)
        inputs = self.network.inputs(data.inputs)
        batches = Batches(run.seeds, len(data), run.batch)
        carried = self._start(run)
        cuts = sorted({stop for stop in stops if 0 <= stop < run.steps} | {run.steps})
        if cuts[0] == 0:
            yield cuts.pop(0), _state(carried)
        for first in range(0, run.steps, block_steps):
            steps = min(block_steps, run.steps - first)
            chosen = batches.block(steps)
            parts = (
                *self._values(directions, first, steps, arithmetic),
                inputs[chosen],
                data.labels[chosen],
                rates[first : first + steps],
            )
            block = tuple(_padded(part, block_steps) for part in parts)
            load_jax().block_until_ready(carried)
            start, end = first, first + steps
            while start < end:
                stop = min(cuts[0], end)
                bounds = (np.int32(start - first), np.int32(stop - first), np.int32(first))
                carried = advance(carried, block, bounds)
                start = stop
                if stop == cuts[0]:
                    yield cuts.pop(0), _state(carried)

    def prepare(self, run: Run, scale: float) -> tuple[Arithmetic, NDArray[np.int32]]:
        """The arithmetic of a run, and C of every step and rate, [steps, rates].

        Args:
            run: Its learning rates, epsilon, batch and steps.
            scale: What one unit of the stream's values is worth in z.
        """
        largest = (1 << (self.point.bits - 1 + self._half)) - 1
        finest = -min(self.network.scales.weights) - math.floor(math.log2(largest))
        exponent = max(round(math.log2(run.epsilon * scale)), finest)
        # epsilon z = v * 2**exponent, so eta dL z / (2 epsilon) is, in probes, eta dL unit**2 / 2.
        unit = scale / 2.0**exponent
        sign = self.point.estimator == "sign_spsa"
        gain = unit if sign else unit * unit / 2 * 2.0**-LOSS_BITS / run.batch
        dropped = 0 if sign else RATE_BITS
        fitting = RATE_BITS - math.frexp(max(run.learning_rates) * gain)[1]
        shift = min(max(fitting, dropped + 1), dropped + FARTHEST_SHIFT)
        decay = (1 + np.cos(math.pi * np.arange(run.steps) / run.steps)) / 2
        worth = decay[:, None] * np.asarray(run.learning_rates) * gain
        rates = np.minimum(np.rint(worth * 2.0**shift), 2**RATE_BITS - 1).astype(np.int32)
        arithmetic = Arithmetic(
            network=self.network,
            exponent=exponent,
            update_shift=shift - dropped,
            largest=largest,
            stochastic=self.point.rounding == "stochastic",
            independent=self.point.update_rounding == "independent",
            sign=sign,
            noise_bits=self.point.bits * -(-NOISE_BITS // self.point.bits),
        )
        return arithmetic, rates

    def score(self, state: TrainState, split: Split) -> Score:
        """See :meth:`Trainer.score`."""
        inputs = self.network.inputs(split.inputs).T
        right, loss = _compiled_score(self.network)(state.weights, inputs, split.labels)
        share = np.asarray(right, np.float64) / len(split)
        mean = np.asarray(loss, np.float64) / len(split) * 2.0**-LOSS_BITS
        return Score(accuracy=100 * share, loss=mean)

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """See :meth:`Trainer.weights`."""
        return self.network.real(self.integers(state))

    def integers(self, state: TrainState) -> NDArray[np.int32]:
        """Flat integer weights, [seeds, rates, d]."""
        pieces = [
            np.asarray(part).reshape(*part.shape[:2], -1)
            for layer in state.weights
            for part in layer
        ]
        return np.concatenate(pieces, axis=-1)

    def forward_passes(self, steps: int) -> int:
        """See :meth:`Trainer.forward_passes`."""
        return 2 * steps

    def passes(self, steps: int) -> int:
        """See :meth:`Trainer.passes`."""
        return 2 * steps

    def random_numbers(self, steps: int) -> int:
        """See :meth:`Trainer.random_numbers`; roundings take some."""
        arithmetic, _ = self.prepare(Run((0,), (1e-3,), 1), 1.0)
        return steps * self.task.parameters * _stream_steps(arithmetic, self.point.bits)

    def _start(self, run: Run) -> _Carried:
        jnp = load_jax().numpy
        flat = self.network.quantised(np.stack([self.task.init(seed) for seed in run.seeds]))
        shape = (len(run.seeds), len(run.learning_rates))
        spread = np.broadcast_to(flat[:, None], (*shape, self.task.parameters))
        layers = self.task.model.unpack(spread)
        weights = tuple((jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in layers)
        return weights, jnp.full(shape, NEVER, jnp.int32)

    def _values(
        self, directions: Directions, first: int, steps: int, arithmetic: Arithmetic
    ) -> tuple[NDArray[Any], ...]:
        """Directions [steps, seeds, d] and random numbers [steps, draws, seeds, d]."""
        each = _stream_steps(arithmetic, self.point.bits)
        values = directions.block(first * each, steps * each)
        values = values.astype(np.int32) if values.dtype == np.float32 else values
        values = values.reshape(steps, each, *values.shape[1:])
        words = (values[:, 1:].astype(np.int32) >> self._half) + (1 << (self.point.bits - 1))
        return values[:, 0], _gathered(words, arithmetic.draws, self.point.bits)


def _stream_steps(arithmetic: Arithmetic, bit_width: int) -> int:
    """Steps of the stream a training step takes."""
    return 1 + arithmetic.draws * (arithmetic.noise_bits // bit_width)


def _gathered(words: NDArray[Any], draws: int, bits: int) -> NDArray[np.int32]:
    """Random numbers [steps, draws, seeds, d] of unsigned words [steps, draws * several, ...]."""
    steps, passes, *rest = words.shape
    parts = words.reshape(steps, draws, passes // max(draws, 1), *rest).astype(np.int32)
    number = np.zeros((steps, draws, *rest), np.int32)
    for index in range(parts.shape[2]):
        number = (number << bits) | parts[:, :, index]
    return number


def _padded(values: NDArray[Any], length: int) -> NDArray[Any]:
    padded = np.zeros((length, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


def _state(carried: _Carried) -> TrainState:
    return TrainState(carried[0], np.asarray(carried[1]))


@cache
def _compiled(arithmetic: Arithmetic) -> Callable[..., _Carried]:
    """The jitted loop over the steps of one block."""
    jax = load_jax()
    jnp = jax.numpy
    network = arithmetic.network
    model, scales, noise_bits = network.model, network.scales, arithmetic.noise_bits

    def directions(values: Array, noise: Array | None) -> Layers:
        """Probes of every layer from the values [seeds, d]."""
        shifts = [-(arithmetic.exponent + bits) for bits in scales.weights]
        noises = [(None, None)] * len(shifts) if noise is None else model.unpack(noise)
        return tuple(
            tuple(
                saturate(shift_round(part, shift, added, noise_bits), network.weight_bits, jnp)
                for part, added in zip(parts, some, strict=True)
            )
            for parts, some, shift in zip(model.unpack(values), noises, shifts, strict=True)
        )

    def step(weights: Layers, block: tuple[Array, ...]) -> Layers:
        values, noise, inputs, labels, rates = block
        values, draws = values.astype(jnp.int32), iter(noise)
        rounds = arithmetic.stochastic and arithmetic.probe_rounds
        probe = directions(values, next(draws) if rounds else None)
        along = directions(values, next(draws)) if rounds and arithmetic.independent else probe
        pixels = jnp.swapaxes(inputs, -1, -2)
        classes = jnp.arange(model.sizes[-1], dtype=labels.dtype)
        wanted = labels[:, None, None, :] == classes[:, None]
        sides = network.sides(weights, probe, pixels)
        plus, minus = (cross_entropy(side, wanted, _leading, jnp) for side in sides)
        difference = (plus - minus).sum(-1, dtype=jnp.int32)
        if arithmetic.sign:
            size = jnp.sign(difference) * rates
        else:
            size = step_size(difference, rates, jnp)
        noises = model.unpack(next(draws)) if arithmetic.stochastic else None
        return _updated(arithmetic, weights, along, size, noises)

    def body_of(block: tuple[Array, ...], first: Array) -> Callable[[Array, _Carried], _Carried]:
        def body(index: Array, carried: _Carried) -> _Carried:
            weights, diverged_at = carried
            weights = step(weights, tuple(part[index] for part in block))
            done = first + index

            def looked() -> Array:
                railed = _railed(weights, network.weight_bits) > RAILED_SHARE * model.parameters
                return jnp.where(railed & (diverged_at == NEVER), done, diverged_at)

            look = done % RAILED_LOOKS == RAILED_LOOKS - 1
            return weights, jax.lax.cond(look, looked, lambda: diverged_at)

        return body

    def advance(carried: _Carried, block: tuple[Array, ...], bounds: tuple[Array, ...]) -> _Carried:
        start, stop, first = bounds
        done: _Carried = jax.lax.fori_loop(start, stop, body_of(block, first), carried)
        return done

    compiled: Callable[..., _Carried] = jax.jit(advance)
    return compiled


def _updated(
    arithmetic: Arithmetic, weights: Layers, along: Layers, size: Array, noises: Layers | None
) -> Layers:
    """``w <- saturate(w - round(M * u * 2**-S))`` for every weight."""
    jnp = load_jax().numpy

    def update(weight: Array, direction: Array, noise: Array | None) -> Array:
        factor = size.reshape(*size.shape, *[1] * (weight.ndim - 2))
        added = None if noise is None else noise[:, None]
        move = shift_round(
            factor * direction[:, None], arithmetic.update_shift, added, arithmetic.noise_bits
        )
        return saturate(weight - move, arithmetic.network.weight_bits, jnp)

    some = noises or tuple((None, None) for _ in weights)
    return tuple(
        tuple(update(*parts) for parts in zip(*layer, strict=True))
        for layer in zip(weights, along, some, strict=True)
    )


def _leading(values: Array) -> Array:
    """Index of the highest bit set of positive int32."""
    return 31 - load_jax().lax.clz(values)


def _railed(layers: Layers, bits: int) -> Array:
    """Weights of each replica that are at a rail, [seeds, rates]."""
    low, high = rails(bits)
    return sum(
        ((part == low) | (part == high)).sum(tuple(range(2, part.ndim)))
        for layer in layers
        for part in layer
    )


@cache
def _compiled_score(network: FixedMlp) -> Callable[..., tuple[Array, Array]]:
    jax = load_jax()
    jnp = jax.numpy

    def evaluate(layers: Layers, inputs: Array, labels: Array) -> tuple[Array, Array]:
        logits = network.logits(layers, inputs)
        classes = jnp.arange(logits.shape[-2], dtype=labels.dtype)
        losses = cross_entropy(logits, labels == classes[:, None], _leading, jnp)
        return (logits.argmax(-2) == labels).sum(-1), losses.sum(-1, dtype=jnp.int32)

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(evaluate)
    return compiled
