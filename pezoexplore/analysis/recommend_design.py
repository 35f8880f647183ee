"""A design file that measures the designs a recommendation names, with more seeds."""

from __future__ import annotations

from pezoexplore.analysis.recommend import Advice
from pezoexplore.analysis.runs import StoredRun
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError

MOST_UNDECIDED = 3
"""Most cheaper designs that are included although the seeds leave them undecided."""

MORE_SEEDS = 20
"""Seeds of the design file, at least."""


def design_of(advice: Advice, run: StoredRun) -> str:
    """Return a design file of what was named and the Gaussian reference, with more seeds.

    Raises:
        DesignError: Nothing was named.
    """
    options = [advice.chosen, advice.runner_up, advice.surest, *advice.undecided[:MOST_UNDECIDED]]
    points = list(dict.fromkeys(option.point for option in options if option is not None))
    if not points:
        raise DesignError("--out: no design to write; relax the limits")
    space = run.space or DesignSpace(name="recommended")
    train = space.train.model_copy(update={"seeds": max(MORE_SEEDS, space.train.seeds)})
    include = ["  - {rng: gaussian, reuse: none}", *(f"  - {_inline(point)}" for point in points)]
    rates = ", ".join(f"{rate:.12g}" for rate in train.learning_rates)
    sizes = ", ".join(f"{size:.12g}" for size in train.epsilon)
    lines = [
        "# Designs that `pezoexplore recommend` named, on more seeds. Put your own task here:",
        "# the one below is that of the results they are from.",
        f"task: {space.task}",
        "include:",
        *include,
        f"train: {{steps: {train.steps}, seeds: {train.seeds}, learning_rates: [{rates}], "
        f"batch: {train.batch}, epsilon: [{sizes}]}}",
        f"hardware: {{targets: [{advice.limits.target}]}}",
    ]
    return "\n".join(lines) + "\n"


def _inline(point: DesignPoint) -> str:
    """Return a point as a mapping of a design file."""
    axes = {axis: value for axis, value in point.to_json().items() if value is not None}
    return "{" + ", ".join(f"{axis}: {value}" for axis, value in axes.items()) + "}"
