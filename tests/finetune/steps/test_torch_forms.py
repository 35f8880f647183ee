"""A perceptron in PyTorch trains along a design as the same perceptron in JAX does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.finetune.task import TorchTask
from pezoexplore.train.costs import run_costs
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

ONE_BIT = {"bit_width": 1, "state_bits": 16, "taps": "sparse", "rng": "lut_opt"}
RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=12, batch=32, epsilon=0.01)


class Scaled(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x / 16)


def tasks() -> tuple[Task, Task]:
    """Return the same network, data and initial weights in PyTorch and in JAX."""
    own = get_task("digits-mlp")
    build = TorchTask(
        lambda seed: Scaled(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)),
        (own.train.inputs.astype(np.float32), own.train.labels.astype(np.int64)),
    )
    torch_task = build.task("own:build", b"source")
    return torch_task, replace(own, initial=torch_task.init)


IN_TORCH, IN_JAX = tasks()
FORMS: list[dict[str, Any]] = [
    {"rank": "1"},
    {"rank": "2", "queries": 2},
    {"rank": "4", "bit_width": 8, "reuse_period": 5},
    {"scope": "sparse:0.1"},
    {"scope": "sparse:0.5", "bit_width": 8, "queries": 2, "momentum_replay": 2},
    {"scope": "last:1"},
    {"scope": "last:1", "rank": "1", "queries": 2},
    {"estimator": "cocd", "queries": 20},
    {"step_size": "scalar"},
    {"momentum_replay": 4, "bit_width": 8, "queries": 2},
    {"momentum_replay": 3, "step_size": "scalar", "rank": "1"},
    {
        "momentum_replay": 2,
        "rng": "xoshiro128pp",
        "reuse": "none",
        "taps": None,
        "state_bits": None,
    },
]

ALONE = [FORMS[n] for n in (0, 1, 3, 5, 8, 9, 11)]
"""Forms that others combine."""


def trained(task: Task, point: DesignPoint, settings: TrainSettings) -> np.ndarray:
    trainer = trainer_of(point, task, settings)
    *_, (_, state) = trainer.run(IN_TORCH.fit, RUN, stream_source(point, task))
    assert (state.diverged_at == NEVER).all()
    return trainer.weights(state)


@pytest.mark.parametrize(
    "axes",
    [pytest.param(f, marks=pytest.mark.slow if f in ALONE else ()) for f in FORMS],
    ids=str,
)
def test_a_module_trains_as_the_same_network_in_jax(axes: dict[str, Any]) -> None:
    point, settings = resolve(**ONE_BIT | axes), TrainSettings()
    found, expected = (trained(task, point, settings) for task in (IN_TORCH, IN_JAX))
    start = np.stack([IN_TORCH.init(seed) for seed in RUN.seeds])[:, None]
    moved = np.abs(expected - start).max(-1)
    assert (moved > 1e-4).all()
    assert (np.abs(found - expected).max(-1) < 2e-3 * moved).all()


@pytest.mark.parametrize("axes", FORMS, ids=str)
def test_a_module_costs_what_the_same_network_in_jax_costs(axes: dict[str, Any]) -> None:
    point, settings = resolve(**ONE_BIT | axes), TrainSettings()
    found, expected = (
        run_costs(point, task, 64, 50, trainer_of(point, task, settings).cost, 10)
        for task in (IN_TORCH, IN_JAX)
    )
    names = ("macs", "random_bits_per_step", "numbers_to_target", "rng_state_bits")
    assert [found[name] for name in names] == [expected[name] for name in names]
