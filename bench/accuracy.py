"""Accuracy on digits-mlp at 20,000 steps, five paired seeds, by perturbation stream.

    python bench/accuracy.py [--steps 20000] [--seeds 5] [ARM ...]

Learning rate per arm from {.003, .005, .01} on the validation split, then retrained on the whole
80 %; the interval is 95 % (Student t over seeds). The last column is the difference to the software
Gaussian with the same seeds, paired.

A pool that is never refilled offers as many directions as it has rows, a prime number: with 4,095
words 4,099 at 1 lane, 2,053 at 2 lanes, and 137 at 31.
"""

from __future__ import annotations

import argparse

import numpy as np

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.intervals import half_width
from pezoexplore.train.evaluate import train_point
from pezoexplore.train.tasks.registry import get_task

ARMS: dict[str, DesignPoint] = {
    "gaussian": resolve(rng="gaussian", reuse="none"),
    "rademacher": resolve(rng="rademacher", reuse="none"),
    "xorshift32 a lane, 8-bit": resolve(rng="xorshift32", reuse="none"),
    "phased xor, 24-bit state": resolve(reuse="phased", taps="xor", state_bits=24),
    "phased shared, 16-bit state, leap 4": resolve(
        reuse="phased", taps="shared", state_bits=16, leap=4
    ),
    "phased shared, 16-bit state, leap 8": resolve(
        reuse="phased", taps="shared", state_bits=16, leap=8
    ),
    "phased xor, 16-bit state, 1-bit": resolve(
        reuse="phased", taps="xor", state_bits=16, bit_width=1, leap=4
    ),
    "pool 4095, 2 lanes": resolve(rng="xorshift32", reuse="pool", pool_size=4095, lanes=2),
    "pool 4095, 1 lane": resolve(rng="xorshift32", reuse="pool", pool_size=4095, lanes=1),
    "pool 127, 1 lane": resolve(rng="xorshift32", reuse="pool", pool_size=127, lanes=1),
    "pool 4095, 31 lanes": resolve(rng="xorshift32", reuse="pool", pool_size=4095),
    "pool 4095, 31 lanes, T=1": resolve(
        rng="xorshift32", reuse="pool", pool_size=4095, reuse_period=1
    ),
    "bank, 8-bit": resolve(reuse="bank"),
    "31 8-bit lfsrs, no rotation": resolve(reuse="none"),
    "treegrng a lane": resolve(rng="treegrng", reuse="none"),
}


def main() -> None:
    """Train every requested arm and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("arms", nargs="*", choices=[[], *ARMS])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    settings = TrainSettings(steps=options.steps, seeds=options.seeds)
    reference: np.ndarray | None = None
    for name in options.arms or ARMS:
        result = train_point(ARMS[name], get_task("digits-mlp"), settings)
        scores = np.array(result["accuracy_per_seed"])
        line = f"{name:38} {scores.mean():6.2f} +- {result['accuracy_ci95']:.2f}  "
        line += f"lr {result['learning_rate']:g}"
        if reference is None:
            reference = scores
        else:
            paired = scores - reference
            line += f"  difference {paired.mean():+.2f} +- {half_width(paired):.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
