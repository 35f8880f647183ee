"""The files of a run directory, made from the plan and the results alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pezoexplore.design.columns import COLUMNS
from pezoexplore.explore.junit import TestCase, write_junit
from pezoexplore.explore.pareto import front_of_rows
from pezoexplore.explore.rows import (
    OFF_FRONT,
    ON_FRONT,
    Row,
    csv_text,
    point_id,
    result_row,
    skipped_row,
)
from pezoexplore.explore.rundir import PROGRAM, RUN_NAME
from pezoexplore.explore.stage import STAGE_ORDER

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.design.space import DesignSpace
    from pezoexplore.explore.plan import Plan, Use
    from pezoexplore.explore.rundir import RunDir
    from pezoexplore.explore.stage import Payload, Stage
    from pezoexplore.explore.store import Record

Draw = Callable[[Sequence[Row], "DesignSpace", Path], None]
"""Draws plots of rows, as written, into a folder; the design says objectives and constraints."""

TIMING_COLUMNS = ("point_id", "stage", "target", "status", "source", "seconds")
"""Columns of timings.csv; source: ``run`` in this sweep, ``store``, or ``shared`` with another
point, whose line counts the seconds."""


@dataclass(frozen=True)
class RunInfo:
    """What a run directory says about a run beyond its results.

    Attributes:
        command: The command line.
        design: The design file as resolved, YAML.
        tools: Versions by tool; None for one that is missing.
        platform: Facts on the machine, by name.
        rtl_sha256: Hash of the whole RTL folder; None if no RTL was used.
    """

    command: Sequence[str] = ()
    design: str = ""
    tools: Mapping[str, str | None] = field(default_factory=dict)
    platform: Mapping[str, str] = field(default_factory=dict)
    rtl_sha256: str | None = None


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
class Result:
    """A record and what it amounts to; make it with :func:`judge`.

    Attributes:
        record: The record.
        payload: The stage's result; empty if there is none.
        status: ``ok``, ``failed`` or ``timeout``; a result may be there and still be a failure.
        reason: Why it is not ok, in one line.
        ran: Whether it was run in this sweep, not taken from the store.
    """

    record: Record
    payload: Payload
    status: str
    reason: str
    ran: bool


def judge(record: Record, stage: Stage, *, ran: bool) -> Result:
    """What a record amounts to, the stage's own verdict included."""
    if record.status != "ok":
        return Result(record, {}, record.status, record.reason, ran)
    payload = json.loads(record.payload)
    verdict = stage.verdict(payload)
    return Result(record, payload, "failed" if verdict else "ok", verdict or "", ran)


@dataclass(frozen=True)
class Outputs:
    """Everything a run directory is written from.

    Attributes:
        space: The design space, for its settings, objectives and constraints.
        plan: The points and which run serves which stage.
        results: Results by key.
        skipped: Combinations to report as skipped.
        info: What else the directory says.
    """

    space: DesignSpace
    plan: Plan
    results: Mapping[str, Result]
    skipped: Sequence[SkippedPoint]
    info: RunInfo

    def rows(self) -> list[Row]:
        """Rows of results.csv, sorted by point_id and target, the column `pareto` filled in."""
        rows = [
            self._row(identity, point, target)
            for identity, point in self.plan.points.items()
            for target in self.space.hardware.targets
        ]
        rows += [self._skipped_row(skip) for skip in self.skipped]
        rows.sort(key=lambda row: (row["point_id"], row["target"]))
        mask = front_of_rows(
            rows,
            COLUMNS,
            self.space.objectives.maximize,
            self.space.objectives.minimize,
            [str(constraint) for constraint in self.space.constraints],
        )
        for row, on_front in zip(rows, mask.tolist(), strict=True):
            row["pareto"] = ON_FRONT if on_front else OFF_FRONT
        return rows

    def counts(self) -> dict[str, StageCount]:
        """Runs by stage name, for the stages there are."""
        counts = {}
        for name in STAGE_ORDER:
            results = [result for result in self.results.values() if result.record.stage == name]
            run = sum(result.ran for result in results)
            failed = sum(result.status != "ok" for result in results)
            if results:
                counts[name] = StageCount(run, len(results) - run, failed)
        return counts

    def failures(self, run_dir: RunDir) -> list[Failure]:
        """Every stage of every point without a good result, in the order of the rows."""
        return [
            Failure(
                point_id=use.point_id,
                point=self.plan.points[use.point_id],
                stage=use.stage.label,
                status=self.results[use.key].status,
                reason=self.results[use.key].reason,
                log=run_dir.log(use.point_id, use.stage.label),
            )
            for use in self.plan.all_uses()
            if self.results[use.key].status != "ok"
        ]

    def timings(self) -> list[dict[str, str]]:
        """Rows of timings.csv."""
        return [self._timing(use) for use in self.plan.all_uses()]

    def run_json(self) -> str:
        """Content of run.json."""
        seeds = self.space.train.seeds
        content: dict[str, Any] = {
            "program": PROGRAM,
            "command": list(self.info.command),
            "design": self.space.name,
            "points": len(self.plan.points),
            "skipped": len(self.skipped),
            "stages": {name: asdict(count) for name, count in self.counts().items()},
            "seeds": {"training": list(range(seeds)), "rtl_master_seed": 0},
            "rtl_sha256": self.info.rtl_sha256,
            "tools": dict(self.info.tools),
            "platform": dict(self.info.platform),
        }
        return json.dumps(content, indent=2) + "\n"

    def test_cases(self) -> list[TestCase]:
        """One test for the RTL stage of each point that has one."""
        return [self._test_case(use) for use in self.plan.all_uses() if use.stage.name == "rtl"]

    def _row(self, identity: str, point: DesignPoint, target: str) -> Row:
        cells: dict[str, object] = {}
        status = "ok"
        for use in self.plan.uses[identity]:
            if use.stage.target not in (None, target):
                continue
            result = self.results[use.key]
            cells |= result.payload
            if status == "ok" and result.status != "ok":
                status = f"{result.status}:{use.stage.name}"
        if status == "ok" and cells.get("diverged_step") is not None:
            status = f"diverged:{cells['diverged_step']}"
        return result_row(identity, target, status, point, cells)

    def _skipped_row(self, skip: SkippedPoint) -> Row:
        train = self.space.train.model_dump(mode="json")
        hardware = self.space.hardware.model_dump(mode="json")
        identity = point_id(skip.axes, self.space.task, train, hardware)
        return skipped_row(identity, skip.axes, skip.reason)

    def _timing(self, use: Use) -> dict[str, str]:
        result = self.results[use.key]
        owner = self.plan.owner(use)
        source = "run" if result.ran else "store"
        cells = (
            use.point_id,
            use.stage.name,
            use.stage.target or "",
            result.status,
            source if owner else "shared",
            f"{result.record.seconds:.3f}" if owner else "0.000",
        )
        return dict(zip(TIMING_COLUMNS, cells, strict=True))

    def _test_case(self, use: Use) -> TestCase:
        result = self.results[use.key]
        has_verdict = result.record.status == "ok"
        why = result.reason if result.status != "ok" else None
        return TestCase(
            suite=use.stage.label,
            name=f"{use.point_id} {self.plan.points[use.point_id].label()}",
            seconds=result.record.seconds if self.plan.owner(use) else 0.0,
            failure=why if has_verdict else None,
            error=None if has_verdict else why,
            output=result.record.log if why is not None else "",
        )


def write_outputs(
    outputs: Outputs, run_dir: RunDir, junit: Path | None, draw: Draw | None
) -> tuple[list[Row], list[Row]]:
    """Write the run directory's files, each all or nothing, and draw the plots.

    Args:
        outputs: What to write.
        run_dir: Where to.
        junit: Where to write JUnit XML of the RTL stages; None for nowhere.
        draw: Draws the plots; None for no plots.

    Returns:
        The rows of results.csv, and those of them on the front (pareto.csv).

    Raises:
        RunDirError: A file cannot be written.
    """
    rows = outputs.rows()
    front = [row for row in rows if row["pareto"] == ON_FRONT]
    run_dir.write("design.yaml", outputs.info.design)
    run_dir.write("results.csv", csv_text(COLUMNS, rows))
    run_dir.write("pareto.csv", csv_text(COLUMNS, front))
    run_dir.write("timings.csv", csv_text(TIMING_COLUMNS, outputs.timings()))
    run_dir.write(RUN_NAME, outputs.run_json())
    if junit is not None:
        write_junit(junit, "pezoexplore sweep", outputs.test_cases())
    if draw is not None:
        draw(rows, outputs.space, run_dir.path)
    return rows, front
