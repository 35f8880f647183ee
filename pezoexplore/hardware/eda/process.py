"""Runs one external tool: a time limit for its whole process group, output to a bounded log."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.processes import kill_tree

MAX_LOG_BYTES = 16 * 2**20
"""A tool that prints more than this is stopped."""

_POLL_S = 0.05


def run_tool(
    command: Sequence[str],
    cwd: Path,
    log_path: Path,
    timeout_s: float,
    stop: threading.Event | None = None,
) -> int:
    """Run a program to its end.

    Args:
        command: Program and arguments; never a shell line.
        cwd: Working folder.
        log_path: Output and errors are appended here.
        timeout_s: Seconds until its process group is killed.
        stop: Another thread sets it to have the program killed at once.

    Returns:
        The exit code.

    Raises:
        ToolError: The program is missing, printed without end, or was to stop.
        ToolTimeoutError: It ran out of time.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        start = log.tell()
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{command[0]}: cannot be started ({error.strerror})") from error
        try:
            return _wait(process, log_path, start, timeout_s, command[0], stop or threading.Event())
        finally:
            _kill(process)


def _wait(
    process: subprocess.Popen[bytes],
    log_path: Path,
    start: int,
    timeout_s: float,
    name: str,
    stop: threading.Event,
) -> int:
    deadline = time.monotonic() + timeout_s
    pause = 0.002
    while True:
        try:
            return process.wait(pause)
        except subprocess.TimeoutExpired:
            pause = min(2 * pause, _POLL_S)
        if stop.is_set():
            raise ToolError(f"{name}: stopped")
        if time.monotonic() > deadline:
            raise ToolTimeoutError(f"{name}: no end after {timeout_s:g} s; killed, see {log_path}")
        if log_path.stat().st_size - start > MAX_LOG_BYTES:
            raise ToolError(f"{name}: printed over {MAX_LOG_BYTES:,} bytes; killed, see {log_path}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program, its process group and what it started elsewhere."""
    if process.poll() is None:
        kill_tree(process.pid)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
