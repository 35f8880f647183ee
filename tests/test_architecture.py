"""The house as docs/architecture.md draws it, compared with the imports of the package."""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pezoexplore"
PAGE = ROOT / "docs" / "architecture.md"

MOST_MODULES, MOST_LINES = 20, 400


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by dotted name; a package by the name of its folder."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("pezoexplore", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and all nodes in it, without blocks for type checkers."""
    if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
        yield node
        for inner in ast.iter_child_nodes(node):
            yield from executed(inner)


@cache
def imports(name: str, *, lazy: bool) -> frozenset[str]:
    """Modules that a module imports: at its top level, or anywhere with `lazy`."""
    found = set()
    for node in executed(tree(name)) if lazy else tree(name).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules().keys() or {node.module}
    return frozenset((found & modules().keys()) - {name})


@cache
def drawn() -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """Return the table of the page: for each room its paths and the rooms it may import."""
    rows = re.findall(r"^\| (`.+?) \| .+? \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    quoted = [tuple(re.findall(r"`([^`]+)`", cell)) for row in rows for cell in row]
    pairs = zip(quoted[::2], quoted[1::2], strict=True)
    return {paths[0]: (paths, frozenset(allowed)) for paths, allowed in pairs}


@cache
def crossings() -> set[tuple[str, str, str, str]]:
    """Every import of a module of another room: room and name of both sides.

    The package itself counts as no room: all import its version, and it imports the API lazily.
    """
    found = set()
    for name in modules().keys() - {"pezoexplore"}:
        for other in imports(name, lazy=True) - {"pezoexplore"}:
            if room_of(name) != room_of(other):
                found.add((room_of(name), room_of(other), name, other))
    return found


@cache
def room_of(name: str) -> str:
    """Return the room of a module: the one with the longest path that holds it."""
    path = modules()[name].relative_to(PACKAGE).with_suffix("").as_posix()
    held = {
        inner: room
        for room, (paths, _) in drawn().items()
        for inner in paths
        if path == inner or path.startswith(f"{inner}/")
    }
    assert held, f"{path}.py is in no room of {PAGE.name}"
    return held[max(held, key=len)]


def test_every_import_between_rooms_is_drawn():
    wrong = {
        f"{name} ({room}) imports {other} ({imported})"
        for room, imported, name, other in crossings()
        if imported not in drawn()[room][1]
    }
    assert not sorted(wrong)


def test_nothing_is_drawn_that_no_import_needs():
    needed = {(room, imported) for room, imported, _, _ in crossings()}
    spare = {(room, name) for room, (_, allowed) in drawn().items() for name in allowed} - needed
    assert not sorted(spare)


def test_rooms_are_drawn_bottom_up_without_circles():
    below: set[str] = set()
    for room, (_, allowed) in drawn().items():
        assert allowed <= below, f"{room} may import {sorted(allowed - below)}, drawn above it"
        below.add(room)


def test_modules_do_not_import_in_circles():
    waiting = {name: set(imports(name, lazy=False)) for name in modules()}
    while ready := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    assert not sorted(waiting)


def test_no_folder_holds_more_than_twenty_modules():
    folders = defaultdict(list)
    for path in modules().values():
        if path.name != "__init__.py":
            folders[path.parent.relative_to(ROOT).as_posix()].append(path.name)
    assert not {name: len(files) for name, files in folders.items() if len(files) > MOST_MODULES}


def test_no_module_is_longer_than_four_hundred_lines():
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules().values()
    }
    assert not {path: length for path, length in lengths.items() if length > MOST_LINES}


def names_axis(node: ast.expr) -> bool:
    """Return True for ``rng`` or ``reuse``, as a variable, an attribute or a key."""
    names = {"rng", "reuse"}
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in names
    return getattr(node, "attr", getattr(node, "id", None)) in names


def is_text(node: ast.expr) -> bool:
    """Return True for a text constant, or a literal collection of them."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_text, node.elts))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def compared_names(source: ast.AST) -> list[int]:
    """Lines that compare ``rng`` or ``reuse`` with text."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(names_axis, sides)) and any(map(is_text, sides)):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "text", ["p.rng == 'lfsr'", "'pool' != p.reuse", "rng in ('a', 'b')", "a['reuse'] == 'bank'"]
)
def test_a_comparison_of_names_is_found(text):
    assert compared_names(ast.parse(text)) == [1]
    assert not compared_names(ast.parse("p.rng == q.rng or lanes == 8 or 'rng' in names"))


def test_rng_and_reuse_are_compared_with_text_in_streams_alone():
    found = {
        path.relative_to(PACKAGE).as_posix(): lines
        for name, path in modules().items()
        if not name.startswith("pezoexplore.streams.") and (lines := compared_names(tree(name)))
    }
    assert not found


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by their bare names."""
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, after in itertools.pairwise(names) if name == after] == []
