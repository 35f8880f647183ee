"""Commands that install missing tools on this machine."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata, util

from pezoexplore.hardware.eda.tools import Tool

_MANAGERS = (
    ("apt-get", "apt-get install -y"),
    ("dnf", "dnf install -y"),
    ("zypper", "zypper install -y"),
    ("pacman", "pacman -S --noconfirm"),
    ("apk", "apk add"),
    ("brew", "brew install"),
)
"""Package managers with their install commands; the first one found is used."""

_OTHER_NAMES = {("brew", "iverilog"): "icarus-verilog"}
"""Package names that differ from Debian's, by package manager."""

_PIP, _SYSTEM = "pip install ", "apt-get install "


def install_commands(missing: Iterable[Tool]) -> list[str]:
    """Return the commands that install missing tools, one per way of installing.

    Python packages are installed for the running interpreter, in the supported versions; the rest
    with the system's package manager.

    Args:
        missing: Tools, each with a generic command.
    """
    rough = list(dict.fromkeys(tool.install for tool in missing))
    python = [text.removeprefix(_PIP) for text in rough if text.startswith(_PIP)]
    system = [text.removeprefix(_SYSTEM) for text in rough if text.startswith(_SYSTEM)]
    commands = [text for text in rough if not text.startswith((_PIP, _SYSTEM))]
    if python:
        commands.append(_pip_command(python))
    if system:
        commands.append(_system_command(system))
    return commands


def _pip_command(packages: Iterable[str]) -> str:
    wanted = " ".join(shlex.quote(_requirement(name)) for name in packages)
    python = shlex.quote(sys.executable)
    if util.find_spec("pip") is not None:
        return f"{python} -m pip install {wanted}"
    if shutil.which("uv") is not None:
        return f"uv pip install --python {python} {wanted}"
    return f"{python} -m ensurepip && {python} -m pip install {wanted}"


def _requirement(package: str) -> str:
    """Return a package with the version range that pezoexplore requires."""
    return _requirements().get(package.lower(), package)


@cache
def _requirements() -> dict[str, str]:
    """Return the requirements of pezoexplore by package, including those of its extras."""
    try:
        lines = metadata.requires("pezoexplore") or []
    except metadata.PackageNotFoundError:
        return {}
    wanted = (line.partition(";")[0].strip() for line in lines)
    named = ((re.match(r"[\w.-]+", line), line) for line in wanted)
    return {match[0].lower(): line for match, line in named if match is not None}


def _system_command(packages: Iterable[str]) -> str:
    for manager, install in _MANAGERS:
        if shutil.which(manager) is None:
            continue
        names = " ".join(_OTHER_NAMES.get((manager, name), name) for name in packages)
        sudo = "" if manager == "brew" or os.geteuid() == 0 else "sudo "
        return f"{sudo}{install} {names}"
    return f"{_SYSTEM}{' '.join(packages)}"
