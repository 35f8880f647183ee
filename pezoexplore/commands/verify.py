"""`pezoexplore verify`: the regression of the RTL, module by module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import Meter, counted, duration, print_json, say, tell
from pezoexplore.errors import DesignError
from pezoexplore.hardware.verify.coverage import KINDS, Coverage, reasons
from pezoexplore.hardware.verify.simulate import SIMULATORS
from pezoexplore.regression.run import (
    Check,
    chosen_modules,
    regression_coverage,
    run_regression,
    test_cases,
)
from pezoexplore.report.coverage_page import HEADER, coverage_page, coverage_rows
from pezoexplore.report.tables import print_table
from pezoexplore.sweeps.junit import write_junit
from pezoexplore.sweeps.rundir import RunDirError


@dataclass(frozen=True)
class VerifyRequest:
    """What the command line asks for.

    Attributes:
        modules: Names of modules; empty for all.
        simulator: Name of the simulator.
        rtl_dir: Folder of the RTL; None for the bundled one.
        words: Words to compare at each design point of a stream, about.
        waves: Whether to keep a wave file of each simulation; None keeps those of failures.
        coverage: Where to write what was covered, in Markdown; None does not look.
        junit: Where to write JUnit XML; None for nowhere.
        out: Folder for logs and waves.
        jobs: Worker processes.
        as_json: Whether to print JSON.
    """

    modules: Sequence[str]
    simulator: str
    rtl_dir: Path | None
    words: int
    waves: bool | None
    coverage: Path | None
    junit: Path | None
    out: Path
    jobs: int
    as_json: bool


def verify(request: VerifyRequest) -> int:
    """Simulate every point of the modules and compare it with the software stream.

    Returns:
        0 when all pass, else 1.

    Raises:
        PezoError: A module or the simulator is not there, or a folder cannot be used.
    """
    if request.simulator not in SIMULATORS:
        raise DesignError(f"--sim {request.simulator}: allowed: {', '.join(SIMULATORS)}")
    if request.coverage is not None and request.simulator != "verilator":
        raise DesignError("--coverage needs --sim verilator: Icarus does not count coverage")
    modules = chosen_modules(request.modules)
    folder = rtl_folder(request.rtl_dir)
    if request.junit is not None:
        make_room(request.junit)
    if request.coverage is not None:
        make_room(request.coverage, "--coverage")
    with Meter("simulations") as meter:
        checks = run_regression(
            modules,
            rtl_dir=folder,
            out=request.out,
            jobs=request.jobs,
            simulator=request.simulator,
            words=request.words,
            waves=request.waves,
            coverage=request.coverage is not None,
            progress=lambda done, total, check: _show(meter, done, total, check),
        )
    if request.junit is not None:
        write_junit(request.junit, "pezoexplore verify", test_cases(checks))
    failed = [check for check in checks if check.status != "pass"]
    covered = _cover(request, checks) if request.coverage is not None else None
    if request.as_json:
        counts = {"passed": len(checks) - len(failed), "failed": len(failed)}
        results = [check.plain() for check in checks]
        more = {} if covered is None else {"coverage": _plain(covered)}
        print_json({"ok": not failed, **counts, "results": results, **more})
    else:
        _report(checks, failed, request.out)
        if covered is not None:
            print_table("Coverage", HEADER, coverage_rows(covered, reasons()), Console())
            say(f"coverage: {request.coverage}")
    return 1 if failed else 0


def _cover(request: VerifyRequest, checks: Sequence[Check]) -> Coverage:
    """Gather what was covered, and write the page."""
    assert request.coverage is not None
    found = regression_coverage(checks, request.out)
    command = " ".join(["pezoexplore verify", *request.modules, "--sim verilator --coverage FILE"])
    points = counted(len({check.log for check in checks}), "design")
    page = coverage_page(found, reasons(), command, points)
    request.coverage.write_text(page, encoding="utf-8")
    return found


def _plain(coverage: Coverage) -> dict[str, dict[str, dict[str, int]]]:
    """Covered and all, by module and kind."""
    counts = {kind: coverage.counts(kind) for kind in KINDS}
    return {
        module: {
            kind: {"covered": found[module][0], "of": found[module][1]}
            for kind, found in counts.items()
            if module in found
        }
        for module in coverage.modules()
    }


def make_room(path: Path, option: str = "--junit") -> None:
    """Find out now, not after the simulations, that a file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirError(f"cannot write {path}: {error.strerror or error}") from error
    if path.is_dir():
        raise RunDirError(f"cannot write {path}: it is a folder; name a file with {option}")


def _show(meter: Meter, done: int, total: int, check: Check | None) -> None:
    if check is None:
        meter.begin(done, total)
        return
    what = f"{check.point.label()}: {check.status}, {duration(check.seconds)}"
    meter.advance(done, total, what, check.reason)


def _report(checks: Sequence[Check], failed: Sequence[Check], out: Path) -> None:
    header = ["module", "point", "words", "status"]
    rows = [
        [
            check.module,
            check.point.label(),
            "" if check.words is None else str(check.words),
            check.status,
        ]
        for check in checks
    ]
    print_table("RTL against the software stream", header, rows, Console())
    for check in failed:
        what = f"{check.module}: {check.point.label()}"
        waves = "".join(f"; waves: {w}" for w in (out / "waves").glob(f"{check.log.stem}.*"))
        tell(f"{check.status}: {what}: {check.reason}; log: {check.log}{waves}")
    modules = len({check.module for check in checks})
    failures = counted(len(failed), "failure")
    say(f"{counted(modules, 'module')}, {counted(len(checks), 'point')}, {failures}; logs: {out}")
