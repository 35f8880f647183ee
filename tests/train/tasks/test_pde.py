"""Trajectories of differential equations against other solvers, and tasks made of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.corrected_solver import EXTENT, Equation
from pezoexplore.train.tasks.pde import absolute_error, first_states, pde_task, trajectories

BURGERS = Equation("burgers", viscosity=0.05, points=32, step=0.1, refinement=4, substeps=10)
FLOW = Equation("kolmogorov", viscosity=0.05, points=16, step=0.05, refinement=2, substeps=2)


def by_finite_differences(state: np.ndarray, viscosity: float, times: np.ndarray) -> np.ndarray:
    """Solve Burgers' equation by central differences of order four and an adaptive method."""
    dx = EXTENT / len(state)

    def slope(values):
        return (8 * (np.roll(values, -1) - np.roll(values, 1))
                - (np.roll(values, -2) - np.roll(values, 2))) / (12 * dx)  # fmt: skip

    def rate(_, u):
        bend = (16 * (np.roll(u, 1) + np.roll(u, -1)) - np.roll(u, 2) - np.roll(u, -2) - 30 * u) / (
            12 * dx**2
        )
        return -slope(u**2 / 2) + viscosity * bend

    solved = solve_ivp(rate, (0, times[-1]), state, t_eval=times, rtol=1e-7, atol=1e-9)
    return solved.y.T


def without_high_modes(states: np.ndarray, points: int) -> np.ndarray:
    modes = np.fft.rfft(states)[:, : points // 2 + 1]
    modes[:, -1] = 0  # a wave of two points has no sine
    return np.fft.irfft(modes, points) * points / states.shape[1]


def test_burgers_as_finite_differences_have_it():
    found = trajectories(BURGERS, 8, 2)
    starts = first_states(BURGERS, 2)[:, 0]
    times = BURGERS.step * np.arange(9)
    for example, start in enumerate(starts):
        expected = by_finite_differences(start.astype(np.float64), BURGERS.viscosity, times)
        np.testing.assert_allclose(found[example], without_high_modes(expected, 32), atol=2e-3)


@pytest.mark.regression
def test_a_flow_has_no_mean_vorticity_and_keeps_moving():
    found = trajectories(FLOW, 3, 2)
    assert found.shape == (2, 4, 16, 16)
    assert np.abs(found.mean(axis=(2, 3))).max() < 1e-4
    assert np.abs(np.diff(found, axis=1)).mean() > 1e-3


def test_states_are_waves_of_size_one_and_the_same_each_time():
    states = first_states(BURGERS, 3)
    assert states.shape == (3, 1, 128)
    np.testing.assert_allclose(np.abs(states).max(axis=(1, 2)), 1.0)
    assert np.array_equal(states, first_states(BURGERS, 3))
    high = np.abs(np.fft.rfft(states[:, 0]))[:, 5:]
    assert high.max() < 1e-3


def test_the_loss_is_the_mean_absolute_error_of_each_example():
    outputs, targets = np.zeros((2, 3, 4)), np.zeros((2, 3, 4))
    outputs[1, 0, 0] = -1.2
    np.testing.assert_allclose(absolute_error(outputs, targets), [0, 0.1])


@pytest.mark.regression
@pytest.mark.parametrize(
    "name", ["pde-burgers", pytest.param("pde-kolmogorov", marks=pytest.mark.regression)]
)
def test_a_task_starts_from_the_uncorrected_solver_whose_error_grows(name):
    task = pde_task(name)
    assert tuple(map(len, (task.train, task.fit, task.validation, task.test))) == (160, 120, 40, 40)
    assert not task.test.has_classes
    outputs = np.asarray(load_jax().jit(task.model.outputs)(task.init(0), task.test.inputs))
    by_time = np.abs(outputs - task.test.labels).mean(axis=(0, *range(2, outputs.ndim)))
    assert (np.diff(by_time) > 0).all()
    assert by_time[-1] > 0.04 * task.test.labels.std()
