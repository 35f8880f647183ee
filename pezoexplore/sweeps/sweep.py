"""The sweep: run what the store does not have, then write the run directory from the store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pezoexplore.paths import check_writable
from pezoexplore.sweeps.collect import Progress as Progress
from pezoexplore.sweeps.collect import collect
from pezoexplore.sweeps.executors.local import Local
from pezoexplore.sweeps.outputs import Outputs, write_outputs
from pezoexplore.sweeps.plan import make_plan
from pezoexplore.sweeps.rundir import RunDirError, open_run_dir
from pezoexplore.sweeps.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.cache import Cache
    from pezoexplore.sweeps.executors.local import Executor
    from pezoexplore.sweeps.outputs import Draw, Failure, RunInfo, SkippedPoint, StageCount
    from pezoexplore.sweeps.plan import Plan
    from pezoexplore.sweeps.rows import Row
    from pezoexplore.sweeps.stage import Stage


@dataclass(frozen=True)
class SweepResult:
    """Results of a sweep.

    Attributes:
        path: The run directory.
        rows: Rows of results.csv, as written; read from the file if they are many.
        front: Those on the Pareto front.
        counts: Runs by stage name.
        failures: Stages of points without a good result, in the order of the rows, up to
            ``FAILURES_LISTED`` of them.
        points: Number of distinct points.
    """

    path: Path
    rows: Sequence[Row]
    front: Sequence[Row]
    counts: Mapping[str, StageCount]
    failures: list[Failure]
    points: int

    @property
    def ok(self) -> bool:
        """Whether every stage has a good result."""
        return not self.failures


def run_sweep(
    space: DesignSpace,
    points: Iterable[DesignPoint],
    stages: Sequence[Stage],
    *,
    out_dir: Path,
    info: RunInfo,
    jobs: int = 1,
    skipped: Sequence[SkippedPoint] = (),
    junit: Path | None = None,
    draw: Draw | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
    cache: Cache | None = None,
    retry: bool = True,
) -> SweepResult:
    """Run every stage of every point, and write the run directory.

    Every finished run is kept in the store at once. Runs with a result are not repeated,
    except that runs which failed or ran out of time are tried again, if so wished. A stage that
    fails is recorded with its log, and the sweep continues.

    Args:
        space: The design space, for its settings, objectives and constraints.
        points: Its points, taken one by one: they need not fit into memory.
        stages: Stages to run.
        out_dir: The run directory: new, empty or one of ours, of a design of this name.
        info: Facts for run.json and design.yaml.
        jobs: Number of worker processes, at least 1; never changes a result.
        skipped: Combinations to report as skipped rows.
        junit: Where to write JUnit XML of the RTL stages; None for nowhere.
        draw: Draws the plots into the run directory; None for no plots.
        progress: Called whenever a run ends.
        executor: Runs the stages; None: ``jobs`` processes on this machine.
        cache: Finished runs shared with other sweeps; None for none.
        retry: Whether runs that failed or ran out of time are tried again.

    Raises:
        PezoError: The run directory, the store or the RTL cannot be used.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the workers are gone, and the run can be resumed.
    """
    if junit is not None:
        check_writable(junit, "--junit")
    with (
        _system_errors_explained(out_dir),
        open_run_dir(out_dir.absolute(), space.name) as run_dir,
        Store(run_dir.store) as store,
    ):
        plan = make_plan(space, points, stages, run_dir, store, retry)
        try:
            run = executor or Local(jobs)
            tell = progress or _silent
            collect(plan, run, cache=cache, progress=tell)
        except KeyboardInterrupt as stop:
            stop.args = (_kept(plan, out_dir),)
            raise
        outputs = Outputs(space, plan, skipped, info)
        rows, front = write_outputs(outputs, run_dir, junit, draw)
        counts, failures = outputs.counts(), outputs.failures(run_dir)
        number = plan.count("points")
    return SweepResult(run_dir.path, rows, front, counts, failures, number)


@contextmanager
def _system_errors_explained(path: Path) -> Iterator[None]:
    """Report a log, plot or worker that the disk or system refuses in one line."""
    try:
        yield
    except OSError as error:
        raise RunDirError(
            f"{path}: {error}; put that right and run again: nothing finished is lost"
        ) from error


def _kept(plan: Plan, path: Path) -> str:
    """Return what a stopped sweep leaves, and how to go on."""
    groups = plan.tally()
    ended = sum(count for (_, status, _), count in groups.items() if status)
    runs = f"{ended} of {sum(groups.values())} runs"
    return f"{runs} are kept in {path}; rerun the same command to resume"


def _silent(news: object) -> None:
    """Ignore progress, if no callback is given."""
