"""A commented design file to start from, its comments made from the keys' own definitions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from pezoexplore.design.kinds import Kind
from pezoexplore.design.loading import axis_default
from pezoexplore.design.point import AXES
from pezoexplore.design.space import DesignSpace, HardwareSettings, SubSpace, TrainSettings

WIDTH = 100

SET = {
    "reuse": "[bank, phased]",
    "state_bits": "[12, 16]",
    "lanes": "8",
    "steps": "2000",
}
"""Keys that the file sets; all others are comments, at their defaults."""

_HEAD = """\
# {name}: a design space for pezoexplore.
#
#     pezoexplore sweep {file} --dry-run    # list the points, run nothing
#     pezoexplore sweep {file}              # run them; run it again to resume
#
# A value is a scalar, a list, {{range: [lo, hi, step]}} or {{powers_of_two: [lo, hi]}}; the points
# are all combinations. A line such as "#leap: 1" is a setting at its default: take the # away to
# change it.
"""

_INCLUDE = """\
# Extra points or sub-spaces, each standing on its own: an axis that it does not name takes its
# default, not the value above. MeZO's Gaussian numbers are what all others are measured against.
include:
  - {rng: gaussian, reuse: none}
  #- {rng: xorshift32, reuse: pool, pool_size: [1023, 4095], lanes: 8}

# Points to drop: those that match every axis an item names.
#exclude:
#  - {reuse: bank, state_bits: 16}
"""

_GOALS = """\
# What the Pareto front trades off: numeric columns of results.csv.
objectives:
  maximize: [accuracy_mean]
  minimize: [lut, ff, bram]

# Bounds that a design on the front keeps, such as "lut <= 2000".
constraints: []
"""


def design_template(name: str, file: str, task: str) -> str:
    """Return a design file, YAML, that runs as it is: four small designs and the reference.

    Args:
        name: Name of the design.
        file: Name of the file in its own comments.
        task: Training task.
    """
    task_help = DesignSpace.model_fields["tasks"].description or ""
    axes = {axis: _written(axis_default(axis)) for axis in AXES}
    parts = [
        _HEAD.format(name=name, file=file),
        f"name: {name}\n",
        "\n".join([*_comment(task_help, ""), f"task: {task}\n"]),
        _section("space", SubSpace, axes),
        _INCLUDE,
        _section("train", TrainSettings, _defaults(TrainSettings)),
        _section("hardware", HardwareSettings, _defaults(HardwareSettings)),
        _GOALS,
    ]
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel], values: Mapping[str, str]) -> str:
    """Return a mapping of the file with all its keys."""
    lines = [f"{title}:"]
    for name, value in values.items():
        field = model.model_fields[name]
        allowed = next((kind.allowed for kind in field.metadata if isinstance(kind, Kind)), "")
        text = (field.description or "").partition(" Default: ")[0]
        lines += _comment(f"{text} Allowed: {allowed}.", "  ")
        lines.append(f"  {name}: {SET[name]}" if name in SET else f"  #{name}: {value}")
    return "\n".join(lines) + "\n"


def _defaults(model: type[BaseModel]) -> dict[str, str]:
    """Return values of settings as they are written."""
    return {name: _written(field.default) for name, field in model.model_fields.items()}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return "null" if value is None else str(value)


def _comment(text: str, indent: str) -> Iterator[str]:
    margin = f"{indent}# "
    yield from textwrap.wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin)
