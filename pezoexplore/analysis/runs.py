"""A run as it lies on the disk: the rows of its results.csv, and the design they are of."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.analysis.csv_cells import read_cells
from pezoexplore.analysis.pareto import frame_rows
from pezoexplore.analysis.run_files import DESIGN_NAME as DESIGN_NAME
from pezoexplore.analysis.run_files import FRONT_NAME, RUN_NAME
from pezoexplore.analysis.run_files import RESULTS_NAME as RESULTS_NAME
from pezoexplore.analysis.run_files import results_file as results_file
from pezoexplore.design.conditions import Condition
from pezoexplore.design.loading import load_design
from pezoexplore.design.setting_kinds import chance_of
from pezoexplore.design.space import DesignSpace, Objectives
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, object]
"""A row of results: numbers by column, NaN where there is none, or text."""

log = logging.getLogger(__name__)

TASK = "task"
"""Column of the task, in the results of a design with several."""


@dataclass(frozen=True)
class Goals:
    """What a front is of.

    Attributes:
        maximize: Columns of which more is better.
        minimize: Columns of which less is better.
        constraints: Conditions that every design on the front meets.
    """

    maximize: tuple[str, ...]
    minimize: tuple[str, ...]
    constraints: tuple[Condition, ...] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """The objectives, those to maximize first."""
        return self.maximize + self.minimize


@dataclass(frozen=True)
class StoredRun:
    """Results read back.

    Attributes:
        path: The results.csv.
        frame: Its rows.
        space: The design they are of; None for a results.csv that lies alone.
    """

    path: Path
    frame: pd.DataFrame
    space: DesignSpace | None

    @property
    def tasks(self) -> tuple[str, ...]:
        """The training tasks of the rows; none if nothing says them."""
        if TASK in self.frame.columns:
            return tuple(dict.fromkeys(self.frame[TASK]))
        return () if self.space is None else self.space.tasks

    @property
    def chance(self) -> float | None:
        """Accuracy of always naming the task's most frequent class, percent.

        None if it is unknown, or if there are several tasks.
        """
        return chance_in(self.path.parent, self.tasks[0]) if len(self.tasks) == 1 else None

    def of_task(self, task: str | None) -> StoredRun:
        """Return the rows of one task, as a run of it alone; None for the only one.

        Raises:
            DesignError: There is no such task, or none is named and there are several.
        """
        if task is None and len(self.tasks) > 1:
            raise DesignError(
                f"{self.path}: has the tasks {', '.join(self.tasks)}; name one with --task"
            )
        if task is None or self.tasks == (task,):
            return self
        if task not in self.tasks:
            known = ", ".join(self.tasks) or "unknown"
            raise DesignError(f"--task {task}: no row of {self.path} is of it; there is: {known}")
        frame = self.frame[self.frame[TASK] == task]
        space = None if self.space is None else self.space.of_task(task)
        return StoredRun(self.path, frame, space)

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, in the order of the file."""
        return frame_rows(self.frame)

    def goals(
        self,
        maximize: Sequence[str] = (),
        minimize: Sequence[str] = (),
        constrained: bool = True,
    ) -> Goals:
        """Return objectives and constraints: those given, else those of the run's design.

        Without a design the objectives are those of a design file that names none.

        Args:
            maximize: Columns to maximize, in place of the design's.
            minimize: Columns to minimize, in place of the design's.
            constrained: Whether the design's constraints hold.
        """
        wanted = Objectives() if self.space is None else self.space.objectives
        more, less = wanted.maximize, wanted.minimize
        if self.space is None:
            less = tuple(name for name in less if name in self.frame.columns)
        more = tuple(maximize) or tuple(name for name in more if name not in minimize)
        less = tuple(minimize) or tuple(name for name in less if name not in maximize)
        constraints = self.space.constraints if self.space and constrained else ()
        return Goals(more, less, constraints)


def read_run(source: Path) -> StoredRun:
    """Read a run directory, or a results.csv with the design.yaml beside it, if there is one.

    A pareto.csv is read as a results.csv is.

    Raises:
        DesignError: There is none, it is not whole, or it cannot be used.
    """
    path, frame = read_whole(source)
    design = path.with_name(DESIGN_NAME)
    of_run = path.name in (RESULTS_NAME, FRONT_NAME) and design.exists()
    space = load_design(design) if of_run else None
    return StoredRun(path, frame, space)


def read_whole(source: Path) -> tuple[Path, pd.DataFrame]:
    """Read the results of a run directory, or a results.csv; its path, and a row per line.

    Raises:
        DesignError: There is none, it cannot be used, or the run had other rows.
    """
    path = results_file(source)
    header, lines = read_cells(path)
    _check_whole(path, len(lines))
    from pezoexplore.analysis.frames import frame_of_cells  # takes longer than refusing a file

    return path, frame_of_cells(str(path), header, lines)


def read_rows(source: Path) -> list[dict[str, str]]:
    """Read rows of a run as they are written, cells by column; see :func:`read_run`."""
    path = results_file(source)
    header, lines = read_cells(path)
    _check_whole(path, len(lines))
    return [dict(zip(header, cells, strict=True)) for cells in lines]


def is_design(row: Mapping[str, str]) -> bool:
    """Return whether a row is of a design; else it is of a combination of axes that is not legal.

    A design without a tool for its target is skipped too, and its row names the target.

    Args:
        row: Cells of a results.csv.
    """
    return bool(row["target"]) or not row["status"].startswith("skipped:")


def _check_whole(path: Path, rows: int) -> None:
    """Refuse results with other rows than their run had, and warn of edited ones.

    A results.csv that lies alone, without the run.json of its run, may have any rows.

    Args:
        path: The results.csv.
        rows: Number of its rows.

    Raises:
        DesignError: The run had more rows, or fewer.
    """
    if path.name != RESULTS_NAME:
        return
    known = _noted(path)
    had = known.get("rows")
    if had is None:
        return
    if rows != had:
        raise DesignError(
            f"{path}: has {rows} rows, and its run had {had}: run the sweep again, which restores "
            f"the file from the store, or copy it to where there is no {RUN_NAME}"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != known.get("results_sha256"):
        log.warning(f"{path}: was changed after its run wrote it")


def chance_in(folder: Path, task: str) -> float | None:
    """Return the chance level of a run, by its run.json, else by its task."""
    noted = _noted(folder / RESULTS_NAME).get("chance_percent")
    noted = noted.get(task) if isinstance(noted, dict) else noted
    return float(noted) if isinstance(noted, int | float) else chance_of(task)


def _noted(path: Path) -> Mapping[str, object]:
    """Return the content of the run.json beside results; empty if there is none to be read."""
    try:
        content = json.loads(path.with_name(RUN_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def different_settings(before: DesignSpace | None, after: DesignSpace | None) -> list[str]:
    """Return the training settings in which two runs differ, one line each.

    Raises:
        DesignError: The tasks differ: accuracies on them cannot be compared.
    """
    if before is None or after is None:
        return []
    if not set(before.tasks) & set(after.tasks):
        one, other = (", ".join(space.tasks) for space in (before, after))
        raise DesignError(
            f"the runs are of different tasks, {one} and {other}: their accuracies are different "
            "quantities"
        )
    first, second = before.train.determining(), after.train.determining()
    wanted = [_wanted(space) for space in (before, after)]
    return [
        f"{name} differ: {one or 'none'} and {other or 'none'}"
        for name, one, other in zip(("objectives", "constraints"), *wanted, strict=True)
        if one != other
    ] + [
        f"train.{name} differs: {first[name]} and {second[name]}"
        for name in first
        if first[name] != second[name]
    ]


def _wanted(space: DesignSpace) -> tuple[str, str]:
    """Return objectives and constraints of a design as text."""
    goals = space.objectives
    signed = [f"high {name}" for name in goals.maximize] + [
        f"low {name}" for name in goals.minimize
    ]
    return ", ".join(signed), " and ".join(map(str, space.constraints))
