"""Sparse directions in PyTorch: the numbers in their places, which stay those of the start."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch_models import CPU, addends

from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError
from pezoexplore.finetune.directions import Directions
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steps.scope import ScopedDirections, places_of

POINT = resolve(state_bits=24, lanes=8, scope="sparse:0.25")
WORDS = torch.tensor([[1, 3, 3], [0, 7, 12]])


def model(kind: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Embedding(40, 6), nn.Flatten(), nn.Linear(18, 5)).to(kind)


def kept(weights: list[torch.Tensor]) -> np.ndarray:
    """Return the positions by hand: of matrices the smallest quarter, and all biases."""
    found, start = [], 0
    for weight in weights:
        flat = weight.detach().double().abs().reshape(-1).tolist()
        order = sorted(range(len(flat)), key=lambda at, flat=flat: (flat[at], at))
        share = round(len(flat) / 4) if weight.ndim > 1 else len(flat)
        found += [start + at for at in order[:share]]
        start += len(flat)
    return np.array(sorted(found))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float64])
def test_only_weights_in_scope_move_and_by_the_numbers_of_the_stream(kind: torch.dtype) -> None:
    own = model(kind)
    flat = [weight.detach().clone() for weight in own.parameters()]
    optimizer = PezoSGD(own.parameters(), POINT, lr=0.5, epsilon=0.01, window=16)
    losses: list[float] = []

    def loss() -> torch.Tensor:
        losses.append(float(own(WORDS).float().square().mean()))
        return torch.tensor(losses[-1])

    optimizer.step(loss)
    places, expected = kept(flat), torch.cat([weight.reshape(-1) for weight in flat])
    gradient = (losses[0] - losses[1]) / 0.02
    numbers = torch.from_numpy(addends(POINT, 0, len(places), 0, -0.5 * gradient))
    expected[places] = (expected[places] + numbers).to(kind)
    found = torch.cat([weight.detach().reshape(-1) for weight in own.parameters()])
    assert torch.equal(found, expected) and abs(gradient) > 1e-3
    assert len(places) == round(240 / 4) + round(90 / 4) + 5


def test_rows_of_a_table_get_the_numbers_of_their_places() -> None:
    weights = list(model().parameters())
    places = places_of(POINT, weights)
    assert places is not None
    np.testing.assert_array_equal(places.numpy(), kept(weights))
    directions = ScopedDirections(Directions(POINT, 4, len(places), CPU, 16), places, CPU)
    expected = np.zeros(335, np.float32)
    expected[places] = addends(POINT, 4, len(places), 3, 0.5)
    for chosen in (torch.arange(335), torch.tensor([3, 8, 50, 51, 52, 200, 334]), WORDS[1]):
        ((first, stop, found),) = directions.picked(3, chosen, 0.5)
        assert (first, stop) == (0, len(chosen))
        np.testing.assert_array_equal(found.numpy(), expected[chosen])


def trained(own: nn.Module, optimizer: PezoSGD, steps: int) -> list[Any]:
    records = []
    for _ in range(steps):
        optimizer.step(lambda: own(WORDS).square().mean())
        records.append(optimizer.last)
    return records


@pytest.mark.parametrize(
    "axes",
    [
        {"scope": "sparse:0.25", "momentum_replay": 3, "step_size": "scalar"},
        {"rank": "2", "momentum_replay": 2, "queries": 2, "reuse_period": 3},
        {"rng": "xoshiro128pp", "reuse": "none", "momentum_replay": 3},
    ],
    ids=str,
)
def test_states_records_and_copies_go_on_as_if_never_stopped(axes: dict[str, Any]) -> None:
    point = resolve(**{"state_bits": None, "lanes": 8} | axes)
    own, stopped, replayed = model(), model(), model()
    optimizer = PezoSGD(own.parameters(), point, lr=0.05, momentum=0.8)
    half = PezoSGD(stopped.parameters(), point, lr=0.05, momentum=0.8)
    records = trained(own, optimizer, 8)
    trained(stopped, half, 5)
    twin, other = copy.deepcopy((stopped, half))
    later = PezoSGD(stopped.parameters(), point, lr=0.9, momentum=0.8)  # of weights that moved
    later.load_state_dict(copy.deepcopy(half.state_dict()))
    assert trained(stopped, later, 3) == trained(twin, other, 3) == records[5:]
    again = PezoSGD(replayed.parameters(), point, lr=1.0, momentum=0.8)
    for record in records:
        again.replay(record)
    assert again.identity == later.identity == optimizer.identity
    for module in (stopped, twin, replayed):
        assert all(map(torch.equal, own.parameters(), module.parameters()))


def test_what_does_not_go_with_a_scope_is_refused() -> None:
    own = model()
    optimizer = PezoSGD(own.parameters(), POINT, lr=0.1, weight_decay=0.1)
    with pytest.raises(DesignError, match=r"weight_decay moves all weights; scope sparse:0\.25"):
        trained(own, optimizer, 1)
    with pytest.raises(DesignError, match=r"in scope all or sparse:S, not .*last:1"):
        PezoSGD(own.parameters(), resolve(scope="last:1"), lr=0.1)
    with pytest.raises(DesignError, match="keeps none of the weights; raise it"):
        PezoSGD([nn.Parameter(torch.ones(2, 3))], resolve(scope="sparse:0.01"), lr=0.1)
    optimizer = PezoSGD(own.parameters(), POINT, lr=0.1)
    state = copy.deepcopy(optimizer.state_dict())
    state["stream"]["places"] += 1
    with pytest.raises(DesignError, match="another places_sha256"):
        optimizer.load_state_dict(state)


@pytest.mark.parametrize("momentum", [1.0, -0.1, float("nan")])
def test_a_decay_outside_of_its_range_is_refused(momentum: float) -> None:
    with pytest.raises(DesignError, match=r"momentum .* a number of 0 or more and below 1"):
        PezoSGD(model().parameters(), resolve(momentum_replay=1), lr=0.1, momentum=momentum)
