"""`pezoexplore verify --formal`: properties of the RTL, proved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pezoexplore.cli.terminal import counted, duration, echo, log, print_json, print_table
from pezoexplore.hardware.proof.formal import chosen_proofs

if TYPE_CHECKING:
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.durations import Durations
    from pezoexplore.hardware.proof.formal_proof import Proof
    from pezoexplore.hardware.proof.formal_run import Verdict
    from pezoexplore.sweeps.junit import TestCase


def verify_formal(
    modules: Sequence[str], rtl_dir: Path, out: Path, jobs: int, junit: Path | None, as_json: bool
) -> int:
    """Prove the properties of the modules.

    Returns:
        0 when all are proved as far as they should be and fail on their edited copies, else 1.

    Raises:
        PezoError: A module or tool is missing, or a folder cannot be used.
    """
    proofs = chosen_proofs(modules)  # refuses a module before anything heavy is imported
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.hardware.proof.formal_run import run_formal
    from pezoexplore.sweeps.junit import write_junit
    from pezoexplore.sweeps.rundir import RunDirError

    try:
        with ProgressMeter("proofs", f"logs: {out}") as meter:
            verdicts = run_formal(
                proofs,
                rtl_dir=rtl_dir.absolute(),
                out=out,
                jobs=jobs,
                progress=partial(_advance, meter),
            )
    except OSError as error:
        raise RunDirError(f"cannot use {out} for logs: {error.strerror or error}") from error
    if junit is not None:
        write_junit(junit, "pezoexplore verify --formal", _test_cases(verdicts))
    bad = [verdict for verdict in verdicts if not verdict.good]
    if as_json:
        counts = {"passed": len(verdicts) - len(bad), "failed": len(bad)}
        results = [verdict.plain() for verdict in verdicts]
        print_json({"ok": not bad, **counts, "results": results})
    else:
        _print(verdicts, bad, out)
    return 1 if bad else 0


def _advance(
    meter: ProgressMeter,
    done: int,
    total: int,
    proof: Proof | None,
    verdicts: Sequence[Verdict],
    times: Durations,
) -> None:
    if proof is None:
        meter.begin(done, total, times.left_s, times.running)
        return
    seconds = sum(verdict.seconds for verdict in verdicts)
    failure = "; ".join(f"{v.claim.name}: {v.reason}" for v in verdicts if not v.good)
    work = times.worked_s, times.left_s
    meter.advance(done, total, f"{proof.label}: {duration(seconds)}", failure, work)


def _print(verdicts: Sequence[Verdict], bad: Sequence[Verdict], out: Path) -> None:

    header = ["module", "property", "parameters", "proved", "edited copy"]
    rows = [
        [
            verdict.proof.module,
            verdict.claim.name,
            verdict.proof.configuration,
            verdict.status,
            "" if verdict.broken_at is None else f"fails at clock {verdict.broken_at}",
        ]
        for verdict in verdicts
    ]
    print_table("Properties of the RTL", header, rows)
    for verdict in bad:
        trace = "" if verdict.trace is None else f"; trace: {verdict.trace}"
        what = f"{verdict.proof.module}: {verdict.claim.name}"
        log.error(f"{verdict.status}: {what}: {verdict.reason}{trace}; log: {verdict.log}")
    modules = len({verdict.proof.module for verdict in verdicts})
    failures = counted(len(bad), "failure")
    properties = "1 property" if len(verdicts) == 1 else f"{len(verdicts)} properties"
    echo(f"{counted(modules, 'module')}, {properties}, {failures}; logs: {out}")


def _test_cases(verdicts: Sequence[Verdict]) -> list[TestCase]:
    from pezoexplore.sweeps.junit import TestCase

    return [
        TestCase(
            suite=verdict.proof.module,
            name=f"{verdict.claim.name} {verdict.proof.configuration}".strip(),
            seconds=verdict.seconds,
            failure=verdict.reason if not verdict.good and verdict.status != "error" else None,
            error=verdict.reason if verdict.status == "error" else None,
        )
        for verdict in verdicts
    ]
