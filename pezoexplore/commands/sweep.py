"""`pezoexplore sweep`: every stage of every point of a design."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rich.console import Console

from pezoexplore import paths
from pezoexplore.api import skipped_points, stages_of
from pezoexplore.commands.dry_run import show_plan, skip_line
from pezoexplore.commands.terminal import (
    Meter,
    counted,
    detail,
    duration,
    note,
    print_json_streaming,
    say,
    tell,
)
from pezoexplore.commands.workers import Workers, cache_of, executor_of
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.lattice.counting import Selection, select
from pezoexplore.design.loading import read_design, resolved_yaml
from pezoexplore.design.point import DesignPoint
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.report.parquet import FILE as PARQUET_FILE
from pezoexplore.report.parquet import check_parquet, write_parquet
from pezoexplore.sweeps.adaptive import seeds_wanted, with_more_seeds
from pezoexplore.sweeps.provenance import run_info, tool_versions
from pezoexplore.sweeps.rows import ON_FRONT, typed_row
from pezoexplore.sweeps.rundir import WORK_NAME
from pezoexplore.sweeps.stage import SELECTABLE, Stage
from pezoexplore.sweeps.stages import build_stages, figures_missing
from pezoexplore.sweeps.sweep import Progress, SweepResult, run_sweep


@dataclass(frozen=True)
class SweepRequest:
    """What the command line asks for.

    Attributes:
        command: The command line, for run.json.
        design: The design file; None for the bundled quickstart.
        axes: Text by axis, as after the axis options; None for one not given.
        overrides: ``key=value`` texts.
        stages: Some of ``SELECTABLE``, comma-separated.
        out: The run directory; None for ``reports/<name>``.
        jobs: Worker processes.
        rtl_dir: Folder of the RTL; None for the bundled one.
        junit: Where to write JUnit XML; None for nowhere.
        sample: Number of points to draw; None for all.
        sample_seed: Seed of that draw.
        adaptive_seeds: Most seeds of a point whose place on the front is open; None: as designed.
        dry_run: Whether to list the points only.
        as_json: Whether to print JSON.
        parquet: Whether to write results.parquet as well.
        workers: What runs the stages, and which finished runs are shared.
    """

    command: Sequence[str]
    design: Path | None
    axes: Mapping[str, str | None]
    overrides: Sequence[str]
    stages: str
    out: Path | None
    jobs: int
    rtl_dir: Path | None
    junit: Path | None
    sample: int | None
    sample_seed: int
    adaptive_seeds: int | None
    dry_run: bool
    as_json: bool
    parquet: bool = False
    workers: Workers = field(default_factory=Workers)


def sweep(request: SweepRequest) -> int:
    """Run a sweep, or list what it would run.

    Returns:
        0 when all that was asked for is there, 1 when something failed.

    Raises:
        PezoError: The design, the tools or the run directory cannot be used.
    """
    path = request.design or paths.designs_dir() / "quickstart.yaml"
    axes = {axis: None if text is None else [text] for axis, text in request.axes.items()}
    loaded = read_design(path, request.overrides, axes)
    chosen = select(loaded.space, request.sample, request.sample_seed)
    wanted = stage_names(request.stages)
    request.workers.check()
    if request.parquet:
        check_parquet()
    if request.dry_run:
        return show_plan(loaded, chosen, request.as_json)
    out = request.out or Path("reports") / loaded.space.name
    start = time.monotonic()
    result = run_design(request, chosen, wanted, out)
    if request.parquet:
        write_parquet(result.rows, out / PARQUET_FILE)
    else:  # of an earlier run: it would no longer say what results.csv does
        (out / PARQUET_FILE).unlink(missing_ok=True)
    if request.as_json:
        print_json_streaming(_document(chosen, result, out), "results", map(typed_row, result.rows))
    else:
        _report(chosen, result, out, time.monotonic() - start)
    return 0 if result.ok else 1


def rtl_folder(asked: Path | None) -> Path:
    """The folder of the RTL, which must be there.

    Raises:
        ToolError: It is not, or it holds no Verilog.
    """
    folder = asked or paths.rtl_dir()
    if not folder.is_dir():
        raise ToolError(f"--rtl-dir {folder}: no such folder; give an edited copy of rtl/")
    if next(folder.glob("*.v"), None) is None:
        raise ToolError(f"--rtl-dir {folder}: holds no Verilog (.v); give an edited copy of rtl/")
    return folder


def stage_names(text: str) -> list[str]:
    """The stages that a comma-separated text names.

    Raises:
        DesignError: It names none, or one that there is not.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in SELECTABLE]
    if unknown or not names:
        got = f"unknown stage {unknown[0]!r}" if unknown else "no stage named"
        raise DesignError(f"--stages: {got}; allowed: {', '.join(SELECTABLE)}, comma-separated")
    return names


def run_design(
    request: SweepRequest, chosen: Selection, wanted: Sequence[str], out: Path
) -> SweepResult:
    """Run the stages of the points chosen, progress on the terminal.

    Raises:
        PezoError: The tools or the run directory cannot be used.
    """
    rtl_dir, tools = rtl_folder(request.rtl_dir), tool_versions()
    space = chosen.space
    stages = build_stages(
        space,
        stages_of(chosen, wanted),
        rtl_dir=rtl_dir,
        work_dir=out / WORK_NAME,
        tools=tools,
        folder=request.design.parent if request.design else None,
    )
    for skip in chosen.counts.skipped:
        note(f"skipped: {skip_line(skip)}")
    if "synth" in wanted:
        for line in figures_missing(space, tools):
            tell(f"warning: {line}")
    note(_headline(chosen, stages, out))
    for line in _particulars(request, tools):
        detail(line)

    with (
        cache_of(request.workers) as cache,
        executor_of(request.workers, stages, request.jobs) as executor,
    ):

        def run_all(stages: Sequence[Stage]) -> SweepResult:
            with Meter("runs") as meter:
                return run_sweep(
                    space,
                    chosen,
                    stages,
                    out_dir=out,
                    info=run_info(request.command, resolved_yaml(space), tools, rtl_dir),
                    jobs=request.jobs,
                    skipped=skipped_points(chosen),
                    junit=request.junit,
                    draw=_draw,
                    progress=lambda news: _show(meter, news),
                    executor=executor,
                    cache=cache,
                    warn=lambda line: tell(f"warning: {line}"),
                )

        return _until_sure(run_all, stages, chosen, request.adaptive_seeds)


def _until_sure(
    run_all: Callable[[Sequence[Stage]], SweepResult],
    stages: Sequence[Stage],
    chosen: Selection,
    most: int | None,
) -> SweepResult:
    """Sweep, and again with more seeds for the points whose place on the front is open."""
    result, runs, seeds = run_all(stages), [], dict[DesignPoint, int]()
    while most is not None and (more := seeds_wanted(result.rows, chosen, chosen.space, most)):
        note(
            f"{counted(len(more), 'design')} neither surely on the front nor surely off it: "
            f"up to {max(more.values())} seeds each"
        )
        runs.append(result.counts)
        seeds |= more
        result = run_all(with_more_seeds(stages, seeds))
    before = {name: sum(c[name].run for c in runs if name in c) for name in result.counts}
    counts = {
        name: replace(count, run=count.run + before[name],
                      from_store=max(0, count.from_store - before[name]))
        for name, count in result.counts.items()
    }  # fmt: skip
    return replace(result, counts=counts)


def _draw(rows: Sequence[Mapping[str, str]], space: DesignSpace, out_dir: Path) -> None:
    """Draw the plots; what draws is imported when the runs are done."""
    from pezoexplore.commands.sensitivity import write_sensitivity
    from pezoexplore.report.plots.run_plots import draw_run

    draw_run(rows, space, out_dir)
    write_sensitivity(rows, out_dir)


def _headline(chosen: Selection, stages: Sequence[Stage], out: Path) -> str:
    names = ", ".join(stage.label for stage in stages)
    of = "" if chosen.drawn is None else f" of {chosen.counts.points}"
    return f"{chosen.space.name}: {counted(len(chosen), 'design')}{of}, {names}, into {out}"


def _particulars(request: SweepRequest, tools: Mapping[str, str | None]) -> list[str]:
    """What --verbose says first."""
    found = ", ".join(f"{name} {version}" for name, version in tools.items() if version)
    missing = ", ".join(name for name, version in tools.items() if version is None)
    return [
        f"jobs: {request.jobs}",
        f"rtl: {rtl_folder(request.rtl_dir)}",
        f"tools: {found}" + (f"; missing: {missing}" if missing else ""),
    ]


def _show(meter: Meter, news: Progress) -> None:
    if news.point is None:
        meter.begin(news.done, news.total)
        return
    what = f"{news.stage} {news.point.label()}: {news.status}, {duration(news.seconds)}"
    meter.advance(news.done, news.total, what, news.reason)


def _report(chosen: Selection, result: SweepResult, out: Path, seconds: float) -> None:
    """The front, what failed and where the files are."""
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.report.tables import front_table, print_front, print_table

    space = chosen.space
    objectives = (*space.objectives.maximize, *space.objectives.minimize)
    # Of a space larger than memory only the front is held.
    rows = result.rows if isinstance(result.rows, list) else result.front
    frame = frame_of_rows(rows, COLUMNS)
    front = [row["pareto"] == ON_FRONT for row in rows]
    console = Console()
    print_front(frame, front, objectives, console)
    if not any(front):
        finished = [row["status"] == "ok" for row in rows]
        print_table("All finished designs", *front_table(frame, finished, objectives), console)
    say("")
    for failure in result.failures:
        label = f"{failure.stage} {failure.point.label()}"
        tell(f"{failure.status}: {label}: {failure.reason}; log: {failure.log}")
    runs = sum(count.run for count in result.counts.values())
    stored = sum(count.from_store for count in result.counts.values())
    failed = counted(len(result.failures), "failure")
    say(
        f"{counted(len(chosen), 'design')}, {counted(runs, 'run')} in "
        f"{duration(seconds)}, {stored} from the store, {failed}"
    )
    say(f"results: {out / 'results.csv'}")
    say(f"front:   {out / 'pareto.csv'}")
    for path in sorted(out.glob(PARQUET_FILE)):
        say(f"parquet: {path}")
    kinds = ("pareto_*.png", "axis_*.png", "sensitivity.png")
    for plot in sorted(path for kind in kinds for path in out.glob(kind)):
        say(f"plot:    {plot}")


def _document(chosen: Selection, result: SweepResult, out: Path) -> dict[str, object]:
    failures = [
        {
            "point_id": failure.point_id,
            "point": failure.point.label(),
            "stage": failure.stage,
            "status": failure.status,
            "reason": failure.reason,
            "log": str(failure.log),
        }
        for failure in result.failures
    ]
    return {
        "ok": result.ok,
        "design": chosen.space.name,
        "path": str(out),
        "points": len(chosen),
        "stages": {name: asdict(count) for name, count in result.counts.items()},
        "skipped": [
            {"reason": skip.reason, "count": skip.count, "example": skip.example}
            for skip in chosen.counts.skipped
        ],
        "failures": failures,
        "front": [typed_row(row) for row in result.front],
    }
