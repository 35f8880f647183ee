"""The transformer task on a tiny BERT and a text written here: nothing is fetched."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from pezoexplore.cli import main
from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.finetune import reviews
from pezoexplore.finetune.fetch import MODEL, TEXT, VARIABLE
from pezoexplore.finetune.reviews import read_sentences, review_task
from pezoexplore.finetune.trainer import TorchTrainer
from pezoexplore.train.loop import Batches, cosine_rates
from pezoexplore.train.task import Task
from pezoexplore.train.trainer import NEVER, Run

WORDS = ("good", "fine", "bad", "dull", "a", "the", "film", "plot", "is", "was")
WIDTH, LAYERS, SHOTS, TESTED = 8, 3, 10, 12


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    torch.manual_seed(0)
    vocabulary = {word: at for at, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS))}
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=48,
        initializer_range=0.5,
    )
    transformers.BertModel(config).save_pretrained(folder / MODEL)
    transformers.BertTokenizer(vocab=vocabulary).save_pretrained(folder / MODEL)
    rng, lines = np.random.default_rng(0), []
    for number in range(60):
        good = number % 3 > 0
        words = [
            *rng.choice(WORDS[4:], 3 + number % 5),
            *rng.choice(WORDS[:2] if good else WORDS[2:4], 2),
        ]
        lines.append(f"{number}\t{1.5 if good else -0.5}\t{' '.join(words)}\n")
    lines += ["60\t0.0\tthe plot\n", f"61\t3\t{' '.join(['good'] * 60)}\n"]
    (folder / TEXT).write_text("".join(lines), encoding="utf-8")
    return folder


def task(files: Path, trained: str, start: str = "zero") -> Task:
    made = review_task(trained, start, shots=SHOTS, tested=TESTED, files=files)
    return made.task("reviews:own", b"")


def test_sentences_are_classed_by_the_sign_of_their_rating(files: Path) -> None:
    sentences, classes = read_sentences(files / TEXT)
    assert len(sentences) == 61 and "the plot" not in sentences
    assert classes.sum() == 41 and (classes[:3] == [0, 1, 1]).all()
    own = task(files, "all")
    assert np.bincount(own.train.labels).tolist() == [SHOTS, SHOTS] and len(own.test) == TESTED
    assert len(own.validation) == 4


@pytest.mark.parametrize("trained", ["all", "layers"])
def test_outputs_are_those_of_the_model_with_padding(files: Path, trained: str) -> None:
    bert = transformers.BertModel.from_pretrained(files / MODEL).eval()
    tokens = task(files, "all").test.inputs.astype(np.int64)
    mask = torch.from_numpy(tokens != 0)
    assert not mask.all() and tokens.shape[1] == reviews.TOKENS
    with torch.no_grad():
        last = bert(torch.from_numpy(tokens), attention_mask=mask.long()).last_hidden_state
        means = (last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        own = task(files, trained)
        module = own.model.module(0)
        for some in (slice(None), slice(3, 4)):
            inputs = torch.from_numpy(
                own.test.inputs[some].astype(np.int64 if trained == "all" else np.float32)
            )
            assert torch.allclose(module.pooled(inputs), means[some], atol=1e-5)


@pytest.mark.parametrize(
    ("trained", "weights"),
    [
        ("all", 14 * 8 + 48 * 8 + 2 * 8 + 16 + 3 * (4 * 72 + 16 + 108 + 104 + 16)),
        ("layers", 2 * (4 * 72 + 16 + 108 + 104 + 16)),
        ("lora", 2 * 2 * 8 * (8 + 8)),
    ],
)
def test_what_is_trained(files: Path, trained: str, weights: int) -> None:
    assert task(files, trained).parameters == weights + 2 * WIDTH + 2


@pytest.mark.parametrize("trained", ["all", "layers", "lora"])
def test_both_starts_are_the_pretrained_model(files: Path, trained: str) -> None:
    from sklearn.linear_model import LogisticRegression

    own = {start: task(files, trained, start) for start in ("zero", "probe")}
    scores = {}
    for start, each in own.items():
        trainer = TorchTrainer.of(each, resolve(), TrainSettings())
        (_, state), *_ = trainer.run(each.train, Run((0,), (0.01,), 1, 4), None, (0,))
        scores[start] = trainer.score(state, each.train)
    assert scores["zero"].loss[0, 0] == pytest.approx(np.log(2), abs=1e-6)
    with torch.no_grad():
        means = (
            task(files, "layers")
            .model.module(0)
            .pooled(torch.from_numpy(task(files, "layers").train.inputs))
        )
    seen = ((means - means.mean(0)) / means.std(0).mean()).numpy()
    heads = [LogisticRegression(C=c, max_iter=1000) for c in np.logspace(-4, 0, 9)]
    labels, rows = own["probe"].train.labels, fitted_rows(own["probe"])

    def nearest(of: list[int]) -> float:
        fits = [head.fit(seen[of], labels[of]) for head in heads]
        losses = [-np.log(f.predict_proba(seen)[range(len(labels)), labels]).mean() for f in fits]
        return float(min(abs(scores["probe"].loss[0, 0] - loss) for loss in losses))

    assert nearest(rows) < 1e-4 < nearest(list(range(len(labels)))), "the probe saw the validation"


def fitted_rows(own: Task) -> list[int]:
    """Return the places of a task's ``fit`` examples in ``train``."""
    places = {row.tobytes(): at for at, row in enumerate(own.train.inputs)}
    assert len(places) == len(own.train), "all differ"
    return sorted(places[row.tobytes()] for row in own.fit.inputs)


def test_backprop_follows_the_gradient_and_marks_what_diverges(files: Path) -> None:
    own = task(files, "layers")
    run = Run((1,), (0.05, 1e38), 3, batch=4)
    point = resolve(estimator="backprop")
    trainer = TorchTrainer.of(own, point, TrainSettings())
    *_, (_, state) = trainer.run(own.train, run, None)
    module = own.model.module(1)
    batches, rates = Batches((1,), len(own.train), 4).block(3), cosine_rates((0.05,), 3)
    for batch, rate in zip(batches[:, 0], rates[:, 0], strict=True):
        part = own.train[batch]
        loss = torch.nn.functional.cross_entropy(
            module(torch.from_numpy(part.inputs)), torch.from_numpy(part.labels.astype(np.int64))
        )
        weights = list(module.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.data -= float(np.float32(rate)) * slope
    flat = torch.cat([weight.detach().reshape(-1) for weight in module.parameters()]).numpy()
    assert np.allclose(state.weights["weights"][0, 0], flat, atol=1e-6)
    assert not np.allclose(flat, own.init(1), atol=1e-4)
    assert state.diverged_at[0, 0] == NEVER != state.diverged_at[0, 1]
    assert trainer.cost(3).random_numbers == 0 and trainer.cost(3).forward_passes == 3


@pytest.mark.slow
def test_two_steps_of_each_way_go_through_a_sweep(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sweep of three tasks: a process that imports PyTorch takes longer than their steps."""
    ways = ("all", "layers", "lora")
    sizes = f"shots={SHOTS}, tested={TESTED}"
    module = "from pezoexplore.finetune.reviews import review_task\n\n" + "".join(
        f'def of_{way}():\n    return review_task("{way}", "probe", {sizes})\n' for way in ways
    )
    monkeypatch.setenv(VARIABLE, str(files))
    (tmp_path / "own_ways.py").write_text(module)
    design = Path(reviews.__file__).parents[2] / "designs" / "transformer.yaml"
    (tmp_path / "tiny.yaml").write_text(design.read_text())
    out, tasks = tmp_path / "out", [f"own_ways:of_{way}" for way in ways]
    settings = ["train.steps=2", "train.seeds=2", "train.learning_rates=[0.001]", "train.batch=4"]
    command = ["pezoexplore", "sweep", str(tmp_path / "tiny.yaml"), "--task", ",".join(tasks)]
    command += ["--stages", "train", "--jobs", "1", "--out", str(out)]
    options = [part for setting in settings for part in ("-s", setting)]
    monkeypatch.setattr("sys.argv", [*command, *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["task"] for row in rows) == sorted(5 * tasks)
    assert {row["status"] for row in rows} == {"ok"}
    assert all(float(row["test_loss_mean"]) > 0 and row["accuracy_mean"] for row in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\t0.5\tgood\n2\tbad\n", r"tsv:2: not a number, a rating and a sentence"),
        ("1\tgood\tgood\n", r"tsv:1: not a number, a rating and a sentence"),
        ("1\t0.5\tgood\n2\t-1\tbad\n", "2 sentences are too few for 10 a class and 12 to test on"),
        (None, "type: make transformer"),
    ],
)
def test_text_that_does_not_fit_is_one_line(
    files: Path, tmp_path: Path, text: str | None, message: str
) -> None:
    (tmp_path / MODEL).symlink_to(files / MODEL)
    if text is not None:
        (tmp_path / TEXT).write_text(text)
    with pytest.raises(DesignError, match=message):
        task(tmp_path, "layers")


def test_outputs_are_kept_and_made_again_for_other_weights(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    compute = reviews._outputs
    monkeypatch.setattr(reviews, "_outputs", lambda *given: made.append(1) or compute(*given))
    bert = transformers.BertModel.from_pretrained(files / MODEL)
    for change in (0.0, 0.0, 1.0):
        with torch.no_grad():
            bert.encoder.layer[0].output.dense.bias += change
        bert.save_pretrained(tmp_path / MODEL)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (tmp_path / MODEL / name).write_bytes((files / MODEL / name).read_bytes())
        (tmp_path / TEXT).write_bytes((files / TEXT).read_bytes())
        reviews._prepared.cache_clear()
        kept = task(tmp_path, "layers").test.inputs
    assert len(made) == 2 and len(list(tmp_path.glob("outputs_*.npz"))) == 2
    assert (kept == 0).all(-1).any()
