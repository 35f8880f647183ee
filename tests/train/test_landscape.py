from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.landscape import GRID, STOPS, landscape, trajectory
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import DirectionSource, Run

TASK = get_task("digits-mlp")
BACKPROP = GeneralTrainer(TASK, "backprop", None)
FORWARD = MlpTrainer(TASK.model)


def test_a_trajectory_goes_from_the_start_to_the_trained_network(source: DirectionSource) -> None:
    run = Run((0,), (0.01,), 200)
    path = trajectory(TASK, run, source, FORWARD)
    assert path.shape == (STOPS + 1, TASK.parameters)
    np.testing.assert_array_equal(path[0], TASK.init(0))
    *_, (_, state) = FORWARD.run(TASK.fit, run, source)
    np.testing.assert_array_equal(path[-1], FORWARD.weights(state)[0, 0])


def test_a_diverged_trajectory_ends_where_it_is_finite(source: DirectionSource) -> None:
    path = trajectory(TASK, Run((0,), (1e30,), 200), source, FORWARD)
    assert 1 <= len(path) < 10
    assert np.isfinite(path).all()


def test_the_plane_holds_both_trajectories(uniform: Callable[..., Any]) -> None:
    runs = [Run((0,), (rate,), 300) for rate in (0.01, 0.05)]
    source = lambda seeds: uniform(seeds, TASK.parameters)  # noqa: E731
    seen = landscape(TASK, runs, source, (FORWARD, BACKPROP))
    assert seen.loss.shape == (GRID, GRID)
    np.testing.assert_allclose(seen.zeroth_order[0], seen.backprop[0], atol=1e-5)
    np.testing.assert_allclose(seen.zeroth_order[-1], 0, atol=1e-12)
    for path in (seen.zeroth_order, seen.backprop):
        assert (path >= [seen.across[0], seen.along[0]]).all()
        assert (path <= [seen.across[-1], seen.along[-1]]).all()
    assert 0.3 < seen.explained.sum() <= 1
    # The loss of the plane at the origin is that of the trained network.
    *_, (_, state) = FORWARD.run(TASK.fit, runs[0], source)
    trained = FORWARD.score(state, TASK.fit).loss[0, 0]
    column = np.abs(seen.across).argmin()
    row = np.abs(seen.along).argmin()
    assert abs(seen.loss[row, column] - trained) < 0.25 * trained
