"""A multi-layer perceptron and the two-point probe of it, batched over seeds and rates.

Activations are laid out [..., feature, example]: the examples of a batch fill the vector units
in every layer, in the ten-row last one too, and the softmax runs over the outer of the two axes.
Functions on parameters take them layer by layer (:meth:`Mlp.unpack`), because slices of one flat
vector would be copied for every matrix product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array as Array
from pezoexplore.train.networks.network import Block, layout

Layers: TypeAlias = tuple[tuple[Array, Array], ...]
"""(weight [..., out, in], bias [..., out]) of each layer."""

_INIT_STREAM = 0


@dataclass(frozen=True)
class Mlp:
    """A ReLU network on scaled inputs.

    Attributes:
        sizes: Features in, hidden units, classes out.
        input_scale: Factor on the stored inputs.
    """

    sizes: tuple[int, ...]
    input_scale: float = 1.0

    @property
    def parameters(self) -> int:
        """Number of weights d, biases included."""
        return sum(out * (inputs + 1) for inputs, out in self._pairs)

    @property
    def layers(self) -> int:
        """Number of dense layers."""
        return len(self.sizes) - 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example's forward pass."""
        return sum(out * inputs for inputs, out in self._pairs)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Weight and bias of each layer, in the order of :meth:`unpack`."""
        return layout(
            [
                block
                for depth, (inputs, out) in enumerate(self._pairs)
                for block in (
                    (f"dense{depth + 1}.weight", (out, inputs), depth),
                    (f"dense{depth + 1}.bias", (out,), depth),
                )
            ]
        )

    @property
    def _pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self.sizes, self.sizes[1:], strict=False))

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on stored inputs [n, features]."""
        return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Compute the input of a layer, [n, features]; of layer 0 the scaled inputs."""
        scaled = inputs.astype(load_jax().numpy.float32) * np.float32(self.input_scale)
        return self._through(flat, scaled, 0, layer)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Compute outputs [n, classes] from the input of a layer."""
        return self._through(flat, entering, layer, self.layers)

    def _through(self, flat: Array, hidden: Array, first: int, last: int) -> Array:
        jnp = load_jax().numpy
        for layer in range(first, last):
            weight, bias = (block.of(flat) for block in self.blocks[2 * layer : 2 * layer + 2])
            hidden = jnp.matmul(hidden, weight.T) + bias
            hidden = jnp.maximum(hidden, 0) if layer + 1 < self.layers else hidden
        return hidden

    def init(self, seed: int) -> NDArray[np.float32]:
        """Draw He-normal weights (deviation sqrt(2 / inputs)) and zero biases, float32 [d]."""
        rng = np.random.default_rng([seed, _INIT_STREAM])
        flat = np.zeros(self.parameters, np.float32)
        for weight, _ in self.unpack(flat):
            weight[:] = rng.normal(0.0, math.sqrt(2 / weight.shape[-1]), weight.shape)
        return flat

    def unpack(self, flat: Array) -> Layers:
        """Split flat parameters [..., d] into layers.

        The order is layer by layer, each its weight row by row (all inputs of unit 0 first) and
        then its bias.
        """
        lead, layers, start = flat.shape[:-1], [], 0
        for inputs, out in zip(self.sizes, self.sizes[1:], strict=False):
            stop = start + out * inputs
            weight = flat[..., start:stop].reshape(*lead, out, inputs)
            layers.append((weight, flat[..., stop : stop + out]))
            start = stop + out
        return tuple(layers)

    def pack(self, layers: Layers) -> NDArray[np.float32]:
        """Join layers to flat parameters [..., d]: the inverse of :meth:`unpack`."""
        pieces = []
        for weight, bias in layers:
            pieces += [np.asarray(weight).reshape(*weight.shape[:-2], -1), np.asarray(bias)]
        return np.concatenate(pieces, axis=-1)

    def logits(self, layers: Layers, inputs: Array) -> Array:
        """Compute outputs [..., classes, examples] on inputs [examples, features] of all replicas.

        Args:
            layers: Parameters with any leading axes.
            inputs: Stored inputs, before ``input_scale``.
        """
        jnp = load_jax().numpy
        hidden = jnp.swapaxes(inputs.astype(jnp.float32) * np.float32(self.input_scale), 0, 1)
        for depth, (weight, bias) in enumerate(layers):
            if depth:
                hidden = jnp.maximum(hidden, 0)
            hidden = jnp.matmul(weight, hidden) + bias[..., None]
        return hidden

    def probe(
        self, layers: Layers, direction: Layers, inputs: Array, epsilon: Array
    ) -> tuple[Array, Array]:
        """Compute outputs at w + epsilon z and w - epsilon z, each [seeds, rates, classes, batch].

        The first layer is linear in the weights, so it is computed as ``w x +- epsilon (z x)``:
        the rates of one seed see the same z and the same batch and share the product ``z x``, and
        the small difference between the two sides is not rounded away in the sum. Later layers
        form ``w +- epsilon z``. The weights themselves are never moved and moved back.

        Args:
            layers: Weights, leading axes [seeds, rates].
            direction: z by layer, leading axis [seeds].
            inputs: Stored inputs [seeds, batch, features].
            epsilon: Scalar.
        """
        jnp = load_jax().numpy
        scaled = inputs.astype(jnp.float32) * np.float32(self.input_scale)
        (weight, bias), (z_weight, z_bias) = layers[0], direction[0]
        centre = _first_products(weight, scaled) + bias[..., None]
        side = _first_products(z_weight[:, None], scaled) + z_bias[:, None, :, None]
        plus, minus = centre + epsilon * side, centre - epsilon * side
        for (weight, bias), (z_weight, z_bias) in zip(layers[1:], direction[1:], strict=True):
            dw, db = epsilon * z_weight[:, None], epsilon * z_bias[:, None]
            # The sides stay two arrays: one stacked array costs a slow copy, half the time again.
            plus = jnp.matmul(weight + dw, jnp.maximum(plus, 0)) + (bias + db)[..., None]
            minus = jnp.matmul(weight - dw, jnp.maximum(minus, 0)) + (bias - db)[..., None]
        return plus, minus


def _first_products(weight: Array, inputs: Array) -> Array:
    """Multiply weights [seeds, r, out, in] with inputs [seeds, batch, in].

    One wide product per seed, since its replicas see the same batch: [seeds, r, out, batch].
    """
    lax = load_jax().lax
    seeds, replicas, out, features = weight.shape
    wide = weight.reshape(seeds, replicas * out, features)
    product = lax.dot_general(wide, inputs, (((2,), (2,)), ((0,), (0,))))
    return product.reshape(seeds, replicas, out, inputs.shape[1])


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Compute the cross-entropy of each example in nats.

    Args:
        logits: [..., classes, examples].
        labels: Class numbers, [..., examples], broadcast against the logits.

    Returns:
        [..., examples].
    """
    jnp = load_jax().numpy
    top = logits.max(-2)
    total = jnp.exp(logits - top[..., None, :]).sum(-2)
    classes = jnp.arange(logits.shape[-2], dtype=labels.dtype)
    hit = labels[..., None, :] == classes[:, None]
    return jnp.log(total) + top - jnp.where(hit, logits, 0).sum(-2)
