"""`pezoexplore verify --mutants`: whether the benches detect small defects in the RTL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from pezoexplore.cli.progress import ProgressMeter
from pezoexplore.cli.terminal import counted, echo, log, print_json, print_table
from pezoexplore.errors import DesignError
from pezoexplore.regression.mutation_run import (
    EQUIVALENT,
    KILLED,
    SURVIVED,
    MutantResult,
    merged,
    read_list,
    run_mutants,
    write_list,
)
from pezoexplore.sweeps.junit import TestCase, write_junit


def verify_mutants(
    modules: Sequence[str],
    total: int,
    seed: int,
    rtl_dir: Path,
    out: Path,
    jobs: int,
    path: Path,
    again: bool,
    least_killed: float,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Simulate mutants of the RTL under the benches, and write the list of them.

    Args:
        modules: Names of modules; empty for all.
        total: Number of mutants.
        seed: Random seed of their selection.
        rtl_dir: Folder of the RTL.
        out: Folder for logs.
        jobs: Worker processes.
        path: List of mutants, read if it exists, and updated.
        again: Whether to run mutants again that the list has a verdict on.
        least_killed: Percent of the mutants, without equivalent ones, that must be killed.
        junit: Where to write JUnit XML; None for nowhere.
        as_json: Whether to print JSON.

    Returns:
        0 when enough mutants were killed, else 1.

    Raises:
        PezoError: A module or the simulator is missing, or a folder cannot be used.
    """
    known = read_list(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DesignError(f"cannot write {path}: {error.strerror or error}") from error
    tested: list[MutantResult] = []

    def progress(
        done: int, total: int, row: MutantResult | None, running: Callable[[], Sequence[str]]
    ) -> None:
        if row is None:
            meter.begin(done, total, running=running)
            return
        tested.append(row)
        write_list(path, merged(known, tested, whole=False))
        meter.advance(done, total, f"{row.file}:{row.line}: {row.operator}: {row.verdict}")

    with ProgressMeter(
        "mutants", f"verdicts are in {path}; rerun the same command to go on"
    ) as meter:
        rows = run_mutants(
            modules,
            total=total,
            seed=seed,
            rtl_dir=rtl_dir,
            out=out,
            jobs=jobs,
            known=known,
            again=again,
            progress=progress,
        )
    write_list(path, merged(known, rows, whole=True))
    if junit is not None:
        write_junit(junit, "pezoexplore verify --mutants", _test_cases(rows))
    survivors = [row for row in rows if row.verdict == SURVIVED]
    enough = _share(rows) >= least_killed
    if as_json:
        counts = {name: _count(rows, name) for name in (KILLED, EQUIVALENT, SURVIVED)}
        document = {"ok": enough, **counts, "list": str(path)}
        print_json(document | {"results": [asdict(row) for row in rows]})
    else:
        _print(rows, survivors, path)
        if not enough:
            log.error(f"fewer than {least_killed:g} % of those not equivalent were killed")
    return 0 if enough else 1


def _share(rows: Sequence[MutantResult]) -> float:
    """Return the percentage of killed mutants, without equivalent ones; 100 if there are none."""
    tested = len(rows) - _count(rows, EQUIVALENT)
    return 100 * _count(rows, KILLED) / tested if tested else 100.0


def _test_cases(rows: Sequence[MutantResult]) -> list[TestCase]:
    """Return the mutants as tests of the testbenches: killed passes, equivalent is skipped."""
    return [
        TestCase(
            suite=row.file,
            name=f"{row.line} {row.operator}: {row.mutant} ({row.occurrence})",
            failure=row.reason if row.verdict == SURVIVED else None,
            skipped=row.reason if row.verdict == EQUIVALENT else None,
        )
        for row in rows
    ]


def _count(rows: Sequence[MutantResult], verdict: str) -> int:
    return sum(row.verdict == verdict for row in rows)


def _print(rows: Sequence[MutantResult], survivors: Sequence[MutantResult], path: Path) -> None:

    header = ["file", "mutants", KILLED, EQUIVALENT, SURVIVED]
    table = []
    for file, number in Counter(row.file for row in rows).items():
        own = [row for row in rows if row.file == file]
        verdicts = [str(_count(own, name)) for name in header[2:]]
        table.append([file, str(number), *verdicts])
    print_table("Mutants of the RTL under the simulation benches", header, table)
    for row in survivors:
        log.error(f"survived: {row.file}:{row.line}: {row.source}  ->  {row.mutant}")
    tested = len(rows) - _count(rows, EQUIVALENT)
    share = f", {_share(rows):.1f} % of those not equivalent" * bool(tested)
    killed = f"{_count(rows, KILLED)} killed{share}"
    equal, left = _count(rows, EQUIVALENT), len(survivors)
    echo(f"{counted(len(rows), 'mutant')}: {killed}, {equal} equivalent, {left} survived")
    echo(f"list: {path}")
