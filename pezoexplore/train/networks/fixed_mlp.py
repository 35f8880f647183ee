"""A perceptron in integers: its scales, and its forward pass as exact products of small floats.

XLA multiplies integer matrices slowly on a CPU, and float32 is exact on integers up to 2**24. So
operands wider than a byte are cut into an upper part and a lower byte, each product of parts is a
float32 matrix product whose sums stay below 2**24, and the parts are added as int32. Accumulators
are kept as ``upper * 2**8 + lower``, so they never overflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import LOSS_BITS, rails, saturate, shift_round
from pezoexplore.train.networks.mlp import Layers, Mlp
from pezoexplore.train.networks.network import Array

HEADROOM = 2.0
"""Ranges as a multiple of the initial network's largest values: training moves weights."""

EXACT = 1 << 24
"""Integers up to here are exact in float32."""


@dataclass(frozen=True)
class Scales:
    """The binary points: an integer x with f fraction bits is worth ``x * 2**-f``.

    Attributes:
        weights: Fraction bits of each layer's weights and biases.
        activations: Fraction bits of the input of each layer.
    """

    weights: tuple[int, ...]
    activations: tuple[int, ...]

    def accumulator(self, layer: int) -> int:
        """Return the fraction bits of a layer's accumulator."""
        return self.weights[layer] + self.activations[layer]


@dataclass(frozen=True)
class FixedMlp:
    """A perceptron with integer weights and activations.

    Attributes:
        model: The network in float32, for its shapes.
        weight_bits: Bits of weights and biases.
        activation_bits: Bits of inputs and activations, signed.
        scales: The binary points.
    """

    model: Mlp
    weight_bits: int
    activation_bits: int
    scales: Scales

    def __post_init__(self) -> None:
        """Check that every product of parts is exact.

        Raises:
            DesignError: A layer has too many inputs.
        """
        widest = max(self.model.sizes[:-1])
        if widest * 255 * min(255, rails(self.activation_bits)[1]) >= EXACT:
            raise DesignError(f"weight_bits: a layer of {widest} inputs is too wide to be exact")

    def quantised(self, flat: NDArray[np.float32]) -> NDArray[np.int32]:
        """Quantise float weights [..., d] to the nearest integers."""
        whole = np.rint(flat.astype(np.float64) * 2.0 ** self._fraction_bits())
        return np.clip(whole, *rails(self.weight_bits)).astype(np.int32)

    def real(self, flat: NDArray[np.int32]) -> NDArray[np.float32]:
        """Convert integer weights [..., d] to the floats they stand for."""
        return (flat * 2.0 ** -self._fraction_bits().astype(np.float64)).astype(np.float32)

    def inputs(self, stored: NDArray[np.generic]) -> NDArray[np.int16]:
        """Quantise stored inputs to int16."""
        worth = stored.astype(np.float64) * self.model.input_scale
        whole = np.rint(worth * 2.0 ** self.scales.activations[0])
        return np.clip(whole, *rails(self.activation_bits)).astype(np.int16)

    def logits(self, layers: Layers, inputs: Array) -> Array:
        """Compute logits, int32 [..., classes, examples] with ``LOSS_BITS`` fraction bits.

        Args:
            layers: int32 weights and biases with any leading axes.
            inputs: Integers [..., features, examples], broadcast against the weights.
        """
        first = self._accumulate(*layers[0], inputs, 0)
        return self._onward(layers[1:], first)

    def sides(self, layers: Layers, probe: Layers, inputs: Array) -> tuple[Array, Array]:
        """Compute logits at the weights plus and minus the probe, each saturated.

        Where no weight of the first layer can reach a rail, its accumulators are those of the
        weights plus and minus those of the probe, which the replicas of a seed share: the same
        integers, for two thirds of the products.

        Args:
            layers: int32 weights and biases, leading axes [seeds, rates].
            probe: int32 by layer, leading axis [seeds].
            inputs: Integers [seeds, features, examples].
        """
        jax = load_jax()
        jnp = jax.numpy
        spread: Layers = tuple((p_weight[:, None], p_bias[:, None]) for p_weight, p_bias in probe)
        moved = [self._moved(layers[1:], spread[1:], sign) for sign in (1, -1)]
        high = rails(self.weight_bits)[1]
        clear = jnp.stack(
            [(abs(w) + abs(p) <= high).all() for w, p in zip(layers[0], spread[0], strict=True)]
        ).all()

        def together() -> tuple[tuple[Array, Array], ...]:
            centre = self._accumulate(*layers[0], inputs, 0)
            side = self._accumulate(*spread[0], inputs, 0)
            return tuple(
                (centre[0] + sign * side[0], centre[1] + sign * side[1]) for sign in (1, -1)
            )

        def apart() -> tuple[tuple[Array, Array], ...]:
            first = (self._moved(layers[:1], spread[:1], sign)[0] for sign in (1, -1))
            return tuple(self._accumulate(*some, inputs, 0) for some in first)

        firsts = jax.lax.cond(clear, together, apart)
        plus, minus = (self._onward(some, first) for some, first in zip(moved, firsts, strict=True))
        return plus, minus

    def _moved(self, layers: Layers, probe: Layers, sign: int) -> Layers:
        """Add or subtract the probe, saturated."""

        def held(part: Array, by: Array) -> Array:
            return saturate(part + sign * by, self.weight_bits, load_jax().numpy)

        return tuple(
            (held(weight, by_weight), held(bias, by_bias))
            for (weight, bias), (by_weight, by_bias) in zip(layers, probe, strict=True)
        )

    def _onward(self, later: Layers, first: tuple[Array, Array]) -> Array:
        """Compute logits from the accumulators of the first layer."""
        jnp = load_jax().numpy
        upper, lower = first
        for layer, tensors in enumerate(later, start=1):
            point = self.scales.accumulator(layer - 1)
            rounded = _drop(upper, lower, point - self.scales.activations[layer])
            hidden = jnp.clip(rounded, 0, rails(self.activation_bits)[1])
            upper, lower = self._accumulate(*tensors, hidden, layer)
        return _drop(upper, lower, self.scales.accumulator(len(later)) - LOSS_BITS)

    def _accumulate(
        self, weight: Array, bias: Array, hidden: Array, layer: int
    ) -> tuple[Array, Array]:
        """Compute accumulators as (upper, lower), worth ``upper * 2**8 + lower``."""
        bias = (bias << self.scales.activations[layer])[..., None]
        if self.weight_bits <= 8:
            return load_jax().numpy.zeros((), "int32"), self._product(weight, hidden) + bias
        upper = self._product(weight >> 8, hidden) + (bias >> 8)
        return upper, self._product(weight & 255, hidden) + (bias & 255)

    def _product(self, bytes_: Array, hidden: Array) -> Array:
        """Multiply byte-wide weights with activations exactly, int32."""
        jnp = load_jax().numpy
        weight = bytes_.astype(jnp.float32)
        if self.activation_bits <= 8:
            return _wide_product(weight, hidden.astype(jnp.float32)).astype(jnp.int32)
        upper, lower = (
            _wide_product(weight, part.astype(jnp.float32)).astype(jnp.int32)
            for part in (hidden >> 8, hidden & 255)
        )
        return (upper << 8) + lower

    def _fraction_bits(self) -> NDArray[np.int64]:
        """Return the fraction bits of each weight, [d]."""
        sizes = np.diff([block.start for block in self.model.blocks] + [self.model.parameters])
        bits = [self.scales.weights[block.layer] for block in self.model.blocks]
        return np.repeat(bits, sizes)


def _wide_product(weight: Array, hidden: Array) -> Array:
    """Multiply weights [seeds, rates, out, in] with activations; one wide product if shared.

    Args:
        weight: Float32.
        hidden: [seeds, rates, in, n], [seeds, in, n] or [in, n].
    """
    jnp = load_jax().numpy
    if hidden.ndim != weight.ndim - 1:
        return jnp.matmul(weight, hidden)
    seeds, rates, out, width = weight.shape
    product = jnp.matmul(weight.reshape(seeds, rates * out, width), hidden)
    return product.reshape(seeds, rates, out, hidden.shape[-1])


def calibrated(
    model: Mlp,
    initial: NDArray[np.float32],
    stored: NDArray[np.generic],
    weight_bits: int,
    activation_bits: int,
) -> FixedMlp:
    """Quantise a network, with ranges from its initial weights.

    A layer's weights have as many fraction bits as leave room for ``HEADROOM`` times the largest,
    its outputs for ``HEADROOM`` times the largest over the examples, the inputs for the largest.

    Args:
        model: The network.
        initial: Initial weights of the first seed, [d].
        stored: Inputs of the training examples, [examples, features].
        weight_bits: Bits of a weight.
        activation_bits: Bits of an activation.
    """
    hidden = stored.astype(np.float64) * model.input_scale
    weights, activations = [], [_fraction(float(np.abs(hidden).max()), activation_bits)]
    for layer, (weight, bias) in enumerate(model.unpack(initial.astype(np.float64))):
        widest = max(float(np.abs(weight).max()), float(np.abs(bias).max()))
        weights.append(_fraction(HEADROOM * widest, weight_bits))
        if layer + 1 < model.layers:
            hidden = np.maximum(hidden @ weight.T + bias, 0)
            activations.append(_fraction(HEADROOM * float(hidden.max()), activation_bits))
    scales = Scales(tuple(weights), tuple(activations))
    return FixedMlp(model, weight_bits, activation_bits, scales)


def _fraction(largest: float, bits: int) -> int:
    """Return the most fraction bits with which ``bits`` signed bits hold the largest value."""
    return math.floor(math.log2(rails(bits)[1] / (largest or 1.0)))


def _drop(upper: Array, lower: Array, bits: int) -> Array:
    """Compute ``round((upper * 2**8 + lower) * 2**-bits)``, halves away from zero."""
    if not upper.ndim:
        return shift_round(lower, bits)
    carried, low = upper + (lower >> 8), lower & 255
    if bits <= 0:
        return (carried << (8 - bits)) + (low << -bits)
    rounded = low + (1 << (bits - 1)) + (carried >> 31)
    if bits < 8:
        return (carried << (8 - bits)) + (rounded >> bits)
    return (carried + (rounded >> 8)) >> (bits - 8)
