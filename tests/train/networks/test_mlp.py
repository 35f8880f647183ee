from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from pezoexplore.train.networks.mlp import Mlp, cross_entropy

DIGITS = Mlp((64, 32, 10), input_scale=1 / 16)


def outputs(model: Mlp, flat: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Forward pass in float64, layer by layer from the flat vector: [examples, classes]."""
    hidden, start = inputs * model.input_scale, 0
    for depth, (fan_in, out) in enumerate(zip(model.sizes, model.sizes[1:], strict=False)):
        weight = flat[start : start + out * fan_in].reshape(out, fan_in).astype(np.float64)
        start += out * fan_in
        hidden = (np.maximum(hidden, 0) if depth else hidden) @ weight.T + flat[start : start + out]
        start += out
    return hidden


def test_the_digits_network_has_2410_parameters() -> None:
    assert DIGITS.parameters == 2410


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.lists(st.integers(1, 3), max_size=2))
def test_pack_undoes_unpack(sizes: list[int], lead: list[int]) -> None:
    model = Mlp(tuple(sizes))
    shape = (*lead, model.parameters)
    flat = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_array_equal(model.pack(model.unpack(flat)), flat)


def test_initial_weights_are_he_normal_with_zero_biases() -> None:
    layers = DIGITS.unpack(np.stack([DIGITS.init(seed) for seed in range(50)]))
    for (weight, bias), fan_in in zip(layers, (64, 32), strict=True):
        assert not bias.any()
        assert np.std(weight) == pytest.approx(np.sqrt(2 / fan_in), rel=0.02)
        assert abs(np.mean(weight)) < 0.02 * np.sqrt(2 / fan_in)


def test_initial_weights_follow_the_seed() -> None:
    np.testing.assert_array_equal(DIGITS.init(3), DIGITS.init(3))
    assert (DIGITS.init(3) != DIGITS.init(4)).sum() > 2000


@pytest.mark.parametrize("model", [DIGITS, Mlp((5, 7, 6, 3), input_scale=0.5), Mlp((4, 2))])
def test_logits_are_the_forward_pass(model: Mlp) -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(2, 3, model.parameters)).astype(np.float32) / 4
    inputs = rng.integers(0, 17, (20, model.sizes[0])).astype(np.uint8)
    logits = np.asarray(model.logits(model.unpack(flat), inputs))
    for replica in np.ndindex(2, 3):
        expected = outputs(model, flat[replica], inputs).T
        np.testing.assert_allclose(logits[replica], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", [DIGITS, Mlp((5, 7, 6, 3), input_scale=0.5), Mlp((4, 2))])
def test_probe_is_the_forward_pass_on_both_sides(model: Mlp) -> None:
    rng, epsilon = np.random.default_rng(1), np.float32(0.05)
    flat = rng.normal(size=(2, 3, model.parameters)).astype(np.float32) / 4
    z = rng.normal(size=(2, model.parameters)).astype(np.float32)
    inputs = rng.integers(0, 17, (2, 20, model.sizes[0])).astype(np.uint8)
    sides = model.probe(model.unpack(flat), model.unpack(z), inputs, epsilon)
    for sign, side in zip((1, -1), sides, strict=True):
        for seed, rate in np.ndindex(2, 3):
            moved = flat[seed, rate].astype(np.float64) + sign * epsilon * z[seed]
            expected = outputs(model, moved, inputs[seed]).T
            np.testing.assert_allclose(side[seed, rate], expected, rtol=1e-4, atol=1e-4)


def test_cross_entropy_agrees_with_scipy_also_on_large_logits() -> None:
    rng = np.random.default_rng(2)
    logits = (
        rng.normal(size=(3, 10, 40)).astype(np.float32) * np.float32([1, 30, 1e4])[:, None, None]
    )
    labels = rng.integers(0, 10, (3, 40)).astype(np.uint8)
    logs = log_softmax(logits.astype(np.float64), axis=1)
    expected = -np.take_along_axis(logs, labels[:, None].astype(int), axis=1)[:, 0]
    np.testing.assert_allclose(cross_entropy(logits, labels), expected, rtol=1e-5, atol=1e-5)


def test_the_two_point_estimate_is_the_gradient_on_average() -> None:
    """E[(L(w + eps z) - L(w - eps z)) / (2 eps) z] = grad L for z of unit covariance."""
    model, epsilon, count = Mlp((3, 4, 2)), 1e-3, 40_000
    rng = np.random.default_rng(3)
    flat = rng.normal(size=model.parameters).astype(np.float32)
    inputs = rng.normal(size=(16, 3)).astype(np.float32)
    labels = rng.integers(0, 2, 16).astype(np.uint8)
    z = rng.normal(size=(count, model.parameters)).astype(np.float32)
    weights = np.broadcast_to(flat, (count, 1, model.parameters))
    batches = np.broadcast_to(inputs, (count, 16, 3))
    plus, minus = model.probe(model.unpack(weights), model.unpack(z), batches, np.float32(epsilon))
    slope = np.asarray(cross_entropy(plus, labels) - cross_entropy(minus, labels))[:, 0].mean(-1)
    estimate = (slope[:, None] / (2 * epsilon) * z).mean(axis=0)
    gradient = backpropagated(model, flat, inputs, labels)
    # The mean of n estimates is off by about sqrt((d + 1) / n) of the gradient's length: 2.6 %.
    error = np.linalg.norm(estimate - gradient) / np.linalg.norm(gradient)
    assert error < 0.06


def backpropagated(
    model: Mlp, flat: np.ndarray, inputs: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Gradient of the mean loss of a two-layer network, by hand."""
    (w1, b1), (w2, b2) = model.unpack(flat.astype(np.float64))
    before = inputs @ w1.T + b1
    hidden = np.maximum(before, 0)
    scores = np.exp(log_softmax(hidden @ w2.T + b2, axis=1))
    d_out = (scores - np.eye(model.sizes[-1])[labels]) / len(labels)
    d_hidden = (d_out @ w2) * (before > 0)
    parts = (d_hidden.T @ inputs, d_hidden.sum(0), d_out.T @ hidden, d_out.sum(0))
    return np.concatenate([part.ravel() for part in parts])
