"""Convolution networks over flat weights, laid out for one core of a CPU.

Activations are [channel, row, column, example]: the examples of a batch fill the vector units in
convolutions, norms and pooling alike, however few the channels. A convolution is one matrix
product of the weights with the neighbourhoods, which stays a batched product when replicas are
mapped side by side; the library's convolution would become a grouped one, which the CPU does
slowly. Images of up to ``THIN`` channels, whose products would have too short an inner axis, are
shifted, weighted and summed instead. For few channels this is two to three times as fast as the
usual layout with the library's convolution; its price is the memory of the neighbourhoods, nine
images a 3 x 3 convolution (:mod:`pezoexplore.train.networks.resnet` chooses otherwise).

Normalisation is by group (Wu and He, arXiv 1803.08494), within each example. Batch normalisation
would need running statistics beside the weights, and a probe's loss would depend on which examples
share its batch; a group norm has none of this and as many parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array, Block, layout, tensors_of

THIN = 3
"""Most input channels of a convolution computed as a sum of shifted images."""

VARIANCE_FLOOR = 1e-5
"""Addend of the variance in a group norm."""

_INIT_STREAM = 0

Image = tuple[int, int, int]
"""Height, width, channels."""

Shapes = list[tuple[str, tuple[int, ...], int]]
"""(name, shape, layer) of tensors, as :func:`pezoexplore.train.networks.network.layout` takes
them."""


@dataclass(frozen=True)
class Conv:
    """A convolution of stride 1 with bias; then norm, max pooling and ReLU.

    Attributes:
        channels: Output channels.
        kernel: Rows of the kernel, odd.
        width: Its columns, odd; None: as many as rows. One makes a convolution over rows alone, of
            images of one column.
        same: Whether the image is padded with zeros so that it keeps its size.
        groups: Groups of channels of the norm; 0 for no norm.
        pool: Side of the pooling windows, which do not overlap and are no larger than the image;
            1 for none. The remainder at the far edges is dropped.
    """

    channels: int
    kernel: int = 3
    same: bool = True
    groups: int = 0
    pool: int = 1
    width: int | None = None

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns of the kernel."""
        return self.kernel, self.width or self.kernel

    def sizes(self, image: Image) -> tuple[Image, Image]:
        """Return the image size after the convolution and after the pooling."""
        lost = (0, 0) if self.same else (self.sides[0] - 1, self.sides[1] - 1)
        convolved = image[0] - lost[0], image[1] - lost[1]
        height, width = (side // min(self.pool, side) for side in convolved)
        return (*convolved, self.channels), (height, width, self.channels)

    def macs(self, image: Image) -> int:
        """Count the multiply-accumulates of one example."""
        return math.prod(self.sizes(image)[0]) * math.prod(self.sides) * image[2]


@dataclass(frozen=True)
class Cnn:
    """Convolutions, then dense layers; ReLU after each but the last.

    Attributes:
        image: Size of the stored inputs.
        convs: Convolutions in order.
        hidden: Units of the dense layers between them and the outputs.
        classes: Outputs.
        input_scale: Factor on the stored inputs.
        input_shift: Addend of the scaled inputs.
        mean: Whether the dense layers see the mean of each channel instead of all positions.
    """

    image: Image
    convs: tuple[Conv, ...]
    hidden: tuple[int, ...]
    classes: int
    input_scale: float = 1.0
    input_shift: float = 0.0
    mean: bool = False

    @property
    def layers(self) -> int:
        """Number of convolutions and dense layers."""
        return len(self.convs) + len(self.hidden) + 1

    @property
    def parameters(self) -> int:
        """Number of weights d."""
        return self.blocks[-1].stop

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example's forward pass, of products alone."""
        images = zip(self.convs, self.images, strict=False)
        dense = zip(self._dense, self._dense[1:], strict=False)
        return sum(c.macs(i) for c, i in images) + sum(i * o for i, o in dense)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Tensors layer by layer: weight, bias and, after a convolution with a norm, its two.

        Convolution weights are [row, column, channel in, channel out], dense ones [out, in].
        """
        shapes: Shapes = []
        for layer, (conv, image) in enumerate(zip(self.convs, self.images, strict=False)):
            name = f"conv{layer + 1}"
            shapes += conv_shapes(name, (*conv.sides, image[2], conv.channels), layer)
            shapes += norm_shapes(name, conv.channels, layer) if conv.groups else []
        for index, pair in enumerate(zip(self._dense, self._dense[1:], strict=False)):
            shapes += dense_shapes(f"dense{index + 1}", pair, len(self.convs) + index)
        return layout(shapes)

    def init(self, seed: int) -> NDArray[np.float32]:
        """Draw He-normal weights, zero biases and identity norms, float32 [d]."""
        return he_normal(self.blocks, self.parameters, seed)

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on inputs [n, height, width, channels]."""
        return self.suffix(flat, self.prefix(flat, inputs, 0), 0)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Compute the input of a layer: of layer 0 the scaled inputs, [n, height, width, channels].

        Of later ones [channels, height, width, n], or [features, n] where the layer is dense.
        """
        images = scaled(inputs, self.input_scale, self.input_shift)
        return self._through(flat, images.transpose(3, 1, 2, 0), 0, layer) if layer else images

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Compute outputs [n, classes] from the input of a layer."""
        hidden = entering if layer else entering.transpose(3, 1, 2, 0)
        return self._through(flat, hidden, layer, self.layers).T

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """Image size before each convolution, and after the last one."""
        images = [self.image]
        for conv in self.convs:
            images.append(conv.sizes(images[-1])[1])
        return tuple(images)

    @cached_property
    def _dense(self) -> tuple[int, ...]:
        """Units before, between and after the dense layers."""
        last = self.images[-1]
        return (last[2] if self.mean else math.prod(last), *self.hidden, self.classes)

    def _through(self, flat: Array, hidden: Array, first: int, last: int) -> Array:
        jnp = load_jax().numpy
        for layer in range(first, last):
            tensors = tensors_of(self.blocks, flat, layer)
            if layer < len(self.convs):
                hidden = self._convolved(layer, hidden, tensors)
            else:
                hidden = tensors[0] @ hidden + tensors[1][:, None]
            hidden = jnp.maximum(hidden, 0) if layer + 1 < self.layers else hidden
            if layer + 1 == len(self.convs):
                flattened = hidden.reshape(-1, hidden.shape[-1])
                hidden = hidden.mean((1, 2)) if self.mean else flattened
        return hidden

    def _convolved(self, layer: int, hidden: Array, tensors: list[Array]) -> Array:
        """Apply a convolution with norm and pooling, not yet the ReLU, which commutes with max."""
        conv = self.convs[layer]
        hidden = _convolution(hidden, tensors[0], same=conv.same) + tensors[1][:, None, None, None]
        if conv.groups:
            gain, shift = (tensor[:, None, None, None] for tensor in tensors[2:])
            grouped = (conv.groups, conv.channels // conv.groups, hidden.shape[3])
            hidden = group_norm(hidden, gain, shift, grouped, 1)
        return max_pool(hidden, conv.pool) if conv.pool > 1 else hidden


def conv_shapes(
    name: str, sizes: tuple[int, int, int, int], layer: int, *, bias: bool = True
) -> Shapes:
    """Return the tensors of a convolution of sizes (kernel rows, columns, channels in, out)."""
    weight = (f"{name}.weight", sizes, layer)
    return [weight, (f"{name}.bias", sizes[3:], layer)] if bias else [weight]


def norm_shapes(name: str, channels: int, layer: int) -> Shapes:
    """Return the tensors of a group norm: gain and shift by channel."""
    return [(f"{name}.gain", (channels,), layer), (f"{name}.shift", (channels,), layer)]


def dense_shapes(name: str, pair: tuple[int, int], layer: int) -> Shapes:
    """Return the tensors of a dense layer of (input units, output units)."""
    inputs, out = pair
    return [(f"{name}.weight", (out, inputs), layer), (f"{name}.bias", (out,), layer)]


def he_normal(blocks: tuple[Block, ...], parameters: int, seed: int) -> NDArray[np.float32]:
    """Draw He-normal weights (deviation sqrt(2 / inputs of a unit)), gains of one, else zeros."""
    rng = np.random.default_rng([seed, _INIT_STREAM])
    flat = np.zeros(parameters, np.float32)
    for block in blocks:
        if block.name.endswith(".weight"):
            inputs = math.prod(block.shape[:-1]) if len(block.shape) == 4 else block.shape[1]
            block.of(flat)[:] = rng.normal(0.0, math.sqrt(2 / inputs), block.shape)
        elif block.name.endswith(".gain"):
            block.of(flat)[:] = 1
    return flat


def scaled(inputs: Array, scale: float, shift: float) -> Array:
    """Scale and shift stored inputs, to float32."""
    values = inputs.astype(load_jax().numpy.float32) * np.float32(scale)
    return values + np.float32(shift) if shift else values


def _convolution(images: Array, weight: Array, *, same: bool) -> Array:
    """Convolve (correlate) images [in, h, w, n] with a weight [rows, columns, in, out], odd.

    Returns:
        [out, h', w', n], padded with zeros to the size of the image or not at all.
    """
    jnp = load_jax().numpy
    rows, columns, inputs, out = weight.shape
    seen = windows(images, (rows, columns), same=same, xp=jnp)
    height, width = seen[0].shape[1:3]
    if inputs <= THIN:
        taps = weight.reshape(-1, inputs, out)
        products = [
            tap[channel][:, None, None, None] * window[channel]
            for window, tap in zip(seen, taps, strict=True)
            for channel in range(inputs)
        ]
        return sum(products[1:], products[0])
    wide = jnp.concatenate(seen).reshape(rows * columns * inputs, -1)
    return (weight.reshape(-1, out).T @ wide).reshape(out, height, width, -1)


def windows(images: Array, sides: tuple[int, int], *, same: bool, xp: ModuleType) -> list[Array]:
    """Return what each weight of a kernel sees, row by row: shifted images.

    Args:
        images: [..., in, h, w, n].
        sides: Rows and columns of the kernel, odd.
        same: Whether to pad with zeros, so that images keep their size.
        xp: NumPy or ``jax.numpy``.
    """
    rows, columns = sides
    pads = [(side // 2,) * 2 if same else (0, 0) for side in sides]
    padded = xp.pad(images, (*((0, 0),) * (images.ndim - 3), *pads, (0, 0)))
    height, width = padded.shape[-3] - rows + 1, padded.shape[-2] - columns + 1
    return [
        padded[..., i : i + height, j : j + width, :] for i in range(rows) for j in range(columns)
    ]


def group_norm(
    images: Array, gain: Array, shift: Array, grouped: tuple[int, int, int], axis: int
) -> Array:
    """Normalise each group of channels in each example, then apply gain and shift.

    Args:
        images: [channels, h, w, n] or [n, h, w, channels].
        gain: By channel, broadcast against the images.
        shift: By channel, broadcast against the images.
        grouped: Channels and examples, in that order or the other, channels split into groups.
        axis: Axis of ``grouped`` with the channels of a group.
    """
    jnp = load_jax().numpy
    outer, height, width, inner = images.shape
    count = height * width * grouped[axis]

    def over_group(values: Array) -> Array:
        """Average over positions and the channels of a group, by channel and example."""
        means = values.sum((1, 2)).reshape(grouped).sum(axis, keepdims=True) / count
        return jnp.broadcast_to(means, grouped).reshape(outer, 1, 1, inner)

    mean = over_group(images)
    variance = over_group((images - mean) ** 2)
    factor = gain / jnp.sqrt(variance + VARIANCE_FLOOR)
    return images * factor + (shift - mean * factor)


def max_pool(images: Array, side: int) -> Array:
    """Take the largest value of each window of [channels, h, w, n], of that side or the image's.

    First over rows, then over columns, each between whole runs of memory: maxima of strided
    slices take ten times as long.
    """
    channels, height, width, examples = images.shape
    high, wide = min(side, height), min(side, width)
    rows, columns = height // high, width // wide
    kept = images[:, : rows * high, : columns * wide]
    by_row = kept.reshape(channels, rows, high, columns * wide * examples).max(2)
    return by_row.reshape(channels, rows, columns, wide, examples).max(3)


def digits_cnn() -> Cnn:
    """Build the network of 8 x 8 digits: 8 and 16 channels of 3 x 3, pooled by 2; 1,898 weights."""
    return Cnn((8, 8, 1), (Conv(8, pool=2), Conv(16, pool=2)), (), 10, input_scale=1 / 16)


def lenet() -> Cnn:
    """Build LeNet-5's shapes (LeCun et al., 1998) with ReLU and max pooling: 61,706 weights."""
    convs = (Conv(6, 5, pool=2), Conv(16, 5, same=False, pool=2))
    return Cnn((28, 28, 1), convs, (120, 84), 10, input_scale=1 / 255)


def mnist_cnn() -> Cnn:
    """Build two 3 x 3 convolutions with pooling by 2, then 784-120-10: 96,658 weights."""
    convs = (Conv(8, pool=2), Conv(16, pool=2))
    return Cnn((28, 28, 1), convs, (120,), 10, input_scale=1 / 255)


def deepzero_cnn(depth: int, image: Image = (32, 32, 3)) -> Cnn:
    """Build the small network of DeepZero (arXiv 2310.02025) at one of its five sizes.

    ``depth`` blocks of a 3 x 3 convolution with bias, a norm, ReLU and pooling by 2, then the mean
    of each channel and a dense layer: the form in the authors' public code. Its 18 channels are
    derived here from the published counts, which they meet exactly: 730 + 2,970 (depth - 1). Two
    things differ: a group norm of 3 groups in place of the batch norm, and inputs x / 64 - 2. An
    image that has shrunk to one position is not pooled further.
    """
    sizes = [min(image[:2]) >> block for block in range(depth)]
    convs = tuple(Conv(18, groups=3, pool=2 if size > 1 else 1) for size in sizes)
    return Cnn(image, convs, (), 10, input_scale=1 / 64, input_shift=-2.0, mean=True)


def speech_cnn(frames: int, bands: int, classes: int) -> Cnn:
    """Build the network of spectrograms [frames, 1, bands]: four convolutions over time.

    Of 3 frames and 52 channels, pooled by 2 three times, then the mean over time: 30,066 weights
    for 32 bands and ten words.
    """
    convs = (*(Conv(52, pool=2, width=1) for _ in range(3)), Conv(52, width=1))
    return Cnn(
        (frames, 1, bands), convs, (), classes, input_scale=1 / 64, input_shift=-2.0, mean=True
    )
