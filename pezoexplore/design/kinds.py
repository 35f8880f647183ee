"""Kinds of single values of a design file: each checks, explains and describes itself.

A kind is put into an annotation, ``Annotated[int, whole(1, 24)]``. It reads the value (raising an
error that names the value and what is allowed) and gives the JSON Schema of the key.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

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


@dataclass(eq=False)
class Kind:
    """A kind of value: what is allowed, its JSON Schema, and how it is read.

    Attributes:
        allowed: Allowed values, in words.
        schema: JSON Schema of a value.
        accept: Returns a value in its own type; raises ValueError, with a hint or without, for one
            that is not of this kind.
    """

    allowed: str
    schema: Json
    accept: Callable[[Any], object]

    def read(self, value: object) -> object:
        """Return the value in its own type.

        Raises:
            PydanticCustomError: The value is not of this kind.
        """
        try:
            return self.accept(value)
        except PydanticCustomError:
            raise
        except ValueError as hint:
            raise refusal(f"got {shown(value)}; allowed: {self.allowed}{hint}") from None

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
        return self.schema


class Several(Kind):
    """One value or a list of values of a kind, read as a tuple.

    Args:
        kind: Kind of each value.
        empty: Whether nothing, or an empty list, is allowed.
        ranges: Whether ``{range: [lo, hi, step]}`` (hi included when a step lands on it) and
            ``{powers_of_two: [lo, hi]}`` (the powers from the value lo to the value hi) are too.
        once: Whether equal values collapse into the first.
    """

    def __init__(
        self, kind: Kind, *, empty: bool = False, ranges: bool = False, once: bool = False
    ) -> None:
        """Build the kind of a list; see the class."""
        self._kind, self._once = kind, once
        listed: Json = {"type": "array", "items": kind.schema}
        forms = [kind.schema, listed if empty else listed | {"minItems": 1}]
        if ranges:
            forms += [_range_schema("range", 3), _range_schema("powers_of_two", 2)]

        def accept(value: object) -> list[object]:
            if value is None and empty:
                return []
            if isinstance(value, list | tuple):
                if not value and not empty:
                    raise ValueError
                return list(value)
            return list(_spread(value)) if isinstance(value, Mapping) and ranges else [value]

        super().__init__(kind.allowed, {"anyOf": forms}, accept)

    def core_schema(self) -> CoreSchema:
        """Return how pydantic reads the value."""
        values = core_schema.tuple_variable_schema(self._kind.core_schema())
        read = core_schema.no_info_before_validator_function(self.read, values)
        return core_schema.no_info_after_validator_function(_distinct, read) if self._once else read


def whole(
    low: int, high: int, note: str = "", *, inf: bool = False, null: bool = False, word: str = ""
) -> Kind:
    """Return the kind of whole numbers from low to high; 2e4 is one, 2.5 and true are not.

    Args:
        low: Smallest value.
        high: Largest value.
        note: Why the largest is the largest.
        inf: Whether infinity is allowed as well.
        null: Whether nothing (the default) is allowed as well.
        word: A word that is allowed as well and reads as None; empty for none.
    """
    others: list[tuple[str, Json]] = [
        *([(" or inf", {"enum": ["inf", ".inf"]})] if inf else ()),
        *([(" or null (the generator's own default)", {"type": "null"})] if null else ()),
        *([(f" or {word}", {"const": word})] if word else ()),
    ]
    number: Json = {"type": "integer", "minimum": low, "maximum": high}
    schema: Json = {"anyOf": [number, *(form for _, form in others)]} if others else number
    allowed = f"integers {low} to {high}" + "".join(text for text, _ in others)
    allowed += f" ({note})" if note else ""

    def accept(value: object) -> int | float | None:
        if (value is None and null) or (word and value == word):
            return None
        if inf and value in (math.inf, "inf", ".inf"):
            return math.inf
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise refusal(f"got {shown(value)}; allowed: {allowed}")
        return value

    return Kind(allowed, schema, accept)


def positive(high: float) -> Kind:
    """Return the kind of finite numbers above 0, at most high, read as float."""
    schema: Json = {"type": "number", "exclusiveMinimum": 0, "maximum": high}

    def accept(value: object) -> float:
        if not is_number(value) or not 0 < value <= high:
            raise ValueError
        return float(value)

    return Kind(f"numbers above 0, up to {high:g}", schema, accept)


def choice(words: Sequence[str], own: str = "", more: str = "") -> Kind:
    """Return the kind of a few words, and of others of a form.

    Args:
        words: The words.
        own: Regular expression of other words that are allowed; empty for none.
        more: The latter in words.
    """
    digits = {int(word): word for word in words if word.isdecimal()}
    listed: Json = {"enum": [*words, *digits]}
    other: Json = {"type": "string", "pattern": f"^{own}$"}

    def accept(value: object) -> str:
        if is_number(value) and value in digits:
            return digits[int(value)]
        if not isinstance(value, str):
            raise ValueError
        if value not in words and not (own and re.fullmatch(own, value)):
            raise ValueError(nearest(value, words))
        return value

    return Kind(", ".join(words) + more, {"anyOf": [listed, other]} if own else listed, accept)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


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
        raise refusal(f"{name} {_wrong(listed, counts[name])}; allowed: {RANGE_FORMS}")
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


def _wrong(listed: object, count: int) -> str:
    """Describe what is wrong with the numbers of a range or of powers of two."""
    if not isinstance(listed, list | tuple):
        return f"got {shown(listed)}"
    for name, number in zip(("lo", "hi", "step"), listed, strict=False):
        if not _positive([number]):
            return f"has the {name} {shown(number)}"
    return f"got {len(listed)} numbers, not {count}"


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
