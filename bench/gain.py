"""Measure how much of the first-order gain each design of a run reaches, and how soon.

    python bench/gain.py reports/pde
    python bench/gain.py reports/speech --figure curves.svg

Trains every design of a run directory once more on all seeds at the rate and epsilon that its sweep
chose, and scores the test split at 40 checks on the way (``--checks``). The score is the accuracy
in percent (by the task's own measure where it has one, as certified defence has), or the loss where
targets are no classes. Printed are, as a table in Markdown:

- the score and its gain over the untrained (or unadapted) network;
- the difference to the software Gaussian, seed by seed;
- forward passes of a run (of backprop: steps, each with one forward and one backward sweep), and
  those after which the mean score has reached 90 % of backprop's gain for good;
- CPU seconds a seed to there, compilation and scoring left out.

``--figure`` draws the mean scores against forward passes. Intervals are 95 % (Student's t over
seeds).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pezoexplore.api import read_results
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import half_width, in_words
from pezoexplore.markdown import markdown_table
from pezoexplore.train.evaluate import Candidate, steps_to_target
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run, Trainer, TrainState

SHARE = 0.9
"""Share of the first-order gain that is waited for."""

UNBOUNDED = (-np.inf, np.inf)

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Scores of a design on the way: [checks, seeds], forward passes and CPU seconds by check."""

    label: str
    scores: F64
    passes: list[int]
    seconds: list[float]

    @property
    def final(self) -> F64:
        """Scores of the trained networks, by seed."""
        last: F64 = self.scores[-1]
        return last


def curve_of(point: DesignPoint, task: Task, run: Run, trainer: Trainer, checks: int) -> Curve:
    """Train all seeds of a design and score the test split at so many checks on the way."""
    stops = [run.steps * check // checks for check in range(checks)]
    source = stream_source(point, task) if point.draws else None
    states = trainer.run(task.train, run, source, stops)
    scores, passes, seconds, spent = [], [], [], 0.0
    while True:
        began = time.process_time()
        step, state = next(states, (run.steps, None))
        spent += time.process_time() - began if len(scores) > 1 else 0.0
        if state is None:
            break
        scores.append(score(trainer, state, task))
        passes.append(trainer.cost(step).forward_passes)
        seconds.append(spent / len(run.seeds))
    return Curve(point.label(), np.stack(scores), passes, seconds)


def score(trainer: Trainer, state: TrainState, task: Task) -> F64:
    """Return the score of each seed, the more the better: percent, or minus the loss."""
    if task.measure:
        return task.measure(trainer.weights(state)[:, 0]).accuracy
    found = trainer.score(state, task.test)
    values: F64 = found.accuracy if task.test.has_classes else -found.loss
    return values[:, 0]


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--checks", type=int, default=40)
    options = parser.parse_args()
    space = load_design(options.run / "design.yaml")
    curves, task = [], get_task(space.task, space.train.data)
    for row in read_results(options.run).to_pandas().itertuples():
        if not np.isfinite(row.learning_rate):
            print(f"left out, as it was not trained: {row.point_id} {row.status}")
            continue
        point = DesignPoint.from_json(row._asdict())
        chosen, settings = Candidate(row.learning_rate, row.epsilon), space.train
        seeds = tuple(range(settings.seeds))
        run = Run(seeds, (chosen.learning_rate,), settings.steps, settings.batch, chosen.epsilon)
        trainer = trainer_of(point, task, settings)
        curves.append(curve_of(point, task, run, trainer, options.checks))
    show(curves, percent=task.test.has_classes)
    if options.figure:
        draw(curves, options.figure, percent=task.test.has_classes)


def draw(curves: list[Curve], file: Path, *, percent: bool) -> None:
    """Draw mean scores with their intervals against forward passes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for curve in curves:
        scores = curve.scores if percent else -curve.scores
        half = [half_width(values) or 0.0 for values in scores]
        axes.errorbar(curve.passes, scores.mean(1), half, label=curve.label, lw=1.2, capsize=2)
    axes.set(xlabel="forward passes", ylabel="test accuracy, %" if percent else "test error")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def show(curves: list[Curve], *, percent: bool) -> None:
    """Print the table."""
    first_order = next((curve for curve in curves if "backprop" in curve.label), None)
    gaussian = next((curve for curve in curves if "gaussian" in curve.label), None)
    before = float(curves[0].scores[0].mean())
    digits, sign, name = (2, 1, "accuracy, %") if percent else (4, -1, "error")
    rows = []
    for curve in sorted(curves, key=lambda curve: -curve.final.mean()):
        reached = None
        if first_order:
            wanted = before + SHARE * (first_order.final.mean() - before)
            reached = steps_to_target(range(len(curve.passes)), curve.scores.mean(1), wanted)
        gap = sign * (curve.final - gaussian.final) if gaussian else None
        change = sign * (curve.final - curve.scores[0])
        relative = change if percent else 100 * change / abs(before)
        rows.append(
            (
                curve.label,
                mean(sign * curve.final, digits),
                f"{mean(relative, 2 if percent else 1, '+')}{'' if percent else ' %'}",
                "" if gap is None or curve is gaussian else mean(gap, digits, "+"),
                f"{curve.passes[-1]:,}",
                "not" if reached is None else f"{curve.passes[reached]:,}",
                "" if reached is None else f"{curve.seconds[reached]:.1f}",
            )
        )
    print(f"Before training: {sign * before:.{digits}f}")
    header = ("design", name, "change", "against Gaussian", "forward passes", "to 90 %", "CPU s")
    print(markdown_table(header, rows))


def mean(values: F64, digits: int, sign: str = "") -> str:
    """Return a mean with its interval."""
    return in_words(float(values.mean()), half_width(values), UNBOUNDED, digits=digits, sign=sign)


if __name__ == "__main__":
    main()
