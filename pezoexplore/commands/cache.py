"""`pezoexplore cache`: look after the finished runs that sweeps share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pezoexplore.commands.terminal import counted, duration, print_json, say, tell
from pezoexplore.commands.workers import cache_folder
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.cache import VARIABLE, Cache, exported
from pezoexplore.sweeps.rundir import STORE_NAME
from pezoexplore.sweeps.stage import STAGE_ORDER
from pezoexplore.sweeps.store import Record, Store

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def stats(folder: Path | None, as_json: bool) -> int:
    """Say what the cache holds.

    Raises:
        PezoError: There is no cache, or it cannot be used.
    """
    with _open(folder) as cache:
        found = cache.stats()
        document = {
            "path": str(cache.folder),
            "entries": sum(found.entries.values()),
            "by_stage": found.entries,
            "bytes": found.size,
            "seconds": round(found.seconds, 3),
            "damaged": len(cache.damaged),
        }
        if as_json:
            print_json(document)
            return 0
        say(
            f"{cache.folder}: {counted(sum(found.entries.values()), 'result')}, "
            f"{found.size / 1e6:.1f} MB, that took {duration(found.seconds)} to make"
        )
        for stage, count in found.entries.items():
            say(f"  {stage}: {count}")
        _tell_damage(cache)
    return 0


def prune(folder: Path | None, max_size: str | None, stage: str | None, as_json: bool) -> int:
    """Remove entries: damaged ones, those of a stage, and the oldest beyond a size.

    Raises:
        PezoError: There is no cache, it cannot be used, or an option is wrong.
    """
    limit = None if max_size is None else size_of(max_size)
    if stage is not None and stage not in STAGE_ORDER:
        allowed = ", ".join(STAGE_ORDER)
        raise DesignError(f"--stage: unknown stage {stage[:80]!r}; allowed: {allowed}")
    with _open(folder) as cache:
        removed = cache.prune(limit, stage)
        left = sum(cache.stats().entries.values())
    if as_json:
        print_json({"removed": removed, "entries": left})
    else:
        say(f"{counted(removed, 'result')} removed, {left} left")
    return 0


def verify(folder: Path | None, as_json: bool) -> int:
    """Read every entry and compare it with its digest; damaged ones are removed.

    Returns:
        0, or 1 when there was a damaged one.

    Raises:
        PezoError: There is no cache, or it cannot be used.
    """
    with _open(folder) as cache:
        sound = sum(1 for _ in cache.records())
        damaged = sorted(cache.damaged)
    if as_json:
        print_json({"ok": not damaged, "sound": sound, "damaged": damaged})
    else:
        say(f"{counted(sound, 'result')} sound, {len(damaged)} damaged and removed")
        for key in damaged:
            tell(f"damaged: {key}")
    return 1 if damaged else 0


def export(folder: Path | None, file: Path, as_json: bool) -> int:
    """Write all entries into one file.

    Raises:
        PezoError: There is no cache, it cannot be used, or the file cannot be written.
    """
    with _open(folder) as cache:
        count = cache.export(file)
    if as_json:
        print_json({"file": str(file), "entries": count})
    else:
        say(f"{counted(count, 'result')} written to {file}")
    return 0


def take_in(folder: Path | None, source: Path, as_json: bool) -> int:
    """Take in the entries of an exported file, or of a run directory.

    Returns:
        0, or 1 when some were refused.

    Raises:
        PezoError: There is no cache, or a file cannot be used.
    """
    with _open(folder, new=True) as cache:
        taken, refused = cache.add(_records(source))
    if as_json:
        print_json({"ok": not refused, "taken": taken, "refused": refused})
    else:
        say(f"{counted(taken, 'result')} taken, {refused} refused")
    return 1 if refused else 0


def size_of(text: str) -> int:
    """Bytes of a size such as ``500M`` or ``2 GB``.

    Raises:
        DesignError: It is none.
    """
    match = re.fullmatch(r"(\d{1,15})\s*([kmgt]?)b?", text.strip().lower(), re.ASCII)
    if match is None:
        raise DesignError(f"--max-size: {text[:80]!r} is no size; allowed: such as 500M or 2GB")
    return int(match[1]) * _UNITS[match[2]]


def _records(source: Path) -> Iterable[Record | None]:
    """Entries of an exported file; good records of a run directory's store."""
    if not source.is_dir():
        yield from exported(source)
        return
    if not (source / STORE_NAME).is_file():
        raise DesignError(f"{source} has no {STORE_NAME}: name a run directory or exported file")
    with Store(source / STORE_NAME) as store:
        yield from (record for record in store.records() if record.status == "ok")


def _open(folder: Path | None, *, new: bool = False) -> Cache:
    """The cache named; one that is not there is made only if it may be new."""
    found = cache_folder(folder)
    if found is None:
        raise DesignError(f"no cache named: say which with --cache DIR or {VARIABLE}")
    if not (new or found.is_dir()):
        raise DesignError(f"no cache at {found}: check --cache or {VARIABLE}")
    return Cache(found.absolute())


def _tell_damage(cache: Cache) -> None:
    if cache.damaged:
        tell(f"{len(cache.damaged)} damaged, removed; the first: {cache.damaged[0]}")
