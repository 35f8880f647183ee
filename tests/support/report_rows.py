"""Made-up rows of results, shaped like a quickstart; the figures are no measurements."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from pezoexplore.analysis.frames import read_results
from pezoexplore.design.point import AXES, resolve

COLUMNS = (
    "point_id", "target", "status", *AXES, "accuracy_mean", "accuracy_ci95", "lut", "ff", "bram",
    "muxf", "carry", "yosys_version", "rtl_sha256", "pareto",
)  # fmt: skip


def row(
    accuracy: float | str, hardware: tuple[float, float, float] | None = None, **axes: object
) -> dict[str, object]:
    """Return a finished row; hardware is lut, ff, bram."""
    point = resolve(**axes)  # type: ignore[arg-type]
    cells: dict[str, object] = dict.fromkeys(COLUMNS, "")
    cells |= {name: "" if value is None else value for name, value in point.to_json().items()}
    cells |= {"status": "ok", "accuracy_mean": accuracy, "accuracy_ci95": 0.7}
    if hardware:
        cells |= dict(zip(("lut", "ff", "bram"), hardware, strict=True))
        cells |= {"target": "xcup", "muxf": 0, "carry": 4}
    return cells


def numbered(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rows with a point_id each."""
    return [{**cells, "point_id": f"{index:016x}"} for index, cells in enumerate(rows)]


def quickstart() -> list[dict[str, object]]:
    """Return a dozen rows with software references, zeros, a wide spread and a failure."""
    failed = row("", None, reuse="bank", bit_width=5) | {"status": "failed:train"}
    return numbered(
        [
            row(89.5, None, rng="gaussian", reuse="none"),
            row(83.0, None, rng="gaussian", reuse="pool", pool_size=255),
            row(88.6, (350, 256, 0), reuse="bank"),
            row(88.9, (402, 268, 0), reuse="bank", reuse_period=64),
            row(89.1, (402, 262, 0), reuse="bank", reuse_period=1),
            row(89.0, (480, 390, 0), reuse="bank", bit_width=12),
            row(89.3, (138, 33, 0), taps="shared", state_bits=16, leap=4),
            row(89.4, (145, 49, 0), taps="shared", state_bits=24),
            row(83.2, (14, 10, 3.5), reuse="pool", pool_size=255),
            row(89.2, (14, 12, 7), reuse="pool", pool_size=4095),
            row(89.3, (2015, 1984, 0), rng="treegrng", reuse="none"),
            row(79.3, (300, 256, 0), reuse="none"),
            failed,
        ]
    )


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Rows as results.csv."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def frame_of(folder: Path, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Rows as read back from a file."""
    return read_results(write_csv(folder / "results.csv", rows))
