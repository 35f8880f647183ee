"""Progress on stderr: a bar on a terminal, else plain lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pezoexplore.cli.terminal import duration, log

if TYPE_CHECKING:
    from rich.progress import Progress

LOG_LINES = 200
"""Approximate number of progress lines in a log; failures are printed in addition."""


class ProgressMeter:
    """Show the progress of many runs; use it as a context manager.

    A log gets one line per run, or of many runs one in so many, with the time left. ``--quiet``
    prints failures only; ``--verbose`` every run, on a terminal above the bar. The bar and the time
    left count expected seconds where the caller knows them, else runs.

    When Ctrl-C or SIGTERM ends it, the exception says how far it came, unless it says so already.
    """

    def __init__(self, noun: str, kept: str = "") -> None:
        """Count what the noun names, such as ``runs``; ``kept`` says what remains of them."""
        self._noun, self._kept, self._done, self._total = noun, kept, 0, 0
        self._bar: Progress | None = None
        self._start, self._done_before, self._stride = time.monotonic(), 0, 1
        self._work = (0.0, 0.0)

    def __enter__(self) -> Self:
        """Return the meter itself; the bar is shown once the number of runs is known."""
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

    @property
    def begun(self) -> bool:
        """Whether the number of runs is known."""
        return self._total > 0

    def begin(
        self,
        done: int,
        total: int,
        left_s: float | None = None,
        running: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Set the number of runs, and how many of them are done already.

        Args:
            done: Runs done.
            total: Runs in all.
            left_s: Expected seconds of the others; None if not known.
            running: Returns the names of what runs right now.
        """
        self._start, self._done_before = time.monotonic(), done
        self._done, self._total = done, total
        self._stride = max(1, (total - done) // LOG_LINES)
        if self._bar is None and log.isEnabledFor(logging.INFO):
            from pezoexplore.cli.progress_bar import progress_bar

            self._bar = progress_bar(self._noun)
        if self._bar is not None:
            self._bar.start()
            # What is done already took no time and must not count towards the speed.
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            work = total - done if left_s is None else left_s
            count = f"{done}/{total}"
            self._bar.add_task("starting", total=work, count=count, running=running)
        elif done:
            log.info(f"{done} of {total} already done, {total - done} to go")

    def advance(
        self,
        done: int,
        total: int,
        what: str,
        failure: str = "",
        work: tuple[float, float] | None = None,
    ) -> None:
        """Count what has ended, one run or a batch.

        Args:
            done: Runs done.
            total: Runs in all.
            what: Which one ended, and how, in one line.
            failure: Why it has no good result; empty if it has one.
            work: Seconds of the runs made, and expected seconds of those left; None for numbers.
        """
        passed = (done - self._done_before) // self._stride
        passed -= (self._done - self._done_before) // self._stride
        self._done, self._total = done, total
        self._work = work or (float(done - self._done_before), float(total - done))
        line = f"[{done}/{total}] {what}"
        verbose = log.isEnabledFor(logging.DEBUG)
        if self._bar is not None:
            worked, left = self._work
            self._bar.update(
                self._bar.task_ids[0], completed=worked, total=worked + left, description=what,
                count=f"{done}/{total}",
            )  # fmt: skip
            if failure or verbose:
                text = f"{line}: {failure}" if failure else line
                self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        elif failure:
            log.error(f"{line}: {failure}")
        elif self._stride == 1 or verbose:
            log.info(line)
        elif done == total or passed:
            log.info(f"{line}; {duration(self._left_s)} left")

    @property
    def _left_s(self) -> float:
        """Return the seconds left, at the speed so far."""
        worked, left = self._work
        return (time.monotonic() - self._start) * left / worked if worked else 0.0
