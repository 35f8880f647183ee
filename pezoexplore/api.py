"""pezoexplore from Python: load a design, sweep it, look at the results as a table.

The names here are ``pezoexplore``'s own as well (``pezoexplore.sweep``); they do what the commands
of the same names do, and print nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore import paths
from pezoexplore.design.lattice.counting import Selection, select
from pezoexplore.design.loading import load_design, resolved_yaml
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.outputs import Failure, SkippedPoint
from pezoexplore.sweeps.provenance import run_info, tool_versions
from pezoexplore.sweeps.rundir import WORK_NAME
from pezoexplore.sweeps.stage import SELECTABLE, USUAL
from pezoexplore.sweeps.stages import build_stages
from pezoexplore.sweeps.sweep import Progress, run_sweep

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Results", "load_design", "read_results", "sweep"]

HARDWARE_STAGES = ("rtl", "synth", "power")
"""Stages that only points with RTL have."""


@dataclass(frozen=True)
class Results:
    """What a run directory holds; get one from :func:`sweep` or :func:`read_results`.

    Attributes:
        path: The run directory.
        failures: Stages of designs without a good result, with reason and log; of results read
            back this is empty, and the column ``status`` says which designs failed.
    """

    path: Path
    failures: tuple[Failure, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.failures

    def to_pandas(self) -> pd.DataFrame:
        """All rows: one a design and target, columns as in results.csv, sorted by ``point_id``.

        Numbers are float64, empty cells NaN, the rest is text; units are those of the columns
        (percent, LUTs, MHz, ...), which docs/reference/columns.md lists.

        Raises:
            DesignError: The file is not there or cannot be read.
        """
        from pezoexplore.analysis.frames import read_results as read

        return read(self.path / "results.csv")

    def front(self) -> pd.DataFrame:
        """The rows on the Pareto front of the design's objectives, as :meth:`to_pandas`."""
        frame = self.to_pandas()
        return frame[frame["pareto"] == "1"].reset_index(drop=True)


def sweep(
    design: DesignSpace | Path | str,
    out: Path | str,
    *,
    stages: Sequence[str] = USUAL,
    jobs: int = 1,
    rtl_dir: Path | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Run every stage of every point of a design, as ``pezoexplore sweep`` does.

    What the run directory has already is not run again; a sweep that was stopped goes on where it
    was. Plots are not drawn: ``pezoexplore pareto`` does that.

    Args:
        design: A design, or the path of a design file.
        out: The run directory: new, empty, or one of ours.
        stages: Some of ``train``, ``rtl``, ``synth`` and ``power``; statistics of the streams
            are always made.
        jobs: Worker processes; never changes a result.
        rtl_dir: Folder of edited RTL; None for the bundled one.
        progress: Told whenever a run ends.

    Raises:
        PezoError: The design, a tool or the run directory cannot be used.
    """
    unknown = [name for name in stages if name not in SELECTABLE]
    if unknown or jobs < 1:
        got = f"stages: unknown stage {unknown[0]!r}" if unknown else f"jobs: got {jobs}"
        raise DesignError(f"{got}; allowed: {', '.join(SELECTABLE)}; 1 or more jobs")
    space = design if isinstance(design, DesignSpace) else load_design(design)
    folder = None if isinstance(design, DesignSpace) else Path(design).parent
    rtl, tools = paths.rtl_dir() if rtl_dir is None else Path(rtl_dir), tool_versions()
    chosen, path = select(space), Path(out)
    built = build_stages(
        space,
        stages_of(chosen, stages),
        rtl_dir=rtl,
        work_dir=path / WORK_NAME,
        tools=tools,
        folder=folder,
    )
    result = run_sweep(
        space,
        chosen,
        built,
        out_dir=path,
        info=run_info(sys.argv, resolved_yaml(space), tools, rtl),
        jobs=jobs,
        skipped=skipped_points(chosen),
        progress=progress,
    )
    return Results(result.path, tuple(result.failures))


def read_results(path: Path | str) -> Results:
    """The results of a run directory.

    Raises:
        DesignError: It has none.
    """
    if not (Path(path) / "results.csv").is_file():
        raise DesignError(f"{path}: no results.csv in it; let its sweep run to the end")
    return Results(Path(path))


def stages_of(chosen: Selection, wanted: Sequence[str]) -> list[str]:
    """The stages wanted, without those that no point has."""
    if any(point.in_hardware for point in chosen):
        return list(wanted)
    return [name for name in wanted if name not in HARDWARE_STAGES]


def skipped_points(chosen: Selection) -> list[SkippedPoint]:
    """Combinations of a design that are not legal, as results.csv names them."""
    points = []
    for skip in chosen.counts.skipped:
        axes = {axis: "inf" if cell == math.inf else cell for axis, cell in skip.axes.items()}
        points.append(SkippedPoint(axes, skip.reason))
    return points
