"""What every command prints with: one JSON document or text on stdout, news on stderr.

How much news there is is a matter of the whole process: :func:`speak` says it once a command.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

_SPEED_OVER_S = 600.0
"""Seconds over which the time left is estimated: stages differ in length."""

LOG_LINES = 200
"""About as many lines of progress a log gets; troubles come on top."""


class Level(IntEnum):
    """How much news there is; results and troubles are printed in any case."""

    quiet = 0
    normal = 1
    verbose = 2


_level = Level.normal


def speak(level: Level) -> None:
    """Set how much news this command prints."""
    global _level
    _level = level


def print_json(document: object) -> None:
    """Print one JSON document; see :func:`plain` for what becomes of numbers JSON does not have.

    Args:
        document: Mappings, sequences, text, numbers, truth values and None.
    """
    text = json.dumps(plain(document), indent=2, allow_nan=False, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def print_json_streaming(
    document: Mapping[str, object], name: str, items: Iterable[object]
) -> None:
    """Print one JSON document whose last member is a long list, an item in memory at a time.

    The bytes are those of :func:`print_json` with the list in the document.

    Args:
        document: The other members, at least one.
        name: Name of the list.
        items: Its items.
    """
    head = json.dumps(plain(document), indent=2, allow_nan=False, ensure_ascii=False)
    sys.stdout.write(f"{head.removesuffix('}').rstrip()},\n  {json.dumps(name)}: [")
    count = 0
    for item in items:
        text = json.dumps(plain(item), indent=2, allow_nan=False, ensure_ascii=False)
        sys.stdout.write("," * (count > 0) + "\n    " + text.replace("\n", "\n    "))
        count += 1
    sys.stdout.write(("\n  " if count else "") + "]\n}\n")


def plain(value: object) -> object:
    """A value as JSON can hold it: NaN is None, infinities are ``inf`` and ``-inf``."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def say(line: str) -> None:
    """Print a line to stdout, as it is."""
    sys.stdout.write(line + "\n")


def tell(line: str) -> None:
    """Print a line to stderr, as it is."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def note(line: str) -> None:
    """Print news to stderr, unless the command is to be quiet."""
    if _level > Level.quiet:
        tell(line)


def detail(line: str) -> None:
    """Print to stderr what only those want to know who ask for it."""
    if _level is Level.verbose:
        tell(line)


def duration(seconds: float) -> str:
    """Seconds in words: ``8.3 s``, ``2 min 05 s``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, noun: str) -> str:
    """A number and its noun: ``1 design``, ``2 designs``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _last_column() -> Column:
    """A column that is cut, not wrapped, where the terminal is narrow."""
    return Column(no_wrap=True, overflow="ellipsis", ratio=1)


class Meter:
    """Progress on stderr: a bar with the time left on a terminal, else plain lines.

    A log gets a line a run, or of many runs one in so many, with the time left. Quiet commands
    show troubles only; verbose ones every run, on a terminal above the bar. To be used as a context
    manager.
    """

    def __init__(self, noun: str) -> None:
        """A meter that counts what the noun says, such as ``runs``."""
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._begun, self._there, self._stride = time.monotonic(), 0, 1
        if self._console.is_terminal and _level > Level.quiet:
            self._bar = Progress(
                BarColumn(bar_width=16),
                MofNCompleteColumn(),
                TextColumn(noun + ","),
                TimeElapsedColumn(),
                TextColumn("gone,"),
                TimeRemainingColumn(),
                TextColumn("left;"),
                TextColumn("{task.description}", markup=False, table_column=_last_column()),
                console=self._console,
                transient=True,
                expand=True,
                speed_estimate_period=_SPEED_OVER_S,
            )

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def begin(self, done: int, total: int) -> None:
        """Say how much there is to do, and how much of it is done already."""
        self._begun, self._there = time.monotonic(), done
        self._stride = max(1, (total - done) // LOG_LINES)
        if self._bar is not None:
            # What is there already took no time and must not count towards the speed.
            self._bar.add_task("starting", total=total - done)
        elif done:
            note(f"{done} of {total} are there already, {total - done} to go")

    def advance(self, done: int, total: int, what: str, trouble: str = "") -> None:
        """Count one run that has ended.

        Args:
            done: Runs that are there.
            total: Runs there are to be.
            what: Which one ended, and how, in one line.
            trouble: Why it has no good result; empty if it has.
        """
        line = f"[{done}/{total}] {what}"
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, description=what)
            if trouble or _level is Level.verbose:
                self._above(f"{line}: {trouble}" if trouble else line)
        elif trouble:
            tell(f"{line}: {trouble}")
        elif self._stride == 1 or _level is Level.verbose:
            note(line)
        elif done == total or (done - self._there) % self._stride == 0:
            note(f"{line}; {duration(self._left(done, total))} left")

    def _above(self, line: str) -> None:
        """Print a line above the bar."""
        assert self._bar is not None, "only where there is one"
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _left(self, done: int, total: int) -> float:
        """Seconds left, at the speed so far."""
        return (time.monotonic() - self._begun) * (total - done) / max(1, done - self._there)
