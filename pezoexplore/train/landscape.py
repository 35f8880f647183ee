"""The loss around a training run: a plane through the weights, with two trajectories on it.

The plane is spanned by the first two principal components of both trajectories together, and its
origin is the trained network of the point, as in H. Li et al., "Visualizing the Loss Landscape of
Neural Nets" (NeurIPS 2018), section 7; both runs start from the same weights and see the same
batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Task
from pezoexplore.train.trainer import DirectionSource, Run, Trainer

GRID = 41
"""Points of the plane along each of its two directions."""

STOPS = 80
"""Points of a trajectory."""

MARGIN = 0.2
"""Margin of the plane around the trajectories, as a share of their extents."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Landscape:
    """Loss over a plane, and two trajectories on it.

    Attributes:
        across: Coordinates along the first component, [GRID].
        along: Coordinates along the second, [GRID].
        loss: Mean loss on ``task.fit`` over the plane, [along, across].
        zeroth_order: Trajectory of the point, [n, 2].
        backprop: Trajectory of backprop, [m, 2].
        explained: Share of the trajectories' variance each component holds, [2].
    """

    across: Floats
    along: Floats
    loss: Floats
    zeroth_order: Floats
    backprop: Floats
    explained: Floats


def landscape(
    task: Task, runs: Sequence[Run], source: DirectionSource, trainers: Sequence[Trainer]
) -> Landscape:
    """Compute the loss around the runs of a point's trainer and of backprop.

    Args:
        task: The task.
        runs: Of the point and of backprop, each of the same seed and one learning rate.
        source: The point's directions.
        trainers: The point's trainer and that of backprop.
    """
    followed, reference = (
        trajectory(task, run, source, trainer) for run, trainer in zip(runs, trainers, strict=True)
    )
    origin, axes, explained = _plane(followed, reference)
    paths = (followed - origin) @ axes.T, (reference - origin) @ axes.T
    across, along = (_ticks(np.concatenate(paths)[:, axis]) for axis in (0, 1))
    spots = origin + across[None, :, None] * axes[0] + along[:, None, None] * axes[1]
    loss = _losses(task, spots.reshape(-1, task.parameters)).reshape(GRID, GRID)
    return Landscape(across, along, loss, *paths, explained)


def trajectory(task: Task, run: Run, source: DirectionSource, trainer: Trainer) -> Floats:
    """Return the weights of a run's only replica at its stops, [at most STOPS + 1, d]."""
    stops = sorted({run.steps * stop // STOPS for stop in range(STOPS)})
    states = trainer.run(task.fit, run, source, stops)
    path = np.stack([trainer.weights(state)[0, 0] for _, state in states]).astype(np.float64)
    return path[np.isfinite(path).all(axis=1)]


def _plane(followed: Floats, reference: Floats) -> tuple[Floats, Floats, Floats]:
    """Return origin [d], the two components [2, d] and the share of variance they hold [2]."""
    origin = followed[-1]
    moves = np.concatenate([followed, reference]) - origin
    _, singular, axes = np.linalg.svd(moves, full_matrices=False)
    # The solver leaves a component's sign open: let the largest weight of each be positive.
    signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    return origin, axes[:2] * signs[:, None], (singular**2 / (singular**2).sum())[:2]


def _ticks(coordinates: Floats) -> Floats:
    low, high = coordinates.min(), coordinates.max()
    room = MARGIN * ((high - low) or 1.0)
    return np.linspace(low - room, high + room, GRID)


def _losses(task: Task, weights: Floats) -> Floats:
    """Compute the mean loss on ``task.fit`` at each of the weights [n, d], one after the other."""
    measured = load_jax().lax.map(_mean_loss(task), weights.astype(np.float32))
    return np.asarray(measured, np.float64)


def _mean_loss(task: Task) -> Callable[[Array], Any]:
    jnp = load_jax().numpy
    inputs, targets = jnp.asarray(task.fit.inputs), jnp.asarray(task.fit.labels)
    return lambda flat: task.loss(task.model.outputs(flat, inputs), targets).mean()
