"""Design-file values that name columns of results.csv: objectives and constraints."""

from __future__ import annotations

from pezoexplore.design.columns import COLUMNS, NUMERIC_COLUMNS
from pezoexplore.design.conditions import OPERATORS, Condition, parse_condition
from pezoexplore.design.kinds import Json, Kind, nearest, refusal, shown
from pezoexplore.errors import DesignError


class ColumnKind(Kind):
    """The name of a numeric column."""

    @property
    def allowed(self) -> str:
        """Allowed values, for error messages."""
        return ", ".join(NUMERIC_COLUMNS)

    def read(self, value: object) -> str:
        """Return the name of a numeric column; raise DesignError for anything else."""
        if not isinstance(value, str):
            raise self.refuse(value)
        if value not in NUMERIC_COLUMNS:
            what = "is not numeric" if value in COLUMNS else "is no column"
            hint = nearest(value, NUMERIC_COLUMNS)
            raise refusal(f"got {shown(value)}, which {what}{hint}; allowed: {self.allowed}")
        return value

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        return {"enum": list(NUMERIC_COLUMNS)}


class ConstraintKind(Kind):
    """A condition on a numeric column, written as text such as ``lut <= 2000``."""

    @property
    def allowed(self) -> str:
        """Allowed values, for error messages."""
        return f"column op number, such as lut <= 2000, op one of {' '.join(OPERATORS)}"

    def read(self, value: object) -> Condition:
        """Return the parsed condition; raise DesignError for anything else."""
        if isinstance(value, Condition):
            return value
        if not isinstance(value, str):
            raise self.refuse(value)
        try:
            condition = parse_condition(value)
        except DesignError:
            raise self.refuse(value) from None
        ColumnKind().read(condition.column)
        if isinstance(condition.value, str):
            raise self.refuse(value)
        return condition

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        pattern = rf"^\s*({'|'.join(NUMERIC_COLUMNS)})\s*({'|'.join(OPERATORS)})\s*\S+\s*$"
        return {"type": "string", "pattern": pattern}
