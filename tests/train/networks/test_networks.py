"""Convolution networks against a slow reference in NumPy, float64."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.cnn import Cnn, Conv, deepzero_cnn, digits_cnn, lenet, speech_cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Network
from pezoexplore.train.networks.resnet import ResNet, resnet20

Floats = NDArray[np.float64]

NETWORKS = {
    "digits": digits_cnn(),
    "lenet": lenet(),
    "deepzero": deepzero_cnn(3, (8, 8, 3)),
    "deepzero, odd sizes": deepzero_cnn(4, (11, 9, 1)),
    "many channels in": Cnn((7, 6, 5), (Conv(4, same=False), Conv(6, 5, groups=2)), (9,), 3, 0.1),
    "over time": speech_cnn(13, 4, 3),
    "resnet": ResNet(size=8, width=8, depth=1),
}


def convolved(images: Floats, weight: Floats, same: bool = True, stride: int = 1) -> Floats:
    """[n, h, w, in] with [rows, columns, in, out]: every position by itself."""
    high, wide = weight.shape[:2]
    pads = [(same * (side // 2),) * 2 for side in (high, wide)]
    padded = np.pad(images, ((0, 0), *pads, (0, 0)))
    rows, columns = padded.shape[1] - high + 1, padded.shape[2] - wide + 1
    out = np.zeros((len(images), -(-rows // stride), -(-columns // stride), weight.shape[3]))
    for row in range(0, rows, stride):
        for column in range(0, columns, stride):
            window = padded[:, row : row + high, column : column + wide]
            at = out[:, row // stride, column // stride]
            at[:] = np.tensordot(window, weight, axes=3)
    return out


def normed(images: Floats, gain: Floats, shift: Floats, groups: int) -> Floats:
    out = np.empty_like(images)
    share = images.shape[-1] // groups
    for example in range(len(images)):
        for start in range(0, images.shape[-1], share):
            part = images[example, :, :, start : start + share]
            scaled = (part - part.mean()) / np.sqrt(part.var() + 1e-5)
            out[example, :, :, start : start + share] = scaled
    return out * gain + shift


def pooled(images: Floats, side: int) -> Floats:
    high, wide = (min(side, size) for size in images.shape[1:3])
    rows, columns = images.shape[1] // high, images.shape[2] // wide
    out = np.empty((len(images), rows, columns, images.shape[3]))
    for row in range(rows):
        for column in range(columns):
            at = images[:, row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            out[:, row, column] = at.max((1, 2))
    return out


def cnn_outputs(net: Cnn, tensors: dict[str, Floats], inputs: NDArray[np.uint8]) -> Floats:
    hidden = inputs * net.input_scale + net.input_shift
    for index, conv in enumerate(net.convs, start=1):
        weight = tensors[f"conv{index}.weight"]
        hidden = convolved(hidden, weight, conv.same)
        hidden = hidden + tensors[f"conv{index}.bias"]
        if conv.groups:
            gain, shift = tensors[f"conv{index}.gain"], tensors[f"conv{index}.shift"]
            hidden = normed(hidden, gain, shift, conv.groups)
        hidden = pooled(np.maximum(hidden, 0), conv.pool)
    if net.mean:
        hidden = hidden.mean((1, 2))
    else:  # channel by channel, each row by row
        hidden = hidden.transpose(0, 3, 1, 2).reshape(len(hidden), -1)
    for index in range(1, len(net.hidden) + 2):
        hidden = np.maximum(hidden, 0) if index > 1 else hidden
        hidden = hidden @ tensors[f"dense{index}.weight"].T + tensors[f"dense{index}.bias"]
    return hidden


def resnet_outputs(net: ResNet, tensors: dict[str, Floats], inputs: NDArray[np.uint8]) -> Floats:
    def unit(images: Floats, name: str, stride: int) -> Floats:
        raw = convolved(images, tensors[f"{name}.weight"], stride=stride)
        gain, shift = tensors[f"{name}.gain"], tensors[f"{name}.shift"]
        return normed(raw, gain, shift, raw.shape[-1] // 8)

    hidden = np.maximum(unit(inputs * net.input_scale + net.input_shift, "conv1", 1), 0)
    for block in range(1, 3 * net.depth + 1):
        stride = 2 if block in (net.depth + 1, 2 * net.depth + 1) else 1
        inner = np.maximum(unit(hidden, f"block{block}.conv1", stride), 0)
        inner = unit(inner, f"block{block}.conv2", 1)
        shortcut = hidden[:, ::stride, ::stride]
        more = (inner.shape[-1] - shortcut.shape[-1]) // 2
        hidden = np.maximum(inner + np.pad(shortcut, ((0, 0), (0, 0), (0, 0), (more, more))), 0)
    return hidden.mean((1, 2)) @ tensors["dense1.weight"].T + tensors["dense1.bias"]


def example(net: Network, count: int = 5) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    flat = net.init(0) + rng.normal(0, 0.1, net.parameters).astype(np.float32)
    image = net.sizes[:1] if isinstance(net, Mlp) else net.image
    return flat, rng.integers(0, 17, (count, *image)).astype(np.uint8)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in ("lenet", "deepzero") else [])
        for name in NETWORKS
    ],
)
def test_outputs_are_the_forward_pass(name: str) -> None:
    net = NETWORKS[name]
    flat, inputs = example(net)
    tensors = {block.name: block.of(flat.astype(np.float64)) for block in net.blocks}
    reference = resnet_outputs if isinstance(net, ResNet) else cnn_outputs
    expected = reference(net, tensors, inputs)
    assert np.ptp(expected, axis=0).min() > 0.01
    outputs = load_jax().jit(net.outputs)(flat, inputs)
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-3)


MARKS = {"over time": (), "resnet": pytest.mark.regression, "deepzero": pytest.mark.regression}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=MARKS.get(name, pytest.mark.slow),
        )
        for name in NETWORKS
    ],
)
def test_a_pass_restarts_at_every_layer(name: str) -> None:
    net = NETWORKS[name]
    flat, inputs = example(net)
    expected = np.asarray(net.outputs(flat, inputs))
    for layer in range(net.layers):
        entering = net.prefix(flat, inputs, layer)
        # What a layer hands on is all that later weights see of earlier ones.
        later = flat.copy()
        later[: min(block.start for block in net.blocks if block.layer == layer)] = np.nan
        np.testing.assert_allclose(net.suffix(later, entering, layer), expected, rtol=1e-4)
    scaled = net.prefix(flat, inputs, 0)
    shift = getattr(net, "input_shift", 0.0)
    np.testing.assert_allclose(scaled, inputs * net.input_scale + shift, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "digits",
        pytest.param("deepzero", marks=pytest.mark.regression),
        pytest.param("resnet", marks=pytest.mark.regression),
    ],
)
def test_replicas_side_by_side_are_single_ones(name: str) -> None:
    net = NETWORKS[name]
    flat, inputs = example(net)
    many = np.stack([flat, net.init(1), net.init(2)])
    jax = load_jax()
    single = jax.jit(net.outputs)
    together = jax.jit(jax.vmap(net.outputs, (0, None)))(many, inputs)
    for one, outputs in zip(many, together, strict=True):
        np.testing.assert_allclose(outputs, single(one, inputs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("net", [*NETWORKS.values(), resnet20(), Mlp((64, 32, 10))])
def test_blocks_cover_the_weights_in_order_of_their_layers(net: Network) -> None:
    starts = [block.start for block in net.blocks]
    assert [0, *(block.stop for block in net.blocks)] == [*starts, net.parameters]
    layers = [block.layer for block in net.blocks]
    assert layers == sorted(layers)
    assert set(layers) == set(range(net.layers))
    assert hash(net) == hash(net)


def test_deepzero_counts_are_the_published_ones() -> None:
    sizes = [deepzero_cnn(depth).parameters for depth in range(1, 6)]
    assert sizes == [730, 3700, 6670, 9640, 12610]


def test_known_counts() -> None:
    assert resnet20().parameters == 269_722  # option A, convolutions without bias
    assert resnet20().macs == 40_551_040
    assert (lenet().parameters, lenet().macs) == (61_706, 416_520)
    assert digits_cnn().parameters == 80 + 1168 + 650
    over_time = speech_cnn(40, 32, 10)
    assert over_time.parameters == 3 * 52 * (32 + 3 * 52) + 4 * 52 + 530 == 30_066
    assert over_time.macs == 3 * 52 * (40 * 32 + (20 + 10 + 5) * 52) + 520


@pytest.mark.parametrize("name", ["digits", "lenet", "many channels in"])
def test_macs_are_half_the_operations_of_the_products(name: str) -> None:
    """Each output of a layer takes a multiply-accumulate for each weight it sees."""
    net = NETWORKS[name]
    image, total = net.image, 0
    for index, conv in enumerate(net.convs, start=1):
        side = tuple(s if conv.same else s - conv.kernel + 1 for s in image[:2])
        weight = next(b for b in net.blocks if b.name == f"conv{index}.weight")
        total += side[0] * side[1] * weight.size
        image = (side[0] // conv.pool, side[1] // conv.pool, conv.channels)
    total += sum(b.size for b in net.blocks if b.name.startswith("dense") and len(b.shape) == 2)
    assert net.macs == total


def test_initial_weights_are_he_normal_with_gains_of_one() -> None:
    net = resnet20()
    flat = net.init(3)
    np.testing.assert_array_equal(flat, net.init(3))
    assert (flat != net.init(4)).mean() > 0.9
    for block in net.blocks:
        values = block.of(flat)
        if block.name.endswith("weight"):
            inputs = np.prod(block.shape[:-1]) if len(block.shape) == 4 else block.shape[1]
            assert np.std(values) == pytest.approx(np.sqrt(2 / inputs), rel=0.15)
        else:
            assert (values == block.name.endswith("gain")).all()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("digits", marks=pytest.mark.slow),
        pytest.param("deepzero", marks=pytest.mark.regression),
        pytest.param("resnet", marks=pytest.mark.regression),
    ],
)
def test_gradients_agree_with_differences(name: str) -> None:
    net = NETWORKS[name]
    flat, inputs = example(net)
    jax = load_jax()
    z = np.random.default_rng(1).normal(size=net.parameters).astype(np.float32)
    z /= np.linalg.norm(z)

    def total(weights: object) -> object:
        return jax.numpy.tanh(net.outputs(weights, inputs)).sum()

    slope = float(jax.jit(jax.grad(total))(flat) @ z)
    tangent = float(jax.jit(lambda flat: jax.jvp(total, (flat,), (z,))[1])(flat))
    compiled = jax.jit(total)
    difference = float(compiled(flat + 1e-2 * z) - compiled(flat - 1e-2 * z)) / 2e-2
    assert slope == pytest.approx(tangent, rel=1e-3, abs=1e-4)
    assert slope == pytest.approx(difference, rel=0.05, abs=0.02)


@pytest.mark.parametrize("net", [digits_cnn(), lenet()], ids=["digits", "lenet"])
def test_a_convolution_is_computed_once_for_all_positions_of_the_next(net: Cnn) -> None:
    # XLA fuses pooling by maxima of slices into each of the next kernel's positions, products too.
    inputs = np.zeros((16, *net.image), np.uint8)
    compiled = load_jax().jit(net.outputs).lower(net.init(0), inputs).compile().as_text()
    products = [line for line in compiled.splitlines() if " multiply(" in line]
    image = f"f32[{net.convs[0].channels},{net.image[0]},{net.image[1]},"
    assert sum(image in line for line in products) == net.convs[0].kernel ** 2
