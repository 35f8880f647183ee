"""The files of a run directory, made from the plan and the results alone."""

from __future__ import annotations

import csv
import hashlib
import heapq
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pezoexplore import __version__
from pezoexplore.analysis.pareto import GrowingFront
from pezoexplore.analysis.statistics import FrontConfidence
from pezoexplore.design.training_axes import OPTIONAL_DEFAULTS
from pezoexplore.files import write_atomically, writing_atomically
from pezoexplore.sweeps.executors.local import log_tail
from pezoexplore.sweeps.junit import TestCase, write_junit
from pezoexplore.sweeps.rowfile import RowFile, rows_of_file
from pezoexplore.sweeps.rows import (
    OFF_FRONT,
    ON_FRONT,
    Row,
    cell_text,
    joined_row,
    point_ids,
    skipped_row,
)
from pezoexplore.sweeps.rundir import DESIGN_NAME, PROGRAM, RUN_NAME
from pezoexplore.sweeps.stage import STAGE_ORDER

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.sweeps.plan import Plan, Use
    from pezoexplore.sweeps.rundir import RunDir

Draw = Callable[[Sequence[Row], "DesignSpace", Path], object]
"""Draws plots of rows, as written, into a folder; the design gives objectives and constraints."""

FAILURES_LISTED = 10_000
"""Most failures listed one by one; the row of each is in results.csv in any case."""

PLOTTED_ROWS = 20_000
"""Most rows a plot gets: of more, the front and evenly spaced others."""

_PARTS = ("import_s", "compile_s", "run_s")
TIMING_COLUMNS = ("point_id", "stage", "target", "status", "source", "seconds", *_PARTS)
"""Columns of timings.csv; source: ``run`` in this sweep, ``store``, or ``shared`` with another
point, whose line counts the seconds. Of runs of this sweep the last three split them."""


@dataclass(frozen=True)
class RunInfo:
    """Facts in a run directory beyond the results.

    Attributes:
        command: The command line.
        design: The design file as resolved, YAML.
        tools: Versions by tool; None for one that is missing.
        platform: Facts on the machine, by name.
        rtl_sha256: Hash of the whole RTL folder; None if no RTL was used.
        chance: Accuracy of always naming the most frequent class, percent, by task that trains;
            None for a task that is not on classes.
        parameters: Weights of the networks by task, of a design with several.
        tags: Tags of the run.
    """

    command: Sequence[str] = ()
    design: str = ""
    tools: Mapping[str, str | None] = field(default_factory=dict)
    platform: Mapping[str, str] = field(default_factory=dict)
    rtl_sha256: str | None = None
    chance: Mapping[str, float | None] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    tags: Sequence[str] = ()


@dataclass(frozen=True)
class SkippedPoint:
    """A combination that is not legal.

    Attributes:
        axes: The axes as far as they are known, as plain values.
        reason: Why it is not legal.
    """

    axes: Mapping[str, object]
    reason: str


@dataclass(frozen=True)
class StageCount:
    """How the runs of a stage came about; points that share a run count once.

    Attributes:
        run: Run in this sweep.
        from_store: Taken from the store.
        failed: Of both, those without a good result.
    """

    run: int
    from_store: int
    failed: int


@dataclass(frozen=True)
class Failure:
    """A stage of a point without a good result.

    Attributes:
        point_id: Identity of the point.
        point: The point.
        stage: Label of the stage.
        status: ``failed`` or ``timeout``.
        reason: Why, in one line.
        log: The log.
    """

    point_id: str
    point: DesignPoint
    stage: str
    status: str
    reason: str
    log: Path


@dataclass(frozen=True)
class Outputs:
    """Everything a run directory is written from.

    Attributes:
        space: The design space, for its settings, objectives and constraints.
        plan: The points and which run serves which stage.
        skipped: Combinations to report as skipped.
        info: Facts beyond the results.
    """

    space: DesignSpace
    plan: Plan
    skipped: Sequence[SkippedPoint]
    info: RunInfo

    def counts(self) -> dict[str, StageCount]:
        """Return runs by stage name, for the stages there are."""
        groups = self.plan.tally()
        counts = {}
        for name in STAGE_ORDER:
            of_stage = {group[1:]: n for group, n in groups.items() if group[0] == name}
            run = sum(n for (_, ran), n in of_stage.items() if ran)
            failed = sum(n for (status, _), n in of_stage.items() if status != "ok")
            if of_stage:
                counts[name] = StageCount(run, sum(of_stage.values()) - run, failed)
        return counts

    def failures(self, run_dir: RunDir) -> list[Failure]:
        """Return stages of points without a good result, in the order of the rows.

        Only the first ``FAILURES_LISTED`` of them.
        """
        if not any(count.failed for count in self.counts().values()):
            return []
        failed = (
            Failure(
                point_id=use.point_id,
                point=use.point,
                stage=use.stage.label,
                status=use.result.status,
                reason=use.result.reason,
                log=run_dir.log(use.point_id, use.stage.label),
            )
            for use in self.plan.uses()
            if use.result.status != "ok"
        )
        return list(itertools.islice(failed, FAILURES_LISTED))

    def write_tables(self, run_dir: RunDir) -> tuple[Sequence[Row], Sequence[Row]]:
        """Write results.csv, pareto.csv, timings.csv and missing logs, a row in memory at a time.

        Returns:
            The rows of results.csv, and those of them on the front.

        Raises:
            WriteError: A file cannot be written.
        """
        front, sure, count, on_front = self._front(), self._confidence(), 0, 0
        run_dir.work.mkdir(parents=True, exist_ok=True)
        draft, path = run_dir.work / "rows.csv", run_dir.path
        with (
            writing_atomically(draft, durable=False) as file,
            writing_atomically(path / "timings.csv") as other,
        ):
            rows, timings = _table(file, self._columns), _table(other, TIMING_COLUMNS)
            for row in self._rows(run_dir, timings):
                front.add(row)
                sure.add(_place(row), row)
                rows.writerow(row)
                count += 1
        results, pareto = path / "results.csv", path / "pareto.csv"
        with writing_atomically(results) as file, writing_atomically(pareto) as other:
            all_rows, front_rows = _table(file, self._columns), _table(other, self._columns)
            for row in RowFile(draft, count):
                row |= _marks(front, sure, row)
                all_rows.writerow(row)
                if row["pareto"] == ON_FRONT:
                    front_rows.writerow(row)
                    on_front += 1
        draft.unlink()
        return rows_of_file(results, count), rows_of_file(pareto, on_front)

    def run_json(self, results: Path, rows: int) -> str:
        """Return content of run.json.

        Args:
            results: The results.csv, whose hash shows later whether it is as it was written.
            rows: Number of its rows.
        """
        with results.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        seeds = self.space.train.seeds
        content: dict[str, Any] = {
            "program": PROGRAM,
            "version": __version__,
            "command": list(self.info.command),
            "design": self.space.name,
            "tags": list(self.info.tags),
            "points": self.plan.count("points"),
            "skipped": len(self.skipped),
            "rows": rows,
            "results_sha256": digest,
            "stages": {name: asdict(count) for name, count in self.counts().items()},
            "seeds": {"training": list(range(seeds)), "rtl_master_seed": 0},
            "chance_percent": self._chance(),
            "rtl_sha256": self.info.rtl_sha256,
            "tools": dict(self.info.tools),
            "platform": dict(self.info.platform),
        }
        return json.dumps(content, indent=2) + "\n"

    def test_cases(self) -> list[TestCase]:
        """Return one test for the RTL stage of each point that has one."""
        return [_test_case(use) for use in self.plan.uses() if use.stage.name == "rtl"]

    @property
    def _columns(self) -> Sequence[str]:
        return self.space.columns()

    def _chance(self) -> object:
        """Return the level of chance as run.json has it: by task where there are several."""
        levels = dict(self.info.chance)
        return levels if len(self.space.tasks) > 1 else next(iter(levels.values()), None)

    def _of_design(self, task: str, row: Row) -> Row:
        """Return a row with the cells of columns that only some designs have."""
        named = OPTIONAL_DEFAULTS.keys() & set(self._columns)
        row = {axis: str(OPTIONAL_DEFAULTS[axis]) for axis in named} | row
        known = {"task": task, "parameters": str(self.info.parameters.get(task, ""))}
        return row | known if len(self.space.tasks) > 1 else row

    def _front(self) -> GrowingFront:
        return GrowingFront(
            self._columns,
            self.space.objectives.maximize,
            self.space.objectives.minimize,
            [str(constraint) for constraint in self.space.constraints],
        )

    def _confidence(self) -> FrontConfidence:
        objectives = self.space.objectives
        return FrontConfidence(objectives.maximize, objectives.minimize, self.space.constraints)

    def _rows(self, run_dir: RunDir, timings: csv.DictWriter[str]) -> Iterator[Row]:
        """Yield rows in order, `pareto` still empty, and write their timings and logs meanwhile."""
        every = itertools.product(self.space.tasks, self.skipped)
        skipped = sorted(itertools.starmap(self._skipped_row, every), key=_place)
        return heapq.merge(self._result_rows(run_dir, timings), skipped, key=_place)

    def _result_rows(self, run_dir: RunDir, timings: csv.DictWriter[str]) -> Iterator[Row]:
        for identity, point, task, uses in self.plan.results():
            for use in uses:
                _complete_log(use, run_dir.log(identity, use.stage.label))
            timings.writerows(map(_timing, uses))
            parts: list[tuple[str, str | None, str, Mapping[str, object]]] = [
                (reason, stage.target, "skipped", {})
                for stage in self.plan.stages
                if (reason := stage.skip_reason(point))
            ]
            parts += [
                (use.stage.name, use.stage.target, use.result.status, use.result.payload)
                for use in uses
            ]
            for target in sorted(self.space.hardware.names):
                yield self._of_design(task, joined_row(identity, target, point, parts))

    def _skipped_row(self, task: str, skip: SkippedPoint) -> Row:
        identity = point_ids(self.space, task)(skip.axes)
        return self._of_design(task, skipped_row(identity, skip.axes, skip.reason))


def write_outputs(
    outputs: Outputs, run_dir: RunDir, junit: Path | None, draw: Draw | None
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Write the run directory's files, each all or nothing, and draw the plots.

    Args:
        outputs: The content.
        run_dir: Where to.
        junit: Where to write JUnit XML of the RTL stages; None for nowhere.
        draw: Draws the plots; None for no plots. Of many rows it gets ``PLOTTED_ROWS``.

    Returns:
        The rows of results.csv, and those of them on the front (pareto.csv).

    Raises:
        WriteError: A file cannot be written.
    """
    write_atomically(run_dir.path / DESIGN_NAME, outputs.info.design)
    rows, front = outputs.write_tables(run_dir)
    content = outputs.run_json(run_dir.path / "results.csv", len(rows))
    write_atomically(run_dir.path / RUN_NAME, content)
    if junit is not None:
        write_junit(junit, "pezoexplore sweep", outputs.test_cases())
    if draw is not None:
        draw(_plotted(rows, front), outputs.space, run_dir.path)
    return rows, front


def _complete_log(use: Use, path: Path) -> None:
    """Give a stage of a point its log, also where another point or run made it.

    Not waiting for the disk: the store has the end of every log.
    """
    if use.result.ran and use.owner:
        return
    if not path.exists() or log_tail(path) != use.result.record.log:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, use.result.record.log, durable=False)


def _timing(use: Use) -> dict[str, str]:
    result, total = use.result, use.result.record.seconds
    split = (*result.once, max(0.0, total - sum(result.once)))
    source = "run" if result.ran else "store"
    cells = (
        use.point_id,
        use.stage.name,
        use.stage.target or "",
        result.status,
        source if use.owner else "shared",
        f"{total:.3f}" if use.owner else "0.000",
        *(f"{part:.3f}" if use.owner and result.ran else "" for part in split),
    )
    return dict(zip(TIMING_COLUMNS, cells, strict=True))


def _test_case(use: Use) -> TestCase:
    result = use.result
    has_verdict = result.record.status == "ok"
    why = result.reason if result.status != "ok" else None
    return TestCase(
        suite=use.stage.label,
        name=f"{use.point_id} {use.point.label()}",
        seconds=result.record.seconds if use.owner else 0.0,
        failure=why if has_verdict else None,
        error=None if has_verdict else why,
        output=result.record.log if why is not None else "",
    )


def _place(row: Row) -> tuple[str, str]:
    return row["point_id"], row["target"]


def _marks(front: GrowingFront, sure: FrontConfidence, row: Row) -> Row:
    """Return the cells on the front, which only all rows together decide."""
    share = sure.of(_place(row), row)
    return {
        "front_confidence": cell_text("front_confidence", share),
        "pareto": ON_FRONT if front.holds(row) else OFF_FRONT,
    }


def _table(file: TextIO, columns: Sequence[str]) -> csv.DictWriter[str]:
    """Return a CSV table that has its header."""
    table = csv.DictWriter(file, columns, lineterminator="\n")
    table.writeheader()
    return table


def _plotted(rows: Sequence[Row], front: Sequence[Row]) -> Sequence[Row]:
    """Return the rows if they are few; else some of the front and some of the others, in order."""
    if len(rows) <= PLOTTED_ROWS:
        return rows
    step = 1 + 2 * len(rows) // PLOTTED_ROWS
    others = (row for row in itertools.islice(rows, 0, None, step) if row["pareto"] != ON_FRONT)
    return sorted([*itertools.islice(front, PLOTTED_ROWS // 2), *others], key=_place)
