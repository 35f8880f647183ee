"""PyTorch modules as tasks: trained along the stream in sweeps, whatever they are made of."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch_models import addends

from pezoexplore.cli import main
from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune import trainer as torch_trainer
from pezoexplore.finetune.load import hugging_face, onnx
from pezoexplore.finetune.task import TorchTask
from pezoexplore.train import checkpoint as saving
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.loop import Batches, cosine_rates
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run, TrainState

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
RNG = np.random.default_rng(0)
LABELS = np.arange(90) % 3
INPUTS = (RNG.normal(size=(90, 4)) + 2 * np.eye(3, 4)[LABELS]).astype(np.float32)
WORDS = RNG.integers(1, 9, (90, 5)) * (LABELS[:, None] + 1)
FAST = TrainSettings(steps=25, seeds=2, learning_rates=(0.02, 0.05), batch=16)
POINT = resolve(state_bits=24, lanes=8)


def perceptron() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def task(model: Any, data: tuple[Any, Any] = (INPUTS, LABELS), **more: Any) -> Task:
    return TorchTask(model, data, **more).task("own:build", b"source")


def trained(
    of: Task, point: DesignPoint, run: Run, stops: tuple[int, ...] = ()
) -> list[TrainState]:
    trainer = trainer_of(point, of, FAST)
    source = stream_source(point, of)
    return [state for _, state in trainer.run(of.train, run, source, stops)]


@pytest.mark.parametrize("queries", [1, 2])
def test_training_follows_the_stream_and_the_batches_of_other_tasks(queries: int) -> None:
    point = resolve(state_bits=24, lanes=8, queries=queries)
    own = task(lambda seed: perceptron())
    run = Run((3, 1), (0.05, 0.02), 4, batch=8, epsilon=0.01)
    state = trained(own, point, run)[-1]
    batches, rates = Batches(run.seeds, len(own.train), 8).block(4), cosine_rates((0.05, 0.02), 4)
    for seed_at, seed in enumerate(run.seeds):
        torch.manual_seed(seed)
        flat = torch.cat([w.detach().reshape(-1) for w in perceptron().parameters()]).numpy()
        assert np.array_equal(flat, own.init(seed))
        for step in range(4):
            part, move = own.train[batches[step, seed_at]], np.zeros_like(flat)
            for query in range(queries):
                z = addends(point, seed, len(flat), step * queries + query, 1.0)
                losses = [loss_by_hand(flat + sign * 0.01 * z, part) for sign in (1, -1)]
                move += (losses[0] - losses[1]) / 0.02 * z / queries
            flat = flat - np.float32(rates[step, 1]) * move
        found = np.asarray(state.weights["weights"])[seed_at, 1]
        assert np.allclose(found, flat, atol=2e-5)
        assert not np.allclose(found, own.init(seed), atol=1e-3)


def loss_by_hand(flat: np.ndarray, part: Any) -> float:
    first, bias, second, last = np.split(flat.astype(np.float64), [32, 40, 64])
    out = np.tanh(part.inputs @ first.reshape(8, 4).T + bias) @ second.reshape(3, 8).T + last
    return float(np.mean(np.log(np.exp(out).sum(1)) - out[np.arange(len(out)), part.labels]))


def test_a_replica_is_the_same_in_any_company() -> None:
    own = task(lambda seed: nn.Sequential(perceptron(), nn.Dropout(0.2)))
    runs = [Run((0, 1), (0.02, 0.05), 70, 8), Run((1,), (0.05,), 70, 8)]
    both, alone = (trained(own, POINT, run, (5, 64))[-1].weights["weights"] for run in runs)
    assert np.array_equal(both[1, 1], alone[0, 0])


class StoppedError(Exception):
    """Stops a training, as an interrupt would."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stop_after", [2, 22])
@pytest.mark.parametrize(
    "point",
    [
        resolve(state_bits=24, lanes=8, queries=2),
        resolve(state_bits=24, lanes=8, scope="sparse:0.5"),
        resolve(state_bits=24, lanes=8, scope="last:1"),
        resolve(estimator="backprop", rng="none", reuse="none"),
        resolve(state_bits=24, lanes=8, queries=2, momentum_replay=40),
        resolve(state_bits=24, lanes=8, momentum_replay=3, step_size="scalar"),
        resolve(estimator="cocd", rng="none", reuse="none", queries=3),
    ],
    ids=DesignPoint.label,
)
def test_a_training_that_was_stopped_resumes_with_the_same_bits(
    point: DesignPoint, stop_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = task(lambda seed: Parts(), (WORDS, LABELS))
    settings = TrainSettings(steps=70, seeds=2, learning_rates=(0.02, 0.05), batch=8)
    expected = train_point(point, own, settings)
    monkeypatch.setattr(saving, "SAVE_S", 0.0)
    path, left, state = tmp_path / "train.npz", iter(range(stop_after)), torch_trainer._state

    def stops(replicas: Any) -> TrainState:
        if next(left, None) is None:
            raise StoppedError
        return state(replicas)

    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(torch_trainer, "_state", stops)
        train_point(point, own, settings, saving.Checkpointer(path, "own"))
    assert path.exists()
    steps: list[int] = []
    train = torch_trainer.Replica.train

    def trains(self: Any, data: Any, first: int, *rest: Any) -> None:
        steps.append(first)
        train(self, data, first, *rest)

    monkeypatch.setattr(torch_trainer.Replica, "train", trains)
    assert train_point(point, own, settings, saving.Checkpointer(path, "own")) == expected
    assert not path.exists() and steps[0] > 0


class Parts(nn.Module):
    """A frozen table, tied scores, a buffer that moves, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(30, 6, padding_idx=0)
        self.frozen = nn.Linear(6, 6).requires_grad_(False)
        self.norm, self.drop = nn.BatchNorm1d(6), nn.Dropout(0.1)
        self.scores = nn.Linear(6, 30, bias=False)
        self.scores.weight = self.table.weight

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        hidden = self.norm(self.frozen(self.table(words).mean(1)))
        return self.scores(self.drop(hidden))


def adapted() -> nn.Module:
    peft = pytest.importorskip("peft")
    model = nn.Sequential(nn.Embedding(30, 6), nn.Flatten(), nn.Linear(30, 8), nn.Linear(8, 3))
    model[2].bfloat16()
    half = nn.Sequential(model[0], nn.Flatten(), Half(model[2]), model[3])
    config = peft.LoraConfig(r=2, target_modules=["2.inner", "3"])
    return peft.get_peft_model(half, config)


class Half(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.bfloat16()).float()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("build", "weights"),
    [(Parts, 192), (adapted, 2 * (30 + 8) + 2 * (8 + 3))],
    ids=["frozen, tied, buffers", "LoRA on bfloat16"],
)
def test_parts_of_every_kind_train(build: Callable[[], nn.Module], weights: int) -> None:
    own = task(lambda seed: build(), (WORDS, LABELS))
    assert own.parameters == weights
    first, last = trained(own, POINT, Run((0, 1), (0.02,), 30, 16), stops=(0,))
    trainer = trainer_of(POINT, own, FAST)
    before, after = trainer.score(first, own.test), trainer.score(last, own.test)
    assert np.isfinite(after.loss).all() and (after.loss != before.loss).all()
    if build is Parts:
        assert (last.weights["buffer norm.num_batches_tracked"] == 30).all()


def test_a_module_is_the_same_for_all_seeds_and_keeps_its_weights() -> None:
    model = perceptron()
    before = [weight.detach().clone() for weight in model.parameters()]
    own = task(model)
    state = trained(own, POINT, Run((0, 1), (0.02,), 5, 16))[-1]
    assert np.array_equal(own.init(0), own.init(1))
    assert not np.array_equal(*state.weights["weights"][:, 0])
    assert all(map(torch.equal, before, model.parameters()))


def test_a_diverged_replica_is_marked_and_the_others_go_on() -> None:
    own = task(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    run = Run((0,), (0.02, 1e38), 20, 16)
    state = trained(own, POINT, run)[-1]
    score = trainer_of(POINT, own, FAST).score(state, own.test)
    assert state.diverged_at[0, 0] == NEVER and 0 <= state.diverged_at[0, 1] < 20
    assert score.accuracy[0, 0] > 0 == score.accuracy[0, 1] and np.isnan(score.loss[0, 1])


def test_a_point_gets_its_columns() -> None:
    found = train_point(POINT, task(lambda seed: perceptron()), FAST)
    assert found["accuracy_mean"] > 50 and len(found["accuracy_per_seed"]) == 2
    assert found["forward_passes"] == 50 and found["random_numbers"] == 25 * 67
    assert found["macs"] == 50 * 16 * (4 * 8 + 8 * 3)


def test_float_targets_have_a_loss_and_no_accuracy() -> None:
    aims = INPUTS @ RNG.normal(size=(4, 2)).astype(np.float32)
    own = task(
        lambda seed: nn.Linear(4, 2),
        (torch.from_numpy(INPUTS), torch.from_numpy(aims)),
        loss=lambda out, aim: (out - aim).square().sum(1),
    )
    mean = task(
        lambda seed: nn.Linear(4, 2),
        (INPUTS, aims),
        loss=lambda out, aim: (out - aim).square().sum(1).mean(),
    )
    losses = [train_point(POINT, each, FAST)["test_loss_mean"] for each in (own, mean)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert train_point(POINT, own, FAST)["accuracy_mean"] is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": 3}, "model must be a torch.nn.Module"),
        ({"model": lambda seed: 1 / 0}, "model failed: ZeroDivisionError"),
        ({"model": nn.Linear(5, 3)}, "model failed: RuntimeError: mat1 and mat2"),
        ({"model": nn.Linear(4, 2)}, r"outputs \[n, 3 classes or more\]"),
        ({"model": nn.Linear(4, 3).requires_grad_(False)}, "nothing to train"),
        ({"model": perceptron().double()}, "model.float"),
        ({"model": nn.LSTM(4, 3)}, "must return a tensor, or an object with logits, not tuple"),
        ({"loss": lambda out, aim: out}, r"loss must return a loss for each example"),
        ({"loss": lambda out, aim: 1.0}, "loss must return .* not float"),
        ({"data": (INPUTS, INPUTS)}, "class numbers from 0"),
        ({"data": INPUTS}, "must be a pair"),
    ],
)
def test_what_does_not_fit_is_one_line(fields: dict[str, Any], message: str) -> None:
    given = {"model": perceptron(), "data": (INPUTS, LABELS)} | fields
    with pytest.raises(DesignError, match=message) as caught:
        TorchTask(**given).task("own:build", b"")
    assert str(caught.value).startswith("task: 'own:build': ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("point", "options"),
    [
        (resolve(estimator="cge"), {}),
        (resolve(weight_bits=8, activation_bits=8), {}),
        (resolve(estimator="sign_spsa"), {}),
        (resolve(), {"momentum": 0.9}),
    ],
)
def test_other_ways_of_training_are_refused(point: DesignPoint, options: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match="by estimator rge, cocd or backprop, with mom"):
        trainer_of(point, task(perceptron()), FAST.model_copy(update=options))


def test_a_pass_that_fails_later_names_the_task() -> None:
    calls = []

    class Tiring(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            if len(calls) > 5:
                self.weight.data.clamp_(-1, 1)
            return super().forward(x)

    with pytest.raises(PezoError, match=r"own:build': model failed: .*writes to a parameter"):
        trained(task(Tiring(4, 3)), POINT, Run((0,), (0.02,), 20, 16))


def test_code_weights_and_helpers_are_in_the_identity(tmp_path: Path) -> None:
    first = perceptron()
    hashes = {task(first).code_sha256, task(first).code_sha256}
    assert len(hashes) == 1
    second, third = perceptron(), perceptron()
    third.load_state_dict(first.state_dict())
    third[0].bias.requires_grad_(False)
    assert len(hashes | {task(second).code_sha256, task(third).code_sha256}) == 3


def checkpoint(folder: Path) -> None:
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=16,
        num_labels=3,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)


def test_a_hugging_face_folder_trains_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    checkpoint(tmp_path)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection"))
    own = task(lambda seed: hugging_face(tmp_path), (WORDS, LABELS))
    state = trained(own, POINT, Run((0,), (0.02,), 3, 16))[-1]
    assert own.init(0).size == state.weights["weights"].shape[-1] > 1000
    with pytest.raises(DesignError, match=r"no config\.json"):
        hugging_face(tmp_path / "nowhere")
    with pytest.raises(DesignError, match="Auto is no model class"):
        hugging_face(tmp_path, "Auto")
    (tmp_path / "model.safetensors").write_text("no tensors")
    with pytest.raises(DesignError, match="cannot be read as AutoModelFor"):
        hugging_face(tmp_path)


def test_an_onnx_file_trains_all_its_weights(tmp_path: Path) -> None:
    package = pytest.importorskip("onnx")
    pytest.importorskip("onnx2torch")
    helper, floats = package.helper, package.TensorProto.FLOAT
    first, second = RNG.normal(size=(4, 8)).astype("f"), RNG.normal(size=(3, 8)).astype("f")
    tensors = {"w": first, "b": np.zeros(8, "f"), "v": second, "c": np.zeros(3, "f")}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "b"], ["s"]),
        helper.make_node("Relu", ["s"], ["r"]),
        helper.make_node("Gemm", ["r", "v", "c"], ["y"], transB=1),
    ]
    ends = [helper.make_tensor_value_info(n, floats, ["n", k]) for n, k in (("x", 4), ("y", 3))]
    held = [package.numpy_helper.from_array(value, name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], held)
    opset = [helper.make_opsetid("", 17)]
    package.save(helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "net.onnx")
    own = task(lambda seed: onnx(tmp_path / "net.onnx"))
    assert own.parameters == 4 * 8 + 8 + 8 * 3 + 3
    states = trained(own, POINT, Run((0,), (0.02,), 30, 16), stops=(0,))
    losses = [trainer_of(POINT, own, FAST).score(state, own.test).loss[0, 0] for state in states]
    scores = np.maximum(own.test.inputs @ first, 0) @ second.T
    sums = np.log(np.exp(scores).sum(1)) - scores[np.arange(len(scores)), own.test.labels]
    assert losses[0] == pytest.approx(sums.mean(), rel=1e-4) and losses[1] < losses[0]
    with pytest.raises(DesignError, match="no such file"):
        onnx(tmp_path / "nowhere.onnx")
    (tmp_path / "bad.onnx").write_text("no network")
    with pytest.raises(DesignError, match="cannot be converted"):
        onnx(tmp_path / "bad.onnx")


def test_the_worked_example_goes_through_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    design = str(EXAMPLES / "own_torch_task.yaml")
    settings = ["-s", "train.steps=60", "--stages", "train", "--jobs", "1", "--reuse", "bank"]
    monkeypatch.setattr("sys.argv", ["pezoexplore", "sweep", design, "--out", str(out), *settings])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    with (out / "results.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["status"] == "ok" and float(row["accuracy_mean"]) > 60
    assert get_task("own_torch_task:build", folder=str(EXAMPLES)).parameters == 2 * 24 + 24 * 3 + 3
