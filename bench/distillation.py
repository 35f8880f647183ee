"""Effect of a teacher and of early halting on a student on digits-mlp.

    python bench/distillation.py [--steps 20000] [--seeds 5] [--parameters 1000]

The student is designed for so many parameters from a 64-256-10 teacher and trained zeroth-order on
Rademacher directions: by the labels alone; with the teacher to the end; and with the halting rule
of pezoexplore.train.networks.student. Learning rates are tuned per arm on the validation split,
intervals are 95 % over the seeds, and passes are those of the student per seed; evaluations of the
validation loss are the rest.
"""

from __future__ import annotations

import argparse

import numpy as np

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.intervals import half_width
from pezoexplore.train.distil import Distillation, distil_point
from pezoexplore.train.networks.student import Budget, Halting
from pezoexplore.train.tasks.registry import get_task

POINT = resolve(rng="rademacher", reuse="none")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--parameters", type=int, default=1000)
    options = parser.parse_args()
    settings = TrainSettings(
        steps=options.steps, seeds=options.seeds, learning_rates=(0.005, 0.01, 0.02)
    )
    budget = Budget(max_parameters=options.parameters)
    arms = {
        "labels alone": Distillation(budget, alpha=1.0, halting=None),
        "teacher to the end": Distillation(budget, halting=None),
        "teacher, halted": Distillation(budget, halting=Halting()),
    }
    cells = "arm | test accuracy, % | this - first, points | learning rate | teacher left at"
    print(f"| {cells} | stopped at | passes | saved | looks |\n{'|---' * 9}|", flush=True)
    reference: np.ndarray | None = None
    for name, plan in arms.items():
        found = distil_point(POINT, get_task("digits-mlp"), settings, plan)
        scores = np.array(found["accuracy_per_seed"])
        reference = scores if reference is None else reference
        paired = scores - reference
        interval = f"{paired.mean():+.2f} +- {half_width(paired.tolist()):.2f}"
        difference = interval if paired.any() else ""
        row = [name, f"{scores.mean():.2f} +- {found['accuracy_ci95']:.2f}", difference]
        row += [f"{found['learning_rate']:g}", words(found["teacher_dropped_at"])]
        row += [words(found["stopped_at"]), f"{found['forward_passes']:.0f}"]
        row += [f"{found['forward_passes_saved']:.0f}", f"{found['validation_passes']:.0f}"]
        print("| " + " | ".join(row) + " |", flush=True)
    print(f"\nstudent 64-{found['student_hidden']}-10, {found['student_parameters']} parameters; ")
    print(f"teacher {found['teacher_parameters']}, {found['teacher_accuracy']:.2f} %")


def words(steps: list[int | None]) -> str:
    """Return the steps by seed as text."""
    return " ".join("-" if step is None else str(step) for step in steps)


if __name__ == "__main__":
    main()
