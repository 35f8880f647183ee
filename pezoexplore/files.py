"""Files that are there whole or not at all, written under a temporary name; scratch folders."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from pezoexplore.errors import PezoError

if TYPE_CHECKING:
    from collections.abc import Iterator


class WriteError(PezoError):
    """A file that cannot be written; the message names it."""


def why(error: OSError) -> str:
    """Return what the system refused, and what to do if that is known."""
    full = "; free some space, then run again"
    return f"{error.strerror or error}" + full * (error.errno in (errno.ENOSPC, errno.EDQUOT))


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Provide the name under which to write a file, which gets its own when the block ends well.

    Readers see the old content or the new, never a part. What a killed process leaves is hidden,
    and replaced by the next.

    Args:
        path: The file, replaced if it is there; its folder must exist.
        durable: Whether to wait until it is on the disk.

    Raises:
        WriteError: It cannot be written.
    """
    temporary = _temporary(path)
    try:
        yield temporary
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {why(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing_bytes(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Provide a binary file to write, all or nothing; see :func:`replacing`."""
    with replacing(path, durable=durable) as temporary, temporary.open("wb") as file:
        yield file


@contextmanager
def writing_atomically(path: Path, *, durable: bool = True) -> Iterator[TextIO]:
    """Provide a text file to write, all or nothing, in UTF-8 with its line ends as they are.

    See :func:`replacing`.
    """
    with (
        replacing(path, durable=durable) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


def remove(path: Path) -> None:
    """Remove a file, and what a process that was killed while it wrote the file has left.

    Raises:
        OSError: One of them cannot be removed; a missing file is no error.
    """
    for each in (path, _temporary(path)):
        each.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """Return the name under which a file is written."""
    return path.with_name(f".{path.name}.tmp")


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file, all or nothing; see :func:`replacing`."""
    data = content.encode() if isinstance(content, str) else content
    with writing_bytes(path, durable=durable) as file:
        file.write(data)


@contextmanager
def scratch(work_dir: Path) -> Iterator[Path]:
    """Provide a fresh folder for one run, removed afterwards: a simulator build is never reused."""
    work_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=work_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
