"""`pezoexplore recommend`: the cheapest design for a model, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pezoexplore import paths
from pezoexplore.analysis.recommend import Advice, Limits, Option, recommend
from pezoexplore.analysis.runs import StoredRun, read_run
from pezoexplore.commands.terminal import counted, print_json, say
from pezoexplore.design.conditions import parse_number
from pezoexplore.design.loading import load_design
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import TARGETS, DesignSpace
from pezoexplore.errors import DesignError
from pezoexplore.report.reasons import (
    Figures,
    carried_over,
    cost_words,
    drop_words,
    figures_of,
    reasons,
)
from pezoexplore.sweeps.rundir import write_atomically

SHOWN_UNDECIDED = 3
"""Most cheaper designs that are named though the seeds leave them open."""

MORE_SEEDS = 20
"""Seeds of the design file that is to settle it."""


@dataclass(frozen=True)
class RecommendRequest:
    """What the command line asks for.

    Attributes:
        parameters: Weights of the model.
        lanes: Numbers a clock.
        target: FPGA family or cell library.
        drop: Text such as ``1%``: percentage points of accuracy.
        most: Ceilings by resource; None for none.
        results: A run directory or results.csv; None for the results that come along.
        measured_parameters: Weights of the results' model; None: as their design says.
        baseline: `point_id` to measure drops from; None for the software Gaussian.
        out: A design file to write that measures what was named; None for none.
        as_json: Whether to print JSON.
    """

    parameters: int
    lanes: int
    target: str
    drop: str
    most: Mapping[str, float | None]
    results: Path | None
    measured_parameters: int | None
    baseline: str | None
    out: Path | None
    as_json: bool


def show_recommendation(request: RecommendRequest) -> int:
    """Print the cheapest design, the runner-up and the reasons.

    Returns:
        0 if a design is shown to keep within the limits, else 1.

    Raises:
        DesignError: The results or a limit cannot be used.
    """
    if request.target not in TARGETS:
        raise DesignError(f"--target {request.target}: allowed: {', '.join(TARGETS)}")
    run = _results(request.results)
    limits = Limits(
        parameters=request.parameters,
        lanes=request.lanes,
        target=request.target,
        drop=_points(request.drop),
        most={name: value for name, value in request.most.items() if value is not None},
        baseline=request.baseline,
    )
    advice = recommend(run.rows, _parameters(run, request.measured_parameters), limits)
    named = [option for option in (advice.chosen, advice.runner_up) if option is not None]
    figures = [figures_of(option, advice) for option in named]
    if request.out is not None:
        _write_design(request.out, advice, run)
    if request.as_json:
        print_json(_document(advice, run, named, figures))
    else:
        _print(advice, run, named, figures)
        if request.out is not None:
            say(f"design file to measure these: {request.out}")
    return 0 if advice.chosen is not None else 1


def _results(source: Path | None) -> StoredRun:
    if source is not None:
        return read_run(source)
    grid = read_run(paths.grid_file())
    return StoredRun(grid.path, grid.frame, load_design(paths.designs_dir() / "full.yaml"))


def _points(text: str) -> float:
    """Percentage points from ``1%``, ``1 %`` or ``1``."""
    number = parse_number(text.strip().removesuffix("%"))
    if number is None or not 0 <= number <= 100:
        raise DesignError(
            f"--max-accuracy-drop {text}: allowed: percentage points from 0 to 100, such as 1%"
        )
    return number


def _parameters(run: StoredRun, said: int | None) -> int:
    """Weights of the model that the results are of."""
    if said is not None:
        return said
    if run.space is None:
        raise DesignError(
            f"{run.path}: no design.yaml beside it says which model was trained; say how many "
            "weights it has with --results-params"
        )
    from pezoexplore.sweeps.stages import PARAMETERS
    from pezoexplore.train.tasks.registry import get_task

    task = run.space.task
    known = PARAMETERS.get(task)
    return known or get_task(task, run.space.train.data, str(run.path.parent)).parameters


def _print(advice: Advice, run: StoredRun, named: list[Option], figures: list[Figures]) -> None:
    limits = advice.limits
    model = f"{limits.parameters:,} weights at {limits.lanes} lanes on {limits.target}"
    say(f"For {model}, {_bounds(limits)}:")
    say(f"results: {_source(run)}")
    if advice.chosen is None:
        say("")
        say("No design is shown to keep within the limits.")
    for title, option, of in zip(("cheapest", "runner-up"), named, figures, strict=False):
        say("")
        say(f"{title}: {option.point.label()}: {cost_words(option)} ({_equivalents(option)})")
        for reason in reasons(option, advice, of):
            say(f"  - {reason}")
        for line in carried_over(option, advice):
            say(f"  - not measured: {line}")
    _print_undecided(advice)
    say("")
    say(f"{counted(advice.considered, 'design')} considered; {_left_out(advice)}")


def _bounds(limits: Limits) -> str:
    ceilings = [f"at most {value:g} {name}" for name, value in limits.most.items()]
    unit = "point" if limits.drop == 1 else "points"
    return ", ".join([f"at most {limits.drop:g} {unit} of accuracy lost", *ceilings])


def _equivalents(option: Option) -> str:
    return f"{option.lut_equivalents:.0f} LUT equivalents"


def _source(run: StoredRun) -> str:
    if run.space is None:
        return str(run.path)
    train = run.space.train
    return f"{run.path.name}, task {run.space.task}, {train.steps:,} steps, {train.seeds} seeds"


def _print_undecided(advice: Advice) -> None:
    if not advice.undecided:
        return
    say("")
    say("cheaper, but the seeds do not tell whether they keep within the limit:")
    for option in advice.undecided[:SHOWN_UNDECIDED]:
        say(f"  - {option.point.label()}: {_equivalents(option)}; drop {drop_words(option.drop)}")
    more = len(advice.undecided) - SHOWN_UNDECIDED
    if more > 0:
        say(f"  - and {more} more")
    say("  more seeds would tell: --out FILE writes a design that runs them")


def _left_out(advice: Advice) -> str:
    parts = [f"{number} {why}" for why, number in sorted(advice.left_out.items())]
    return "left out: " + ("; ".join(parts) if parts else "none")


def _document(
    advice: Advice, run: StoredRun, named: list[Option], figures: list[Figures]
) -> dict[str, object]:
    documents = [
        _option(option, advice) | {
            "reasons": reasons(option, advice, of),
            "norm_mean": of.norm.mean,
            "norm_spread": of.norm.spread,
            "fresh_bits_per_clock": of.fresh_bits,
            "not_measured": carried_over(option, advice),
        }
        for option, of in zip(named, figures, strict=True)
    ]  # fmt: skip
    return {
        "ok": advice.chosen is not None,
        "limits": asdict(advice.limits),
        "results": str(run.path),
        "results_parameters": advice.measured_parameters,
        "baseline": advice.baseline,
        "cheapest": documents[0] if documents else None,
        "runner_up": documents[1] if len(documents) > 1 else None,
        "undecided": [_option(option, advice) for option in advice.undecided],
        "least_span_share": advice.least_share,
        "considered": advice.considered,
        "line_errors": dict(advice.line_errors),
        "left_out": dict(advice.left_out),
    }


def _option(option: Option, advice: Advice) -> dict[str, object]:
    drop = option.drop
    return {
        "label": option.point.label(),
        "axes": option.point.to_json(),
        **option.cost,
        "lut_equivalents": option.lut_equivalents,
        "accuracy_drop": drop.mean,
        "accuracy_drop_ci95": drop.half,
        "seeds": drop.seeds,
        "verdict": option.verdict(advice.limits.drop),
        "span_share": option.share,
        "point_ids": option.sources,
    }


def _write_design(path: Path, advice: Advice, run: StoredRun) -> None:
    """A design file that runs what was named, and the Gaussian reference, on more seeds."""
    if path.exists():
        raise DesignError(f"--out {path}: there is a file already; name another one")
    options = [advice.chosen, advice.runner_up, *advice.undecided[:SHOWN_UNDECIDED]]
    points = [option.point for option in options if option is not None]
    if not points:
        raise DesignError(f"--out {path}: no design to write; loosen the limits")
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
    write_atomically(path, "\n".join(lines) + "\n")


def _inline(point: DesignPoint) -> str:
    """A point as a mapping of a design file."""
    axes = {axis: value for axis, value in point.to_json().items() if value is not None}
    return "{" + ", ".join(f"{axis}: {value}" for axis, value in axes.items()) + "}"
