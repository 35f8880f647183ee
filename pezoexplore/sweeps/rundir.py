"""The run directory: taken when new, resumed when ours, refused when foreign or in use."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from pezoexplore.design.yaml_tree import read_tree
from pezoexplore.errors import PezoError
from pezoexplore.sweeps.store import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOCK_NAME = ".lock"
STORE_NAME = "store.sqlite"
RUN_NAME = "run.json"
DESIGN_NAME = "design.yaml"
LOGS_NAME = "logs"
WORK_NAME = "work"
TASKS_NAME = "tasks"

PROGRAM = "pezoexplore"
"""Value of ``program`` in a run.json of ours."""

_SQLITE_MAGIC = b"SQLite format 3\0"


class RunDirError(PezoError):
    """A run directory that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class RunDir:
    """A run directory that this process holds; get one from :func:`open_run_dir`.

    Attributes:
        path: The directory.
    """

    path: Path

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.path / STORE_NAME

    @property
    def work(self) -> Path:
        """Folder for what stages build meanwhile; emptied at the start and at the end."""
        return self.path / WORK_NAME

    def log(self, point_id: str, label: str) -> Path:
        """Return log of one stage of one point."""
        return self.path / LOGS_NAME / point_id / f"{label}.log"


@contextmanager
def open_run_dir(path: Path, design: str | None = None) -> Iterator[RunDir]:
    """Take a new or empty directory, or resume one of ours, and hold it meanwhile.

    Args:
        path: The directory; made, with its parents, when it is not there.
        design: Name of the design whose results it is to hold; None for whatever it holds.

    Raises:
        RunDirError: It is a file, foreign, another design's, in use by another process or cannot
            be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        _check_owner(path)
        _check_design(path, design)
        descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        _refuse(path, error)
    try:
        _lock(path, descriptor)
        run_dir = RunDir(path)
        _empty(run_dir.work)
        try:
            yield run_dir
        finally:
            _empty(run_dir.work)
    finally:
        os.close(descriptor)


def _refuse(path: Path, error: OSError) -> NoReturn:
    if path.exists() and not path.is_dir():
        raise RunDirError(f"{path} is a file: name a folder for the run with --out") from error
    raise RunDirError(
        f"cannot use {path} for a run: {error.strerror or error}; name a folder you can write to "
        "with --out"
    ) from error


def _check_owner(path: Path) -> None:
    """Refuse a directory that holds anything, unless a run of ours made it."""
    names = {entry.name for entry in path.iterdir()}
    if not names - {LOCK_NAME} or _is_our_store(path / STORE_NAME) or _is_our_run(path / RUN_NAME):
        return
    raise RunDirError(
        f"{path} holds files that are not from a pezoexplore run: name a new or empty folder "
        "with --out"
    )


def _check_design(path: Path, design: str | None) -> None:
    """Refuse a directory with the results of a design of another name: they would be replaced."""
    held = design_in(path)
    if design is None or held in (None, design):
        return
    raise RunDirError(
        f"{path} holds the results of design {held}, and this is design {design}: name another "
        f"folder with --out, or replace them with -s name={held}"
    )


def task_folders(tasks: Sequence[str], run: Path) -> dict[str, Path]:
    """Return where the plots of each task go: of several, each has its own folder."""
    if len(tasks) == 1:
        return {tasks[0]: run}
    return {task: run / TASKS_NAME / task.replace(":", ".") for task in tasks}


def design_in(path: Path) -> object:
    """Return the name of the design whose results a directory holds; None if that is unknown."""
    try:
        content = read_tree((path / DESIGN_NAME).read_text(encoding="utf-8"), str).value
        return content.get("name") if isinstance(content, dict) else None
    except (OSError, ValueError, PezoError):
        return _run_json(path / RUN_NAME).get("design")


def _is_our_store(path: Path) -> bool:
    """Return whether a file is a store of ours, just created or damaged past recognition."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return False
    if not header.startswith(_SQLITE_MAGIC):
        # A store killed at birth is empty; a damaged one is ours if a run held it.
        return not header or path.with_name(LOCK_NAME).exists()
    return int.from_bytes(header[68:72], "big") == APPLICATION_ID


def _is_our_run(path: Path) -> bool:
    return _run_json(path).get("program") == PROGRAM


def _run_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _lock(path: Path, descriptor: int) -> None:
    """Hold the directory until the process ends, however it ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        who = f" (process {holder})" if holder.isdigit() else ""
        raise RunDirError(
            f"another pezoexplore{who} is at work in {path}: wait for it or name another folder "
            "with --out"
        ) from error
    except OSError as error:  # a file system without locks
        _refuse(path, error)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _empty(path: Path) -> None:
    """Remove a folder and its content; what a dying process still writes there is left."""
    shutil.rmtree(path, ignore_errors=True)
