"""A project of a vendor's tool in a folder of its own: to run elsewhere, and to read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pezoexplore import __version__
from pezoexplore.design.own_targets import VendorTool
from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import DesignError
from pezoexplore.files import write_atomically
from pezoexplore.hardware.eda.vendor import FLOWS, project_files

MANIFEST = "project.json"
PROGRAM = "pezoexplore project"
"""Value of ``program`` in the manifest of a project."""

_FAMILIES = {"xc7": "xc7", "xa7": "xc7", "xcku": "xcup", "xcvu": "xcup", "xczu": "xcup"}
"""Targets of Yosys by how AMD's parts begin; UltraScale parts have the same LUTs as UltraScale+."""


@dataclass(frozen=True)
class Project:
    """A project that was run.

    Attributes:
        folder: Its folder.
        point: The design, without its training.
        tool: Tool and part.
        figures: Figures of its reports, by column.
    """

    folder: Path
    point: DesignPoint
    tool: VendorTool
    figures: Mapping[str, float]

    @property
    def target(self) -> str | None:
        """The target of Yosys that has the same cells; None if there is none."""
        part = self.tool.part.lower()
        return next((t for start, t in _FAMILIES.items() if part.startswith(start)), None)


def write_project(
    point: DesignPoint, tool: VendorTool, clock_mhz: float, rtl_dir: Path, folder: Path
) -> list[str]:
    """Write a project; one of ours that is there already is replaced.

    Args:
        point: A point, with or without its training.
        tool: Tool and part.
        clock_mhz: Clock that power is reported at.
        rtl_dir: Folder of the hand-written Verilog.
        folder: Where to; created if missing.

    Returns:
        Names of the files.

    Raises:
        DesignError: The point has no RTL, or the folder holds something else or cannot be written.
        ToolError: An RTL file is missing.
    """
    if not point.in_hardware:
        raise DesignError(f"{point.label()}: has no hardware")
    hardware = point.hardware()
    files = project_files(hardware, tool, clock_mhz, rtl_dir)
    content = {
        "program": PROGRAM,
        "version": __version__,
        "axes": hardware.to_json(),
        "tool": tool.tool,
        "part": tool.part,
        "clock_mhz": clock_mhz,
        "run": " ".join([FLOWS[tool.tool].program, *FLOWS[tool.tool].options]),
    }
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        _manifest(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / MANIFEST, json.dumps(content, indent=2) + "\n", durable=False)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise DesignError(f"--out {folder}: cannot be written: {error.strerror or error}") from None
    return sorted([MANIFEST, *files])


def read_project(report: Path) -> Project:
    """Read the reports of a project.

    Args:
        report: Its folder, or a file in it.

    Raises:
        DesignError: It is no project of ours.
        ToolError: A report is missing or not understood.
    """
    folders = [report, *report.parents][:3] if report.is_dir() else list(report.parents)[:2]
    folder = next((f for f in folders if (f / MANIFEST).is_file()), None)
    if folder is None:
        raise DesignError(
            f"{report}: no {MANIFEST} beside it; name the folder that `{PROGRAM}` wrote, run"
        )
    content = _manifest(folder)
    try:
        point = DesignPoint.from_json(content["axes"])
        tool = VendorTool("project", str(content["tool"]), str(content["part"]))
        read = FLOWS[tool.tool].read
    except (KeyError, TypeError, ValueError) as error:
        raise DesignError(f"{folder / MANIFEST}: not of `{PROGRAM}` ({error!r})") from None
    return Project(folder, point, tool, read(folder))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content["program"] == PROGRAM:
            return dict(content)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise DesignError(f"{folder}: holds files that are not of `{PROGRAM}`; name a new folder")
