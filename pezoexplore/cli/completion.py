"""Shell completion: columns, axes and their values, settings, designs of a run.

Each function takes the text typed so far and returns (word, meaning) pairs. A shell waits for them,
so nothing heavy is imported, and a file that cannot be read offers nothing.
"""

from __future__ import annotations

import csv
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pezoexplore.analysis.run_files import open_text
from pezoexplore.design.columns import AXIS_HELP, COLUMN_HELP, NUMERIC_COLUMNS, RESULT_COLUMNS
from pezoexplore.design.own_targets import TARGETS
from pezoexplore.design.point import REUSES, SCALINGS, STREAM_AXES, TAPS
from pezoexplore.design.training_axes import (
    ESTIMATORS,
    RANKS,
    ROUNDINGS,
    STEP_SIZES,
    UPDATE_ROUNDINGS,
)
from pezoexplore.streams.generators.registry import names
from pezoexplore.sweeps.stage import SELECTABLE

Offer = list[tuple[str, str]]
"""Words and their meanings."""

AXIS_VALUES: dict[str, tuple[str, ...]] = {
    "rng": names(),
    "reuse": REUSES,
    "taps": TAPS,
    "scaling": SCALINGS,
    "estimator": ESTIMATORS,
    "rounding": ROUNDINGS,
    "update_rounding": UPDATE_ROUNDINGS,
    "step_size": STEP_SIZES,
    "rank": RANKS,
    "scope": ("all", "last:1", "sparse:0.1"),
    "reuse_period": ("inf",),
    "weight_bits": ("float",),
    "activation_bits": ("float",),
}
"""Words that an axis takes; numbers that it takes as well are not offered."""

MAX_POINTS = 2000
"""Most designs of a run that are offered."""


def columns(incomplete: str) -> Offer:
    """Return columns that an objective may name."""
    return [(name, COLUMN_HELP[name]) for name in NUMERIC_COLUMNS if name.startswith(incomplete)]


def targets(incomplete: str) -> Offer:
    """Return targets that the package knows."""
    return [(name, "") for name in TARGETS if name.startswith(incomplete)]


def results(incomplete: str) -> Offer:
    """Return columns of results, without axes."""
    return [(name, COLUMN_HELP[name]) for name in RESULT_COLUMNS if name.startswith(incomplete)]


def conditions(incomplete: str) -> Offer:
    """Return columns that the last condition of a `--where` may begin with."""
    before, joint, last = incomplete.rpartition(" and ")
    return [
        (f"{before}{joint}{name}", text)
        for name, text in COLUMN_HELP.items()
        if name.startswith(last.lstrip())
    ]


def axis_values(axis: str) -> Callable[[str], Offer]:
    """Return the completion of an axis option: words, joined by commas."""
    words = AXIS_VALUES.get(axis, ())

    def complete(incomplete: str) -> Offer:
        return _listed(words, incomplete, f"a value of {axis}")

    return complete


def stages(incomplete: str) -> Offer:
    """Return stages, joined by commas."""
    return _listed(SELECTABLE, incomplete, "a stage")


def modules(incomplete: str) -> Offer:
    """Return modules of the RTL that have a regression."""
    from pezoexplore.hardware.verify.regress import ALL_MODULES

    return [(name, "a module of the RTL") for name in ALL_MODULES if name.startswith(incomplete)]


def settings(incomplete: str) -> Offer:
    """Return keys of a design file, as after `-s`: axes, training and hardware settings."""
    from pezoexplore.design.space import DesignSpace, HardwareSettings, TrainSettings

    keys = {"task": DesignSpace.model_fields["tasks"].description or ""}
    keys |= {f"space.{axis}": text for axis, text in AXIS_HELP.items()}
    for section, model in (("train", TrainSettings), ("hardware", HardwareSettings)):
        for name, item in model.model_fields.items():
            keys[f"{section}.{name}"] = item.description or ""
    return [(f"{key}=", text) for key, text in keys.items() if f"{key}=".startswith(incomplete)]


def points(incomplete: str) -> Offer:
    """Return designs (`point_id`) of the runs that the command line names so far.

    The parser fails on a line whose last option still lacks its value, so the words come from the
    environment variables that the shells set.
    """
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        words = shlex.split(line)
    except ValueError:  # a quote not closed yet
        words = line.split()
    found: dict[str, str] = {}
    for word in words:
        found |= _points_of(Path(word).expanduser())
    return [(name, label) for name, label in found.items() if name.startswith(incomplete)]


def _listed(words: Iterable[str], incomplete: str, meaning: str) -> Offer:
    """Return words that continue a comma-separated list, without those in it."""
    before, comma, last = incomplete.rpartition(",")
    there = before.split(",")
    return [
        (f"{before}{comma}{word}", meaning)
        for word in words
        if word.startswith(last) and word not in there
    ]


def _points_of(source: Path) -> dict[str, str]:
    path = source / "results.csv" if source.is_dir() else source
    if ".csv" not in path.suffixes:
        return {}
    try:
        with open_text(path) as file:
            rows = csv.DictReader(file)
            return {
                row["point_id"]: _label(row)
                for row, _ in zip(rows, range(MAX_POINTS), strict=False)
                if not row["status"].startswith("skipped:")
            }
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, KeyError, RuntimeError):
        return {}


def _label(row: Mapping[str, str]) -> str:
    """Return a label of a design: its axes that are not empty."""
    return " ".join(f"{axis}={row[axis]}" for axis in STREAM_AXES if row.get(axis))
