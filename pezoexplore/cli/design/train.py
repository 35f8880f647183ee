"""`pezoexplore train`: train one design, with its learning curve, or distil a student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import (
    DeviceOption,
    Format,
    Overrides,
    Quiet,
    TableOrJson,
    TaskName,
    Verbose,
    verbosity,
)
from pezoexplore.cli.terminal import echo, log, print_json, print_table
from pezoexplore.design.point import AXES
from pezoexplore.errors import DesignError
from pezoexplore.train.device import Device, choose, entered

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace, TrainSettings
    from pezoexplore.train.evaluate import Candidate
    from pezoexplore.train.networks.student import Budget
    from pezoexplore.train.task import Task

CURVE_COLUMNS = ("step", "train_loss", "validation_loss", "validation_accuracy")
"""Columns of learning_curve.csv."""

CURVE_POINTS = 20
"""Most points of the learning curve."""

Curve = list[dict[str, float | int | None]]


@axis_options(AXES)
def train(
    axes: Axes,
    task: TaskName = None,
    steps: Annotated[
        str | None, typer.Option(help="Weight updates per run; default: 4000.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Number of runs, for the confidence interval; default: 5.")
    ] = None,
    learning_rates: Annotated[
        str | None, typer.Option(help="Learning rates to choose from, comma-separated.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help="Training examples per step; default: 64.")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option(help="Scale of the perturbation; default: 1e-3.")
    ] = None,
    set_: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the learning curve as CSV and PNG.")
    ] = None,
    landscape: Annotated[
        bool,
        typer.Option(
            "--landscape",
            help="Also draw the loss around this run and a run of backpropagation, into --out.",
        ),
    ] = False,
    distil: Annotated[
        bool,
        typer.Option(
            "--distil", help="Train a large teacher and a small student of it, halted early."
        ),
    ] = False,
    max_parameters: Annotated[
        int | None, typer.Option(min=1, help="Most weights of the student.")
    ] = None,
    max_macs: Annotated[
        int | None,
        typer.Option(min=1, help="Most multiply-accumulates of the student's forward pass."),
    ] = None,
    max_step_us: Annotated[
        float | None,
        typer.Option(min=0.0, help="Longest step of the student, us, at --macs-per-us."),
    ] = None,
    macs_per_us: Annotated[
        float, typer.Option(min=1e-6, help="Multiply-accumulates of the device per microsecond.")
    ] = 1000.0,
    device: DeviceOption = Device.cpu,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Train one design, and show its learning curve and its test accuracy.

    Each axis takes one value; an axis not given has its default, and reuse is none for every
    generator but the lfsr.
    """
    from pezoexplore import paths
    from pezoexplore.design.one_point import one_point

    verbosity(quiet, verbose)
    choose(device)
    settings = {
        "task": task,
        "train.steps": steps,
        "train.seeds": seeds,
        "train.learning_rates": learning_rates,
        "train.batch": batch,
        "train.epsilon": epsilon,
    }
    point, space = one_point(axes, settings, set_ or [])
    as_json = format_ is TableOrJson.json
    if distil:
        from pezoexplore.train.networks.student import Budget

        if out is not None or landscape:
            raise DesignError("--distil prints its results; leave out --out and --landscape")
        budget = Budget(max_parameters, max_macs, max_step_us, macs_per_us, space.train.batch)
        return _distil(point, space, budget, as_json)
    if landscape and out is None:
        raise DesignError("--landscape needs a folder to draw into: give --out DIR")
    if out is not None:
        paths.make_folder(out)
    return _train(point, space, out, landscape, as_json)


def _distil(point: DesignPoint, space: DesignSpace, budget: Budget, as_json: bool) -> int:
    """Train a teacher and its student, and print what halting saved."""
    from pezoexplore.train.distil import Distillation, distil_point
    from pezoexplore.train.tasks.registry import get_task

    task = entered(lambda: get_task(space.task, space.train.data))
    seeds = space.train.seeds
    log.info(f"{point.label()}: a teacher, and {seeds} students on {space.task}")
    result = distil_point(point, task, space.train, Distillation(budget))
    if as_json:
        print_json({"axes": point.to_json(), **result})
        return 0
    for name, value in result.items():
        echo(f"{name:24}{_text(value)}")
    return 0


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return f"{value:.2f}" if isinstance(value, float) and value >= 1 else str(value)


def _train(
    point: DesignPoint, space: DesignSpace, out: Path | None, landscape: bool, as_json: bool
) -> int:
    """Train as a sweep does, then once more for the learning curve."""
    from pezoexplore.train.evaluate import Candidate, learning_curve, train_point
    from pezoexplore.train.selection import stream_source, trainer_of
    from pezoexplore.train.tasks.registry import get_task

    task, settings = entered(lambda: get_task(space.task, space.train.data)), space.train
    log.info(f"{point.label()}: {settings.seeds} seeds of {settings.steps} steps on {space.task}")
    result = train_point(point, task, settings)
    every = max(1, -(-settings.steps // CURVE_POINTS))
    source = stream_source(point, task)
    chosen = Candidate(result["learning_rate"], result["epsilon"])
    curve = learning_curve(source, task, settings, trainer_of(point, task, settings), chosen, every)
    files = [] if out is None else _write(out, point, curve)
    if landscape and out is not None:
        files.append(_draw_landscape(out, point, task, settings, chosen))
    if as_json:
        print_json({"axes": point.to_json(), **result, "curve": curve, "files": files})
        return 0
    rows = [[_cell(row[name]) for name in CURVE_COLUMNS] for row in curve]
    print_table(f"Learning curve: {point.label()}", CURVE_COLUMNS, rows)
    for line in (*_summary(result), *files):
        echo(line)
    return 0


def _write(folder: Path, point: DesignPoint, curve: Curve) -> list[str]:
    from pezoexplore.files import write_atomically
    from pezoexplore.report.plots.curve_plot import draw_curve
    from pezoexplore.sweeps.rows import csv_text

    table = folder / "learning_curve.csv"
    cells = [{name: _cell(row[name]) for name in CURVE_COLUMNS} for row in curve]
    write_atomically(table, csv_text(CURVE_COLUMNS, cells))
    plot = draw_curve(curve, point.label(), folder / "learning_curve.png")
    return [str(table), str(plot)]


def _draw_landscape(
    folder: Path, point: DesignPoint, task: Task, settings: TrainSettings, chosen: Candidate
) -> str:
    """Draw the loss around one seed's run and the same seed's backprop, each at its best rate."""
    from pezoexplore.report.plots.landscape_plot import draw_landscape
    from pezoexplore.train.evaluate import tune
    from pezoexplore.train.general_trainer import GeneralTrainer
    from pezoexplore.train.landscape import landscape
    from pezoexplore.train.selection import stream_source, trainer_of
    from pezoexplore.train.trainer import Run

    source, reference = stream_source(point, task), GeneralTrainer(task, "backprop", None)
    # An exact gradient is less noisy than a projection of it: its best rates are larger.
    rates = tuple(10 * rate for rate in settings.learning_rates)
    larger = settings.model_copy(update={"learning_rates": settings.learning_rates + rates})
    best = tune(source, task, larger, reference).chosen
    runs = [
        Run((0,), (each.learning_rate,), settings.steps, settings.batch, each.epsilon)
        for each in (chosen, best)
    ]
    seen = landscape(task, runs, source, (trainer_of(point, task, settings), reference))
    tracks = {point.label(): seen.zeroth_order, "backprop": seen.backprop}
    plot = folder / "landscape.png"
    title = f"{task.name}: loss around the weights"
    return str(
        draw_landscape(seen.across, seen.along, seen.loss, tracks, seen.explained, title, plot)
    )


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _summary(result: Mapping[str, Any]) -> Sequence[str]:
    rate, epsilon = result["learning_rate"], result["epsilon"]
    costs = f"{result['forward_passes']} forward passes per run"
    before = result["accuracy_before"]
    adapted = [] if before is None else [f"before adaptation {before:.2f} %"]
    settings = f"learning rate {rate:g}, epsilon {epsilon:g}, {costs}"
    return ("", _verdict(result), *adapted, settings)


def _verdict(result: Mapping[str, Any]) -> str:
    if result["diverged_step"] is not None:
        return f"diverged at step {result['diverged_step']}: no accuracy"
    if result["accuracy_mean"] is None:
        return f"test loss {result['test_loss_mean']:.6g}; its targets are no classes"
    from pezoexplore.intervals import in_words

    mean = in_words(result["accuracy_mean"], result["accuracy_ci95"])
    each = ", ".join(f"{value:.2f}" for value in result["accuracy_per_seed"])
    return f"test accuracy {mean} % (95 % interval; seeds: {each})"
