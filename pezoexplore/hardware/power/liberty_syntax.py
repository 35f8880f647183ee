"""Syntax of a Liberty file: groups and attributes, without their semantics.

The syntax has three productions. The one parser on PyPI (liberty-parser) is under the GPL, depends
on a computer algebra system and is four times slower, so it is implemented here. Format: Liberty
User Guides and Reference Manual, Synopsys, vol. 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pezoexplore.errors import PezoError

_TOKEN = re.compile(
    r"""\s+ | /\*.*?\*/ | //[^\n]* | \\\r?\n"""  # passed over
    r"""| (?P<text>"(?:[^"\\]|\\.)*") | (?P<mark>[{}();:,]) | (?P<word>[^\s{}();:,"]+)""",
    re.VERBOSE | re.DOTALL,
)


class LibertyError(PezoError):
    """A Liberty file that cannot be used."""


@dataclass
class Group:
    """One group of a Liberty file: ``kind (names) { attributes, groups }``.

    Attributes:
        kind: Such as ``cell`` or ``pin``.
        names: Arguments in its parentheses.
        values: Simple attributes, and complex ones with their arguments, by name.
        groups: The groups within, in order.
    """

    kind: str
    names: tuple[str, ...]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def all(self, kind: str) -> Iterator[Group]:
        """Return the groups of a type within this one."""
        return (group for group in self.groups if group.kind == kind)

    def first(self, kind: str) -> Group | None:
        """Return the first group of a type within this one."""
        return next(self.all(kind), None)

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a simple attribute as text."""
        return " ".join(self.values[name]) if name in self.values else otherwise

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """Return a simple attribute as a number."""
        return number(self.text(name)) if name in self.values else otherwise


def parse(text: str) -> Group:
    """Return the outermost group of a Liberty text.

    Raises:
        LibertyError: The text is invalid; the message has the line.
    """
    tokens = list(_tokens(text))
    outer = Group("", ())
    rest = _statements(tokens, 0, outer)
    if rest != len(tokens) or len(outer.groups) != 1:
        line = tokens[rest][1] if rest < len(tokens) else text.count("\n") + 1
        raise LibertyError(f"line {line}: not the one group that a Liberty file is")
    return outer.groups[0]


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


def _statements(tokens: Sequence[tuple[str, int]], place: int, into: Group) -> int:
    """Read statements up to a closing brace or the end; return its position."""
    while place < len(tokens) and tokens[place][0] != "}":
        name, line = tokens[place]
        mark = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if name == ";":
            place += 1
        elif mark == ":":
            end = _find(tokens, place, (";", "}"), line)
            into.values[name] = tuple(_plain(token) for token, _ in tokens[place + 2 : end])
            place = end + (tokens[end][0] == ";")
        elif mark == "(":
            place = _complex(tokens, place, into)
        else:
            raise LibertyError(f"line {line}: {name} is neither attribute nor group")
    return place


def _complex(tokens: Sequence[tuple[str, int]], place: int, into: Group) -> int:
    """Read ``name (arguments) ;`` or ``name (arguments) { ... }``; returns what follows."""
    name, line = tokens[place]
    end = _find(tokens, place, (")",), line)
    arguments = tuple(_plain(t) for t, _ in tokens[place + 2 : end] if t != ",")
    if end + 1 < len(tokens) and tokens[end + 1][0] == "{":
        group = Group(name, arguments)
        into.groups.append(group)
        close = _statements(tokens, end + 2, group)
        if close >= len(tokens):
            raise LibertyError(f"line {line}: {name} is never closed")
        return close + 1
    into.values[name] = arguments
    return end + 1


def _find(tokens: Sequence[tuple[str, int]], place: int, marks: tuple[str, ...], line: int) -> int:
    for end in range(place, len(tokens)):
        if tokens[end][0] in marks:
            return end
    raise LibertyError(f"line {line}: the file ends within a statement")


def _plain(token: str) -> str:
    return token.removeprefix('"')


def number(text: str) -> float:
    """Parse a number.

    Raises:
        LibertyError: The text is no number.
    """
    try:
        return float(text)
    except ValueError:
        raise LibertyError(f"{text!r} is no number") from None
