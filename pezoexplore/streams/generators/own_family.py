"""Generators of the user's own: ``rng: module:Class``, a class beside the design file."""

from __future__ import annotations

import hashlib
import inspect
from functools import cache
from pathlib import Path

from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.family import Family
from pezoexplore.user_code import ModuleMissingError, load_module

_folders: tuple[str, ...] = ()


def look_in(folder: Path | str) -> None:
    """Search a folder first for modules with generators; changed ones are imported again."""
    global _folders
    text = str(Path(folder).absolute())
    _folders = (text, *(other for other in _folders if other != text))
    _load.cache_clear()


def require_same(name: str, folder: Path, sha256: str) -> None:
    """Look for a generator in the folder where another process found it.

    Raises:
        DesignError: Its files are missing here or differ from those there.
    """
    found = own_family(name)
    if found is None or found.sha256 != sha256:
        look_in(folder)
        found = own_family(name)
    if found is None or found.sha256 != sha256:
        raise DesignError(f"rng: '{name}': {folder} does not hold the same files here")


def own_family(name: str) -> Family | None:
    """Return the family of ``module:Class``; None if there is no such module.

    Raises:
        DesignError: The class cannot be used: one line names its file and what is wrong.
    """
    return _load(name, (*_folders, str(Path.cwd())))


@cache
def _load(name: str, folders: tuple[str, ...]) -> Family | None:
    from pezoexplore.streams.generators.own_checks import check_family

    try:
        module = load_module("rng", name, *folders)
    except ModuleMissingError:
        return None
    where, _, member = name.partition(":")
    file = Path(module.__file__ or "")
    place = f"rng: {file}: class {member}"
    kind = getattr(module, member, None)
    if not inspect.isclass(kind) or kind.__module__ != where:
        raise DesignError(f"{place}: there is no such class in the file")
    if not issubclass(kind, Family):
        raise DesignError(f"{place}: is not a subclass of pezoexplore.streams.generators.Family")
    made = check_family(kind, place, name, file.parent)
    made.sha256 = _digest(file, made)
    return made


def _digest(file: Path, made: Family) -> str:
    digest = hashlib.sha256()
    for path in (file, *made.own_files()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
