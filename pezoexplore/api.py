"""pezoexplore from Python: load a design, sweep it, look at the results as a table.

These names are also those of ``pezoexplore`` itself (``pezoexplore.sweep``). They do what the
commands of the same names do, and print nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore import run
from pezoexplore.design.loading import LoadedDesign, load_design, read_design
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.sweeps.outputs import Failure
from pezoexplore.sweeps.stage import SELECTABLE, USUAL
from pezoexplore.sweeps.sweep import Progress

if TYPE_CHECKING:
    import pandas as pd

logging.getLogger("pezoexplore").addHandler(logging.NullHandler())

__all__ = ["Results", "load_design", "read_results", "sweep"]


@dataclass(frozen=True)
class Results:
    """The results in a run directory; get one from :func:`sweep` or :func:`read_results`.

    Attributes:
        path: The run directory.
        failures: Stages of designs without a good result, with reason and log; empty for results
            that were read back, where the column ``status`` names the designs that failed.
    """

    path: Path
    failures: tuple[Failure, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows, one per design and target, with the columns of results.csv.

        Rows are sorted by ``point_id``. Numbers are float64, empty cells NaN, the rest is text;
        units are those of the columns (percent, LUTs, MHz, ...), see docs/reference/columns.md.

        Raises:
            DesignError: The file is missing, cannot be read or lacks rows.
        """
        from pezoexplore.analysis.runs import read_whole

        return read_whole(self.path / "results.csv")[1]

    def front(self) -> pd.DataFrame:
        """Return the rows on the Pareto front of the design's objectives, as :meth:`to_pandas`."""
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

    Results that the run directory has already are kept, so a stopped sweep resumes. Plots are not
    drawn, and no shared cache is used; ``pezoexplore pareto`` draws the plots.

    Args:
        design: A design, or the path of a design file.
        out: The run directory: new, empty, or one of an earlier run of this design.
        stages: Some of ``train``, ``rtl``, ``synth`` and ``power``; statistics of the streams
            are always computed.
        jobs: Number of worker processes; never changes a result.
        rtl_dir: Folder of edited RTL; None for the bundled one.
        progress: Called whenever a run ends.

    Raises:
        PezoError: The design, a tool or the run directory cannot be used.
    """
    unknown = [name for name in stages if name not in SELECTABLE]
    if unknown or jobs < 1:
        got = f"stages: unknown stage {unknown[0]!r}" if unknown else f"jobs: got {jobs}"
        raise DesignError(f"{got}; allowed: {', '.join(SELECTABLE)}; 1 or more jobs")
    result = run.sweep(
        LoadedDesign(design) if isinstance(design, DesignSpace) else read_design(design),
        stages,
        run.Workers(jobs, no_cache=True),
        Path(out),
        rtl_dir=None if rtl_dir is None else Path(rtl_dir),
        progress=progress,
    ).result
    return Results(result.path, tuple(result.failures))


def read_results(path: Path | str) -> Results:
    """Return the results of a run directory.

    Raises:
        DesignError: It has none.
    """
    if not (Path(path) / "results.csv").is_file():
        raise DesignError(f"{path}: no results.csv in it; let its sweep run to the end")
    return Results(Path(path))
