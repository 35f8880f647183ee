"""Fine-tuning with a design's stream against the same loop with torch.randn.

    python bench/torch_speed.py [--repeats 5] [--steps 3] [--only "a lane"] [--model minilm]

The model has random weights and is built from its config: a RoBERTa of 12 layers of width 256, a
vocabulary of 8,000, two classes; or with ``--model minilm`` a BERT of the size of all-MiniLM-L6-v2,
22.7 million weights. The batches are small (16 examples of 32 tokens), so that the generation of
random numbers has the largest share. Timed on one core, alternating, are

(a) the loop of PezoSGD with numbers from torch.randn, seeded again for each weight so that probes
    and update use the same numbers, scaled by epsilon on the way;
(b) the loop of PezoSGD with each reuse strategy's stream, and with each generator's without reuse;
(c) MeZO as published: every pass calls torch.normal again, with a generator of its own, and adds
    the numbers to the weights in place, four passes per step.

Memory is the peak resident memory of a step (Linux, VmHWM), as a share of what the parameters and a
forward pass take together: the median of three processes, in which glibc's malloc maps every block
of more than 128 KiB. Left alone it raises that threshold as blocks are freed, and how much of its
heap then lies idle, up to a tenth, differs from process to process, of a forward pass as well.

Limits: (b) / (a) at most 1.10 and, with a stream, at most 1.5 times the memory. With
``--model minilm``, where (b) are the recommended designs and a pool: (b) / (c) at most 0.50 and 1.1
times the memory. Exit status 1 if one is missed.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.finetune.directions import WINDOW, Directions
from pezoexplore.finetune.optimizer import PezoSGD

RIVALS = ("(a) torch.randn", "(c) MeZO in place")
LIMITS = {"roberta": (0, 1.10, 1.5), "minilm": (1, 0.50, 1.1)}
"""Limits by model: the rival, the share of its time, the memory in times that of a pass."""

EPSILON, RATE = 1e-3, 1e-6
EXAMPLES, TOKENS = 16, 32

OTHERS = (
    "treegrng",
    "box_muller",
    "icdf",
    "table_hadamard",
    "xoshiro128pp",
    "trivium",
    "lut_opt",
    "ca",
    "sobol",
    "lut_sr",
    "ternary",
)
"""The other hardware generators, each without reuse."""

ARMS: dict[str, DesignPoint] = {
    "pool of 4,095, 8 bits": resolve(reuse="pool", state_bits=16),
    "pool of CLT Gaussians": resolve(rng="clt", reuse="pool"),
    "bank, 8-bit state": resolve(reuse="bank"),
    "bank, 12-bit state, pow2": resolve(reuse="bank", state_bits=12, scaling="pow2"),
    "phased, 12-bit state": resolve(state_bits=12),
    "phased, 24-bit state": resolve(state_bits=24),
    "none, xorshift32 a lane": resolve(rng="xorshift32", reuse="none"),
    "none, rademacher a lane": resolve(rng="rademacher", reuse="none"),
    "none, CLT Gaussian a lane": resolve(rng="clt", reuse="none"),
} | {f"none, {rng} a lane": resolve(rng=rng, reuse="none") for rng in OTHERS}
"""Points by name."""

MINILM_ARMS: dict[str, DesignPoint] = {
    "phased/sparse, 1 bit": resolve(rng="lut_opt", taps="sparse", state_bits=16, bit_width=1),
    "phased/sparse, 8 bits": resolve(rng="lut_opt", taps="sparse", state_bits=16),
    "pool of 4,095, 8 bits": ARMS["pool of 4,095, 8 bits"],
}
"""Points by name, on MiniLM's size."""

Step = Callable[[], None]


class Randn(Directions):
    """(a): numbers of torch.randn, drawn again from a seed for every use of a weight."""

    def pieces(
        self, step: int, start: int, count: int, factor: float
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """See :class:`Directions`; in pieces of a window, so that caches serve both alike."""
        noise = torch.Generator().manual_seed(step << 32 | start)
        for low in range(0, count, WINDOW["cpu"]):
            high = min(count, low + WINDOW["cpu"])
            yield low, high, torch.randn(high - low, generator=noise).mul_(factor)

    def add(
        self, step: int, start: int, base: torch.Tensor, factor: float, out: torch.Tensor
    ) -> None:
        """See :class:`Directions`."""
        for low, high, addends in self.pieces(step, start, len(base), factor):
            torch.add(base[low:high], addends, out=out[low:high])

    def picked(
        self, step: int, positions: torch.Tensor, factor: float
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """For a few rows of an embedding: drawn for these alone."""
        noise = torch.Generator().manual_seed(step << 32 | int(positions[0]))
        yield 0, len(positions), torch.randn(len(positions), generator=noise).mul_(factor)


def model_and_loss(name: str) -> tuple[torch.nn.Module, Callable[[], torch.Tensor]]:
    """Return the model of a name, and its loss on one batch."""
    torch.manual_seed(0)
    model: torch.nn.Module
    if name == "minilm":
        vocabulary, sizes = 30522, (384, 6, 12, 1536, 512)
    else:
        vocabulary, sizes = 8000, (256, 12, 4, 1024, 130)
    width, layers, heads, inner, positions = sizes
    shape = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    shape |= {"intermediate_size": inner, "max_position_embeddings": positions}
    shape |= {"vocab_size": vocabulary, "num_labels": 2}
    if name == "minilm":
        model = BertForSequenceClassification(BertConfig(**shape)).eval()
    else:
        model = RobertaForSequenceClassification(RobertaConfig(**shape)).eval()
    inputs = torch.randint(5, vocabulary, (EXAMPLES, TOKENS))
    labels = torch.randint(0, 2, (EXAMPLES,))

    def loss() -> torch.Tensor:
        found: torch.Tensor = model(input_ids=inputs, labels=labels).loss
        return found

    return model, loss


def ours(name: str, point: DesignPoint, randn: bool = False) -> Step:
    """(b), or (a)."""
    model, loss = model_and_loss(name)
    optimizer = PezoSGD(model.parameters(), point, lr=RATE, epsilon=EPSILON)
    if randn:
        device = torch.device("cpu")
        directions = Randn(point, 0, optimizer.parameters, device)
        optimizer._directions[device] = directions

    def step() -> None:
        optimizer.step(loss)

    return step


def mezo(name: str) -> Step:
    """(c)."""
    model, loss = model_and_loss(name)
    noise, seeds = torch.Generator(), iter(range(10**9))

    def move(seed: int, factor: float) -> None:
        noise.manual_seed(seed)
        for weight in model.parameters():
            z = torch.normal(0.0, 1.0, weight.shape, generator=noise)
            weight.data.add_(z, alpha=factor)

    def step() -> None:
        seed = next(seeds)
        with torch.no_grad():
            move(seed, EPSILON)
            above = float(loss())
            move(seed, -2 * EPSILON)
            below = float(loss())
            move(seed, EPSILON)
            move(seed, -RATE * (above - below) / (2 * EPSILON))

    return step


def contestants(model: str) -> dict[str, Callable[[], Step]]:
    """Return the factories of the contestants by name."""
    arms = MINILM_ARMS if model == "minilm" else ARMS
    randn = lambda: ours(model, ARMS["pool of 4,095, 8 bits"], randn=True)  # noqa: E731
    rivals: dict[str, Callable[[], Step]] = dict(
        zip(RIVALS, (randn, lambda: mezo(model)), strict=True)
    )
    return rivals | {
        f"(b) {name}": lambda point=point: ours(model, point) for name, point in arms.items()
    }


def seconds(steps: dict[str, Step], count: int, repeats: int) -> dict[str, list[float]]:
    """Return the processor seconds per step of each repeat, alternating, after a warm-up."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(repeats):
        for name, step in steps.items():
            begin = time.process_time()
            for _ in range(count):
                step()
            found[name].append((time.process_time() - begin) / count)
    return found


def memory(model: str, name: str) -> float:
    """Return the peak memory of steps over that of weights and a forward pass, in a new process."""
    step = contestants(model)[name]()
    small = torch.nn.Linear(2, 2)  # code is compiled and loaded here
    point = (ARMS | MINILM_ARMS).get(name[4:], resolve())
    optimizer = PezoSGD(small.parameters(), point, lr=0.0)
    optimizer.step(lambda: small(torch.ones(1, 2)).sum())
    own, loss = model_and_loss(model)

    def forward() -> None:
        with torch.no_grad():
            loss()

    forward()  # whatever is set up at first use
    idle, one_pass = peak_of(lambda: None), peak_of(forward)
    weights = sum(weight.nbytes for weight in own.parameters())
    return 1 + (peak_of(step) - one_pass) / (weights + one_pass - idle)


def peak_of(work: Callable[[], object]) -> int:
    """Return the peak resident memory during three calls of a function, bytes (Linux)."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    for _ in range(3):
        work()
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def median_memory(model: str, name: str) -> float:
    """Return the median of :func:`memory` in three separate processes."""
    command = [sys.executable, __file__, "--model", model, "--memory", name]
    set_up = os.environ | {"MALLOC_MMAP_THRESHOLD_": "131072"}
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True, env=set_up)
        for _ in range(3)
    ]
    return statistics.median(float(done.stdout.splitlines()[-1]) for done in runs)


def main() -> int:
    """Measure, print, and return whether the limits hold."""
    parser = argparse.ArgumentParser(description="Fine-tuning speed and memory by stream.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--only", default="", help="streams whose names have this in them")
    parser.add_argument("--model", choices=tuple(LIMITS), default="roberta")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory:
        print(memory(options.model, options.memory))
        return 0
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    steps = {
        name: set_up()
        for name, set_up in contestants(options.model).items()
        if options.only in name or not name.startswith("(b)")
    }
    return report(seconds(steps, options.steps, options.repeats), core, options)


def report(found: dict[str, list[float]], core: int, options: argparse.Namespace) -> int:
    """Print the figures; return 0 if all limits hold."""
    model, loss = model_and_loss(options.model)
    rival, asked_speed, asked_memory = LIMITS[options.model]
    numbers = sum(weight.numel() for weight in model.parameters())
    begin = time.process_time()
    with torch.no_grad():
        for _ in range(5):
            loss()
    forward = (time.process_time() - begin) / 5
    print(
        f"torch {torch.__version__}, core {core}, {options.repeats} x {options.steps} steps; "
        f"{numbers:,} parameters ({4 * numbers / 2**20:.0f} MiB), forward {forward * 1e3:.0f} ms"
    )
    print(f"  {'':30s} {'ms per step':>9s} {'/ (a)':>7s} {'/ (c)':>7s} {'memory':>8s}")
    rivals = [np.array(found[name]) for name in RIVALS]
    held = True
    for name, times in found.items():
        ratios = [float(np.median(np.array(times) / rival)) for rival in rivals]
        share = median_memory(options.model, name)
        held_here = ratios[rival] <= asked_speed and share <= asked_memory
        good = held_here or not name.startswith("(b)")
        held &= good
        print(
            f"  {name:30s} {min(times) * 1e3:9.1f} {ratios[0]:7.2f} {ratios[1]:7.2f} "
            f"{share:8.2f}{'' if good else '  MISSED'}"
        )
    print(
        f"limits: (b) / {RIVALS[rival][:3]} at most {asked_speed:.2f}, memory at most "
        f"{asked_memory:.1f} times that of a pass: {'holds' if held else 'MISSED'}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
