"""Training of a student: distilled from a teacher, zeroth-order, halted early.

:mod:`pezoexplore.train.networks.student` has the student's design, the loss and the halting rule.
The student trains with the estimator and on the directions of a design point; its teacher is
trained by backprop beforehand, off the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.intervals import half_width
from pezoexplore.train.backend import load_jax
from pezoexplore.train.evaluate import tune
from pezoexplore.train.general_loop import Sgd, Start
from pezoexplore.train.general_trainer import GeneralTrainer, Options
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Network
from pezoexplore.train.networks.student import (
    Budget,
    DistillationLoss,
    Halting,
    Watch,
    design_student,
)
from pezoexplore.train.selection import general_trainer_of, stream_source
from pezoexplore.train.task import Split, Task, class_losses
from pezoexplore.train.trainer import NEVER, DirectionSource, Run, RunCost, Score, TrainState

if TYPE_CHECKING:
    from pezoexplore.design.space import TrainSettings

TEACHER_RUN = Run(seeds=(0,), learning_rates=(0.05,), steps=2000)
TEACHER_SGD = Sgd(momentum=0.9)
"""The teacher's training: one run by backprop, the best of ten checkpoints kept."""

_TEACHER_CHECKS = 10


@dataclass(frozen=True)
class Distillation:
    """Settings of a student's design and training.

    Attributes:
        budget: Limits of the student.
        alpha: Share of the labels' loss.
        temperature: Temperature T of the softened outputs.
        halting: Halting rule; None: with the teacher to the last step.
        teacher_hidden: Hidden widths of the teacher of a perceptron's task. Elsewhere the task's
            own network is the teacher.
    """

    budget: Budget = field(default_factory=Budget)
    alpha: float = 0.5
    temperature: float = 3.0
    halting: Halting | None = field(default_factory=Halting)
    teacher_hidden: tuple[int, ...] = (256,)


@dataclass(frozen=True)
class Teacher:
    """A trained teacher.

    Attributes:
        task: The teacher's network on the task's data.
        state: Weights, of one replica.
    """

    task: Task
    state: TrainState

    @property
    def trainer(self) -> GeneralTrainer:
        """The trainer that trains and scores the teacher."""
        return GeneralTrainer(self.task, "backprop", None, Options(sgd=TEACHER_SGD))

    def outputs(self, split: Split) -> NDArray[np.float32]:
        """Compute the teacher's outputs on a split, float32 [n, classes]."""
        return outputs_of(self.task.model, self.trainer.weights(self.state)[0, 0], split)


@dataclass(frozen=True)
class Distilled:
    """Result of training one seed.

    Attributes:
        state: The trained student.
        dropped_at: Steps done when the teacher was dropped; None if it never was.
        stopped_at: Steps done in all.
        checks: Checks of the validation loss.
    """

    state: TrainState
    dropped_at: int | None
    stopped_at: int
    checks: int

    @property
    def teacher_steps(self) -> int:
        """Steps with the teacher."""
        return self.stopped_at if self.dropped_at is None else self.dropped_at


@dataclass(frozen=True, eq=False)
class Distiller:
    """Trainer of a student with its teacher.

    Attributes:
        trainer: Trainer of the student on labels alone.
        taught: Outputs of the teacher on ``task.fit``, float32 [n, classes].
        plan: Loss and halting.
    """

    trainer: GeneralTrainer
    taught: NDArray[np.float32]
    plan: Distillation

    @property
    def task(self) -> Task:
        """The student's task."""
        return self.trainer.task

    def run(
        self, data: Split, run: Run, source: DirectionSource, stops: Sequence[int] = ()
    ) -> Iterator[tuple[int, TrainState]]:
        """Train as :meth:`Trainer.run`, with the teacher to the end, on ``task.fit`` only."""
        taught = self._trainer(self.plan.alpha)
        return taught.run(self._targets(data), run, source, stops)

    def score(self, state: TrainState, split: Split) -> Score:
        """Score as :meth:`Trainer.score`; the loss is that against the labels alone."""
        return self.trainer.score(state, split)

    def weights(self, state: TrainState) -> NDArray[np.float32]:
        """Return the weights, as :meth:`Trainer.weights`."""
        return self.trainer.weights(state)

    def cost(self, steps: int) -> RunCost:
        """Count as :meth:`Trainer.cost`, of the student alone."""
        return self.trainer.cost(steps)

    def halted(self, run: Run, source: DirectionSource) -> Distilled:
        """Train one replica until it halts: with the teacher, then without."""
        halting = self.plan.halting
        if halting is None:
            *_, (_, state) = self.run(self.task.fit, run, source)
            return Distilled(state, None, run.steps, 0)
        taught = self._phase(run, source, Start(self._initial(run)), self.plan.alpha, halting)
        if taught.dropped_at is None:
            return taught
        start = Start(taught.state.weights, taught.stopped_at)
        alone = self._phase(run, source, start, 1.0, halting)
        checks = taught.checks + alone.checks
        return Distilled(alone.state, taught.stopped_at, alone.stopped_at, checks)

    def _phase(
        self, run: Run, source: DirectionSource, start: Start, alpha: float, halting: Halting
    ) -> Distilled:
        """Train from a start to the next stall (``dropped_at`` is then set) or to the last step."""
        watch, checks = Watch(halting), 0
        stops = range(start.step + halting.every, run.steps, halting.every)
        data = self._targets(self.task.fit)
        trainer = self._trainer(alpha)
        for step, state in trainer.resume(data, run, source, start, stops):
            if step == run.steps:
                break
            checks += 1
            if watch.stalled(float(self.score(state, self.task.validation).loss[0, 0])):
                return Distilled(state, step, step, checks)
        return Distilled(state, None, step, checks)

    def _initial(self, run: Run) -> NDArray[np.float32]:
        return np.asarray(self.trainer.start(run).weights)

    def _trainer(self, alpha: float) -> GeneralTrainer:
        loss = DistillationLoss(alpha, self.plan.temperature)
        return replace(self.trainer, task=replace(self.task, loss=loss))

    def _targets(self, data: Split) -> Split:
        """Put labels and the teacher's outputs side by side, [n, 1 + classes]."""
        if data is not self.task.fit:
            raise ValueError("students are distilled on the fit split")
        labels = data.labels[:, None].astype(np.float32)
        return replace(data, labels=np.concatenate([labels, self.taught], axis=1))


def distil_point(
    point: DesignPoint, task: Task, settings: TrainSettings, plan: Distillation
) -> dict[str, Any]:
    """Train a teacher, design a student, tune its learning rate, distil it seed by seed, test it.

    Students train on ``task.fit``, since the validation split decides when to stop. The rate is
    tuned at full length with the teacher. Runs of different seeds halt at different steps, so each
    is a separate call.

    Args:
        point: Estimator and directions of the student.
        task: The task; its inputs are flattened for the student.
        settings: As for any training.
        plan: Settings of the distillation.

    Returns:
        Plain values. ``student_hidden``, ``student_parameters``, ``student_macs``,
        ``student_step_us``, ``teacher_parameters``, ``teacher_accuracy`` (percent, test split);
        ``accuracy_mean``, ``accuracy_ci95``, ``accuracy_per_seed`` and ``diverged_step`` as of
        other trainings; ``learning_rate``, ``epsilon``; ``teacher_dropped_at`` (None where it
        never was) and ``stopped_at``, steps by seed; means over the seeds of ``forward_passes``
        and ``forward_passes_saved`` (the student's, over one batch), ``teacher_passes`` and
        ``teacher_passes_saved`` (one per step with the teacher) and ``validation_passes`` (cost of
        the checks, in batches).

    Raises:
        DesignError: The point trains in integers, or the task's targets are no classes.
    """
    if point.fixed_point:
        raise DesignError("train: distil: students train in float; leave weight_bits at float")
    if not task.train.has_classes or task.loss is not class_losses:
        raise DesignError(f"train: distil: {task.name} has no classes that a teacher could soften")
    teacher = teach(task, plan)
    student = student_task(task, teacher, plan.budget)
    trainer = general_trainer_of(point, student, settings)
    distiller = Distiller(trainer, teacher.outputs(task.fit), plan)
    source = stream_source(point, student)
    chosen = tune(source, student, settings, distiller).chosen
    run = Run((), (chosen.learning_rate,), settings.steps, settings.batch, chosen.epsilon)
    runs = [distiller.halted(replace(run, seeds=(seed,)), source) for seed in range(settings.seeds)]
    model = student.model
    return {
        "student_hidden": list(model.sizes[1:-1]),
        "student_parameters": model.parameters,
        "student_macs": model.macs,
        "student_step_us": plan.budget.step_us(model),
        "teacher_parameters": teacher.task.parameters,
        "teacher_accuracy": float(teacher.trainer.score(teacher.state, task.test).accuracy[0, 0]),
        "learning_rate": chosen.learning_rate,
        "epsilon": chosen.epsilon,
        **_accuracies(distiller, runs),
        **_passes(distiller, runs, settings),
    }


def teach(task: Task, plan: Distillation) -> Teacher:
    """Train a task's teacher on ``task.fit``; keep the checkpoint best on the validation split."""
    model = task.model
    if isinstance(model, Mlp):
        sizes = (model.sizes[0], *plan.teacher_hidden, model.sizes[-1])
        task = replace(task, model=Mlp(sizes, model.input_scale), initial=None)
    trainer = Teacher(task, TrainState(None, np.zeros(0, np.int32))).trainer
    steps = TEACHER_RUN.steps
    stops = range(0, steps, steps // _TEACHER_CHECKS)
    states = [state for _, state in trainer.run(task.fit, TEACHER_RUN, None, stops)]
    accuracies = [trainer.score(state, task.validation).accuracy[0, 0] for state in states]
    return Teacher(task, states[int(np.argmax(accuracies))])


def outputs_of(network: Network, flat: NDArray[np.float32], split: Split) -> NDArray[np.float32]:
    """Compute a network's outputs [n, classes] on a split, some examples at a time."""
    several = 512
    compiled = load_jax().jit(network.outputs)
    parts = [
        np.asarray(compiled(flat, split.inputs[at : at + several]))
        for at in range(0, len(split), several)
    ]
    return np.concatenate(parts)


def student_task(task: Task, teacher: Teacher, budget: Budget) -> Task:
    """Return the task with flat inputs and the student designed for the budget."""

    def flat(split: Split) -> Split:
        return replace(split, inputs=split.inputs.reshape(len(split), -1))

    fit = flat(task.fit)
    features, classes = fit.inputs.shape[1], teacher.outputs(task.validation).shape[1]
    student = design_student(teacher.task.model, features, classes, budget)
    scale = getattr(task.model, "input_scale", 1.0)
    return replace(
        task,
        model=replace(student, input_scale=scale),
        initial=None,
        train=flat(task.train),
        fit=fit,
        validation=flat(task.validation),
        test=flat(task.test),
    )


def _accuracies(distiller: Distiller, runs: Sequence[Distilled]) -> dict[str, Any]:
    """Measure the accuracy on the test split, None if a seed diverged, and when one first did."""
    diverged = [int(run.state.diverged_at[0, 0]) for run in runs]
    steps = [step for step in diverged if step != NEVER]
    test = distiller.task.test
    kept = [float(distiller.score(run.state, test).accuracy[0, 0]) for run in runs]
    return {
        "accuracy_mean": None if steps else float(np.mean(kept)),
        "accuracy_ci95": None if steps else half_width(kept),
        "accuracy_per_seed": None if steps else kept,
        "diverged_step": min(steps) if steps else None,
    }


def _passes(
    distiller: Distiller, runs: Sequence[Distilled], settings: TrainSettings
) -> dict[str, Any]:
    """Return what was run and what halting saved, means over the seeds."""
    stopped = [run.stopped_at for run in runs]
    made = float(np.mean([distiller.cost(steps).forward_passes for steps in stopped]))
    taught = float(np.mean([run.teacher_steps for run in runs]))
    batches = -(-len(distiller.task.validation) // settings.batch)
    return {
        "teacher_dropped_at": [run.dropped_at for run in runs],
        "stopped_at": stopped,
        "forward_passes": made,
        "forward_passes_saved": distiller.cost(settings.steps).forward_passes - made,
        "teacher_passes": taught,
        "teacher_passes_saved": settings.steps - taught,
        "validation_passes": float(np.mean([run.checks * batches for run in runs])),
    }
