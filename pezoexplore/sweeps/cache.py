"""A cache of finished runs that many sweeps share, also at the same time.

Each entry is a file named by its key, the SHA-256 of everything that determines the result. It is
renamed into place, so readers see all of it or nothing, and it carries a digest: a damaged entry
is found when it is read, removed, and made again. Only good results are kept.

A sweep holds a lock on the key it works on: one byte of a lock file, which the system takes back
when the process ends, however it ends. So no lock goes stale and no clock is read. Who finds a
key locked waits for the other's result, or makes it itself once the other is gone.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import json
import os
import struct
import tempfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pezoexplore.errors import PezoError
from pezoexplore.files import why, writing_bytes
from pezoexplore.sweeps.stage import STAGE_ORDER, canonical_json, sha256
from pezoexplore.sweeps.store import Record, malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

VARIABLE = "PEZOEXPLORE_CACHE"
"""Environment variable that names the shared cache."""

MARK_NAME = "pezoexplore-cache"
"""File that marks the folder as ours."""

LOCKS_NAME = "locks"
ENTRIES_NAME = "entries"
PARTIAL = ".partial"

FORMAT = 1

MAX_ENTRY_BYTES = 2**24
"""Largest entry read: a real one is a few kilobytes."""

_LOCK_DIGITS = 15
"""Hexadecimal digits of a key that choose its byte in the lock file; 60 bits."""


class CacheError(PezoError):
    """A cache that cannot be used; the message says what to do."""


def cache_folder(named: Path | None) -> Path | None:
    """Return the folder of the shared cache: as named, or from the environment; None for none."""
    if named is not None:
        return named
    text = os.environ.get(VARIABLE, "").strip()
    return Path(text).expanduser() if text else None


@dataclass(frozen=True)
class CacheStats:
    """Contents of a cache.

    Attributes:
        entries: Number of entries by stage name.
        size: Bytes of all entries.
        seconds: Time the runs took that made the entries.
    """

    entries: dict[str, int]
    size: int
    seconds: float


class Cache:
    """Finished runs by key, in a folder that any number of processes may use at once.

    Args:
        folder: Where; made when it is not there.

    Attributes:
        folder: Where.
        damaged: Keys whose entries were found damaged, and removed.

    Raises:
        CacheError: The folder holds other things or cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        """Open a cache; see the class."""
        self.folder = folder
        self.damaged: list[str] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            foreign = not (folder / MARK_NAME).exists() and any(folder.iterdir())
            if not foreign:
                (folder / MARK_NAME).touch()
                (folder / ENTRIES_NAME).mkdir(exist_ok=True)
                self._locks = os.open(folder / LOCKS_NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise CacheError(
                f"cannot use the cache {folder}: {error.strerror or error}; name another folder "
                f"with --cache or {VARIABLE}"
            ) from error
        if foreign:
            raise CacheError(
                f"{folder} holds files that are not from a pezoexplore cache: name a new or empty "
                f"folder with --cache or {VARIABLE}"
            )

    def __enter__(self) -> Self:
        """Return the cache itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let all locks go."""
        os.close(self._locks)

    def get(self, key: str) -> Record | None:
        """Return the entry of a key; None if there is none; a damaged one is removed.

        Raises:
            CacheError: It cannot be read.
        """
        path = self._path(key)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_ENTRY_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CacheError(f"cannot read {path}: {error.strerror or error}") from error
        record = _record(content)
        if record is not None and record.key == key:
            return record
        self.damaged.append(key)
        with suppress(OSError):
            path.unlink()
        return None

    def put(self, record: Record) -> bool:
        """Keep a good result; what is not good is not kept.

        Returns:
            Whether it was kept.

        Raises:
            CacheError: It cannot be written.
        """
        content = _content(record)
        if _record(content) is None:
            return False
        path = self._path(record.key)
        try:
            path.parent.mkdir(exist_ok=True)
            descriptor, partial = tempfile.mkstemp(PARTIAL, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                # For all who share the cache, as far as their umask lets them.
                Path(partial).chmod(0o644)
                Path(partial).replace(path)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise CacheError(f"cannot write {path}: {why(error)}") from error
        return True

    def claim(self, key: str) -> bool:
        """Try to become the one who works on a key; False while another process does.

        On a file system without locks everybody is: work may be done twice, never wrongly.
        """
        try:
            self._lock(fcntl.F_WRLCK, key)
        except OSError as error:
            return error.errno not in (errno.EACCES, errno.EAGAIN)
        return True

    def release(self, key: str) -> None:
        """Let others work on a key."""
        with suppress(OSError):
            self._lock(fcntl.F_UNLCK, key)

    def keys(self) -> Iterator[str]:
        """Yield keys of all entries, sorted."""
        for part in sorted((self.folder / ENTRIES_NAME).iterdir()):
            if part.is_dir():
                names = sorted(path.name for path in part.iterdir())
                yield from (name for name in names if _is_key(name) and name[:2] == part.name)

    def records(self) -> Iterator[Record]:
        """Yield all entries, sorted by key; damaged ones are removed and noted."""
        for key in self.keys():
            record = self.get(key)
            if record is not None:
                yield record

    def stats(self) -> CacheStats:
        """Count what the cache holds; damaged entries are removed and noted."""
        entries, size, seconds = dict.fromkeys(STAGE_ORDER, 0), 0, 0.0
        for record in self.records():
            entries[record.stage] = entries.get(record.stage, 0) + 1
            size += self._size(record.key)
            seconds += record.seconds
        return CacheStats({name: n for name, n in entries.items() if n}, size, seconds)

    def prune(self, max_size: int | None = None, stage: str | None = None) -> int:
        """Remove entries, and what killed processes left.

        Args:
            max_size: Bytes to leave at most, the entries written last; None: no limit.
            stage: Remove the entries of this stage; None: of no stage.

        Returns:
            How many entries were removed, damaged ones included.
        """
        for path in (self.folder / ENTRIES_NAME).glob(f"*/*{PARTIAL}"):
            with suppress(OSError):
                path.unlink()
        before, removed = len(self.damaged), 0
        kept: list[tuple[int, str, int]] = []
        for record in self.records():
            path = self._path(record.key)
            if record.stage == stage:
                path.unlink(missing_ok=True)
                removed += 1
            elif max_size is not None:
                with suppress(FileNotFoundError):
                    kept.append((path.stat().st_mtime_ns, record.key, path.stat().st_size))
        left = 0
        for _, key, size in sorted(kept, reverse=True):
            left += size
            if max_size is not None and left > max_size:
                self._path(key).unlink(missing_ok=True)
                removed += 1
        return removed + len(self.damaged) - before

    def export(self, path: Path) -> int:
        """Write all entries into one file, a line each, compressed; equal caches: equal bytes.

        Returns:
            How many.

        Raises:
            WriteError: It cannot be written.
        """
        count = 0
        with writing_bytes(path) as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
            for record in self.records():
                file.write(_content(record) + b"\n")
                count += 1
        return count

    def add(self, records: Iterable[Record | None]) -> tuple[int, int]:
        """Take entries from elsewhere; those that are not sound are refused.

        Args:
            records: The entries; None for what could not be read as one.

        Returns:
            How many were taken, and how many were refused.
        """
        taken = refused = 0
        for record in records:
            if record is not None and self.put(record):
                taken += 1
            else:
                refused += 1
        return taken, refused

    def _path(self, key: str) -> Path:
        if not _is_key(key):
            raise CacheError(f"{key[:80]!r} is no key: 64 hexadecimal digits are")
        return self.folder / ENTRIES_NAME / key[:2] / key

    def _size(self, key: str) -> int:
        try:
            return self._path(key).stat().st_size
        except OSError:
            return 0

    def _lock(self, kind: int, key: str) -> None:
        start = int(key[:_LOCK_DIGITS], 16)
        if hasattr(fcntl, "F_OFD_SETLK"):
            # Held by this open file: a second cache of the same process does not disturb it.
            request = struct.pack("hhqqi", kind, os.SEEK_SET, start, 1, 0)
            fcntl.fcntl(self._locks, fcntl.F_OFD_SETLK, request)
            return
        command = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
        fcntl.lockf(self._locks, command, 1, start)


def exported(path: Path) -> Iterator[Record | None]:
    """Yield the entries of a file that :meth:`Cache.export` wrote; None for a line that is none.

    Raises:
        CacheError: It cannot be read.
    """
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(MAX_ENTRY_BYTES + 1):
                if len(line) > MAX_ENTRY_BYTES:
                    raise CacheError(f"{path} is damaged: a line is longer than any entry")
                yield _record(line.removesuffix(b"\n"))
    except (OSError, EOFError, zlib.error) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CacheError(f"cannot read {path}: {why}") from error


def _content(record: Record) -> bytes:
    entry = {"format": FORMAT, "digest": record.digest(), "record": asdict(record)}
    return canonical_json(entry).encode()


def _record(content: bytes) -> Record | None:
    """Return the record of an entry; None unless it is whole, good and has its own key."""
    try:
        entry = json.loads(content)
        values = entry["record"]
        record = Record(**values)
        payload = json.loads(record.payload)
        sound = (
            len(content) <= MAX_ENTRY_BYTES
            and entry["format"] == FORMAT
            and all(type(values[field.name]) is _TYPES[str(field.type)] for field in fields(Record))
            and entry["digest"] == record.digest()
            and record.key == sha256(record.determinants)
            and json.loads(record.determinants)["stage"] == record.stage
            and record.status == "ok"
            and isinstance(payload, dict)
            and canonical_json(payload) == record.payload
            and not malformed(payload)
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return record if sound else None


_TYPES = {"str": str, "float": float}
"""Types of a record's fields, by their annotation."""


def _is_key(name: str) -> bool:
    return len(name) == 64 and not set(name) - set("0123456789abcdef")
