"""The reason for an empty front: the first that is true, in words."""

from __future__ import annotations

import math

import pytest

from pezoexplore.analysis.empty_front import empty_front
from pezoexplore.design.conditions import parse_conditions

FAILED = {"status": "failed:synth", "accuracy_mean": 90.0, "lut": 5.0}
LOW, HIGH = ({"status": "ok", "accuracy_mean": accuracy, "lut": 50.0} for accuracy in (13.0, 60.0))
SOFTWARE = {"status": "ok", "accuracy_mean": 95.0, "lut": math.nan}


@pytest.mark.parametrize(
    ("rows", "constraints", "why"),
    [
        ([], "lut < 1", "there is no design"),
        ([FAILED], "lut < 1", "none of 1 design finished"),
        ([FAILED, SOFTWARE], "lut < 1", "none of 1 finished design has lut"),
        (
            [LOW, HIGH, SOFTWARE, FAILED],
            "accuracy_mean >= 80 and lut <= 60",
            "none of 2 finished designs meets the constraint accuracy_mean >= 80 (nearest: 60)",
        ),
        (
            [LOW, HIGH],
            "lut <= 20 and accuracy_mean >= 80",
            "none of 2 finished designs meets the constraint lut <= 20 (nearest: 50) and "
            "accuracy_mean >= 80 (nearest: 60)",
        ),
        (
            [LOW, HIGH | {"lut": 99.0}],
            "lut <= 60 and accuracy_mean >= 50",
            "none of 2 finished designs meets all of: lut <= 60 and accuracy_mean >= 50",
        ),
        ([LOW], "ff <= 5", "none of 1 finished design meets the constraint ff <= 5"),
        ([LOW], "status != ok", "none of 1 finished design meets the constraint status != ok"),
    ],
)
def test_the_first_reason_that_is_true(rows, constraints, why):
    assert empty_front(rows, ["accuracy_mean", "lut"], parse_conditions(constraints)) == why


def test_objectives_that_no_design_has_together():
    rows = [{"status": "ok", "a": 1.0, "b": ""}, {"status": "ok", "a": "", "b": 1.0}]
    assert empty_front(rows, ["a", "b"]) == "none of 2 finished designs has a and b"
