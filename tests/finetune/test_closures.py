"""What a closure may do: buffers move once a step, weights are only read, one number comes back."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from pezoexplore.design.point import resolve
from pezoexplore.errors import PezoError
from pezoexplore.finetune.optimizer import PezoSGD

POOL = resolve(reuse="pool", pool_size=255)
Loss = Callable[[], object]
X = torch.linspace(-1, 1, 40).reshape(8, 5)


class Writing(nn.Module):
    """A layer whose forward pass first does something to its weight."""

    def __init__(self, write: Callable[[nn.Linear], object]) -> None:
        super().__init__()
        self.inner, self.write = nn.Linear(5, 5), write

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.write(self.inner)
        return self.inner(x)


def replace(layer: nn.Linear) -> None:
    layer.weight.data = layer.weight.data.clamp(-0.1, 0.1)


def through_inference(layer: nn.Linear) -> None:
    with torch.inference_mode():
        layer.weight.mul_(2)


WRITES: dict[str, Callable[[], nn.Module]] = {
    "data": lambda: Writing(lambda layer: layer.weight.data.clamp_(-0.1, 0.1)),
    "detach": lambda: Writing(lambda layer: layer.weight.detach().mul_(2)),
    "a view of a view": lambda: Writing(lambda layer: layer.weight.data.T[1].zero_()),
    "reshaped": lambda: Writing(lambda layer: layer.weight.data.reshape(-1)[:3].fill_(1)),
    "out": lambda: Writing(lambda layer: torch.mul(layer.bias, 2, out=layer.bias.data)),
    "several": lambda: Writing(lambda layer: torch._foreach_mul_([layer.weight.data], 2)),
    "in inference mode": lambda: Writing(through_inference),
    "initialised": lambda: Writing(lambda layer: nn.init.zeros_(layer.bias)),
    "replaced": lambda: Writing(replace),
    "max_norm": lambda: nn.Sequential(nn.Linear(5, 5), Looked(nn.Embedding(9, 3, max_norm=0.1))),
    "max_norm of a bag": lambda: nn.Sequential(
        nn.Linear(5, 5), Looked(nn.EmbeddingBag(9, 3, max_norm=0.1))
    ),
}


class Looked(nn.Module):
    def __init__(self, table: nn.Module) -> None:
        super().__init__()
        self.table = table

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.table((x.abs() * 3).long())


@pytest.mark.parametrize("name", WRITES)
def test_a_pass_that_writes_to_a_weight_by_whatever_way_is_refused(name: str) -> None:
    torch.manual_seed(0)
    model = WRITES[name]()
    before = copy.deepcopy(model.state_dict())
    optimizer = PezoSGD(model.parameters(), POOL, lr=0.1)
    with pytest.raises(PezoError, match=r"forward pass .*writes to"):
        optimizer.step(lambda: model(X).mean())
    assert all(map(torch.equal, before.values(), model.state_dict().values()))
    assert optimizer.steps == 0


def test_results_of_reading_weights_may_be_written_to() -> None:
    layer = nn.Linear(5, 5)
    optimizer = PezoSGD(layer.parameters(), POOL, lr=0.1)
    optimizer.step(lambda: (X @ layer.weight.T).add_(layer.bias).relu_().mul_(2).mean())
    assert optimizer.last.gradients[0] != 0


@pytest.mark.parametrize("queries", [1, 3])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_statistics_move_once_a_step(norm: str, queries: int) -> None:
    layer = {"batch": nn.BatchNorm1d(5), "instance": nn.InstanceNorm1d(5, track_running_stats=True)}
    model = nn.Sequential(nn.Linear(5, 5), layer[norm])
    once = copy.deepcopy(model)
    optimizer = PezoSGD(model.parameters(), resolve(queries=queries), lr=0.0, epsilon=1e-6)
    x = X[:5].expand(3, 5, 5) if norm == "instance" else X
    for step in range(1, 4):
        optimizer.step(lambda: model(x).square().mean())
        with torch.no_grad():
            once(x)
        for found, expected in zip(model.buffers(), once.buffers(), strict=True):
            assert torch.allclose(found, expected, atol=1e-5)
        assert model[1].num_batches_tracked in (step, 0)
    assert not torch.equal(model[1].running_mean, torch.zeros(5))


@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("how", ["nan", "raises"])
def test_a_failing_pass_leaves_buffers_as_they_were(failing: int, how: str) -> None:
    model = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5))
    optimizer = PezoSGD(model.parameters(), resolve(queries=2), lr=0.1)
    before, calls = copy.deepcopy(model.state_dict()), []

    def loss() -> torch.Tensor:
        calls.append(1)
        bad = len(calls) == failing
        out = model(X * float("nan") if bad else X).square().mean()
        if bad and how == "raises":
            raise KeyError("out of data")
        return out

    with pytest.raises((PezoError, KeyError)):
        optimizer.step(loss)
    assert all(map(torch.equal, before.values(), model.state_dict().values()))
    optimizer.step(lambda: model(X).square().mean())
    assert all(value.isfinite().all() for value in model.state_dict().values())


def test_every_probe_starts_from_the_same_buffers() -> None:
    layer, state, seen = nn.Linear(5, 5), torch.zeros(()), []

    def loss() -> torch.Tensor:
        seen.append(float(state))
        state.add_(1)
        fresh = torch.zeros(5)
        fresh += layer(X).mean(0)
        return fresh.square().sum() + torch.tensor(1.0).mul_(2)

    optimizer = PezoSGD(layer.parameters(), resolve(queries=2), lr=0.1)
    optimizer.step(loss)
    optimizer.step(loss)
    assert seen == [0, 0, 0, 0, 1, 1, 1, 1] and float(state) == 2


def test_both_probes_drop_the_same_units() -> None:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 50), nn.Dropout(0.5), nn.Linear(50, 1))
    optimizer = PezoSGD(model.parameters(), resolve(queries=2), lr=0.0, epsilon=1e-4)
    for _ in range(3):
        optimizer.step(lambda: model(X).square().mean())
        assert max(map(abs, optimizer.last.gradients)) < 30  # other masks: about 0.1 / 2e-4
    assert len(set(optimizer.last.gradients)) == 2


def test_a_closure_in_inference_mode_changes_nothing() -> None:
    torch.manual_seed(0)
    first = nn.Sequential(nn.Embedding(60, 5), nn.GRU(5, 4, batch_first=True))
    second, words = copy.deepcopy(first), torch.arange(12).reshape(2, 6)
    results = []
    for model, modes in ((first, (True, False, True, False)), (second, (False,) * 4)):
        optimizer = PezoSGD(model.parameters(), resolve(), lr=0.1)
        for inference in modes:

            def loss(model: nn.Module = model, inference: bool = inference) -> torch.Tensor:
                with torch.inference_mode(inference), torch.no_grad():
                    return model(words)[0].square().mean()

            optimizer.step(loss)
        results.append([weight.detach().clone() for weight in model.parameters()])
    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(*results, strict=True))


def test_a_step_in_inference_mode_leaves_ordinary_weights() -> None:
    layer = nn.Linear(5, 5)
    optimizer = PezoSGD(layer.parameters(), POOL, lr=0.1)
    for _ in range(2):
        with torch.inference_mode():
            optimizer.step(lambda: layer(X).square().mean())
        optimizer.step(lambda: layer(X).square().mean())
    layer(X).mean().backward()
    assert layer.weight.grad is not None


@pytest.mark.parametrize("kind", ["table", "bag", "many rows"])
def test_the_padding_row_stays(kind: str) -> None:
    torch.manual_seed(0)
    words = torch.tensor([[0, 3, 4], [3, 0, 0], [7, 5, 4]])
    if kind == "bag":
        table: nn.Module = nn.EmbeddingBag(80, 4, padding_idx=0, mode="sum")
    else:
        table = nn.Embedding(80 if kind == "table" else 8, 4, padding_idx=0)
    with torch.no_grad():
        table.weight[0] = 0.25
    model = nn.Sequential(table, nn.Linear(4, 1))
    replayed, before = copy.deepcopy(model), copy.deepcopy(table.weight)
    optimizer = PezoSGD(model.parameters(), POOL, lr=0.1, weight_decay=0.1)
    other, seen = PezoSGD(replayed.parameters(), POOL, lr=0.1), []

    def loss() -> torch.Tensor:
        vectors = table(words)
        seen.append(vectors[0, 0].tolist())
        return model[1](vectors).square().mean()

    for _ in range(5):
        optimizer.step(loss)
        other.replay(optimizer.last)
    assert (table.weight != before).any(1).tolist() == [False] + [True] * (len(before) - 1)
    if kind != "bag":
        assert seen == [[0.25] * 4] * 10
    assert all(map(torch.equal, model.parameters(), replayed.parameters()))


def test_the_padding_row_of_a_tied_table_moves_for_its_head_alone() -> None:
    table, head = nn.Embedding(6, 4, padding_idx=0), nn.Linear(4, 6, bias=False)
    head.weight = table.weight
    with torch.no_grad():
        table.weight[0] = 0.25
    before, seen, words = copy.deepcopy(table.weight), [], torch.tensor([0, 0, 0, 3])

    def loss() -> torch.Tensor:
        seen.append(table(words)[0].tolist())
        return head(table(words)).square().mean()

    PezoSGD(table.parameters(), POOL, lr=0.1).step(loss)
    assert seen == [[0.25] * 4] * 2
    assert (table.weight != before).any(1).all()


LAYER = nn.Linear(5, 5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (None, "needs a closure"),
        (torch.tensor(1.0), "needs a closure"),
        (lambda: LAYER(X).mean().backward(), "calls backward"),
        (lambda: torch.autograd.grad(LAYER(X).mean(), LAYER.weight), "calls backward"),
        (lambda: LAYER(X), r"not a tensor of shape \(8, 5\)"),
        (lambda: LAYER(X).mean().to(torch.complex64), "one real number"),
        (lambda: LAYER(X).mean() and None, "not NoneType"),
        (lambda: [LAYER(X).mean()], "not list"),
        (lambda: LAYER(X).mean() / 0, "loss of step 0 is"),
    ],
)
def test_a_closure_that_returns_no_loss_is_one_error(loss: Loss, message: str) -> None:
    optimizer = PezoSGD(LAYER.parameters(), POOL, lr=0.1)
    before = copy.deepcopy(LAYER.state_dict())
    with pytest.raises(PezoError, match=message):
        optimizer.step(loss)
    assert all(map(torch.equal, before.values(), LAYER.state_dict().values()))


def test_no_argument_is_the_same_error_as_no_closure() -> None:
    with pytest.raises(PezoError, match="needs a closure"):
        PezoSGD(LAYER.parameters(), POOL, lr=0.1).step()
