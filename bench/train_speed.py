"""Speed of training on one core, against plain PyTorch MeZO and against matrix products alone.

    python bench/train_speed.py [--repeats 7] [--steps 2000]

Three programs alternate on one core, and the fastest of the repeats counts. Processor time is
measured: the wall time on one core, minus the time taken by other processes.

(a) a plain PyTorch MeZO loop, written as MeZO (arXiv 2305.17333) describes and publishes it: one
    thread, one replica, the global generator seeded and Gaussian numbers generated for each of
    the four passes of a step. Most of its time is that seeding and small-tensor overhead, so
    `(a) lean` is, for information, the same loop with a separate generator and in-place adds;
(b) pezoexplore's compiled loop, 5 seeds x 3 learning rates, with the generation of the stream,
    the batches and the copies to the device; compiling is not counted;
(c) a compiled scan of nothing but the matrix products of the two forward passes: the same network,
    batch and 15 replicas, in the fastest of the layouts tried. It takes w + eps z and w - eps z as
    given and multiplies both; (b) multiplies w and z instead and shares the product with z among
    the learning rates of a seed, so in the first layer it does two thirds of that work.

Limits: (b) at most 1/50 of (a) per step and replica; the rate of (b) at least 50 % of that of (c)
for streams from small tables, 40 % for the others. Exit status 1 if one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from timing import Timed, fastest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.network import Array
from pezoexplore.train.selection import stream_source
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

SEEDS, RATES, BATCH, EPSILON = 5, (0.003, 0.005, 0.01), 64, 1e-3
REPLICAS = SEEDS * len(RATES)
TORCH_FACTOR = 50.0
TORCH_STEPS = 100

ARMS: dict[str, tuple[DesignPoint, float]] = {
    "pool of 4095": (resolve(rng="lfsr", state_bits=16, reuse="pool"), 0.5),
    "bank, 8-bit state": (resolve(reuse="bank"), 0.5),
    "phased, 12-bit state": (resolve(state_bits=12), 0.5),
    "phased, 24-bit state": (resolve(state_bits=24), 0.4),
    "xorshift32, one per lane": (resolve(rng="xorshift32", reuse="none"), 0.4),
}
"""Points by name, with the share of the rate of (c) they must reach."""


def rival(lean: bool) -> Timed:
    """Time (a), or `(a) lean`.

    Raises:
        ModuleNotFoundError: There is no PyTorch.
    """
    import torch
    from torch import nn
    from torch_mezo import torch_mezo

    task = get_task("digits-mlp")
    inputs = torch.tensor(task.train.inputs / 16, dtype=torch.float32)
    labels = torch.tensor(task.train.labels, dtype=torch.int64)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    settings = {"batch": BATCH, "steps": TORCH_STEPS, "epsilon": EPSILON, "rate": 0.005}
    return torch_mezo(net, inputs, labels, **settings, lean=lean)


def loop(point: DesignPoint, steps: int) -> Timed:
    """Time (b), the loop of sweeps, from the generation of the stream to the last weights."""
    task = get_task("digits-mlp")
    run = Run(tuple(range(SEEDS)), RATES, steps, BATCH, EPSILON)
    source = stream_source(point, task)

    def timed() -> float:
        begin = time.process_time()
        *_, (_, weights) = MlpTrainer(task.model).run(task.train, run, source)
        load_jax().block_until_ready(weights)
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def stream_only(point: DesignPoint, steps: int) -> Timed:
    """Time the generation of directions in (b)."""
    source = stream_source(point, get_task("digits-mlp"))

    def timed() -> float:
        begin = time.process_time()
        directions = source(range(SEEDS))
        for first in range(0, steps, 500):
            directions.block(first, min(500, steps - first))
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def products_only(steps: int, layout: str) -> Timed:
    """Time (c), the products of two forward passes per replica; a sum keeps them from elimination.

    Layout ``replica`` is that of vmap over replicas; ``seed`` computes all replicas and sides of a
    seed in one wide first product, as the loop does; ``sides`` also separates the two sides.
    """
    jax = load_jax()
    jnp, sides = jax.numpy, 2 if layout == "sides" else 1
    rng = np.random.default_rng(0)
    copies = 2 * len(RATES) // sides
    shape = (steps, SEEDS, BATCH, 64)
    batches = jnp.asarray(rng.random(shape, dtype=np.float32))
    first = jnp.asarray(rng.normal(size=(sides, SEEDS, copies, 32, 64)).astype(np.float32))
    second = jnp.asarray(rng.normal(size=(sides, SEEDS, copies, 10, 32)).astype(np.float32))

    def forward(w1: Array, w2: Array, x: Array) -> Array:
        if layout == "replica":
            hidden = jnp.einsum("sbi,scoi->scbo", x, w1)
            return jnp.einsum("scbi,scoi->scbo", hidden, w2)
        hidden = jnp.einsum("sni,sbi->snb", w1.reshape(SEEDS, copies * 32, 64), x)
        return jnp.matmul(w2, hidden.reshape(SEEDS, copies, 32, BATCH))

    def scan(w1: Array, w2: Array, xs: Array) -> Array:
        def body(total: Array, x: Array) -> Array:
            outs = [forward(w1[side], w2[side], x)[..., 0, 0] for side in range(sides)]
            return total + sum(outs), None

        return jax.lax.scan(body, jnp.zeros((SEEDS, copies), jnp.float32), xs)[0]

    compiled = jax.jit(scan)

    def timed() -> float:
        begin = time.process_time()
        jax.block_until_ready(compiled(first, second, batches))
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def main() -> int:
    """Measure, print, and return whether the limits hold."""
    parser = argparse.ArgumentParser(description="Training speed on one core.")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    pin_threads()

    layouts = {f"(c) {key}": products_only(500, key) for key in ("replica", "seed", "sides")}
    contestants: dict[str, Timed] = dict(layouts)
    try:
        contestants["(a)"] = rival(lean=False)
        contestants["(a) lean"] = rival(lean=True)
    except ModuleNotFoundError:
        print("(a) left out: no torch; pip install torch==2.13.0 (a CPU wheel) into this Python")
    for name, (point, _) in ARMS.items():
        contestants[f"(b) {name}"] = loop(point, options.steps)
        contestants[f"stream {name}"] = stream_only(point, options.steps)
    best = fastest(contestants, options.repeats)
    return report(best, min(best[name] for name in layouts), core, options)


def report(best: dict[str, float], ceiling: float, core: int, options: argparse.Namespace) -> int:
    """Print the figures; return 0 if every ratio was measured and holds."""
    print(f"core {core}, {REPLICAS} replicas, {options.steps} steps, best of {options.repeats}")
    print("us per step and replica:")
    for name, seconds in best.items():
        if name.startswith(("(a)", "(c)")):
            print(f"  {name:30s} {seconds * 1e6:9.2f}")
    print(f"  {'arm':30s} {'(b)':>9s} {'stream':>9s} {'(a)/(b)':>9s} {'(c)/(b)':>9s}")
    torch, held = best.get("(a)"), "(a)" in best
    for name, (_, share) in ARMS.items():
        mine = best[f"(b) {name}"]
        against = f"{torch / mine:9.1f}" if torch else f"{'-':>9s}"
        good = ceiling / mine >= share and (torch is None or torch / mine >= TORCH_FACTOR)
        held &= good
        print(
            f"  {name:30s} {mine * 1e6:9.2f} {best[f'stream {name}'] * 1e6:9.2f} {against} "
            f"{ceiling / mine:8.0%}  limit {TORCH_FACTOR:.0f}x and {share:.0%}: "
            f"{'holds' if good else 'MISSED'}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
