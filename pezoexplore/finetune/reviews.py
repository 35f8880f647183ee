"""A real transformer on real text: all-MiniLM-L6-v2 tells praise from blame in movie reviews.

The model (22.7 million weights, BERT) and the sentences with mean human ratings (Hutto and Gilbert,
"VADER: A Parsimonious Rule-Based Model for Sentiment Analysis of Social Media Text", ICWSM 2014)
come from a package registry by :mod:`pezoexplore.finetune.fetch`. Sentences rated above 0 are class
1, below 0 class 0; those at 0 are left out. A head classifies the mean of the last layer's outputs
over the tokens, as the model's makers pool them, centred and scaled by constants of the training
sentences.

Functions without arguments are what a design file names, such as
``task: pezoexplore.finetune.reviews:last_layers``; :func:`review_task` takes other choices.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch.nn.functional import scaled_dot_product_attention

from pezoexplore.errors import DesignError, ToolError
from pezoexplore.files import writing_bytes
from pezoexplore.finetune.fetch import MODEL, TEXT, folder
from pezoexplore.finetune.load import hugging_face
from pezoexplore.finetune.task import TorchTask
from pezoexplore.train.task import Split
from pezoexplore.train.user_task import carved

TOKENS = 40
"""Most tokens of a sentence; what is longer is cut, 6 % of the sentences."""

SHOTS, TESTED = 1024, 3000
"""Training sentences a class, and sentences that accuracies and losses are reported on."""

LAST = 2
"""Layers that partial training and the adapter reach; the outputs of those below are kept."""

GAIN = {"all": 10.0, "layers": 10.0, "lora": 1.0}
"""What the head's inputs are multiplied by. One learning rate serves head and layers: where it must
be small for millions of weights, the head would stand still without a gain."""


def all_weights() -> TorchTask:
    """Train all weights, the head from zero."""
    return review_task("all", "zero")


def all_weights_from_probe() -> TorchTask:
    """Train all weights, the head from the linear probe."""
    return review_task("all", "probe")


def last_layers() -> TorchTask:
    """Train the last two layers and the head, from zero."""
    return review_task("layers", "zero")


def last_layers_from_probe() -> TorchTask:
    """Train the last two layers and the head, from the linear probe."""
    return review_task("layers", "probe")


def lora() -> TorchTask:
    """Train an adapter of the last two layers and the head, from zero."""
    return review_task("lora", "zero")


def lora_from_probe() -> TorchTask:
    """Train an adapter of the last two layers and the head, from the linear probe."""
    return review_task("lora", "probe")


def review_task(
    trained: str, start: str, *, shots: int = SHOTS, tested: int = TESTED, files: Path | None = None
) -> TorchTask:
    """Return the task of classifying sentences of movie reviews.

    Args:
        trained: ``all`` weights, the last two ``layers``, or ``lora``: an adapter of rank 8 of
            their queries and values (Hu et al., arXiv 2106.09685); and the head in any case.
        start: Of the head, ``zero`` or ``probe``.
        shots: Training sentences a class; a fifth of them are the validation split.
        tested: Sentences tested on.
        files: Folder of model and text; default: where ``fetch`` puts them.

    Raises:
        DesignError: The files are absent or unreadable, or hold too few sentences.
        ToolError: ``peft``, which ``lora`` needs, is not installed.
    """
    made = _prepared(trained == "all", shots, tested, files or folder())
    gain = GAIN[trained]
    head = made.probe() if start == "probe" else None

    def model(seed: int) -> torch.nn.Module:
        del seed  # PyTorch's own seed draws the adapter
        module = Classifier(made.encoder(), made.pooled, gain, head)
        return _adapted(module) if trained == "lora" else module

    return TorchTask(model, made.train, test=made.test)


class Classifier(torch.nn.Module):
    """Layers of BERT and a head on the mean of their outputs.

    The layers run on the tokens of all sentences in one row, without the padding, which would be a
    third of them; attention alone sees sentences. Inputs are token numbers [n, tokens], 0 for
    padding; without embeddings the outputs of the layers below, [n, tokens, width], zeros there.
    """

    def __init__(
        self,
        parts: tuple[torch.nn.Module | None, torch.nn.ModuleList],
        pooled: torch.Tensor,
        gain: float,
        head: tuple[NDArray[Any], float] | None,
    ) -> None:
        """Assemble the model.

        Args:
            parts: Embeddings (None: inputs are a layer's outputs) and layers.
            pooled: Means of the training sentences as the model comes, [n, width].
            gain: What the head's inputs are multiplied by.
            head: Weights and bias of the score of class 1 less that of class 0, on inputs without
                the gain; None: zeros.
        """
        super().__init__()
        self.embeddings, self.layers = parts
        self.register_buffer("centre", pooled.mean(0))
        self.scale = gain / float(pooled.std(0).mean())
        self.head = torch.nn.Linear(pooled.shape[1], 2)
        with torch.no_grad():
            sides = torch.tensor([-0.5, 0.5])
            weights = torch.zeros(pooled.shape[1]) if head is None else torch.tensor(head[0])
            self.head.weight.copy_(torch.outer(sides, weights.float()) / gain)
            self.head.bias.copy_(sides * (0.0 if head is None else head[1]))
        self.eval()  # no dropout: both probes of a step would see it, and the batches are small

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute the scores of the two classes, [n, 2]."""
        return self.head((self.pooled(inputs) - self.centre) * self.scale)

    def pooled(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute the mean over each sentence's tokens, [n, width]."""
        hidden, real = self.hidden(inputs)
        rows = real.nonzero()[:, 0]
        sums = hidden.new_zeros(len(real), hidden.shape[1]).index_add(0, rows, hidden)
        return sums / real.sum(1, keepdim=True)

    def hidden(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute the last layer's outputs at the real tokens, [real tokens, width].

        Returns:
            The outputs, and which tokens are real, [n, tokens].
        """
        real = inputs != 0 if self.embeddings is not None else inputs.any(-1)
        longest = int(real.sum(1).max())
        real, inputs = real[:, :longest], inputs[:, :longest]
        hidden = (inputs if self.embeddings is None else self.embeddings(inputs))[real]
        for layer in self.layers:
            hidden = layer.feed_forward_chunk(_attended(layer.attention, hidden, real))
        return hidden, real


def _attended(part: Any, hidden: torch.Tensor, real: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Compute a BERT layer's attention with its residual, [real tokens, width]."""
    own = part.self

    def by_sentence(values: torch.Tensor) -> torch.Tensor:
        room = values.new_zeros(*real.shape, values.shape[-1])
        room[real] = values
        return room.unflatten(-1, (own.num_attention_heads, -1)).transpose(1, 2)

    query, key, value = (by_sentence(each(hidden)) for each in (own.query, own.key, own.value))
    mixed = scaled_dot_product_attention(query, key, value, attn_mask=real[:, None, None, :])
    mixed = mixed.transpose(1, 2).flatten(2)[real]
    attended: torch.Tensor = part.output(mixed, hidden)
    return attended


def _adapted(module: Classifier) -> torch.nn.Module:
    """Put an adapter on queries and values; only it and the head are trained."""
    try:
        import peft
    except ImportError:
        raise ToolError("peft is missing; type: pip install peft") from None
    module.layers.requires_grad_(False)
    config = peft.LoraConfig(r=8, lora_alpha=32, target_modules=["query", "value"])
    peft.inject_adapter_in_model(config, module)
    module.head.requires_grad_(True)
    return module.eval()


@dataclass(frozen=True, eq=False)
class Prepared:
    """Sentences and the pretrained model, ready for tasks.

    Attributes:
        bert: The model.
        whole: Whether inputs are token numbers, not the outputs of the frozen layers.
        train: Inputs and class numbers of the training sentences.
        test: The same of the sentences tested on.
        pooled: Means of the training sentences as the model comes, [n, width].
    """

    bert: Any
    whole: bool
    train: tuple[NDArray[Any], NDArray[np.uint8]]
    test: tuple[NDArray[Any], NDArray[np.uint8]]
    pooled: torch.Tensor

    def encoder(self) -> tuple[torch.nn.Module | None, torch.nn.ModuleList]:
        """Return a copy of the parts that are trained."""
        return _parts(self.bert, 0 if self.whole else _below(self.bert))

    def probe(self) -> tuple[NDArray[Any], float]:
        """Fit the head on the pretrained model's outputs, its regularisation by cross-validation.

        Not on the validation sentences, which choose learning rates: training from a head that has
        seen them looks best at the rate that moves it least.

        Returns:
            Weights and bias of the score of class 1 less that of class 0.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score

        fit, _ = carved("probe", Split(np.arange(len(self.pooled))[:, None], self.train[1]))
        centred = self.pooled - self.pooled.mean(0)
        seen = (centred / float(self.pooled.std(0).mean())).numpy()[fit.inputs[:, 0]]
        heads = [LogisticRegression(C=c, max_iter=1000) for c in np.logspace(-4, 0, 9)]
        scores = [
            cross_val_score(head, seen, fit.labels, scoring="neg_log_loss").mean() for head in heads
        ]
        fitted = heads[int(np.argmax(scores))].fit(seen, fit.labels)
        return fitted.coef_[0], float(fitted.intercept_[0])


@cache
def _prepared(whole: bool, shots: int, tested: int, files: Path) -> Prepared:
    transformers.utils.logging.disable_progress_bar()
    bert: Any = hugging_face(files / MODEL, "AutoModel").float().eval()
    sentences, labels = read_sentences(files / TEXT)
    order = np.random.default_rng(0).permutation(len(labels))
    held, rest = order[:tested], order[tested:]
    drawn = [rest[labels[rest] == label][:shots] for label in (0, 1)]
    if len(held) < tested or min(map(len, drawn)) < shots:
        raise DesignError(
            f"{files / TEXT}: {len(labels)} sentences are too few for {shots} a class and {tested} "
            "to test on: ask for fewer"
        )
    chosen = np.concatenate([held, *drawn])
    tokens = _tokens(files / MODEL, [sentences[at] for at in chosen])
    hidden, pooled = _kept(
        files, bert, tokens, lambda: _outputs(bert, tokens, _below(bert), slice(tested, None))
    )
    inputs = tokens if whole else hidden
    classes = labels[chosen]
    train, test = (inputs[tested:], classes[tested:]), (inputs[:tested], classes[:tested])
    return Prepared(bert, whole, train, test, torch.from_numpy(pooled))


def read_sentences(path: Path) -> tuple[list[str], NDArray[np.uint8]]:
    """Read sentences and their classes: 1 for those rated above 0, 0 for those below.

    Args:
        path: Lines of number, rating and sentence, separated by tabs.

    Raises:
        DesignError: It cannot be read as such.
    """
    sentences, classes = [], []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DesignError(f"{path}: {error.strerror}; type: make transformer") from None
    for number, line in enumerate(lines, 1):
        try:
            _, rating, sentence = line.split("\t")
            value = float(rating)
        except ValueError:
            raise DesignError(
                f"{path}:{number}: not a number, a rating and a sentence, separated by tabs"
            ) from None
        if value:
            sentences.append(sentence)
            classes.append(value > 0)
    return sentences, np.array(classes, dtype=np.uint8)


def _tokens(model: Path, sentences: list[str]) -> NDArray[np.int32]:
    """Return token numbers [n, TOKENS], 0 after a sentence's last."""
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(model), local_files_only=True)
    except (OSError, ValueError) as error:
        raise DesignError(f"{model}: no tokenizer there: {str(error).splitlines()[0]}") from None
    found = tokenizer(sentences, truncation=True, max_length=TOKENS)["input_ids"]
    tokens = np.zeros((len(found), TOKENS), dtype=np.int32)
    for row, numbers in zip(tokens, found, strict=True):
        row[: len(numbers)] = numbers
    return tokens


def _below(bert: Any) -> int:  # noqa: ANN401
    return len(bert.encoder.layer) - LAST


def _parts(bert: Any, first: int) -> tuple[torch.nn.Module | None, torch.nn.ModuleList]:  # noqa: ANN401
    """Return copies of the embeddings, if the first layer is there, and of layers from it on."""
    layers = deepcopy(torch.nn.ModuleList(bert.encoder.layer[first:]))
    return None if first else deepcopy(bert.embeddings), layers


def _outputs(
    bert: Any,  # noqa: ANN401
    tokens: NDArray[np.int32],
    below: int,
    train: slice,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compute the outputs of the layers ``below``, zeros at padding, and the training means."""
    nothing = torch.zeros(2, bert.config.hidden_size)
    nothing[0] = 1.0  # a deviation that is not zero
    lower = Classifier((bert.embeddings, bert.encoder.layer[:below]), nothing, 1.0, None)
    upper = Classifier((None, bert.encoder.layer[below:]), nothing, 1.0, None)
    hidden = np.zeros((*tokens.shape, bert.config.hidden_size), dtype=np.float32)
    order = np.argsort((tokens != 0).sum(1), kind="stable")  # little padding in a batch
    with torch.no_grad():
        for at in np.array_split(order, max(1, len(order) // 64)):
            out, real = lower.hidden(torch.from_numpy(tokens[at]))
            room = np.zeros((*real.shape, out.shape[1]), dtype=np.float32)
            room[real.numpy()] = out.numpy()
            hidden[at, : real.shape[1]] = room
        seen = torch.from_numpy(hidden[train])
        pooled = torch.cat([upper.pooled(part) for part in seen.split(64)])
    return hidden, pooled.numpy()


def _kept(
    files: Path,
    bert: Any,  # noqa: ANN401
    tokens: NDArray[np.int32],
    make: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what was kept beside the files for these weights and tokens, or make and keep it."""
    code = "".join(inspect.getsource(part) for part in (Classifier, _attended, _outputs))
    known = hashlib.sha256((code + torch.__version__ + transformers.__version__).encode())
    known.update(tokens.tobytes())
    for value in bert.state_dict().values():
        known.update(np.ascontiguousarray(value.numpy()).tobytes())
    path = files / f"outputs_{known.hexdigest()[:16]}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return kept["hidden"], kept["pooled"]
    hidden, pooled = make()
    with writing_bytes(path) as file:
        np.savez(file, hidden=hidden, pooled=pooled)
    return hidden, pooled
