"""A network in integers: its scales, and its forward pass as exact products of small floats.

XLA multiplies integer matrices slowly on a CPU, and float32 is exact on integers up to 2**24. So
operands wider than a byte are cut into an upper part and a lower byte, and wide layers into parts
of their inputs, so that each product is a float32 matrix product whose sums stay below 2**24; they
are added as int32. Accumulators are kept as ``upper * 2**8 + lower``, so they never overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import LOSS_BITS, rails, saturate, shift_round
from pezoexplore.train.networks.matrices import Matrices, matrices_of
from pezoexplore.train.networks.mlp import Layers
from pezoexplore.train.networks.network import Array, Network

HEADROOM = 2.0
"""Ranges as a multiple of the initial network's largest values: training moves weights."""

EXACT = 1 << 24
"""Integers up to here are exact in float32."""

CALIBRATED = 256
"""Examples whose activations are computed at once for the ranges."""


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
class FixedNetwork:
    """A perceptron or convolution network with integer weights and activations.

    Attributes:
        model: The network in float32, for its shapes.
        weight_bits: Bits of weights and biases.
        activation_bits: Bits of inputs and activations, signed.
        scales: The binary points.
    """

    model: Network
    weight_bits: int
    activation_bits: int
    scales: Scales

    def __post_init__(self) -> None:
        """Check that there is an integer form, and that its accumulators fit 32 bits.

        Raises:
            DesignError: There is none, or a layer has too many inputs.
        """
        layers = self.matrices.unpack(np.zeros(self.model.parameters, np.int8))
        widest = max(weight.shape[-1] for weight, _ in layers)
        if widest * 255 << (self.activation_bits - 1) >= 1 << 31:
            raise DesignError(f"weight_bits: a layer of {widest} inputs is too wide to be exact")

    @cached_property
    def matrices(self) -> Matrices:
        """The network as its matrices."""
        return matrices_of(self.model)

    def quantised(self, flat: NDArray[np.float32]) -> NDArray[np.int32]:
        """Quantise float weights [..., d] to the nearest integers."""
        whole = np.rint(flat.astype(np.float64) * 2.0 ** self._fraction_bits())
        return np.clip(whole, *rails(self.weight_bits)).astype(np.int32)

    def real(self, flat: NDArray[np.int32]) -> NDArray[np.float32]:
        """Convert integer weights [..., d] to the floats they stand for."""
        return (flat * 2.0 ** -self._fraction_bits().astype(np.float64)).astype(np.float32)

    def inputs(self, stored: NDArray[np.generic]) -> NDArray[np.int16]:
        """Quantise stored inputs to int16."""
        whole = np.rint(self.matrices.scaled(stored) * 2.0 ** self.scales.activations[0])
        return np.clip(whole, *rails(self.activation_bits)).astype(np.int16)

    def logits(self, layers: Layers, inputs: Array) -> Array:
        """Compute logits, int32 [..., classes, examples] with ``LOSS_BITS`` fraction bits.

        Args:
            layers: int32 matrices and biases with any leading axes.
            inputs: Integers [examples, *shape].
        """
        first = self._accumulate(*layers[0], self._columns(0, inputs), 0)
        return self._onward(layers[1:], first)

    def difference(
        self, layers: Layers, probe: Layers, inputs: Array, losses: Callable[[Array], Array]
    ) -> Array:
        """Compute losses at the weights plus the probe less those minus it, each saturated.

        Where no weight of the first layer can reach a rail, its accumulators are those of the
        weights plus and minus those of the probe, which the replicas of a seed share: the same
        integers, for two thirds of the products. The sides are two turns of a loop: with bytes a
        step takes three quarters of the time of both at once.

        Args:
            layers: int32 weights and biases, leading axes [seeds, rates].
            probe: int32 by layer, leading axis [seeds].
            inputs: Integers [seeds, examples, *shape].
            losses: Returns int32 losses [seeds, rates, examples] from logits.
        """
        jax = load_jax()
        jnp = jax.numpy
        columns = self._columns(0, inputs)
        spread: Layers = tuple((p_weight[:, None], p_bias[:, None]) for p_weight, p_bias in probe)
        high = rails(self.weight_bits)[1]
        clear = jnp.stack(
            [(abs(w) + abs(p) <= high).all() for w, p in zip(layers[0], spread[0], strict=True)]
        ).all()

        def products() -> tuple[tuple[Array, Array], ...]:
            return tuple(self._accumulate(*some[0], columns, 0) for some in (layers, spread))

        def together(sign: Array, parts: tuple[tuple[Array, Array], ...]) -> tuple[Array, Array]:
            (upper, lower), (upper_by, lower_by) = parts
            return upper + sign * upper_by, lower + sign * lower_by

        def apart(sign: Array, parts: tuple[tuple[Array, Array], ...]) -> tuple[Array, Array]:
            del parts
            return self._accumulate(*self._moved(layers[:1], spread[:1], sign)[0], columns, 0)

        def side(total: Array, sign: Array) -> tuple[Array, None]:
            first = jax.lax.cond(clear, together, apart, sign, parts)
            later = self._moved(layers[1:], spread[1:], sign)
            return total + sign * losses(self._onward(later, first)), None

        shapes = jax.eval_shape(products)
        nothing = jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), shapes)
        parts = jax.lax.cond(clear, products, lambda: nothing)
        total = jnp.zeros((*layers[0][1].shape[:2], inputs.shape[1]), jnp.int32)
        total, _ = jax.lax.scan(side, total, np.array([1, -1], np.int32))
        return total

    def _moved(self, layers: Layers, probe: Layers, sign: Array) -> Layers:
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
            upper, lower = self._accumulate(*tensors, self._columns(layer, hidden), layer)
        return _drop(upper, lower, self.scales.accumulator(len(later)) - LOSS_BITS)

    def _columns(self, layer: int, values: Array) -> Array:
        """Return the columns that a layer's matrix multiplies."""
        return self.matrices.columns(layer, values, load_jax().numpy)

    def _accumulate(
        self, weight: Array, bias: Array, columns: Array, layer: int
    ) -> tuple[Array, Array]:
        """Compute accumulators as (upper, lower), worth ``upper * 2**8 + lower``."""
        bias = (bias << self.scales.activations[layer])[..., None]
        if self.weight_bits <= 8:
            return load_jax().numpy.zeros((), "int32"), self._product(weight, columns) + bias
        upper = self._product(weight >> 8, columns) + (bias >> 8)
        return upper, self._product(weight & 255, columns) + (bias & 255)

    def _product(self, bytes_: Array, columns: Array) -> Array:
        """Multiply byte-wide weights with activations exactly, int32."""
        if self.activation_bits <= 8:
            return _exact_product(bytes_, columns, 1 << (self.activation_bits - 1))
        upper, lower = (_exact_product(bytes_, part, 255) for part in (columns >> 8, columns & 255))
        return (upper << 8) + lower

    def _fraction_bits(self) -> NDArray[np.int64]:
        """Return the fraction bits of each weight, [d]."""
        sizes = np.diff([block.start for block in self.model.blocks] + [self.model.parameters])
        bits = [self.scales.weights[block.layer] for block in self.model.blocks]
        return np.repeat(bits, sizes)


def _exact_product(weight: Array, columns: Array, largest: int) -> Array:
    """Multiply byte-wide weights with columns of integers up to ``largest`` in size, int32.

    As float32, so many inputs at a time that every sum is exact.
    """
    jnp = load_jax().numpy
    weight, columns = weight.astype(jnp.float32), columns.astype(jnp.float32)
    width, most = weight.shape[-1], (EXACT - 1) // (255 * largest)
    parts = [
        _wide_product(weight[..., at : at + most], columns[..., at : at + most, :])
        for at in range(0, width, most)
    ]
    return sum(part.astype(jnp.int32) for part in parts)


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
    model: Network,
    initial: NDArray[np.float32],
    stored: NDArray[np.generic],
    weight_bits: int,
    activation_bits: int,
) -> FixedNetwork:
    """Quantise a network, with ranges from its initial weights.

    A layer's weights have as many fraction bits as leave room for ``HEADROOM`` times the largest,
    its outputs for ``HEADROOM`` times the largest over the examples, the inputs for the largest.

    Args:
        model: The network.
        initial: Initial weights of the first seed, [d].
        stored: Inputs of the training examples, [examples, *shape].
        weight_bits: Bits of a weight.
        activation_bits: Bits of an activation.

    Raises:
        DesignError: It has no integer form, or a layer has too many inputs.
    """
    matrices = matrices_of(model)
    layers = matrices.unpack(initial.astype(np.float64))
    weights = [
        _fraction(HEADROOM * max(float(np.abs(part).max()) for part in layer), weight_bits)
        for layer in layers
    ]
    largest = np.max([_largest(matrices, layers, some) for some in _pieces(stored)], axis=0)
    activations = [
        _fraction(value * (HEADROOM if layer else 1.0), activation_bits)
        for layer, value in enumerate(largest.tolist())
    ]
    scales = Scales(tuple(weights), tuple(activations))
    return FixedNetwork(model, weight_bits, activation_bits, scales)


def _largest(matrices: Matrices, layers: Layers, stored: NDArray[np.generic]) -> list[float]:
    """Return the largest input of the first layer and outputs of all but the last."""
    values = matrices.scaled(stored)
    largest = [float(np.abs(values).max())]
    for layer, (weight, bias) in enumerate(layers[:-1]):
        values = np.maximum(weight @ matrices.columns(layer, values, np) + bias[:, None], 0)
        largest.append(float(values.max()))
    return largest


def _pieces(stored: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Cut examples into pieces, whose neighbourhoods fit in memory."""
    return [stored[at : at + CALIBRATED] for at in range(0, len(stored), CALIBRATED)]


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
