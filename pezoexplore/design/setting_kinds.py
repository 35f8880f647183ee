"""Kinds of single settings: shares, switches, names, folders, generators and training tasks."""

from __future__ import annotations

import re

from pezoexplore.design.kinds import Kind, choice, is_number
from pezoexplore.streams.generators.registry import names

TASK_NAMES = (
    *("digits-mlp", "digits-mlp-25k", "digits-mlp-100k"),
    *("digits-cnn", "mnist5k-lenet", "wine", "breast-cancer"),
    *("mnist-mlp-25k", "mnist-mlp-100k", "mnist-mlp-1m", "mnist-cnn-100k"),
    *(f"mnist5k-deepzero-{size}" for size in (406, 3376, 6346, 9316, 12286)),
    *("deepzero-cnn", *(f"deepzero-cnn-{size}" for size in (730, 3700, 6670, 9640, 12610))),
    *("resnet20", "last-mile-rotated", "last-mile-inverted", "last-mile-noisy"),
    *("last-mile-new-classes", "last-mile-speech", "pde-burgers", "pde-kolmogorov"),
    *("certified-digits", "certified-mnist"),
)
"""Tasks that come with the package."""

_CHANCE = (
    (r"digits-|certified-digits|last-mile-(?!new|speech)", 100 * 37 / 360),
    (r"last-mile-new-classes", 100 * 37 / 180),
    (r"mnist|certified-mnist|deepzero-|resnet20|last-mile-speech", 10.0),
    (r"wine", 100 * 14 / 35),
    (r"breast-cancer", 100 * 71 / 113),
)


def is_certified(task: str) -> bool:
    """Return whether a task's results have the columns of randomised smoothing."""
    return task in ("certified-digits", "certified-mnist")


def chance_of(task: str) -> float | None:
    """Return the share of the most frequent class among a task's test examples, percent.

    None for a user's task, whose share run.json records, and where targets are no classes.
    """
    return next((share for name, share in _CHANCE if re.match(name, task)), None)


OWN = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
"""Form of the name of something in a module of the user's."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_SCOPE = r"all|last:[1-9][0-9]?|sparse:(?P<share>(0?\.[0-9]+|[1-9](\.[0-9]+)?e-[0-9]{1,2}))"
_SHOTS = r"last-mile-(rotated|inverted|noisy|new-classes|speech)-[1-9][0-9]{0,3}"


def _share(value: object) -> float:
    if not is_number(value) or not 0 <= value < 1:
        raise ValueError
    return float(value)


def _scope(value: object) -> str:
    found = re.fullmatch(_SCOPE, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    if found["share"] is None:
        return found[0]
    if not 0 < float(found["share"]) < 1:
        raise ValueError
    return f"sparse:{float(found['share']):g}"


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _folder(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not value or "\0" in value):
        raise ValueError
    return value


def _name(value: object) -> str:
    if is_number(value):
        raise ValueError("; put a number that is a name in quotes")
    if not isinstance(value, str) or not re.fullmatch(_NAME, value):
        raise ValueError
    return value


SHARE = Kind(
    "numbers from 0 to below 1", {"type": "number", "minimum": 0, "exclusiveMaximum": 1}, _share
)
SCOPE = Kind(
    "all, last:N (N layers, 1 to 99), sparse:S (a share above 0 and below 1)",
    {"type": "string", "pattern": f"^({_SCOPE.replace('?P<share>', '')})$"},
    _scope,
)
SWITCH = Kind("true or false", {"type": "boolean"}, _switch)
FOLDER = Kind("the path of a folder", {"type": ["string", "null"], "minLength": 1}, _folder)
"""The path of a folder, as text; nothing for none."""

NAME = Kind(
    "text of up to 64 letters, digits, dots, dashes and underscores",
    {"type": "string", "pattern": f"^{_NAME}$"},
    _name,
)
"""A name that may be part of a file name."""

GENERATOR = choice(names(), OWN, ", or package.module:Class")
"""A generator: one of the package's, or a class of the user's."""

TASK_KIND = choice(
    TASK_NAMES,
    f"({_SHOTS}|{OWN})",
    ", a last-mile task with -K for K examples per class, or package.module:function",
)
"""A training task: one of the package's, or a function of the user's."""
