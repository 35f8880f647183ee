"""The sweep: run what the store does not have, then write the run directory from the store."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.explore.executor import log_tail, run_tasks
from pezoexplore.explore.outputs import Outputs, judge, write_outputs
from pezoexplore.explore.plan import longest_first, make_plan
from pezoexplore.explore.rundir import RunDirError, open_run_dir
from pezoexplore.explore.store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.explore.executor import Outcome, Task
    from pezoexplore.explore.outputs import Draw, Failure, Result, RunInfo, SkippedPoint, StageCount
    from pezoexplore.explore.plan import Plan
    from pezoexplore.explore.rows import Row
    from pezoexplore.explore.rundir import RunDir
    from pezoexplore.explore.stage import Stage


@dataclass(frozen=True)
class Progress:
    """News while a sweep runs: how many runs are done, and which one just ended.

    Attributes:
        done: Runs that are there, those taken from the store included.
        total: Runs the sweep needs.
        stage: Label of the stage that just ended; empty for the first report.
        point: The point it ended for; None for the first report.
        status: ``ok``, ``failed`` or ``timeout``.
        reason: One line on why there is no result.
        seconds: How long it took.
    """

    done: int
    total: int
    stage: str = ""
    point: DesignPoint | None = None
    status: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class SweepResult:
    """What a sweep leaves.

    Attributes:
        path: The run directory.
        rows: Rows of results.csv, as written.
        front: Those on the Pareto front.
        counts: Runs by stage name.
        failures: Every stage of every point without a good result, in the order of the rows.
    """

    path: Path
    rows: list[Row]
    front: list[Row]
    counts: Mapping[str, StageCount]
    failures: list[Failure]

    @property
    def ok(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.failures


def run_sweep(
    space: DesignSpace,
    points: Sequence[DesignPoint],
    stages: Sequence[Stage],
    *,
    out_dir: Path,
    info: RunInfo,
    jobs: int = 1,
    skipped: Sequence[SkippedPoint] = (),
    junit: Path | None = None,
    draw: Draw | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SweepResult:
    """Run every stage of every point, and write the run directory.

    Every finished run is kept in the store at once. What is there already is not run again,
    except that runs which failed or ran out of time are tried again each time. A stage that
    fails is recorded with its log, and the sweep goes on.

    Args:
        space: The design space, for its settings, objectives and constraints.
        points: Its points.
        stages: What to run.
        out_dir: The run directory: new, empty or one of ours.
        info: What run.json and design.yaml say about the run.
        jobs: Number of worker processes, at least 1; never changes a result.
        skipped: Combinations to report as skipped rows.
        junit: Where to write JUnit XML of the RTL stages; None for nowhere.
        draw: Draws the plots into the run directory; None for no plots.
        progress: Told whenever a run ends.

    Raises:
        PezoError: The run directory, the store or the RTL cannot be used.
        KeyboardInterrupt: Ctrl-C; the workers are gone, and the run can be resumed.
    """
    if junit is not None:
        _make_room(junit)
    with open_run_dir(out_dir.absolute()) as run_dir, _disk_troubles_explained(out_dir):
        with Store(run_dir.store) as store:
            plan = make_plan(space, points, stages, run_dir)
            results = _collect(plan, store, jobs, progress or _silent)
        _complete_logs(plan, results, run_dir)
        outputs = Outputs(space, plan, results, skipped, info)
        rows, front = write_outputs(outputs, run_dir, junit, draw)
    return SweepResult(run_dir.path, rows, front, outputs.counts(), outputs.failures(run_dir))


@contextmanager
def _disk_troubles_explained(path: Path) -> Iterator[None]:
    """A log or plot that cannot be written, or a worker that cannot be started, is one line."""
    try:
        yield
    except OSError as error:
        raise RunDirError(
            f"{path}: {error}; put that right and run again: nothing finished is lost"
        ) from error


def _silent(news: Progress) -> None:
    """Progress that nobody asked for."""


def _make_room(path: Path) -> None:
    """Find out now, not after hours, that a file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirError(f"cannot write {path}: {error.strerror or error}") from error
    if path.is_dir():
        raise RunDirError(f"cannot write {path}: it is a folder; name a file with --junit")


def _collect(
    plan: Plan, store: Store, jobs: int, progress: Callable[[Progress], None]
) -> dict[str, Result]:
    """Results of all keys of a plan, from the store or from runs that go into it."""
    results = {}
    for key, task in plan.tasks.items():
        record = store.get(key)
        if record is not None and record.status == "ok":
            results[key] = judge(record, task.stage, ran=False)
    missing = longest_first([task for key, task in plan.tasks.items() if key not in results])
    total = len(plan.tasks)
    progress(Progress(len(results), total))
    with closing(run_tasks(missing, jobs)) as outcomes:
        for outcome in outcomes:
            record = _record(outcome, plan)
            store.put(record)
            result = judge(record, outcome.task.stage, ran=True)
            results[record.key] = result
            progress(_news(outcome.task, result, len(results), total))
    return results


def _record(outcome: Outcome, plan: Plan) -> Record:
    task = outcome.task
    return Record(
        key=task.key,
        stage=task.stage.name,
        determinants=plan.determinants[task.key],
        status=outcome.status,
        payload=outcome.payload,
        reason=outcome.reason,
        seconds=outcome.seconds,
        log=outcome.log,
    )


def _news(task: Task, result: Result, done: int, total: int) -> Progress:
    return Progress(
        done=done,
        total=total,
        stage=task.stage.label,
        point=task.point,
        status=result.status,
        reason=result.reason,
        seconds=result.record.seconds,
    )


def _complete_logs(plan: Plan, results: Mapping[str, Result], run_dir: RunDir) -> None:
    """Give every stage of every point its log, also where another point or run made it."""
    for use in plan.all_uses():
        result, path = results[use.key], run_dir.log(use.point_id, use.stage.label)
        if result.ran and plan.owner(use):
            continue
        if not path.exists() or log_tail(path) != result.record.log:
            run_dir.write_log(path, result.record.log)
