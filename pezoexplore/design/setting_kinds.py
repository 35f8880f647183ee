"""Kinds of single settings: shares, switches, folders and the names of training tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pezoexplore.design.kinds import Json, Kind, nearest
from pezoexplore.streams.generators.registry import names


@dataclass(frozen=True)
class Share(Kind):
    """A number from 0 to below 1."""

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return "numbers from 0 to below 1"

    def read(self, value: object) -> float:
        """Return the name; raise DesignError for anything else."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
            raise self.refuse(value)
        return float(value)

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        return {"type": "number", "minimum": 0, "exclusiveMaximum": 1}


@dataclass(frozen=True)
class Switch(Kind):
    """True or false."""

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return "true or false"

    def read(self, value: object) -> bool:
        """Return the name; raise DesignError for anything else."""
        if not isinstance(value, bool):
            raise self.refuse(value)
        return value

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Path(Kind):
    """The path of a file or folder, as text; nothing for none."""

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return "the path of a folder"

    def read(self, value: object) -> str | None:
        """Return the name; raise DesignError for anything else."""
        if value is None:
            return None
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.refuse(value)
        return value

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        return {"type": ["string", "null"], "minLength": 1}


TASK_NAMES = (
    *("digits-mlp", "digits-cnn", "mnist5k-lenet", "wine", "breast-cancer"),
    *(f"mnist5k-deepzero-{size}" for size in (406, 3376, 6346, 9316, 12286)),
    *("deepzero-cnn", *(f"deepzero-cnn-{size}" for size in (730, 3700, 6670, 9640, 12610))),
    *("resnet20", "last-mile-rotated", "last-mile-inverted", "last-mile-noisy"),
    "last-mile-new-classes",
)
"""Tasks that come with the package."""


OWN = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
"""What names something in a module of the user's."""


@dataclass(frozen=True)
class GeneratorName(Kind):
    """A generator: one of the package's, or a class of the user's."""

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        return f"{', '.join(names())}, or package.module:Class"

    def read(self, value: object) -> str:
        """Return the name; raise DesignError for anything else."""
        if not isinstance(value, str):
            raise self.refuse(value)
        if value not in names() and not re.fullmatch(OWN, value):
            raise self.refuse(value, nearest(value, names()))
        return value

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        return {"anyOf": [{"enum": list(names())}, {"type": "string", "pattern": f"^{OWN}$"}]}


@dataclass(frozen=True)
class TaskName(Kind):
    """A training task: one of the package's, or a function of the user's."""

    pattern = r"last-mile-(rotated|inverted|noisy|new-classes)-[1-9][0-9]{0,3}"

    @property
    def allowed(self) -> str:
        """Allowed values, in words."""
        return (
            f"{', '.join(TASK_NAMES)}, a last-mile task with -K for K examples a class, or "
            "package.module:function"
        )

    def read(self, value: object) -> str:
        """Return the name; raise DesignError for anything else."""
        if not isinstance(value, str):
            raise self.refuse(value)
        named = value in TASK_NAMES or re.fullmatch(f"{self.pattern}|{OWN}", value)
        if not named:
            raise self.refuse(value, nearest(value, TASK_NAMES))
        return value

    def json_schema(self) -> Json:
        """Return the JSON Schema of a value."""
        pattern = f"^({self.pattern}|{OWN})$"
        return {"anyOf": [{"enum": list(TASK_NAMES)}, {"type": "string", "pattern": pattern}]}
