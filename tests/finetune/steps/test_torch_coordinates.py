"""Coordinates in turn in PyTorch: weights are put back, buffers move once, estimates fade."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.steps.coordinates import CyclicCoordinates
from pezoexplore.finetune.task import TorchTask
from pezoexplore.train.selection import trainer_of

X = torch.linspace(-1, 1, 24).reshape(8, 3)


def model() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))


def optimizer_of(own: nn.Module, queries: int, decay: float = 1.0) -> CyclicCoordinates:
    made = CyclicCoordinates(
        *(own, list(own.parameters()), queries), epsilon=1e-2, decay=decay, weight_decay=0.0
    )
    made.param_groups[0]["lr"] = 0.1
    return made


def test_steps_follow_the_rule_by_hand_in_any_layout() -> None:
    weight = nn.Parameter(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).T)  # not contiguous
    bias = nn.Parameter(torch.tensor(0.5))
    own = nn.Module()
    own.weight, own.bias = weight, bias
    optimizer = optimizer_of(own, 3, decay=0.5)
    flat, kept = np.array([1, 4, 2, 5, 3, 6, 0.5]), np.zeros(7)
    for step in range(4):
        kept *= 0.5
        for at in range(3 * step, 3 * step + 3):
            kept[at % 7] = 2 * flat[at % 7]  # of the sum of squares, exactly
        flat = flat - 0.1 * kept
        optimizer.step(lambda: weight.double().square().sum() + bias.double() ** 2)
        found = [*weight.detach().reshape(-1).tolist(), float(bias.detach())]
        np.testing.assert_allclose(found, flat, rtol=1e-3)


def test_probes_see_the_same_dropout_and_the_buffers_of_before() -> None:
    own, once = model(), model()
    torch.manual_seed(3)
    once(X)
    torch.manual_seed(3)
    seen: list[torch.Tensor] = []

    def loss() -> torch.Tensor:
        seen.append(own(X))
        return seen[-1].square().mean()

    optimizer_of(own, 2).step(loss)
    assert torch.equal(seen[0] == 0, seen[1] == 0) and not torch.equal(seen[0], seen[1])
    assert own[1].num_batches_tracked == 1
    torch.testing.assert_close(own[1].running_mean, once[1].running_mean, rtol=0, atol=2e-3)


def test_a_failing_pass_puts_the_weight_back() -> None:
    own = model()
    before = copy.deepcopy(own.state_dict())
    with pytest.raises(PezoError, match="the loss of step 0 is nan"):
        optimizer_of(own, 2).step(lambda: own(X).sum() * math.nan)
    with pytest.raises(KeyError):
        optimizer_of(own, 2).step(lambda: {}["no loss"])
    assert all(map(torch.equal, before.values(), own.state_dict().values()))


def test_more_coordinates_than_weights_are_refused() -> None:
    own = TorchTask(nn.Linear(3, 2), (X.repeat(10, 1), np.arange(80) % 2)).task("own:build", b"")
    with pytest.raises(DesignError, match="queries 9: own:build has 8 weights"):
        trainer_of(resolve(estimator="cocd", queries=9), own, TrainSettings())
