"""The cheapest design that keeps within limits, from results that are there.

A design is taken only if its results show that it keeps within the accuracy drop: the 95 % interval
of its paired difference from the baseline lies within. Undecided designs are named, not ranked. The
cheapest of many designs is also the luckiest: next to its own interval stands the one corrected for
the number of designs it was picked from, and the cheapest that keeps within by that is named. For
a model of another size accuracy is carried over while the updates reach no smaller a share of the
dimensions, or as many as the scaling law asks for; for other lanes, resources are interpolated.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pezoexplore.analysis.differences import Difference, corrected, paired_difference
from pezoexplore.analysis.pareto import as_conditions
from pezoexplore.analysis.runs import Row
from pezoexplore.analysis.size.scaling_law import Network, scaling_law
from pezoexplore.analysis.standing import is_baseline
from pezoexplore.analysis.statistics import ACCURACY, seeds_of
from pezoexplore.design.conditions import Condition, parse_number
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import TRAINING_AXES
from pezoexplore.errors import DesignError, IllegalPointError
from pezoexplore.streams.stream import strategy

RESOURCES = ("lut", "ff", "bram", "dsp")
"""Columns that a design costs."""

LUT_EQUIVALENTS = {"lut": 1.0, "ff": 0.5, "bram": 643.0, "dsp": 141.0}
"""Worth of one in LUTs: as many as the largest UltraScale+ FPGA has to each (VU13P, AMD
DS890: 1,728 K LUTs, 3,456 K flip-flops, 2,688 block RAMs, 12,288 DSPs)."""

COUNTED = 2**22
"""Directions a span is counted up to: more than a run makes."""

SOFTWARE = "software Gaussian numbers"
"""Name of the default baseline."""

MET, OPEN, MISSED = "met", "open", "missed"
"""Whether the seeds show that a design keeps within the accuracy drop."""


@dataclass(frozen=True)
class Limits:
    """The limits of a recommendation.

    Attributes:
        parameters: Weights d of the model.
        lanes: Numbers per clock.
        target: FPGA family or cell library.
        drop: Accuracy that may be lost against the baseline, percentage points.
        most: Ceilings by resource.
        baseline: `point_id` of the baseline; None for the software Gaussian.
        constraints: Conditions of the run's design, in force except on columns in `most`.
        steps: Training steps T of the model; None: as many as its directions are counted to, of
            which the scaling law takes those of its longest training.
    """

    parameters: int
    lanes: int
    target: str
    drop: float
    most: Mapping[str, float]
    baseline: str | None = None
    constraints: tuple[str, ...] = ()
    steps: int | None = None

    def in_force(self) -> list[Condition]:
        """Return the constraints that no ceiling replaces."""
        return [item for item in as_conditions(self.constraints) if item.column not in self.most]


@dataclass(frozen=True)
class Option:
    """A design at the requested lanes, with its known costs and accuracy.

    Attributes:
        point: The design.
        cost: Resources by column.
        drop: Accuracy of the baseline less its own, paired by seed.
        sources: `point_id` of the rows it is from.
        at_lanes: Lanes of those rows.
        measured_share: Share of the dimensions its updates reached where it was trained.
        share: The same for the requested model, at most 1; None until it is computed.
        span: Dimensions that its updates reach in the requested model.
        row: The row of results that the accuracy is from.
    """

    point: DesignPoint
    cost: Mapping[str, float]
    drop: Difference
    sources: tuple[str, ...]
    at_lanes: tuple[int, ...]
    measured_share: float
    share: float | None = None
    span: int = 0
    row: Row = field(default_factory=dict)

    @property
    def lut_equivalents(self) -> float:
        """Worth of all its resources in LUTs."""
        return sum(LUT_EQUIVALENTS[name] * amount for name, amount in self.cost.items())

    @property
    def interpolated(self) -> bool:
        """Whether its resources come from other lanes."""
        return self.at_lanes != (self.point.lanes,)

    @property
    def place(self) -> str:
        """Where its lanes are, of those that its resources come from: ``between`` or ``beyond``."""
        return "between" if min(self.at_lanes) < self.point.lanes < max(self.at_lanes) else "beyond"

    def verdict(self, limit: float, comparisons: int = 1) -> str:
        """Return whether the interval of the drop is within a limit: met, open or missed.

        Args:
            limit: Largest drop, percentage points.
            comparisons: Designs that this one was picked from, for which the interval is corrected.
        """
        drop = corrected(self.drop, comparisons)
        if drop.half is None:
            return OPEN
        if drop.mean + drop.half <= limit:
            return MET
        return MISSED if drop.mean - drop.half > limit else OPEN


@dataclass(frozen=True)
class Advice:
    """The recommendation.

    Attributes:
        limits: The limits.
        measured_parameters: Weights of the model in the results.
        baseline: Label of the baseline.
        chosen: The cheapest design shown to keep within the limits; None if none is.
        runner_up: The next one.
        surest: The cheapest that keeps within the limits by its interval corrected for
            `considered` comparisons; None if none does.
        undecided: Designs cheaper than the chosen one that the seeds leave open, cheapest first.
        needed: Dimensions that the scaling law asks for in the requested model.
        left_out: Number of designs by why they were not considered.
        considered: Designs whose accuracy was compared with the limit.
        line_errors: By ``between`` and ``beyond``: how far, at most and as a share, the cost at
            measured lanes is from a line through two others; empty where nothing lets it be
            checked.
    """

    limits: Limits
    measured_parameters: int
    baseline: str
    chosen: Option | None
    runner_up: Option | None
    surest: Option | None
    undecided: tuple[Option, ...]
    needed: float
    left_out: Mapping[str, int]
    considered: int
    line_errors: Mapping[str, float]


def recommend(rows: Sequence[Row], measured_parameters: int, limits: Limits) -> Advice:
    """Find the cheapest design that keeps within limits, and the runner-up.

    Args:
        rows: Rows of results of one task and one set of training settings.
        measured_parameters: Weights of that task's model.
        limits: The limits.

    Raises:
        DesignError: There are no results for the target, or no baseline.
    """
    finished = [row for row in rows if row.get("status") == "ok"]
    base = _baseline(finished, limits.baseline)
    reference = DesignPoint.from_json(base)
    left_out: Counter[str] = Counter()
    measured = list(_measured(finished, base, measured_parameters, limits.target))
    if not measured:
        targets = sorted({str(row["target"]) for row in finished if row.get("target")})
        raise DesignError(
            f"--target {limits.target}: no finished design with resources in the results; "
            f"there are: {', '.join(targets) or 'none'}. A sweep of a design file with hardware: "
            f"{{targets: [{limits.target}]}} makes them; name its results with --results"
        )
    accuracy = parse_number(base.get(ACCURACY)) or 0.0  # no less than it gains over chance
    law = scaling_law()
    network = Network(limits.parameters, limits.steps or law.steps[1])
    needed = law.needed_upper(network, limits.drop, accuracy)
    options = _at_lanes(measured, limits.lanes, left_out)
    options = [option for option in options if _affordable(option, limits.most, left_out)]
    options.sort(key=_order)
    chosen, undecided = _choose(options, limits, needed, left_out)
    sure = [option for option in options if option.verdict(limits.drop, len(options)) == MET]
    surest, _ = _choose(sure, limits, needed, Counter())
    return Advice(
        limits=limits,
        measured_parameters=measured_parameters,
        baseline=SOFTWARE if is_baseline(reference) else reference.label(),
        chosen=chosen[0] if chosen else None,
        runner_up=chosen[1] if len(chosen) > 1 else None,
        surest=surest[0] if surest else None,
        undecided=tuple(undecided),
        needed=needed,
        left_out=dict(left_out),
        considered=len(options),
        line_errors=_line_errors(measured),
    )


def span_of(point: DesignPoint, parameters: int, steps: int | None = None) -> int:
    """Count the dimensions, of d, that all updates together can reach, up to ``COUNTED``.

    Args:
        point: The design.
        parameters: Weights d.
        steps: Training steps, each of one direction; None for any number.
    """
    most = min(parameters, COUNTED, steps or COUNTED)
    if point.lanes > parameters:
        return most
    return min(most, strategy(point).effective_span(parameters, most))


def span_share(point: DesignPoint, parameters: int, steps: int | None = None) -> float:
    """Return :func:`span_of` as a share of what independent numbers reach, at most 1."""
    return span_of(point, parameters, steps) / min(parameters, COUNTED, steps or COUNTED)


def _baseline(rows: Iterable[Row], asked: str | None) -> Row:
    """Return the row to measure drops from: the requested one, or fresh Gaussian numbers."""
    for row in rows:
        if row["point_id"] == asked or (asked is None and is_baseline(DesignPoint.from_json(row))):
            return row
    if asked is not None:
        raise DesignError(f"--baseline {asked}: no finished row of the results has this point_id")
    raise DesignError(
        "the results have no finished row with rng gaussian, reuse none to measure the drop from; "
        "name another point_id with --baseline"
    )


def _measured(rows: Iterable[Row], base: Row, parameters: int, target: str) -> Iterable[Option]:
    """Yield the designs with resources on a target that train the way the baseline does."""
    training = _training(DesignPoint.from_json(base))
    for row in rows:
        point = DesignPoint.from_json(row)
        cost = {name: parse_number(row.get(name)) for name in RESOURCES}
        known = {name: number for name, number in cost.items() if number is not None}
        if row.get("target") != target or len(known) < len(cost) or _training(point) != training:
            continue
        if row["point_id"] == base["point_id"]:
            continue
        yield Option(
            point=point,
            cost=known,
            drop=paired_difference(seeds_of(base), seeds_of(row)),
            sources=(str(row["point_id"]),),
            at_lanes=(point.lanes,),
            measured_share=span_share(point, parameters),
            row=row,
        )


def _training(point: DesignPoint) -> tuple[object, ...]:
    return tuple(getattr(point, axis) for axis in TRAINING_AXES)


def _at_lanes(measured: Sequence[Option], lanes: int, left_out: Counter[str]) -> list[Option]:
    """Return designs at the requested lanes: measured, interpolated or extrapolated."""
    found = []
    for family, members in _families(measured).items():
        exact = [option for option in members if option.point.lanes == lanes]
        if exact:
            found.append(exact[0])
            continue
        try:
            point = family.moved(lanes=lanes)
        except IllegalPointError:
            left_out[f"not legal at {lanes} lanes"] += 1
            continue
        if not _on_a_line(point):
            left_out[f"not measured at {lanes} lanes, with a memory that grows in steps"] += 1
            continue
        if len(members) < 2:
            left_out[f"not measured at {lanes} lanes, nor at two other numbers of them"] += 1
            continue
        found.append(_interpolated(point, members))
    return found


def _families(measured: Sequence[Option]) -> dict[DesignPoint, list[Option]]:
    """Return designs that differ in their lanes alone, by lanes."""
    families: dict[DesignPoint, list[Option]] = defaultdict(list)
    for option in sorted(measured, key=lambda item: item.point.lanes):
        families[replace(option.point, lanes=0)].append(option)
    return families


def _on_a_line(point: DesignPoint) -> bool:
    """Return whether resources grow evenly with the lanes: memories and tables of scales do not."""
    return not point.has_memory


def _line_errors(measured: Sequence[Option]) -> dict[str, float]:
    """Return the largest relative errors of costs interpolated at measured lanes."""
    errors: dict[str, float] = {}
    for members in _families(measured).values():
        if len(members) < 3 or not _on_a_line(members[0].point):
            continue
        for option in members:
            others = [other for other in members if other is not option]
            guess = _interpolated(option.point, others)
            error = abs(guess.lut_equivalents / option.lut_equivalents - 1)
            place = guess.place
            errors[place] = max(error, errors.get(place, 0.0))
    return errors


def _interpolated(point: DesignPoint, members: Sequence[Option]) -> Option:
    """Return a design between two measured numbers of lanes, or beyond the nearest two, by a line.

    Its accuracy is the worse of the two: that whose drop may be larger.
    """
    pairs = list(pairwise(members))
    low, high = next((pair for pair in pairs if point.lanes < pair[1].point.lanes), pairs[-1])
    part = (point.lanes - low.point.lanes) / (high.point.lanes - low.point.lanes)
    cost = {
        name: max(0.0, low.cost[name] + part * (high.cost[name] - low.cost[name]))
        for name in RESOURCES
    }
    worse = max(low, high, key=lambda option: option.drop.mean + (option.drop.half or math.inf))
    return Option(
        point=point,
        cost=cost,
        drop=worse.drop,
        sources=low.sources + high.sources,
        at_lanes=low.at_lanes + high.at_lanes,
        measured_share=worse.measured_share,
        row=worse.row,
    )


def _affordable(option: Option, most: Mapping[str, float], left_out: Counter[str]) -> bool:
    over = [name for name, ceiling in most.items() if option.cost[name] > ceiling]
    if over:
        left_out[f"more {over[0]} than allowed"] += 1
    return not over


def _order(option: Option) -> tuple[float, float, float, str]:
    """Return a sort key: cheapest first, ties broken without regard to accuracy."""
    return option.lut_equivalents, option.cost["lut"], option.cost["ff"], option.point.label()


def _choose(
    options: Iterable[Option], limits: Limits, needed: float, left_out: Counter[str]
) -> tuple[list[Option], list[Option]]:
    """Return the two cheapest that keep within the limits, and those cheaper still that may."""
    chosen: list[Option] = []
    undecided: list[Option] = []
    constraints = limits.in_force()
    for option in options:
        verdict = option.verdict(limits.drop)
        if verdict == MISSED:
            left_out["shown to lose more accuracy than allowed"] += 1
            continue
        broken = [item for item in constraints if not item.holds({**option.row, **option.cost})]
        if broken:
            left_out[f"not within the run's constraint {broken[0]}"] += 1
            continue
        option = replace(
            option,
            share=span_share(option.point, limits.parameters, limits.steps),
            span=span_of(option.point, limits.parameters, limits.steps),
        )
        if option.span < needed and (option.share or 0) < option.measured_share:
            left_out["updates reach too few of the dimensions"] += 1
            continue
        if verdict == OPEN:
            undecided += [] if chosen else [option]
            continue
        chosen.append(option)
        if len(chosen) == 2:
            break
    return chosen, undecided
