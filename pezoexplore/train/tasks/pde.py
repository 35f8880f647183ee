"""Error correction of a solver of differential equations: targets are the fine solver's states.

An example is an initial state on the coarse grid, and the states of the fine solver at the coarse
steps that follow, on the coarse grid too (modes that it has no room for are dropped). The loss of
an example is the mean absolute error over rollout and grid. After DeepZero, arXiv 2310.02025,
section 5; data made here, the same on every load.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.corrected_solver import CorrectedSolver, Equation, load_exponax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split, Task, carve

F32 = NDArray[np.float32]

SOLVERS = {
    "pde-burgers": CorrectedSolver(
        Equation("burgers", viscosity=0.005, points=32, step=0.1, refinement=8, substeps=20),
        rollout=16,
    ),
    "pde-kolmogorov": CorrectedSolver(
        Equation("kolmogorov", viscosity=0.03, points=16, step=0.2, refinement=4, substeps=8),
        rollout=8,
        kernel=3,
    ),
}
"""Corrected solvers by name of the task."""

PDE_TASKS = tuple(SOLVERS)

EXAMPLES, TEST, VALIDATION = 200, 40, 40
"""Initial states in all, and of them those held out."""

WAVES = 4
"""Highest wave number of Burgers' initial states, sines of random phase and amplitude."""

SPIN_UP = 40
"""Coarse steps that a flow is solved before its first state: until it has forgotten its start."""

_STATE_STREAM = 6


def pde_task(name: str) -> Task:
    """Build the task of that name; takes seconds, as it solves the equation.

    Raises:
        DesignError: exponax is missing.
    """
    model = SOLVERS[name]
    states = trajectories(model.equation, model.rollout, EXAMPLES)
    train, test = carve(Split(states[:, 0], states[:, 1:]), TEST)
    fit, validation = carve(train, VALIDATION)
    return Task(name, model, train, fit, validation, test, loss=absolute_error)


def absolute_error(outputs: Array, targets: Array) -> Array:
    """Compute the mean absolute error of examples, [n], over all other axes."""
    return abs(outputs - targets).mean(axis=tuple(range(1, targets.ndim)))


def trajectories(equation: Equation, rollout: int, count: int) -> F32:
    """Solve the equation finely from random states.

    Args:
        equation: The equation.
        rollout: Coarse steps.
        count: Initial states.

    Returns:
        float32 [count, 1 + rollout, points, ...]: states on the coarse grid at coarse steps.
    """
    jax, exponax, solve = load_jax(), load_exponax(), equation.fine()
    coarsened = partial(exponax.map_between_resolutions, new_num_points=equation.points)
    before = 0 if equation.name == "burgers" else SPIN_UP

    def advance(state: Array, steps: int) -> Array:
        return jax.lax.fori_loop(0, steps * equation.substeps, lambda _, u: solve(u), state)

    def run(state: Array) -> Array:
        def step(state: Array, _: None) -> tuple[Array, Array]:
            return advance(state, 1), coarsened(state)[0]

        return jax.lax.scan(step, advance(state, before), None, length=rollout + 1)[1]

    first = first_states(equation, count)
    return np.asarray(jax.jit(jax.vmap(run))(first), np.float32)


def first_states(equation: Equation, count: int) -> F32:
    """Draw initial states on the fine grid: waves of low number, at most 1 in size.

    Returns:
        float32 [count, 1, points, ...].
    """
    rng = np.random.default_rng([0, _STATE_STREAM])
    points = equation.points * equation.refinement
    angle = 2 * np.pi * np.arange(points) / points
    state = np.zeros((count, *(points,) * equation.dimensions))
    for wave in np.ndindex((WAVES + 1,) * equation.dimensions):
        if any(wave):
            grid = sum(np.ix_(*(number * angle for number in wave)))
            ones = (count, *(1,) * equation.dimensions)
            size = rng.normal(0, 1 / np.linalg.norm(wave), ones)
            state += size * np.sin(grid + rng.uniform(0, 2 * np.pi, ones))
    state /= np.abs(state).max(axis=tuple(range(1, state.ndim)), keepdims=True)
    return state[:, None].astype(np.float32)
