"""Which weights are trained, and that no setting, type or process makes them wrong."""

from __future__ import annotations

import copy
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pezoexplore.design.point import resolve
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steplog import StepRecord

POOL = resolve(reuse="pool", pool_size=255)
X = torch.linspace(-1, 1, 40).reshape(8, 5)


def weight(*shape: int, **options: Any) -> nn.Parameter:
    return nn.Parameter(torch.ones(*shape, **options))


def overlapping() -> list[nn.Parameter]:
    memory = torch.ones(10)
    return [nn.Parameter(memory[:6]), nn.Parameter(memory[5:])]


def same_memory() -> list[nn.Parameter]:
    first = weight(3, 2)
    return [first, nn.Parameter(first.data)]


def inference() -> list[nn.Parameter]:
    with torch.inference_mode():
        return [weight(3)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (overlapping, "two parameters share memory"),
        (same_memory, "two parameters share memory"),
        (lambda: [nn.Parameter(torch.ones(1).expand(5))], "shows elements twice"),
        (lambda: [weight(3, dtype=torch.complex64)], "complex64 cannot be trained"),
        (lambda: [weight(3).to(torch.float8_e4m3fn).detach().requires_grad_()], "float8_e4m3fn"),
        (lambda: [weight(3, device="meta")], "no memory"),
        (lambda: list(nn.LazyLinear(3).parameters()), "run the model once"),
        (inference, "made under inference_mode"),
        (lambda: two_groups(weight(2)), "is in two groups"),
        (lambda: [{"params": [weight(2)], "lr": float("nan")}], "lr of parameter group 0: nan"),
        (lambda: [{"params": [weight(2)], "weight_decay": -1}], "weight_decay of parameter group"),
    ],
)
def test_weights_that_cannot_be_trained_are_refused(
    make: Callable[[], Iterable[Any]], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        PezoSGD(make(), POOL, lr=0.1)


def two_groups(tied: nn.Parameter) -> list[dict[str, Any]]:
    return [{"params": [tied]}, {"params": [weight(3), tied]}]


def test_frozen_weights_of_any_kind_are_no_hindrance() -> None:
    frozen = [nn.Parameter(torch.ones(3, dtype=torch.int8), requires_grad=False), *same_memory()]
    for one in frozen:
        one.requires_grad_(False)
    assert PezoSGD([*frozen, weight(4)], POOL, lr=0.1).parameters == 4


def test_a_tied_weight_given_twice_is_one_weight() -> None:
    layer = nn.Linear(5, 5)
    twin = copy.deepcopy(layer)
    twice = [layer.weight, layer.bias, layer.weight, ("bias", layer.bias)[1]]
    first, second = PezoSGD(twice, POOL, lr=0.1), PezoSGD(twin.parameters(), POOL, lr=0.1)
    assert first.parameters == second.parameters == 30
    for _ in range(2):
        first.step(lambda: layer(X).square().mean())
        second.step(lambda: twin(X).square().mean())
    assert all(map(torch.equal, layer.parameters(), twin.parameters()))


def overflowing(dtype: torch.dtype) -> tuple[nn.Parameter, Callable[[], torch.Tensor]]:
    one = nn.Parameter(torch.full((70,), 2.0, dtype=dtype))
    return one, lambda: one.double().sum()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("queries", [1, 2])
def test_an_update_to_infinity_is_refused_and_changes_nothing(
    dtype: torch.dtype, queries: int
) -> None:
    one, loss = overflowing(dtype)
    other = weight(3)
    rate = 1e6 if dtype == torch.float16 else 1e307
    point, before = resolve(queries=queries), one.detach().clone()
    optimizer = PezoSGD([other, one], point, lr=rate, epsilon=0.1)
    with pytest.raises(PezoError, match=r"step 0 would make a weight .* infinite: lower lr"):
        optimizer.step(lambda: loss() + other.sum())
    assert torch.equal(one, before) and torch.equal(other, torch.ones(3)) and optimizer.steps == 0
    with pytest.raises(PezoError, match="infinite"):
        optimizer.replay(StepRecord(0, (1e4,) * queries, (rate,), (0.0,), 1.0))
    assert torch.equal(one, before)
    optimizer.param_groups[0]["lr"] = 1e-3
    optimizer.step(lambda: loss() + other.sum())
    assert one.isfinite().all() and optimizer.steps == 1


def test_large_moves_that_stay_finite_are_made() -> None:
    one, loss = overflowing(torch.float16)
    PezoSGD([one], POOL, lr=20.0, epsilon=0.1).step(loss)
    assert one.isfinite().all() and one.abs().max() > 100


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_a_setting_gone_wrong_during_training_is_refused(name: str, value: float) -> None:
    layer = nn.Linear(5, 5)
    groups = [{"params": [layer.weight]}, {"params": [layer.bias]}]
    optimizer = PezoSGD(groups, POOL, lr=0.1)
    optimizer.step(lambda: layer(X).square().mean())
    before, record = copy.deepcopy(layer.state_dict()), optimizer.last
    optimizer.param_groups[1][name] = value
    with pytest.raises(DesignError, match=f"{name} of parameter group 1: {value} is out of range"):
        optimizer.step(lambda: layer(X).square().mean())
    numbers = {"rates": (0.1, value)} if name == "lr" else {"decays": (0.0, value)}
    with pytest.raises(DesignError, match=r"record of step 1: .* out of range"):
        optimizer.replay(changed(record, numbers))
    assert all(map(torch.equal, before.values(), layer.state_dict().values()))


@pytest.mark.parametrize("value", ["fast", None, [0.1]])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_a_setting_that_is_no_number_is_refused(name: str, value: Any) -> None:
    layer = nn.Linear(5, 5)
    with pytest.raises(DesignError, match=f"{name} .* is out of range"):
        PezoSGD(layer.parameters(), POOL, **{"lr": 0.1, name: value})
    optimizer = PezoSGD(layer.parameters(), POOL, lr=0.1)
    optimizer.param_groups[0][name] = value
    with pytest.raises(DesignError, match=f"{name} of parameter group 0: .* is out of range"):
        optimizer.step(lambda: layer(X).square().mean())


def changed(record: StepRecord, numbers: dict[str, Any]) -> StepRecord:
    return StepRecord(**{**vars(record), "step": 1, **numbers})


COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda both: pickle.loads(pickle.dumps(both)),
    "torch.save": lambda both: saved(both),
}


def saved(both: Any) -> Any:
    file = io.BytesIO()
    torch.save(both, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_goes_on_as_the_original(how: str) -> None:
    layer = nn.Linear(5, 5)
    layer.bias.requires_grad_(False)
    optimizer = PezoSGD(layer.parameters(), resolve(state_bits=24), lr=0.1, seed=3)
    optimizer.step(lambda: layer(X).square().mean())
    twin, other = COPIES[how]((layer, optimizer))
    assert other.last == optimizer.last and other.steps == 1
    for _ in range(2):
        optimizer.step(lambda: layer(X).square().mean())
        other.step(lambda: twin(X).square().mean())
    assert all(map(torch.equal, layer.parameters(), twin.parameters()))
    assert torch.equal(layer.bias, twin.bias) and other.identity == optimizer.identity


def test_a_copy_alone_has_its_own_weights() -> None:
    one = weight(5)
    optimizer = PezoSGD([one], POOL, lr=0.1)
    other = copy.deepcopy(optimizer)
    other.replay(StepRecord(0, (1.0,), (0.1,), (0.0,), 1.0))
    assert torch.equal(one, torch.ones(5)) and optimizer.steps == 0 and other.steps == 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda state: state.pop("stream"), "not a state of PezoSGD"),
        (lambda state: state["param_groups"].append(state["param_groups"][0]), "does not fit"),
        (lambda state: state["stream"].update(seed=9), "another seed: 9, not 0"),
    ],
)
def test_a_state_of_something_else_is_refused(
    edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    optimizer = PezoSGD([weight(5)], POOL, lr=0.1)
    state = copy.deepcopy(optimizer.state_dict())
    edit(state)
    with pytest.raises(DesignError, match=message):
        optimizer.load_state_dict(state)


def test_a_state_goes_through_safe_loading(tmp_path: Path) -> None:
    one = weight(5)
    optimizer = PezoSGD([one], POOL, lr=0.1)
    optimizer.step(lambda: one.square().sum())
    torch.save(optimizer.state_dict(), tmp_path / "state.pt")
    other = PezoSGD([weight(5)], POOL, lr=0.9)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert other.steps == 1 and other.param_groups[0]["lr"] == 0.1


WORKER = """
import json, sys
import torch
from torch import distributed, nn
from pezoexplore.design.point import resolve
from pezoexplore.errors import PezoError
from pezoexplore.finetune.optimizer import PezoSGD

rank, where = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", f"file://{where}/met", rank=rank, world_size=2)

def trained(case):
    torch.manual_seed(1)
    model, x = nn.Linear(5, 3), torch.randn(16, 5)[8 * rank : 8 * rank + 8]
    if case == "weights" and rank:
        model.bias.data[0] += 1
    own = {"seed": 5} if case == "seed" and rank else {"distributed": case != "apart"}
    optimizer = PezoSGD(model.parameters(), resolve(queries=2), lr=0.1, **own)
    if case == "ddp":
        model = nn.parallel.DistributedDataParallel(model)
    calls, error = [], ""

    def loss():
        calls.append(1)
        if case == "raises" and rank and len(calls) == 6:
            raise KeyError("out of data")
        return model(x).square().mean()

    try:
        for _ in range(3):
            optimizer.step(loss)
    except (PezoError, KeyError) as stop:
        error = str(stop)
    return error, [weight.tolist() for weight in model.parameters()]

print(json.dumps({case: trained(case) for case in sys.argv[3:]}))
distributed.destroy_process_group()
"""

CASES = ("plain", "ddp", "apart", "seed", "weights", "raises")


@pytest.fixture(scope="module")
def of_processes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Errors and weights of every case, of two processes of a group."""
    folder = tmp_path_factory.mktemp("group")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(rank), str(folder), *CASES],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    outputs = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    return [json.loads(out) for out, _ in outputs]


@pytest.mark.parametrize("case", ["plain", "ddp"])
def test_processes_stay_together(case: str, of_processes: list[dict[str, Any]]) -> None:
    first, second = (found[case] for found in of_processes)
    assert first == second and first[0] == ""
    torch.manual_seed(1)
    model, x = nn.Linear(5, 3), torch.randn(16, 5)
    optimizer = PezoSGD(model.parameters(), resolve(queries=2), lr=0.1)
    for _ in range(3):
        optimizer.step(lambda: model(x).square().mean())
    for found, expected in zip(first[1], model.parameters(), strict=True):
        assert torch.allclose(torch.tensor(found), expected, atol=1e-4)


def test_processes_may_train_apart(of_processes: list[dict[str, Any]]) -> None:
    first, second = (found["apart"] for found in of_processes)
    assert first[0] == second[0] == "" and first[1] != second[1]


@pytest.mark.parametrize(
    ("case", "errors"),
    [
        ("seed", ["the processes of this training differ in seed"] * 2),
        ("weights", ["the processes of this training differ in weights"] * 2),
        ("raises", ["the loss of step 1 is nan", "'out of data'"]),
    ],
)
def test_processes_that_differ_stop_together(
    case: str, errors: list[str], of_processes: list[dict[str, Any]]
) -> None:
    for found, error in zip(of_processes, errors, strict=True):
        assert found[case][0].startswith(error)
