"""PezoSGD on small transformers: weights stay exact, steps replay, memory stays small."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch_models import POINTS, addends
from transformers import OPTConfig, OPTForCausalLM, RobertaConfig, RobertaForMaskedLM

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steplog import StepRecord

Loss = Callable[[], torch.Tensor]
POOL = resolve(reuse="pool", pool_size=255)


def roberta() -> tuple[nn.Module, Loss]:
    """Two layers, tied head, dropout off; masked words to be guessed."""
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=20,
    )
    return with_loss(RobertaForMaskedLM(config))


def opt() -> tuple[nn.Module, Loss]:
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=60,
        hidden_size=16,
        word_embed_proj_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        ffn_dim=24,
        max_position_embeddings=20,
    )
    return with_loss(OPTForCausalLM(config))


def with_loss(model: nn.Module) -> tuple[nn.Module, Loss]:
    model.eval()
    words = torch.randint(4, 60, (3, 9), generator=torch.Generator().manual_seed(1))
    return model, lambda: model(input_ids=words, labels=words).loss.detach()


MODELS = {"roberta": roberta, "opt": opt}


def weights_of(model: nn.Module) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.parameters()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(map(torch.equal, first, second))


def moved_by_hand(model: nn.Module, factors: list[tuple[DesignPoint, int, float]]) -> None:
    """Add steps of streams to a model's weights with NumPy, each rounded to float32.

    The padding of RoBERTa's table of positions stays, which nothing else reads.
    """
    kept = [table.weight[1].detach().clone() for table in tables(model)]
    total = sum(weight.numel() for weight in model.parameters())
    flat = torch.cat([weight.detach().reshape(-1) for weight in model.parameters()]).numpy()
    for point, step, factor in factors:
        flat = flat + addends(point, 0, total, step, factor)
    with torch.no_grad():
        nn.utils.vector_to_parameters(torch.from_numpy(flat), model.parameters())
        for table, row in zip(tables(model), kept, strict=True):
            table.weight[1] = row


def tables(model: nn.Module) -> list[nn.Embedding]:
    return [model.roberta.embeddings.position_embeddings] if hasattr(model, "roberta") else []


@pytest.mark.parametrize("name", MODELS)
def test_a_step_probes_both_sides_and_moves_along_the_stream(name: str) -> None:
    point = resolve(state_bits=24)
    model, loss = MODELS[name]()
    begin = weights_of(model)
    optimizer = PezoSGD(model.parameters(), point, lr=0.5, epsilon=1e-2)
    returned: list[float] = []

    def watched() -> torch.Tensor:
        returned.append(float(loss()))
        return torch.tensor(returned[-1])

    mean = optimizer.step(watched)
    after = weights_of(model)
    losses = []
    for sign in (1, -1):
        nn.utils.vector_to_parameters(torch.cat([w.reshape(-1) for w in begin]), model.parameters())
        moved_by_hand(model, [(point, 0, sign * 1e-2)])
        losses.append(float(loss()))
    assert returned == pytest.approx(losses, abs=1e-6)
    assert mean == sum(returned) / 2
    gradient = (returned[0] - returned[1]) / 0.02
    order = [id(weight) for weight in model.parameters()]
    still = tuple((order.index(id(table.weight)), 1) for table in tables(model))
    assert optimizer.last == StepRecord(0, (gradient,), (0.5,), (0.0,), mean, still)
    nn.utils.vector_to_parameters(torch.cat([w.reshape(-1) for w in begin]), model.parameters())
    moved_by_hand(model, [(point, 0, -0.5 * gradient)])
    assert same(after, weights_of(model)) and not same(after, begin)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("point", POINTS[::3], ids=lambda point: point.label())
def test_probing_leaves_every_bit_of_the_weights(name: str, point: DesignPoint) -> None:
    model, loss = MODELS[name]()
    before = weights_of(model)
    optimizer = PezoSGD(model.parameters(), point, lr=0.0, epsilon=0.3)
    losses = {optimizer.step(loss) for _ in range(3)}
    assert same(before, weights_of(model))
    assert len(losses) > 1  # a short pool comes round again


def test_a_failing_pass_leaves_every_bit_and_the_step_can_be_taken_again() -> None:
    model, loss = roberta()
    before = weights_of(model)
    optimizer = PezoSGD(model.parameters(), POOL, lr=0.1)

    def broken() -> torch.Tensor:
        loss()
        raise KeyError("out of data")

    with pytest.raises(KeyError, match="out of data"):
        optimizer.step(broken)
    with pytest.raises(PezoError, match="loss of step 0 is nan"):
        optimizer.step(lambda: loss() * float("nan"))
    assert same(before, weights_of(model)) and optimizer.steps == 0
    other, its_loss = roberta()
    assert optimizer.step(loss) == PezoSGD(other.parameters(), POOL, lr=0.1).step(its_loss)


@pytest.mark.parametrize("queries", [1, 3])
def test_a_run_is_replayed_from_its_records_alone(queries: int) -> None:
    point = resolve(reuse="bank", reuse_period=4, queries=queries)
    model, loss = opt()
    replayed = copy.deepcopy(model)
    groups = [{"params": list(model.parameters())[::2]}]
    groups.append({"params": list(model.parameters())[1::2], "lr": 0.02, "weight_decay": 0.1})
    optimizer = PezoSGD(groups, point, lr=0.05, window=1000)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    records = []
    for _ in range(10):
        optimizer.step(loss)
        schedule.step()
        records.append(optimizer.last)
    assert len({record.rates for record in records}) == 10
    its_groups = [list(replayed.parameters())[::2], list(replayed.parameters())[1::2]]
    other = PezoSGD([{"params": group} for group in its_groups], point, lr=1.0)
    for record in records:
        other.replay(record)
    assert same(weights_of(model), weights_of(replayed))
    with pytest.raises(DesignError, match="the next is step 10"):
        other.replay(records[3])


def test_q_queries_move_along_their_mean() -> None:
    model, loss = roberta()
    expected, single = copy.deepcopy(model), resolve()
    optimizer = PezoSGD(model.parameters(), resolve(queries=2), lr=0.4)
    moves = []
    for step in range(2):
        optimizer.step(loss)
        moves += [(single, 2 * step + i, -0.2 * g) for i, g in enumerate(optimizer.last.gradients)]
    assert len({factor for _, _, factor in moves}) == 4
    moved_by_hand(expected, moves)
    assert same(weights_of(model), weights_of(expected))


def test_a_saved_state_continues_as_if_never_stopped() -> None:
    model, loss = roberta()
    optimizer = PezoSGD(model.parameters(), resolve(rng="xorshift32", reuse="none"), lr=0.05)
    for _ in range(3):
        optimizer.step(loss)
    saved, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(model.state_dict())
    expected = [optimizer.step(loss) for _ in range(3)]
    fresh, its_loss = roberta()
    fresh.load_state_dict(weights)
    other = PezoSGD(fresh.parameters(), resolve(rng="xorshift32", reuse="none"), lr=0.9)
    other.load_state_dict(saved)
    assert [other.step(its_loss) for _ in range(3)] == expected
    assert same(weights_of(model), weights_of(fresh))
    stranger = PezoSGD(fresh.parameters(), POOL, lr=0.9)
    with pytest.raises(DesignError, match="another axes"):
        stranger.load_state_dict(saved)


@given(window=st.integers(1, 9000))
@settings(max_examples=10, deadline=None)
def test_the_window_changes_no_bit_of_training(window: int) -> None:
    results = []
    for size in (window, None):
        model, loss = opt()
        optimizer = PezoSGD(model.parameters(), resolve(lanes=7), lr=0.1, window=size)
        losses = [optimizer.step(loss) for _ in range(2)]
        results.append((losses, weights_of(model)))
    assert results[0][0] == results[1][0] and same(results[0][1], results[1][1])


def test_frozen_weights_take_no_part() -> None:
    model, loss = roberta()
    for weight in model.roberta.embeddings.parameters():
        weight.requires_grad = False
    before = weights_of(model.roberta.embeddings)
    optimizer = PezoSGD(model.parameters(), POOL, lr=0.5)
    rest = [weight for weight in model.parameters() if weight.requires_grad]
    assert optimizer.parameters == sum(weight.numel() for weight in rest)
    optimizer.step(loss)
    assert same(before, weights_of(model.roberta.embeddings))


def test_half_precision_weights_are_rounded_once() -> None:
    weight = nn.Parameter(torch.linspace(-1, 1, 70).to(torch.bfloat16))
    seen: list[torch.Tensor] = []

    def loss() -> torch.Tensor:
        seen.append(weight * 1)
        return (weight.float() ** 2).sum()

    before = weight.detach().clone()
    PezoSGD([weight], POOL, lr=0.0, epsilon=0.01).step(loss)
    addend = torch.from_numpy(addends(POOL, 0, 70, 0, 0.01))
    assert torch.equal(seen[0], (before.float() + addend).to(torch.bfloat16))
    assert torch.equal(seen[1], (before.float() - addend).to(torch.bfloat16))
    assert torch.equal(weight, before)


def test_weights_cast_by_autocast_differ_between_the_probes() -> None:
    layer, x = nn.Linear(8, 8), torch.ones(2, 8)
    optimizer = PezoSGD(layer.parameters(), POOL, lr=0.0, epsilon=0.5)
    with torch.autocast("cpu", torch.bfloat16):
        optimizer.step(lambda: layer(x).sum())
    assert optimizer.last.gradients[0] != 0


def test_training_lowers_the_loss() -> None:
    model, loss = roberta()
    optimizer = PezoSGD(model.parameters(), resolve(reuse="bank"), lr=0.01)
    begin = float(loss())
    for _ in range(150):
        optimizer.step(loss)
    assert float(loss()) < begin - 0.1


def peak_bytes(work: Callable[[], object]) -> int:
    """Most bytes of tensors alive at once, of those that `work` makes, by PyTorch's own account."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        work()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return int(np.max(np.cumsum([event.nbytes() for event in events])))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "axes",
    [{}, {"rank": "2"}, {"scope": "sparse:0.1", "momentum_replay": 3, "step_size": "scalar"}],
    ids=str,
)
def test_no_second_copy_of_the_weights_is_ever_held(axes: dict[str, Any]) -> None:
    model = nn.Sequential(nn.Embedding(4000, 64), *(nn.Linear(64, 64) for _ in range(60)))
    words = torch.arange(8)
    total = sum(4 * weight.numel() for weight in model.parameters())
    optimizer = PezoSGD(model.parameters(), resolve(**axes), lr=0.1, window=4000)
    loss = lambda: model(words).square().mean()  # noqa: E731
    optimizer.step(loss)
    assert 4 * 64 * 64 < peak_bytes(lambda: optimizer.step(loss)) < total / 8
    # What such an account says of a second copy:
    assert peak_bytes(lambda: copy.deepcopy(model)) >= total


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: PezoSGD([w], resolve(estimator="cge"), lr=0.1), "estimator rge, .*, not cge"),
        (
            lambda w: PezoSGD([w], resolve(weight_bits=8, activation_bits=8), lr=0.1),
            "float weights",
        ),
        (lambda w: PezoSGD([w], POOL, lr=-1), "lr -1 is out of range"),
        (lambda w: PezoSGD([w], POOL, lr=0.1, epsilon=0), "epsilon 0 is out of range"),
        (lambda w: PezoSGD([w.requires_grad_(False)], POOL, lr=0.1), "nothing to train"),
        (
            lambda w: PezoSGD([w], POOL, lr=0.1).add_param_group({"params": [torch.ones(2)]}),
            "none later",
        ),
        (lambda w: PezoSGD([w], POOL, lr=0.1).step(lambda: 1.0), "reads none of the"),
    ],
)
def test_impossible_requests_are_refused(
    make: Callable[[nn.Parameter], object], message: str
) -> None:
    with pytest.raises(PezoError, match=message):
        make(nn.Parameter(torch.ones(3)))
