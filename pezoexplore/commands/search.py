"""`pezoexplore search`: the front of a design from a part of its points."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from pezoexplore.api import HARDWARE_STAGES
from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import counted, duration, note, print_json, say, tell
from pezoexplore.commands.workers import Workers, executor_of
from pezoexplore.design.columns import COLUMNS
from pezoexplore.design.loading import read_design, resolved_yaml
from pezoexplore.design.space import DesignSpace, TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.search.goal import Goal
from pezoexplore.search.samplers import SAMPLERS
from pezoexplore.search.screening import CHEAP
from pezoexplore.search.search import evaluations, progress
from pezoexplore.search.search_run import (
    SearchNews,
    SearchResult,
    SearchSettings,
    run_search,
)
from pezoexplore.search.study import STUDY_NAME
from pezoexplore.sweeps.provenance import run_info, tool_versions
from pezoexplore.sweeps.rows import ON_FRONT, typed_row
from pezoexplore.sweeps.rundir import WORK_NAME
from pezoexplore.sweeps.stage import SELECTABLE, Stage
from pezoexplore.sweeps.stages import build_stages

RUNG_STEPS = 8
"""A rung trains this many times fewer steps than an evaluation, on about half of the seeds."""

MIN_RUNG_STEPS = 100
"""Fewer steps than these tell nothing: no rung."""

HEALTH = ("stream_", "effective_", "lane_", "distinct_")
"""How columns begin that need no stage of ``--stages``."""


@dataclass(frozen=True)
class SearchRequest:
    """What the command line asks for.

    Attributes:
        command: The command line, for run.json.
        design: The design file.
        overrides: ``key=value`` texts.
        stages: Some of ``SELECTABLE``, comma-separated; ``train`` is one of them.
        sampler: Name of the sampler.
        settings: Budget, seed and the like; its sampler is not looked at.
        out: The run directory; None for ``reports/<name>-search``.
        rtl_dir: Folder of the RTL; None for the bundled one.
        rungs: Whether to train with a smaller budget first.
        as_json: Whether to print JSON.
        workers: What runs the stages.
    """

    command: Sequence[str]
    design: Path
    overrides: Sequence[str]
    stages: str
    settings: SearchSettings
    out: Path | None
    rtl_dir: Path | None
    rungs: bool
    as_json: bool
    workers: Workers = field(default_factory=Workers)


def search(request: SearchRequest) -> int:
    """Search a design and report its front.

    Returns:
        0 when the search came to its end without failures, 1 when something failed or time ran
        out.

    Raises:
        PezoError: The design, the tools, the run directory or a warm start cannot be used.
    """
    _check_sampler(request.settings.sampler)
    request.workers.check()
    space = read_design(request.design, request.overrides, {}).space
    names = _stage_names(request.stages)
    _check_objectives(space, names)
    rtl_dir, tools = rtl_folder(request.rtl_dir), tool_versions()
    out = request.out or Path("reports") / f"{space.name}-search"
    work = out / WORK_NAME
    stages = build_stages(space, names, rtl_dir=rtl_dir, work_dir=work, tools=tools)
    rungs = rungs_of(space, rtl_dir, work, tools) if request.rungs else []
    note(_headline(space, request, stages, rungs, out))
    start = time.monotonic()
    with executor_of(request.workers, [*stages, *rungs], request.settings.jobs) as executor:
        result = run_search(
            space,
            stages,
            out_dir=out,
            info=run_info(request.command, resolved_yaml(space), tools, rtl_dir),
            settings=request.settings,
            rungs=rungs,
            draw=_draw,
            executor=executor,
            told=_show,
            note=tell,
        )
    _draw_progress(space, result, request, out)
    ok = result.complete and not result.failures and (result.sweep is None or result.sweep.ok)
    if request.as_json:
        print_json(_document(space, request, result, out, ok))
    else:
        _report(space, request, result, out, time.monotonic() - start)
    return 0 if ok else 1


def rungs_of(
    space: DesignSpace, rtl_dir: Path, work_dir: Path, tools: Mapping[str, str | None]
) -> list[Stage]:
    """The training stages before the full one: an eighth of the steps, half of the seeds."""
    full = space.train
    steps = full.steps // RUNG_STEPS
    if steps < MIN_RUNG_STEPS:
        return []
    small: TrainSettings = full.model_copy(
        update={"steps": steps, "seeds": max(2, -(-full.seeds // 2))}
    )
    smaller = space.model_copy(update={"train": small})
    stages = build_stages(smaller, ["train"], rtl_dir=rtl_dir, work_dir=work_dir, tools=tools)
    return [stage for stage in stages if stage.name == "train"]


def _check_sampler(name: str) -> None:
    if name not in SAMPLERS:
        raise DesignError(f"--sampler: unknown sampler {name!r}; allowed: {', '.join(SAMPLERS)}")


def _stage_names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in SELECTABLE:
            allowed = ", ".join(SELECTABLE)
            raise DesignError(f"--stages: unknown stage {name!r}; allowed: {allowed}")
    if "train" not in names:
        raise DesignError("--stages: a search trains; name train among them, as in train,synth")
    return names


def _check_objectives(space: DesignSpace, names: Sequence[str]) -> None:
    """Resources that no stage counts would rule out every point."""
    columns = {*space.objectives.maximize, *space.objectives.minimize}
    columns |= {item.column for item in space.constraints}
    needed = sorted(
        column for column in columns & CHEAP if not column.startswith(HEALTH)
    )  # fmt: skip
    if needed and not any(name in HARDWARE_STAGES for name in names):
        raise DesignError(
            f"--stages {','.join(names)}: {needed[0]} is an objective or a constraint of design "
            f"{space.name} and needs stage synth; allowed: --stages train,synth"
        )


def _headline(
    space: DesignSpace,
    request: SearchRequest,
    stages: Sequence[Stage],
    rungs: Sequence[Stage],
    out: Path,
) -> str:
    names = ", ".join(stage.label for stage in stages)
    early = ", trained in two steps" if rungs else ""
    settings = request.settings
    budget = counted(settings.budget, "evaluation")
    return (
        f"{space.name}: {budget}, sampler {settings.sampler}, seed {settings.seed}, {names}"
        f"{early}, into {out}"
    )


def _show(news: SearchNews) -> None:
    """One line a batch."""
    others = [f"{number} {state}" for state, number in sorted(news.outcomes.items())
              if state != "complete"]  # fmt: skip
    warm = [f"{news.warm} known before"] if news.warm else []
    more = "; " + ", ".join([*others, *warm]) if others or warm else ""
    note(
        f"[{news.evaluations}/{news.budget}] hypervolume {news.hypervolume:.4f} of the box of the "
        f"results so far{more}"
    )


def _draw(rows: Sequence[Mapping[str, str]], space: DesignSpace, out_dir: Path) -> None:
    """Draw the plots of a sweep; what draws is imported when the runs are done."""
    from pezoexplore.report.plots.run_plots import draw_run

    draw_run(rows, space, out_dir)


def _draw_progress(
    space: DesignSpace, result: SearchResult, request: SearchRequest, out: Path
) -> None:
    from pezoexplore.report.plots.search_plot import draw_search

    goal = Goal(space.objectives.maximize, space.objectives.minimize, space.constraints)
    history = result.history
    counts = [evaluations(history[: number + 1]) for number in range(len(history))]
    title = f"{space.name}, {request.settings.sampler}, seed {request.settings.seed}"
    draw_search([0, *counts], [0.0, *progress(goal, history)], title, out / "search")


def _report(
    space: DesignSpace, request: SearchRequest, result: SearchResult, out: Path, seconds: float
) -> None:
    """The front, what failed and where the files are."""
    from pezoexplore.analysis.frames import frame_of_rows
    from pezoexplore.report.tables import print_front

    if result.sweep is not None:
        objectives = (*space.objectives.maximize, *space.objectives.minimize)
        frame = frame_of_rows(result.sweep.rows, COLUMNS)
        front = [row["pareto"] == ON_FRONT for row in result.sweep.rows]
        print_front(frame, front, objectives, Console())
        say("")
    for item in result.failures:
        tell(f"failed: {item.point.label()}: {item.finding.reason}; logs in {out / 'logs'}")
    if not result.complete:
        tell("time is up: type the same command again to go on from here")
    tried = [item for item in result.history if not item.warm]
    ruled = sum(not item.finding.full for item in tried)
    say(
        f"{counted(evaluations(result.history), 'evaluation')} of {request.settings.budget} in "
        f"{duration(seconds)}, {counted(ruled, 'design')} ruled out before, "
        f"{counted(len(result.failures), 'failure')}"
    )
    say(f"hypervolume: {result.hypervolume:.4f} of the box around the feasible results")
    for name, what in (("results.csv", "results"), ("pareto.csv", "front"), ("search.csv", "way"),
                       (STUDY_NAME, "study")):  # fmt: skip
        if (out / name).exists():
            say(f"{what + ':':9}{out / name}")
    for plot in sorted([*out.glob("search.png"), *out.glob("pareto_*.png")]):
        say(f"plot:    {plot}")


def _document(
    space: DesignSpace, request: SearchRequest, result: SearchResult, out: Path, ok: bool
) -> dict[str, object]:
    sweep = result.sweep
    return {
        "ok": ok,
        "design": space.name,
        "path": str(out),
        "sampler": request.settings.sampler,
        "seed": request.settings.seed,
        "budget": request.settings.budget,
        "evaluations": evaluations(result.history),
        "complete": result.complete,
        "hypervolume": result.hypervolume,
        "stage_runs": dict(result.runs),
        "stages": {} if sweep is None else {n: asdict(c) for n, c in sweep.counts.items()},
        "failures": [
            {"point": item.point.label(), "reason": item.finding.reason} for item in result.failures
        ],
        "front": [] if sweep is None else [typed_row(row) for row in sweep.front],
        "results": [] if sweep is None else [typed_row(row) for row in sweep.rows],
    }
