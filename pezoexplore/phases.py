"""Time what a process does once and later work does not repeat, or what others did before it."""

from __future__ import annotations

import builtins
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_LEAST_S = 1e-4
"""Shortest import that is noted; those of modules already there take microseconds."""

_JAX_EVENTS = "/jax/core/compile/"
"""Prefix of the names of JAX's events of tracing, lowering and compilation."""

_Span = tuple[float, float]
"""Begin and end, in seconds of ``time.time``, which is JAX's clock."""

_imports: list[_Span] = []
_compilations: list[_Span] = []
_before: list[float] = []
_listening: set[str] = set()


def watch() -> None:
    """Note from now on how long imports take, and what JAX and Numba compile.

    Both are listened to once something else has imported them. Call it once in a process.
    """
    plain = builtins.__import__

    def timed(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as Python's own
        begin = time.time()
        try:
            return plain(*args, **named)
        finally:
            end = time.time()
            if end - begin >= _LEAST_S:
                _imports.append((begin, end))
                _listen()

    builtins.__import__ = timed


@contextmanager
def compiling() -> Iterator[None]:
    """Count what is done within, such as a compiler's run, as compilation."""
    begin = time.time()
    try:
        yield
    finally:
        _compilations.append((begin, time.time()))


def resumed(seconds: float) -> None:
    """Note that a process which was stopped has already worked so long on the same."""
    _before.append(seconds)


def before() -> float:
    """Return the seconds that :func:`resumed` noted since the last call."""
    seconds = sum(_before)
    _before.clear()
    return seconds


def taken() -> tuple[float, float]:
    """Return the seconds of imports and of compilation since the last call.

    Imports within a compilation count as imports alone.
    """
    importing = _covered(_imports)
    compiling = _covered([*_imports, *_compilations]) - importing
    _imports.clear()
    _compilations.clear()
    return importing, compiling


def _covered(spans: Iterable[_Span]) -> float:
    """Return the seconds that are in at least one span."""
    total, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def _listen() -> None:
    """Listen to the compilers that have been imported by now, completely."""
    for name, needed, begin in (
        ("jax.monitoring", "register_event_time_span_listener", _listen_to_jax),
        ("numba.core.event", "install_listener", _listen_to_numba),
    ):
        module = sys.modules.get(name)
        if name not in _listening and hasattr(module, needed):
            _listening.add(name)
            begin(module)


def _listen_to_jax(monitoring: Any) -> None:  # noqa: ANN401 - a module
    def ended(event: str, begin: float, end: float, **_: object) -> None:
        if event.startswith(_JAX_EVENTS):
            _compilations.append((begin, end))

    monitoring.register_event_time_span_listener(ended)


def _listen_to_numba(event: Any) -> None:  # noqa: ANN401 - a module
    begun: list[float] = []

    class Compilations(event.Listener):  # type: ignore[misc]
        def on_start(self, _: object) -> None:
            begun.append(time.time())

        def on_end(self, _: object) -> None:
            _compilations.append((begun.pop(), time.time()))

    event.register("numba:compile", Compilations())
