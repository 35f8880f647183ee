from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.train import distil as distilling
from pezoexplore.train.distil import Distillation, Distiller, distil_point, teach
from pezoexplore.train.general_trainer import GeneralTrainer
from pezoexplore.train.networks.student import Budget, Halting
from pezoexplore.train.selection import stream_source
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import Run

TASK = get_task("digits-mlp")
POINT = resolve(rng="rademacher", reuse="none")


@pytest.fixture(autouse=True)
def short_teaching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distilling, "TEACHER_RUN", replace(distilling.TEACHER_RUN, steps=200))


def distilled(settings: Any, halting: Halting | None, point: DesignPoint = POINT) -> dict[str, Any]:
    plan = Distillation(Budget(max_parameters=700), halting=halting, teacher_hidden=(48,))
    return distil_point(point, TASK, settings(steps=120, learning_rates=(0.02,)), plan)


@pytest.mark.regression
def test_halting_saves_passes(settings: Any) -> None:
    found = distilled(settings, Halting(delta=0.9, patience=2, every=10))
    # No look is good enough: dropped at the third look, stopped at the third after it.
    assert found["teacher_dropped_at"] == [30, 30]
    assert found["stopped_at"] == [60, 60]
    assert found["forward_passes"] == 120
    assert found["forward_passes_saved"] == 120
    assert found["teacher_passes"] == 30
    assert found["teacher_passes_saved"] == 90
    assert found["validation_passes"] == 6 * 5
    assert found["student_hidden"] == [9]
    assert found["student_parameters"] == 9 * 65 + 100
    assert found["teacher_parameters"] == 48 * 65 + 490
    assert found["teacher_accuracy"] > 85
    assert len(found["accuracy_per_seed"]) == 2


@pytest.mark.regression
def test_without_halting_the_teacher_stays_to_the_end(settings: Any) -> None:
    found = distilled(settings, None)
    assert found["teacher_dropped_at"] == [None, None]
    assert found["stopped_at"] == [120, 120]
    assert found["forward_passes_saved"] == found["teacher_passes_saved"] == 0
    assert found["validation_passes"] == 0
    assert found == distilled(settings, Halting(delta=-9.0, every=1000))


@pytest.mark.slow
def test_a_student_learns_from_the_teacher_alone() -> None:
    plan = Distillation(Budget(max_parameters=700), alpha=0.0, teacher_hidden=(48,))
    teacher = teach(TASK, plan)
    student = distilling.student_task(TASK, teacher, plan.budget)
    distiller = Distiller(GeneralTrainer(student), teacher.outputs(student.fit), plan)
    run = Run((0,), (0.02,), 600)
    states = dict(distiller.run(student.fit, run, stream_source(POINT, student), (0,)))
    before, after = (distiller.score(states[step], student.validation) for step in (0, 600))
    assert after.loss[0, 0] < 0.8 * before.loss[0, 0]
    assert after.accuracy[0, 0] > before.accuracy[0, 0] + 10
    with pytest.raises(ValueError, match="fit split"):
        distiller.run(student.train, run, stream_source(POINT, student))
    np.testing.assert_array_equal(student.test.inputs, TASK.test.inputs)


@pytest.mark.regression
@pytest.mark.parametrize(("estimator", "passes"), [("sign_spsa", 240), ("backprop", 120)])
def test_students_train_with_the_estimator_of_the_point(
    settings: Any, estimator: str, passes: int
) -> None:
    drawn = {"rng": "rademacher", "reuse": "none"} if estimator == "sign_spsa" else {}
    found = distilled(settings, None, resolve(estimator=estimator, **drawn))
    assert found["forward_passes"] == passes
    assert found["accuracy_per_seed"] != distilled(settings, None)["accuracy_per_seed"]


def test_what_cannot_be_distilled_is_refused(settings: Any) -> None:
    integer = resolve(weight_bits=8, activation_bits=8)
    with pytest.raises(DesignError, match="students train in float"):
        distilled(settings, None, integer)
    squares = replace(TASK, loss=lambda outputs, labels: (outputs**2).sum(-1))
    with pytest.raises(DesignError, match="digits-mlp has no classes"):
        distil_point(POINT, squares, settings(), Distillation())
