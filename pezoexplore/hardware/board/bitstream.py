"""Bitstreams of boards by open tools: Yosys, nextpnr and the packer that comes with it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pezoexplore.errors import ToolError
from pezoexplore.hardware.board.boards import Board
from pezoexplore.hardware.board.build import Sources
from pezoexplore.hardware.eda.commands import DROP_HIERARCHY
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.tools import package_version, yosys_version
from pezoexplore.hardware.eda.yosys import run_yosys

TIMEOUT_S = 1800.0
"""Time limit of each tool, s."""

_RUN = "import sys, {module} as m; sys.exit(m.run_{program}(sys.argv[1:]))"

_UNUSUAL = ("TRELLIS_IO", "DCCA", "SB_IO", "SB_GB")
"""Resources of which every design takes a few; not reported."""


@dataclass(frozen=True)
class Bitstream:
    """A bitstream, and what it takes of the device.

    Attributes:
        board: Name of the board.
        device: Its device, as nextpnr calls it.
        path: The file.
        sha256: Of the file.
        used: Resources that are used: number and how many there are, by nextpnr's names.
        fmax_mhz: Highest clock after place and route.
        clock_mhz: The board's clock.
        yosys: Version of Yosys.
        nextpnr: Version of nextpnr's package.
    """

    board: str
    device: str
    path: Path
    sha256: str
    used: dict[str, tuple[int, int]]
    fmax_mhz: float
    clock_mhz: int
    yosys: str | None
    nextpnr: str

    def plain(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return asdict(self) | {"path": str(self.path)}


def build_bitstream(
    sources: Sources, device: str, log_path: Path, *, seed: int = 1, timeout_s: float = TIMEOUT_S
) -> Bitstream:
    """Make the bitstream of a board.

    Args:
        sources: Its Verilog, in the folder to work in.
        device: One of the board's devices.
        log_path: Receives what the tools print.
        seed: Of place and route.
        timeout_s: Time limit of each tool, s.

    Raises:
        ToolError: A tool is missing or failed, or the board's clock is too fast for the design.
        ToolTimeoutError: A tool timed out.
    """
    board, folder = sources.board, sources.folder
    version = package_version(board.router)
    if version is None:
        raise ToolError(f"{board.router}: not installed; type: pip install {board.router}")
    commands = [
        f"read_verilog -defer {' '.join(sources.files)}",
        f"hierarchy -check -top {board.name}",
        DROP_HIERARCHY,
        board.synth.format(top=board.name, json="board.json"),
    ]
    run_yosys(commands, folder, log_path, timeout_s)
    options = [f"--{device}", *board.options, board.pins_option, board.pins]
    options += ["--json", "board.json", board.routed, "routed", "--report", "report.json"]
    options += ["--freq", str(board.clock_mhz), "--seed", str(seed), "--quiet"]
    # Where the clock is not reached, the report says so, and by how much.
    options.append("--timing-allow-fail")
    program = board.router.removeprefix("yowasp-").replace("-", "_")
    _run(board, program, options, folder, log_path, timeout_s)
    used, clock = _report(folder / "report.json")
    if clock < board.clock_mhz:
        raise ToolError(
            f"{board.name}: the highest clock is {clock:.2f} MHz, that of the board "
            f"{board.clock_mhz} MHz; another --seed may do"
        )
    path = folder / f"{board.name}{board.suffix}"
    _run(board, board.packer, ["routed", path.name], folder, log_path, timeout_s)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Bitstream(
        board.name, device, path, digest, used, clock, board.clock_mhz, yosys_version(), version
    )


def _run(
    board: Board,
    program: str,
    options: Sequence[str],
    folder: Path,
    log_path: Path,
    timeout_s: float,
) -> None:
    """Run a program of the package of a board's place and route.

    Raises:
        ToolError: It failed; its first error is named.
    """
    code = _RUN.format(module=board.router.replace("-", "_"), program=program)
    before = log_path.stat().st_size if log_path.exists() else 0
    command = [sys.executable, "-c", code, *options]
    status = run_tool(command, cwd=folder, log_path=log_path, timeout_s=timeout_s)
    if status == 0:
        return
    with log_path.open("rb") as log:
        log.seek(before)
        lines = log.read().decode(errors="replace").splitlines()
    errors = (line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: "))
    reason = next(errors, f"exit {status}").rstrip(".")
    raise ToolError(f"{program} of {board.name} failed ({reason}); see {log_path}")


def _report(path: Path) -> tuple[dict[str, tuple[int, int]], float]:
    """Read resources and highest clock from the report of nextpnr.

    Raises:
        ToolError: It is not a report on one clock.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        (clock,) = report["fmax"].values()
        used = {
            name: (int(count["used"]), int(count["available"]))
            for name, count in sorted(report["utilization"].items())
            if count["used"] and name not in _UNUSUAL
        }
        return used, float(clock["achieved"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"{path}: not a report on one clock ({error!r})") from error
