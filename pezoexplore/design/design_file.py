"""The text of a design file, and of the file that it extends, as one tree of values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pezoexplore.design.kinds import shown
from pezoexplore.design.own_targets import put_beside
from pezoexplore.design.yaml_tree import Location, Tree, key_text, read_tree
from pezoexplore.errors import DesignError

MAX_BYTES = 1_000_000
"""Largest design file."""

EXTENDS = "extends"
"""Key that names the file that a design file extends."""

SHARED = "x-"
"""How keys begin that hold values for anchors; nothing else reads them."""


def read_file(path: Path, above: tuple[Path, ...] = ()) -> Tree:
    """Return the values of a design file and of those that it extends.

    The settings of a section are joined one by one; what both files name, lists too, is as this one
    has it. The name of a design is its own file's.

    Args:
        path: The file; a file that it extends is named relative to its folder.
        above: Files that extend it, outermost first.

    Raises:
        DesignError: A file cannot be read or is not YAML, or files extend each other in a circle.
    """
    text, here = _read(path), path.resolve()
    if here in above:
        circle = " extends ".join(map(str, (*above[above.index(here) :], here)))
        raise DesignError(f"{path}: {EXTENDS} goes in a circle: {circle}")
    tree = read_part(text, lambda line: f"{path}:{line}", tolerant=True)
    if not isinstance(tree.value, dict):
        return tree
    for key in [key for key in tree.value if key.startswith(SHARED)]:
        del tree.value[key]
    if isinstance(hardware := tree.value.get("hardware"), dict):
        put_beside(hardware.get("targets"), path.parent)
    if EXTENDS not in tree.value:
        return tree
    other = tree.value.pop(EXTENDS)
    place = tree.mark((EXTENDS,))[1]
    if not isinstance(other, str) or not other:
        raise DesignError(f"{place}: {EXTENDS}: got {shown(other)}; allowed: a design file (YAML)")
    try:
        base = read_file(path.parent / other, (*above, here))
    except DesignError as error:
        raise DesignError(f"{error} ({EXTENDS} in {place})") from None
    if not isinstance(base.value, dict):
        raise DesignError(f"{path.parent / other}:1: no mapping ({EXTENDS} in {place})")
    base.value.pop("name", None)
    return _joined(base, tree)


def _joined(base: Tree, tree: Tree) -> Tree:
    """Return the values of two files, those of the second in the place of the first's."""
    assert isinstance(base.value, dict)
    assert isinstance(tree.value, dict)
    values, marks = dict(base.value), dict(base.marks)
    for key, value in tree.value.items():
        old = values.get(key)
        replaced: list[Location] = [(key,)]
        if isinstance(old, dict) and isinstance(value, dict):
            values[key] = old | value
            replaced = [(key, name) for name in value]
        else:
            values[key] = value
        marks = {at: mark for at, mark in marks.items() if not _within(at, replaced)}
    return Tree(values, marks | tree.marks, faults=base.faults | tree.faults)


def _within(at: Location, places: list[Location]) -> bool:
    return any(at[: len(place)] == place for place in places)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DesignError(f"{path}: no such file; give the path of a design file (YAML)") from None
    except IsADirectoryError:
        raise DesignError(f"{path}: a folder; give the path of a design file (YAML)") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DesignError(f"{path}: cannot be read ({reason})") from None
    if len(content) > MAX_BYTES:
        raise DesignError(f"{path}: too large; allowed: {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DesignError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


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
