"""Fine-tune a local RoBERTa or OPT checkpoint on SST-2, few-shot, along a design's stream.

    python -m pezoexplore.finetune.sst2 --model DIR --data train.tsv --test dev.tsv --out RUN

``--rng``, ``--reuse`` and the other axes name the design, as everywhere. Nothing is downloaded.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.terminal import echo, print_json, set_verbosity
from pezoexplore.design.one_point import one_point
from pezoexplore.design.point import STREAM_AXES
from pezoexplore.errors import PezoError
from pezoexplore.finetune.tuning import fine_tune

STATUS_ERROR = 2

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
    test_examples: Annotated[int, typer.Option(min=1, help="Most examples to test on.")] = 1000,
    shots: Annotated[int, typer.Option(min=1, help="Examples per class, k.")] = 16,
    steps: Annotated[int, typer.Option(min=0, help="Training steps; MeZO uses 100,000.")] = 20_000,
    batch: Annotated[int, typer.Option(min=1, help="Examples per step.")] = 64,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 1e-6,
    epsilon: Annotated[float, typer.Option(help="Scale of the perturbation.")] = 1e-3,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed of examples, batches and the stream.")
    ] = 0,
    device: Annotated[str, typer.Option(help="Device of the model: cpu, cuda, ...")] = "cpu",
    out: Annotated[
        Path | None, typer.Option(help="Folder for steps.jsonl and the tuned model.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="A steps.jsonl to replay instead of training.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Fine-tune a local checkpoint on SST-2, few-shot, along a design's stream."""
    set_verbosity()
    try:
        found = fine_tune(
            one_point(axes)[0],
            model,
            data,
            test=test,
            test_examples=test_examples,
            shots=shots,
            steps=steps,
            batch=batch,
            rate=lr,
            epsilon=epsilon,
            seed=seed,
            device=device,
            out=out,
            replay=replay,
        )
    except PezoError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        raise typer.Exit(STATUS_ERROR) from None
    if as_json:
        print_json(found)
        return 0
    echo(f"accuracy on {found['test_examples']} examples, percent:")
    echo(f"before {found['accuracy_before']:.1f}, after {found['accuracy_after']:.1f}")
    for name in found["files"]:
        echo(name)
    return 0


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m pezoexplore.finetune.sst2"))
