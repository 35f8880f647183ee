"""Hybrid steps in PyTorch: buffers, dropout and what is not finite."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steps.tail import Hybrid
from pezoexplore.finetune.task import TorchTask
from pezoexplore.train.selection import trainer_of
from pezoexplore.train.steps.scope import scope_of
from pezoexplore.train.trainer import Run

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)).astype(np.float32), np.arange(60) % 3
POINT = resolve(state_bits=24, lanes=8)


def model() -> nn.Sequential:
    torch.manual_seed(0)
    parts = (nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.ReLU(), nn.Linear(6, 3))
    return nn.Sequential(*parts)


def hybrid(own: nn.Sequential) -> tuple[Hybrid, PezoSGD]:
    weights = list(own.parameters())
    first = PezoSGD(weights[:4], POINT, lr=0.1, epsilon=0.01)
    return Hybrid(own, first, torch.optim.SGD(weights[4:], lr=0.3)), first


def loss_of(own: nn.Module) -> Callable[[], torch.Tensor]:
    inputs, labels = torch.from_numpy(X[:16]), torch.from_numpy(Y[:16])
    return lambda: nn.functional.cross_entropy(own(inputs), labels)


def test_both_parts_move_as_each_would_alone() -> None:
    own, alone, exact = model(), model(), model()
    optimizer, _ = hybrid(own)
    torch.manual_seed(5)
    mean = optimizer.step(loss_of(own))
    torch.manual_seed(5)
    only = PezoSGD(list(alone.parameters())[:4], POINT, lr=0.1, epsilon=0.01)
    assert only.step(loss_of(alone)) == mean
    torch.manual_seed(5)
    loss_of(exact)().backward()
    for found, expected in zip(list(own.parameters())[:4], alone.parameters(), strict=False):
        assert torch.equal(found, expected)
    for found, start in zip(list(own.parameters())[4:], list(exact.parameters())[4:], strict=True):
        torch.testing.assert_close(found.detach(), (start - 0.3 * start.grad).detach())
    assert all(map(torch.equal, own.buffers(), alone.buffers()))
    assert own[1].num_batches_tracked == 1
    assert all(weight.requires_grad and weight.grad is None for weight in own.parameters())


def test_a_gradient_that_is_not_finite_moves_nothing() -> None:
    own = model()
    optimizer, first = hybrid(own)
    before = copy.deepcopy(own.state_dict())
    loss = loss_of(own)
    with pytest.raises(PezoError, match="gradient of the last layers is not finite"):
        optimizer.step(lambda: loss() * float("nan"))
    assert all(map(torch.equal, before.values(), own.state_dict().values()))
    assert first.steps == 0 and all(weight.requires_grad for weight in own.parameters())


def test_layers_are_the_parts_with_weights_of_their_own() -> None:
    own = TorchTask(model(), (X, Y)).task("own:build", b"")
    assert own.model.layers == 3
    assert [block.layer for block in own.model.blocks] == [0, 0, 1, 1, 2, 2]
    scope = scope_of(resolve(scope="last:2"), own)
    assert scope is not None and scope.numbers == 30
    with pytest.raises(DesignError, match=r"layers of PyTorch models, .* own:build: last:1 to"):
        scope_of(resolve(scope="last:3"), own)


def test_a_diverged_replica_of_hybrid_steps_is_marked() -> None:
    own = TorchTask(model(), (X, Y)).task("own:build", b"")
    trainer = trainer_of(resolve(scope="last:1"), own, TrainSettings())
    *_, (_, state) = trainer.run(own.train, Run((0,), (0.02, 1e38), 6, 16), lambda seeds: None)
    assert state.diverged_at[0].tolist()[0] == -1 and state.diverged_at[0, 1] >= 0
