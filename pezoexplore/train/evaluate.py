"""The accuracy of a point: tune the learning rate, retrain, test."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.train.backend import load_jax
from pezoexplore.train.loop import Directions, Run, train
from pezoexplore.train.mlp import Array, Layers, Mlp, cross_entropy
from pezoexplore.train.tasks import Split, Task

SEEDS_PER_CALL = 5
"""Most seeds one compiled call trains; the replicas of twenty would fall out of the cache."""

DirectionSource = Callable[[Sequence[int]], Directions]
"""Makes the directions of these training seeds, from step 0."""


class Settings(Protocol):
    """Training settings, as the ``train`` section of a design holds them."""

    @property
    def steps(self) -> int:
        """Weight updates a run."""

    @property
    def seeds(self) -> int:
        """Number of training seeds, from 0 on."""

    @property
    def learning_rates(self) -> Sequence[float]:
        """Rates to choose from."""

    @property
    def batch(self) -> int:
        """Examples a batch."""

    @property
    def epsilon(self) -> float:
        """Length of the probe along z."""


@dataclass(frozen=True)
class Score:
    """How replicas do on a split; leading axes [seeds, rates].

    Attributes:
        accuracy: Percent of the examples classified right. An example with an output that is
            not finite counts as wrong, so a diverged replica scores 0.
        loss: Mean cross-entropy in nats; NaN or infinite for a diverged replica.
    """

    accuracy: NDArray[np.float64]
    loss: NDArray[np.float64]


def train_point(point: DesignPoint, task: Task, settings: Settings) -> dict[str, Any]:
    """Accuracy of a design point: :func:`train_source` on the point's own stream."""
    return train_source(stream_source(point, task), task, settings)


def stream_source(point: DesignPoint, task: Task) -> DirectionSource:
    """The point's bit-true stream as a source of directions for a task."""
    from pezoexplore.perturb import stream

    return lambda seeds: stream.Directions(point, task.parameters, seeds)


def train_source(source: DirectionSource, task: Task, settings: Settings) -> dict[str, Any]:
    """Tune the learning rate on the validation split, retrain on all of it, test.

    Every seed and rate is tried on ``task.fit``; the rate of the best mean validation accuracy is
    taken, the smaller of equals. With that rate every seed is trained afresh on ``task.train`` and
    tested once. A single rate needs no tuning. A compiled call trains ``SEEDS_PER_CALL`` seeds
    with all their rates (the last one what is left), whatever else is going on.

    Returns:
        Plain values: ``accuracy_mean``, ``accuracy_ci95`` (half width; None for one seed) and
        ``accuracy_per_seed`` in percent on the test split, ``learning_rate``,
        ``forward_passes`` (loss evaluations, each over one batch, of one seed's final run: two a
        step) and ``validation_accuracy`` (mean percent by rate; empty without tuning).
    """
    rates = sorted(set(settings.learning_rates))
    validation: dict[float, float] = {}
    if len(rates) > 1:
        tuned = _final(source, task.model, task.fit, _run(settings, rates))
        means = score(task.model, tuned, task.validation).accuracy.mean(axis=0)
        validation = dict(zip(rates, means.tolist(), strict=True))
    rate = best_rate(validation) if validation else rates[0]
    trained = _final(source, task.model, task.train, _run(settings, [rate]))
    accuracies = score(task.model, trained, task.test).accuracy[:, 0].tolist()
    return {
        "accuracy_mean": float(np.mean(accuracies)),
        "accuracy_ci95": ci95(accuracies),
        "accuracy_per_seed": accuracies,
        "learning_rate": rate,
        "forward_passes": 2 * settings.steps,
        "validation_accuracy": {str(tried): mean for tried, mean in validation.items()},
    }


def learning_curve(
    source: DirectionSource, task: Task, settings: Settings, learning_rate: float, every: int
) -> list[dict[str, float | int | None]]:
    """How a final run with one rate goes on the way: a row every ``every`` steps and at both ends.

    Trains on ``task.fit``, so that the validation split stays unseen.

    Returns:
        Rows of ``step``, ``train_loss``, ``validation_loss`` (nats; means over the seeds, None
        once a seed has diverged) and ``validation_accuracy`` (percent, mean over the seeds).
    """
    run = _run(settings, [learning_rate])
    stops = range(0, settings.steps, every)
    rows: list[dict[str, float | int | None]] = []
    for step, layers in _training(source, task.model, task.fit, run, stops):
        held = score(task.model, layers, task.validation)
        rows.append(
            {
                "step": step,
                "train_loss": _finite(score(task.model, layers, task.fit).loss.mean()),
                "validation_loss": _finite(held.loss.mean()),
                "validation_accuracy": float(held.accuracy.mean()),
            }
        )
    return rows


def best_rate(accuracy_by_rate: dict[float, float]) -> float:
    """The rate of the highest accuracy, the smallest of equals."""
    return min(accuracy_by_rate, key=lambda rate: (-accuracy_by_rate[rate], rate))


def ci95(values: Sequence[float]) -> float | None:
    """Half width of the 95 % interval of the mean, Student's t; None below two values."""
    from scipy.stats import t

    if len(values) < 2:
        return None
    spread = float(np.std(values, ddof=1))
    return float(t.ppf(0.975, len(values) - 1)) * spread / math.sqrt(len(values))


def score(model: Mlp, layers: Layers, split: Split) -> Score:
    """Accuracy and loss of every replica on a split."""
    right, loss = _compiled_score(model)(layers, split.inputs, split.labels)
    share = np.asarray(right, np.float64) / len(split)
    return Score(accuracy=100 * share, loss=np.asarray(loss, np.float64))


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


def _run(settings: Settings, rates: Iterable[float]) -> Run:
    return Run(
        seeds=tuple(range(settings.seeds)),
        learning_rates=tuple(rates),
        steps=settings.steps,
        batch=settings.batch,
        epsilon=settings.epsilon,
    )


def _final(source: DirectionSource, model: Mlp, data: Split, run: Run) -> Layers:
    *_, (_, layers) = _training(source, model, data, run)
    return layers


def _training(
    source: DirectionSource, model: Mlp, data: Split, run: Run, stops: Sequence[int] = ()
) -> Iterator[tuple[int, Layers]]:
    """:func:`train` in calls of a few seeds each, side by side from stop to stop."""
    jax = load_jax()
    groups = [
        run.seeds[at : at + SEEDS_PER_CALL] for at in range(0, len(run.seeds), SEEDS_PER_CALL)
    ]
    calls = [train(model, data, replace(run, seeds=g), source(g), stops) for g in groups]
    for parts in zip(*calls, strict=True):
        joined: Layers = jax.tree.map(
            lambda *pieces: jax.numpy.concatenate(pieces), *(layers for _, layers in parts)
        )
        yield parts[0][0], joined


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
