"""Syntax of a Liberty file: groups and attributes, without their semantics but for the units.

The syntax has three productions. The one parser on PyPI (liberty-parser) is under the GPL, depends
on a computer algebra system and is four times slower, so it is implemented here. Format: Liberty
User Guides and Reference Manual, Synopsys, vol. 1.
"""

from __future__ import annotations

import ast
import codecs
import gzip
import math
import operator
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pezoexplore.errors import ToolError

_TOKEN = re.compile(
    r"""\s+ | /\*.*?\*/ | //[^\n]* | \\\r?\n"""  # passed over
    r"""| (?P<text>"(?:[^"\\]|\\.)*") | (?P<mark>[{}();:,]) | (?P<word>[^\s{}();:,"]+)""",
    re.VERBOSE | re.DOTALL,
)


_AREA = re.compile(rb'(\barea\s*:\s*)("[^"]*"|[^";{}/]*[-+*/][^";{}]*)(?=\s*[;}])')
"""An area that is a text or an expression."""

_NOT_NEGATIVE = ("area", "capacitance")

_MAX_DEPTH = 100
"""Deepest nesting of groups; libraries have six levels or so."""


class LibertyError(ToolError):
    """A Liberty file that cannot be used."""


@dataclass
class Group:
    """One group of a Liberty file: ``kind (names) { attributes, groups }``.

    Attributes:
        kind: Such as ``cell`` or ``pin``.
        names: Arguments in its parentheses.
        values: Simple attributes, and complex ones with their arguments, by name.
        groups: The groups within, in order.
        line: Line of the file that it begins in.
        lines: Line of each simple attribute; where two disagree, those of both.
    """

    kind: str
    names: tuple[str, ...]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    line: int = 1
    lines: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def all(self, kind: str) -> Iterator[Group]:
        """Return the groups of a type within this one."""
        return (group for group in self.groups if group.kind == kind)

    def first(self, kind: str) -> Group | None:
        """Return the first group of a type within this one."""
        return next(self.all(kind), None)

    def named(self, kind: str) -> Iterator[tuple[str, Group]]:
        """Yield the groups of a type within this one by name; one of several names comes for each.

        Raises:
            LibertyError: A name comes twice; the message has both lines.
        """
        first: dict[str, int] = {}
        for group in self.all(kind):
            for name in group.names:
                if name in first:
                    raise LibertyError(
                        f"line {group.line}: {kind} {name} is there already, in line {first[name]}"
                    )
                first[name] = group.line
                yield name, group

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a simple attribute as text.

        Raises:
            LibertyError: It is given twice, differently.
        """
        lines = self.lines.get(name, ())
        if len(lines) > 1:
            raise LibertyError(f"line {lines[1]}: another {name} than in line {lines[0]}")
        return " ".join(self.values[name]) if name in self.values else otherwise

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """Return a simple attribute, a number or an expression of numbers.

        Raises:
            LibertyError: It is neither, negative where it cannot be, or given twice, differently.
        """
        try:
            found = number(self.text(name)) if name in self.values else otherwise
            if name in _NOT_NEGATIVE and found < 0:
                raise LibertyError(f"{self.text(name)} cannot be: 0 or more")
            return found
        except LibertyError as error:
            if str(error).startswith("line "):
                raise
            raise LibertyError(f"line {self.lines[name][0]}: {name}: {error}") from None


def read_library(path: Path) -> Group:
    """Return the library group of a Liberty file, gzip or plain; not to be changed.

    Raises:
        LibertyError: The file cannot be read, breaks the syntax or is not one library; the message
            has the file and the line.
    """
    text = unpacked(path).decode("utf-8-sig", errors="replace")
    with at(path):
        group = _parsed(text)
        if group.kind != "library":
            raise LibertyError(f"a {group.kind} group where a library was expected")
    return group


def unpacked(path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzip.

    Raises:
        LibertyError: It cannot be read.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise LibertyError(f"{path}: cannot be read ({reason})") from error


def for_tools(content: bytes) -> bytes:
    """Return a library as outside tools read it: no byte order mark, areas as plain numbers.

    With an area such as ``"2 * 12"`` Yosys 0.70 maps to other cells than with ``24``, and OpenSTA
    does not take every library with such areas. What is no expression of numbers stays as it is.
    """
    return _AREA.sub(_plain_area, content.removeprefix(codecs.BOM_UTF8))


def _plain_area(found: re.Match[bytes]) -> bytes:
    try:
        value = number(found[2].decode().strip('"'))
    except (LibertyError, UnicodeDecodeError):
        return found[0]
    return found[1] + f"{value:.12g}".encode()


@contextmanager
def at(path: Path) -> Iterator[None]:
    """Name the file in errors of its content."""
    try:
        yield
    except LibertyError as error:
        raise LibertyError(f"{path}: {error}") from error


def parse(text: str) -> Group:
    """Return the outermost group of a Liberty text.

    Raises:
        LibertyError: The text is invalid; the message has the line.
    """
    tokens = list(_tokens(text))
    outer = Group("", ())
    rest = _statements(tokens, 0, outer, 0)
    if rest == len(tokens) and len(outer.groups) > 1:
        first, second = outer.groups[:2]
        raise LibertyError(
            f"line {second.line}: a second {second.kind} in the file, the first is in line "
            f"{first.line}: give each a file"
        )
    if rest != len(tokens) or len(outer.groups) != 1:
        line = tokens[rest][1] if rest < len(tokens) else text.count("\n") + 1
        raise LibertyError(f"line {line}: not the one group that a Liberty file is")
    return outer.groups[0]


_parsed = lru_cache(maxsize=8)(parse)
"""As :func:`parse`: the stages of a point read the same libraries one after the other."""


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield words, strings and marks, each with its line; strings keep their opening quote."""
    place, line = 0, 1
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise LibertyError(f"line {line}: a text without its closing quote")
        if found.lastgroup == "text":
            yield found.group()[:-1], line
        elif found.lastgroup is not None:
            yield found.group(), line
        line += found.group().count("\n")
        place = found.end()


def _statements(tokens: Sequence[tuple[str, int]], place: int, into: Group, depth: int) -> int:
    """Read statements up to a closing brace or the end; return its position."""
    while place < len(tokens) and tokens[place][0] != "}":
        name, line = tokens[place]
        mark = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if name == ";":
            place += 1
        elif mark == ":":
            end = _end_of_value(tokens, place + 2, line)
            value = tuple(_plain(token) for token, _ in tokens[place + 2 : end])
            if into.values.get(name, value) == value:
                into.lines[name] = (line,)
            else:
                into.lines[name] += (line,)
            into.values[name] = value
            place = end + (tokens[end][0] == ";")
        elif mark == "(":
            place = _complex(tokens, place, into, depth)
        else:
            raise LibertyError(f"line {line}: {name} is neither attribute nor group")
    return place


def _complex(tokens: Sequence[tuple[str, int]], place: int, into: Group, depth: int) -> int:
    """Read ``name (arguments) ;`` or ``name (arguments) { ... }``; returns what follows."""
    name, line = tokens[place]
    end = _find(tokens, place, (")",), line)
    arguments = tuple(_plain(t) for t, _ in tokens[place + 2 : end] if t != ",")
    if end + 1 < len(tokens) and tokens[end + 1][0] == "{":
        group = Group(name, arguments, line=line)
        into.groups.append(group)
        if depth == _MAX_DEPTH:
            raise LibertyError(f"line {line}: groups within {depth} others; is that a library?")
        close = _statements(tokens, end + 2, group, depth + 1)
        if close >= len(tokens):
            raise LibertyError(f"line {line}: {name} is never closed")
        return close + 1
    if name == "include_file":  # else its cells would be missing without a word
        raise LibertyError(
            f"line {line}: include_file is not read: put {' '.join(arguments)} in its place"
        )
    into.values[name] = arguments
    return end + 1


def _end_of_value(tokens: Sequence[tuple[str, int]], start: int, line: int) -> int:
    """Return the end of a simple attribute's value: a mark, or the end of a line without one."""
    end = _find(tokens, start, (";", "}"), line)
    breaks = (i for i in range(start + 1, end) if tokens[i][1] > tokens[i - 1][1])
    return next(breaks, end)


def _find(tokens: Sequence[tuple[str, int]], place: int, marks: tuple[str, ...], line: int) -> int:
    for end in range(place, len(tokens)):
        if tokens[end][0] in marks:
            return end
    raise LibertyError(f"line {line}: the file ends within a statement")


def _plain(token: str) -> str:
    return token.removeprefix('"')


def number(text: str) -> float:
    """Parse a number, or an expression of numbers such as ``2 * (1.5 + 3)``.

    Raises:
        LibertyError: The text is neither.
    """
    try:
        try:
            value = float(text)
        except ValueError:
            value = _computed(ast.parse(text.strip()[:1000], mode="eval").body)
        if not math.isfinite(value):
            raise ValueError
        return value
    except (ValueError, SyntaxError, ArithmeticError, RecursionError, MemoryError):
        raise LibertyError(f"{text!r} is no number") from None


_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _computed(node: ast.expr) -> float:
    """Return the value of an expression of numbers."""
    match node:
        case ast.BinOp(left, sign, right) if type(sign) in _BINARY:
            return float(_BINARY[type(sign)](_computed(left), _computed(right)))
        case ast.UnaryOp(ast.USub(), operand):
            return -_computed(operand)
        case ast.UnaryOp(ast.UAdd(), operand):
            return _computed(operand)
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return float(value)
    raise ValueError(ast.dump(node))


@dataclass(frozen=True)
class Units:
    """Units of a library: what its numbers are multiplied by.

    Attributes:
        ns: For times.
        volts: For voltages.
        pf: For capacitances.
        nw: For leakage power.
    """

    ns: float
    volts: float
    pf: float
    nw: float

    @property
    def pj(self) -> float:
        """For internal energies: those of the capacitance and the voltage."""
        return self.pf * self.volts**2


_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


def units_of(library: Group) -> Units:
    """Return the units of a library; what it does not name is ns, V, pF and nW.

    Raises:
        LibertyError: A unit is none.
    """
    named = (
        _unit(library.text(f"{quantity}_unit", usual), f"{quantity}_unit", letter)
        for quantity, usual, letter in (
            ("time", "1ns", "s"),
            ("voltage", "1V", "v"),
            ("leakage_power", "1nW", "w"),
        )
    )
    seconds, volts, watts = named
    farads = " ".join(library.values.get("capacitive_load_unit", ("1", "pf")))
    picofarads = _unit(farads, "capacitive_load_unit", "f") * 1e12
    return Units(seconds * 1e9, volts, picofarads, watts * 1e9)


def _unit(text: str, name: str, letter: str) -> float:
    """Return a unit such as ``10ps`` in the unit without prefix."""
    found = re.fullmatch(rf"\s*([0-9.]+(?:e[-+]?\d+)?)\s*([munpf]?){letter}\s*", text.lower())
    if found is None:
        raise LibertyError(f"{name} is {text!r}; allowed: a number and a unit such as 1p{letter}")
    return number(found.group(1)) * _PREFIXES[found.group(2)]
