"""ResNet-20 over flat weights, with little memory.

Activations are [example, row, column, channel] and the convolutions are the library's, which
gathers neighbourhoods piece by piece: a forward pass holds three images of the widest stage at a
time, where the matrix products of :mod:`pezoexplore.train.networks.cnn` would hold nine more, and
of ``AT_ONCE`` examples whatever the batch. From 16 channels on this is faster as well, one replica
at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.cnn import (
    THIN,
    Shapes,
    conv_shapes,
    dense_shapes,
    group_norm,
    he_normal,
    norm_shapes,
    scaled,
)
from pezoexplore.train.networks.network import Array, Block, layout, tensors_of

CHANNELS_A_GROUP = 8
"""Channels that a group norm treats together."""

AT_ONCE = 32
"""Images computed together: examples are independent, and more only take memory."""


@dataclass(frozen=True)
class ResNet:
    """The residual network for small images of He et al., arXiv 1512.03385, section 4.2.

    A 3 x 3 convolution, three stages of blocks of two, with widths w, 2w and 4w, the mean of each
    channel and a dense layer. The first block of a later stage has stride 2; its shortcut takes
    every second position and pads the channels with zeros (option A). Convolutions have no bias;
    each is followed by a norm. Departure: the norm is a group norm over ``CHANNELS_A_GROUP``
    channels of one example, for the reasons in :mod:`pezoexplore.train.networks.cnn`.

    Layers, from which a pass can restart, are the first convolution, the blocks and the dense
    layer: inside a block there is more than one activation to keep.

    Attributes:
        size: Side of the square images; a multiple of 4.
        width: Channels of the first stage; a multiple of ``CHANNELS_A_GROUP``.
        depth: Blocks a stage; 3 make ResNet-20.
        classes: Outputs.
        input_scale: Factor on the stored inputs.
        input_shift: Addend of the scaled inputs.
    """

    size: int = 32
    width: int = 16
    depth: int = 3
    classes: int = 10
    input_scale: float = 1 / 64
    input_shift: float = -2.0

    @property
    def image(self) -> tuple[int, int, int]:
        """Size of the stored inputs: height, width, channels."""
        return (self.size, self.size, 3)

    @property
    def layers(self) -> int:
        """First convolution, blocks and dense layer."""
        return 2 + 3 * self.depth

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return self.blocks[-1].stop

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example's forward pass, of products alone."""
        total = self.size**2 * 9 * 3 * self.width + 4 * self.width * self.classes
        for inputs, out, stage in self._widths:
            total += (self.size >> stage) ** 2 * 9 * out * (inputs + out)
        return total

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Tensors in order; convolution weights are [row, column, channel in, channel out]."""
        shapes: Shapes = conv_shapes("conv1", (3, 3, 3, self.width), 0, bias=False)
        shapes += norm_shapes("conv1", self.width, 0)
        for layer, (inputs, out, _) in enumerate(self._widths, start=1):
            for name, into in ((f"block{layer}.conv1", inputs), (f"block{layer}.conv2", out)):
                shapes += conv_shapes(name, (3, 3, into, out), layer, bias=False)
                shapes += norm_shapes(name, out, layer)
        shapes += dense_shapes("dense1", (4 * self.width, self.classes), self.layers - 1)
        return layout(shapes)

    def init(self, seed: int) -> NDArray[np.float32]:
        """Draw He-normal weights, zero biases and identity norms, float32 [d]."""
        return he_normal(self.blocks, self.parameters, seed)

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on stored inputs [n, height, width, 3]."""
        if len(inputs) <= AT_ONCE:
            return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

        def one(image: Array) -> Array:
            return self.suffix(flat, self.prefix(flat, image[None], 0), 0)[0]

        return load_jax().lax.map(one, inputs, batch_size=AT_ONCE)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Compute the input of a layer: [n, height, width, channels], [n, features] of the last."""
        return self._through(flat, scaled(inputs, self.input_scale, self.input_shift), 0, layer)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Compute outputs [n, classes] from the input of a layer."""
        return self._through(flat, entering, layer, self.layers)

    @cached_property
    def _widths(self) -> tuple[tuple[int, int, int], ...]:
        """(input channels, output channels, stage) of each block."""
        out = [(self.width << stage, stage) for stage in range(3) for _ in range(self.depth)]
        before = [self.width, *(channels for channels, _ in out)]
        return tuple((into, *of) for into, of in zip(before, out, strict=False))

    def _through(self, flat: Array, hidden: Array, first: int, last: int) -> Array:
        jnp = load_jax().numpy
        for layer in range(first, last):
            tensors = tensors_of(self.blocks, flat, layer)
            if layer == self.layers - 1:
                hidden = hidden @ tensors[0].T + tensors[1]
                continue
            if layer == 0:
                hidden = jnp.maximum(_normed(hidden, tensors, 1), 0)
            else:
                inputs, out, _ = self._widths[layer - 1]
                hidden = _block(hidden, tensors, 1 if inputs == out else 2)
            if layer == self.layers - 2:
                hidden = hidden.mean((1, 2))
        return hidden


def resnet20() -> ResNet:
    """Build the 20-layer network on CIFAR-10: 269,722 weights, 40.6 M multiply-accumulates."""
    return ResNet()


def _block(entering: Array, tensors: list[Array], stride: int) -> Array:
    """Apply two convolutions beside a shortcut."""
    jnp = load_jax().numpy
    hidden = jnp.maximum(_normed(entering, tensors[:3], stride), 0)
    hidden = _normed(hidden, tensors[3:], 1)
    if stride > 1:
        more = hidden.shape[-1] - entering.shape[-1]
        spread = ((0, 0), (0, 0), (0, 0), (more // 2, more - more // 2))
        entering = jnp.pad(entering[:, ::stride, ::stride], spread)
    return jnp.maximum(hidden + entering, 0)


def _normed(images: Array, tensors: list[Array], stride: int) -> Array:
    weight, gain, shift = tensors
    convolved = _convolution(images, weight, stride)
    groups = convolved.shape[3] // CHANNELS_A_GROUP
    grouped = (len(convolved), groups, CHANNELS_A_GROUP)
    return group_norm(convolved, gain, shift, grouped, 2)


def _convolution(images: Array, weight: Array, stride: int) -> Array:
    """Convolve [n, h, w, in] with a weight [3, 3, in, out], padded by one zero."""
    jax = load_jax()
    if weight.shape[2] > THIN:
        numbers, pad = ("NHWC", "HWIO", "NHWC"), ((1, 1), (1, 1))
        return jax.lax.conv_general_dilated(
            images, weight, (stride, stride), pad, dimension_numbers=numbers
        )
    padded = jax.numpy.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    products = [
        padded[:, i : i + height, j : j + width, channel, None] * weight[i, j, channel]
        for i in range(3)
        for j in range(3)
        for channel in range(weight.shape[2])
    ]
    return sum(products[1:], products[0])
