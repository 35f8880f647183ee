"""The accuracy of a point: tune learning rate and epsilon, retrain, test."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.intervals import half_width
from pezoexplore.train.backend import load_jax
from pezoexplore.train.checkpoint import Checkpointer
from pezoexplore.train.costs import run_costs
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.task import Measured, Split, Task
from pezoexplore.train.trainer import (
    NEVER,
    Checkpoint,
    DirectionSource,
    ResumableTrainer,
    Run,
    Trainer,
    TrainState,
    keeping,
)

if TYPE_CHECKING:
    from pezoexplore.design.space import TrainSettings

SEEDS_PER_CALL = 5
"""Most seeds one compiled call trains; the replicas of twenty would fall out of the cache."""

FINALISTS = 3
"""Candidates that are tried at full length; with no more than these there is one round."""

CHECKS = 20
"""Checks in a run for the step at which it reaches the target."""


@dataclass(frozen=True, order=True)
class Candidate:
    """A pair of the tuned settings.

    Attributes:
        learning_rate: Learning rate before its decay.
        epsilon: Length of the probe along z.
    """

    learning_rate: float
    epsilon: float


@dataclass(frozen=True)
class Trial:
    """Result of a candidate on the validation split.

    Attributes:
        accuracy: Percent, mean over the seeds; NaN where targets are no classes.
        loss: Mean over the seeds; NaN or infinite if one diverged.
        steps_to_target: First check from which on the target is held; None if it never is.
        curve: Of each check the step, the accuracy and the half width of its 95 % interval; empty
            where targets are no classes.
    """

    accuracy: float
    loss: float
    steps_to_target: int | None
    curve: tuple[tuple[int, float, float | None], ...] = ()

    @property
    def rank(self) -> float:
        """Sort key, least for the best candidate: by accuracy, or by loss where there is none."""
        if math.isfinite(self.accuracy):
            return -self.accuracy
        return self.loss if math.isfinite(self.loss) else math.inf


@dataclass(frozen=True)
class Tuning:
    """Result and cost of tuning.

    Attributes:
        chosen: The best candidate.
        trials: The last trial of each candidate.
        passes: Forward passes per seed, all candidates and rounds together.
    """

    chosen: Candidate
    trials: dict[Candidate, Trial]
    passes: int


def train_point(
    point: DesignPoint,
    task: Task,
    settings: TrainSettings,
    checkpointer: Checkpointer | None = None,
) -> dict[str, Any]:
    """Train a design point and return its accuracy and cost.

    Args:
        point: The design.
        task: The task.
        settings: Training settings.
        checkpointer: What the training resumes from, if it was stopped; its file is removed.

    Returns:
        Plain values: those of :func:`train_source` on the point's own stream, ``accuracy_before``
        of a pretrained network, and those of :func:`run_costs` of the final run.
    """
    trainer = trainer_of(point, task, settings)
    result = train_source(stream_source(point, task), task, settings, trainer, checkpointer)
    if checkpointer is not None:
        checkpointer.remove()
    result["accuracy_before"] = task.accuracy_before
    batch, steps, reached = settings.batch, settings.steps, result["steps_to_target"]
    return result | run_costs(point, task, batch, steps, trainer.cost, reached)


def train_source(
    source: DirectionSource,
    task: Task,
    settings: TrainSettings,
    trainer: Trainer,
    checkpointer: Checkpointer | None = None,
) -> dict[str, Any]:
    """Tune on the validation split, retrain on all of it, test.

    With the rate and epsilon of :func:`tune` every seed is trained again on ``task.train`` and
    tested once. A compiled call trains ``SEEDS_PER_CALL`` seeds with all rates of one epsilon (the
    last one the remainder), whatever else is pending. When a seed diverges the point counts as
    diverged and gets no accuracy.

    Returns:
        Plain values: ``accuracy_mean``, ``accuracy_ci95`` (half width; None for one seed) and
        ``accuracy_per_seed`` in percent on the test split, or by the task's own measure (None for
        a diverged point, and where targets are no classes), ``test_loss_mean`` (None for a diverged
        point), ``diverged_step`` (the first one; None if no seed diverged), ``learning_rate``,
        ``epsilon``, ``forward_passes`` and ``random_numbers`` of one seed's final run,
        ``tuning_forward_passes`` (of one seed's tuning runs), ``steps_to_target``,
        ``validation_accuracy`` (mean percent by candidate, its last round) and
        ``validation_curve`` (of the chosen candidate, as :attr:`Trial.curve`); and the columns of
        the task's own measure.
    """
    source = keeping(source)
    checkpointer = checkpointer or Checkpointer()
    tuning = tune(source, task, settings, trainer, checkpointer)
    chosen, cost = tuning.chosen, trainer.cost(settings.steps)
    run, stops = _run(settings, [chosen]), _checks(settings.steps)
    states = partial(_training, source, trainer, task.train, run, stops)
    _, state = checkpointer.run("all but the test split", trainer, states)
    assert state is not None, "it is the last run"
    diverged = state.diverged_at[state.diverged_at != NEVER]
    score = trainer.score(state, task.test)
    measured = Measured(score.accuracy[:, 0], {})
    if task.measure and not len(diverged):
        measured = task.measure(trainer.weights(state)[:, 0])
    accuracies = measured.accuracy.tolist()
    kept = None if len(diverged) or not np.isfinite(accuracies).all() else accuracies
    return measured.columns | {
        "accuracy_mean": None if kept is None else float(np.mean(kept)),
        "accuracy_ci95": None if kept is None else half_width(kept),
        "accuracy_per_seed": kept,
        "test_loss_mean": None if len(diverged) else _finite(score.loss.mean()),
        "diverged_step": int(diverged.min()) if len(diverged) else None,
        "learning_rate": chosen.learning_rate,
        "epsilon": chosen.epsilon,
        "forward_passes": cost.forward_passes,
        "random_numbers": cost.random_numbers,
        "tuning_forward_passes": tuning.passes,
        "steps_to_target": tuning.trials[chosen].steps_to_target,
        "validation_accuracy": {
            _label(candidate): _finite(trial.accuracy)
            for candidate, trial in sorted(tuning.trials.items())
        },
        "validation_curve": [list(check) for check in tuning.trials[chosen].curve],
    }


def tune(
    source: DirectionSource,
    task: Task,
    settings: TrainSettings,
    trainer: Trainer,
    checkpointer: Checkpointer | None = None,
) -> Tuning:
    """Choose learning rate and epsilon by successive halving on the validation split.

    Every candidate is trained on ``task.fit`` with ``tuning_seeds`` seeds for a fraction of the
    steps (on a schedule of that length), the better half for twice as many, until ``FINALISTS`` are
    left, which are trained at full length. The best mean validation accuracy wins, or the smallest
    loss where targets are no classes; of equals the smaller rate, then the smaller epsilon. Each
    point has the same candidates and rounds, so the budget is the same for all.

    Sequential halving: Karnin, Koren and Somekh, ICML 2013; here each round trains from scratch.
    """
    left = sorted(
        Candidate(r, e) for r in set(settings.learning_rates) for e in set(settings.epsilon)
    )
    rounds = max(0, math.ceil(math.log2(len(left) / FINALISTS)))
    trials: dict[Candidate, Trial] = {}
    spent = 0
    for halving in range(rounds, -1, -1):
        if halving < rounds:
            left = sorted(_best(left, trials)[: max(FINALISTS, (len(left) + 1) // 2)])
        steps = max(1, settings.steps >> halving)
        spent += trainer.cost(steps).forward_passes * len(left)
        trials |= _try(left, source, task, settings, trainer, steps, checkpointer or Checkpointer())
    return Tuning(_best(left, trials)[0], trials, spent)


def learning_curve(
    source: DirectionSource,
    task: Task,
    settings: TrainSettings,
    trainer: Trainer,
    chosen: Candidate,
    every: int,
) -> list[dict[str, float | int | None]]:
    """Train once more and measure a row every ``every`` steps and at both ends.

    Trains on ``task.fit``, so that the validation split stays unseen.

    Returns:
        Rows of ``step``, ``train_loss``, ``validation_loss`` (means over the seeds, None once a
        seed has diverged) and ``validation_accuracy`` (percent, mean over the seeds; None where
        targets are no classes).
    """
    stops = range(0, settings.steps, every)
    rows: list[dict[str, float | int | None]] = []
    for step, state in _training(source, trainer, task.fit, _run(settings, [chosen]), stops):
        held = trainer.score(state, task.validation)
        rows.append(
            {
                "step": step,
                "train_loss": _finite(trainer.score(state, task.fit).loss.mean()),
                "validation_loss": _finite(held.loss.mean()),
                "validation_accuracy": _finite(held.accuracy.mean()),
            }
        )
    return rows


def steps_to_target(steps: Sequence[int], accuracy: Sequence[float], target: float) -> int | None:
    """Find the first check from which on the accuracy stays at the target or above.

    Args:
        steps: Steps done at each check.
        accuracy: Accuracy at each check, percent.
        target: Percent.
    """
    held = None
    for step, value in zip(reversed(steps), reversed(accuracy), strict=True):
        if not value >= target:  # nor is it where there is no accuracy
            break
        held = step
    return held


def _best(candidates: Iterable[Candidate], trials: dict[Candidate, Trial]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (trials[candidate].rank, candidate))


def _try(
    candidates: Sequence[Candidate],
    source: DirectionSource,
    task: Task,
    settings: TrainSettings,
    trainer: Trainer,
    steps: int,
    checkpointer: Checkpointer,
) -> dict[Candidate, Trial]:
    """Try all candidates, those of one epsilon side by side."""
    trials = {}
    for epsilon in sorted({candidate.epsilon for candidate in candidates}):
        group = [candidate for candidate in candidates if candidate.epsilon == epsilon]
        run = replace(_run(settings, group), steps=steps)
        run = replace(run, seeds=run.seeds[: settings.tuning_seeds])
        states = partial(_training, source, trainer, task.fit, run, _checks(steps))
        seen, _ = checkpointer.run(
            f"{steps} steps, {', '.join(map(_label, group))}",
            trainer,
            states,
            lambda state: trainer.score(state, task.validation),
        )
        losses = seen[-1][1].loss.mean(axis=0)
        for index, candidate in enumerate(group):
            accuracies = [score.accuracy[:, index] for _, score in seen]
            means = [float(accuracy.mean()) for accuracy in accuracies]
            steps_seen = [step for step, _ in seen]
            reached = steps_to_target(steps_seen, means, settings.target_accuracy)
            curve = tuple(map(_check, steps_seen, accuracies)) if math.isfinite(means[-1]) else ()
            trials[candidate] = Trial(means[-1], float(losses[index]), reached, curve)
    return trials


def _checks(steps: int) -> list[int]:
    """Return the steps after which a run is looked at, besides the last."""
    return [steps * check // CHECKS for check in range(1, CHECKS)] if steps >= CHECKS else []


def _check(step: int, accuracies: NDArray[np.float64]) -> tuple[int, float, float | None]:
    """Summarise one check of a learning curve, to hundredths of a percent: it is for display."""
    half = half_width(accuracies.tolist())
    mean = round(float(np.mean(accuracies)), 2)
    return step, mean, None if half is None else round(half, 2)


def _label(candidate: Candidate) -> str:
    return f"{candidate.learning_rate:g}/{candidate.epsilon:g}"


def _run(settings: TrainSettings, candidates: Sequence[Candidate]) -> Run:
    """Return the run of candidates that share an epsilon."""
    return Run(
        seeds=tuple(range(settings.seeds)),
        learning_rates=tuple(candidate.learning_rate for candidate in candidates),
        steps=settings.steps,
        batch=settings.batch,
        epsilon=candidates[0].epsilon,
    )


def _training(
    source: DirectionSource,
    trainer: Trainer,
    data: Split,
    run: Run,
    stops: Sequence[int] = (),
    start: Checkpoint | None = None,
) -> Iterator[tuple[int, TrainState]]:
    """Train in calls of a few seeds each, side by side from stop to stop."""
    groups = [slice(at, at + SEEDS_PER_CALL) for at in range(0, len(run.seeds), SEEDS_PER_CALL)]
    calls = []
    for group in groups:
        part = replace(run, seeds=run.seeds[group])
        if start is None:
            calls.append(trainer.run(data, part, source, stops))
        else:
            assert isinstance(trainer, ResumableTrainer), "others have no checkpoint"
            calls.append(trainer.run(data, part, source, stops, start.of_seeds(group)))
    for parts in zip(*calls, strict=True):
        yield parts[0][0], _joined([state for _, state in parts])


def _joined(states: Sequence[TrainState]) -> TrainState:
    if len(states) == 1:
        return states[0]
    jax = load_jax()
    trees = [state.weights for state in states]
    weights = jax.tree.map(lambda *pieces: jax.numpy.concatenate(pieces), *trees)
    diverged_at = np.concatenate([state.diverged_at for state in states])
    parts = zip(*(state.optimizer for state in states), strict=True)
    return TrainState(weights, diverged_at, tuple(map(np.concatenate, parts)))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
