"""Whatever way a module reads its weights, it sees w + addends; w itself stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from pezoexplore.errors import PezoError
from pezoexplore.finetune.moved import MovedWeights, Parameters


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, 8)
        self.head = nn.Linear(8, 40, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.table((x.abs() * 10).long().clamp(max=39)).mean(1))


class Borrower(nn.Module):
    """Uses its child's weight without calling it, through a view made long ago."""

    def __init__(self) -> None:
        super().__init__()
        self.child = nn.Linear(6, 6)
        self.view = self.child.weight.detach()[1:5].T

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.child.weight.data.T @ self.view + self.child.bias[2]


class Repeated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(6, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = torch.zeros_like(x)
        for _ in range(4):
            state = self.cell(x, state)
        return state


class Attends(nn.Module):
    def __init__(self, layer: nn.Module, calls: Callable[[nn.Module, torch.Tensor], Any]) -> None:
        super().__init__()
        self.layer, self.calls = layer, calls

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.calls(self.layer, x)


def images(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return layer(x.reshape(1, 1, 5, 6))


MODULES: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Sequential(nn.Linear(6, 9), nn.LayerNorm(9), nn.Linear(9, 2)),
    "tied": Tied,
    "borrowed and viewed": Borrower,
    "repeated": Repeated,
    "attention": lambda: Attends(nn.MultiheadAttention(6, 2), lambda a, x: a(x, x, x)[0]),
    "encoder": lambda: nn.TransformerEncoderLayer(6, 2, 12, batch_first=True),
    "lstm": lambda: Attends(nn.LSTM(6, 4, num_layers=2, bidirectional=True), lambda a, x: a(x)[0]),
    "convolution": lambda: Attends(nn.Conv2d(1, 3, 3), images),
    "channels last": lambda: Attends(
        nn.Conv2d(1, 3, 3).to(memory_format=torch.channels_last), images
    ),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(6, 3)),
    "scripted": lambda: torch.jit.trace(nn.Linear(6, 3), torch.zeros(5, 6)),
    "few rows of a table": lambda: Attends(
        nn.Embedding(200, 3, padding_idx=1), lambda e, x: e((x.abs() * 10).long().clamp(max=99))
    ),
}


def move(weight: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
    """Every weight in its own way."""
    moved = weight.detach().contiguous() * 1.25 + 0.125 * weight.numel() ** -0.5
    return moved if rows is None else moved[rows]


def paddings(module: nn.Module) -> dict[nn.Embedding, int]:
    """Tables that are read as tables only, and the row of each that stays."""
    found = [one for one in module.modules() if isinstance(one, nn.Embedding)]
    return {one: one.padding_idx for one in found if one.padding_idx is not None}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", MODULES)
def test_a_module_sees_moved_weights_and_keeps_its_own(name: str) -> None:
    torch.manual_seed(0)
    module, x = MODULES[name]().eval(), torch.randn(5, 6)
    before = [weight.detach().clone() for weight in module.parameters()]
    with torch.no_grad():
        still = module(x)
        with MovedWeights(Parameters(module.parameters()), move) as mode:
            seen = module(x)
        with MovedWeights(Parameters(module.parameters()), move, mode.reads):
            again = module(x)
        assert all(map(torch.equal, before, module.parameters()))
        rows = {table: table.weight[row].clone() for table, row in paddings(module).items()}
        for weight in module.parameters():
            weight.copy_(move(weight))
        for table, row in rows.items():
            table.weight[table.padding_idx] = row
        expected = module(x)
    assert not torch.allclose(seen, still)
    assert torch.allclose(seen, expected, atol=1e-6)
    assert torch.equal(seen, again)


def test_what_is_read_again_is_moved_once() -> None:
    module, x, moves = Repeated(), torch.randn(5, 6), []

    def counted(weight: torch.Tensor) -> torch.Tensor:
        moves.append(weight)
        return move(weight)

    with torch.no_grad(), MovedWeights(Parameters(module.parameters()), counted) as mode:
        module(x)
    first = len(moves)
    assert first == sum(mode.reads.values()) > 4
    moves.clear()
    with torch.no_grad(), MovedWeights(Parameters(module.parameters()), counted, mode.reads):
        module(x)
    assert len(moves) == 4


def test_other_tensors_are_left_alone() -> None:
    weight, other = nn.Parameter(torch.ones(3)), torch.ones(3)
    with torch.no_grad(), MovedWeights(Parameters([weight]), lambda w: w.detach() + 1):
        assert (weight * 1).tolist() == [2, 2, 2]
        assert (other * 1).tolist() == [1, 1, 1]
        assert (torch.empty(0) + 1).tolist() == []
        assert torch.stack([weight, other]).tolist() == [[2, 2, 2], [1, 1, 1]]


def test_a_pass_that_writes_to_a_weight_is_refused() -> None:
    weight = nn.Parameter(torch.ones(3))
    with (
        torch.no_grad(),
        MovedWeights(Parameters([weight]), move),
        pytest.raises(PezoError, match=r"writes to a parameter .*mul_"),
    ):
        weight.mul_(2)
    assert weight.tolist() == [1, 1, 1]


def test_a_view_over_several_weights_or_as_another_type_is_refused() -> None:
    flat = torch.ones(6)
    bits = flat.view(torch.int32)
    parts, tail = [flat[:3], flat[3:]], flat[4:]
    with torch.no_grad(), MovedWeights(Parameters(parts), lambda w: w * 2):
        assert (parts[1] + 0).tolist() == [2, 2, 2]
        assert (tail + 0).tolist() == [2, 2]
        with pytest.raises(PezoError, match="2 parameters"):
            flat.sum()
    with (
        torch.no_grad(),
        MovedWeights(Parameters([flat]), lambda w: w * 2),
        pytest.raises(PezoError, match="another dtype"),
    ):
        bits.sum()
