"""Modules of the user's: found beside the design file, errors in them told in one line."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from pezoexplore.errors import DesignError

_loaded: dict[str, str] = {}
"""SHA-256 of the source of each module when it was imported, by module name."""


class ModuleMissingError(DesignError):
    """There is no such module."""


def load_module(key: str, name: str, *folders: str | None) -> ModuleType:
    """Import the module of a name ``package.module:member``, again if its source has changed.

    Args:
        key: Key of the design file, for messages.
        name: The name.
        folders: Folders searched first, in this order; then the working folder and Python's path.

    Raises:
        ModuleMissingError: There is no such module.
        DesignError: The name is malformed, or the import fails.
    """
    where, _, member = name.partition(":")
    if not all(part.isidentifier() for part in (*where.split("."), member)):
        raise DesignError(f"{key}: '{name}' is not of the form package.module:{_MEMBER[key]}")
    if where.partition(".")[0] in sys.stdlib_module_names:
        raise DesignError(
            f"{key}: '{name}': {where} is Python's own, not a module with a {_WHAT[key]}"
        )
    with on_path(*folders, str(Path.cwd())):
        _forget_changed(where)
        try:
            module = importlib.import_module(where)
        except (Exception, SystemExit) as error:
            missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
            if (
                isinstance(error, ModuleNotFoundError)
                and missing
                and f"{where}.".startswith(f"{missing}.")
            ):
                raise _missing(key, name) from error
            reason = f"importing {where} failed: {error_line(error)}"
            if extra := _EXTRAS.get((missing or "").partition(".")[0]):
                reason += f"; type: pip install 'pezoexplore[{extra}]'"
            raise DesignError(f"{key}: '{name}': {reason}") from error
    if module.__file__ is None:  # a folder of that name: Python takes it for a namespace package
        del sys.modules[where]
        raise _missing(key, name)
    _loaded[where] = _digest(module.__spec__.origin if module.__spec__ else None)
    return module


def _missing(key: str, name: str) -> ModuleMissingError:
    where = name.partition(":")[0]
    return ModuleMissingError(
        f"{key}: '{name}': no module {where} beside the design file, in {Path.cwd()} "
        "or on Python's path"
    )


_EXTRAS = {"torch": "torch", "transformers": "torch", "onnx2torch": "torch,onnx"}
"""Extras of this package that bring a package of that name."""

_MEMBER = {"task": "function", "rng": "Class"}
_WHAT = {"task": "task", "rng": "generator"}


def _forget_changed(where: str) -> None:
    """Drop an imported module if another file is found first now, or its source has changed."""
    module, top = sys.modules.get(where), where.partition(".")[0]
    if module is None or where not in _loaded:
        return
    found = PathFinder.find_spec(top)
    before = getattr(sys.modules.get(top), "__spec__", None)
    moved = found is not None and before is not None and found.origin != before.origin
    origin = module.__spec__.origin if module.__spec__ else None
    if moved or _digest(origin) != _loaded[where]:
        for name in [n for n in sys.modules if n == top or n.startswith(f"{top}.")]:
            del sys.modules[name]


def _digest(path: str | None) -> str:
    try:
        return hashlib.sha256(Path(path or "").read_bytes()).hexdigest()
    except OSError:
        return ""


def guarded(place: str, what: str, call: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
    """Return what user code returns.

    Raises:
        DesignError: It raised or called exit: one line that begins with `place` and says in `what`.
    """
    try:
        return call(*arguments)
    except (Exception, SystemExit) as error:
        raise DesignError(f"{place}: {what} failed: {error_line(error)}") from error


def error_line(error: BaseException) -> str:
    """Return the type of an error and the first line of its message."""
    if isinstance(error, SystemExit):
        return f"it calls exit({error.code!r})"
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__


@contextmanager
def on_path(*folders: str | None) -> Iterator[None]:
    """Look for modules in these folders first."""
    before = list(sys.path)
    sys.path[:0] = [os.fspath(folder) for folder in folders if folder]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
