"""The interface of all trainers, whatever their estimator and arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.networks.network import Array, Network
from pezoexplore.train.task import Split

NEVER = -1
"""What ``diverged_at`` holds for a replica that has not diverged."""


class Directions(Protocol):
    """A source of directions: z = values * scale."""

    @property
    def scale(self) -> float:
        """Worth of one unit of the values in z."""

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Return the values of consecutive steps, int16 or float32 [steps, seeds, d]."""


DirectionSource = Callable[[Sequence[int]], Directions]
"""Returns the directions of these training seeds, from step 0."""


KEPT_BYTES = 2**27
"""Most bytes of directions that are kept: 4,000 steps of 5 seeds and 2,410 weights, and no more."""


def keeping(source: DirectionSource) -> DirectionSource:
    """Return a source that makes each block once: a point is trained on the same ones many times.

    Blocks are kept from the first step on, up to ``KEPT_BYTES``; later ones are made again.

    Args:
        source: The source, whose directions depend on nothing but the step.
    """
    kept: dict[tuple[tuple[int, ...], int, int], NDArray[Any]] = {}
    return lambda seeds: _Kept(source(seeds), tuple(seeds), kept)


class _Kept:
    """Directions of these seeds, of which blocks are kept."""

    def __init__(
        self,
        directions: Directions,
        seeds: tuple[int, ...],
        kept: dict[tuple[tuple[int, ...], int, int], NDArray[Any]],
    ) -> None:
        self._directions, self._seeds, self._kept = directions, seeds, kept

    @property
    def scale(self) -> float:
        """Worth of one unit of the values in z."""
        return self._directions.scale

    def block(self, first_step: int, steps: int) -> NDArray[Any]:
        """Return the values of consecutive steps; see :meth:`Directions.block`."""
        key = (self._seeds, first_step, steps)
        if (found := self._kept.get(key)) is None:
            found = self._directions.block(first_step, steps)
            if sum(block.nbytes for block in self._kept.values()) + found.nbytes <= KEPT_BYTES:
                self._kept[key] = found
        return found


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
    """The replicas of a run after some steps.

    Attributes:
        weights: Arrays with leading axes [seeds, rates], in whatever tree the trainer keeps.
        diverged_at: First step, from 0, at which a replica's loss difference was not finite (or
            its integer weights were at their rails), int32 [seeds, rates]; ``NEVER`` if none was.
        optimizer: State of the optimizer besides the weights, such as a velocity; leading axis
            [seeds].
    """

    weights: Any
    diverged_at: NDArray[np.int32]
    optimizer: tuple[Array, ...] = ()


_OPTIMIZER = "optimizer "


def optimizer_arrays(state: TrainState) -> dict[str, NDArray[Any]]:
    """Return the optimizer's state, as a part of :attr:`Checkpoint.arrays`."""
    return {f"{_OPTIMIZER}{at}": np.asarray(values) for at, values in enumerate(state.optimizer)}


@dataclass(frozen=True)
class Checkpoint:
    """Holds all that the rest of a run depends on, as plain arrays.

    Attributes:
        step: Steps done.
        arrays: What the replicas hold, by name; leading axis [seeds].
        diverged_at: As in :class:`TrainState`.
    """

    step: int
    arrays: Mapping[str, NDArray[Any]]
    diverged_at: NDArray[np.int32]

    @property
    def optimizer(self) -> tuple[NDArray[Any], ...]:
        """Return the optimizer's state, as :attr:`TrainState.optimizer`."""
        number = sum(name.startswith(_OPTIMIZER) for name in self.arrays)
        return tuple(self.arrays[f"{_OPTIMIZER}{at}"] for at in range(number))

    def of_seeds(self, seeds: slice) -> Checkpoint:
        """Return the part of some seeds."""
        arrays = {name: values[seeds] for name, values in self.arrays.items()}
        return Checkpoint(self.step, arrays, self.diverged_at[seeds])


@dataclass(frozen=True)
class Score:
    """Accuracy and loss of replicas on a split; leading axes [seeds, rates].

    Attributes:
        accuracy: Percent of the examples classified right. An example with an output that is
            not finite counts as wrong, so a diverged replica scores 0.
        loss: Mean loss, cross-entropy in nats; NaN or infinite for a diverged replica.
    """

    accuracy: NDArray[np.float64]
    loss: NDArray[np.float64]


SCORED_MACS = 2**28
"""Multiply-accumulates of the examples scored at once, roughly."""


def scored(
    evaluate: Callable[..., tuple[Array, Array]], weights: Array, split: Split, network: Network
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score replicas on a split, some examples at a time.

    Args:
        evaluate: Returns, from weights, inputs and labels, how many are right and their losses'
            sum.
        weights: Weights of the replicas.
        split: The examples.
        network: The network.

    Returns:
        How many examples are classified right, and the sum of losses, [seeds, rates] each.
    """
    several = max(1, SCORED_MACS // network.macs)
    sums = np.zeros((2, 1, 1))
    for at in range(0, len(split), several):
        some = split[at : at + several]
        parts = evaluate(weights, some.inputs, some.labels)
        sums = sums + [np.asarray(part, np.float64) for part in parts]
    right, loss = sums
    return right, loss


@dataclass(frozen=True)
class RunCost:
    """What one replica's run costs.

    Attributes:
        forward_passes: Loss evaluations, each over one batch.
        passes: The same in forward passes' worth of multiply-accumulates: a tangent counts as one
            more pass, a backward sweep as two. What feature reuse saves is not subtracted.
        random_numbers: Numbers drawn from the generator; replays draw none.
        deliveries: Times that the hardware delivers a number for every weight, replays included.
    """

    forward_passes: int
    passes: int
    random_numbers: int
    deliveries: int


class Trainer(Protocol):
    """A training loop with its network, estimator and arithmetic."""

    def run(
        self, data: Split, run: Run, source: DirectionSource, stops: Sequence[int] = ()
    ) -> Iterator[tuple[int, TrainState]]:
        """Train all replicas; yield (steps done, state) at the stops and at the end.

        A replica that diverges keeps running and is marked; nothing is raised.
        """

    def score(self, state: TrainState, split: Split) -> Score:
        """Measure accuracy and loss of every replica on a split."""

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the flat weights of every replica, float32 [seeds, rates, d]."""

    def cost(self, steps: int) -> RunCost:
        """Count what one replica's run of so many steps costs."""


@runtime_checkable
class ResumableTrainer(Trainer, Protocol):
    """A trainer that resumes a run from a checkpoint of it."""

    @property
    def resumable(self) -> bool:
        """Return whether its states hold all that the next step depends on."""

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[Any]]:
        """Return a state as :attr:`Checkpoint.arrays`."""

    def run(
        self,
        data: Split,
        run: Run,
        source: DirectionSource,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`Trainer.run`, or resume with the same bits.

        The state at the start is yielded again if it is at a stop or at the end.
        """
