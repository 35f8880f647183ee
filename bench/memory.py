"""Peak memory of training resnet20 at batch 256: two-point steps against backprop.

    python bench/memory.py [--batch 256] [--steps 3]

Each estimator runs in a process of its own through pezoexplore's general loop, one replica, with
random images of CIFAR-10's size, float32. Printed are

- the growth of the peak resident memory of the process (Linux, getrusage) from a run at batch 1 to
  the requested one: the former includes the data and the compiler, which may take more memory than
  a small step;
- the temporary buffers of the compiled step as planned by XLA (memory_analysis).

Limit: the measured growth of backprop, with its stored activations, is at least 5 times that of
two-point steps. Exit status 1 if it is not.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.estimators import estimator_of
from pezoexplore.train.general_loop import Method, Start, train
from pezoexplore.train.networks.network import Array
from pezoexplore.train.networks.resnet import resnet20
from pezoexplore.train.task import Split, class_losses
from pezoexplore.train.trainer import Run

ASKED = 5.0
MIB = 2**20
BLOCK_STEPS = 2
"""Steps per call of the host; batches and directions are not measured."""


class Signs:
    """Random signs."""

    scale = 1.0

    def __init__(self, parameters: int) -> None:
        """Of so many weights, one seed."""
        self._parameters = parameters

    def block(self, first_step: int, steps: int) -> NDArray[np.int16]:
        """Values of consecutive steps, [steps, 1, d]."""
        bits = np.random.default_rng(first_step).integers(0, 2, (steps, 1, self._parameters))
        return (2 * bits - 1).astype(np.int16)


def peak() -> int:
    """Return the peak resident memory of this process, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(estimator: str, batch: int, steps: int) -> int:
    """Return the growth of the peak resident memory from batch 1 to ``batch``, bytes."""
    network = resnet20()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2 * batch, *network.image), dtype=np.uint8)
    data = Split(images, rng.integers(0, 10, 2 * batch).astype(np.uint8))
    start = Start(network.init(0)[None, None])

    def run(examples: int) -> int:
        directions = Signs(network.parameters) if estimator == "rge" else None
        method, settings = (
            Method(network, class_losses, estimator),
            Run((0,), (1e-3,), steps, examples),
        )
        *_, (_, state) = train(method, data, settings, directions, start, block_steps=BLOCK_STEPS)
        load_jax().block_until_ready(state.weights)
        return peak()

    small = run(1)
    return run(batch) - small


def planned(estimator: str, batch: int) -> int:
    """Return the size of the temporary buffers of one compiled step, bytes."""
    jax = load_jax()
    jnp, network = jax.numpy, resnet20()
    estimate = estimator_of(estimator)

    def step(flat: Array, values: Array, inputs: Array, labels: Array) -> Array:
        def losses(weights: Array) -> Array:
            return class_losses(network.outputs(weights, inputs), labels)

        gradient, _ = estimate(losses, flat, values, jnp.float32(1), jnp.float32(1e-3))
        return flat - 1e-3 * gradient

    shapes = (
        jax.ShapeDtypeStruct((network.parameters,), jnp.float32),
        jax.ShapeDtypeStruct((1, network.parameters), jnp.int16),
        jax.ShapeDtypeStruct((batch, *network.image), jnp.uint8),
        jax.ShapeDtypeStruct((batch,), jnp.uint8),
    )
    return int(jax.jit(step).lower(*shapes).compile().memory_analysis().temp_size_in_bytes)


def main() -> int:
    """Measure each estimator in its own process, print, and return whether the limit holds."""
    parser = argparse.ArgumentParser(description="Peak memory of two-point steps and backprop.")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--estimator", help=argparse.SUPPRESS)
    options = parser.parse_args()
    pin_threads()
    if options.estimator:
        grown = measured(options.estimator, options.batch, options.steps)
        print(json.dumps([grown, planned(options.estimator, options.batch)]))
        return 0
    found: dict[str, list[int]] = {}
    for estimator in ("rge", "backprop"):
        command = [sys.executable, __file__, "--estimator", estimator]
        command += ["--batch", str(options.batch), "--steps", str(options.steps)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[estimator] = json.loads(done.stdout.splitlines()[-1])
        grown, plan = found[estimator]
        print(f"{estimator:10s} measured {grown / MIB:8.1f} MiB, planned {plan / MIB:8.1f} MiB")
    ratios = [of / zo for of, zo in zip(found["backprop"], found["rge"], strict=True)]
    good = ratios[0] >= ASKED
    print(
        f"backprop / two-point: measured {ratios[0]:.1f}, planned {ratios[1]:.1f}; "
        f"limit {ASKED:.0f}: {'holds' if good else 'MISSED'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
