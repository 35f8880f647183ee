from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.design.conditions import OPERATORS, Condition, parse_condition, parse_conditions
from pezoexplore.errors import DesignError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lut <= 2000", Condition("lut", "<=", 2000.0)),
        ("lut<=2e3", Condition("lut", "<=", 2000.0)),
        ("accuracy_mean>-.5", Condition("accuracy_mean", ">", -0.5)),
        ("reuse == phased", Condition("reuse", "==", "phased")),
        ("reuse=='phased'", Condition("reuse", "==", "phased")),
        ('status != "skipped: too large"', Condition("status", "!=", "skipped: too large")),
        ("status == failed:train", Condition("status", "==", "failed:train")),
        ("reuse_period == inf", Condition("reuse_period", "==", math.inf)),
        ('point_id == "0012"', Condition("point_id", "==", "0012")),
        ("point_id == 12e456789", Condition("point_id", "==", "12e456789")),
    ],
)
def test_reads_one_condition(text, expected):
    assert parse_condition(text) == expected


def test_reads_several_conditions():
    text = "lut < 10 and rng == 'a and b' and sand != land"
    assert parse_conditions(text) == (
        Condition("lut", "<", 10.0),
        Condition("rng", "==", "a and b"),
        Condition("sand", "!=", "land"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "lut", "lut <", "lut = 3", "lut <> 3", "3 < lut", "lut < 3 and", "lut < 3 or ff < 2",
        "lut < 3, ff < 2", "a == b c", "a == 'b", "rng < lfsr", "rng >= 'x'", "lut == nan",
        "a == and", "__import__('os')", "lut < 3 and and ff < 2", "lut < 3andff < 2",
    ],
)  # fmt: skip
def test_unreadable_text_is_one_line_that_quotes_it(text):
    with pytest.raises(DesignError) as caught:
        parse_conditions(text)
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_condition_means_one():
    with pytest.raises(DesignError, match="one comparison"):
        parse_condition("a < 1 and b < 2")


@pytest.mark.parametrize(
    ("text", "cell", "holds"),
    [
        ("c <= 3", 3, True), ("c < 3", 3.0, False), ("c >= 3", "3", True), ("c > 3", "2.5", False),
        ("c == 3", "3.0", True), ("c != 3", 3.5, True), ("c == inf", "inf", True),
        ("c < 100", "inf", False), ("c != 3", "text", True), ("c < 3", "text", False),
        ("c == 8", "8b", False), ("c == '8'", 8.0, True), ("c == lfsr", "lfsr", True),
        ("c != lfsr", "clt", True), ("c == LFSR", "lfsr", False), ("c == true", True, True),
        ("c == inf", "9e99999", False),
    ],
)  # fmt: skip
def test_holds(text, cell, holds):
    assert parse_condition(text).holds({"c": cell}) is holds


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_missing_cell_never_holds(operator):
    for row in ({}, {"c": ""}, {"c": None}, {"c": math.nan}):
        assert not parse_condition(f"c {operator} 3").holds(row)
        assert not Condition("c", "!=", "x").holds(row)


VALUES = st.one_of(
    st.floats(allow_nan=False),
    st.text(st.characters(categories=["L", "N"], include_characters=" _:=<'."), min_size=1),
)


@given(st.from_regex(r"\A[a-z_]\w{0,5}\Z"), st.sampled_from(["==", "!="]), VALUES)
def test_written_conditions_read_back(column, operator, value):
    condition = Condition(column, operator, value)
    assert parse_condition(str(condition)) == condition


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        assert parse_conditions(text)
    except DesignError as error:
        assert "\n" not in str(error)
