from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from pezoexplore.errors import DesignError
from pezoexplore.train.networks.cnn import digits_cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.student import (
    Budget,
    DistillationLoss,
    Halting,
    Watch,
    design_student,
)

TEACHER = Mlp((64, 128, 96, 10))


def test_the_largest_student_that_fits_is_taken() -> None:
    whole = design_student(TEACHER, 64, 10, Budget())
    assert whole.sizes == TEACHER.sizes
    tight = design_student(TEACHER, 64, 10, Budget(max_parameters=2000))
    assert tight.sizes == (64, 22, 16, 10)
    assert tight.parameters <= 2000 < Mlp((64, 24, 18, 10)).parameters
    assert Mlp((64, 24, 18, 10)).parameters > 2000


@given(st.integers(200, 40_000), st.integers(200, 40_000), st.floats(20, 6000), st.integers(1, 128))
def test_students_keep_to_every_budget(
    parameters: int, macs: int, step_us: float, batch: int
) -> None:
    budget = Budget(parameters, macs, step_us, macs_per_us=1000, batch=batch)
    widths = [(2 * k, 96 * k // 64) for k in range(1, 65)]
    fitting = [(64, *width, 10) for width in widths if budget.holds(Mlp((64, *width, 10)))]
    if not fitting:
        with pytest.raises(DesignError, match="no student fits"):
            design_student(TEACHER, 64, 10, budget)
        return
    student = design_student(TEACHER, 64, 10, budget)
    assert student.parameters <= parameters
    assert student.macs <= macs
    assert (2 * batch * student.macs + 3 * student.parameters) / 1000 <= step_us
    assert student.sizes == fitting[-1]


def test_a_teacher_of_convolutions_has_a_student_of_one_hidden_layer() -> None:
    student = design_student(digits_cnn(), 64, 10, Budget(max_macs=1000))
    assert student.sizes == (64, 13, 10)
    assert student.macs == 13 * 74


def test_loss_of_labels_and_teacher() -> None:
    rng = np.random.default_rng(0)
    outputs, teacher = rng.normal(0, 2, size=(2, 8, 5))
    labels = rng.integers(0, 5, size=8)
    targets = np.concatenate([labels[:, None], teacher], axis=1).astype(np.float32)
    hard = -log_softmax(outputs, axis=1)[np.arange(8), labels]
    taught = softmax(teacher / 2, axis=1)
    soft = (taught * (np.log(taught) - log_softmax(outputs / 2, axis=1))).sum(axis=1)
    loss = DistillationLoss(alpha=0.3, temperature=2.0)(outputs.astype(np.float32), targets)
    np.testing.assert_allclose(loss, 0.3 * hard + 0.7 * 4 * soft, rtol=1e-4)
    alone = DistillationLoss(alpha=1, temperature=2.0)(outputs.astype(np.float32), targets)
    np.testing.assert_allclose(alone, hard, rtol=1e-4)
    same = DistillationLoss(alpha=0, temperature=2.0)(teacher.astype(np.float32), targets)
    np.testing.assert_allclose(same, 0, atol=1e-5)


def looks(losses: list[float], **settings: float) -> list[bool]:
    watch = Watch(Halting(**({"delta": 0.1, "patience": 2, "smoothing": 1.0} | settings)))
    return [watch.stalled(loss) for loss in losses]


def test_a_stall_is_p_checks_in_a_row_below_delta() -> None:
    assert looks([2.0, 1.0, 0.95, 0.5, 0.49, 0.48]) == [False] * 5 + [True]
    assert looks([1.0, 1.0, 1.0, 1.0, 1.0]) == [False, False, True, False, True]
    assert looks([1.0, 1.2, 1.3]) == [False, False, True]


def test_smoothing_hides_a_single_bad_check() -> None:
    losses = [1.0, 0.8, 0.85, 0.6, 0.65, 0.4]
    assert looks(losses, patience=1) == [False, False, True, False, True, False]
    assert looks(losses, patience=1, smoothing=0.4, delta=0.02) == [False] * 6


def test_a_loss_that_is_not_finite_stalls() -> None:
    assert looks([1.0, math.nan, math.nan]) == [False, False, True]
    assert looks([math.nan, math.nan]) == [False, True]
