"""A local RoBERTa or OPT checkpoint as a classifier of sentences, by a prompt.

A sentence is embedded in ``<sentence> It was`` and the model predicts whether ``great`` or
``terrible`` comes next: in RoBERTa's masked word, or as OPT's next word. Prompt and words are
MeZO's for SST-2 (arXiv 2305.17333, after Gao et al., "Making Pre-trained Language Models Better
Few-shot Learners", arXiv 2012.15723).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pezoexplore.errors import DesignError
from pezoexplore.finetune.few_shot import Example

KINDS = ("roberta", "opt")
"""Values of ``model_type`` in config.json that are supported."""

WORDS = (" terrible", " great")
"""Words for the labels 0 and 1."""

LONGEST = 100
"""Most tokens of a sentence; more are cut off."""


@dataclass(frozen=True)
class Classifier:
    """A language model with its prompt.

    Attributes:
        model: A transformers model with a language-model head.
        tokenizer: The model's tokenizer.
        before: Tokens in front of the sentence.
        after: Tokens behind it.
        offset: Position, counted from the end, of the token whose output predicts the word.
        words: Token of each label.
    """

    model: Any
    tokenizer: Any
    before: tuple[int, ...]
    after: tuple[int, ...]
    offset: int
    words: tuple[int, ...]

    def logits(self, examples: Sequence[Example]) -> torch.Tensor:
        """Compute the scores of the two labels, [n, 2]."""
        rows = [self._tokens(example.sentence) for example in examples]
        width = max(map(len, rows))
        pad, device = self.tokenizer.pad_token_id, self.model.device
        ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows], device=device)
        lengths = torch.tensor([len(row) for row in rows], device=device)
        mask = (torch.arange(width, device=device) < lengths[:, None]).long()
        hidden = self.model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        at_word = hidden[torch.arange(len(rows), device=device), lengths - self.offset]
        return self.model.lm_head(at_word)[:, list(self.words)]

    def loss(self, examples: Sequence[Example]) -> torch.Tensor:
        """Compute the mean cross-entropy of the labels, nats."""
        labels = torch.tensor([example.label for example in examples], device=self.model.device)
        return torch.nn.functional.cross_entropy(self.logits(examples).float(), labels)

    def accuracy(self, examples: Sequence[Example], batch: int = 64) -> float:
        """Measure the accuracy on the examples, percent."""
        right = 0
        with torch.no_grad():
            for first in range(0, len(examples), batch):
                part = examples[first : first + batch]
                found = self.logits(part).argmax(dim=1).tolist()
                right += sum(f == example.label for f, example in zip(found, part, strict=True))
        return 100.0 * right / len(examples)

    def _tokens(self, sentence: str) -> list[int]:
        inner = _plain(self.tokenizer, sentence)[:LONGEST]
        return [*self.before, *inner, *self.after]


def load_classifier(folder: Path, device: str) -> Classifier:
    """Read a checkpoint, weights as float32.

    Args:
        folder: As ``save_pretrained`` writes it: config.json, weights and tokenizer.
        device: Such as ``cpu`` or ``cuda``.

    Raises:
        DesignError: Something is absent, unreadable or of another kind.
    """
    import transformers

    if not (folder / "config.json").is_file():
        raise DesignError(
            f"--model {folder}: no config.json there; give the folder of a RoBERTa or OPT "
            "checkpoint as save_pretrained writes it"
        )
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    kind = _read(folder, "config.json", transformers.AutoConfig).model_type
    if kind not in KINDS:
        raise DesignError(f"--model {folder}: model_type {kind} is not one of {', '.join(KINDS)}")
    tokenizer = _read(folder, "the tokenizer", transformers.AutoTokenizer)
    masked = kind == "roberta"
    family = transformers.AutoModelForMaskedLM if masked else transformers.AutoModelForCausalLM
    model = _read(folder, "the weights", family).to(torch.float32).eval()
    try:
        model.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:
        raise DesignError(f"--device {device}: {str(error).splitlines()[0]}") from None
    words = tuple(_plain(tokenizer, word)[0] for word in WORDS)
    if len(set(words)) < len(words):
        raise DesignError(f"--model {folder}: its tokenizer begins{' and'.join(WORDS)} alike")
    prompt = _plain(tokenizer, " It was")
    if not masked:
        return Classifier(model, tokenizer, (tokenizer.bos_token_id,), tuple(prompt), 1, words)
    end = [tokenizer.mask_token_id, *_plain(tokenizer, "."), tokenizer.sep_token_id]
    before, after = (tokenizer.cls_token_id,), (*prompt, *end)
    return Classifier(model, tokenizer, before, after, len(end), words)


def _plain(tokenizer: Any, text: str) -> list[int]:  # noqa: ANN401 - transformers is an extra
    tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def _read(folder: Path, what: str, family: Any) -> Any:  # noqa: ANN401
    from safetensors import SafetensorError

    try:
        return family.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DesignError(f"--model {folder}: {what} cannot be read: {reason}") from None
