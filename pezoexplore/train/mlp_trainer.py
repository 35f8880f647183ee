"""The fast training of perceptrons in float32: two-point steps along one direction each.

A step draws a batch and a direction z and moves every replica (w, of one seed and one learning
rate) by

    w <- w - eta_t * (L(w + eps z) - L(w - eps z)) / (2 eps) * z,
    eta_t = eta / 2 * (1 + cos(pi t / steps)),

L the mean cross-entropy over the batch (two-point estimate of Spall's SPSA as in MeZO,
arXiv 2305.17333, with one direction per step). Replicas of one seed share z and batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.backend import load_jax
from pezoexplore.train.loop import (
    Carried,
    Loop,
    compiled_steps,
    cosine_rates,
    drive,
    marked,
    steps_of_block,
    undiverged,
)
from pezoexplore.train.networks.matrices import Matrices
from pezoexplore.train.networks.mlp import Layers, Mlp, cross_entropy
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import (
    Checkpoint,
    Directions,
    DirectionSource,
    Run,
    RunCost,
    Score,
    TrainState,
)


@dataclass(frozen=True)
class MlpTrainer:
    """Trains perceptrons by two-point steps with one direction, in float32: the fastest loop.

    Attributes:
        model: The network.
        initial: Initial weights [d] by training seed, where they are not the model's own.
        numbers: Numbers that a direction takes from the stream; None: one for each weight.
    """

    model: Mlp
    initial: Callable[[int], NDArray[np.float32]] | None = None
    numbers: int | None = None

    def run(
        self,
        data: Split,
        run: Run,
        source: DirectionSource,
        stops: Sequence[int] = (),
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`ResumableTrainer.run`; weights are float32 by layer."""
        return self.train(data, run, source(run.seeds), stops, start=start)

    @property
    def resumable(self) -> bool:
        """Return True: the next step depends on the weights alone."""
        return True

    def arrays(self, state: TrainState) -> Mapping[str, NDArray[np.float32]]:
        """Return the weights, as :attr:`Checkpoint.arrays`."""
        return {"weights": self.weights(state)}

    def train(
        self,
        data: Split,
        run: Run,
        directions: Directions,
        stops: Sequence[int] = (),
        block_steps: int | None = None,
        start: Checkpoint | None = None,
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`run` does, on given directions.

        Args:
            data: Training examples.
            run: Replicas and settings.
            directions: Values for exactly these seeds; called in order from step 0.
            stops: Steps after which to yield the weights, besides the last.
            block_steps: Steps of a block, at least 2; None: as many as fit in memory. It changes no
                bit of the result.
            start: What to resume from; None: the initial weights.
        """
        # dL/(2 eps) z as the loop sees it: summed over the batch, z in units of the values.
        factor = directions.scale / (2 * run.epsilon * run.batch)
        loop = Loop(
            data,
            (cosine_rates(run.learning_rates, run.steps) * factor).astype(np.float32),
            lambda first, steps: (directions.block(first, steps),),
            partial(_compiled(self.model), (np.float32(run.epsilon * directions.scale),)),
            block_steps or steps_of_block(data, run, self.numbers or self.model.parameters),
        )
        if start is not None:
            layers = by_layer(self.model, start.arrays["weights"])
            return drive(loop, (layers, start.diverged_at), run, stops, start.step)
        flat = np.stack([(self.initial or self.model.init)(seed) for seed in run.seeds])
        return drive(loop, first_replicas(self.model, flat, run), run, stops)

    def score(self, state: TrainState, split: Split) -> Score:
        """Score as :meth:`Trainer.score`."""
        right, loss = _compiled_score(self.model)(state.weights, split.inputs, split.labels)
        share = np.asarray(right, np.float64) / len(split)
        return Score(accuracy=100 * share, loss=np.asarray(loss, np.float64))

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the weights, as :meth:`Trainer.weights`."""
        return self.model.pack(state.weights)

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`."""
        numbers = self.numbers or self.model.parameters
        return RunCost(2 * steps, 2 * steps, steps * numbers, 3 * steps)


def first_replicas(network: Mlp | Matrices, flat: NDArray[np.generic], run: Run) -> Carried:
    """Return what is carried before the first step, by layer; rates of a seed start alike.

    Args:
        network: Splits flat weights into layers.
        flat: Initial weights, [seeds, d].
        run: The replicas.

    Returns:
        Weights by layer, leading axes [seeds, rates], and ``diverged_at``.
    """
    spread = np.broadcast_to(flat[:, None], (len(flat), len(run.learning_rates), flat.shape[1]))
    return by_layer(network, spread), undiverged(run)


def by_layer(network: Mlp | Matrices, flat: NDArray[np.generic]) -> Layers:
    """Split flat weights [seeds, rates, d] into JAX arrays by layer."""
    jnp = load_jax().numpy
    return tuple((jnp.asarray(w), jnp.asarray(b)) for w, b in network.unpack(flat))


@cache
def _compiled(model: Mlp) -> Callable[..., Carried]:
    jnp = load_jax().numpy

    def step(carried: Carried, block: tuple[Array, ...], index: Array, epsilon: Array) -> Carried:
        weights, diverged_at = carried
        values, inputs, labels, rates = block
        direction = model.unpack(values.astype(jnp.float32))
        plus, minus = model.probe(weights, direction, inputs, epsilon)
        labels = labels[:, None]
        # Differences example by example: sums of losses would cancel and lose digits.
        difference = (cross_entropy(plus, labels) - cross_entropy(minus, labels)).sum(-1)
        move = -rates * difference
        moved = tuple(
            (
                weight + move[:, :, None, None] * z_weight[:, None],
                bias + move[:, :, None] * z_bias[:, None],
            )
            for (weight, bias), (z_weight, z_bias) in zip(weights, direction, strict=True)
        )
        return moved, marked(diverged_at, ~jnp.isfinite(difference), index)

    return compiled_steps(step)


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
