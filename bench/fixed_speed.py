"""Speed of integer training against float training, per step and replica.

    python bench/fixed_speed.py
    python bench/fixed_speed.py --task last-mile-speech-16 --batch 16 --steps 100

Prints microseconds of processor time and the ratio to the float loop of the same shapes, replicas,
batch and directions, measured in the same run; the minimum of several runs each, including the
generation of the directions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run, Trainer

LIMITS = {8: 2.0, 12: 3.0, 16: 3.0}
"""Most times a float step that one of so many weight bits may take."""

STREAMS = {
    "rademacher": {"rng": "rademacher", "reuse": "none", "lanes": 31},
    "phased 24-bit xor": {"rng": "lfsr", "reuse": "phased", "state_bits": 24, "lanes": 31},
}


def timed(trainer: Trainer, point: DesignPoint, run: Run, task: Task) -> Callable[[], float]:
    """Return a function that trains once and returns microseconds per step and replica."""
    source = stream_source(point, task)

    def once() -> float:
        start = time.process_time()
        *_, (_, state) = trainer.run(task.fit, run, source)
        load_jax().block_until_ready(state.weights)
        replicas = len(run.seeds) * len(run.learning_rates)
        return (time.process_time() - start) / run.steps / replicas * 1e6

    once()
    return once


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="digits-mlp")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    pin_threads()
    task = get_task(options.task)
    run = Run((0, 1, 2, 3, 4), (0.003, 0.005, 0.01), options.steps, options.batch, 0.02)
    print("| stream | arithmetic | us per step and replica | times float | limit |")
    print("|---|---|---|---|---|")
    for name, axes in STREAMS.items():
        points = {"float": resolve(**axes)} | {
            f"w{bits}a8": resolve(**axes, weight_bits=bits, activation_bits=8) for bits in LIMITS
        }
        runs = {
            label: timed(trainer_of(point, task, TrainSettings()), point, run, task)
            for label, point in points.items()
        }
        best = {label: min(once() for _ in range(options.repeat)) for label, once in runs.items()}
        for label, least in best.items():
            limit = "" if label == "float" else f"{LIMITS[int(label[1:-2])]:g}"
            print(f"| {name} | {label} | {least:.2f} | {least / best['float']:.2f} | {limit} |")


if __name__ == "__main__":
    main()
