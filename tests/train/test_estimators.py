from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from coordinate_reference import cge

from pezoexplore.train import estimators
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.mlp import Mlp

D = 5
RNG = np.random.default_rng(3)
CURVED = RNG.normal(size=(D, D))
CURVED = (CURVED @ CURVED.T).astype(np.float32)
"""Second derivatives of the quadratic loss."""
CENTRES = RNG.normal(size=(7, D)).astype(np.float32)
WEIGHTS = RNG.normal(size=D).astype(np.float32)
GRADIENT = CURVED @ (WEIGHTS - CENTRES.mean(axis=0))
SIGNS = np.array(list(itertools.product((-1, 1), repeat=D)), np.int16)
"""All corners of the cube: E[z z^T] over them is the identity."""


def quadratic(weights: Any) -> Any:
    """Losses of seven examples, 1/2 (w - c)^T A (w - c) each."""
    away = weights - CENTRES
    return 0.5 * ((away @ CURVED) * away).sum(-1)


def linear(slope: np.ndarray) -> Callable[[Any], Any]:
    return lambda weights: (weights * slope).sum()[None]


def estimate(name: str, losses: Any, directions: np.ndarray, epsilon: float = 0.5) -> np.ndarray:
    """Estimate by name, z = directions / 2."""
    made = estimators.estimator_of(name)
    gradient, sound, _ = made(losses, WEIGHTS, directions, np.float32(0.5), np.float32(epsilon))
    assert sound
    return np.asarray(gradient)


def changes(directions: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """L(w + eps z) - L(w) and L(w - eps z) - L(w) of the quadratic, from its derivatives."""
    z = directions.astype(np.float64) / 2
    slopes, bends = z @ GRADIENT, 0.5 * ((z @ CURVED) * z).sum(-1)
    return epsilon * slopes + epsilon**2 * bends, -epsilon * slopes + epsilon**2 * bends


@pytest.mark.parametrize("name", ["rge", "forward_gradient"])
def test_slope_times_direction_on_a_quadratic(name: str) -> None:
    words = RNG.integers(-9, 10, size=(3, D)).astype(np.int16)
    z = words / 2
    expected = ((z @ GRADIENT)[:, None] * z).mean(axis=0)
    np.testing.assert_allclose(estimate(name, quadratic, words), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["rge", "rge_onesided", "forward_gradient"])
def test_all_corners_give_the_gradient_itself(name: str) -> None:
    np.testing.assert_allclose(estimate(name, quadratic, 2 * SIGNS), GRADIENT, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("queries", "epsilon"), [(1, 0.1), (1, 2.0), (5, 0.5), (5, 2.0)])
def test_one_sided_is_off_by_the_curvature(queries: int, epsilon: float) -> None:
    words = np.random.default_rng(queries).integers(-9, 10, size=(queries, D)).astype(np.int16)
    forward, _ = changes(words, epsilon)
    expected = (forward[:, None] / epsilon * words / 2).mean(axis=0)
    found = estimate("rge_onesided", quadratic, words, epsilon)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_normalised_one_sided_divides_by_the_deviation_of_the_losses() -> None:
    words = RNG.integers(-9, 10, size=(6, D)).astype(np.int16)
    forward, _ = changes(words, 0.5)
    expected = (forward[:, None] * words / 2).mean(axis=0) / np.std(forward, ddof=1)
    made = estimators.estimator_of("rge_onesided", normalise=True)
    found, *_ = made(quadratic, WEIGHTS, words, np.float32(0.5), np.float32(0.5))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-3, atol=1e-3)


def test_normalised_one_sided_stands_still_where_all_losses_are_equal() -> None:
    made = estimators.estimator_of("rge_onesided", normalise=True)
    flat = linear(np.zeros(D, np.float32))
    found, sound, _ = made(flat, WEIGHTS, SIGNS, np.float32(1), np.float32(0.5))
    assert sound
    np.testing.assert_array_equal(np.asarray(found), 0)


def test_sign_keeps_one_bit_of_each_difference() -> None:
    words = RNG.integers(-9, 10, size=(8, D)).astype(np.int16)
    forward, backward = changes(words, 0.5)
    expected = (np.sign(forward - backward)[:, None] * words / 2).mean(axis=0)
    np.testing.assert_allclose(estimate("sign_spsa", quadratic, words), expected, rtol=1e-6)


def test_sign_over_all_corners_finds_a_coordinate_that_outweighs_the_rest() -> None:
    slope = np.array([0.1, 0.2, -1.0, 0.3, 0.1], np.float32)
    found = estimate("sign_spsa", linear(slope), 2 * SIGNS)
    np.testing.assert_allclose(found, [0, 0, -1, 0, 0], atol=1e-6)


def test_cge_is_the_gradient_and_half_the_own_curvature() -> None:
    found, sound = cge(quadratic, load_jax().numpy.asarray(WEIGHTS), np.float32(0.25))
    assert sound
    expected = GRADIENT + 0.125 * np.diag(CURVED)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4, atol=1e-4)


def test_backprop_is_the_gradient() -> None:
    found = estimate("backprop", quadratic, np.zeros((0, D), np.int16))
    np.testing.assert_allclose(found, GRADIENT, rtol=1e-4, atol=1e-4)


def test_on_a_network_all_exact_ones_agree() -> None:
    jax = load_jax()
    rng = np.random.default_rng(2)  # its own: the bounds below are for these numbers
    model = Mlp((6, 5, 3), input_scale=0.1)
    inputs = rng.integers(0, 17, size=(20, 6)).astype(np.uint8)
    labels = np.arange(20) % 3
    weights = jax.numpy.asarray(model.init(1))

    def losses(flat: Any) -> Any:
        return -jax.nn.log_softmax(model.outputs(flat, inputs))[np.arange(20), labels]

    true = np.asarray(jax.jit(jax.grad(lambda flat: losses(flat).mean()))(weights))
    probed = np.asarray(jax.jit(lambda flat: cge(losses, flat, np.float32(1e-2))[0])(weights))
    assert np.abs(true).max() > 0.05
    np.testing.assert_allclose(probed, true, atol=5e-3)
    z = rng.choice([-1, 1], size=(2, model.parameters)).astype(np.int16)
    along = ((z @ true)[:, None] * z).mean(axis=0)
    for name, error in (("rge", 2e-2), ("forward_gradient", 1e-4)):
        made = estimators.estimator_of(name)
        found, *_ = jax.jit(partial(made, losses))(weights, z, np.float32(1), np.float32(1e-2))
        np.testing.assert_allclose(np.asarray(found), along, atol=error)


@pytest.mark.parametrize("name", [*estimators.RANDOM, "backprop"])
def test_a_loss_that_is_not_finite_is_reported(name: str) -> None:
    made = estimators.estimator_of(name)

    def losses(weights: Any) -> Any:
        return quadratic(weights) * np.float32("inf")

    _, sound, _ = made(losses, WEIGHTS, SIGNS, np.float32(1), np.float32(0.5))
    assert not sound


def test_costs() -> None:
    losses = {name: estimators.cost(name, 4).losses for name in (*estimators.RANDOM, "cge")}
    assert losses == {
        "rge": 8,
        "rge_onesided": 5,
        "sign_spsa": 8,
        "forward_gradient": 4,
        "cge": 5,
    }
    assert estimators.cost("backprop", 1) == estimators.Cost(1, 3, 0, 0)
    assert estimators.cost("cge", 2410).directions == 0
    assert estimators.cost("rge", 4).directions == 4
    deliveries = {name: estimators.cost(name, 4).deliveries for name in estimators.RANDOM}
    assert deliveries == {"rge": 12, "rge_onesided": 8, "sign_spsa": 12, "forward_gradient": 8}
