"""Fixed-point training: the compiled loop over integers of :mod:`pezoexplore.train.fixed_point`.

**Random bits of stochastic rounding** come from the generator itself. A training step then takes
more than one step of the stream: the first is the direction, as always, and each stochastic
rounding takes another ``ceil(NOISE_BITS / bit_width)`` steps of the stream, whose words, one after
the other with the first in the highest bits, are the random bits of each weight. In this order:
the rounding of the probe (signs alone are never rounded and take none), that of the update's
direction (independent rounding only), that of the update.

**Several directions a step** (``queries``) are taken one after the other from the stream, each with
the random bits of its roundings. All are probed at the weights before the step, which then moves
along one after the other, each move rounded and saturated, at the rate divided by their number.

**Momentum by replay** takes the directions of the last h steps again, before the step's own and the
oldest first, each move rounded and saturated. Of a step D is kept; a direction of age k moves by
the M of its D and the step's C times (1 - b) b^k (:mod:`pezoexplore.train.steps.moments`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.streams.stream import Stream
from pezoexplore.train.backend import load_jax
from pezoexplore.train.fixed_point import (
    LOSS_BITS,
    RATE_BITS,
)
from pezoexplore.train.loop import (
    Carried,
    Loop,
    cosine_rates,
    drive,
    steps_of_block,
)
from pezoexplore.train.mlp_trainer import by_layer, first_replicas
from pezoexplore.train.networks.fixed_network import FixedNetwork, calibrated
from pezoexplore.train.networks.matrices import matrices_of
from pezoexplore.train.steps.fixed import Arithmetic, compiled, compiled_score, draws_of
from pezoexplore.train.steps.moments import BETA, Moments
from pezoexplore.train.task import Split, Task, class_losses
from pezoexplore.train.trainer import (
    SCORED_MACS,
    Checkpoint,
    Directions,
    DirectionSource,
    Run,
    RunCost,
    Score,
    TrainState,
    optimizer_arrays,
)

NOISE_BITS = 8
"""Fewest random bits of a stochastic rounding."""

FARTHEST_SHIFT = 30
"""Largest shift of an update: products below 2**30 plus random bits still fit 32 bits."""


@dataclass(frozen=True, eq=False)
class FixedTrainer:
    """Two-point training in integers.

    Attributes:
        task: The task.
        point: The point, for its widths, rounding and numbers.
        numbers: Numbers that a direction takes from the stream; None: one for each weight.
        beta: Decay of the momentum by replay.
        rates: Calls of two rates and more are filled up to so many, with one program for all:
            integers are the same whatever is computed beside them.
    """

    task: Task
    point: DesignPoint
    numbers: int | None = None
    beta: float = BETA
    rates: int = 1

    def __post_init__(self) -> None:
        """Check that network and loss have an integer form.

        Raises:
            DesignError: The network has norms or is of another kind, or the loss is another one
                than the cross-entropy.
        """
        matrices_of(self.task.model)
        if self.task.loss is not class_losses:
            raise DesignError(f"weight_bits: the loss of task {self.task.name} has no integer form")

    @property
    def _half(self) -> bool:
        """Whether the stream's values are twice the word plus one."""
        return Stream(self.point.words()).half

    @cached_property
    def network(self) -> FixedNetwork:
        """The network in integers."""
        assert self.point.weight_bits is not None, "a float point has a float trainer"
        assert self.point.activation_bits is not None, "widths are set together"
        return calibrated(
            self.task.model,
            self.task.init(0),
            self.task.fit.inputs,
            self.point.weight_bits,
            self.point.activation_bits,
        )

    def run(
        self,
        data: Split,
        run: Run,
        source: DirectionSource,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`ResumableTrainer.run`; weights are int32 by layer."""
        return self.train(data, run, source(run.seeds), stops, start=start)

    @property
    def resumable(self) -> bool:
        """Return True: a state holds what is replayed too."""
        return True

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[np.int32]]:
        """Return weights and what is replayed, as :attr:`Checkpoint.arrays`."""
        return {"weights": self.integers(state)} | optimizer_arrays(state)

    def train(
        self,
        data: Split,
        run: Run,
        directions: Directions,
        stops: Sequence[int] = (),
        block_steps: int | None = None,
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`run`, on given directions; block length changes no bit of the result."""
        asked = len(run.learning_rates)
        if asked > 1:
            more = run.learning_rates[:1] * (self.rates - asked)
            run = replace(run, learning_rates=run.learning_rates + more)
        arithmetic, rates = self.prepare(run, directions.scale)
        shifts = (np.int32(arithmetic.exponent), np.int32(arithmetic.update_shift))
        each = stream_steps(self.point) * arithmetic.queries
        loop = Loop(
            Split(self.network.inputs(data.inputs), data.labels),
            rates,
            partial(self._values, directions, arithmetic),
            partial(compiled(arithmetic.shared), shifts),
            block_steps or steps_of_block(data, run, self.task.parameters * each),
        )
        carried = self._first(arithmetic, run) if start is None else self._resumed(start, run)
        for step, state in drive(loop, carried, run, stops, 0 if start is None else start.step):
            yield step, _of_rates(state, asked)

    def _first(self, arithmetic: Arithmetic, run: Run) -> Carried:
        """Return what is carried before the first step.

        With a replay D and values of earlier steps come with the weights, [seeds, rates, h, q] and
        [seeds, h, q, d].
        """
        flat = self.network.quantised(np.stack([self.task.init(seed) for seed in run.seeds]))
        weights, diverged_at = first_replicas(self.network.matrices, flat, run)
        if not arithmetic.replay:
            return weights, diverged_at
        jnp, ring = load_jax().numpy, (arithmetic.replay, arithmetic.queries)
        values = jnp.zeros((len(run.seeds), *ring, self.task.parameters), jnp.int32)
        return weights, jnp.zeros((*diverged_at.shape, *ring), jnp.int32), values, diverged_at

    def _resumed(self, start: Checkpoint, run: Run) -> Carried:
        """Return what is carried at a checkpoint, its rates filled up."""
        saved = TrainState(start.arrays["weights"], start.diverged_at)
        filled = _of_rates(saved, len(run.learning_rates))
        layers = by_layer(self.network.matrices, filled.weights)
        return layers, *map(load_jax().numpy.asarray, start.optimizer), filled.diverged_at

    def prepare(self, run: Run, scale: float) -> tuple[Arithmetic, NDArray[np.int32]]:
        """Derive the arithmetic of a run, and C of every step and rate, int32 [steps, rates].

        With a replay C depends on the age of a direction as well, [steps, 1 + replay, rates].

        Args:
            run: Gives learning rates, epsilon, batch and steps.
            scale: Worth of one unit of the stream's values in z.
        """
        largest = _largest(self.point)
        finest = -min(self.network.scales.weights) - math.floor(math.log2(largest))
        exponent = max(round(math.log2(run.epsilon * scale)), finest)
        # epsilon z = v * 2**exponent, so eta dL z / (2 epsilon) is, in probes, eta dL unit**2 / 2.
        unit = scale / 2.0**exponent
        sign = self.point.estimator == "sign_spsa"
        gain = unit if sign else unit * unit / 2 * 2.0**-LOSS_BITS / run.batch
        gain /= self.point.queries or 1
        replay = self.point.momentum_replay
        gain *= 1 - self.beta if replay else 1
        dropped = 0 if sign else RATE_BITS
        fitting = RATE_BITS - math.frexp(max(run.learning_rates) * gain)[1]
        shift = min(max(fitting, dropped + 1), dropped + FARTHEST_SHIFT)
        worth = cosine_rates(run.learning_rates, run.steps) * gain
        if replay:
            worth = worth[:, None] * self.beta ** np.arange(1 + replay)[:, None]
        rates = np.minimum(np.rint(worth * 2.0**shift), 2**RATE_BITS - 1).astype(np.int32)
        arithmetic = Arithmetic(
            network=self.network,
            exponent=exponent,
            update_shift=shift - dropped,
            largest=largest,
            stochastic=self.point.rounding == "stochastic",
            independent=self.point.update_rounding == "independent",
            sign=sign,
            queries=self.point.queries or 1,
            noise_bits=self.point.bits * -(-NOISE_BITS // self.point.bits),
            replay=replay,
        )
        return arithmetic, rates

    def score(self, state: TrainState, split: Split) -> Score:
        """Score as :meth:`Trainer.score`."""
        evaluate = compiled_score(self.network)
        most = min(len(self.task.test), max(1, SCORED_MACS // self.network.model.macs))
        seeds, rates = state.diverged_at.shape
        filled = _of_rates(state, max(rates, self.rates))
        sums = np.zeros((2, seeds, rates))
        for at in range(0, len(split), most):
            some = split[at : at + most]
            real = np.arange(most) < len(some)
            parts = (self.network.inputs(some.inputs), some.labels)
            examples = [np.resize(part, (most, *part.shape[1:])) for part in parts]
            found = evaluate(filled.weights, *examples, real)
            sums += [np.asarray(part, np.float64)[:, :rates] for part in found]
        right, loss = sums
        share, mean = right / len(split), loss / len(split)
        return Score(accuracy=100 * share, loss=mean * 2.0**-LOSS_BITS)

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the weights as floats, as :meth:`Trainer.weights`."""
        return self.network.real(self.integers(state))

    def integers(self, state: TrainState) -> NDArray[np.int32]:
        """Return the flat integer weights, int32 [seeds, rates, d]."""
        return self.network.matrices.pack(state.weights).astype(np.int32)

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`; roundings draw random numbers too."""
        arithmetic, _ = self.prepare(Run((0,), (1e-3,), 1), 1.0)
        each = stream_steps(self.point)
        words = arithmetic.noise_bits // self.point.bits
        deliveries = 3 + words * arithmetic.noise_deliveries
        probed = steps * arithmetic.queries
        replayed = Moments(replay=arithmetic.replay).replayed(steps) * arithmetic.queries
        return RunCost(
            forward_passes=2 * probed,
            passes=2 * probed,
            random_numbers=probed * (self.numbers or self.task.parameters) * each,
            deliveries=probed * deliveries + replayed,
        )

    def _values(
        self, directions: Directions, arithmetic: Arithmetic, first: int, steps: int
    ) -> tuple[NDArray[Any], ...]:
        """Return directions [steps, q, seeds, d] and random numbers [steps, q, draws, seeds, d]."""
        each, queries = stream_steps(self.point), arithmetic.queries
        probed = steps * queries
        values = directions.block(first * queries * each, probed * each)
        values = values.astype(np.int32) if values.dtype == np.float32 else values
        values = values.reshape(probed, each, *values.shape[1:])
        numbers = _gathered(values[:, 1:], arithmetic.draws, self.point.bits, self._half)
        return (
            values[:, 0].reshape(steps, queries, *values.shape[2:]),
            numbers.reshape(steps, queries, *numbers.shape[1:]),
        )


def _of_rates(state: TrainState, rates: int) -> TrainState:
    """Return the first rates of a state; where it has fewer, with its first repeated behind."""
    if rates == state.diverged_at.shape[1]:
        return state
    places = np.arange(rates)
    places[state.diverged_at.shape[1] :] = 0
    weights = load_jax().tree.map(lambda part: np.asarray(part)[:, places], state.weights)
    return TrainState(weights, state.diverged_at[:, places], state.optimizer)


def stream_steps(point: DesignPoint) -> int:
    """Return the steps of a point's stream for a direction: one, but where roundings take some.

    The first of them is the direction.

    Args:
        point: Any point.
    """
    if point.rounding != "stochastic":
        return 1
    draws = draws_of(_largest(point) > 1, point.update_rounding == "independent")
    return 1 + draws * -(-NOISE_BITS // point.bits)


def _largest(point: DesignPoint) -> int:
    """Return the largest value of a point's stream; of outer products half a sum of signs."""
    if point.outer_products:
        return max(1, point.outer_products // 2)
    return (1 << (point.bits - 1 + Stream(point.words()).half)) - 1


def _gathered(
    values: NDArray[np.signedinteger], draws: int, bits: int, half: bool
) -> NDArray[np.unsignedinteger]:
    """Join words to random numbers.

    Args:
        values: Values of words as the stream has them, [steps, draws * several, seeds, d].
        draws: Random numbers of a step and weight.
        bits: Width of a word.
        half: Whether a value is twice the word plus one.

    Returns:
        [steps, draws, seeds, d], of the narrowest type: there are many.
    """
    steps, passes, *rest = values.shape
    several = passes // max(draws, 1)
    number = np.zeros((steps, draws, *rest), np.min_scalar_type((1 << bits * several) - 1))
    parts = values.reshape(steps, draws, several, *rest)
    for index in range(several):
        number <<= bits if index else 0
        number |= ((parts[:, :, index] >> half) + (1 << (bits - 1))).astype(number.dtype)
    return number
