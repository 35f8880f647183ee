"""Native Yosys (``pyosys``): a process with the models of cells in it, and a fork per design."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda import native_server
from pezoexplore.hardware.eda.process import supervised, tool_environment
from pezoexplore.processes import guarded

NAME = "pyosys"

_START_S = 120.0
"""Time in which the models are read, s."""


def run_native(
    models: Sequence[str],
    commands: Sequence[str],
    folder: Path,
    log_path: Path,
    timeout_s: float,
) -> int:
    """Run Yosys commands on a design in a folder.

    Args:
        models: Commands that need no file of the folder: run once for all calls with the same.
        commands: What follows for this design.
        folder: Folder that Yosys runs in, and writes its log to.
        log_path: Log file for what Yosys' own log lacks.
        timeout_s: Time limit of the commands, s.

    Returns:
        The exit code.

    Raises:
        ToolError: Yosys cannot be started.
        ToolTimeoutError: Yosys timed out.
    """
    job = {"folder": str(folder.absolute()), "log": str(log_path.absolute()), "commands": commands}
    idle = _idle[tuple(models)]
    server: _Server | None = None

    def begin(log: BinaryIO) -> _Fork:
        nonlocal server
        server = idle.pop() if idle else _Server(models, log)
        return _Fork(server, job)

    try:
        code = supervised(begin, log_path, NAME, timeout_s)
    except BaseException:
        if server is not None:
            server.close()
        raise
    assert server is not None
    if server.process.poll() is None:
        idle.append(server)
    else:
        server.close()
    return code


class _Server:
    """A process that has run some commands, and runs others in forks of itself.

    Attributes:
        process: The process.
    """

    def __init__(self, models: Sequence[str], log: BinaryIO) -> None:
        """Start it; what goes wrong is in the log."""
        self._answers = b""
        self.process = subprocess.Popen(
            [sys.executable, "-P", native_server.__file__, json.dumps(list(models))],
            cwd="/",
            env=tool_environment() | {"YOSYS_MAX_THREADS": "1"} | guarded(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            started = self.line(_START_S) == native_server.READY
        except BaseException:
            self.close()
            raise
        if not started:
            self.close()
            raise ToolError(f"{NAME}: cannot be started; see {log.name}")

    def ask(self, job: object) -> None:
        """Send a job."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # then the answer is the end of the answers
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()

    def line(self, timeout_s: float | None = None) -> str:
        """Return its next line; empty where it has ended.

        Raises:
            subprocess.TimeoutExpired: There was none in time.
        """
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self._answers:
            if not select.select([descriptor], [], [], timeout_s)[0]:
                raise subprocess.TimeoutExpired(NAME, timeout_s or 0.0)
            more = os.read(descriptor, 1024)
            if not more:
                return ""
            self._answers += more
        first, _, self._answers = self._answers.partition(b"\n")
        return first.decode()

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


class _Fork:
    """A job at work, as a process that :func:`supervised` waits for.

    Attributes:
        pid: Process ID.
    """

    def __init__(self, server: _Server, job: object) -> None:
        """Begin it."""
        server.ask(job)
        self._server = server
        self._code: int | None = None
        self.pid = int(server.line() or server.process.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended; that of the server where that has ended.

        Raises:
            subprocess.TimeoutExpired: It has not ended in time.
        """
        if self._code is None:
            self._code = int(self._server.line(timeout) or self._server.process.wait())
        return self._code

    def poll(self) -> int | None:
        """Return its exit code; None while it works."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0.0)
        return None


_idle: dict[tuple[str, ...], list[_Server]] = defaultdict(list)
"""Processes that wait for a job, by the commands that they have run."""


@atexit.register
def end_idle() -> None:
    """End the processes that wait for a job."""
    for servers in _idle.values():
        while servers:
            servers.pop().close()
