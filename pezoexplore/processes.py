"""Termination: of a process and its descendants, and of this one by a batch system.

Run as a program, this module is the guard of :func:`guarded`: it waits until its parent, killed or
not, is gone, and kills what that left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
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
    return {pid: parent for pid, (parent, _) in _table().items()}


def _table() -> dict[int, tuple[int, int]]:
    """Return parent and session of every process, by process id; empty without /proc."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may itself hold spaces and brackets.
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
            table[int(entry.parent.name)] = int(fields[1]), int(fields[3])
    return table


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


def kill_session(leader: int) -> None:
    """Kill all processes of the session that a process leads or led, and all below them."""
    for pid in [pid for pid, (_, session) in _table().items() if session == leader]:
        kill_below(pid)
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


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


GUARDED = "PEZOEXPLORE_GUARDED"
"""Variable by which a guard knows processes: they and theirs inherit it, whatever their session."""

_guards: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}
"""Value of the variable and guard process, by process ID: a fork has no guard of its own."""

_starting = threading.Lock()


def guarded() -> dict[str, str]:
    """Return the variable with which to start programs that must not outlive this process.

    The first call starts a guard, whose input ends when this process does.
    """
    with _starting:
        if os.getpid() not in _guards:
            mark = os.urandom(8).hex()
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, mark],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
            guard.wait()
            _guards[os.getpid()] = mark, guard
        return {GUARDED: _guards[os.getpid()][0]}


def _marked(mark: str) -> list[int]:
    """Return the ids of the living processes that have a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"{GUARDED}={mark}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def _end_marked(mark: str) -> None:
    """Kill all processes that have a mark, until none starts another."""
    while found := _marked(mark):
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    if os.fork() == 0:  # an orphan, lest it be killed with all below its parent before the rest is
        sys.stdin.read()
        _end_marked(sys.argv[1])
