"""Networks in integers against the slow reference and against their float form."""

from __future__ import annotations

import numpy as np
import pytest
from fixed_reference import ConvReplica, Replica

from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import LOSS_BITS, rails
from pezoexplore.train.networks.cnn import Cnn, Conv, digits_cnn, speech_cnn
from pezoexplore.train.networks.fixed_network import FixedNetwork, Scales, calibrated
from pezoexplore.train.networks.mlp import Mlp

STRIPE = Cnn((9, 7, 5), (Conv(4, same=False, pool=3), Conv(3, 5, pool=2)), (6,), 3, 0.1)
RNG = np.random.default_rng(0)


def at_random(shape: int | tuple[int, ...], bits: int) -> np.ndarray:
    """Integers anywhere between the rails."""
    low, high = rails(bits)
    return RNG.integers(low, high + 1, shape, dtype=np.int32)


MODELS = [digits_cnn(), speech_cnn(13, 4, 3), STRIPE]


@pytest.mark.parametrize(
    ("model", "weight_bits", "activation_bits"),
    [
        pytest.param(model, *bits, marks=() if some else pytest.mark.slow)
        for bits, some in {(16, 8): 1, (12, 12): 0, (8, 8): 0, (4, 4): 1}.items()
        for model in MODELS
    ],
)
def test_outputs_are_those_of_the_reference(model, weight_bits, activation_bits):
    scales = Scales(tuple(range(8, 8 + model.layers)), tuple(range(6, 6 - model.layers, -1)))
    network = FixedNetwork(model, weight_bits, activation_bits, scales)
    flat = at_random(model.parameters, weight_bits)
    inputs = at_random((3, *model.image), activation_bits)
    layers = [
        tuple(block.of(flat).astype(np.int64) for block in model.blocks if block.layer == layer)
        for layer in range(model.layers)
    ]
    convs = [(conv.same, conv.pool) for conv in model.convs]
    widths = (weight_bits, activation_bits)
    replica = ConvReplica(
        *(layers, scales.weights, scales.activations, *widths, 0, 0, 8, False), convs, model.mean
    )
    found = np.asarray(load_jax().jit(network.logits)(network.matrices.unpack(flat), inputs))
    np.testing.assert_array_equal(found.T, replica.logits(layers, inputs))


def test_a_layer_wider_than_an_exact_product_is_cut():
    """Every weight and input at its rail: a single float32 product would lose the last bits."""
    model, scales = Mlp((1500, 10)), Scales((4,), (LOSS_BITS,))
    flat = np.full(model.parameters, 2**15 - 1, np.int32)
    flat[: 1500 * 5] = RNG.integers(2**14, 2**15, 1500 * 5)
    inputs = np.full((2, 1500), 127, np.int32)
    layers = [tuple(part.astype(np.int64) for part in layer) for layer in model.unpack(flat)]
    expected = Replica(layers, *(scales.weights, scales.activations), 16, 8, 0, 0, 8, False)
    found = np.asarray(FixedNetwork(model, 16, 8, scales).logits(model.unpack(flat), inputs))
    assert (found > 2**24).all()
    np.testing.assert_array_equal(found.T, expected.logits(layers, inputs))


@pytest.mark.parametrize(
    "model", [digits_cnn(), pytest.param(speech_cnn(13, 4, 3), marks=pytest.mark.slow)]
)
def test_wide_integers_are_close_to_floats(model):
    stored = RNG.integers(0, 256 if model.input_shift else 17, (32, *model.image), dtype=np.uint8)
    flat = model.init(3)
    network = calibrated(model, flat, stored, 16, 16)
    layers = network.matrices.unpack(network.quantised(flat))
    jit, integers = load_jax().jit, network.inputs(stored).astype(np.int32)
    whole, floats = jit(network.logits)(layers, integers), jit(model.outputs)(flat, stored)
    np.testing.assert_allclose(whole.T / 2**LOSS_BITS, floats, atol=0.01 * np.abs(floats).max())


def test_packing_is_the_inverse_of_unpacking():
    for model in (digits_cnn(), Mlp((4, 3, 2))):
        flat = RNG.integers(-9, 9, (2, 3, model.parameters))
        matrices = FixedNetwork(model, 8, 8, Scales((0,) * 3, (0,) * 3)).matrices
        np.testing.assert_array_equal(matrices.pack(matrices.unpack(flat)), flat)
