"""Design-file values that name columns of results.csv: objectives and constraints."""

from __future__ import annotations

from pezoexplore.design.columns import COLUMN_HELP, NUMERIC_COLUMNS
from pezoexplore.design.conditions import OPERATORS, Condition, parse_condition
from pezoexplore.design.kinds import Kind, nearest, refusal, shown
from pezoexplore.errors import DesignError

_COLUMN_NAMES = ", ".join(NUMERIC_COLUMNS)


def _column(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    if value not in NUMERIC_COLUMNS:
        what = "is not numeric" if value in COLUMN_HELP else "is no column"
        hint = nearest(value, NUMERIC_COLUMNS)
        raise refusal(f"got {shown(value)}, which {what}{hint}; allowed: {_COLUMN_NAMES}")
    return value


def _constraint(value: object) -> Condition:
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        raise ValueError
    try:
        condition = parse_condition(value)
    except DesignError:
        raise ValueError from None
    _column(condition.column)
    if isinstance(condition.value, str):
        raise ValueError
    return condition


COLUMN = Kind(_COLUMN_NAMES, {"enum": list(NUMERIC_COLUMNS)}, _column)
"""The name of a numeric column."""

CONSTRAINT = Kind(
    f"column op number, such as lut <= 2000, op one of {' '.join(OPERATORS)}",
    {
        "type": "string",
        "pattern": rf"^\s*({'|'.join(NUMERIC_COLUMNS)})\s*({'|'.join(OPERATORS)})\s*\S+\s*$",
    },
    _constraint,
)
"""A condition on a numeric column, written as text such as ``lut <= 2000``."""
