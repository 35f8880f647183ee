"""Stopping a process with all that it started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pezoexplore.processes import descendants, kill_tree

PARENT = """
import subprocess, sys
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


@pytest.mark.parametrize("leads", [True, False])
def test_a_process_goes_with_what_it_started(leads):
    """Also one that leads no group, as a worker that is stopped before it could make its own."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, start_new_session=leads, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            child = int(process.stdout.readline())
            assert descendants(process.pid) == [child]
            kill_tree(process.pid)
            assert process.wait(timeout=30) == -signal.SIGKILL
        finally:
            process.kill()
    deadline = time.monotonic() + 30
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gone(child)
