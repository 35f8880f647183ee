"""Which runs a sweep needs: every stage of every point, equal ones once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.explore.executor import Task
from pezoexplore.explore.rows import point_id
from pezoexplore.explore.stage import STAGE_ORDER, determinants, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.explore.rundir import RunDir
    from pezoexplore.explore.stage import Stage


@dataclass(frozen=True)
class Use:
    """One stage of one point, and the key of the run that serves it.

    Attributes:
        point_id: Identity of the point.
        stage: The stage.
        key: Key of the run, which other uses may share.
    """

    point_id: str
    stage: Stage
    key: str


@dataclass(frozen=True)
class Plan:
    """All that a sweep is about to do.

    Attributes:
        points: Distinct points by id, sorted by it.
        uses: The stages of each point, in ``STAGE_ORDER``.
        tasks: One task for each distinct key, in the order of first use.
        determinants: Canonical JSON behind each key.
    """

    points: dict[str, DesignPoint]
    uses: dict[str, list[Use]]
    tasks: dict[str, Task]
    determinants: dict[str, str]

    def all_uses(self) -> Iterator[Use]:
        """Every stage of every point, points in order."""
        for uses in self.uses.values():
            yield from uses

    def owner(self, use: Use) -> bool:
        """Whether the run was planned for this use; others of the same key share it."""
        task = self.tasks[use.key]
        return task.stage.label == use.stage.label and task.point_id == use.point_id


def make_plan(
    space: DesignSpace, points: Sequence[DesignPoint], stages: Sequence[Stage], run_dir: RunDir
) -> Plan:
    """Plan the runs for points of a design space.

    Args:
        space: The design space, for its settings.
        points: Its points, in any order.
        stages: The stages wanted, in any order.
        run_dir: Where the logs go.

    Raises:
        PezoError: Something that determines a result cannot be read.
    """
    train = space.train.model_dump(mode="json")
    hardware = space.hardware.model_dump(mode="json")
    named = {point_id(point.axes(), space.task, train, hardware): point for point in points}
    plan = Plan(dict(sorted(named.items())), {}, {}, {})
    ordered = sorted(stages, key=lambda stage: (STAGE_ORDER.index(stage.name), stage.label))
    for identity, point in plan.points.items():
        plan.uses[identity] = []
        for stage in ordered:
            if stage.applies(point):
                _add(plan, identity, stage, run_dir)
    return plan


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """Tasks in the order to start them: a long one started last would leave workers idle."""
    return sorted(
        tasks,
        key=lambda task: (
            -task.stage.cost(task.point),
            STAGE_ORDER.index(task.stage.name),
            task.key,
        ),
    )


def _add(plan: Plan, identity: str, stage: Stage, run_dir: RunDir) -> None:
    point = plan.points[identity]
    content = determinants(stage, point)
    key = sha256(content)
    plan.uses[identity].append(Use(identity, stage, key))
    if key not in plan.tasks:
        plan.tasks[key] = Task(key, stage, identity, point, run_dir.log(identity, stage.label))
        plan.determinants[key] = content
