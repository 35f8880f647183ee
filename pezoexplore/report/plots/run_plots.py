"""The plots of a run directory, and the removal of those of an earlier design."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pezoexplore.analysis.frames import frame_of_rows
from pezoexplore.analysis.runs import chance_in
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import PezoError
from pezoexplore.report.plots.plots import draw_all

_OURS = re.compile(r"pareto_\w+\.(png|svg)|axis_[a-z_]+\.png")


def draw_run(rows: Sequence[Mapping[str, str]], space: DesignSpace, out_dir: Path) -> None:
    """Draw every plot of a sweep into its run directory.

    Args:
        rows: Rows of results.csv, as written.
        space: The design, for its objectives and constraints.
        out_dir: The run directory.

    Raises:
        PezoError: A file cannot be written.
    """
    frame = frame_of_rows(rows, COLUMNS)
    objectives = space.objectives
    written = draw_all(
        frame,
        objectives.maximize,
        objectives.minimize,
        out_dir,
        space.constraints,
        chance_in(out_dir, space.task),
    )
    remove_stale(out_dir, written)


def remove_stale(out_dir: Path, written: Collection[Path]) -> None:
    """Remove plots that a run directory holds from an earlier design.

    Args:
        out_dir: The run directory.
        written: The plots to keep.

    Raises:
        PezoError: A file cannot be removed.
    """
    names = {path.name for path in written}
    for path in sorted(out_dir.iterdir()):
        if _OURS.fullmatch(path.name) and path.name not in names:
            try:
                path.unlink()
            except OSError as error:
                raise PezoError(f"{path}: cannot be removed: {error.strerror}") from None
