"""The trainer of any network with any estimator, in float32."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train import general_loop
from pezoexplore.train.backend import load_jax
from pezoexplore.train.coordinates import coordinate
from pezoexplore.train.coordinates.sparsity import (
    MASK_PASSES,
    DrawnMasks,
    Scored,
    Sparsity,
    grasp_scores,
    kept_counts,
    score_batches,
)
from pezoexplore.train.estimators import RANDOM, cost
from pezoexplore.train.general_loop import Method, Sgd, Start, over_replicas
from pezoexplore.train.networks.network import Array
from pezoexplore.train.probes import Probe
from pezoexplore.train.steps.moments import NONE, Moments
from pezoexplore.train.steps.scope import backward_share
from pezoexplore.train.steps.stale import Coordinates, Stale, check_coordinates
from pezoexplore.train.task import Split, Task
from pezoexplore.train.trainer import (
    Checkpoint,
    Directions,
    DirectionSource,
    Run,
    RunCost,
    Score,
    TrainState,
    optimizer_arrays,
    scored,
)


@dataclass(frozen=True)
class Options:
    """Settings of the general trainer beyond estimator and queries.

    Attributes:
        normalise: Whether ``rge_onesided`` divides its step by the deviation of the losses (FZOO);
            needs two directions or more.
        sgd: Momentum and weight decay.
        sparsity: Settings of ``cge_sparse``.
        batch: Examples per batch, by which ``cge_sparse`` counts the epochs of a mask.
        workers: Processes that share the probes of ``cge`` and ``cge_sparse``; changes no bit.
        moments: What earlier steps add to an estimate.
        numbers: Numbers that a direction takes from the stream; None: one for each weight.
        backprop_layers: Last layers that are trained by backprop, along with the estimate.
    """

    normalise: bool = False
    sgd: Sgd = field(default_factory=Sgd)
    sparsity: Sparsity = field(default_factory=Sparsity)
    batch: int = 64
    workers: int = 1
    moments: Moments | Stale = NONE
    numbers: int | None = None
    backprop_layers: int = 0


@dataclass(frozen=True, eq=False)
class GeneralTrainer:
    """Trains any network with any estimator, in float32.

    Attributes:
        task: Network, loss and initial weights. Epochs are counted over ``task.train``.
        estimator: Name of the estimator.
        queries: Directions per step; None where there are none.
        options: Further settings.
    """

    task: Task
    estimator: str = "rge"
    queries: int | None = 1
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            DesignError: ``normalise`` with one direction, another estimator or backprop, or more
                coordinates a step than there are weights.
        """
        if self.options.normalise and (self.estimator != "rge_onesided" or self._queries < 2):
            raise DesignError(
                "train: normalise needs estimator rge_onesided with queries of 2 or more, not "
                f"{self.estimator} with {self._queries}"
            )
        if self.options.normalise and self.options.backprop_layers:
            raise DesignError("train: normalise has other units than backprop; scope must be all")
        if self.estimator == "cocd":
            check_coordinates(self._queries, self.task)

    def run(
        self,
        data: Split,
        run: Run,
        source: DirectionSource | None,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`ResumableTrainer.run`; ``cge`` and ``backprop`` need no source."""
        if start is None:
            return self.resume(data, run, source, self.start(run), stops)
        saved = Start(start.arrays["weights"], start.step, start.diverged_at, start.optimizer)
        return self.resume(data, run, source, saved, stops)

    def resume(
        self,
        data: Split,
        run: Run,
        source: DirectionSource | None,
        start: Start,
        stops: Sequence[int] = (),
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`run`, from given weights and a given step on.

        With ``start.step`` above 0 the source serves numbers from that step on.
        """
        if self.estimator in ("cge", "cge_sparse"):
            probe = Probe(self.task.model, self.task.loss)
            masks = self._masks(data, run, source)
            options = self.options
            return coordinate.train_by_coordinates(
                probe, options.sgd, data, run, masks, start, stops, workers=options.workers
            )
        directions = self._directions(run, source) if self.estimator in RANDOM else None
        if self.estimator == "cocd":
            directions = Coordinates(self.task.parameters, len(run.seeds))
        return general_loop.train(
            self._method, data, run, directions, start, stops, queries=self._queries
        )

    @property
    def resumable(self) -> bool:
        """Return True: a state holds velocity and moments too."""
        return True

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[np.float32]]:
        """Return weights, velocity and moments, as :attr:`Checkpoint.arrays`."""
        return {"weights": self.weights(state)} | optimizer_arrays(state)

    def start(self, run: Run) -> Start:
        """Return the initial weights of every replica; rates of a seed start alike."""
        flat = np.stack([self.task.init(seed) for seed in run.seeds])
        shape = (len(run.seeds), len(run.learning_rates), self.task.parameters)
        return Start(np.broadcast_to(flat[:, None], shape))

    def score(self, state: TrainState, split: Split) -> Score:
        """Score as :meth:`Trainer.score`; accuracy is NaN where targets are no class numbers."""
        network = self.task.model
        evaluate = _compiled_score(Probe(network, self.task.loss))
        right, loss = scored(evaluate, state.weights, split, network)
        return Score(accuracy=100 * right / len(split), loss=loss / len(split))

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the weights, as :meth:`Trainer.weights`."""
        return np.asarray(state.weights)

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`.

        ``backprop`` and ``forward_gradient`` evaluate one loss per step and direction. The scores
        of ``cge_sparse``, two two-point estimates of each query, count; the words of a mask are
        delivered once. Directions replayed for momentum are delivered again with each update.
        Backprop of the last layers takes one more pass, and twice these layers' share of one.
        """
        each, queries = cost(self.estimator, self._probes), self.options.sparsity.queries
        if self.estimator == "cge_sparse":
            masks = MASK_PASSES * -(-steps // self._mask_steps)
            scoring, drawn, delivered = 4 * queries, queries + masks, 6 * queries + masks
        else:
            scoring, drawn, delivered = 0, steps * each.directions, steps * each.deliveries
            delivered += self.options.moments.replayed(steps) * each.directions
        last = self.options.backprop_layers
        backward = math.ceil(steps * backward_share(self.task.model, last)) if last else 0
        return RunCost(
            forward_passes=scoring + steps * (each.losses + (last > 0)),
            passes=scoring + steps * (each.passes + (last > 0)) + backward,
            random_numbers=drawn * (self.options.numbers or self.task.parameters),
            deliveries=delivered,
        )

    @property
    def _queries(self) -> int:
        return self.queries or 1

    @property
    def _probes(self) -> int:
        if self.estimator == "cge_sparse":
            return self.options.sparsity.kept(self.task.model)
        return self.task.parameters if self.estimator == "cge" else self._queries

    @property
    def _mask_steps(self) -> int:
        return self.options.sparsity.mask_steps(len(self.task.train), self.options.batch)

    @property
    def _method(self) -> Method:
        options = self.options
        how = (options.normalise, options.sgd, options.moments, options.backprop_layers)
        return Method(self.task.model, self.task.loss, self.estimator, *how)

    def _directions(self, run: Run, source: DirectionSource | None) -> Directions:
        if source is None:
            raise DesignError(f"train: estimator {self.estimator} needs rng other than none")
        return source(run.seeds)

    def _masks(self, data: Split, run: Run, source: DirectionSource | None) -> coordinate.Masks:
        network, sparsity = self.task.model, self.options.sparsity
        if self.estimator == "cge":
            return coordinate.Everywhere(network, len(run.seeds))
        directions = self._directions(run, source)
        weights = np.stack([self.task.init(seed) for seed in run.seeds])
        scored = Scored(weights, *score_batches(data, run.seeds, run.batch))
        scores = grasp_scores(network, self.task.loss, scored, directions, sparsity)
        keep = sparsity.kept_weights(network)
        counts = [kept_counts(network, of_seed, keep) for of_seed in scores]
        return DrawnMasks(network, counts, directions, sparsity.queries, self._mask_steps)


@cache
def _compiled_score(probe: Probe) -> Callable[..., tuple[Array, Array]]:
    """Compile the count of examples classified right and the sum of losses, [seeds, rates] each."""
    jax = load_jax()
    jnp = jax.numpy

    def evaluate(weights: Array, inputs: Array, labels: Array) -> tuple[Array, Array]:
        has_classes = Split(inputs, labels).has_classes

        def of_replica(flat: Array) -> tuple[Array, Array]:
            outputs = probe.network.outputs(flat, inputs)
            if not has_classes:
                return jnp.nan, probe.loss(outputs, labels).sum()
            # argmax alone would call a row of NaN class 0, and be right now and then.
            sound = jnp.isfinite(outputs).all(-1)
            right = sound & (outputs.argmax(-1) == labels)
            return right.sum(), probe.loss(outputs, labels).sum()

        mapped = over_replicas(of_replica, probe.network, len(inputs))
        result: tuple[Array, Array] = mapped(weights)
        return result

    compiled: Callable[..., tuple[Array, Array]] = jax.jit(evaluate)
    return compiled
