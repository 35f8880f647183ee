"""Provenance of results: versions, hashes of code and RTL, the machine."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore import paths
from pezoexplore.analysis.several.run_list import check_tags, facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pezoexplore.design.point import DesignPoint

LIBRARIES = ("numpy", "scipy", "numba", "jax", "jaxlib", "mlxtend", "scikit-learn")
"""Packages whose versions may change the last digits of a training result."""

Versions = tuple[tuple[str, str | None], ...]
"""Versions by name, None for what is missing, sorted."""

RtlHashes = dict[tuple[str, tuple[str, ...]], str]
"""Hash of the RTL by generator and names of files."""


def tags_of(out: Path, tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of a run to be: those given, else those that its directory has.

    Raises:
        DesignError: One cannot be used.
    """
    return check_tags(tags) or facts_of(out).tags


def tool_versions() -> dict[str, str | None]:
    """Return versions of the external tools by name; None for a missing one."""
    from pezoexplore.hardware.eda.tools import versions

    return dict(versions())


def rtl_sha256(point: DesignPoint, rtl_dir: Path, known: RtlHashes | None = None) -> str:
    """Return the hash of the RTL that a point uses.

    Args:
        point: The design.
        rtl_dir: Folder of the RTL.
        known: Hashes of this folder so far, whose files are not read again; gets the new one.
    """
    from pezoexplore.hardware.rtl.build import rtl_hash, source_names

    if known is None:
        return rtl_hash(point, rtl_dir)
    files = point.rng, source_names(point)
    if files not in known:
        known[files] = rtl_hash(point, rtl_dir)
    return known[files]


def machine() -> dict[str, str]:
    """Return facts on this machine, for run.json."""
    from pezoexplore.train.device import gpus

    return {
        "system": platform.platform(),
        "cpu": cpu_kind(),
        "python": platform.python_version(),
        **{name: text or "" for name, text in library_versions()},
        **gpus(),
    }


@cache
def cpu_kind() -> str:
    """Return kind of CPU: architecture and model."""
    model = platform.processor()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n"):
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{platform.machine()} {model}".strip()


@cache
def library_versions() -> Versions:
    """Return versions of the numeric libraries."""
    return tuple((name, _version(name)) for name in sorted(LIBRARIES))


@cache
def source_hash(*parts: str, benches: bool = False) -> str:
    """Return SHA-256 of our own code that determines a result.

    Args:
        *parts: Modules (``design/point.py``) and packages (``streams``), within pezoexplore.
        benches: Whether the cocotb benches count as well.
    """
    root = Path(paths.__file__).parent
    digest = hashlib.sha256()
    for part in parts:
        digest.update(tree_hash(root / part).encode())
    if benches:
        from pezoexplore.hardware.verify.verify import BENCH_FILES

        for name in BENCH_FILES:
            digest.update(tree_hash(paths.bench_dir() / name).encode())
    return digest.hexdigest()


def tree_hash(root: Path) -> str:
    """Return SHA-256 over names and contents of a file, or of all files below a folder.

    Compiled modules, which Python caches, do not count.
    """
    files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else [root]
    digest = hashlib.sha256()
    for path in sorted(files):
        if path.parent.name != "__pycache__":
            content = path.read_bytes()
            name = path.relative_to(root.parent).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
