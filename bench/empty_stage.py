"""Stages that measure the overhead around them: empty, or busy for a fixed processor time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import DesignSpace
from pezoexplore.sweeps.outputs import RunInfo
from pezoexplore.sweeps.stage import Payload, Stage


@dataclass(frozen=True, kw_only=True)
class Empty(Stage):
    """Returns nothing, immediately."""

    name: str = field(default="health", init=False)

    def key(self, point: DesignPoint) -> Payload:
        """Return the axes that distinguish the points."""
        return {"axes": point.to_json()}

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Nothing."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Busy(Empty):
    """Computes on one core until it has used some processor time."""

    cpu_s: float

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Arithmetic, a fixed amount of processor time."""
        total, end = 0.0, time.process_time() + self.cpu_s
        while time.process_time() < end:
            total += math.sqrt(sum(range(1000)))
        return {"stream_std": 1.0 + 0.0 * total}


@dataclass(frozen=True, kw_only=True)
class Scored(Empty):
    """Returns an accuracy and a cost that depend on the point, immediately."""

    name: str = field(default="train", init=False)

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Numbers that put a few points on the front."""
        number = int(point.reuse_period)
        mixed = (number * 2654435761) % 1_000_003
        return {"accuracy_mean": mixed / 1e4, "lut": number % 1013, "ff": mixed % 509}


INFO = RunInfo(command=("bench",), design="name: bench\n")


def space() -> DesignSpace:
    """Return a design space with settings only; :func:`points` returns the points."""
    return DesignSpace.model_validate({"name": "bench", "space": {"rng": ["lfsr"]}})


def points(count: int) -> Iterator[DesignPoint]:
    """Yield points that differ in their reuse period."""
    for number in range(count):
        yield resolve(lanes=31, reuse_period=number + 1)
