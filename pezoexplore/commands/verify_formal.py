"""`pezoexplore verify --formal`: properties of the RTL, proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pezoexplore.commands.sweep import rtl_folder
from pezoexplore.commands.terminal import Meter, counted, duration, print_json, say, tell
from pezoexplore.commands.verify import VerifyRequest, make_room
from pezoexplore.hardware.proof.formal import chosen_proofs
from pezoexplore.hardware.proof.formal_proof import Proof
from pezoexplore.hardware.proof.formal_run import Verdict, run_formal
from pezoexplore.report.tables import print_table
from pezoexplore.sweeps.junit import TestCase, write_junit
from pezoexplore.sweeps.rundir import RunDirError


def verify_formal(request: VerifyRequest) -> int:
    """Prove the properties of the modules; the simulator and waves of the request are unused.

    Returns:
        0 when all are proved as far as they should be and fail on their edited copies, else 1.

    Raises:
        PezoError: A module or tool is not there, or a folder cannot be used.
    """
    proofs = chosen_proofs(request.modules)
    folder = rtl_folder(request.rtl_dir)
    if request.junit is not None:
        make_room(request.junit)
    out = request.out / "formal"
    try:
        with Meter("proofs") as meter:
            verdicts = run_formal(
                proofs,
                rtl_dir=folder.absolute(),
                out=out,
                jobs=request.jobs,
                progress=lambda done, total, proof, found: _show(meter, done, total, proof, found),
            )
    except OSError as error:
        raise RunDirError(f"cannot use {out} for logs: {error.strerror or error}") from error
    if request.junit is not None:
        write_junit(request.junit, "pezoexplore verify --formal", _test_cases(verdicts))
    bad = [verdict for verdict in verdicts if not verdict.good]
    if request.as_json:
        counts = {"passed": len(verdicts) - len(bad), "failed": len(bad)}
        results = [verdict.plain() for verdict in verdicts]
        print_json({"ok": not bad, **counts, "results": results})
    else:
        _report(verdicts, bad, out)
    return 1 if bad else 0


def _show(
    meter: Meter, done: int, total: int, proof: Proof | None, verdicts: Sequence[Verdict]
) -> None:
    if proof is None:
        meter.begin(done, total)
        return
    seconds = sum(verdict.seconds for verdict in verdicts)
    words = f"{proof.module} {proof.configuration}".strip()
    trouble = "; ".join(f"{v.claim.name}: {v.reason}" for v in verdicts if not v.good)
    meter.advance(done, total, f"{words}: {duration(seconds)}", trouble)


def _report(verdicts: Sequence[Verdict], bad: Sequence[Verdict], out: Path) -> None:
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
    print_table("Properties of the RTL", header, rows, Console())
    for verdict in bad:
        trace = "" if verdict.trace is None else f"; trace: {verdict.trace}"
        what = f"{verdict.proof.module}: {verdict.claim.name}"
        tell(f"{verdict.status}: {what}: {verdict.reason}{trace}; log: {verdict.log}")
    modules = len({verdict.proof.module for verdict in verdicts})
    failures = counted(len(bad), "failure")
    properties = "1 property" if len(verdicts) == 1 else f"{len(verdicts)} properties"
    say(f"{counted(modules, 'module')}, {properties}, {failures}; logs: {out}")


def _test_cases(verdicts: Sequence[Verdict]) -> list[TestCase]:
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
