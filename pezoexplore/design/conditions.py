"""Conditions on a row of results, such as ``lut <= 2000 and reuse == phased``.

One tiny language for the constraints of a design space and for ``--where``: ``column op value``,
joined by ``and``. Nothing is evaluated as code.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pezoexplore.errors import DesignError

COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
"""The comparisons, of a number or of an array of them with a number."""

OPERATORS = tuple(COMPARE)
"""The comparisons a condition may use."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INFINITY = re.compile(r"[+-]?\.?inf", re.IGNORECASE)
_CONDITION = re.compile(
    r"""\s*(?P<column>[A-Za-z_]\w*)
        \s*(?P<op><=|>=|==|!=|<|>)
        \s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>=!]+))
        \s*""",
    re.VERBOSE,
)
_AND = re.compile(r"and\b")
_FORM = f"column op value [and column op value ...], op one of {' '.join(OPERATORS)}"


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a value; make it with :func:`parse_condition`.

    Attributes:
        column: Name of the column as written in results.csv.
        op: One of ``OPERATORS``.
        value: A number, or text (bare words that are no number, and everything quoted).
    """

    column: str
    op: str
    value: float | str

    def __str__(self) -> str:
        """Return the condition as it may be written again."""
        value = self.value if isinstance(self.value, str) else cell_text(self.value)
        plain = not isinstance(self.value, str) or (
            re.fullmatch(r"[^\s\"'<>=!]+", value) is not None
            and parse_number(value) is None
            and value != "and"
        )
        quote = "" if plain else '"' if '"' not in value else "'"
        return f"{self.column} {self.op} {quote}{value}{quote}"

    def holds(self, row: Mapping[str, object]) -> bool:
        """Return whether a row meets the condition.

        With the cell missing (absent, empty, NaN) it does not, whatever the comparison. Numbers
        are compared as numbers, also where the row holds them as text; text only with ``==`` and
        ``!=``.

        Args:
            row: Cells by column name: numbers, text, booleans or None.
        """
        cell = row.get(self.column)
        if is_missing(cell):
            return False
        if isinstance(self.value, str):
            return (cell_text(cell) == self.value) == (self.op == "==")
        number = parse_number(cell)
        if number is None:  # text is unequal to every number, and neither above nor below it
            return self.op == "!="
        return bool(COMPARE[self.op](number, self.value))


def parse_condition(text: str) -> Condition:
    """Parse one condition such as ``lut <= 2000``.

    Raises:
        DesignError: The text is not exactly one condition.
    """
    conditions = parse_conditions(text)
    if len(conditions) != 1:
        raise DesignError(f"condition {text!r}: one comparison is allowed here, not several")
    return conditions[0]


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Parse conditions such as ``a <= 1 and b == x``, all of which are to hold.

    Raises:
        DesignError: The text is not of the form ``column op value [and ...]``.
    """
    conditions = []
    position = 0
    while True:
        match = _CONDITION.match(text, position)
        if match is None:
            rest = text[position:].strip()
            where = f" at {rest!r}" if rest and rest != text.strip() else ""
            raise DesignError(f"condition {text!r}: cannot be read{where}; write {_FORM}")
        conditions.append(_condition(match, text))
        position = match.end()
        if position == len(text):
            return tuple(conditions)
        joint = _AND.match(text, position)
        if joint is None:
            rest = text[position:].strip()
            raise DesignError(
                f"condition {text!r}: expected 'and' at {rest!r} (quote values with spaces); "
                f"write {_FORM}"
            )
        position = joint.end()


def _condition(match: re.Match[str], text: str) -> Condition:
    bare = match["bare"]
    quoted = match["single"] if match["double"] is None else match["double"]
    number = None if bare is None else parse_number(bare)
    value = number if number is not None else quoted if bare is None else bare
    if bare == "and" or (bare is not None and bare.lower() == "nan"):
        raise DesignError(f"condition {text!r}: {bare!r} is no value (quote it to mean the text)")
    if isinstance(value, str) and match["op"] not in ("==", "!="):
        raise DesignError(f"condition {text!r}: {match['op']} needs a number, not {value!r}")
    return Condition(match["column"], match["op"], value)


def is_missing(cell: object) -> bool:
    """Return whether a cell holds nothing: None, empty text or NaN."""
    return cell is None or cell == "" or cell != cell  # only NaN differs from itself


def parse_number(cell: object) -> float | None:
    """Return the number in a cell, or None when it is empty or holds other text.

    Hexadecimal names such as ``12e45678`` that would overflow are text, not infinity.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if _INFINITY.fullmatch(text):
            return -math.inf if text.startswith("-") else math.inf
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
        return number if math.isfinite(number) else None
    # numpy's numbers are no int or float, but all of them offer __float__
    if is_missing(cell) or not hasattr(cell, "__float__"):
        return None
    return float(cell)


def cell_text(cell: object) -> str:
    """Return a cell as text: whole numbers without a point, booleans in small letters."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    number = parse_number(cell)
    if number is None:
        return str(cell)
    return str(int(number)) if number.is_integer() else repr(number)
