"""A solver and its correction against plain NumPy and the solver alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.ndimage import correlate

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.corrected_solver import CorrectedSolver, Equation, load_exponax

BURGERS = Equation("burgers", viscosity=0.02, points=16, step=0.1, refinement=2, substeps=2)
FLOW = Equation("kolmogorov", viscosity=0.02, points=8, step=0.05, refinement=2, substeps=2)


def states(equation: Equation, count: int) -> np.ndarray:
    shape = (count, *(equation.points,) * equation.dimensions)
    return np.random.default_rng(0).normal(0, 0.3, shape).astype(np.float32)


@pytest.mark.parametrize("equation", [BURGERS, pytest.param(FLOW, marks=pytest.mark.regression)])
def test_initial_weights_leave_the_solver_as_it_is(equation):
    jax, model = load_jax(), CorrectedSolver(equation, rollout=3, channels=(4,), kernel=3)
    inputs, solve = states(equation, 2), equation.coarse()
    found = np.asarray(jax.jit(model.outputs)(model.init(1), inputs))
    assert found.shape == (2, 3, *inputs.shape[1:])
    for example, state in enumerate(inputs):
        for step in range(3):
            state = solve(state.reshape(1, *inputs.shape[1:]))
            np.testing.assert_allclose(found[example, step], state[0], atol=1e-5)


@pytest.mark.parametrize("equation", [BURGERS, pytest.param(FLOW, marks=pytest.mark.regression)])
def test_a_correction_is_periodic_convolutions_with_tanh_between(equation):
    model = CorrectedSolver(equation, rollout=1, channels=(3,), kernel=3)
    flat = np.random.default_rng(1).normal(0, 0.2, model.parameters).astype(np.float32)
    inputs = states(equation, 1)
    solved = np.asarray(equation.coarse()(inputs[0][None]))[0]
    sides = (3,) * equation.dimensions
    first, bias, last, last_bias = (np.asarray(block.of(flat)) for block in model.blocks)
    # Shifts count backwards: tap k of a kernel sees the point k places before.
    flipped = (slice(None, None, -1),) * equation.dimensions
    hidden = [
        np.tanh(correlate(solved, kernel.reshape(sides)[flipped], mode="wrap") + b)
        for kernel, b in zip(first, bias, strict=True)
    ]
    correction = last_bias + sum(
        correlate(image, kernel.reshape(sides)[flipped], mode="wrap")
        for image, kernel in zip(hidden, last[0].reshape(3, -1), strict=True)
    )
    found = np.asarray(model.outputs(flat, inputs))[0, 0]
    np.testing.assert_allclose(found, solved + equation.step * correction, atol=1e-5)


def test_seeds_start_differently_and_equal_models_are_equal_keys():
    one, other = (CorrectedSolver(BURGERS, rollout=2) for _ in range(2))
    assert hash(one) == hash(other) and one == other
    assert one.parameters == one.init(0).size == 417
    assert not np.array_equal(one.init(0), one.init(1))
    assert one.macs == 2 * 16 * (5 * 8 + 5 * 8 * 8 + 5 * 8)


def test_a_missing_exponax_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "exponax", None)
    with pytest.raises(DesignError, match=r"pip install 'pezoexplore\[pde\]'"):
        load_exponax()
