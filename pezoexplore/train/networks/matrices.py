"""Networks as products of matrices with columns, the form that integer arithmetic takes.

Every layer, dense or a convolution, is a matrix [out, in] times columns [in, n] plus a bias: of a
dense layer n is the examples, of a convolution the positions of all examples, a column holding what
the kernel sees at one of them. What lies between two products (pooling, neighbourhoods, averages)
does the same to floats and to integers, NumPy's and JAX's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.networks.cnn import Cnn, max_pool, windows
from pezoexplore.train.networks.mlp import Layers, Mlp
from pezoexplore.train.networks.network import Array, Network, tensors_of


class Matrices(Protocol):
    """A network as its matrices. Implementations are frozen and hashable, as networks are."""

    def unpack(self, flat: Array) -> Layers:
        """Split flat weights [..., d] into (matrix [..., out, in], bias [..., out]) by layer."""

    def pack(self, layers: Layers) -> NDArray[np.generic]:
        """Join layers to flat weights [..., d]: the inverse of :meth:`unpack`."""

    def scaled(self, stored: NDArray[np.generic]) -> NDArray[np.float64]:
        """Convert stored inputs to the numbers that the first layer sees, same shape."""

    def columns(self, layer: int, values: Array, xp: ModuleType) -> Array:
        """Return the columns [..., in, n] that a layer's matrix multiplies.

        Args:
            layer: Number of the layer.
            values: Of layer 0 the inputs [..., examples, *shape], scaled or quantised; of others
                the outputs [..., out, n] of the layer before, after the ReLU.
            xp: NumPy or ``jax.numpy``, whichever the values are of.
        """


@dataclass(frozen=True)
class MlpMatrices:
    """A perceptron as its matrices.

    Attributes:
        model: The perceptron.
    """

    model: Mlp

    def unpack(self, flat: Array) -> Layers:
        """Split weights as :meth:`Matrices.unpack`."""
        return self.model.unpack(flat)

    def pack(self, layers: Layers) -> NDArray[np.generic]:
        """Join weights as :meth:`Matrices.pack`."""
        return self.model.pack(layers)

    def scaled(self, stored: NDArray[np.generic]) -> NDArray[np.float64]:
        """Convert inputs as :meth:`Matrices.scaled`."""
        return stored.astype(np.float64) * self.model.input_scale

    def columns(self, layer: int, values: Array, xp: ModuleType) -> Array:
        """Return columns as :meth:`Matrices.columns`."""
        return values if layer else xp.swapaxes(values, -1, -2)


@dataclass(frozen=True)
class CnnMatrices:
    """A convolution network without norms as its matrices.

    Attributes:
        model: The network.
    """

    model: Cnn

    def unpack(self, flat: Array) -> Layers:
        """Split weights as :meth:`Matrices.unpack`; a row's weights are by position, then input."""
        layers = []
        for layer in range(self.model.layers):
            weight, bias = tensors_of(self.model.blocks, flat, layer)
            if layer < len(self.model.convs):
                weight = weight.reshape(*flat.shape[:-1], -1, bias.shape[-1]).swapaxes(-1, -2)
            layers.append((weight, bias))
        return tuple(layers)

    def pack(self, layers: Layers) -> NDArray[np.generic]:
        """Join weights as :meth:`Matrices.pack`."""
        pieces = []
        for layer, (weight, bias) in enumerate(layers):
            matrix = np.asarray(weight)
            matrix = matrix.swapaxes(-1, -2) if layer < len(self.model.convs) else matrix
            pieces += [matrix.reshape(*matrix.shape[:-2], -1), np.asarray(bias)]
        return np.concatenate(pieces, axis=-1)

    def scaled(self, stored: NDArray[np.generic]) -> NDArray[np.float64]:
        """Convert inputs as :meth:`Matrices.scaled`."""
        return stored.astype(np.float64) * self.model.input_scale + self.model.input_shift

    def columns(self, layer: int, values: Array, xp: ModuleType) -> Array:
        """Return columns as :meth:`Matrices.columns`."""
        convs = self.model.convs
        if layer > len(convs):
            return values
        images = self._pooled(layer - 1, values) if layer else _channels_first(values, xp)
        if layer < len(convs):
            conv = convs[layer]
            seen = xp.concatenate(windows(images, conv.sides, same=conv.same, xp=xp), axis=-4)
            return seen.reshape(*seen.shape[:-3], -1)
        if self.model.mean:
            return _averaged(images)
        return images.reshape(*images.shape[:-4], -1, images.shape[-1])

    def _pooled(self, layer: int, values: Array) -> Array:
        """Pool the outputs [..., channels, n] of a convolution: [..., channels, h, w, examples]."""
        conv = self.model.convs[layer]
        height, width, channels = conv.sizes(self.model.images[layer])[0]
        images = values.reshape(-1, height, width, values.shape[-1] // (height * width))
        pooled = max_pool(images, conv.pool) if conv.pool > 1 else images
        return pooled.reshape(*values.shape[:-2], channels, *pooled.shape[1:])


def matrices_of(network: Network) -> Matrices:
    """Return a network as its matrices.

    Norms have no such form: their divisor is another one for each example.

    Raises:
        DesignError: The network has no such form.
    """
    if isinstance(network, Mlp):
        return MlpMatrices(network)
    if isinstance(network, Cnn) and not any(conv.groups for conv in network.convs):
        return CnnMatrices(network)
    raise DesignError(
        "weight_bits: integers need a perceptron or a convolution network without norms, and "
        f"this task's is another {type(network).__name__}"
    )


def _channels_first(inputs: Array, xp: ModuleType) -> Array:
    """Transpose inputs [..., examples, h, w, channels] to [..., channels, h, w, examples]."""
    return xp.moveaxis(inputs, (-1, -4), (-4, -1))


def _averaged(images: Array) -> Array:
    """Average images [..., h, w, examples] over positions, integers to nearest, halves up.

    None is negative: they come out of a ReLU.
    """
    count = math.prod(images.shape[-3:-1])
    total = images.sum((-3, -2), dtype=images.dtype)
    return (total + count // 2) // count if images.dtype.kind == "i" else total / count
