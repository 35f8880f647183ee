"""Measure what correction by zeroth-order training is worth on a solver: errors in time, a field.

    python bench/pde.py reports/pde docs/pde_burgers.svg

Reads the run directory of designs/pde.yaml (or of the other task), trains each design once more at
the learning rate that the sweep chose (training seed 0), prints its error on the test split by
time beside that of the solver alone, and draws both.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.api import read_results
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import TrainSettings
from pezoexplore.train.backend import load_jax
from pezoexplore.train.evaluate import Candidate
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

F32 = NDArray[np.float32]


def trained_outputs(
    point: DesignPoint, chosen: Candidate, task: Task, settings: TrainSettings
) -> F32:
    """Train seed 0 of a design, and return its rollouts of the test split."""
    trainer = trainer_of(point, task, settings)
    rates, epsilon = (chosen.learning_rate,), chosen.epsilon
    run = Run((0,), rates, settings.steps, settings.batch, epsilon)
    *_, (_, state) = trainer.run(task.train, run, stream_source(point, task))
    weights = trainer.weights(state).reshape(-1)
    return np.asarray(load_jax().jit(task.model.outputs)(weights, task.test.inputs))


def draw(outputs: dict[str, F32], task: Task, file: Path) -> None:
    """Draw errors in time, and the last field of one example with its error."""
    from matplotlib.figure import Figure

    truth, step = task.test.labels, task.model.equation.step
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    times = step * np.arange(1, truth.shape[1] + 1)
    for name, made in outputs.items():
        style = "--" if name == "uncorrected" else "-"
        left.plot(times, error_by_time(made, truth), style, label=name)
    highest = max(error_by_time(made, truth).max() for made in outputs.values())
    left.set(xlabel="time", ylabel="mean absolute error", ylim=(0, 1.3 * highest))
    left.legend(frameon=False, fontsize=7, loc="upper left")
    if truth.ndim == 3:
        x = 2 * np.pi * np.arange(truth.shape[2]) / truth.shape[2]
        right.plot(x, truth[0, -1], "k", lw=3, alpha=0.3, label="fine solver")
        for name, made in outputs.items():
            right.plot(x, made[0, -1], "--" if name == "uncorrected" else "-", lw=1)
        right.set(xlabel="x", ylabel=f"u at time {times[-1]:g}")
        right.legend(frameon=False, fontsize=7)
    else:
        draw_fields(right, outputs, truth[0, -1])
        figure.colorbar(right.images[0], ax=right, label=f"vorticity at time {times[-1]:g}")
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def draw_fields(axes: Any, outputs: dict[str, F32], truth: F32) -> None:  # noqa: ANN401
    """Draw the fine field, the uncorrected and the first corrected one, below it what they lack."""
    names = ("uncorrected", next(name for name in outputs if name != "uncorrected"))
    bare, corrected = (outputs[name][0, -1] for name in names)
    side = len(truth)
    gap, blank = np.full((side, 1), np.nan), np.full((side, side), np.nan)
    rows = [
        np.hstack([truth, gap, bare, gap, corrected]),
        np.full((1, 3 * side + 2), np.nan),
        np.hstack([blank, gap, bare - truth, gap, corrected - truth]),
    ]
    axes.imshow(np.vstack(rows), cmap="RdBu_r", interpolation="nearest")
    axes.text(0, 1.5 * side, "minus the\nfine solver:", va="center", fontsize=8)
    axes.set(xticks=[], yticks=[])
    axes.set_title("   |   ".join(("fine solver", *names)), fontsize=8)


def error_by_time(made: F32, truth: F32) -> NDArray[np.float64]:
    """Return the mean absolute error at each step."""
    axes = (0, *range(2, truth.ndim))
    return np.abs(made - truth).mean(axis=axes, dtype=np.float64)


def main() -> None:
    """Train, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("figure", type=Path)
    options = parser.parse_args()
    space = load_design(options.run / "design.yaml")
    task = get_task(space.task)
    start = np.asarray(load_jax().jit(task.model.outputs)(task.init(0), task.test.inputs))
    outputs = {"uncorrected": start}
    for row in read_results(options.run).to_pandas().itertuples():
        point = DesignPoint.from_json(row._asdict())
        chosen = Candidate(row.learning_rate, row.epsilon)
        outputs[point.label()] = trained_outputs(point, chosen, task, space.train)
    truth = task.test.labels
    whole = np.abs(start - truth).mean()
    for name, made in outputs.items():
        times = " ".join(f"{value:.4f}" for value in error_by_time(made, truth)[::4])
        mean = np.abs(made - truth).mean()
        print(f"{name:40} {mean:.4f} ({100 * (mean / whole - 1):+.1f} %)  {times}")
    draw(outputs, task, options.figure)


if __name__ == "__main__":
    main()
