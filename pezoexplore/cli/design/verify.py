"""`pezoexplore verify`: the regression of the RTL, module by module."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pezoexplore.cli import completion
from pezoexplore.cli.options import (
    Format,
    Jobs,
    Junit,
    Quiet,
    RtlDir,
    Simulator,
    TableOrJson,
    Verbose,
    check_simulator,
    job_count,
    verbosity,
)
from pezoexplore.cli.terminal import counted, duration, echo, log, print_json, print_table
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.files import write_atomically

if TYPE_CHECKING:
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.durations import Durations
    from pezoexplore.hardware.verify.coverage import Coverage
    from pezoexplore.regression.run import Check


def verify(
    modules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODULE ...]",
            help="Modules; default: all.",
            autocompletion=completion.modules,
        ),
    ] = None,
    formal: Annotated[
        bool,
        typer.Option("--formal", help="Prove formal properties of the RTL instead of simulating."),
    ] = False,
    sim: Simulator = "icarus",
    rtl_dir: RtlDir = None,
    words: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**8,
            help="Approximate number of words to compare per design. Default: 100000.",
        ),
    ] = None,
    waves: Annotated[
        bool | None,
        typer.Option(
            "--waves/--no-waves",
            help="Write wave files of all simulations or of none (FST; Verilator: VCD). "
            "Default: failing simulations only (re-run with tracing).",
        ),
    ] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(
            help="Write line, toggle and functional coverage to this Markdown file; needs "
            "Verilator."
        ),
    ] = None,
    junit: Junit = None,
    out: Annotated[Path, typer.Option(help="Folder for logs and wave files.")] = Path(
        "reports/verify"
    ),
    mutants: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10**5,
            help="Test the benches: put so many small defects into the RTL, one at a time.",
        ),
    ] = None,
    mutant_list: Annotated[
        Path | None, typer.Option(help="List of mutants (CSV) to read and to update.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run mutants again that the list has a verdict on.")
    ] = False,
    least_killed: Annotated[
        float,
        typer.Option(
            min=0,
            max=100,
            help="Percent of the mutants, without equivalent ones, that must be detected.",
        ),
    ] = 100.0,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Random seed for mutant selection.")
    ] = 0,
    jobs: Jobs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Simulate the RTL, module by module, and compare it bit for bit with the software stream.

    With --mutants, small defects are put into the RTL one at a time, and those that the benches do
    not detect are reported. Mutants already listed as killed or equivalent are skipped, unless
    --again is given.

    With --formal, properties of the modules are proved with SymbiYosys and z3 instead, and each
    property is shown to fail on a copy of the RTL with one edit.
    """
    from pezoexplore import paths

    given = {"--formal": formal, "--mutants": mutants, "--coverage": coverage}
    if len(both := [name for name, value in given.items() if value]) > 1:
        raise PezoError(f"{' and '.join(both)}: give one of them at a time")
    simulates = not formal and mutants is None
    if not simulates and (sim != "icarus" or waves is not None or words is not None):
        raise PezoError(
            "--sim, --waves and --words are for simulations: give them without --formal, --mutants"
        )
    if mutants is None and (mutant_list is not None or again):
        raise PezoError("--mutant-list and --again are for mutants: say how many with --mutants")
    check_simulator(sim)
    if coverage is not None and sim != "verilator":
        raise DesignError("--coverage needs --sim verilator: Icarus does not count coverage")
    verbosity(quiet, verbose)
    names, rtl, as_json = modules or [], paths.rtl_folder(rtl_dir), format_ is TableOrJson.json
    for path, option in ((junit, "--junit"), (coverage, "--coverage")):
        if path is not None:
            paths.check_writable(path, option)
    if mutants is not None:
        from pezoexplore.cli.design.verify_mutants import verify_mutants

        listed = mutant_list or out / "mutants.csv"
        return verify_mutants(
            names, mutants, seed, rtl, out, job_count(jobs), listed, again, least_killed, junit,
            as_json,
        )  # fmt: skip
    if formal:
        from pezoexplore.cli.design.verify_formal import verify_formal

        return verify_formal(names, rtl, out / "formal", job_count(jobs), junit, as_json)
    return _simulate(names, sim, rtl, out, job_count(jobs), words, waves, coverage, junit, as_json)


def _simulate(
    names: Sequence[str],
    simulator: str,
    rtl_dir: Path,
    out: Path,
    jobs: int,
    words: int | None,
    waves: bool | None,
    coverage: Path | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Simulate every point of the modules, and print how they compare with the streams."""
    from pezoexplore.regression.run import (
        chosen_modules,
        regression_coverage,
        run_regression,
        test_cases,
    )

    modules = chosen_modules(names)
    from pezoexplore.cli.progress import ProgressMeter
    from pezoexplore.hardware.verify.stimulus import TARGET_WORDS
    from pezoexplore.sweeps.junit import write_junit

    with ProgressMeter("simulations", f"logs: {out}") as meter:
        checks = run_regression(
            modules,
            rtl_dir=rtl_dir,
            out=out,
            jobs=jobs,
            simulator=simulator,
            words=words or TARGET_WORDS,
            waves=waves,
            coverage=coverage is not None,
            progress=partial(_advance, meter),
        )
    if junit is not None:
        write_junit(junit, "pezoexplore verify", test_cases(checks))
    covered = None
    if coverage is not None:
        covered = regression_coverage(checks, out)
        _write_coverage(coverage, covered, names, len({check.log for check in checks}))
    failed = [check for check in checks if check.status != "pass"]
    if as_json:
        counts = {"passed": len(checks) - len(failed), "failed": len(failed)}
        results = [check.plain() for check in checks]
        more = {} if covered is None else {"coverage": _coverage_document(covered)}
        print_json({"ok": not failed, **counts, "results": results, **more})
    else:
        _print(checks, failed, out)
        if covered is not None:
            _print_coverage(covered)
            echo(f"coverage: {coverage}")
    return 1 if failed else 0


def _write_coverage(path: Path, covered: Coverage, names: Sequence[str], designs: int) -> None:
    from pezoexplore.hardware.verify.coverage import reasons
    from pezoexplore.report.coverage_page import coverage_page

    command = " ".join(["pezoexplore verify", *names, "--sim verilator --coverage FILE"])
    page = coverage_page(covered, reasons(), command, counted(designs, "design"))
    write_atomically(path, page)


def _coverage_document(covered: Coverage) -> dict[str, dict[str, dict[str, int]]]:
    """Return the covered items and all items, by module and kind."""
    from pezoexplore.hardware.verify.coverage import KINDS

    counts = {kind: covered.counts(kind) for kind in KINDS}
    return {
        module: {
            kind: {"covered": found[module][0], "of": found[module][1]}
            for kind, found in counts.items()
            if module in found
        }
        for module in covered.modules()
    }


def _print_coverage(covered: Coverage) -> None:
    from pezoexplore.hardware.verify.coverage import reasons
    from pezoexplore.report.coverage_page import HEADER, coverage_rows

    print_table("Coverage", HEADER, coverage_rows(covered, reasons()))


def _advance(
    meter: ProgressMeter, done: int, total: int, check: Check | None, times: Durations
) -> None:
    if check is None:
        meter.begin(done, total, times.left_s, times.running)
        return
    what = f"{check.label}: {check.status}, {duration(check.seconds)}"
    meter.advance(done, total, what, check.reason, (times.worked_s, times.left_s))


def _print(checks: Sequence[Check], failed: Sequence[Check], out: Path) -> None:

    header = ["module", "point", "words", "status"]
    rows = [
        [
            check.module,
            check.label,
            "" if check.words is None else str(check.words),
            check.status,
        ]
        for check in checks
    ]
    print_table("RTL against the software stream", header, rows)
    for check in failed:
        what = f"{check.module}: {check.label}"
        waves = "".join(f"; waves: {w}" for w in (out / "waves").glob(f"{check.log.stem}.*"))
        log.error(f"{check.status}: {what}: {check.reason}; log: {check.log}{waves}")
    modules = len({check.module for check in checks})
    failures = counted(len(failed), "failure")
    echo(f"{counted(modules, 'module')}, {counted(len(checks), 'point')}, {failures}; logs: {out}")
