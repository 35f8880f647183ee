"""Few-shot fine-tuning of a local RoBERTa or OPT checkpoint along a design's stream."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.finetune.few_shot import Example, few_shot, read_examples
from pezoexplore.paths import make_folder

if TYPE_CHECKING:
    from pezoexplore.finetune.optimizer import PezoSGD
    from pezoexplore.finetune.sentiment import Classifier
    from pezoexplore.finetune.steplog import StepLog

log = logging.getLogger(__name__)

LOGGED_STEPS = 20
"""Approximate number of steps whose loss is logged."""


def fine_tune(
    point: DesignPoint,
    model: Path,
    data: Path,
    *,
    test: Path | None = None,
    test_examples: int = 1000,
    shots: int = 16,
    steps: int = 20_000,
    batch: int = 64,
    rate: float = 1e-6,
    epsilon: float = 1e-3,
    seed: int = 0,
    device: str = "cpu",
    out: Path | None = None,
    replay: Path | None = None,
) -> dict[str, Any]:
    """Train, or replay a training, and test before and after.

    Args:
        point: The design whose stream perturbs the weights.
        model: Folder of a RoBERTa or OPT checkpoint.
        data: SST-2 examples to draw from.
        test: Examples to test on; None for those not drawn.
        test_examples: Most examples to test on.
        shots: Examples per class.
        steps: Training steps.
        batch: Examples per step.
        rate: Learning rate.
        epsilon: Scale of the perturbation.
        seed: Seed of examples, batches and the stream.
        device: Device of the model: cpu, cuda, ...
        out: Folder for steps.jsonl and the tuned model; None for none.
        replay: A steps.jsonl to replay instead of training.

    Returns:
        The design's axes, the accuracies in percent, and the files written.

    Raises:
        PezoError: Something is missing or cannot be used.
    """
    _need_torch()
    from pezoexplore.finetune.optimizer import PezoSGD
    from pezoexplore.finetune.sentiment import load_classifier

    train, held_out = _examples(data, test, test_examples, shots, seed)
    classifier = load_classifier(model, device)
    optimizer = PezoSGD(classifier.model.parameters(), point, lr=rate, epsilon=epsilon, seed=seed)
    log.info(f"{point.label()}: {optimizer.parameters:,} weights, {len(train)} examples")
    before = classifier.accuracy(held_out)
    if replay is not None:
        _replay(replay, optimizer)
    else:
        _train(classifier, optimizer, train, steps=steps, batch=batch, seed=seed, out=out)
    files = _save(out, classifier)
    return {
        "axes": point.to_json(),
        "parameters": optimizer.parameters,
        "steps": optimizer.steps,
        "test_examples": len(held_out),
        "accuracy_before": before,
        "accuracy_after": classifier.accuracy(held_out),
        "files": files,
    }


def _need_torch() -> None:
    for name in ("torch", "transformers"):
        try:
            __import__(name)
        except ImportError:
            raise ToolError(f"{name} is missing; type: pip install 'pezoexplore[torch]'") from None


def _examples(
    data: Path, test: Path | None, most: int, shots: int, seed: int
) -> tuple[list[Example], list[Example]]:
    train, rest = few_shot(read_examples(data), shots, seed)
    held_out = rest if test is None else read_examples(test)
    if not held_out:
        raise DesignError("no examples are left to test on: give --test FILE")
    return train, held_out[:most]


def _train(
    classifier: Classifier,
    optimizer: PezoSGD,
    examples: Sequence[Example],
    *,
    steps: int,
    batch: int,
    seed: int,
    out: Path | None,
) -> None:
    size, every = min(batch, len(examples)), max(1, steps // LOGGED_STEPS)
    with _step_log(out, optimizer) as step_log:
        for step in range(steps):
            chosen = np.random.default_rng([seed, step]).permutation(len(examples))[:size]
            loss = optimizer.step(partial(classifier.loss, [examples[i] for i in chosen]))
            if step_log is not None and optimizer.last is not None:
                step_log.add(optimizer.last)
            if (step + 1) % every == 0:
                log.info(f"step {step + 1} of {steps}: loss {loss:.4f}")


def _step_log(out: Path | None, optimizer: PezoSGD) -> AbstractContextManager[StepLog | None]:
    from pezoexplore.finetune.steplog import StepLog

    if out is None:
        return nullcontext()
    make_folder(out)
    return StepLog(out / "steps.jsonl", optimizer.identity)


def _replay(path: Path, optimizer: PezoSGD) -> None:
    from pezoexplore.finetune.steplog import read_log

    identity, records = read_log(path)
    try:
        optimizer.check_identity(identity)
        for record in records:
            optimizer.replay(record)
    except DesignError as error:
        raise DesignError(f"{path}: {error}") from None
    log.info(f"{len(records)} steps replayed from {path}")


def _save(out: Path | None, classifier: Classifier) -> list[str]:
    if out is None:
        return []
    make_folder(out)
    classifier.model.save_pretrained(out / "model")
    classifier.tokenizer.save_pretrained(out / "model")
    return [str(path) for path in (out / "steps.jsonl", out / "model") if path.exists()]
