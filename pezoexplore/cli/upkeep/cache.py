"""`pezoexplore cache`: manage the finished runs that sweeps share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli.options import CacheOption, Format, TableOrJson
from pezoexplore.cli.terminal import counted, duration, echo, log, print_json
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.sweeps.cache import Cache
    from pezoexplore.sweeps.store import Record

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}

cache_app = typer.Typer(help="Manage the finished runs that sweeps share.")


@cache_app.command("stats")
def stats(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Show what the cache holds, by stage, and how long it took to compute."""
    with _open(cache) as opened:
        found = opened.stats()
        damaged = opened.damaged
    entries = sum(found.entries.values())
    if format_ is TableOrJson.json:
        print_json(
            {
                "path": str(opened.folder),
                "entries": entries,
                "by_stage": found.entries,
                "bytes": found.size,
                "seconds": round(found.seconds, 3),
                "damaged": len(damaged),
            }
        )
        return 0
    echo(
        f"{opened.folder}: {counted(entries, 'result')}, {found.size / 1e6:.1f} MB, "
        f"that took {duration(found.seconds)} to make"
    )
    for stage, count in found.entries.items():
        echo(f"  {stage}: {count}")
    if damaged:
        log.error(f"{len(damaged)} damaged, removed; the first: {damaged[0]}")
    return 0


@cache_app.command("prune")
def prune(
    cache: CacheOption = None,
    max_size: Annotated[
        str | None, typer.Option(help="Keep only the newest results, up to this size (2GB).")
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Remove all results of this stage.")] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Remove damaged entries, those of a stage, and the oldest beyond a size."""
    from pezoexplore.sweeps.stage import STAGE_ORDER

    limit = None if max_size is None else _bytes(max_size)
    if stage is not None and stage not in STAGE_ORDER:
        allowed = ", ".join(STAGE_ORDER)
        raise DesignError(f"--stage: unknown stage {stage[:80]!r}; allowed: {allowed}")
    with _open(cache) as opened:
        removed = opened.prune(limit, stage)
        left = sum(opened.stats().entries.values())
    if format_ is TableOrJson.json:
        print_json({"removed": removed, "entries": left})
    else:
        echo(f"{counted(removed, 'result')} removed, {left} left")
    return 0


@cache_app.command("verify")
def verify(cache: CacheOption = None, format_: Format = TableOrJson.table) -> int:
    """Compare every entry with its checksum, and remove damaged ones."""
    with _open(cache) as opened:
        sound = sum(1 for _ in opened.records())
        damaged = sorted(opened.damaged)
    if format_ is TableOrJson.json:
        print_json({"ok": not damaged, "sound": sound, "damaged": damaged})
    else:
        echo(f"{counted(sound, 'result')} sound, {len(damaged)} damaged and removed")
        for key in damaged:
            log.error(f"damaged: {key}")
    return 1 if damaged else 0


@cache_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write (JSON lines, gzip).")],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Write all entries into one file."""
    with _open(cache) as opened:
        count = opened.export(file)
    if format_ is TableOrJson.json:
        print_json({"file": str(file), "entries": count})
    else:
        echo(f"{counted(count, 'result')} written to {file}")
    return 0


@cache_app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="An exported file, or a run directory.")
    ],
    cache: CacheOption = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Add an exported file, or the results of a run directory; damaged entries are refused."""
    with _open(cache, new=True) as opened:
        taken, refused = opened.add(_records(source))
    if format_ is TableOrJson.json:
        print_json({"ok": not refused, "taken": taken, "refused": refused})
    else:
        echo(f"{counted(taken, 'result')} taken, {refused} refused")
    return 1 if refused else 0


def _bytes(text: str) -> int:
    """Return the bytes of a size such as ``500M`` or ``2 GB``."""
    match = re.fullmatch(r"(\d{1,15})\s*([kmgt]?)b?", text.strip().lower(), re.ASCII)
    if match is None:
        raise DesignError(f"--max-size: {text[:80]!r} is no size; allowed: such as 500M or 2GB")
    return int(match[1]) * _UNITS[match[2]]


def _records(source: Path) -> Iterable[Record | None]:
    """Yield the entries of an exported file, or the good records of a run directory."""
    from pezoexplore.sweeps.cache import exported
    from pezoexplore.sweeps.rundir import STORE_NAME
    from pezoexplore.sweeps.store import Store

    if not source.is_dir():
        yield from exported(source)
        return
    if not (source / STORE_NAME).is_file():
        raise DesignError(f"{source} has no {STORE_NAME}: name a run directory or exported file")
    with Store(source / STORE_NAME) as store:
        yield from (record for record in store.records() if record.status == "ok")


def _open(folder: Path | None, *, new: bool = False) -> Cache:
    """Open the named cache; a missing one is created only if it may be new."""
    from pezoexplore.sweeps.cache import VARIABLE, Cache, cache_folder

    found = cache_folder(folder)
    if found is None:
        raise DesignError(f"no cache named: say which with --cache DIR or {VARIABLE}")
    if not (new or found.is_dir()):
        raise DesignError(f"no cache at {found}: check --cache or {VARIABLE}")
    return Cache(found.absolute())
