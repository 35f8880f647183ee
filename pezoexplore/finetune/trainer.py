"""The trainer of the user's PyTorch modules, one replica after the other.

Estimator ``rge`` moves along the stream, ``cocd`` along coordinates in turn; ``backprop``, the
reference, along PyTorch's own gradient.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import TrainSettings
from pezoexplore.design.training_axes import ALL, backprop_layers
from pezoexplore.errors import DesignError
from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.steps.coordinates import CyclicCoordinates
from pezoexplore.finetune.steps.moments import Memory
from pezoexplore.finetune.steps.tail import Hybrid
from pezoexplore.finetune.task import TorchNetwork, evaluating, flat_weights, trained
from pezoexplore.finetune.weights import DivergedError
from pezoexplore.train.backend import pin_threads
from pezoexplore.train.device import Device, chosen
from pezoexplore.train.estimators import cost
from pezoexplore.train.loop import Batches, cosine_rates
from pezoexplore.train.steps.moments import BETA, Moments
from pezoexplore.train.steps.scope import backward_share, blocks_before, check_decay
from pezoexplore.train.steps.stale import check_coordinates
from pezoexplore.train.steps.structured import numbers_of
from pezoexplore.train.task import Split, Task
from pezoexplore.train.trainer import (
    NEVER,
    Checkpoint,
    DirectionSource,
    Run,
    RunCost,
    Score,
    TrainState,
    optimizer_arrays,
)

SCORED = 256
"""Examples scored at once."""

BLOCK = 64
"""Steps whose batches are drawn at once; changes no bit."""

_ROUNDED = (torch.float64, torch.complex64, torch.complex128)
"""Types of buffers that states hold as float32."""


@dataclass(frozen=True, eq=False)
class TorchTrainer:
    """Trains a PyTorch module by :class:`PezoSGD` along a point's stream.

    The streams, batches and learning rates are those of the package's own tasks. States hold the
    trained weights, the buffers and the seed of each replica.

    Attributes:
        network: The user's model and loss.
        point: The design.
        weight_decay: Pull towards zero, added to the gradient.
        momentum: Decay of the momentum by replay, or of the estimates of ``cocd``.
        numbers: Numbers that a direction takes from the stream.
    """

    network: TorchNetwork
    point: DesignPoint
    weight_decay: float = 0.0
    momentum: float = BETA
    numbers: int = 0

    @classmethod
    def of(cls, task: Task, point: DesignPoint, options: TrainSettings) -> Self:
        """Return the trainer of a point and settings.

        Raises:
            DesignError: An estimator, arithmetic or option that PyTorch models do not train by.
        """
        network: TorchNetwork = task.model
        known = point.estimator in ("rge", "cocd", "backprop") and not point.fixed_point
        replays = point.momentum_replay or point.estimator == "cocd"
        if not known or (options.momentum and not replays):
            raise DesignError(
                f"{network.place}: PyTorch models train float weights by estimator rge, cocd or "
                "backprop, with momentum by momentum_replay alone, not "
                f"{point.label()}{f', momentum {options.momentum}' * (options.momentum > 0)}: "
                "choose such designs"
            )
        if point.estimator == "cocd":
            check_coordinates(point.queries or 1, task)
        check_decay(point, options.weight_decay)
        numbers = numbers_of(point, task) or task.parameters
        momentum = options.momentum or (1.0 if point.estimator == "cocd" else BETA)
        return cls(network, point, options.weight_decay, momentum, numbers)

    def run(
        self,
        data: Split,
        run: Run,
        source: DirectionSource | None,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`ResumableTrainer.run`, on the point's own stream, window by window."""
        del source
        pin_threads()
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        replicas = [[Replica(self, run, seed) for _ in run.learning_rates] for seed in run.seeds]
        batches = Batches(run.seeds, len(data), run.batch)
        rates = cosine_rates(run.learning_rates, run.steps).astype(np.float32)
        done = 0 if start is None else start.step
        batches.skip(done)
        if start is not None:
            for place in np.ndindex(start.diverged_at.shape):
                replicas[place[0]][place[1]].resume_from(start, place)
        for cut in sorted(cut for cut in {*stops, run.steps} if done <= cut <= run.steps):
            while done < cut:
                steps = min(BLOCK, cut - done)
                chosen = batches.block(steps)
                for of_seed, row in enumerate(replicas):
                    for of_rate, replica in enumerate(row):
                        rate = rates[done : done + steps, of_rate]
                        replica.train(data, done, chosen[:, of_seed], rate)
                done += steps
            yield done, _state(replicas)

    @cached_property
    def resumable(self) -> bool:
        """Return whether states hold all buffers as they are."""
        module = self.network.module(0)
        return not any(buffer.dtype in _ROUNDED for buffer in module.buffers())

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[Any]]:
        """Return weights, buffers, seeds and optimizer state, as :attr:`Checkpoint.arrays`."""
        tree = {name: np.asarray(values) for name, values in state.weights.items()}
        return tree | optimizer_arrays(state)

    def score(self, state: TrainState, split: Split) -> Score:
        """Score as :meth:`Trainer.score`; accuracy is NaN where targets are no class numbers."""
        tree = {name: np.asarray(values) for name, values in state.weights.items()}
        right, loss = np.zeros(state.diverged_at.shape), np.zeros(state.diverged_at.shape)
        for place in np.ndindex(*state.diverged_at.shape):
            module = self.network.module(int(tree["seed"][place])).to(_device())
            _load(module, {name: values[place] for name, values in tree.items()})
            with evaluating(module), torch.no_grad():
                right[place], loss[place] = self._sums(module, split)
        accuracy = 100 * right / len(split)
        return Score(accuracy, loss / len(split))

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the trained weights, as :meth:`Trainer.weights`."""
        return np.asarray(state.weights["weights"])

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`."""
        each = cost(self.point.estimator, self.point.queries or 1)
        last = backprop_layers(self.point.scope)
        backward = math.ceil(steps * backward_share(self.network, last)) if last else 0
        replayed = Moments(replay=self.point.momentum_replay).replayed(steps)
        return RunCost(
            forward_passes=steps * (each.losses + (last > 0)),
            passes=steps * (each.passes + (last > 0)) + backward,
            random_numbers=steps * each.directions * self.numbers,
            deliveries=steps * each.deliveries + replayed * each.directions,
        )

    def _sums(self, module: torch.nn.Module, split: Split) -> tuple[float, float]:
        """Return the number of examples classified right and the sum of losses."""
        right, loss = 0.0, 0.0
        for first in range(0, len(split), SCORED):
            part = split[first : first + SCORED]
            outputs = self.network.predict(module, part.inputs)
            losses = self.network.losses(outputs, part.labels)
            loss += float(losses.sum()) * (1 if losses.ndim else len(part))
            if not part.has_classes or outputs.ndim != 2:
                right = float("nan")
                continue
            # argmax alone would call a row of NaN some class, and be right now and then.
            sound = outputs.isfinite().all(1).cpu().numpy()
            right += int((sound & (outputs.argmax(1).cpu().numpy() == part.labels)).sum())
        return right, loss


class Replica:
    """A module in training, of one seed and one learning rate."""

    def __init__(self, trainer: TorchTrainer, run: Run, seed: int) -> None:
        """Start from the initial weights of a seed."""
        self.seed, self.diverged_at = seed, NEVER
        self._network = trainer.network
        self.module = trainer.network.module(seed).to(_device())
        weights, decay = trained(self.module), trainer.weight_decay
        self._optimizer: Sgd | PezoSGD | Hybrid | CyclicCoordinates
        self._along_stream: PezoSGD | None = None
        if trainer.point.estimator == "backprop":
            self._optimizer = Sgd(weights, lr=0.0, weight_decay=decay)
            return
        if trainer.point.estimator == "cocd":
            self._optimizer = CyclicCoordinates(
                *(self.module, weights, trainer.point.queries or 1),
                epsilon=run.epsilon,
                decay=trainer.momentum,
                weight_decay=decay,
            )
            return
        last = backprop_layers(trainer.point.scope)
        stop = len(blocks_before(trainer.network, last, trainer.network.name))
        self._optimizer = first = PezoSGD(
            weights[:stop],
            replace(trainer.point, scope=ALL) if last else trainer.point,
            lr=0.0,
            epsilon=run.epsilon,
            weight_decay=decay,
            momentum=trainer.momentum,
            seed=seed,
            distributed=False,
        )
        self._along_stream = first
        if last:
            tail = torch.optim.SGD(weights[stop:], lr=0.0, weight_decay=decay)
            self._optimizer = Hybrid(self.module, first, tail)

    def resume_from(self, start: Checkpoint, place: tuple[int, ...]) -> None:
        """Take weights, buffers, number of steps and the optimizer's state from a checkpoint."""
        self.diverged_at = int(start.diverged_at[place])
        _load(self.module, {name: values[place] for name, values in start.arrays.items()})
        state = start.optimizer[0][place]
        if isinstance(self._optimizer, CyclicCoordinates):
            self._optimizer.resume(state, start.step)
        if (along := self._along_stream) is not None:
            along.steps = start.step
            along.memory = Memory.from_array(state, start.step, along.point.queries or 1)

    @property
    def optimizer_state(self) -> NDArray[np.floating]:
        """Return the optimizer's state: what the next step takes from earlier ones."""
        if isinstance(self._optimizer, CyclicCoordinates):
            return self._optimizer.estimates
        if (along := self._along_stream) is not None:
            return along.memory.to_array(along.moments, along.point.queries or 1)
        return np.zeros(0)

    def train(
        self, data: Split, first: int, chosen: NDArray[np.int64], rates: NDArray[np.float32]
    ) -> None:
        """Train some steps, unless a loss or weight was not finite before.

        Args:
            data: Training examples.
            first: Number of the first step.
            chosen: Indices of each step's batch, [steps, batch].
            rates: Learning rate of each step.
        """
        for step, (batch, rate) in enumerate(zip(chosen, rates, strict=True), first):
            if self.diverged_at != NEVER:
                return
            part = data[batch]

            def loss(part: Split = part) -> torch.Tensor:
                outputs = self._network.predict(self.module, part.inputs)
                return self._network.losses(outputs, part.labels).mean()

            for group in self._optimizer.param_groups:
                group["lr"] = float(rate)
            with torch.random.fork_rng():
                torch.manual_seed(self.seed * 2**32 + step)  # dropout, whatever ran before
                try:
                    self._optimizer.step(loss)
                except DivergedError:
                    self.diverged_at = step


class Sgd(torch.optim.SGD):
    """SGD along PyTorch's own gradient, which notes where a loss or weight is not finite."""

    def step(self, closure: Callable[[], torch.Tensor]) -> float:
        """Move the weights along the closure's gradient and return its loss.

        Raises:
            DivergedError: The loss was, or a weight now is, not finite.
        """
        self.zero_grad()
        with torch.enable_grad():
            loss = closure()
        loss.backward()
        super().step()
        weights = [weight for group in self.param_groups for weight in group["params"]]
        if not loss.isfinite() or not all(weight.isfinite().all() for weight in weights):
            raise DivergedError("a loss or weight is not finite")
        return float(loss.item())


def _device() -> torch.device:
    return torch.device("cuda" if chosen() is Device.gpu else "cpu")


def _state(replicas: list[list[Replica]]) -> TrainState:
    """Return the replicas' state: weights NaN where training has diverged."""
    diverged = np.array([[one.diverged_at for one in row] for row in replicas], np.int32)
    weights = np.stack([[flat_weights(one.module) for one in row] for row in replicas])
    weights[diverged != NEVER] = np.nan
    tree: dict[str, Any] = {
        "weights": weights,
        "seed": np.array([[one.seed for one in row] for row in replicas], np.int32),
    }
    for name, _ in replicas[0][0].module.named_buffers():
        values = [[_stored(one.module.get_buffer(name)) for one in row] for row in replicas]
        tree[f"buffer {name}"] = np.stack(values)
    state = np.stack([[one.optimizer_state for one in row] for row in replicas])
    return TrainState(tree, diverged, (state,))


def _stored(buffer: torch.Tensor) -> NDArray[Any]:
    """Return a buffer in a type that JAX keeps, whose arrays states are."""
    if buffer.is_floating_point():
        buffer = buffer.float()
    values: NDArray[Any] = buffer.detach().cpu().numpy()
    return values.astype(np.int32) if values.dtype == np.int64 else values


def _load(module: torch.nn.Module, tree: dict[str, NDArray[Any]]) -> None:
    """Write a replica's weights and buffers into a module of its seed."""
    with torch.no_grad():
        at = 0
        for weight in trained(module):
            values = torch.from_numpy(tree["weights"][at : at + weight.numel()].copy())
            weight.copy_(values.view(weight.shape))
            at += weight.numel()
        for name, buffer in module.named_buffers():
            buffer.copy_(torch.from_numpy(np.array(tree[f"buffer {name}"])))
