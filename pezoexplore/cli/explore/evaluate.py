"""`pezoexplore evaluate`: all results of one design as one document, for scripts and optimisers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import (
    CacheOption,
    DeviceOption,
    Format,
    Jobs,
    NoCache,
    Overrides,
    Quiet,
    RtlDir,
    Stages,
    TableOrJson,
    TaskName,
    Verbose,
    command_line,
    job_count,
    verbosity,
)
from pezoexplore.cli.terminal import echo, log, print_json
from pezoexplore.design.point import AXES
from pezoexplore.sweeps.stage import stage_names
from pezoexplore.train.device import Device, choose

if TYPE_CHECKING:
    from pezoexplore.sweeps.sweep import SweepResult

NAME = "evaluate"
"""Name of the design of one point, and of the folder in reports/ that holds such runs."""


@axis_options(AXES)
def evaluate(
    axes: Axes,
    task: TaskName = None,
    target: Annotated[
        str | None, typer.Option(help="Hardware targets, comma-separated; default: xcup.")
    ] = None,
    stages: Stages = "train,rtl,synth",
    set_: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of run directories, one per point; default: reports/evaluate."),
    ] = None,
    jobs: Jobs = None,
    rtl_dir: RtlDir = None,
    cache: CacheOption = None,
    no_cache: NoCache = False,
    device: DeviceOption = Device.cpu,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Run all stages of one design, and print every column of its results.

    Each axis takes one value, as in train. Finished runs are kept in a cache in --out, which
    commands that run at the same time share. Exit status 1: a stage failed; the document still
    has what the others measured.
    """
    from pezoexplore import run
    from pezoexplore.design.loading import LoadedDesign
    from pezoexplore.design.one_point import one_point
    from pezoexplore.sweeps.cache import cache_folder
    from pezoexplore.sweeps.rows import point_ids

    verbosity(quiet, verbose)
    choose(device)
    settings = {"task": task, "hardware.targets": None if target is None else f"[{target}]"}
    point, space = one_point(axes, settings, set_ or [])
    folder = out or Path("reports") / NAME
    if cache is None and not no_cache:
        cache = cache_folder(None) or folder / "cache"
    design = LoadedDesign(space.model_copy(update={"name": NAME}), folder=Path.cwd())
    directory = folder / point_ids(design.space)(point)
    workers = run.Workers(job_count(jobs), cache=cache, no_cache=no_cache)
    result = run.sweep(
        design,
        stage_names(stages),
        workers,
        directory,
        command=command_line(),
        rtl_dir=rtl_dir,
        planned=lambda *_: log.info(f"{point.label()} on {space.task}, into {directory}"),
    ).result
    document = _document(result, directory)
    if format_ is TableOrJson.json:
        print_json(document)
    else:
        _print(document)
    return 0 if result.ok else 1


def _document(result: SweepResult, directory: Path) -> dict[str, Any]:
    """Return the results as JSON can hold them: a row of all columns per target."""
    from pezoexplore.sweeps.rows import typed_row

    failures = [
        {"stage": each.stage, "status": each.status, "reason": each.reason, "log": str(each.log)}
        for each in result.failures
    ]
    rows = [typed_row(row) for row in result.rows]
    return {
        "ok": result.ok,
        "point_id": rows[0]["point_id"],
        "path": str(directory),
        "stages": {name: asdict(count) for name, count in result.counts.items()},
        "failures": failures,
        "results": rows,
    }


def _print(document: Mapping[str, Any]) -> None:
    for row in document["results"]:
        for column, value in row.items():
            if value is not None:
                echo(f"{column:26}{value}")
        echo("")
    for failure in document["failures"]:
        log.error("{status}: {stage}: {reason}; log: {log}".format(**failure))
    echo(f"results: {document['path']}/results.csv")
