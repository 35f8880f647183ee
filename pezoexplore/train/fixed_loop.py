"""Fixed-point training: the compiled loop over integers of :mod:`pezoexplore.train.fixed_point`.

**Random bits of stochastic rounding** come from the generator itself. A training step then takes
more than one step of the stream: the first is the direction, as always, and each stochastic
rounding takes another ``ceil(NOISE_BITS / bit_width)`` steps of the stream, whose words, one after
the other with the first in the highest bits, are the random bits of each weight. In this order:
the rounding of the probe (signs alone are never rounded and take none), that of the update's
direction (independent rounding only), that of the update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.streams.stream import Stream
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import (
    LOSS_BITS,
    RATE_BITS,
    cross_entropy,
    rails,
    saturate,
    shift_round_by,
    step_size,
)
from pezoexplore.train.loop import (
    Carried,
    Loop,
    compiled_steps,
    cosine_rates,
    drive,
    marked,
    steps_of_block,
)
from pezoexplore.train.mlp_trainer import first_replicas
from pezoexplore.train.networks.fixed_network import FixedNetwork, calibrated
from pezoexplore.train.networks.matrices import matrices_of
from pezoexplore.train.networks.mlp import Layers
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split, Task, class_losses
from pezoexplore.train.trainer import (
    Directions,
    DirectionSource,
    Run,
    RunCost,
    Score,
    TrainState,
    scored,
)

NOISE_BITS = 8
"""Fewest random bits of a stochastic rounding."""

FARTHEST_SHIFT = 30
"""Largest shift of an update: products below 2**30 plus random bits still fit 32 bits."""

RAILED_SHARE = 0.25
"""Share of weights at a rail from which a replica counts as diverged."""

RAILED_EVERY = 8
"""Steps between two checks of that share: counting takes a tenth of a step's time."""


@dataclass(frozen=True)
class Arithmetic:
    """Parameters of a fixed-point loop; all but the shifts are compiled into it.

    Attributes:
        network: The network in integers.
        exponent: E: a value v moves a weight of f fraction bits by ``v * 2**(E + f)``.
        update_shift: S, to the right.
        largest: The largest value of the stream.
        stochastic: Whether probe and update are rounded stochastically.
        independent: Whether the update rounds the direction again.
        sign: Whether the step follows the sign of the loss difference alone.
        noise_bits: Bits of a random number for rounding.
    """

    network: FixedNetwork
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
        """Random numbers per weight and step for roundings."""
        if not self.stochastic:
            return 0
        return _draws(self.probe_rounds, self.independent)

    @property
    def noise_deliveries(self) -> int:
        """Times per step that a random number for rounding is delivered to a weight.

        Once for the rounding of the update; for that of the direction on either side of the probe
        and in the update, whether this one has its own numbers or repeats the probe's.
        """
        return (1 + 3 * self.probe_rounds) * self.stochastic


@dataclass(frozen=True, eq=False)
class FixedTrainer:
    """Two-point training in integers.

    Attributes:
        task: The task.
        point: The point, for its widths, rounding and numbers.
    """

    task: Task
    point: DesignPoint

    def __post_init__(self) -> None:
        """Check that network and loss have an integer form.

        Raises:
            DesignError: The network has norms or is of another kind, or the loss is another one
                than the cross-entropy.
        """
        matrices_of(self.task.model)
        if self.task.loss is not class_losses:
            raise DesignError(f"weight_bits: the loss of task {self.task.name} has no integer form")

    @property
    def _half(self) -> bool:
        """Whether the stream's values are twice the word plus one."""
        return Stream(self.point.perturbation()).half

    @cached_property
    def network(self) -> FixedNetwork:
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
        """Train as :meth:`Trainer.run`; weights are int32 by layer."""
        return self.train(data, run, source(run.seeds), stops)

    def train(
        self,
        data: Split,
        run: Run,
        directions: Directions,
        stops: Sequence[int] = (),
        block_steps: int | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`run`, on given directions; block length changes no bit of the result."""
        arithmetic, rates = self.prepare(run, directions.scale)
        shifts = (np.int32(arithmetic.exponent), np.int32(arithmetic.update_shift))
        each = stream_steps(self.point)
        loop = Loop(
            Split(self.network.inputs(data.inputs), data.labels),
            rates,
            partial(self._values, directions, arithmetic),
            partial(_compiled(replace(arithmetic, exponent=0, update_shift=0)), shifts),
            block_steps or steps_of_block(data, run, self.task.parameters * each),
        )
        flat = self.network.quantised(np.stack([self.task.init(seed) for seed in run.seeds]))
        return drive(loop, first_replicas(self.network.matrices, flat, run), run, stops)

    def prepare(self, run: Run, scale: float) -> tuple[Arithmetic, NDArray[np.int32]]:
        """Derive the arithmetic of a run, and C of every step and rate, int32 [steps, rates].

        Args:
            run: Gives learning rates, epsilon, batch and steps.
            scale: Worth of one unit of the stream's values in z.
        """
        largest = _largest(self.point)
        finest = -min(self.network.scales.weights) - math.floor(math.log2(largest))
        exponent = max(round(math.log2(run.epsilon * scale)), finest)
        # epsilon z = v * 2**exponent, so eta dL z / (2 epsilon) is, in probes, eta dL unit**2 / 2.
        unit = scale / 2.0**exponent
        sign = self.point.estimator == "sign_spsa"
        gain = unit if sign else unit * unit / 2 * 2.0**-LOSS_BITS / run.batch
        dropped = 0 if sign else RATE_BITS
        fitting = RATE_BITS - math.frexp(max(run.learning_rates) * gain)[1]
        shift = min(max(fitting, dropped + 1), dropped + FARTHEST_SHIFT)
        worth = cosine_rates(run.learning_rates, run.steps) * gain
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
        """Score as :meth:`Trainer.score`."""
        quantised = Split(self.network.inputs(split.inputs), split.labels)
        evaluate = _compiled_score(self.network)
        right, loss = scored(evaluate, state.weights, quantised, self.network.model)
        share, mean = right / len(split), loss / len(split)
        return Score(accuracy=100 * share, loss=mean * 2.0**-LOSS_BITS)

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the weights as floats, as :meth:`Trainer.weights`."""
        return self.network.real(self.integers(state))

    def integers(self, state: TrainState) -> NDArray[np.int32]:
        """Return the flat integer weights, int32 [seeds, rates, d]."""
        return self.network.matrices.pack(state.weights).astype(np.int32)

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`; roundings draw random numbers too."""
        arithmetic, _ = self.prepare(Run((0,), (1e-3,), 1), 1.0)
        each = stream_steps(self.point)
        words = arithmetic.noise_bits // self.point.bits
        deliveries = 3 + words * arithmetic.noise_deliveries
        return RunCost(
            forward_passes=2 * steps,
            passes=2 * steps,
            random_numbers=steps * self.task.parameters * each,
            deliveries=steps * deliveries,
        )

    def _values(
        self, directions: Directions, arithmetic: Arithmetic, first: int, steps: int
    ) -> tuple[NDArray[Any], ...]:
        """Return directions [steps, seeds, d] and random numbers [steps, draws, seeds, d]."""
        each = stream_steps(self.point)
        values = directions.block(first * each, steps * each)
        values = values.astype(np.int32) if values.dtype == np.float32 else values
        values = values.reshape(steps, each, *values.shape[1:])
        words = (values[:, 1:].astype(np.int32) >> self._half) + (1 << (self.point.bits - 1))
        return values[:, 0], _gathered(words, arithmetic.draws, self.point.bits)


def stream_steps(point: DesignPoint) -> int:
    """Return the steps of a point's stream in a training step: one, but where roundings take some.

    The first of them is the direction.

    Args:
        point: Any point.
    """
    if point.rounding != "stochastic":
        return 1
    draws = _draws(_largest(point) > 1, point.update_rounding == "independent")
    return 1 + draws * -(-NOISE_BITS // point.bits)


def _largest(point: DesignPoint) -> int:
    """Return the largest value of a point's stream."""
    return (1 << (point.bits - 1 + Stream(point.perturbation()).half)) - 1


def _draws(probe_rounds: bool, independent: bool) -> int:
    """Count the random numbers per weight and step of stochastic roundings."""
    return 1 + probe_rounds * (1 + independent)


def _gathered(words: NDArray[Any], draws: int, bits: int) -> NDArray[np.int32]:
    """Join words [steps, draws * several, seeds, d] to numbers [steps, draws, seeds, d]."""
    steps, passes, *rest = words.shape
    parts = words.reshape(steps, draws, passes // max(draws, 1), *rest).astype(np.int32)
    number = np.zeros((steps, draws, *rest), np.int32)
    for index in range(parts.shape[2]):
        number = (number << bits) | parts[:, :, index]
    return number


@cache
def _compiled(arithmetic: Arithmetic) -> Callable[..., Carried]:
    jax = load_jax()
    jnp = jax.numpy
    network = arithmetic.network
    unpack, scales, noise_bits = network.matrices.unpack, network.scales, arithmetic.noise_bits

    def directions(values: Array, noise: Array | None, exponent: Array) -> Layers:
        """Round the values [seeds, d] to probes of every layer."""
        shifts = [-(exponent + bits) for bits in scales.weights]
        noises = [(None, None)] * len(shifts) if noise is None else unpack(noise)
        return tuple(
            tuple(
                saturate(
                    shift_round_by(part, shift, added, noise_bits, jnp), network.weight_bits, jnp
                )
                for part, added in zip(parts, some, strict=True)
            )
            for parts, some, shift in zip(unpack(values), noises, shifts, strict=True)
        )

    def step(
        carried: Carried, block: tuple[Array, ...], index: Array, exponent: Array, shift: Array
    ) -> Carried:
        weights, diverged_at = carried
        values, noise, inputs, labels, rates = block
        values, draws = values.astype(jnp.int32), iter(noise)
        rounds = arithmetic.stochastic and arithmetic.probe_rounds
        probe = directions(values, next(draws) if rounds else None, exponent)
        again = rounds and arithmetic.independent
        along = directions(values, next(draws), exponent) if again else probe
        sides = network.sides(weights, probe, inputs)
        classes = jnp.arange(sides[0].shape[-2], dtype=labels.dtype)
        wanted = labels[:, None, None, :] == classes[:, None]
        plus, minus = (cross_entropy(side, wanted, _leading, jnp) for side in sides)
        difference = (plus - minus).sum(-1, dtype=jnp.int32)
        if arithmetic.sign:
            size = jnp.sign(difference) * rates
        else:
            size = step_size(difference, rates, jnp)
        noises = unpack(next(draws)) if arithmetic.stochastic else None
        weights = _updated(arithmetic, shift, weights, along, size, noises)

        def checked() -> Array:
            railed = _railed(weights, network.weight_bits) > RAILED_SHARE * network.model.parameters
            return marked(diverged_at, railed, index)

        due = index % RAILED_EVERY == RAILED_EVERY - 1
        return weights, jax.lax.cond(due, checked, lambda: diverged_at)

    return compiled_steps(step)


def _updated(
    arithmetic: Arithmetic,
    shift: Array,
    weights: Layers,
    along: Layers,
    size: Array,
    noises: Layers | None,
) -> Layers:
    """Compute ``saturate(w - round(M * u * 2**-S))`` for every weight."""
    jnp = load_jax().numpy

    def update(weight: Array, direction: Array, noise: Array | None) -> Array:
        factor = size.reshape(*size.shape, *[1] * (weight.ndim - 2))
        added = None if noise is None else noise[:, None]
        product = factor * direction[:, None]
        move = shift_round_by(product, shift, added, arithmetic.noise_bits, jnp)
        return saturate(weight - move, arithmetic.network.weight_bits, jnp)

    some = noises or tuple((None, None) for _ in weights)
    return tuple(
        tuple(update(*parts) for parts in zip(*layer, strict=True))
        for layer in zip(weights, along, some, strict=True)
    )


def _leading(values: Array) -> Array:
    """Return the index of the highest set bit of positive int32."""
    return 31 - load_jax().lax.clz(values)


def _railed(layers: Layers, bits: int) -> Array:
    """Count the weights of each replica that are at a rail, [seeds, rates]."""
    low, high = rails(bits)
    return sum(
        ((part == low) | (part == high)).sum(tuple(range(2, part.ndim)))
        for layer in layers
        for part in layer
    )


@cache
def _compiled_score(network: FixedNetwork) -> Callable[..., tuple[Array, Array]]:
    jax = load_jax()
    jnp = jax.numpy

    def evaluate(layers: Layers, inputs: Array, labels: Array) -> tuple[Array, Array]:
        logits = network.logits(layers, inputs)
        classes = jnp.arange(logits.shape[-2], dtype=labels.dtype)
        losses = cross_entropy(logits, labels == classes[:, None], _leading, jnp)
        return (logits.argmax(-2) == labels).sum(-1), losses.sum(-1, dtype=jnp.int32)

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(evaluate)
    return compiled
