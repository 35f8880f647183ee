"""The rival of the speed benchmarks: a MeZO loop in plain PyTorch."""

from __future__ import annotations

import time

import torch
from timing import Timed
from torch import nn


def torch_mezo(
    net: nn.Module,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    *,
    batch: int,
    steps: int,
    epsilon: float,
    rate: float,
    lean: bool,
) -> Timed:
    """Time a MeZO loop (arXiv 2305.17333), one thread, fresh numbers in each of four passes.

    Args:
        net: The network.
        inputs: All examples.
        labels: Their classes.
        batch: Examples of a batch.
        steps: Steps of a timed run.
        epsilon: Half of the probes' distance.
        rate: Learning rate.
        lean: Whether numbers come from a generator of its own and are added in place; else the
            loop is written as it is published.
    """
    torch.set_num_threads(1)
    criterion, noise = nn.CrossEntropyLoss(), torch.Generator()

    def move_plain(seed: int, factor: float) -> None:
        torch.manual_seed(seed)
        for weight in net.parameters():
            z = torch.normal(mean=0.0, std=1.0, size=weight.shape)
            weight.data = weight.data + factor * z

    def move_lean(seed: int, factor: float) -> None:
        noise.manual_seed(seed)
        for weight in net.parameters():
            weight.add_(torch.randn(weight.shape, generator=noise), alpha=factor)

    move = move_lean if lean else move_plain

    def step(seed: int) -> None:
        chosen = torch.randint(len(labels), (batch,))
        x, y = inputs[chosen], labels[chosen]
        move(seed, epsilon)
        above = criterion(net(x), y).item()
        move(seed, -2 * epsilon)
        below = criterion(net(x), y).item()
        move(seed, epsilon)
        move(seed, -rate * (above - below) / (2 * epsilon))

    def timed() -> float:
        begin = time.process_time()
        with torch.no_grad():
            for index in range(steps):
                step(index)
        return (time.process_time() - begin) / steps

    return timed
