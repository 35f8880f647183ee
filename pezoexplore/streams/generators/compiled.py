"""Loops that numba compiles at their first call: it takes long to import."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Compiled(Generic[_P, _T]):
    """A function that is compiled when it is first called; the machine code is cached on disk."""

    def __init__(self, function: Callable[_P, _T], **options: Any) -> None:  # noqa: ANN401
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._function, self._options = function, options

    @cached_property
    def machine(self) -> Callable[_P, _T]:
        """The function as numba knows it, and those that it calls."""
        from numba import njit

        names = self._function.__globals__
        for name in self._function.__code__.co_names:
            if isinstance(called := names.get(name), Compiled):
                names[name] = called.machine  # numba looks names up in the module
        made: Callable[_P, _T] = njit(cache=True, nogil=True, **self._options)(self._function)
        return made

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call the compiled function."""
        return self.machine(*args, **kwargs)


def compiled(function: Callable[_P, _T]) -> Compiled[_P, _T]:
    """Compile a function at its first call."""
    return Compiled(function)


def inlined(function: Callable[_P, _T]) -> Compiled[_P, _T]:
    """Compile a function into each compiled function that calls it."""
    return Compiled(function, inline="always")
