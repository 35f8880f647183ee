"""Directions for training tests that need no stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from pezoexplore.train.trainer import DirectionSource


class Uniform:
    """Odd integers uniform on -255..255, unit variance after scaling, one generator per seed."""

    scale = float(np.sqrt(3 / (256**2 - 1)))

    def __init__(self, seeds: Sequence[int], parameters: int) -> None:
        self._streams = [np.random.default_rng([seed, 99]) for seed in seeds]
        self._parameters = parameters
        self.asked: list[tuple[int, int]] = []

    def block(self, first_step: int, steps: int) -> NDArray[np.int16]:
        self.asked.append((first_step, steps))
        shape = (steps, self._parameters)
        words = [rng.integers(-128, 128, size=shape) for rng in self._streams]
        return (2 * np.stack(words, axis=1) + 1).astype(np.int16)


class Normal(Uniform):
    """Float32 Gaussian numbers, one generator per seed."""

    scale = 1.0

    def block(self, first_step: int, steps: int) -> NDArray[np.float32]:
        shape = (steps, self._parameters)
        parts = [rng.standard_normal(shape, dtype=np.float32) for rng in self._streams]
        return np.stack(parts, axis=1)


@dataclass(frozen=True)
class Settings:
    """The train section of a design."""

    steps: int = 60
    seeds: int = 2
    tuning_seeds: int = 10_000
    learning_rates: tuple[float, ...] = (0.003, 0.01)
    batch: int = 64
    epsilon: tuple[float, ...] = (1e-3,)
    target_accuracy: float = 85.0
    normalise: bool = False
    momentum: float = 0.0
    weight_decay: float = 0.0
    sparsity: float = 0.9
    mask_epochs: int = 5
    grasp_queries: int = 192
    probe_workers: int = 1


@pytest.fixture
def uniform() -> Callable[..., Uniform]:
    return Uniform


@pytest.fixture
def source() -> DirectionSource:
    return lambda seeds: Uniform(seeds, 2410)


@pytest.fixture
def normal_source() -> DirectionSource:
    return lambda seeds: Normal(seeds, 2410)


@pytest.fixture
def settings() -> type[Settings]:
    return Settings
