"""`pezoexplore recommend`: the cheapest design for a model, and why."""

from __future__ import annotations

import logging
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, TableOrJson, TaskOfRun, there
from pezoexplore.cli.terminal import counted, echo, print_json
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.analysis.recommend import Advice, Limits, Option
    from pezoexplore.analysis.runs import StoredRun
    from pezoexplore.report.reasons import Figures


GRID_NOTE = (
    "the bundled results are of commit 6c60f76 and designs/full.yaml, without sparse taps, which "
    "take fewer LUTs still (docs/cheapest.md)"
)
"""What is to be known of the results that are used when none are given."""


def recommend(
    params: Annotated[
        int, typer.Option("--params", "--parameters", min=1, help="Number of weights of the model.")
    ],
    lanes: Annotated[int, typer.Option(min=1, max=256, help="Random numbers per clock.")],
    target: Annotated[str, typer.Option(help="FPGA family or cell library.")] = "xcup",
    max_accuracy_drop: Annotated[
        str, typer.Option(help="Largest accuracy loss against the baseline, in percentage points.")
    ] = "1%",
    max_lut: Annotated[float | None, typer.Option(min=0, help="Most LUTs of the design.")] = None,
    max_ff: Annotated[
        float | None, typer.Option(min=0, help="Most flip-flops of the design.")
    ] = None,
    max_bram: Annotated[
        float | None, typer.Option(min=0, help="Most block RAMs, of 36 Kb each.")
    ] = None,
    max_dsp: Annotated[
        float | None, typer.Option(min=0, help="Most DSP blocks of the design.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Run directory or results.csv; default: the bundled grid of results.",
            callback=there,
        ),
    ] = None,
    results_params: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of weights of the model that the results were measured with; default: "
            "from the design.yaml beside them.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="POINT_ID",
            autocompletion=completion.points,
            help="Design that accuracy losses are measured against; default: software Gaussian.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Training steps of the model: updates reach no more dimensions; default: any "
            "number of steps.",
        ),
    ] = None,
    task: TaskOfRun = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a design file that measures the named designs.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Name the cheapest design for a model, the runner-up, and why.

    Cost is counted in LUT equivalents: an FPGA's resources weighted by how many of each it has. A
    design qualifies if the 95 % interval of its paired accuracy drop lies within the limit, and if
    its updates reach no smaller a share of the model's dimensions than where it was measured, or as
    many as the scaling law of docs/scale.md asks for, and if it meets the constraints of the
    results' design; --max-lut and the like replace those on their column.
    The cheapest of many designs is also the luckiest: the interval corrected for the number of
    designs compared is said too, and the cheapest design that keeps within the limit by that one.
    """
    from pezoexplore.analysis.recommend import Limits
    from pezoexplore.analysis.recommend import recommend as advise
    from pezoexplore.analysis.recommend_design import design_of
    from pezoexplore.design.own_targets import TARGETS
    from pezoexplore.files import write_atomically
    from pezoexplore.report.reasons import figures_of

    if target not in TARGETS:
        raise DesignError(f"--target {target}: allowed: {', '.join(TARGETS)}")
    run = _results(results).of_task(task)
    ceilings = {"lut": max_lut, "ff": max_ff, "bram": max_bram, "dsp": max_dsp}
    limits = Limits(
        parameters=params,
        lanes=lanes,
        target=target,
        drop=_points(max_accuracy_drop),
        most={name: value for name, value in ceilings.items() if value is not None},
        baseline=baseline,
        constraints=tuple(map(str, run.goals().constraints)),
        steps=steps,
    )
    try:
        advice = advise(run.rows, _parameters(run, results_params), limits)
    except DesignError as error:
        raise DesignError(f"{run.path}: {error}") from None
    named = [option for option in (advice.chosen, advice.runner_up) if option is not None]
    figures = [figures_of(option, advice) for option in named]
    if out is not None:
        if out.exists():
            raise DesignError(f"--out {out}: there is a file already; name another one")
        write_atomically(out, design_of(advice, run))
    if format_ is TableOrJson.json:
        print_json(_document(advice, run, named, figures))
    else:
        _print(advice, run, named, figures)
        if out is not None:
            echo(f"design file to measure these: {out}")
    return 0 if advice.chosen is not None else 1


def _results(source: Path | None) -> StoredRun:
    from pezoexplore import paths
    from pezoexplore.analysis.runs import StoredRun, read_run
    from pezoexplore.design.loading import load_design

    if source is not None:
        return read_run(source)
    logging.getLogger(__name__).warning(GRID_NOTE)
    grid = read_run(paths.grid_file())
    return StoredRun(grid.path, grid.frame, load_design(paths.designs_dir() / "full.yaml"))


def _points(text: str) -> float:
    """Return percentage points from ``1%``, ``1 %`` or ``1``."""
    from pezoexplore.design.conditions import parse_number

    number = parse_number(text.strip().removesuffix("%"))
    if number is None or not 0 <= number <= 100:
        raise DesignError(
            f"--max-accuracy-drop {text}: allowed: percentage points from 0 to 100, such as 1%"
        )
    return number


def _parameters(run: StoredRun, given: int | None) -> int:
    """Return the number of weights of the model that the results were measured with."""
    if given is not None:
        return given
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
    from pezoexplore.report.reasons import carried_over, cost_words, reasons

    limits = advice.limits
    model = f"{limits.parameters:,} weights at {limits.lanes} lanes on {limits.target}"
    echo(f"For {model}, {_bounds(limits)}:")
    echo(f"results: {_source(run)}")
    if advice.chosen is None:
        echo("")
        echo("No design is shown to keep within the limits.")
    for title, option, of in zip(("cheapest", "runner-up"), named, figures, strict=False):
        echo("")
        echo(f"{title}: {option.point.label()}: {cost_words(option)} ({_equivalents(option)})")
        for reason in reasons(option, advice, of):
            echo(f"  - {reason}")
        for line in carried_over(option, advice):
            echo(f"  - not measured: {line}")
    _print_surest(advice)
    _print_undecided(advice)
    echo("")
    echo(f"{counted(advice.considered, 'design')} considered; {_left_out(advice)}")


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


def _print_surest(advice: Advice) -> None:
    from pezoexplore.analysis.differences import corrected
    from pezoexplore.report.reasons import cost_words, drop_words

    if advice.chosen is None:
        return
    echo("")
    number = f"{advice.considered:,} compared"
    if advice.surest is None:
        echo(
            f"Corrected for the {number}, no design is sure to keep within the limit: more seeds "
            "of these few would tell (--out FILE writes a design that runs them)"
        )
        return
    drop = corrected(advice.surest.drop, advice.considered)
    echo(
        f"cheapest also when corrected for the {number}: {advice.surest.point.label()}: "
        f"{cost_words(advice.surest)} ({_equivalents(advice.surest)}); drop {drop_words(drop)}"
    )


def _print_undecided(advice: Advice) -> None:
    from pezoexplore.analysis.recommend_design import MOST_UNDECIDED
    from pezoexplore.report.reasons import drop_words

    if not advice.undecided:
        return
    echo("")
    echo("cheaper, but the seeds do not tell whether they keep within the limit:")
    for option in advice.undecided[:MOST_UNDECIDED]:
        echo(f"  - {option.point.label()}: {_equivalents(option)}; drop {drop_words(option.drop)}")
    more = len(advice.undecided) - MOST_UNDECIDED
    if more > 0:
        echo(f"  - and {more} more")
    echo("  more seeds would tell: --out FILE writes a design that runs them")


def _left_out(advice: Advice) -> str:
    parts = [f"{number} {why}" for why, number in sorted(advice.left_out.items())]
    return "left out: " + ("; ".join(parts) if parts else "none")


def _document(
    advice: Advice, run: StoredRun, named: list[Option], figures: list[Figures]
) -> dict[str, object]:
    from pezoexplore.report.reasons import carried_over, reasons

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
        "surest": None if advice.surest is None else _option(advice.surest, advice),
        "undecided": [_option(option, advice) for option in advice.undecided],
        "dimensions_needed": advice.needed if isfinite(advice.needed) else None,
        "considered": advice.considered,
        "line_errors": dict(advice.line_errors),
        "left_out": dict(advice.left_out),
    }


def _option(option: Option, advice: Advice) -> dict[str, object]:
    from pezoexplore.analysis.differences import corrected

    drop, picked_from = option.drop, advice.considered
    return {
        "label": option.point.label(),
        "axes": option.point.to_json(),
        **option.cost,
        "lut_equivalents": option.lut_equivalents,
        "accuracy_drop": drop.mean,
        "accuracy_drop_ci95": drop.half,
        "accuracy_drop_ci95_corrected": corrected(drop, picked_from).half,
        "seeds": drop.seeds,
        "verdict": option.verdict(advice.limits.drop),
        "verdict_corrected": option.verdict(advice.limits.drop, picked_from),
        "span_share": option.share,
        "effective_span": option.span,
        "point_ids": option.sources,
    }
