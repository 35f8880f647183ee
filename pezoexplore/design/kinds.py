"""Kinds of single values of a design file: each checks, explains and describes itself.

A kind is put into an annotation, ``Annotated[int, Whole(1, 24)]``. It reads the value (raising an
error that names the value and what is allowed) and gives the JSON Schema of the key.
"""

from __future__ import annotations

import difflib
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MAX_POINTS = 1_000_000_000
"""Most combinations a design may list; points are made one at a time, never all at once."""

MAX_VALUES = 1_000_000
"""Most values of one axis: these are listed."""

Json = dict[str, object]


def shown(value: object) -> str:
    """Return a value as an error message shows it: short, on one line, in YAML's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        # Python refuses to print integers of thousands of digits.
        return str(value) if value.bit_length() < 100 else f"a {value.bit_length()}-bit integer"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"


def nearest(word: str, words: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for a mistyped word, or nothing."""
    close = difflib.get_close_matches(word[:100], list(words), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def refusal(message: str) -> PydanticCustomError:
    """Return a validation error with this message, to be raised."""
    return PydanticCustomError("design", "{message}", {"message": message})


class Kind(ABC):
    """A kind of value: reads it, states what is allowed, describes itself as JSON Schema."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """Allowed values, in words."""

    @abstractmethod
    def read(self, value: object) -> object:
        """Return the value in its own type.

        Raises:
            PydanticCustomError: The value is not of this kind.
        """

    @abstractmethod
    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""

    def refuse(self, value: object, hint: str = "") -> PydanticCustomError:
        """Return the error for a value that is not of this kind."""
        return refusal(f"got {shown(value)}; allowed: {self.allowed}{hint}")

    def core_schema(self) -> CoreSchema:
        """Return how pydantic reads the value."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema that pydantic reads with."""
        return self.core_schema()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Json:
        """Return the JSON Schema that pydantic shows."""
        return self.json_schema()


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from low to high; 2e4 is one, 2.5 and true are not.

    Attributes:
        low: Smallest value.
        high: Largest value.
        note: Why the largest is the largest.
        inf: Whether infinity is allowed as well.
        null: Whether nothing (the default) is allowed as well.
        word: A word that is allowed as well and reads as None; empty for none.
    """

    low: int
    high: int
    note: str = ""
    inf: bool = False
    null: bool = False
    word: str = ""

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return (
            f"integers {self.low} to {self.high}"
            + (" or inf" if self.inf else "")
            + (" or null (the generator's own default)" if self.null else "")
            + (f" or {self.word}" if self.word else "")
            + (f" ({self.note})" if self.note else "")
        )

    def read(self, value: object) -> int | float | None:
        """Return the number as an int; infinity as a float."""
        if (value is None and self.null) or (value == self.word and self.word):
            return None
        if self.inf and value in (math.inf, "inf", ".inf"):
            return math.inf
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(value)
        if not self.low <= value <= self.high:
            raise self.refuse(value)
        return value

    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""
        number: Json = {"type": "integer", "minimum": self.low, "maximum": self.high}
        others: list[Json] = []
        if self.inf:
            others.append({"enum": ["inf", ".inf"]})
        if self.null:
            others.append({"type": "null"})
        if self.word:
            others.append({"const": self.word})
        return {"anyOf": [number, *others]} if others else number


@dataclass(frozen=True)
class Positive(Kind):
    """A finite number above 0 and at most high."""

    high: float

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return f"numbers above 0, up to {self.high:g}"

    def read(self, value: object) -> float:
        """Return the number as a float."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(value)
        if not 0 < value <= self.high:
            raise self.refuse(value)
        return float(value)

    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""
        return {"type": "number", "exclusiveMinimum": 0, "maximum": self.high}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return ", ".join(self.choices)

    def read(self, value: object) -> str:
        """Return the word."""
        if not isinstance(value, str):
            raise self.refuse(value)
        if value not in self.choices:
            raise self.refuse(value, nearest(value, self.choices))
        return value

    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""
        return {"enum": list(self.choices)}


@dataclass(frozen=True)
class Name(Kind):
    """A name that may be part of a file name."""

    pattern: str = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return "text of up to 64 letters, digits, dots, dashes and underscores"

    def read(self, value: object) -> str:
        """Return the name."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self.refuse(value, "; put a number that is a name in quotes")
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise self.refuse(value)
        return value

    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True)
class Several(Kind):
    """One value or a list of values of a kind, read as a tuple.

    Attributes:
        kind: Kind of each value.
        empty: Whether nothing, or an empty list, is allowed.
        ranges: Whether ``{range: [lo, hi, step]}`` (hi included when a step lands on it) and
            ``{powers_of_two: [lo, hi]}`` (the powers from the value lo to the value hi) are too.
        once: Whether equal values collapse into the first.
    """

    kind: Kind
    empty: bool = False
    ranges: bool = False
    once: bool = False

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return self.kind.allowed

    def core_schema(self) -> CoreSchema:
        """Return how pydantic reads the value."""
        values = core_schema.tuple_variable_schema(self.kind.core_schema())
        read = core_schema.no_info_before_validator_function(self.read, values)
        return core_schema.no_info_after_validator_function(_distinct, read) if self.once else read

    def read(self, value: object) -> list[object]:
        """Return the values as a list, each still to be read."""
        if value is None and self.empty:
            return []
        if isinstance(value, list | tuple):
            if not value and not self.empty:
                raise self.refuse(value)
            return list(value)
        if isinstance(value, Mapping) and self.ranges:
            return list(_spread(value))
        return [value]

    def json_schema(self) -> Json:
        """Return JSON Schema of a value."""
        item = self.kind.json_schema()
        forms: list[Json] = [item, {"type": "array", "items": item}]
        if not self.empty:
            forms[1]["minItems"] = 1
        if self.ranges:
            forms += [_range_schema("range", 3), _range_schema("powers_of_two", 2)]
        return {"anyOf": forms}


def _distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(dict.fromkeys(values))


RANGE_FORMS = "{range: [lo, hi, step]} or {powers_of_two: [lo, hi]} of positive integers"


def _range_schema(name: str, count: int) -> Json:
    numbers = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": count,
        "maxItems": count,
    }
    return {
        "type": "object",
        "properties": {name: numbers},
        "required": [name],
        "additionalProperties": False,
    }


def _spread(mapping: Mapping[object, object]) -> Iterable[int]:
    """Yield the values of ``{range: ..}`` or ``{powers_of_two: ..}``."""
    (name, listed), *others = [*mapping.items(), (None, None)]
    counts = {"range": 3, "powers_of_two": 2}
    if len(others) > 1 or not isinstance(name, str) or name not in counts:
        keys = ", ".join(shown(key) for key in mapping) or "no keys"
        raise refusal(f"got a mapping of {keys}; allowed: {RANGE_FORMS}")
    numbers = _positive(listed)
    if len(numbers) != counts[name]:
        raise refusal(f"{name} got {shown(listed)}; allowed: {RANGE_FORMS}")
    low, high = numbers[:2]
    if low > high:
        raise refusal(f"{name} runs from {shown(low)} down to {shown(high)}; allowed: lo <= hi")
    if name == "range":
        if (high - low) // numbers[2] >= MAX_VALUES:
            raise refusal(f"range lists too many values; allowed: at most {MAX_VALUES}")
        return range(low, high + 1, numbers[2])
    exponents = range((low - 1).bit_length(), high.bit_length())
    if not exponents:
        raise refusal(f"no power of two lies between {shown(low)} and {shown(high)}")
    return [2**exponent for exponent in exponents]


def _positive(listed: object) -> list[int]:
    """Return the numbers if all are positive integers (or such as 1e3), else an empty list."""
    if not isinstance(listed, list | tuple):
        return []
    numbers = [
        int(number) if isinstance(number, float) and number.is_integer() else number
        for number in listed
    ]
    good = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in numbers)
    return numbers if good else []
