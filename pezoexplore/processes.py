"""Termination: of a process and its descendants, and of this one by a batch system."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM: all that Ctrl-C cleans up is cleaned up."""


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not stop the cleaning up
    raise Terminated


@contextmanager
def terminable() -> Iterator[None]:
    """Turn the first SIGTERM in the block into :class:`Terminated`; only in the main thread."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _parents() -> dict[int, int]:
    """Return the parent of every process, by process id; empty without /proc."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may itself hold spaces and brackets.
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
    return parents


def descendants(pid: int) -> list[int]:
    """Return the ids of the processes below a process, nearest first."""
    parents = _parents()
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def kill_below(pid: int) -> None:
    """Kill all processes below a process."""
    for child in descendants(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """Kill a process, the group that it leads or is about to, and all processes below it.

    The group alone is not enough: a tool runner may put a simulator into another session.
    """
    if pid != os.getpid():
        # Stop it first, so that it neither starts more processes nor reacts to their end.
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGSTOP)
    kill_below(pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # it may not lead its group yet
