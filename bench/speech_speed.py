"""Speed of adaptation to speech on one core, against a plain PyTorch MeZO loop of the same network.

    python bench/speech_speed.py [--repeats 5] [--steps 40]

The programs alternate on one core, and the fastest of the repeats counts. Processor time is
measured: the wall time on one core, minus the time taken by other processes. The network is that of
``last-mile-speech`` (30,066 weights), batches of 16 spectrograms, filled with random values here,
which cost the same.

(a) a plain PyTorch MeZO loop, written as MeZO (arXiv 2305.17333) describes and publishes it: one
    thread, one replica, the global generator seeded and Gaussian numbers generated for each of the
    four passes of a step; ``(a) lean``, for information, has a separate generator and adds in
    place;
(b) pezoexplore's loop as sweeps run it, 5 seeds x 3 learning rates, with the generation of the
    stream, batches and copies; compiling is not counted. Gaussian numbers in software, the
    reference of the tables, are timed for information: they are no design.

Limit: (b) at most 1/5 of (a) per step and replica for the two designs. Exit status 1 if it is
missed. Needs PyTorch.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from timing import Timed, fastest
from torch import nn
from torch_mezo import torch_mezo

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.train.backend import load_jax, pin_threads
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.networks.cnn import speech_cnn
from pezoexplore.train.selection import stream_source
from pezoexplore.train.task import Split, Task
from pezoexplore.train.trainer import Run

SEEDS, RATES, BATCH, EPSILON = 5, (0.00015, 0.0003, 0.0004), 16, 1e-3
REPLICAS = SEEDS * len(RATES)
FACTOR = 5.0
FRAMES, BANDS, CLASSES, EXAMPLES = 40, 32, 10, 512

REFERENCE = "(b) Gaussian, software"

ARMS: dict[str, DesignPoint] = {
    "phased/shared, 8 bits": resolve(taps="shared", state_bits=16, leap=8, bit_width=8),
    "phased/xor, 1 bit": resolve(taps="xor", state_bits=16, leap=8, bit_width=1),
    "Gaussian, software": resolve(rng="gaussian", reuse="none"),
}


def speech() -> Task:
    """Return the task on random spectrograms."""
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 256, (EXAMPLES, FRAMES, 1, BANDS), dtype=np.uint8)
    data = Split(inputs, rng.integers(0, CLASSES, EXAMPLES).astype(np.uint8))
    return Task("speech", speech_cnn(FRAMES, BANDS, CLASSES), data, data, data, data)


def torch_network() -> nn.Module:
    """Return the same network in PyTorch; inputs are [n, bands, frames]."""
    channels = 52
    layers: list[nn.Module] = []
    for inputs in (BANDS, channels, channels):
        layers += [nn.Conv1d(inputs, channels, 3, padding=1), nn.MaxPool1d(2), nn.ReLU()]
    layers += [nn.Conv1d(channels, channels, 3, padding=1), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(channels, CLASSES)]
    return nn.Sequential(*layers)


def rival(task: Task, steps: int, *, lean: bool) -> Timed:
    """Time (a)."""
    pixels = task.train.inputs[:, :, 0].transpose(0, 2, 1).astype(np.float32)
    inputs = torch.tensor(np.ascontiguousarray(pixels / 64 - 2))
    labels = torch.tensor(task.train.labels, dtype=torch.int64)
    net = torch_network()
    assert sum(weight.numel() for weight in net.parameters()) == task.parameters
    settings = {"batch": BATCH, "steps": steps, "epsilon": EPSILON, "rate": RATES[0]}
    return torch_mezo(net, inputs, labels, **settings, lean=lean)


def loop(task: Task, point: DesignPoint, steps: int) -> Timed:
    """Time (b), from the generation of the stream to the last weights."""
    run = Run(tuple(range(SEEDS)), RATES, steps, BATCH, EPSILON)
    trainer, source = GeneralTrainer(task), stream_source(point, task)

    def timed() -> float:
        begin = time.process_time()
        *_, (_, state) = trainer.run(task.train, run, source)
        load_jax().block_until_ready(state.weights)
        return (time.process_time() - begin) / steps / REPLICAS

    return timed


def main() -> int:
    """Measure, print, and return whether the limit holds."""
    parser = argparse.ArgumentParser(description="Speed of adaptation to speech.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    pin_threads()
    task = speech()
    contestants = {
        "(a) PyTorch MeZO": rival(task, options.steps, lean=False),
        "(a) lean": rival(task, options.steps, lean=True),
    }
    contestants |= {f"(b) {name}": loop(task, arm, options.steps) for name, arm in ARMS.items()}
    best = fastest(contestants, options.repeats)
    plain = best["(a) PyTorch MeZO"]
    print(
        f"torch {torch.__version__}, core {core}, {options.repeats} x {options.steps} steps, "
        f"{task.parameters:,} weights, batch {BATCH}; processor time a step and replica"
    )
    held = True
    for name, seconds in best.items():
        good = name == REFERENCE or name.startswith("(a)") or FACTOR * seconds <= plain
        held &= good
        print(
            f"  {name:26s} {1e3 * seconds:7.3f} ms   1/{plain / seconds:.1f} of (a)"
            f"{'' if good else '   MISSED'}"
        )
    print(f"limit: (b) at most 1/{FACTOR:g} of (a): {'holds' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
