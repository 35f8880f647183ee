"""`pezoexplore train`: one run, with its learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from pezoexplore.commands.points import one_point
from pezoexplore.commands.terminal import note, print_json, say
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.report.tables import print_table
from pezoexplore.sweeps.rows import csv_text
from pezoexplore.sweeps.rundir import write_atomically
from pezoexplore.train.evaluate import Candidate, learning_curve, train_point, tune
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run
from pezoexplore.train.trainers import stream_source, trainer_of

CURVE_COLUMNS = ("step", "train_loss", "validation_loss", "validation_accuracy")
"""Columns of learning_curve.csv."""

CURVE_POINTS = 20
"""Stretches the learning curve is cut into, at most."""

Curve = list[dict[str, float | int | None]]


@dataclass(frozen=True)
class TrainRequest:
    """What the command line asks for.

    Attributes:
        axes: One value by axis, as text; None for one not given.
        settings: Values by dotted key of a design file, as text; None for one not given.
        overrides: ``key=value`` texts as after ``-s``.
        out: Folder for the curve; None for no files.
        landscape: Whether to draw the loss around the run as well; needs a folder.
        as_json: Whether to print JSON.
    """

    axes: Mapping[str, str | None]
    settings: Mapping[str, str | None]
    overrides: Sequence[str]
    out: Path | None
    landscape: bool
    as_json: bool


def train(request: TrainRequest) -> int:
    """Train one point as a sweep does, and then once more to see its learning curve.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The point or a setting is not allowed, or a file cannot be written.
    """
    point, space = one_point(request.axes, request.settings, request.overrides)
    if request.landscape and request.out is None:
        raise DesignError("--landscape needs a folder to draw into: give --out DIR")
    if request.out is not None:
        _make(request.out)
    task, settings = get_task(space.task, space.train.data), space.train
    note(f"{point.label()}: {settings.seeds} seeds of {settings.steps} steps on {space.task}")
    result = train_point(point, task, settings)
    every = max(1, -(-settings.steps // CURVE_POINTS))
    source = stream_source(point, task)
    chosen = Candidate(result["learning_rate"], result["epsilon"])
    curve = learning_curve(source, task, settings, trainer_of(point, task, settings), chosen, every)
    files = _write(request.out, point, curve)
    if request.landscape and request.out is not None:
        files.append(_draw_landscape(request.out, point, task, settings, chosen))
    if request.as_json:
        print_json({"axes": point.to_json(), **result, "curve": curve, "files": files})
        return 0
    rows = [[_cell(row[name]) for name in CURVE_COLUMNS] for row in curve]
    print_table(f"Learning curve: {point.label()}", CURVE_COLUMNS, rows, Console())
    for line in _summary(result):
        say(line)
    for name in files:
        say(name)
    return 0


def _make(folder: Path) -> None:
    """Find out now, not after the training, that the folder cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be made: {error.strerror}") from None


def _write(folder: Path | None, point: DesignPoint, curve: Curve) -> list[str]:
    if folder is None:
        return []
    from pezoexplore.report.plots.curve_plot import draw_curve

    table = folder / "learning_curve.csv"
    cells = [{name: _cell(row[name]) for name in CURVE_COLUMNS} for row in curve]
    write_atomically(table, csv_text(CURVE_COLUMNS, cells))
    plot = draw_curve(curve, point.label(), folder / "learning_curve.png")
    return [str(table), str(plot)]


def _draw_landscape(
    folder: Path, point: DesignPoint, task: Task, settings: TrainSettings, chosen: Candidate
) -> str:
    """Draw the loss around one seed's run and the same seed's backprop, each at its own rate."""
    from pezoexplore.report.plots.landscape_plot import draw_landscape
    from pezoexplore.train.landscape import landscape

    source, reference = stream_source(point, task), GeneralTrainer(task, "backprop", None)
    # One exact gradient says more than a projection of it: its best rates are larger.
    rates = tuple(10 * rate for rate in settings.learning_rates)
    larger = settings.model_copy(update={"learning_rates": settings.learning_rates + rates})
    best = tune(source, task, larger, reference).chosen
    runs = [
        Run((0,), (each.learning_rate,), settings.steps, settings.batch, each.epsilon)
        for each in (chosen, best)
    ]
    seen = landscape(task, runs, source, (trainer_of(point, task, settings), reference))
    paths = {point.label(): seen.zeroth_order, "backprop": seen.backprop}
    plot = folder / "landscape.png"
    title = f"{task.name}: loss around the weights"
    return str(
        draw_landscape(seen.across, seen.along, seen.loss, paths, seen.explained, title, plot)
    )


def _cell(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _summary(result: Mapping[str, Any]) -> Sequence[str]:
    rate, epsilon = result["learning_rate"], result["epsilon"]
    costs = f"{result['forward_passes']} forward passes a run"
    before = result["accuracy_before"]
    adapted = [] if before is None else [f"before adaptation {before:.2f} %"]
    settings = f"learning rate {rate:g}, epsilon {epsilon:g}, {costs}"
    return ("", _verdict(result), *adapted, settings)


def _verdict(result: Mapping[str, Any]) -> str:
    if result["diverged_step"] is not None:
        return f"diverged at step {result['diverged_step']}: no accuracy"
    if result["accuracy_mean"] is None:
        return f"test loss {result['test_loss_mean']:.6g}; its targets are no classes"
    half = result["accuracy_ci95"]
    interval = "" if half is None else f" ± {half:.2f}"
    each = ", ".join(f"{value:.2f}" for value in result["accuracy_per_seed"])
    return f"test accuracy {result['accuracy_mean']:.2f}{interval} % (95 % interval; seeds: {each})"
