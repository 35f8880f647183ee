"""Speed of training at 0.1 and 1 M weights, against PyTorch and against matrix products alone.

    python bench/scale_speed.py [--repeats 3] [--tasks mnist-mlp-100k mnist-mlp-1m]

The programs alternate on one core, and the fastest of the repeats counts, in processor time. The
networks are those of the tasks (784-116-64-10 and 784-900-320-10), batches of 64 examples, filled
with random values here, which cost the same.

(a) a MeZO loop in PyTorch (arXiv 2305.17333), lean: one thread, one replica, a generator of its
    own, numbers generated again in each of four passes and added in place;
(b) pezoexplore's loop as sweeps run it, 5 seeds x 3 learning rates, with the generation of the
    stream, batches and copies, of the two recommended designs; compiling is not counted;
(c) a compiled scan of nothing but the matrix products of the two forward passes of these replicas.

Limits, per step and replica: (b) at most 1/5 of (a) at 99,008 weights; at 996,800 at most 1/4 of
(a) and 2.5 times (c). The ratios are printed last. Exit status 1 if one is missed. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from timing import Timed, fastest
from torch import nn
from torch_mezo import torch_mezo

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array
from pezoexplore.train.selection import stream_source
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

SEEDS, RATES, BATCH, EPSILON = 5, (0.0005, 0.001, 0.002), 64, 1e-3
REPLICAS = SEEDS * len(RATES)
EXAMPLES = 4000

STEPS = {"mnist-mlp-100k": 40, "mnist-mlp-1m": 32}
MOST_OF_TORCH = {"mnist-mlp-100k": 1 / 5, "mnist-mlp-1m": 1 / 4}
MOST_OF_PRODUCTS = {"mnist-mlp-1m": 2.5}

ARMS: dict[str, DesignPoint] = {
    "phased/shared, 8 bits": resolve(taps="shared", state_bits=16, leap=8, bit_width=8),
    "phased/xor, 1 bit": resolve(taps="xor", state_bits=16, leap=8, bit_width=1),
}


def filled(name: str) -> Task:
    """Return a task with random examples in the place of its own."""
    rng, model = np.random.default_rng(0), get_task(name).model
    assert isinstance(model, Mlp)
    inputs = rng.integers(0, 256, (EXAMPLES, model.sizes[0]), dtype=np.uint8)
    data = Split(inputs, rng.integers(0, 10, EXAMPLES).astype(np.uint8))
    return Task(name, model, data, data, data, data)


def rival(task: Task, steps: int) -> Timed:
    """Time (a)."""
    sizes = task.model.sizes
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    assert sum(weight.numel() for weight in net.parameters()) == task.parameters
    inputs = torch.tensor(task.train.inputs / 255, dtype=torch.float32)
    labels = torch.tensor(task.train.labels, dtype=torch.int64)
    settings = {"batch": BATCH, "steps": steps, "epsilon": EPSILON, "rate": RATES[0]}
    return torch_mezo(net, inputs, labels, **settings, lean=True)


def loop(task: Task, point: DesignPoint, steps: int) -> Timed:
    """Time (b), from the generation of the stream to the last weights."""
    run = Run(tuple(range(SEEDS)), RATES, steps, BATCH, EPSILON)
    source = stream_source(point, task)

    def timed() -> float:
        begin = time.process_time()
        *_, (_, weights) = MlpTrainer(task.model).run(task.train, run, source)
        load_jax().block_until_ready(weights)
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def products_only(task: Task, steps: int) -> Timed:
    """Time (c): all replicas and sides of a seed in one wide first product, as in the loop."""
    jax = load_jax()
    jnp, copies, sizes = jax.numpy, 2 * len(RATES), task.model.sizes
    rng = np.random.default_rng(0)
    batches = jnp.asarray(rng.random((steps, SEEDS, BATCH, sizes[0]), dtype=np.float32))
    layers = [
        jnp.asarray(rng.random((SEEDS, copies, after, before), dtype=np.float32))
        for before, after in pairwise(sizes)
    ]

    def scan(layers: list[Array], xs: Array) -> Array:
        def body(total: Array, x: Array) -> tuple[Array, None]:
            first = layers[0].reshape(SEEDS, copies * sizes[1], sizes[0])
            out = jnp.einsum("sni,sbi->snb", first, x).reshape(SEEDS, copies, sizes[1], BATCH)
            for layer in layers[1:]:
                out = jnp.matmul(layer, out)
            return total + out[..., 0, 0], None

        return jax.lax.scan(body, jnp.zeros((SEEDS, copies), jnp.float32), xs)[0]

    compiled = jax.jit(scan)

    def timed() -> float:
        begin = time.process_time()
        jax.block_until_ready(compiled(layers, batches))
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def measure(name: str, repeats: int) -> list[tuple[str, float, float]]:
    """Time one network; return what each ratio is called, it, and its limit."""
    task, steps = filled(name), STEPS[name]
    contestants = {"(a) PyTorch": rival(task, steps), "(c) products": products_only(task, steps)}
    contestants |= {f"(b) {arm}": loop(task, point, steps) for arm, point in ARMS.items()}
    best = fastest(contestants, repeats)
    print(f"{name}, {task.parameters:,} weights, {repeats} x {steps} steps, ms a step and replica:")
    for contestant, seconds in best.items():
        print(f"  {contestant:26s} {1e3 * seconds:9.3f}", flush=True)
    found = []
    for arm in ARMS:
        ours = best[f"(b) {arm}"]
        of_torch = ours / best["(a) PyTorch"]
        found.append((f"{name}, {arm}: of PyTorch's time", of_torch, MOST_OF_TORCH[name]))
        if name in MOST_OF_PRODUCTS:
            times = ours / best["(c) products"]
            found.append((f"{name}, {arm}: times the products", times, MOST_OF_PRODUCTS[name]))
    return found


def main() -> int:
    """Measure, print, and return whether the limits hold."""
    parser = argparse.ArgumentParser(description="Speed of training at 0.1 and 1 M weights.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=STEPS, default=list(STEPS))
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pin_threads()
    found = [ratio for name in options.tasks for ratio in measure(name, options.repeats)]
    for what, ratio, limit in found:
        print(f"{what} {ratio:.3f} (at most {limit:g}): {'holds' if ratio <= limit else 'MISSED'}")
    return int(any(ratio > limit for _, ratio, limit in found))


if __name__ == "__main__":
    sys.exit(main())
