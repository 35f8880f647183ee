"""RTL regression: simulation of every test point of the chosen modules, in worker processes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from pezoexplore.design.kinds import nearest
from pezoexplore.durations import Durations
from pezoexplore.errors import DesignError, ToolError, ToolTimeoutError
from pezoexplore.files import scratch
from pezoexplore.sweeps.executors.local import Outcome, Task, run_tasks
from pezoexplore.sweeps.junit import TestCase
from pezoexplore.sweeps.provenance import rtl_sha256, tool_versions
from pezoexplore.sweeps.rundir import RunDirError
from pezoexplore.sweeps.stage import Payload
from pezoexplore.sweeps.stage_kinds import RtlStage
from pezoexplore.sweeps.stage_tools import RTL_TOOLS, needed_tools
from pezoexplore.sweeps.store import Record, result_of

if TYPE_CHECKING:
    from pezoexplore.design.point import DesignPoint
    from pezoexplore.hardware.verify.coverage import Coverage

Report = Callable[[int, int, "Check | None", Durations], None]
"""Progress callback: simulations done, their total, the check that just ended, and the time."""

Tell = Callable[[int, "Check | None"], None]
"""The same, of simulations done and the check."""


@dataclass(frozen=True)
class Check:
    """Result of the simulation of a point, or of directed tests, for a module.

    Attributes:
        module: The module under test; a point may test several.
        point: The point; None of directed tests.
        label: The label of the point, or which module was tested at its own ports.
        status: ``pass``, ``fail``, ``failed`` (no result) or ``timeout``.
        words: Words compared; None without a result, or after a difference.
        reason: Why it did not pass, one line; empty if it did.
        seconds: Wall time, s.
        log: Path of its log.
        output: End of the log.
    """

    module: str
    point: DesignPoint | None
    label: str
    status: str
    words: int | None
    reason: str
    seconds: float
    log: Path
    output: str

    def plain(self) -> dict[str, object]:
        """Return the check as plain values for JSON."""
        return {
            "module": self.module,
            "point": self.label,
            "axes": self.point.to_json() if self.point else {},
            "status": self.status,
            "words": self.words,
            "reason": self.reason,
            "seconds": self.seconds,
            "log": str(self.log),
        }


@dataclass(frozen=True, kw_only=True)
class CheckStage(RtlStage):
    """The RTL stage under a selectable simulator, with waveforms of failures.

    A point with integer weights tests its perturbation engine, any other its stream. Tracing slows
    a simulation down, so only a failing one is repeated with it.

    Attributes:
        simulator: One of ``hardware.simulate.SIMULATORS``.
        words: Approximate number of words to compare of a stream; engines ignore it.
        waves: Folder of the waveform files.
        keep: Keep the waveforms of all; None keeps those of failures.
        coverage: Folder of the coverage data, a file per point; None collects none.
    """

    simulator: str
    words: int
    waves: Path
    keep: bool | None
    coverage: Path | None

    def run(self, point: DesignPoint, log_path: Path) -> Payload:
        """Simulate the point; see :meth:`Stage.run`."""
        for old in self.waves.glob(f"{log_path.stem}.*"):
            old.unlink()
        with scratch(self.work_dir) as work:
            failed = False
            try:
                found = self._verify(point, work / "build", log_path, bool(self.keep))
                failed = found["rtl_status"] == "fail"
                return found
            except ToolError as error:
                failed = not isinstance(error, ToolTimeoutError)  # tracing would take even longer
                raise
            finally:
                if failed and self.keep is None:
                    with suppress(ToolError):
                        self._verify(point, work / "again", work / "log", True)
                self._keep(work, log_path)

    def _verify(self, point: DesignPoint, build: Path, log_path: Path, waves: bool) -> Payload:
        from pezoexplore.hardware.verify.engine.verify import verify_engine
        from pezoexplore.hardware.verify.verify import verify_point

        more = {} if point.fixed_point else {"words": self.words}
        verify = verify_engine if point.fixed_point else verify_point
        return verify(
            point,
            self.rtl_dir,
            build,
            log_path,
            waves=waves,
            simulator=self.simulator,
            coverage=self.coverage is not None,
            **more,
        )

    def _keep(self, work: Path, log_path: Path) -> None:
        from pezoexplore.hardware.verify.coverage import keep_coverage
        from pezoexplore.hardware.verify.simulate import WAVES

        for wave in sorted(work.rglob(WAVES[self.simulator])):
            self.waves.mkdir(parents=True, exist_ok=True)
            shutil.move(wave, self.waves / f"{log_path.stem}{wave.suffix}")
        if self.coverage is not None:
            keep_coverage(work / "build", self.coverage / f"{log_path.stem}.json")


def chosen_modules(names: Sequence[str]) -> tuple[str, ...]:
    """Return the named modules in the order of the library; all of them without names.

    Raises:
        DesignError: A module is unknown.
    """
    from pezoexplore.hardware.verify.regress import ALL_MODULES

    own = tuple(dict.fromkeys(name for name in names if ":" in name))
    unknown = [name for name in names if name not in (*ALL_MODULES, *own)]
    if unknown:
        hint = nearest(unknown[0], ALL_MODULES)
        raise DesignError(f"{unknown[0]}: no such module{hint}; there are {', '.join(ALL_MODULES)}")
    return (*(name for name in ALL_MODULES if name in names or not names), *own)


def run_regression(
    modules: Sequence[str],
    *,
    rtl_dir: Path,
    out: Path,
    jobs: int,
    simulator: str,
    words: int,
    waves: bool | None,
    coverage: bool = False,
    progress: Report,
) -> list[Check]:
    """Simulate every test point of the modules, a point shared by several modules once.

    Under Icarus the directed tests of what the modules are made of follow.

    Args:
        modules: Names of the modules.
        rtl_dir: Folder of the RTL.
        out: Folder for ``logs/`` and ``waves/``.
        jobs: Worker processes.
        simulator: One of ``hardware.simulate.SIMULATORS``.
        words: Approximate number of words to compare of a stream.
        waves: Keep a waveform file of each simulation; None keeps those of failures.
        coverage: Write the coverage of each simulation to ``coverage/``.
        progress: Called whenever a simulation ends.

    Returns:
        A check per point of each module, in the order of the modules and their points.

    Raises:
        PezoError: A tool or an RTL file is missing, or the folder cannot be used.
    """
    from pezoexplore.hardware.rtl.engine import engine_hash
    from pezoexplore.hardware.verify.directed.verify import parts_of
    from pezoexplore.hardware.verify.regress import module_points

    wanted = {name: module_points(name) for name in modules}
    points = list(dict.fromkeys(point for listed in wanted.values() for point in listed))
    for point in points:  # report a missing file once, not for every point
        (engine_hash if point.fixed_point else rtl_sha256)(point, rtl_dir)
    stage = _stage(rtl_dir, out, simulator, words, waves, coverage)
    tasks = [_task(stage, point, out) for point in points]
    parts = [(name, part) for name in modules for part in parts_of(name) if simulator == "icarus"]
    labels = [*(point.label() for point in points), *(_directed_label(part) for _, part in parts)]
    times = Durations(out / f"seconds_{simulator}.json", labels)

    def tell(number: int, check: Check | None) -> None:
        if check is not None:
            times.ended(check.label, check.seconds)
        progress(number, len(labels), check, times)

    tell(0, None)
    try:
        done = _collect(tasks, jobs, times, tell)
        directed = _directed_tests(parts, stage, out, times, len(tasks), tell)
    except OSError as error:
        raise RunDirError(f"cannot use {out} for logs: {error.strerror or error}") from error
    finally:
        times.save()
        shutil.rmtree(stage.work_dir, ignore_errors=True)
    return [
        check
        for name, listed in wanted.items()
        for check in (
            *(replace(done[point], module=name) for point in dict.fromkeys(listed)),
            *(check for check in directed if check.module == name),
        )
    ]


def test_cases(checks: Sequence[Check]) -> list[TestCase]:
    """Return the checks as JUnit tests: a difference is a failure, no result an error."""
    return [
        TestCase(
            suite=check.module,
            name=check.label,
            seconds=check.seconds,
            failure=check.reason if check.status == "fail" else None,
            error=check.reason if check.status in ("failed", "timeout") else None,
            output=check.output if check.status != "pass" else "",
        )
        for check in checks
    ]


def regression_coverage(checks: Sequence[Check], out: Path) -> Coverage:
    """Return the combined coverage of the simulations of a regression.

    Args:
        checks: Checks of :func:`run_regression`; only those that passed count.
        out: Its folder.
    """
    from pezoexplore.hardware.verify.coverage import Coverage

    found = Coverage()
    for check in checks:
        if check.status == "pass":
            found.take(out / "coverage" / f"{check.log.stem}.json", check.module)
    return found


def _stage(
    rtl_dir: Path, out: Path, simulator: str, words: int, waves: bool | None, coverage: bool
) -> CheckStage:
    tools = ("verilator", "g++", "cocotb", "cocotb-test") if simulator == "verilator" else RTL_TOOLS
    return CheckStage(
        rtl_dir=rtl_dir.absolute(),
        work_dir=out.absolute() / "work",
        source="",
        tools=needed_tools("verify", tools, tool_versions()),
        timeout_s=1200.0,
        simulator=simulator,
        words=words,
        waves=out.absolute() / "waves",
        keep=waves,
        coverage=out.absolute() / "coverage" if coverage else None,
    )


def _task(stage: CheckStage, point: DesignPoint, out: Path) -> Task:
    name = "".join(c if c.isalnum() else "-" for c in point.label())
    return Task(name, stage, name, point, out.absolute() / "logs" / f"{name}.log")


def _directed_tests(
    parts: Sequence[tuple[str, str]],
    stage: CheckStage,
    out: Path,
    times: Durations,
    before: int,
    tell: Tell,
) -> list[Check]:
    """Run the directed tests of parts of modules, after so many other simulations."""
    checks = []
    for number, (module, part) in enumerate(parts, before + 1):
        times.began(_directed_label(part))
        checks.append(_directed(module, part, stage, out))
        tell(number, checks[-1])
    return checks


def _directed_label(part: str) -> str:
    return f"{part}, directed tests"


def _directed(module: str, part: str, stage: CheckStage, out: Path) -> Check:
    """Run the directed tests of a part of a module."""
    from pezoexplore.hardware.verify.directed.verify import verify_module

    log, began = out.absolute() / "logs" / f"{part}.log", monotonic()
    log.unlink(missing_ok=True)
    words, reason = None, ""
    try:
        found = verify_module(part, stage.rtl_dir, stage.work_dir / "directed", log)
        status, words = found["rtl_status"], found.get("rtl_words_checked")
    except ToolTimeoutError as error:
        status, reason = "timeout", str(error)
    except ToolError as error:
        status, reason = "failed", str(error)
    output = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    if status == "fail":
        reason = f"the RTL differs from its model: {output.strip().splitlines()[-1]}"
    label, seconds = _directed_label(part), monotonic() - began
    return Check(module, None, label, status, words, reason, seconds, log, output)


def _collect(
    tasks: Sequence[Task], jobs: int, times: Durations, tell: Tell
) -> dict[DesignPoint, Check]:
    """Run the tasks, those that are expected to take longest first."""

    def started() -> Iterator[Task]:
        for task in sorted(tasks, key=lambda task: -times.expected_s(task.point.label())):
            times.began(task.point.label())
            yield task

    done: dict[DesignPoint, Check] = {}
    with closing(run_tasks(started(), jobs)) as outcomes:
        for outcome in outcomes:
            check = _check(outcome)
            done[outcome.task.point] = check
            tell(len(done), check)
    return done


def _check(outcome: Outcome) -> Check:
    task = outcome.task
    record = Record(
        key=task.key,
        stage=task.stage.name,
        determinants="",
        status=outcome.status,
        payload=outcome.payload,
        reason=outcome.reason,
        seconds=outcome.seconds,
        log=outcome.log,
    )
    result = result_of(record, task.stage, ran=True)
    payload: Mapping[str, Any] = result.payload
    reason = result.reason
    if payload.get("rtl_status") == "fail":
        # The last line of the log is the first difference.
        reason = f"{reason}: {(outcome.log.strip().splitlines() or [''])[-1]}"
    return Check(
        module="",
        point=task.point,
        label=task.point.label(),
        status=str(payload.get("rtl_status", outcome.status)),
        words=payload.get("rtl_words_checked"),
        reason=reason,
        seconds=outcome.seconds,
        log=task.log_path,
        output=outcome.log,
    )
