"""Fine-tune a local RoBERTa or OPT checkpoint on SST-2, few-shot, along a design's stream.

    python -m pezoexplore.finetune.sst2 --model DIR --data train.tsv --test dev.tsv --out RUN

``--rng``, ``--reuse`` and the other axes name the design, as everywhere. Nothing is downloaded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from pezoexplore.axis_options import Axes, axis_options
from pezoexplore.commands.points import one_point
from pezoexplore.commands.terminal import print_json, say, tell
from pezoexplore.design.point import STREAM_AXES, DesignPoint
from pezoexplore.errors import DesignError, PezoError, ToolError
from pezoexplore.finetune.few_shot import Example, few_shot, read_examples

if TYPE_CHECKING:
    from pezoexplore.finetune.optimizer import PezoSGD
    from pezoexplore.finetune.sentiment import Judge
    from pezoexplore.finetune.steplog import StepLog

STATUS_ERROR = 2
TOLD = 20
"""Lines on the way that tell the loss."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for; see the options."""

    point: DesignPoint
    model: Path
    data: Path
    test: Path | None
    test_examples: int
    shots: int
    steps: int
    batch: int
    rate: float
    epsilon: float
    seed: int
    device: str
    out: Path | None
    replay: Path | None
    as_json: bool


def fine_tune(request: Request) -> dict[str, Any]:
    """Train, or replay, and judge before and after.

    Returns:
        The design's axes, the accuracies in percent, and what was written.

    Raises:
        PezoError: Something is absent or cannot be used; one line that says what to do.
    """
    _need_torch()
    from pezoexplore.finetune.optimizer import PezoSGD
    from pezoexplore.finetune.sentiment import load_judge

    train, test = _examples(request)
    judge = load_judge(request.model, request.device)
    optimizer = PezoSGD(
        judge.model.parameters(),
        request.point,
        lr=request.rate,
        epsilon=request.epsilon,
        seed=request.seed,
    )
    tell(f"{request.point.label()}: {optimizer.parameters:,} weights, {len(train)} examples")
    before = judge.accuracy(test)
    if request.replay is not None:
        _replay(request.replay, optimizer)
    else:
        _train(request, judge, optimizer, train)
    files = _save(request.out, judge)
    return {
        "axes": request.point.to_json(),
        "parameters": optimizer.parameters,
        "steps": optimizer.steps,
        "test_examples": len(test),
        "accuracy_before": before,
        "accuracy_after": judge.accuracy(test),
        "files": files,
    }


def _need_torch() -> None:
    for name in ("torch", "transformers"):
        try:
            __import__(name)
        except ImportError:
            raise ToolError(f"{name} is missing; type: pip install 'pezoexplore[torch]'") from None


def _examples(request: Request) -> tuple[list[Example], list[Example]]:
    train, rest = few_shot(read_examples(request.data), request.shots, request.seed)
    test = rest if request.test is None else read_examples(request.test)
    if not test:
        raise DesignError("no examples are left to test on: give --test FILE")
    return train, test[: request.test_examples]


def _train(request: Request, judge: Judge, optimizer: PezoSGD, examples: Sequence[Example]) -> None:
    size, every = min(request.batch, len(examples)), max(1, request.steps // TOLD)
    with _log(request.out, optimizer) as log:
        for step in range(request.steps):
            chosen = np.random.default_rng([request.seed, step]).permutation(len(examples))[:size]
            loss = optimizer.step(partial(judge.loss, [examples[i] for i in chosen]))
            if log is not None and optimizer.last is not None:
                log.add(optimizer.last)
            if (step + 1) % every == 0:
                tell(f"step {step + 1} of {request.steps}: loss {loss:.4f}")


def _log(out: Path | None, optimizer: PezoSGD) -> AbstractContextManager[StepLog | None]:
    from pezoexplore.finetune.steplog import StepLog

    if out is None:
        return nullcontext()
    _make(out)
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
    tell(f"{len(records)} steps replayed from {path}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None


def _save(out: Path | None, judge: Judge) -> list[str]:
    if out is None:
        return []
    _make(out)
    judge.model.save_pretrained(out / "model")
    judge.tokenizer.save_pretrained(out / "model")
    return [str(path) for path in (out / "steps.jsonl", out / "model") if path.exists()]


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
@axis_options(STREAM_AXES)
def sst2(
    axes: Axes,
    model: Annotated[Path, typer.Option(help="Folder of a RoBERTa or OPT checkpoint.")],
    data: Annotated[Path, typer.Option(help="SST-2 examples to draw from, such as train.tsv.")],
    test: Annotated[
        Path | None, typer.Option(help="Examples to test on; default: those not drawn.")
    ] = None,
    test_examples: Annotated[int, typer.Option(min=1, help="At most so many of them.")] = 1000,
    shots: Annotated[int, typer.Option(min=1, help="Examples of each class, k.")] = 16,
    steps: Annotated[int, typer.Option(min=0, help="Steps; MeZO takes 100,000.")] = 20_000,
    batch: Annotated[int, typer.Option(min=1, help="Examples a step.")] = 64,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 1e-6,
    epsilon: Annotated[float, typer.Option(help="Length of a probe.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of examples, batches and the stream.")] = 0,
    device: Annotated[str, typer.Option(help="Where the model runs: cpu, cuda, ...")] = "cpu",
    out: Annotated[
        Path | None, typer.Option(help="Folder for steps.jsonl and the tuned model.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="A steps.jsonl to do again instead of training.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Fine-tune a local checkpoint on SST-2, few-shot, along a design's stream."""
    try:
        request = Request(
            one_point(axes)[0],
            *(model, data, test, test_examples, shots, steps, batch, lr, epsilon, seed, device),
            *(out, replay, as_json),
        )
        found = fine_tune(request)
    except PezoError as error:
        tell(f"error: {' '.join(str(error).split())}")
        raise typer.Exit(STATUS_ERROR) from None
    if as_json:
        print_json(found)
    else:
        say(f"accuracy on {found['test_examples']} examples, percent:")
        say(f"before {found['accuracy_before']:.1f}, after {found['accuracy_after']:.1f}")
        for name in found["files"]:
            say(name)
    return 0


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m pezoexplore.finetune.sst2"))
