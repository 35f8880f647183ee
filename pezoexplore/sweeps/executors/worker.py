"""A worker process: takes tasks from a socket, runs them, sends results back.

The parent starts it afresh (nothing is forked) with the threads of the numeric libraries pinned
to one by environment variables, so they hold before the first numeric import. It keeps running
from task to task: imports and compiled functions are paid for once.
"""

from __future__ import annotations

import faulthandler
import io
import json
import math
import os
import pickle
import queue
import resource
import sys
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pezoexplore import phases
from pezoexplore.errors import PezoError, ToolTimeoutError
from pezoexplore.processes import kill_tree
from pezoexplore.sweeps.stage import canonical_json

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.sweeps.stage import Stage

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NPROC": "1",  # threads of JAX's CPU client
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",  # an accelerator would give other floats
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "agg",
}
"""Environment of every worker, over that of the parent: results must not depend on it."""

MAX_FILE_BYTES = 2**30
"""Largest file a worker or its tools may write: output without end must not fill the disk."""

STARTED = "started"
"""Message of a worker that starts a task; a task without it can safely be sent again."""

STATUSES = ("ok", "failed", "timeout")
"""How a task can end."""

ANSWER_TYPES = [str, str, str, float, float, float]
"""Types of an answer's parts: status, payload as canonical JSON, reason, seconds, and those of them
that imports and compilation took."""

Answer = tuple[str, str, str, float, float, float]


def main(descriptor: int) -> NoReturn:
    """Run tasks for ever; the process ends when the parent closes its end or dies.

    Args:
        descriptor: File descriptor of the socket to the parent.
    """
    os.set_inheritable(descriptor, False)
    _keep_last_words()
    _limit_file_size()
    phases.watch()
    connection = Connection(descriptor)
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, messages), daemon=True).start()
    while True:
        message = messages.get()
        connection.send_bytes(json.dumps(STARTED).encode())
        connection.send_bytes(json.dumps(_answer(message)).encode())


def understood(answer: object) -> Answer | None:
    """Validate a worker's reply; return None if it is malformed.

    Answers are data: reading one runs nothing, and none is believed for its looks.
    """
    if not isinstance(answer, list | tuple) or [type(part) for part in answer] != ANSWER_TYPES:
        return None
    status, payload, reason, *seconds = answer
    if status not in STATUSES or not all(map(math.isfinite, seconds)):
        return None
    try:
        if status == "ok" and canonical_json(dict(json.loads(payload))) != payload:
            return None
    except (TypeError, ValueError, RecursionError):
        return None
    return status, payload, reason, seconds[0], seconds[1], seconds[2]


def _keep_last_words() -> None:
    """Let the log of a run that is killed or crashes hold all it printed, and where it was."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    faulthandler.enable()


def _limit_file_size() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = MAX_FILE_BYTES if hard == resource.RLIM_INFINITY else min(MAX_FILE_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))


def _listen(connection: Connection, messages: queue.SimpleQueue[bytes]) -> None:
    """Pass messages on; when the parent is gone, end this process and all that it started."""
    with suppress(EOFError, OSError):
        while True:
            messages.put(connection.recv_bytes())
    kill_tree(os.getpid())


def _answer(message: bytes) -> Answer:
    """Run one task and return its result."""
    start = time.perf_counter()
    phases.taken(), phases.before()  # of the task before
    directory, environment = Path.cwd(), dict(os.environ)
    try:
        stage, point, log_path = pickle.loads(message)
        _print_to(log_path)
        payload = _run(stage, point, log_path)
        answer = "ok", payload, ""
    except ToolTimeoutError as error:
        answer = "timeout", "", _reported(str(error))
    except PezoError as error:
        answer = "failed", "", _reported(str(error))
    except BaseException as error:  # noqa: BLE001 - whatever a stage raises, SystemExit too, fails
        # that stage alone: the reason and the log name it, and the sweep continues.
        answer = "failed", "", _reported("".join(traceback.format_exception_only(error)))
    _print_to(Path(os.devnull))
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    return *answer, time.perf_counter() - start + phases.before(), *phases.taken()


def _run(stage: Stage, point: DesignPoint, log_path: Path) -> str:
    payload = stage.run(point, log_path)
    if not isinstance(payload, dict):
        raise TypeError(f"stage {stage.label} returned {type(payload).__name__}, not a dict")
    return canonical_json(payload)


def _reported(reason: str) -> str:
    """Return the reason as one line; the whole traceback goes to the log."""
    traceback.print_exc()
    return " ".join(reason.split())


def _print_to(path: Path) -> None:
    """Send what this process and those it starts print to a file, emptied first."""
    sys.stdout.flush()
    sys.stderr.flush()
    # Appending keeps lines whole when a stage opens its log by itself.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    descriptor = os.open(path, flags, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
