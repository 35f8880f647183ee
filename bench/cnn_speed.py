"""Speed of convolution networks: a training step against its matrix products alone.

    python bench/cnn_speed.py [--repeats 5] [--steps 6] [--tasks digits-cnn mnist5k-lenet ...]

Two programs alternate on one core, and the fastest of the repeats counts; processor time without
compilation is measured.

(a) pezoexplore's general loop as sweeps run it: two-point steps, batch 64, 5 seeds x 3 rates (a
    single replica of resnet20), with batches, copies and updates; directions are generated before;
(b) a compiled scan of only the products of the two forward passes, with as many replicas, each
    layer in the fastest of two forms: the library's convolution of images at hand, or a matrix
    product with the neighbourhoods at hand (dense layers: the product). The forms are timed layer
    by layer on one replica first; gathering neighbourhoods is no part of (b).

Limit: the rate of (a) is at least 30 % of that of (b). Exit status 1 if it is missed.
Tasks on CIFAR-10 are measured on random images, which cost the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.general_loop import Method, Start, train
from pezoexplore.train.networks.cnn import Cnn, deepzero_cnn, digits_cnn, lenet
from pezoexplore.train.networks.network import Array
from pezoexplore.train.networks.resnet import ResNet, resnet20
from pezoexplore.train.task import Split, class_losses
from pezoexplore.train.trainer import Run

BATCH, SHARE = 64, 0.3
SEEDS, RATES = (0, 1, 2, 3, 4), (0.001, 0.002, 0.003)

NETWORKS: dict[str, Cnn | ResNet] = {
    "digits-cnn": digits_cnn(),
    "mnist5k-lenet": lenet(),
    "deepzero-cnn-730": deepzero_cnn(1),
    "deepzero-cnn-6670": deepzero_cnn(3),
    "deepzero-cnn-12610": deepzero_cnn(5),
    "resnet20": resnet20(),
}

Timed = Callable[[], float]
"""Runs once and returns seconds per step and replica."""

Shape = tuple[int, int, int, int, int]
"""Rows and columns out, kernel side, channels in and out; a dense layer has kernel 0."""


class Drawn:
    """Random signs, sampled once."""

    scale = 1.0

    def __init__(self, parameters: int, steps: int, seeds: int) -> None:
        """For runs of so many steps."""
        rng = np.random.default_rng(0)
        bits = rng.integers(0, 2, (steps, seeds, parameters), dtype=np.int16)
        self._values = (2 * bits - 1).astype(np.int16)

    def block(self, first_step: int, steps: int) -> NDArray[np.int16]:
        """Values of consecutive steps, [steps, seeds, d]."""
        return self._values[first_step : first_step + steps]


def loop(
    network: Cnn | ResNet, seeds: tuple[int, ...], rates: tuple[float, ...], steps: int
) -> Timed:
    """Time (a), the loop of sweeps."""
    rng = np.random.default_rng(0)
    shape = (4 * BATCH, *network.image)
    data = Split(
        rng.integers(0, 17, shape, dtype=np.uint8), rng.integers(0, 10, 4 * BATCH).astype(np.uint8)
    )
    run = Run(seeds, rates, steps, BATCH)
    drawn = Drawn(network.parameters, steps, len(seeds))
    flat = np.stack([network.init(seed) for seed in seeds])
    start = Start(np.broadcast_to(flat[:, None], (len(seeds), len(rates), network.parameters)))
    method = Method(network, class_losses)

    def timed() -> float:
        begin = time.process_time()
        *_, (_, state) = train(method, data, run, drawn, start)
        load_jax().block_until_ready(state.weights)
        return (time.process_time() - begin) / steps / len(seeds) / len(rates)

    return timed


def shapes(network: Cnn | ResNet) -> list[Shape]:
    """Return the shapes of all products of a forward pass."""
    found: list[Shape] = []
    if isinstance(network, Cnn):
        image = network.image
        for conv in network.convs:
            (height, width, out), after = conv.sizes(image)
            found.append((height, width, conv.kernel, image[2], out))
            image = after
    else:
        side = network.size
        for block in network.blocks:
            if len(block.shape) == 4:
                _, _, inputs, out = block.shape
                side = side // 2 if inputs < out and inputs > 3 else side
                found.append((side, side, 3, inputs, out))
    dense = [b.shape for b in network.blocks if len(b.shape) == 2]
    return found + [(1, 1, 0, inputs, out) for out, inputs in dense]


def product(shape: Shape, form: str) -> tuple[Callable[[Array, Array], Array], Array, Array]:
    """Return the product of a layer as a function, its input and a weight."""
    jax = load_jax()
    jnp, (height, width, kernel, inputs, out) = jax.numpy, shape
    rng = np.random.default_rng(0)

    def drawn(*size: int) -> Array:
        return jnp.asarray(rng.normal(size=size).astype(np.float32))

    if kernel == 0:
        return jnp.matmul, drawn(BATCH, inputs), drawn(inputs, out)
    if form == "product":
        fan = kernel * kernel * inputs
        return jnp.matmul, drawn(BATCH * height * width, fan), drawn(fan, out)

    def convolve(images: Array, weight: Array) -> Array:
        return jax.lax.conv_general_dilated(
            images, weight, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    return convolve, drawn(BATCH, height, width, inputs), drawn(kernel, kernel, inputs, out)


def fastest_form(shape: Shape) -> str:
    """Return the faster form of a layer."""
    jax = load_jax()
    seconds: dict[str, float] = {}
    for form in ("convolution", "product"):
        call, images, weight = product(shape, form)
        compiled = jax.jit(call)
        jax.block_until_ready(compiled(images, weight))
        best = float("inf")
        for _ in range(5):
            begin = time.process_time()
            jax.block_until_ready(compiled(images, weight))
            best = min(best, time.process_time() - begin)
        seconds[form] = best
    return min(seconds, key=seconds.__getitem__)


def products_only(network: Cnn | ResNet, replicas: int, steps: int) -> Timed:
    """Time (b), the products of two forward passes of each replica in sequence."""
    jax = load_jax()
    jnp = jax.numpy
    layers = [product(shape, fastest_form(shape)) for shape in shapes(network)]
    images = tuple(layer[1] for layer in layers)
    weights = tuple(layer[2] for layer in layers)

    def scan(images: tuple[Array, ...], weights: tuple[Array, ...], factors: Array) -> Array:
        def body(total: Array, factor: Array) -> tuple[Array, None]:
            for (call, _, _), image, weight in zip(layers, images, weights, strict=True):
                # The factor keeps the product in the loop, the sum of a corner keeps it alive.
                total = total + call(image, weight * factor).ravel()[0]
            return total, None

        return jax.lax.scan(body, jnp.float32(0), factors)[0]

    compiled = jax.jit(scan)
    factors = jnp.ones(2 * replicas * steps, jnp.float32)

    def timed() -> float:
        begin = time.process_time()
        jax.block_until_ready(compiled(images, weights, factors))
        return (time.process_time() - begin) / steps / replicas

    return timed


def main() -> int:
    """Measure, print, and return whether the limits hold."""
    parser = argparse.ArgumentParser(description="Training speed of convolution networks.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--tasks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pin_threads()
    held = True
    print(
        f"{'task':20s} {'d':>7s} {'(a) us':>9s} {'(b) us':>9s} {'(b)/(a)':>8s}  a step and replica"
    )
    for name in options.tasks:
        network = NETWORKS[name]
        single = name == "resnet20"
        seeds, rates = (SEEDS[:1], RATES[:1]) if single else (SEEDS, RATES)
        steps = options.steps * (20 if name == "digits-cnn" else 1)
        contestants = (
            loop(network, seeds, rates, steps),
            products_only(network, len(seeds) * len(rates), steps),
        )
        best = [float("inf")] * 2
        for repeat in range(options.repeats + 1):
            for index, timed in enumerate(contestants):
                seconds = timed()
                best[index] = min(best[index], seconds) if repeat else best[index]
        mine, ceiling = best
        good = ceiling / mine >= SHARE
        held &= good
        print(
            f"{name:20s} {network.parameters:7d} {mine * 1e6:9.1f} {ceiling * 1e6:9.1f} "
            f"{ceiling / mine:8.0%}  limit {SHARE:.0%}: {'holds' if good else 'MISSED'}",
            flush=True,
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
