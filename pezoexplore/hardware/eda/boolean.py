"""Boolean functions in the syntax of Liberty: ``(!((A B)+C))``.

Operators from the tightest: ``!`` before or ``'`` after, ``^``, AND (``&``, ``*`` or just a space),
OR (``|`` or ``+``). Source: Liberty User Guides and Reference Manual, Synopsys, vol. 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from pezoexplore.hardware.eda.liberty_syntax import LibertyError

_TOKEN = re.compile(r"\s*([A-Za-z_]\w*(?:\[\d+\])?|[01]|[!'^&*|+()])")
_VERILOG = {"and": "&", "or": "|", "xor": "^"}


@dataclass(frozen=True)
class Function:
    """A Boolean function as a tree.

    Attributes:
        kind: ``pin``, ``constant``, ``not``, ``and``, ``or`` or ``xor``.
        name: Name of the pin, or ``0`` or ``1``.
        parts: Operands: one for ``not``, two for the others.
    """

    kind: str
    name: str = ""
    parts: tuple[Function, ...] = ()

    def pins(self) -> frozenset[str]:
        """Return the names of the pins that the function reads."""
        if self.kind == "pin":
            return frozenset({self.name})
        return frozenset[str]().union(*(part.pins() for part in self.parts))

    def verilog(self, names: Mapping[str, str]) -> str:
        """Return the function as a Verilog expression over the given names of its pins."""
        if self.kind == "pin":
            return names[self.name]
        if self.kind == "constant":
            return f"1'b{self.name}"
        texts = [part.verilog(names) for part in self.parts]
        return f"~{texts[0]}" if self.kind == "not" else f"({_VERILOG[self.kind].join(texts)})"

    def probability(self, of: Mapping[str, float]) -> float:
        """Return the probability of a 1, for independent pins of these probabilities."""
        if self.kind == "pin":
            return of[self.name]
        if self.kind == "constant":
            return float(self.name)
        chances = [part.probability(of) for part in self.parts]
        if self.kind == "not":
            return 1.0 - chances[0]
        p, q = chances
        return {"and": p * q, "or": 1 - (1 - p) * (1 - q), "xor": p * (1 - q) + q * (1 - p)}[
            self.kind
        ]


@cache
def parse_function(text: str) -> Function:
    """Parse a function.

    Raises:
        LibertyError: The text is no function.
    """
    reader = _Reader(text)
    function = reader.chain("or", ("|", "+"), reader.conjunction)
    if reader.next:
        raise LibertyError(f"function {text!r}: {reader.next!r} is not expected")
    return function


class _Reader:
    """Parser with one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self.next = ""
        self._step()

    def _step(self) -> None:
        rest = self._text[self._place :]
        found = _TOKEN.match(rest)
        if found is None and rest.strip():
            raise LibertyError(f"function {self._text!r}: {rest.strip()!r} is not understood")
        self.next = found.group(1) if found else ""
        self._place += found.end() if found else 0

    def chain(self, kind: str, marks: tuple[str, ...], part: Callable[[], Function]) -> Function:
        """Parse parts joined by an operator, left-associative."""
        left = part()
        while self.next in marks:
            self._step()
            left = Function(kind, parts=(left, part()))
        return left

    def conjunction(self) -> Function:
        """Parse parts joined by AND, whose operator may be omitted."""
        left = self._parity()
        while self.next and self.next not in ("|", "+", ")"):
            if self.next in ("&", "*"):
                self._step()
            left = Function("and", parts=(left, self._parity()))
        return left

    def _parity(self) -> Function:
        return self.chain("xor", ("^",), self._factor)

    def _factor(self) -> Function:
        token = self.next
        self._step()
        if token == "!":
            return Function("not", parts=(self._factor(),))
        if token == "(":
            function = self.chain("or", ("|", "+"), self.conjunction)
            if self.next != ")":
                raise LibertyError(f"function {self._text!r}: a bracket is not closed")
            self._step()
        elif token in ("0", "1"):
            function = Function("constant", token)
        elif token and (token[0].isalpha() or token[0] == "_"):
            function = Function("pin", token)
        else:
            raise LibertyError(f"function {self._text!r}: a pin is missing")
        while self.next == "'":
            self._step()
            function = Function("not", parts=(function,))
        return function
