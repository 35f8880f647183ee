"""Verilator's own C++, compiled once: it is the same for every design, and most of a small build.

The objects lie in the user's cache folder, by a hash of all that they depend on. Where that folder
cannot be used they are recompiled each time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pezoexplore.hardware.eda.tools import package_version

_OBJECTS = "verilat*.o"
"""cocotb's main program, and Verilator's library; objects of a design are called ``Vtop*.o``."""


def runtime_folder(program: Path, options: Sequence[str]) -> Path:
    """Return where the objects for these options are kept.

    Args:
        program: The ``verilator`` program.
        options: Everything that changes how they are compiled.
    """
    said = [subprocess.run(c, capture_output=True, text=True, check=False).stdout for c in _ASKED]
    at = program.resolve()
    parts = [str(at), str(at.stat().st_mtime_ns), str(package_version("cocotb")), *said, *options]
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "pezoexplore" / "verilator" / name


_ASKED = (("g++", "--version"), ("g++", "-dumpmachine"))


def put_objects(runtime: Path, folder: Path) -> list[str]:
    """Copy the objects, if there are any, to where a design is built.

    Returns:
        Options with which ``make`` takes them as they are.
    """
    options = []
    for path in sorted(runtime.glob(_OBJECTS)):
        shutil.copyfile(path, folder / path.name)
        options += ["-o", path.name]
    return options


def keep_objects(folder: Path, runtime: Path) -> None:
    """Keep the objects of a finished build, atomically: others may do so meanwhile."""
    if runtime.is_dir():
        return
    try:
        runtime.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=runtime.parent))
    except OSError:
        return
    try:
        for path in folder.glob(_OBJECTS):
            shutil.copyfile(path, made / path.name)
        made.rename(runtime)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
