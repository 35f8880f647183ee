"""What every training loop looks like from outside, whatever its estimator and arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.task import Split

NEVER = -1
"""What ``diverged_at`` holds for a replica that has not diverged."""


class Directions(Protocol):
    """A source of directions: z = values * scale."""

    @property
    def scale(self) -> float:
        """What one unit of the values is worth in z."""

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Values of consecutive steps, [steps, seeds, d], int16 or float32."""


DirectionSource = Callable[[Sequence[int]], Directions]
"""Makes the directions of these training seeds, from step 0."""


@dataclass(frozen=True)
class Run:
    """What one compiled call trains: seeds x learning rates, a fixed number of replicas.

    Attributes:
        seeds: Training seeds: initial weights, batches and the directions' master seed.
        learning_rates: Rates tried with each seed.
        steps: Weight updates.
        batch: Examples a batch, drawn with replacement.
        epsilon: Length of the probe along z.
    """

    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    steps: int
    batch: int = 64
    epsilon: float = 1e-3


@dataclass(frozen=True)
class TrainState:
    """The replicas of a run at one moment.

    Attributes:
        weights: Arrays with leading axes [seeds, rates], in whatever tree the trainer keeps.
        diverged_at: First step, from 0, at which a replica's loss difference was not finite (or
            its integer weights were at their rails), int32 [seeds, rates]; ``NEVER`` if none was.
    """

    weights: Any
    diverged_at: NDArray[np.int32]


@dataclass(frozen=True)
class Score:
    """How replicas do on a split; leading axes [seeds, rates].

    Attributes:
        accuracy: Percent of the examples classified right. An example with an output that is
            not finite counts as wrong, so a diverged replica scores 0.
        loss: Mean loss, cross-entropy in nats; NaN or infinite for a diverged replica.
    """

    accuracy: NDArray[np.float64]
    loss: NDArray[np.float64]


class Trainer(Protocol):
    """A training loop with its network, estimator and arithmetic."""

    def run(
        self, data: Split, run: Run, source: DirectionSource, stops: Sequence[int] = ()
    ) -> Iterator[tuple[int, TrainState]]:
        """Train all replicas; hand out (steps done, state) at the stops and at the end.

        A replica that diverges is carried on and marked; nothing is raised.
        """

    def score(self, state: TrainState, split: Split) -> Score:
        """Accuracy and loss of every replica on a split."""

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Flat weights of every replica, [seeds, rates, d]."""

    def forward_passes(self, steps: int) -> int:
        """Loss evaluations, each over one batch, of one replica's run."""

    def passes(self, steps: int) -> int:
        """Work of one replica's run in forward passes over a batch: a backward one counts two."""

    def random_numbers(self, steps: int) -> int:
        """Numbers one replica's run draws from its generator; replays draw none."""
