"""Run one task on a Dask worker, in a separate process as on the client's machine.

A task arrives with everything it needs; what it leaves on the worker is scratch, but for the
checkpoint of a training that was stopped. Its answer is plain text and numbers. Stages run in
processes started by :mod:`pezoexplore.sweeps.executors.local`, so time limits, crashes and pinned
threads are as they are without Dask.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore import __version__
from pezoexplore.files import remove
from pezoexplore.sweeps.executors.local import Outcome, Task, WorkerSlot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.sweeps.stage import Stage

INPUTS = "rtl_dir"
"""Field of a stage that names a folder of inputs, whose files are uploaded with the task."""

SCRATCH = "work_dir"
"""Field of a stage that names a folder for build products, private to each worker."""

CHECKPOINTS = "checkpoints"
"""Field of a stage that names a folder of checkpoints, here one of the user's cache."""

KEPT_S = 30 * 24 * 3600.0
"""Seconds after which the checkpoint of a training that nobody resumed is removed."""

CODE = (
    *("energies.py", "intervals.py", "splitmix.py", "user_code.py"),
    *("design", "streams", "train", "hardware", "sweeps"),
)
"""Modules and packages that must be the same on all machines."""

Files = bytes
"""Files of a folder, packed: see :func:`folder_files`."""

Reply = tuple[str, str, str, float, float, float, str]
"""Status, payload, reason, seconds, those of imports and of compilation, end of the log."""

_idle: list[WorkerSlot] = []
_lock = threading.Lock()


@dataclass(frozen=True)
class Upload:
    """A task with its input files, as it is sent to a worker.

    Attributes:
        key: The task's key.
        stage: The stage; its folders are those of the client.
        point: The design point.
        files: Files of the stage's folder of inputs; empty if it has none.
    """

    key: str
    stage: Stage
    point: DesignPoint
    files: Files


def folder_files(folder: Path) -> Files:
    """Return all files of a folder by name, as compressed JSON: data, whatever it holds."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    texts = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("latin-1") for path in paths
    }
    return zlib.compress(json.dumps(texts).encode())


def unpack(files: Files, folder: Path) -> None:
    """Write packed files into a folder.

    Raises:
        ValueError: A name leads out of it.
    """
    for name, text in json.loads(zlib.decompress(files)).items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"file name {name[:80]!r} leads out of its folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))


def run_upload(upload: Upload) -> Reply:
    """Run a task on this worker; the answer to the client."""
    folder = Path(tempfile.mkdtemp(prefix="pezoexplore-", dir=_scratch()))
    slot = _take_slot()
    try:
        stage = localised(upload, folder)
        task = Task(upload.key, stage, "", upload.point, folder / "log")
        outcome = _finish(slot, task)
        seconds = outcome.seconds, outcome.importing, outcome.compiling
        return outcome.status, outcome.payload, outcome.reason, *seconds, outcome.log
    finally:
        with _lock:
            _idle.append(slot)
        shutil.rmtree(folder, ignore_errors=True)


def versions_here(wanted: Iterable[str]) -> dict[str, str]:
    """Return versions that must be those of the client, by name; empty for what is missing.

    Args:
        wanted: Names; those of :func:`versions_of`.
    """
    from pezoexplore.sweeps import provenance

    names = set(wanted)
    found = {"pezoexplore": __version__}
    found |= {name: text or "" for name, text in provenance.library_versions()}
    if "pezoexplore code" in names:
        found["pezoexplore code"] = provenance.source_hash(*CODE)[:12]
    if "cpu" in names:
        found["cpu"] = provenance.cpu_kind()
    if names - set(found):
        found |= {name: text or "" for name, text in provenance.tool_versions().items()}
    return {name: found.get(name, "") for name in sorted(names)}


def versions_of(stages: Iterable[Stage]) -> dict[str, str]:
    """Return the versions that the results of stages depend on, as the client has them.

    Those are our own code, and what a stage names in ``tools``, ``libraries`` and ``cpu``.
    """
    names = {"pezoexplore", "pezoexplore code"}
    claimed: dict[str, str] = {}
    for stage in stages:
        for field in ("tools", "libraries"):
            claimed |= {name: text or "" for name, text in getattr(stage, field, ())}
        if hasattr(stage, "cpu"):
            claimed["cpu"] = stage.cpu
    return versions_here(names) | claimed


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Describe what differs."""
    return [
        f"{name} is {theirs.get(name) or 'missing'} there and {text or 'missing'} here"
        for name, text in ours.items()
        if theirs.get(name) != text
    ]


def _take_slot() -> WorkerSlot:
    """Return a free process of this worker, or a new one: as many as tasks run at the same time."""
    with _lock:
        return _idle.pop() if _idle else WorkerSlot()


def _finish(slot: WorkerSlot, task: Task) -> Outcome:
    slot.begin(task)
    while True:
        slot.wait()
        outcome = slot.outcome()
        if outcome is not None:
            return outcome


def _scratch() -> str | None:
    """Return Dask's own folder of this worker, which goes with it; None outside a worker."""
    from distributed import get_worker

    try:
        return str(get_worker().local_directory)
    except ValueError:
        return None


def _checkpoints() -> Path | None:
    """Return this user's folder of checkpoints, old ones removed; None if it cannot be made."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(home, "pezoexplore", "checkpoints").expanduser()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.glob("*.npz"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - KEPT_S:
                    remove(path)
    except (OSError, RuntimeError):  # read-only, or there is no home
        return None
    return folder


def localised(upload: Upload, folder: Path) -> Stage:
    """Return the stage with its folders on this machine."""
    names = {field.name for field in fields(upload.stage)}
    here: dict[str, Any] = {}
    if INPUTS in names:
        here[INPUTS] = folder / "inputs"
        unpack(upload.files, folder / "inputs")
    if SCRATCH in names:
        here[SCRATCH] = folder / "work"
    if CHECKPOINTS in names:
        here[CHECKPOINTS] = _checkpoints()
    return replace(upload.stage, **here) if here else upload.stage
