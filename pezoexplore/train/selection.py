"""Which loop trains a design point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import backprop_layers
from pezoexplore.train import general_trainer
from pezoexplore.train.coordinates.sparsity import Sparsity
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.general_loop import Sgd
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.mlp_trainer import MlpTrainer
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.steps.moments import BETA, Moments
from pezoexplore.train.steps.scope import ScopedDirections, check_decay, scope_of
from pezoexplore.train.steps.stale import Stale
from pezoexplore.train.steps.structured import directions_of, numbers_of
from pezoexplore.train.task import Task, class_losses
from pezoexplore.train.trainer import DirectionSource, Trainer

if TYPE_CHECKING:
    from pezoexplore.design.space import TrainSettings


def trainer_of(point: DesignPoint, task: Task, options: TrainSettings) -> Trainer:
    """Return the trainer for a point's estimator and arithmetic on a task's network.

    Two-point steps on a perceptron have a dedicated loop, several times as fast as the general
    one; so has integer training.

    Raises:
        DesignError: The task's network has no integer form, or an option does not fit the
            estimator.
    """
    if task.trainer is not None:
        own: Trainer = task.trainer(task, point, options)
        return own
    if point.fixed_point:
        beta, rates = options.momentum or BETA, len(options.learning_rates)
        return FixedTrainer(task, point, numbers_of(point, task), beta, rates)
    general = general_trainer_of(point, task, options)
    plain = point.estimator == "rge" and point.queries == 1
    plain = plain and general.options.sgd == Sgd() and not general.options.moments.used
    plain = plain and not general.options.backprop_layers
    if plain and isinstance(task.model, Mlp) and task.loss is class_losses:
        return MlpTrainer(task.model, task.initial, general.options.numbers)
    return general


def general_trainer_of(point: DesignPoint, task: Task, options: TrainSettings) -> GeneralTrainer:
    """Return the general trainer for a point's estimator, in float32.

    Raises:
        DesignError: An option does not fit the estimator.
    """
    replay = point.momentum_replay
    stale = point.estimator == "cocd"
    moments = Moments(point.step_size == "scalar", replay, options.momentum or BETA)
    # Replayed directions and earlier estimates stand for the velocity.
    sgd = Sgd(0.0 if replay or stale else options.momentum, options.weight_decay)
    check_decay(point, options.weight_decay)
    normalise = options.normalise and point.estimator == "rge_onesided"
    sparsity = Sparsity(options.sparsity, options.mask_epochs, queries=options.grasp_queries)
    more = general_trainer.Options(
        *(normalise, sgd, sparsity, options.batch, options.probe_workers),
        Stale(options.momentum or 1.0) if stale else moments,
        numbers_of(point, task),
        backprop_layers(point.scope),
    )
    return GeneralTrainer(task, point.estimator, point.queries, more)


def stream_source(point: DesignPoint, task: Task) -> DirectionSource:
    """Return the point's bit-true stream as a source of directions for a task."""
    inner, scope = directions_of(point, task), scope_of(point, task)
    if not scope:
        return inner
    return lambda seeds: ScopedDirections(
        inner(seeds), [scope.places(task.init(seed)) for seed in seeds], task.parameters
    )
