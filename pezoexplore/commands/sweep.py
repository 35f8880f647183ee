"""`pezoexplore sweep`: every stage of every point of a design."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from pezoexplore import paths
from pezoexplore.commands.dry_run import show_plan, skip_line
from pezoexplore.commands.terminal import Meter, counted, duration, print_json, say, tell
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.expand import Expansion, expand
from pezoexplore.design.loading import read_design, resolved_yaml
from pezoexplore.design.space import DesignSpace
from pezoexplore.errors import DesignError, ToolError
from pezoexplore.explore.outputs import SkippedPoint
from pezoexplore.explore.rows import ON_FRONT, typed_row
from pezoexplore.explore.rundir import WORK_NAME
from pezoexplore.explore.stage import Stage
from pezoexplore.explore.stages import SELECTABLE, build_stages, run_info, tool_versions
from pezoexplore.explore.sweep import Progress, SweepResult, run_sweep

HARDWARE_STAGES = ("rtl", "synth")
"""Stages that only points with RTL have."""


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
        dry_run: Whether to list the points only.
        as_json: Whether to print JSON.
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
    dry_run: bool
    as_json: bool


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
    expansion = expand(loaded.space)
    wanted = _stage_names(request.stages)
    if request.dry_run:
        return show_plan(loaded, expansion, request.as_json)
    out = request.out or Path("reports") / loaded.space.name
    start = time.monotonic()
    result = _run(request, loaded.space, expansion, wanted, out)
    if request.as_json:
        print_json(_document(loaded.space, expansion, result, out))
    else:
        _report(loaded.space, expansion, result, out, time.monotonic() - start)
    return 0 if result.ok else 1


def rtl_folder(asked: Path | None) -> Path:
    """The folder of the RTL, which must be there.

    Raises:
        ToolError: It is not.
    """
    folder = asked or paths.rtl_dir()
    if not folder.is_dir():
        raise ToolError(f"--rtl-dir {folder}: no such folder; give an edited copy of rtl/")
    return folder


def _stage_names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in SELECTABLE]
    if unknown or not names:
        got = f"unknown stage {unknown[0]!r}" if unknown else "no stage named"
        raise DesignError(f"--stages: {got}; allowed: {', '.join(SELECTABLE)}, comma-separated")
    return names


def _run(
    request: SweepRequest,
    space: DesignSpace,
    expansion: Expansion,
    wanted: Sequence[str],
    out: Path,
) -> SweepResult:
    rtl_dir, tools = rtl_folder(request.rtl_dir), tool_versions()
    if not any(point.in_hardware for point in expansion.points):
        wanted = [name for name in wanted if name not in HARDWARE_STAGES]
    stages = build_stages(space, wanted, rtl_dir=rtl_dir, work_dir=out / WORK_NAME, tools=tools)
    for skip in expansion.skipped:
        tell(f"skipped: {skip_line(skip)}")
    tell(_headline(space, expansion, stages, out))
    with Meter("runs") as meter:
        return run_sweep(
            space,
            expansion.points,
            stages,
            out_dir=out,
            info=run_info(request.command, resolved_yaml(space), tools, rtl_dir),
            jobs=request.jobs,
            skipped=[_skipped_point(skip.axes, skip.reason) for skip in expansion.skipped],
            junit=request.junit,
            draw=_draw,
            progress=lambda news: _show(meter, news),
        )


def _draw(rows: Sequence[Mapping[str, str]], space: DesignSpace, out_dir: Path) -> None:
    """Draw the plots; what draws is imported when the runs are done."""
    from pezoexplore.report.run_plots import draw_run

    draw_run(rows, space, out_dir)


def _skipped_point(axes: Mapping[str, object], reason: str) -> SkippedPoint:
    texts = {axis: "inf" if value == float("inf") else value for axis, value in axes.items()}
    return SkippedPoint(texts, reason)


def _headline(space: DesignSpace, expansion: Expansion, stages: Sequence[Stage], out: Path) -> str:
    names = ", ".join(stage.label for stage in stages)
    return f"{space.name}: {counted(len(expansion.points), 'design')}, {names}, into {out}"


def _show(meter: Meter, news: Progress) -> None:
    if news.point is None:
        meter.begin(news.done, news.total)
        return
    what = f"{news.stage} {news.point.label()}: {news.status}, {duration(news.seconds)}"
    meter.advance(news.done, news.total, what, news.reason)


def _report(
    space: DesignSpace, expansion: Expansion, result: SweepResult, out: Path, seconds: float
) -> None:
    """The front, what failed and where the files are."""
    from pezoexplore.report.frames import frame_of_rows
    from pezoexplore.report.tables import front_table, print_front, print_table

    objectives = (*space.objectives.maximize, *space.objectives.minimize)
    frame = frame_of_rows(result.rows, COLUMNS)
    front = [row["pareto"] == ON_FRONT for row in result.rows]
    console = Console()
    print_front(frame, front, objectives, console)
    if not any(front):
        finished = [row["status"] == "ok" for row in result.rows]
        print_table("All finished designs", *front_table(frame, finished, objectives), console)
    say("")
    for failure in result.failures:
        label = f"{failure.stage} {failure.point.label()}"
        tell(f"{failure.status}: {label}: {failure.reason}; log: {failure.log}")
    runs = sum(count.run for count in result.counts.values())
    stored = sum(count.from_store for count in result.counts.values())
    failed = counted(len(result.failures), "failure")
    say(
        f"{counted(len(expansion.points), 'design')}, {counted(runs, 'run')} in "
        f"{duration(seconds)}, {stored} from the store, {failed}"
    )
    say(f"results: {out / 'results.csv'}")
    say(f"front:   {out / 'pareto.csv'}")
    for plot in sorted([*out.glob("pareto_*.png"), *out.glob("axis_*.png")]):
        say(f"plot:    {plot}")


def _document(
    space: DesignSpace, expansion: Expansion, result: SweepResult, out: Path
) -> dict[str, object]:
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
        "design": space.name,
        "path": str(out),
        "points": len(expansion.points),
        "stages": {name: asdict(count) for name, count in result.counts.items()},
        "skipped": [
            {"reason": skip.reason, "count": skip.count, "example": skip.example}
            for skip in expansion.skipped
        ],
        "failures": failures,
        "front": [typed_row(row) for row in result.front],
        "results": [typed_row(row) for row in result.rows],
    }
