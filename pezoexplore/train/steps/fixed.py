"""The step of fixed-point training, compiled: probes, loss differences and updates in integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import (
    cross_entropy,
    rails,
    saturate,
    shift_round_by,
    step_size,
)
from pezoexplore.train.loop import Carried, compiled_steps, marked
from pezoexplore.train.networks.fixed_network import FixedNetwork
from pezoexplore.train.networks.mlp import Layers
from pezoexplore.train.networks.network import Array

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
        queries: Directions of a step.
        noise_bits: Bits of a random number for rounding.
        replay: Earlier steps whose directions an update replays.
    """

    network: FixedNetwork
    exponent: int
    update_shift: int
    largest: int
    stochastic: bool
    independent: bool
    sign: bool
    queries: int
    noise_bits: int
    replay: int = 0

    @property
    def probe_rounds(self) -> bool:
        """Whether the probe may be rounded."""
        return self.largest > 1

    @property
    def shared(self) -> Arithmetic:
        """Return what is compiled: the same for other streams, epsilons and rates."""
        noise_bits = self.noise_bits if self.stochastic else 0
        largest = 1 + self.probe_rounds
        return replace(self, exponent=0, update_shift=0, largest=largest, noise_bits=noise_bits)

    @property
    def draws(self) -> int:
        """Random numbers per weight and step for roundings."""
        if not self.stochastic:
            return 0
        return draws_of(self.probe_rounds, self.independent)

    @property
    def noise_deliveries(self) -> int:
        """Times per step that a random number for rounding is delivered to a weight.

        Once for the rounding of the update; for that of the direction on either side of the probe
        and in the update, whether this one has its own numbers or repeats the probe's.
        """
        return (1 + 3 * self.probe_rounds) * self.stochastic


def draws_of(probe_rounds: bool, independent: bool) -> int:
    """Count the random numbers per weight and step of stochastic roundings."""
    return 1 + probe_rounds * (1 + independent)


@cache
def compiled(arithmetic: Arithmetic) -> Callable[..., Carried]:
    """Compile the steps of a block; exponent and shift are given when it runs.

    Args:
        arithmetic: The arithmetic; its shifts do not count.

    Returns:
        As :func:`pezoexplore.train.loop.compiled_steps`, of the constants E and S.
    """
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

    def move(
        weights: Layers,
        values: Array,
        draws: Iterator[Array],
        examples: list[Array],
        exponent: Array,
    ) -> tuple[Layers, Array, Layers | None]:
        """Probe a direction; return it as the update takes it, D, and the update's random bits."""
        inputs, labels, _ = examples
        rounds = arithmetic.stochastic and arithmetic.probe_rounds
        probe = directions(values, next(draws) if rounds else None, exponent)
        again = rounds and arithmetic.independent
        along = directions(values, next(draws), exponent) if again else probe
        classes = jnp.arange(network.matrices.unpack(values)[-1][1].shape[-1], dtype=labels.dtype)
        wanted = labels[:, None, None, :] == classes[:, None]

        def losses(logits: Array) -> Array:
            return cross_entropy(logits, wanted, _leading, jnp)

        difference = network.difference(weights, probe, inputs, losses).sum(-1, dtype=jnp.int32)
        return along, difference, unpack(next(draws)) if arithmetic.stochastic else None

    def sized(difference: Array, rates: Array) -> Array:
        if arithmetic.sign:
            return jnp.sign(difference) * rates
        return step_size(difference, rates, jnp)

    def replayed(
        weights: Layers,
        kept: Array,
        rates: Array,
        index: Array,
        exponent: Array,
        shift: Array,
    ) -> Layers:
        """Move along the directions of earlier steps, the oldest first, as far as there are any."""
        differences, ring = kept

        def one(number: Array, weights: Layers) -> Layers:
            age = arithmetic.replay - number
            slot = (index - age) % arithmetic.replay
            for query in range(arithmetic.queries):
                along = directions(ring[:, slot, query], None, exponent)
                size = sized(differences[:, :, slot, query], rates[age])
                weights = _updated(arithmetic, shift, weights, along, size, None)
            return weights

        moved: Layers = jax.lax.fori_loop(0, arithmetic.replay, one, weights)
        return moved

    def step(
        carried: Carried, block: tuple[Array, ...], index: Array, exponent: Array, shift: Array
    ) -> Carried:
        weights, *kept, diverged_at = carried
        values, noise, *examples = block
        rates = examples[-1]
        moves = [
            move(
                weights,
                values[query].astype(jnp.int32),
                iter(noise[query].astype(jnp.int32)),
                examples,
                exponent,
            )
            for query in range(arithmetic.queries)
        ]
        if arithmetic.replay:
            weights = replayed(weights, kept, rates, index, exponent, shift)
            slot, found = index % arithmetic.replay, jnp.stack([move[1] for move in moves], -1)
            ring = kept[1].at[:, slot].set(values.swapaxes(0, 1))
            kept = [kept[0].at[:, :, slot].set(found), ring]
        now = rates[0] if arithmetic.replay else rates
        for along, difference, noises in moves:
            size = sized(difference, now)
            weights = _updated(arithmetic, shift, weights, along, size, noises)

        def checked() -> Array:
            railed = _railed(weights, network.weight_bits) > RAILED_SHARE * network.model.parameters
            return marked(diverged_at, railed, index)

        due = index % RAILED_EVERY == RAILED_EVERY - 1
        return weights, *kept, jax.lax.cond(due, checked, lambda: diverged_at)

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
def compiled_score(network: FixedNetwork) -> Callable[..., tuple[Array, Array]]:
    """Compile right answers and summed losses [seeds, rates] of integer weights on examples.

    Examples that are not real, a boolean each, fill up and do not count.
    """
    jax = load_jax()
    jnp = jax.numpy

    def evaluate(layers: Layers, inputs: Array, labels: Array, real: Array) -> tuple[Array, Array]:
        logits = network.logits(layers, inputs)
        classes = jnp.arange(logits.shape[-2], dtype=labels.dtype)
        losses = cross_entropy(logits, labels == classes[:, None], _leading, jnp)
        right = (logits.argmax(-2) == labels) & real
        return right.sum(-1), jnp.where(real, losses, 0).sum(-1, dtype=jnp.int32)

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(evaluate)
    return compiled
