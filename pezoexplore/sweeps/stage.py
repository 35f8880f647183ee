"""The interface of a stage: work on a point, keyed by everything that determines its result."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pezoexplore.design.kinds import nearest
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pathlib import Path

    from pezoexplore.design.point import DesignPoint

STAGE_ORDER = ("health", "train", "rtl", "synth", "timing", "power", "engine")
"""Names of the stages, in the order in which a row reports the first one that failed."""

SELECTABLE = ("train", "rtl", "synth", "power")
"""Values of --stages; ``health``, the stream's statistics, always runs."""

USUAL = ("train", "rtl", "synth")
"""Stages that run by default; ``hardware: {power: true}`` adds ``power`` to ``synth``."""

Payload = dict[str, Any]
"""Result of a stage: plain values that JSON can hold, by column or other name."""


@dataclass(frozen=True, kw_only=True)
class Stage(ABC):
    """One kind of work on a design point.

    Subclasses are frozen dataclasses at the top level of a module, so that a worker process can
    import them. A result may depend on nothing that :meth:`key` leaves out: points with equal
    keys share one run, and a finished run is never repeated.

    Attributes:
        name: One of ``STAGE_ORDER``.
        target: The hardware target whose rows the result belongs to; None for every row.
        task: The training task whose rows it belongs to; None for every row.
        timeout_s: Seconds after which a run is stopped and recorded as ``timeout``.
        skipped: Why it is run for no point; empty if it is run.
    """

    name: str
    target: str | None = None
    task: str | None = None
    timeout_s: float = 600.0
    skipped: str = ""

    @property
    def label(self) -> str:
        """Name for logs and timings: the stage, and its target if it has one."""
        return self.name if self.target is None else f"{self.name}-{self.target}"

    def applies(self, point: DesignPoint) -> bool:
        """Return whether the point has this stage; if not, its cells stay empty."""
        return True

    def skip_reason(self, point: DesignPoint) -> str:
        """Return why a point's rows of this target are skipped; empty if they are not."""
        return self.skipped if point.in_hardware else ""

    @abstractmethod
    def key(self, point: DesignPoint) -> Payload:
        """Return everything that determines the result, as plain values JSON can hold.

        Args:
            point: The design point.

        Raises:
            PezoError: Something the result depends on cannot be read, such as an RTL file.
        """

    @abstractmethod
    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Do the work, in a worker process.

        Output of the stage and its subprocesses goes to the log as well.

        Args:
            point: The design point.
            log_path: Log file of this run, already there; write to it or append to it.

        Returns:
            Plain values that JSON can hold, all numbers finite; None for a value not there.
        """

    def clear(self, log_path: Path) -> None:  # noqa: B027 - most stages leave nothing
        """Remove what a stopped run left beside its log: its result came from elsewhere."""

    def cost(self, point: DesignPoint) -> float:
        """Estimate the seconds a run takes: longer ones start first. Never changes a result."""
        return 1.0

    def verdict(self, payload: Payload) -> str | None:
        """Return why a result still counts as a failure; None if it does not."""
        return None


def stage_names(text: str) -> list[str]:
    """Return the stages that a comma-separated text names.

    Raises:
        DesignError: It names none, or an unknown one.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in SELECTABLE]
    if unknown or not names:
        got = "no stage named"
        if unknown:
            got = f"unknown stage {unknown[0]!r}{nearest(unknown[0], SELECTABLE)}"
        raise DesignError(f"--stages: {got}; allowed: {', '.join(SELECTABLE)}, comma-separated")
    return names


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text.

    Raises:
        TypeError: A value that JSON cannot hold.
        ValueError: A number that is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """Return hexadecimal SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def determinants(stage: Stage, point: DesignPoint) -> str:
    """Return canonical JSON of what determines a stage's result; its SHA-256 is the store's key."""
    content = {"stage": stage.name, "target": stage.target, "key": stage.key(point)}
    if point.family.sha256:
        content["rng"] = point.family.sha256
    return canonical_json(content)
