"""Which loop trains a point, and the fast loop of perceptrons as a trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.train import general_trainer
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.general_loop import Sgd
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.loop import train
from pezoexplore.train.networks.mlp import Layers, Mlp, cross_entropy
from pezoexplore.train.networks.network import Array
from pezoexplore.train.sparsity import Sparsity
from pezoexplore.train.task import Split, Task, class_losses
from pezoexplore.train.trainer import DirectionSource, Run, Score, Trainer, TrainState


class Options(Protocol):
    """What the ``train`` section of a design says beyond steps, seeds and candidates."""

    @property
    def batch(self) -> int:
        """Examples a batch."""

    @property
    def normalise(self) -> bool:
        """Whether ``rge_onesided`` divides its step by the deviation of the losses."""

    @property
    def momentum(self) -> float:
        """Share of the last move that is kept."""

    @property
    def weight_decay(self) -> float:
        """Pull towards zero."""

    @property
    def sparsity(self) -> float:
        """Share of the weights that ``cge_sparse`` leaves out."""

    @property
    def mask_epochs(self) -> int:
        """Epochs a mask of ``cge_sparse`` serves."""

    @property
    def grasp_queries(self) -> int:
        """Directions of the scores behind those masks."""

    @property
    def probe_workers(self) -> int:
        """Processes that share the probes of coordinates."""


def trainer_of(point: DesignPoint, task: Task, options: Options) -> Trainer:
    """The loop for a point's estimator and arithmetic on a task's network.

    Two-point steps on a perceptron have a loop of their own, several times as fast as the general
    one, and so has integer training.

    Raises:
        DesignError: The task's network has no integer form, or an option does not go with the
            estimator.
    """
    if point.fixed_point:
        return FixedTrainer(task, point)
    general = general_trainer_of(point, task, options)
    plain = point.estimator == "rge" and point.queries == 1 and general.options.sgd == Sgd()
    if plain and isinstance(task.model, Mlp) and task.loss is class_losses:
        return MlpTrainer(task.model, task.initial)
    return general


def general_trainer_of(point: DesignPoint, task: Task, options: Options) -> GeneralTrainer:
    """The general loop for a point's estimator, in float32.

    Raises:
        DesignError: An option does not go with the estimator.
    """
    sgd = Sgd(options.momentum, options.weight_decay)
    normalise = options.normalise and point.estimator == "rge_onesided"
    sparsity = Sparsity(options.sparsity, options.mask_epochs, queries=options.grasp_queries)
    more = general_trainer.Options(
        normalise, sgd, sparsity, options.batch, workers=options.probe_workers
    )
    return GeneralTrainer(task, point.estimator, point.queries, more)


def stream_source(point: DesignPoint, task: Task) -> DirectionSource:
    """The point's bit-true stream as a source of directions for a task."""
    from pezoexplore.streams import stream

    perturbation = point.perturbation()
    return lambda seeds: stream.Directions.of(perturbation, task.parameters, seeds)


@dataclass(frozen=True)
class MlpTrainer:
    """Two-point steps with one direction on a perceptron, in float32: the fastest loop.

    Attributes:
        model: The network.
        initial: Initial weights by training seed, where they are not the model's own.
    """

    model: Mlp
    initial: Callable[[int], NDArray[np.float32]] | None = None

    def run(
        self, data: Split, run: Run, source: DirectionSource, stops: Sequence[int] = ()
    ) -> Iterator[tuple[int, TrainState]]:
        """See :meth:`Trainer.run`."""
        return train(self.model, data, run, source(run.seeds), stops, initial=self.initial)

    def score(self, state: TrainState, split: Split) -> Score:
        """See :meth:`Trainer.score`."""
        right, loss = _compiled_score(self.model)(state.weights, split.inputs, split.labels)
        share = np.asarray(right, np.float64) / len(split)
        return Score(accuracy=100 * share, loss=np.asarray(loss, np.float64))

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """See :meth:`Trainer.weights`."""
        return self.model.pack(state.weights)

    def forward_passes(self, steps: int) -> int:
        """See :meth:`Trainer.forward_passes`."""
        return 2 * steps

    def passes(self, steps: int) -> int:
        """See :meth:`Trainer.passes`."""
        return self.forward_passes(steps)

    def random_numbers(self, steps: int) -> int:
        """See :meth:`Trainer.random_numbers`."""
        return steps * self.model.parameters


@cache
def _compiled_score(model: Mlp) -> Callable[..., tuple[Array, Array]]:
    jax = load_jax()
    jnp = jax.numpy

    def evaluate(layers: Layers, inputs: Array, labels: Array) -> tuple[Array, Array]:
        logits = model.logits(layers, inputs)
        # argmax alone would call a column of NaN class 0, and be right now and then.
        sound = jnp.isfinite(logits).all(-2)
        right = sound & (logits.argmax(-2) == labels)
        return right.sum(-1), cross_entropy(logits, labels).mean(-1)

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(evaluate)
    return compiled
