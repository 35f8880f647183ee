"""More seeds for the points whose Pareto membership is uncertain.

A sweep with adaptive seeds is a series of sweeps in one directory: after each, the points that are
neither surely on the front nor surely off it are trained with twice the seeds. Their runs are those
of a design that asks for as many seeds, under the same keys, and share their first seeds with all
other points; so comparisons stay paired, and a stopped run resumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pezoexplore.analysis.statistics import seeds_of, unsure
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.sweeps.rows import point_ids
from pezoexplore.sweeps.stage import Payload, Stage
from pezoexplore.sweeps.train_stage import TrainStage


@dataclass(frozen=True, kw_only=True)
class MoreSeedsStage(TrainStage):
    """Training with more seeds for some points, otherwise as :class:`TrainStage`.

    Attributes:
        more: Points, each with its number of seeds.
    """

    more: tuple[tuple[DesignPoint, int], ...] = ()

    def key(self, point: DesignPoint) -> Payload:
        """Implement :meth:`Stage.key`."""
        return self._of(point).key(point)

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Implement :meth:`Stage.run`."""
        return self._of(point).run(point, log_path)

    def cost(self, point: DesignPoint) -> float:
        """Implement :meth:`Stage.cost`."""
        return self._of(point).cost(point)

    def _of(self, point: DesignPoint) -> TrainStage:
        kept = {item.name: getattr(self, item.name) for item in fields(TrainStage) if item.init}
        seeds = dict(self.more).get(point)
        if seeds is not None:
            kept["settings"] = self.settings.model_copy(update={"seeds": seeds})
        return TrainStage(**kept)


def with_more_seeds(stages: Sequence[Stage], more: Mapping[DesignPoint, int]) -> list[Stage]:
    """Return the stages of a sweep, training with more seeds for some points.

    Args:
        stages: The stages.
        more: Number of seeds by point.
    """
    if not more:
        return list(stages)
    return [_widened(stage, more) if type(stage) is TrainStage else stage for stage in stages]


def seeds_wanted(
    rows: Iterable[Mapping[str, str]], points: Iterable[DesignPoint], space: DesignSpace, most: int
) -> dict[DesignPoint, int]:
    """Return points that need more seeds, with twice those they have.

    Args:
        rows: Rows of results.csv, ``front_confidence`` filled in.
        points: The points of the sweep.
        space: Its design.
        most: Most seeds a point may get.

    Returns:
        Number of seeds by point; empty when all is sure or has as many as it may.
    """
    wanted: dict[str, int] = {}
    for row in rows:
        seeds = len(seeds_of(row))
        if unsure(parse_number(row["front_confidence"])) and seeds < most:
            wanted[row["point_id"]] = min(2 * seeds, most)
    if not wanted:
        return {}
    found: dict[DesignPoint, int] = {}
    for identity in [point_ids(space, task) for task in space.tasks]:
        for point in points:
            found[point] = max(found.get(point, 0), wanted.get(identity(point), 0))
    return {point: seeds for point, seeds in found.items() if seeds}


def _widened(stage: TrainStage, more: Mapping[DesignPoint, int]) -> MoreSeedsStage:
    kept = {item.name: getattr(stage, item.name) for item in fields(stage) if item.init}
    longest = max(more.values()) / stage.settings.seeds
    return MoreSeedsStage(
        **kept | {"timeout_s": stage.timeout_s * max(1.0, longest)}, more=tuple(more.items())
    )
