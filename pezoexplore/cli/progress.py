"""Progress on stderr: a bar on a terminal, else plain lines."""

from __future__ import annotations

import logging
import time
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

from pezoexplore.cli.terminal import duration, log

_SPEED_OVER_S = 600.0
"""Seconds over which the time left is estimated: stages differ in length."""

LOG_LINES = 200
"""Approximate number of progress lines in a log; failures are printed in addition."""


class ProgressMeter:
    """Show the progress of many runs; use it as a context manager.

    A log gets one line per run, or of many runs one in so many, with the time left. ``--quiet``
    prints failures only; ``--verbose`` every run, on a terminal above the bar.

    When Ctrl-C or SIGTERM ends it, the exception says how far it came, unless it says so already.
    """

    def __init__(self, noun: str, kept: str = "") -> None:
        """Count what the noun names, such as ``runs``; ``kept`` says what remains of them."""
        self._noun, self._kept, self._done, self._total = noun, kept, 0, 0
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._start, self._done_before, self._stride = time.monotonic(), 0, 1
        if self._console.is_terminal and log.isEnabledFor(logging.INFO):
            self._bar = Progress(
                BarColumn(bar_width=16),
                MofNCompleteColumn(),
                TextColumn(noun + ","),
                TimeElapsedColumn(),
                TextColumn("gone,"),
                TimeRemainingColumn(),
                TextColumn("left;"),
                TextColumn(
                    "{task.description}",
                    markup=False,
                    table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
                ),
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
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
        if isinstance(error, KeyboardInterrupt) and not error.args and self._kept:
            error.args = (f"{self._done} of {self._total} {self._noun} ended; {self._kept}",)

    def begin(self, done: int, total: int) -> None:
        """Set the number of runs, and how many of them are done already."""
        self._start, self._done_before = time.monotonic(), done
        self._done, self._total = done, total
        self._stride = max(1, (total - done) // LOG_LINES)
        if self._bar is not None:
            # What is done already took no time and must not count towards the speed.
            self._bar.add_task("starting", total=total - done)
        elif done:
            log.info(f"{done} of {total} already done, {total - done} to go")

    def advance(self, done: int, total: int, what: str, failure: str = "") -> None:
        """Count one run that has ended.

        Args:
            done: Runs done.
            total: Runs in all.
            what: Which one ended, and how, in one line.
            failure: Why it has no good result; empty if it has one.
        """
        self._done, self._total = done, total
        line = f"[{done}/{total}] {what}"
        verbose = log.isEnabledFor(logging.DEBUG)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, description=what)
            if failure or verbose:
                text = f"{line}: {failure}" if failure else line
                self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        elif failure:
            log.error(f"{line}: {failure}")
        elif self._stride == 1 or verbose:
            log.info(line)
        elif done == total or (done - self._done_before) % self._stride == 0:
            log.info(f"{line}; {duration(self._left_s(done, total))} left")

    def _left_s(self, done: int, total: int) -> float:
        """Return the seconds left, at the speed so far."""
        elapsed = time.monotonic() - self._start
        return elapsed * (total - done) / max(1, done - self._done_before)
