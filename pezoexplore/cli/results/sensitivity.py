"""`pezoexplore sensitivity`: which axis moves each result of a results.csv, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import Format, ResultsFile, TableOrJson, TaskOfRun, Where
from pezoexplore.cli.terminal import echo, print_json, print_table
from pezoexplore.errors import DesignError

if TYPE_CHECKING:
    from pezoexplore.analysis.sensitivity import Effect, Sensitivity

SHOWN_PAIRS = 8
"""Most interactions in the printed table."""


def sensitivity(
    results: ResultsFile,
    response: Annotated[
        list[str] | None,
        typer.Option(
            help="Result to explain; default: accuracy_mean, lut, energy_to_target_uj_est and the "
            "objectives of the run's design.",
            autocompletion=completion.results,
        ),
    ] = None,
    where: Where = None,
    task: TaskOfRun = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for sensitivity.csv and its plot.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Show which axis moves accuracy, LUTs or energy, and how much.

    The share of an axis is the variance that it explains beyond all others; an interaction is what
    a pair of axes explains beyond each of them. Constraints of the design leave no row out here:
    they limit the front, not what an axis does.
    """
    from pezoexplore.analysis.runs import read_run

    run = read_run(results).of_task(task)
    from pezoexplore.analysis.pareto import frame_rows, frame_where
    from pezoexplore.analysis.sensitivity import RESPONSES
    from pezoexplore.analysis.sensitivity import sensitivity as explain
    from pezoexplore.analysis.standing import cautions
    from pezoexplore.report.sensitivity import write_files

    results, frame = run.path, run.frame
    usual = RESPONSES if run.space is None else (*RESPONSES, *run.goals().objectives)
    if where:
        frame = frame_where(frame, where)
    rows = frame_rows(frame)
    _check(response or [], [str(name) for name in frame.columns])
    found, left_out = [], []
    for name in dict.fromkeys(response or usual):
        try:
            found.append(explain(rows, name))
        except DesignError as error:
            if response:
                raise
            left_out.append(str(error))
    if not found:
        raise DesignError(f"{results}: {'; '.join(left_out)}")
    warnings = cautions(rows, [False] * len(rows), run.chance)
    files = [] if out is None else [str(path) for path in write_files(found, out)]
    if format_ is TableOrJson.json:
        print_json(
            {
                "responses": [asdict(item) for item in found],
                "left_out": left_out,
                "warnings": warnings,
                "files": files,
            }
        )
        return 0
    for item in found:
        print_table(_title(item), *_table(item))
    for line in left_out:
        echo(f"left out: {line}")
    for line in warnings:
        echo(f"warning: {line}")
    for path in files:
        echo(path)
    return 0


def _check(responses: Sequence[str], columns: Sequence[str]) -> None:
    from pezoexplore.design.columns import NUMERIC_COLUMNS, RESULT_COLUMNS
    from pezoexplore.design.kinds import nearest

    for name in responses:
        if name not in columns or name not in NUMERIC_COLUMNS:
            hint = nearest(name, RESULT_COLUMNS)
            raise DesignError(
                f"--response {name}: no numeric column{hint}; allowed: {', '.join(RESULT_COLUMNS)}"
            )


def _title(item: Sensitivity) -> str:
    scale = ", by ratios" if item.logarithmic else ""
    if not item.told:
        return (
            f"{item.response}: {item.rows} rows, no effect beyond the noise of the seeds: designs "
            f"that are all alike differ as much with a probability of {_percent(item.p_value or 0)}"
        )
    noise = "" if item.noise is None else f", the seeds' noise {_percent(item.noise)}"
    return (
        f"{item.response}{scale}: {item.rows} rows, main effects explain "
        f"{_percent(item.explained)}{noise}"
    )


def _table(item: Sensitivity) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: the axes, then the largest interactions."""
    header = ["axis", "share", "95 % interval", "effect", "from", "to", "Optuna", "note"]
    shown = [*item.main, *item.interactions[:SHOWN_PAIRS]]
    return header, [_cells(effect, item.logarithmic) for effect in shown if _shown(effect)]


def _shown(effect: Effect) -> bool:
    """Return whether to print an effect: all axes, and interactions that are significant."""
    return len(effect.axes) == 1 or bool(effect.share and not effect.within_noise)


def _cells(effect: Effect, logarithmic: bool) -> list[str]:
    interval = ""
    if effect.low is not None and effect.high is not None:
        interval = f"{100 * effect.low:.1f} to {_percent(effect.high)}"
    significant = not effect.within_noise and effect.effect is not None
    size = ""
    if significant and effect.effect is not None:
        size = f"x {effect.effect:.3g}" if logarithmic else f"+{effect.effect:.3g}"
    note = f"goes with {', '.join(effect.confounded)}" if effect.confounded else ""
    if effect.share is None:
        note = note or "not distinguishable from the other axes together"
    elif effect.within_noise:
        note = "; ".join(filter(None, ["within the noise", note]))
    return [
        " x ".join(effect.axes),
        "" if effect.share is None or effect.within_noise else _percent(effect.share),
        interval,
        size,
        effect.lowest if significant else "",
        effect.highest if significant else "",
        "" if effect.importance is None else _percent(effect.importance),
        note,
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
