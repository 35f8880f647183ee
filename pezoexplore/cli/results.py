"""Commands on results: fronts, reports, advice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pezoexplore import completion
from pezoexplore.cli.app import app
from pezoexplore.cli.options import Format, ResultsFile, TableOrJson, Where


@app.command()
def pareto(
    results: ResultsFile,
    maximize: Annotated[
        list[str] | None,
        typer.Option(
            "--maximize",
            help="Column to maximize; default: accuracy_mean.",
            autocompletion=completion.columns,
        ),
    ] = None,
    minimize: Annotated[
        list[str] | None,
        typer.Option(
            "--minimize",
            help="Column to minimize; default: lut, ff.",
            autocompletion=completion.columns,
        ),
    ] = None,
    where: Where = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for plots and pareto.csv; default: plots beside the CSV."
        ),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Print the Pareto front of a results.csv and draw its plots again."""
    from pezoexplore.commands.pareto import redraw

    as_json = format_ is TableOrJson.json
    return redraw(results, maximize or [], minimize or [], where, out, as_json)


@app.command()
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="A run directory, or a results.csv.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files; default: the run directory.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw SVG and PDF figures for print.")
    ] = True,
    format_: Format = TableOrJson.table,
) -> int:
    """Write a run as one HTML page, as Markdown, and as figures for print.

    report.html opens from disk and needs no network: the front in two and three objectives, linked
    to parallel coordinates and a table; learning curves, streams, resources, sensitivity, what
    failed and why, and provenance.
    """
    from pezoexplore.commands.report import write_report

    return write_report(run, out, figures, format_ is TableOrJson.json)


@app.command()
def recommend(
    params: Annotated[int, typer.Option("--params", min=1, help="Weights of the model.")],
    lanes: Annotated[int, typer.Option("--lanes", min=1, max=256, help="Numbers a clock.")],
    target: Annotated[str, typer.Option("--target", help="FPGA family or cell library.")] = "xcup",
    max_accuracy_drop: Annotated[
        str,
        typer.Option(
            "--max-accuracy-drop", help="Percentage points that may be lost to the baseline."
        ),
    ] = "1%",
    max_lut: Annotated[
        float | None, typer.Option("--max-lut", min=0, help="LUTs there are.")
    ] = None,
    max_ff: Annotated[
        float | None, typer.Option("--max-ff", min=0, help="Flip-flops there are.")
    ] = None,
    max_bram: Annotated[
        float | None, typer.Option("--max-bram", min=0, help="Block RAMs of 36 Kb there are.")
    ] = None,
    max_dsp: Annotated[
        float | None, typer.Option("--max-dsp", min=0, help="DSP blocks there are.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", help="Run directory or results.csv; default: the grid that comes along."
        ),
    ] = None,
    results_params: Annotated[
        int | None,
        typer.Option(
            "--results-params", min=1, help="Weights of the results' model; default: as they say."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="POINT_ID",
            autocompletion=completion.points,
            help="Row that the drop is measured from; default: software Gaussian numbers.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Design file to write that measures what is named."),
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Name the cheapest design for a model, the runner-up, and why.

    Cheapest is counted in LUT equivalents: an FPGA's resources at the rates it has them. A design
    is taken when the 95 % interval of its paired accuracy drop lies within the limit, and its
    updates reach a share of the model's dimensions that was shown to be enough.
    """
    from pezoexplore.commands.recommend import RecommendRequest, show_recommendation

    return show_recommendation(
        RecommendRequest(
            parameters=params,
            lanes=lanes,
            target=target,
            drop=max_accuracy_drop,
            most={"lut": max_lut, "ff": max_ff, "bram": max_bram, "dsp": max_dsp},
            results=results,
            measured_parameters=results_params,
            baseline=baseline,
            out=out,
            as_json=format_ is TableOrJson.json,
        )
    )


@app.command()
def sensitivity(
    results: ResultsFile,
    response: Annotated[
        list[str] | None,
        typer.Option(
            "--response",
            help="Result to explain; default: accuracy_mean, lut and energy_to_target_uj_est.",
            autocompletion=completion.results,
        ),
    ] = None,
    where: Where = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for sensitivity.csv and its plot.")
    ] = None,
    format_: Format = TableOrJson.table,
) -> int:
    """Say which axis moves accuracy, LUTs or energy, and how much.

    The share of an axis is what it explains beyond all others; interactions are what a pair
    explains beyond its two axes.
    """
    from pezoexplore.commands.sensitivity import show_sensitivity

    return show_sensitivity(results, response or [], where, out, format_ is TableOrJson.json)


@app.command()
def diff(
    before: Annotated[
        Path, typer.Argument(metavar="RUN_A", help="Run directory or results.csv, the earlier.")
    ],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="The later one.")],
    point: Annotated[
        list[str] | None,
        typer.Option(
            "--point",
            metavar="POINT_ID",
            help="Look at this design; may be repeated.",
            autocompletion=completion.points,
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            "--tolerance",
            metavar="COLUMN=PERCENT",
            help="Rise of a resource that is no regression.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List what is within noise, and hashes, too.")
    ] = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Say what moved between two runs; the exit status is 1 when anything got worse.

    Resources are exact, so any rise is a regression. Accuracies are compared seed by seed, all
    designs judged together. A design that finished and no longer does is a regression; one that
    is in one run only is named.
    """
    from pezoexplore.commands.diff import DiffRequest, show_diff

    as_json = format_ is TableOrJson.json
    return show_diff(DiffRequest(before, after, point or [], tolerance or [], everything, as_json))
