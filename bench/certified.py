"""Measure what a denoiser trained with forward passes lets randomised smoothing certify.

    python bench/certified.py reports/certified docs/certified.svg

Reads the run directory of designs/certified.yaml (or one like it), trains each design once more at
the learning rate that the sweep chose, all seeds, certifies the test images, prints standard and
certified accuracy by radius with 95 % intervals (Student's t over the seeds), and draws certified
accuracy against radius. ``bench/gain.py`` has the forward passes to 90 % of the first-order gain.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.api import read_results
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import TrainSettings
from pezoexplore.intervals import half_width, in_words
from pezoexplore.markdown import markdown_table
from pezoexplore.train.backend import load_jax
from pezoexplore.train.evaluate import Candidate
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.certified import SIGMA, certified_images, undefended
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.tasks.smoothing import ALPHA, ESTIMATION, SELECTION, certify
from pezoexplore.train.trainer import Run

SHOWN = (0.0, 0.25, 0.5, 0.75, 1.0)
DRAWN = np.linspace(0, 1.2, 49)
GAUSSIAN = "none gaussian"

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]


def trained_weights(
    point: DesignPoint, chosen: Candidate, task: Task, settings: TrainSettings
) -> F32:
    """Train all seeds of a design; return weights [seeds, d]."""
    trainer = trainer_of(point, task, settings)
    seeds, rates = tuple(range(settings.seeds)), (chosen.learning_rate,)
    run = Run(seeds, rates, settings.steps, settings.batch, chosen.epsilon)
    source = stream_source(point, task) if point.draws else None
    *_, (_, state) = trainer.run(task.train, run, source)
    return trainer.weights(state)[:, 0]


def shares(task: Task, weights: F32, images: Split) -> tuple[F64, F64]:
    """Return clean accuracy, abstentions and certified accuracy at SHOWN, and at DRAWN.

    Returns:
        Percent, [2 + radii, seeds] and [radii, seeds].
    """
    found = certify(task.model, weights, images.inputs, SIGMA)
    outputs = load_jax().vmap(task.model.outputs, (0, None))(weights, images.inputs)
    clean = 100 * (np.asarray(outputs).argmax(-1) == images.labels).mean(-1)
    shown = [found.accuracy(images.labels, radius) for radius in SHOWN]
    drawn = [found.accuracy(images.labels, radius) for radius in DRAWN]
    return np.stack([clean, found.abstained(), *shown]), np.stack(drawn)


def show(found: dict[str, F64], seeds: int) -> None:
    """Print the table, and differences at radius 0.5 to no denoiser and to Gaussian numbers."""
    column = 2 + SHOWN.index(0.5)
    bare, gaussian = found["no denoiser"][column], found.get(GAUSSIAN)
    rows = []
    for name, values in sorted(found.items(), key=lambda item: -item[1][column].mean()):
        cells = [words(row) if len(row) == seeds else f"{row[0]:.2f}" for row in values]
        gain = words(values[column] - bare, "+") if len(values[column]) == seeds else ""
        rival = gaussian is not None and gain and name != GAUSSIAN
        gap = words(values[column] - gaussian[column], "+") if rival else ""
        rows.append((name, *cells, gain, gap))
    radii = [f"r = {radius:g}" for radius in SHOWN]
    print(
        markdown_table(
            ("design", "clean", "abstained", *radii, "gain at 0.5", "minus Gaussian"), rows
        )
    )


def words(values: F64, sign: str = "") -> str:
    """Return a mean with its interval."""
    bounds = (-np.inf, np.inf)
    return in_words(float(values.mean()), half_width(values), bounds, digits=2, sign=sign)


def draw(curves: dict[str, F64], file: Path) -> None:
    """Draw certified accuracy against radius, means with their intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        bare = name == "no denoiser"
        (line,) = axes.plot(DRAWN, values.mean(1), "k--" if bare else "-", lw=1.3, label=name)
        if not bare:
            half = np.array([half_width(row) or 0.0 for row in values])
            ends = values.mean(1) - half, values.mean(1) + half
            axes.fill_between(DRAWN, *ends, color=line.get_color(), alpha=0.15, lw=0)
    axes.set(xlabel="radius", ylabel="certified accuracy, %", ylim=(0, None), xlim=(0, 1.2))
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    """Train, certify, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("figure", type=Path, nargs="?")
    options = parser.parse_args()
    space = load_design(options.run / "design.yaml")
    task = get_task(space.task)
    images = certified_images(task.name)
    tables, curves = {}, {}
    tables["no denoiser"], curves["no denoiser"] = shares(task, undefended(task.model), images)
    for row in read_results(options.run).to_pandas().itertuples():
        point = DesignPoint.from_json(row._asdict())
        chosen = Candidate(row.learning_rate, row.epsilon)
        weights = trained_weights(point, chosen, task, space.train)
        tables[point.label()], curves[point.label()] = shares(task, weights, images)
    print(
        f"{len(images)} test images, noise {SIGMA:g}, {SELECTION} + {ESTIMATION} copies, "
        f"confidence {1 - ALPHA:.1%}"
    )
    show(tables, space.train.seeds)
    if options.figure:
        draw(curves, options.figure)


if __name__ == "__main__":
    main()
