"""`pezoexplore compare`: Gaussian generators in every lane against reused uniform numbers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.explore.sweep import advance, log_plan
from pezoexplore.cli.options import (
    CacheOption,
    Format,
    Jobs,
    Overrides,
    Quiet,
    RtlDir,
    TableOrJson,
    TaskName,
    Verbose,
    command_line,
    job_count,
    verbosity,
)
from pezoexplore.cli.terminal import counted, echo, log, print_json, print_table
from pezoexplore.files import write_atomically
from pezoexplore.sweeps.stage import SELECTABLE, stage_names

if TYPE_CHECKING:
    from pezoexplore.analysis.compare import Comparison

PAGE = "compare.md"


def compare(
    lanes: Annotated[int, typer.Option(min=1, max=256, help="Random numbers per clock.")] = 31,
    bit_width: Annotated[int, typer.Option(min=4, max=12, help="Bits per random number.")] = 8,
    seeds: Annotated[
        int,
        typer.Option(min=2, max=10_000, help="Training runs per design, compared seed by seed."),
    ] = 20,
    target: Annotated[str, typer.Option(help="Hardware targets, comma-separated.")] = "xcup",
    task: TaskName = None,
    set_: Overrides = None,
    stages: Annotated[
        str | None,
        typer.Option(
            help="Stages to run, comma-separated; default: all.", autocompletion=completion.stages
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory; default: reports/compare.")
    ] = None,
    jobs: Jobs = None,
    rtl_dir: RtlDir = None,
    cache: CacheOption = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Measure PeZO's claim: a Gaussian generator per lane against reused uniform numbers.

    Gaussians, pools, banks and one-state streams of equal lanes and width are swept into a run
    directory; a table, compare.md and a plot show their costs and paired accuracies beside the
    paper's figures. Rerun the same command to resume a stopped comparison.
    """
    from pezoexplore import run
    from pezoexplore.cli.progress import ProgressMeter

    chosen = stage_names(stages or ",".join(SELECTABLE))
    from pezoexplore.analysis import compare as analysis
    from pezoexplore.analysis.compare_design import NAME, compared_space, divergences
    from pezoexplore.design.loading import LoadedDesign
    from pezoexplore.sweeps.rows import typed_row

    verbosity(quiet, verbose)
    targets = [name.strip() for name in target.split(",")]
    space = compared_space(lanes, bit_width, seeds, targets, task, set_ or [])
    workers = run.Workers(job_count(jobs), cache=cache)
    with ProgressMeter("runs") as meter:
        swept = run.sweep(
            LoadedDesign(space),
            chosen,
            workers,
            out,
            command=command_line(),
            rtl_dir=rtl_dir,
            plots=True,
            planned=partial(log_plan, workers.jobs),
            progress=partial(advance, meter),
        )
    result, folder = swept.result, swept.plan.out
    rows = [typed_row(row) for row in result.rows]
    found = analysis.compare_rows(rows, divergences(result.rows))
    for failure in result.failures:
        label = f"{failure.stage} {failure.point.label()}"
        log.error(f"{failure.status}: {label}: {failure.reason}")
    if not found:
        log.error("nothing to compare: no Gaussian finished; see --stages")
        return 1
    words: list[object] = ["pezoexplore", NAME, "--lanes", lanes, "--bit-width", bit_width]
    words += ["--seeds", seeds, "--target", target]
    for option, text in (("--task", task), ("--stages", stages)):
        words += [] if text is None else [option, text]
    words += [word for override in set_ or [] for word in ("-s", override)]
    shape = f"{counted(lanes, 'lane')} of {counted(bit_width, 'bit')}"
    files = _write(found, shape, shlex.join(map(str, words)), folder)
    if format_ is TableOrJson.json:
        shared: dict[str, object] = {"lanes": lanes, "bit_width": bit_width, "seeds": seeds}
        print_json(shared | _document(found, files))
    else:
        _print(found, files)
    return 0 if result.ok else 1


def _write(found: Sequence[Comparison], shape: str, command: str, out: Path) -> list[Path]:
    """Write the page and the plots; ``command`` gives the same page on any machine."""
    from pezoexplore.analysis import compare as analysis
    from pezoexplore.report.plots.compare_plot import draw_comparison

    plots = [path for item in found for path in draw_comparison(item, out)]
    title = f"Gaussian generators against reuse, {shape}"
    image = next((path.name for path in plots if path.suffix == ".png"), "")
    page = out / PAGE
    text = analysis.markdown(found, title, command, image)
    write_atomically(page, text)
    return [page, *plots]


def _document(found: Sequence[Comparison], files: Sequence[Path]) -> dict[str, object]:
    from pezoexplore.analysis import compare as analysis

    return {
        "paper": {"source": "arXiv 2504.20314", "change_percent": analysis.PAPER},
        "comparable": analysis.COMPARABLE,
        "targets": [analysis.document(item) for item in found],
        "files": [str(path) for path in files],
    }


def _print(found: Sequence[Comparison], files: Sequence[Path]) -> None:
    from pezoexplore.analysis import compare as analysis

    for item in found:
        print_table(f"target {item.target}", *analysis.table(item))
        for sentence in analysis.sentences(item):
            echo(sentence)
        echo("")
    echo(analysis.PAPER_TEXT)
    echo(analysis.COMPARABLE)
    for path in files:
        echo(f"written: {path}")
