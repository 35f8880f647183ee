"""`pezoexplore train --distil`: a lightweight student of a large teacher, halted early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pezoexplore.commands.points import one_point
from pezoexplore.commands.terminal import print_json, say, tell
from pezoexplore.errors import DesignError
from pezoexplore.train.distil import Distillation, distil_point
from pezoexplore.train.networks.student import Budget
from pezoexplore.train.tasks.registry import get_task


@dataclass(frozen=True)
class DistilRequest:
    """What the command line asks for.

    Attributes:
        axes: One value by axis, as text; None for one not given.
        settings: Values by dotted key of a design file, as text; None for one not given.
        overrides: ``key=value`` texts as after ``-s``.
        budget: Most parameters, multiply-accumulates and microseconds of a step of the student
            (None: no bound), and how many multiply-accumulates the device does in a microsecond.
        files: Whether files were asked for, which a distillation does not write.
        as_json: Whether to print JSON.
    """

    axes: Mapping[str, str | None]
    settings: Mapping[str, str | None]
    overrides: Sequence[str]
    budget: tuple[int | None, int | None, float | None, float]
    files: bool
    as_json: bool


def distil(request: DistilRequest) -> int:
    """Train a teacher and its student, and say what halting saved.

    Returns:
        The exit status, 0.

    Raises:
        PezoError: The point, a setting or the budget is not allowed.
    """
    point, space = one_point(request.axes, request.settings, request.overrides)
    if request.files:
        raise DesignError("--distil prints its results; leave out --out and --landscape")
    parameters, macs, step_us, macs_per_us = request.budget
    task, settings = get_task(space.task, space.train.data), space.train
    budget = Budget(parameters, macs, step_us, macs_per_us, settings.batch)
    tell(f"{point.label()}: a teacher, and {settings.seeds} students on {space.task}")
    result = distil_point(point, task, settings, Distillation(budget))
    if request.as_json:
        print_json({"axes": point.to_json(), **result})
        return 0
    for name, value in result.items():
        say(f"{name:24}{_text(value)}")
    return 0


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return f"{value:.2f}" if isinstance(value, float) and value >= 1 else str(value)
