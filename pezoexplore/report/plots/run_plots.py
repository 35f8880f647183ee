"""The plots of a run directory, and the removal of those of an earlier design."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pezoexplore.analysis.frames import frame_of_rows
from pezoexplore.analysis.runs import chance_in
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import PezoError
from pezoexplore.report.plots.plots import draw_all
from pezoexplore.report.plots.scale_plot import draw_scale
from pezoexplore.report.plots.share_plot import draw_share
from pezoexplore.sweeps.rows import rows_of
from pezoexplore.sweeps.rundir import TASKS_NAME, task_folders

_OURS = re.compile(r"(pareto_\w+|scale|generator_share)\.(png|svg)|axis_[a-z_]+\.png")


def draw_run(rows: Sequence[Mapping[str, str]], space: DesignSpace, out_dir: Path) -> list[Path]:
    """Draw every plot of a sweep into its run directory.

    Args:
        rows: Rows of results.csv, as written.
        space: The design, for its objectives and constraints.
        out_dir: The run directory.

    Returns:
        The files.

    Raises:
        PezoError: A file cannot be written.
    """
    objectives, written = space.objectives, []
    columns = space.columns(space.tasks[:1])
    for task, folder in task_folders(space.tasks, out_dir).items():
        written += draw_all(
            frame_of_rows(rows_of(rows, task), columns),
            objectives.maximize,
            objectives.minimize,
            folder,
            space.constraints,
            chance_in(out_dir, task),
        )
    written += draw_scale(rows, out_dir)
    if space.hardware.engine:
        written += draw_share(frame_of_rows(rows_of(rows, space.tasks[0]), columns), out_dir)
    remove_stale(out_dir, written)
    return written


def remove_stale(out_dir: Path, written: Collection[Path]) -> None:
    """Remove plots that a run directory holds from an earlier design.

    Args:
        out_dir: The run directory.
        written: The plots to keep.

    Raises:
        PezoError: A file cannot be removed.
    """
    kept = set(written)
    for path in sorted([*out_dir.iterdir(), *out_dir.glob(f"{TASKS_NAME}/*/*")]):
        if _OURS.fullmatch(path.name) and path not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise PezoError(f"{path}: cannot be removed: {error.strerror}") from None
