"""Time saved in coordinate-wise estimation by feature reuse and by several processes.

    python bench/feature_reuse.py [--batch 64] [--workers 2] [--full]

Time of one estimate over all coordinates of one replica: whole forward passes; restarted at the
perturbed layer; and as in training, restarted at the perturbed unit (perceptron) or channel
(convolution). Processor time; wall time for several processes. The minimum of five after a first
call that compiles. ``--full`` adds the larger network. The last column is the largest
difference between the estimates of whole passes and of reuse, over the largest entry.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pezoexplore.train.backend import load_jax
from pezoexplore.train.coordinates.coordinate import Everywhere, Point, Workers, gradient
from pezoexplore.train.networks.cnn import Cnn, deepzero_cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array, Block, Network
from pezoexplore.train.probes import Probe

EPSILON = 5e-3


@dataclass(frozen=True)
class Plain:
    """A network that reveals no more than its layers to the probes."""

    inner: Network

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return self.inner.parameters

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.inner.layers

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a forward pass."""
        return self.inner.macs

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Tensors."""
        return self.inner.blocks

    def init(self, seed: int) -> np.ndarray:
        """Return initial weights."""
        return self.inner.init(seed)

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Return outputs."""
        return self.inner.outputs(flat, inputs)

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Return the input of a layer."""
        return self.inner.prefix(flat, inputs, layer)

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Return outputs from the input of a layer."""
        return self.inner.suffix(flat, entering, layer)


def cross_entropy(outputs: Array, labels: Array) -> Array:
    """Return the losses of examples, nats."""
    jax = load_jax()
    logs = jax.nn.log_softmax(outputs)
    return -jax.numpy.take_along_axis(logs, labels[:, None].astype(int), axis=-1)[:, 0]


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Return the minimum seconds of five calls after one that compiles."""
    call()
    times = []
    for _ in range(5):
        start = clock()
        call()
        times.append(clock() - start)
    return min(times)


def measure(name: str, network: Network, shape: tuple[int, ...], batch: int, workers: int) -> None:
    """Print a row."""
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 17, size=(1, batch, *shape)).astype(np.uint8)
    labels = rng.integers(0, 10, size=(1, batch)).astype(np.uint8)
    point = Point(network.init(0)[None, None], inputs, labels, EPSILON)
    everywhere = Everywhere(network, 1).at(0)

    def estimate(probe: Probe, shared: Workers | None = None) -> np.ndarray:
        return np.asarray(gradient(probe, point, everywhere, shared)[0])

    whole = Probe(network, cross_entropy, reuse=False)
    layer, unit = Probe(Plain(network), cross_entropy), Probe(network, cross_entropy)
    times = [seconds(lambda probe=probe: estimate(probe)) for probe in (whole, layer, unit)]
    alone = seconds(lambda: estimate(unit), time.perf_counter)
    with Workers(workers) as shared:
        together = seconds(lambda: estimate(unit, shared), time.perf_counter)
        same = np.array_equal(estimate(unit, shared), estimate(unit))
    expected = estimate(whole)
    error = np.abs(estimate(unit) - expected).max() / np.abs(expected).max()
    cells = [f"{name} | {network.parameters}", *(f"{1e3 * taken:.1f}" for taken in times[:3])]
    cells += [f"{times[0] / times[1]:.1f}", f"{times[0] / times[2]:.1f}"]
    cells += [f"{alone / together:.2f} ({'same bits' if same else 'OTHER BITS'})", f"{error:.1e}"]
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    print("| network | d | whole, ms | layer, ms | unit, ms | layer x | unit x | ", end="")
    print(f"{options.workers} processes x | error |")
    print("|---" * 9 + "|")
    networks: list[tuple[str, Network, tuple[int, ...]]] = [
        ("64-32-10 perceptron", Mlp((64, 32, 10), 1 / 16), (64,)),
        ("64-32-32-10 perceptron", Mlp((64, 32, 32, 10), 1 / 16), (64,)),
        ("DeepZero CNN, 14 x 14", small(1), (14, 14, 1)),
    ]
    if options.full:
        networks.append(("DeepZero CNN, 14 x 14", small(2), (14, 14, 1)))
    for name, network, shape in networks:
        measure(name, network, shape, options.batch, options.workers)


def small(depth: int) -> Cnn:
    """Return the small CNN for images of one channel."""
    return deepzero_cnn(depth, (14, 14, 1))


if __name__ == "__main__":
    main()
