"""A run as it lies on the disk: the rows of its results.csv, and the design they are of."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.analysis.frames import read_cells, read_results
from pezoexplore.analysis.pareto import frame_rows
from pezoexplore.design.loading import load_design
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    import pandas as pd

    from pezoexplore.design.space import DesignSpace

Row = Mapping[str, object]
"""A row of results: numbers by column, NaN where there is none, or text."""

RESULTS_NAME, DESIGN_NAME, RUN_NAME = "results.csv", "design.yaml", "run.json"

log = logging.getLogger(__name__)


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
    def rows(self) -> Sequence[Row]:
        """The rows, in the order of the file."""
        return frame_rows(self.frame)


def read_run(source: Path) -> StoredRun:
    """Read a run directory, or a results.csv with the design.yaml beside it, if there is one.

    Raises:
        DesignError: There is none, it is not whole, or it cannot be used.
    """
    path, frame = read_whole(source)
    design = path.with_name(DESIGN_NAME)
    space = load_design(design) if path.name == RESULTS_NAME and design.exists() else None
    return StoredRun(path, frame, space)


def read_whole(source: Path) -> tuple[Path, pd.DataFrame]:
    """Read the results of a run directory, or a results.csv; its path, and a row per line.

    Raises:
        DesignError: There is none, it cannot be used, or the run had other rows.
    """
    path = results_file(source)
    frame = read_results(path)
    _check_whole(path, len(frame))
    return path, frame


def read_rows(source: Path) -> list[dict[str, str]]:
    """Read rows of a run as they are written, cells by column; see :func:`read_run`."""
    path = results_file(source)
    header, lines = read_cells(path)
    _check_whole(path, len(lines))
    return [dict(zip(header, cells, strict=True)) for cells in lines]


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
    try:
        known = json.loads(path.with_name(RUN_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    had = known.get("rows") if isinstance(known, dict) else None
    if had is None:
        return
    if rows != had:
        raise DesignError(
            f"{path}: has {rows} rows, and its run had {had}: run the sweep again, which restores "
            f"the file from the store, or copy it to where there is no {RUN_NAME}"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != known.get("results_sha256"):
        log.warning(f"{path}: was changed after its run wrote it")


def results_file(source: Path) -> Path:
    """Return the results of a run directory, or the file itself.

    Raises:
        DesignError: There is none.
    """
    path = source / RESULTS_NAME if source.is_dir() else source
    if source.is_dir() and not path.exists():
        raise DesignError(f"{source}: no {RESULTS_NAME} in it; let its sweep run to the end")
    if not source.exists():
        raise DesignError(f"{source}: no such run; name a run directory or a {RESULTS_NAME}")
    return path


def different_settings(before: DesignSpace | None, after: DesignSpace | None) -> list[str]:
    """Return the training settings in which two runs differ, one line each.

    Raises:
        DesignError: The tasks differ: accuracies on them cannot be compared.
    """
    if before is None or after is None:
        return []
    if before.task != after.task:
        raise DesignError(
            f"the runs are of different tasks, {before.task} and {after.task}: their accuracies "
            "are different quantities"
        )
    first, second = before.train.determining(), after.train.determining()
    return [
        f"train.{name} differs: {first[name]} and {second[name]}"
        for name in first
        if first[name] != second[name]
    ]
