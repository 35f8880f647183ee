"""YAML read into plain values that remember the line each came from.

Safe by construction: only mappings, lists, text, numbers, true, false and null are built, keys are
text and given once, and size, depth and aliases are bounded. Numbers follow YAML 1.2 (``1e-3`` is
one, ``12:30`` and ``yes`` are text) and ``inf`` needs no dot; ``010`` is refused, as YAML 1.1
reads it as eight. A mapping takes in others by the merge key ``<<``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import yaml

from pezoexplore.design.kinds import shown
from pezoexplore.errors import DesignError

MAX_NODES = 200_000
"""Most values a design may hold, each use of an alias counted."""

SHOWN_ERRORS = 3
"""Most errors of a file that a message shows; more are counted."""

MAX_DEPTH = 32
"""Deepest nesting; an alias inside itself is infinitely deep."""

Location = tuple[str | int, ...]
"""Where a value is: keys and list indices from the top, such as ("include", 0, "lanes")."""

Mark = tuple[int, str]
"""Where a value was written: its line (0: an option), and how a message names the place."""

_TAG = "tag:yaml.org,2002:"
_NUMBER = (
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.?(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_RESOLVERS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+(?:_[0-9]+)*", list("-+0123456789")),
    ("float", _NUMBER, list("-+.0123456789iI")),
)


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the words and numbers of YAML 1.2."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - typed in the base class


class PlainDumper(yaml.SafeDumper):
    """Writes what :class:`PlainLoader` reads: text that looks like its numbers is quoted."""

    yaml_implicit_resolvers = PlainLoader.yaml_implicit_resolvers

    def ignore_aliases(self, data: object) -> bool:
        """Write equal values out each time."""
        return True


for _name, _pattern, _first in _RESOLVERS:
    PlainLoader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


@dataclass
class Tree:
    """Plain values, and where each was written.

    Attributes:
        value: The values.
        marks: Mark by location; a value without one has that of the value that holds it.
        nulls: Locations where null is written out, rather than nothing at all.
        faults: Numbers that readers of YAML take for different ones: line and message.
    """

    value: object
    marks: dict[Location, Mark] = field(default_factory=dict)
    nulls: list[Location] = field(default_factory=list)
    faults: dict[tuple[int, str], None] = field(default_factory=dict)

    def mark(self, location: Location) -> Mark:
        """Return where the value at a location, or the nearest one that holds it, was written."""
        while location not in self.marks:
            location = location[:-1]
        return self.marks[location]

    def joined(self, other: Tree) -> Tree:
        """Return these values with those of another file, which win; both are mappings.

        Settings of a section that both have are joined one by one.
        """
        assert isinstance(self.value, dict)
        assert isinstance(other.value, dict)
        values, marks = dict(self.value), dict(self.marks)
        for key, value in other.value.items():
            old = values.get(key)
            replaced: list[Location] = [(key,)]
            if isinstance(old, dict) and isinstance(value, dict):
                values[key] = old | value
                replaced = [(key, name) for name in value]
            else:
                values[key] = value
            marks = {
                at: mark
                for at, mark in marks.items()
                if not any(at[: len(place)] == place for place in replaced)
            }
        return Tree(values, marks | other.marks, faults=self.faults | other.faults)


def key_text(location: Location) -> str:
    """Return a location as messages write it: ``include[0].lanes``."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return words.removeprefix(".")


def listed(messages: Sequence[str]) -> str:
    """Return the first ``SHOWN_ERRORS`` messages in one line, and how many more there are."""
    rest = len(messages) - SHOWN_ERRORS
    more = f" (and {rest} more to put right)" if rest > 0 else ""
    return "; ".join(messages[:SHOWN_ERRORS]) + more


def read_tree(
    text: str, place: Callable[[int], str], at: Location = (), *, tolerant: bool = False
) -> Tree:
    """Return the values of a YAML document.

    Args:
        text: The document.
        place: How messages name a line (counted from 1).
        at: Location of the document's value in the tree it will be part of.
        tolerant: Whether the faults of the tree are left to the caller, who may know of more.

    Raises:
        DesignError: Not YAML, or YAML with tags, repeated keys, keys that are not text, or more
            or deeper values than is sensible; the message begins with ``place``.
    """
    try:
        node = yaml.compose(text, PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context or "not readable"
        raise DesignError(f"{place(line)}: malformed YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character U+{int(error.character):04X} is not allowed"
        raise DesignError(f"{place(line)}: malformed YAML: {problem}") from None
    except RecursionError:
        raise DesignError(f"{place(1)}: nested too deeply; allowed: {MAX_DEPTH} levels") from None
    builder = _Builder(place)
    value = builder.build(node, at, 0) if node else None
    if builder.faults and not tolerant:
        raise DesignError(listed([message for _, message in builder.faults]))
    return Tree(value, builder.marks or {at: (1, place(1))}, builder.nulls, builder.faults)


def read_part(
    text: str, place: Callable[[int], str], at: Location = (), *, tolerant: bool = False
) -> Tree:
    """Read a design file or the value of an override; null is no section and no list.

    Nothing behind a section's colon is a section left empty; a null that is written out is not.
    """
    tree = read_tree(text, place, at, tolerant=tolerant)
    for location in tree.nulls:
        if len(location) == 1 or (len(location) == 2 and location[0] == "objectives"):
            where = f"{tree.mark(location)[1]}: {key_text(location)}"
            raise DesignError(f"{where}: got null; leave the key out for its default")
    return tree


class _Builder:
    """Builds the values of a node tree and notes their lines."""

    def __init__(self, place: Callable[[int], str]) -> None:
        self.marks: dict[Location, Mark] = {}
        self.nulls: list[Location] = []
        self.faults: dict[tuple[int, str], None] = {}
        self._place = place
        self._nodes = 0

    def build(self, node: yaml.Node, at: Location, depth: int) -> object:
        self.marks.setdefault(at, self._mark(node))
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(node, f"too many values; allowed: {MAX_NODES}, aliases counted")
        if depth > MAX_DEPTH:
            raise self._error(node, f"nested too deeply; allowed: {MAX_DEPTH} levels")
        kind = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, at, depth)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [
                self.build(item, (*at, index), depth + 1) for index, item in enumerate(node.value)
            ]
        if isinstance(node, yaml.ScalarNode) and kind in _SCALARS:
            if kind == "int" and re.match("[-+]?0_*[0-9]", node.value):
                ambiguous = self._error(
                    node,
                    f"{key_text(at)}: {shown(node.value)} is octal to some readers of YAML and "
                    f"decimal to others; write {node.value.lstrip('0_') or '0'}",
                )
                # an alias comes by several times
                self.faults[node.start_mark.line + 1, str(ambiguous)] = None
            if kind == "null" and node.value:
                self.nulls.append(at)
            try:
                return _SCALARS[kind](node.value)
            except (ValueError, KeyError):
                text = shown(node.value)
                raise self._error(
                    node, f"{key_text(at)}: {text} cannot be read as {kind}"
                ) from None
        raise self._error(node, f"{key_text(at)}: tag {shown(node.tag)} is not allowed")

    def _mapping(self, node: yaml.MappingNode, at: Location, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for key_node, value_node in node.value:
            key = key_node.value
            if _merges(key_node):
                merged += self._merged(value_node, depth)
                continue
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
                said = shown(key) if isinstance(key_node, yaml.ScalarNode) else "a list or mapping"
                raise self._error(key_node, f"key {said} of {key_text(at) or 'the file'}: not text")
            here = (*at, key)
            if key in values:
                first = self.marks[here][1]
                raise self._error(key_node, f"{key_text(here)}: key given twice (first: {first})")
            self.marks[here] = self._mark(key_node)
            values[key] = self.build(value_node, here, depth + 1)
        for key_node, value_node in merged:  # its own keys win, and of merged ones the first
            if key_node.value not in values:
                self.marks[(*at, key_node.value)] = self._mark(key_node)
                values[key_node.value] = self.build(value_node, (*at, key_node.value), depth + 1)
        return values

    def _merged(self, node: yaml.Node, depth: int) -> list[tuple[yaml.Node, yaml.Node]]:
        """Return the keys and values of what is behind a merge key, those that win first."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise self._error(node, "<<: merges itself, or too much")
        if isinstance(node, yaml.SequenceNode):
            return [pair for item in node.value for pair in self._merged(item, depth + 1)]
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"<<: got {shown(node.value)}; allowed: a mapping, or a list")
        own = [pair for pair in node.value if not _merges(pair[0])]
        for key_node, _ in own:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "<<: a key is not text")
        others = [value for key, value in node.value if _merges(key)]
        return own + [pair for value in others for pair in self._merged(value, depth + 1)]

    def _mark(self, node: yaml.Node) -> Mark:
        line = node.start_mark.line + 1
        return line, self._place(line)

    def _error(self, node: yaml.Node, message: str) -> DesignError:
        return DesignError(f"{self._mark(node)[1]}: {message}")


def _merges(key: yaml.Node) -> bool:
    """Return whether a key is the merge key, which is not quoted."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and key.style is None


def _number(text: str) -> float:
    return math.nan if "nan" in text.lower() else float(text.lower().replace(".inf", "inf"))


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_SCALARS: dict[str, Callable[[str], object]] = {
    "null": lambda text: None,
    "bool": _flag,
    "int": int,
    "float": _number,
    "str": str,
}
