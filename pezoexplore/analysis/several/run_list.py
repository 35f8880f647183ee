"""Runs as their run.json tells of them: found in a folder, listed, chosen by their tags."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pezoexplore.analysis.run_files import DESIGN_NAME, RESULTS_NAME, RUN_NAME
from pezoexplore.errors import DesignError

_TAG = re.compile(r"[^\s,]{1,64}")


@dataclass(frozen=True)
class RunFacts:
    """Describe a run without reading its rows; what is not told is empty or None.

    Attributes:
        path: Its folder, or a results.csv that lies alone.
        design: Name of its design.
        tags: Its tags, sorted.
        design_sha256: Hash of its design.yaml.
        date: When its results.csv was written, UTC, to the minute.
        version: Version of pezoexplore that wrote it.
        designs: Number of its designs.
        failures: Number of stages without a good result.
    """

    path: Path
    design: str = ""
    tags: tuple[str, ...] = ()
    design_sha256: str = ""
    date: str = ""
    version: str = ""
    designs: int | None = None
    failures: int | None = None


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return tags, each once, sorted.

    Raises:
        DesignError: One is empty, too long, or holds a space or comma.
    """
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise DesignError(f"--tag {tag!r}: allowed: 1 to 64 characters, no spaces or commas")
    return tuple(sorted(set(tags)))


def facts_of(source: Path) -> RunFacts:
    """Return the facts of a run directory, or of the run that a results.csv is of."""
    folder = source if source.is_dir() else source.parent
    known = _run_json(folder / RUN_NAME) if source.is_dir() or source.name == RESULTS_NAME else {}
    results = folder / RESULTS_NAME if source.is_dir() else source
    design = folder / DESIGN_NAME
    tags, stages = known.get("tags"), known.get("stages")
    try:
        failures = sum(int(count["failed"]) for count in stages.values()) if stages else None
        date = datetime.fromtimestamp(results.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        failures, date = None, ""
    points = known.get("points")
    return RunFacts(
        path=source,
        design=str(known.get("design", "")),
        tags=tuple(sorted(map(str, tags))) if isinstance(tags, list) else (),
        design_sha256=_sha256(design) if known or source.is_dir() else "",
        date=date,
        version=str(known.get("version", "")),
        designs=points if isinstance(points, int) else None,
        failures=failures,
    )


def find_runs(folder: Path, tags: Sequence[str] = ()) -> list[RunFacts]:
    """Return the runs that ended in a folder, or in a folder of it, by path.

    Args:
        folder: Where to look: itself, its folders and theirs.
        tags: Tags that a run must have, all of them.

    Raises:
        DesignError: There is no such folder.
    """
    if not folder.is_dir():
        raise DesignError(f"{folder}: no such folder; name one that holds run directories")
    paths = [path for depth in ("", "*/", "*/*/") for path in folder.glob(f"{depth}{RUN_NAME}")]
    ours = [path.parent for path in sorted(paths) if "results_sha256" in _run_json(path)]
    found = [facts_of(path) for path in ours]
    return [facts for facts in found if set(check_tags(tags)) <= set(facts.tags)]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _run_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
