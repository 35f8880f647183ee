"""`pezoexplore verify --mutants`: do the benches notice small defects in the RTL?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import Meter, counted, print_json, say, tell
from pezoexplore.commands.verify import make_room
from pezoexplore.errors import DesignError
from pezoexplore.regression.mutation_run import (
    EQUIVALENT,
    KILLED,
    SURVIVED,
    Judged,
    merged,
    read_list,
    run_mutants,
    write_list,
)
from pezoexplore.report.tables import print_table
from pezoexplore.sweeps.junit import TestCase, write_junit


@dataclass(frozen=True)
class MutantRequest:
    """What the command line asks for.

    Attributes:
        modules: Names of modules; empty for all.
        total: How many mutants.
        seed: What draws them.
        list_path: List of mutants to bring up to date; None for one of its own in `out`.
        again: Whether to judge those once more that the list has a verdict on.
        least_killed: Percent of the mutants not equivalent that must be killed.
        junit: Where to write JUnit XML; None for nowhere.
        rtl_dir: Folder of the RTL; None for the bundled one.
        out: Folder for logs, and for the list where none is named.
        jobs: Worker processes.
        as_json: Whether to print JSON.
    """

    modules: Sequence[str]
    total: int
    seed: int
    list_path: Path | None
    again: bool
    least_killed: float
    junit: Path | None
    rtl_dir: Path | None
    out: Path
    jobs: int
    as_json: bool


def verify_mutants(request: MutantRequest) -> int:
    """Judge mutants of the RTL by the simulation benches and write the list of them.

    Returns:
        0 when enough of those not known to be equivalent were killed, else 1.

    Raises:
        PezoError: A module or the simulator is not there, or a folder cannot be used.
    """
    path = request.list_path or request.out / "mutants.csv"
    known = read_list(path)
    folder = rtl_folder(request.rtl_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"cannot write {path}: {error.strerror or error}") from error
    if request.junit is not None:
        make_room(request.junit)
    judged: list[Judged] = []

    def progress(done: int, total: int, row: Judged | None) -> None:
        if row is None:
            meter.begin(done, total)
            return
        judged.append(row)
        write_list(path, merged(known, judged, whole=False))
        meter.advance(done, total, f"{row.file}:{row.line}: {row.operator}: {row.verdict}")

    with Meter("mutants") as meter:
        rows = run_mutants(
            request.modules,
            total=request.total,
            seed=request.seed,
            rtl_dir=folder,
            out=request.out,
            jobs=request.jobs,
            known=known,
            again=request.again,
            progress=progress,
        )
    write_list(path, merged(known, rows, whole=True))
    if request.junit is not None:
        write_junit(request.junit, "pezoexplore verify --mutants", _test_cases(rows))
    survivors = [row for row in rows if row.verdict == SURVIVED]
    enough = _share(rows) >= request.least_killed
    if request.as_json:
        counts = {name: _count(rows, name) for name in (KILLED, EQUIVALENT, SURVIVED)}
        document = {"ok": enough, **counts, "list": str(path)}
        print_json(document | {"results": [asdict(row) for row in rows]})
    else:
        _report(rows, survivors, path)
        if not enough:
            tell(f"fewer than {request.least_killed:g} % of those not equivalent were killed")
    return 0 if enough else 1


def _share(rows: Sequence[Judged]) -> float:
    """Percent of the mutants not equivalent that were killed; 100 where there are none."""
    judged = len(rows) - _count(rows, EQUIVALENT)
    return 100 * _count(rows, KILLED) / judged if judged else 100.0


def _test_cases(rows: Sequence[Judged]) -> list[TestCase]:
    """A mutant is a test of the benches: killed is passed, equivalent is skipped."""
    return [
        TestCase(
            suite=row.file,
            name=f"{row.line} {row.operator}: {row.mutant} ({row.occurrence})",
            failure=row.reason if row.verdict == SURVIVED else None,
            skipped=row.reason if row.verdict == EQUIVALENT else None,
        )
        for row in rows
    ]


def _count(rows: Sequence[Judged], verdict: str) -> int:
    return sum(row.verdict == verdict for row in rows)


def _report(rows: Sequence[Judged], survivors: Sequence[Judged], path: Path) -> None:
    header = ["file", "mutants", KILLED, EQUIVALENT, SURVIVED]
    table = []
    for file, number in Counter(row.file for row in rows).items():
        own = [row for row in rows if row.file == file]
        verdicts = [str(_count(own, name)) for name in header[2:]]
        table.append([file, str(number), *verdicts])
    print_table("Mutants of the RTL under the simulation benches", header, table, Console())
    for row in survivors:
        tell(f"survived: {row.file}:{row.line}: {row.source}  ->  {row.mutant}")
    judged = len(rows) - _count(rows, EQUIVALENT)
    share = f", {_share(rows):.1f} % of those not equivalent" * bool(judged)
    killed = f"{_count(rows, KILLED)} killed{share}"
    equal, left = _count(rows, EQUIVALENT), len(survivors)
    say(f"{counted(len(rows), 'mutant')}: {killed}, {equal} equivalent, {left} survived")
    say(f"list: {path}")
