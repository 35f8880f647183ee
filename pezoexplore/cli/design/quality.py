"""`pezoexplore quality`: what the numbers of a design are worth as random numbers."""

from __future__ import annotations

from dataclasses import asdict

from pezoexplore.cli.axis_options import Axes, axis_options
from pezoexplore.cli.options import Format, MasterSeed, Quiet, TableOrJson, Verbose, verbosity
from pezoexplore.cli.terminal import echo, log, print_json, print_table
from pezoexplore.design.point import STREAM_AXES
from pezoexplore.errors import DesignError


@axis_options(STREAM_AXES)
def quality(
    axes: Axes,
    seed: MasterSeed = 0,
    quiet: Quiet = False,
    verbose: Verbose = False,
    format_: Format = TableOrJson.table,
) -> int:
    """Test the numbers of a design as random numbers, and name what fails by design.

    Period, fresh bits, linear complexity, ranks of bit matrices, correlations of values and squares
    within and between lanes, distance to the nominal distribution. Training needs less than these
    tests ask for; for batteries of tests see `stream --format raw`. The exit status does not
    depend on the verdicts.
    """
    from pezoexplore.design.one_point import one_point

    verbosity(quiet, verbose)
    point, _ = one_point(axes)
    if not point.in_hardware:
        raise DesignError(f"rng {point.rng} is software with real numbers: it has no bits to test")
    from pezoexplore.streams.quality import facts, run_tests
    from pezoexplore.streams.stream import Stream

    stream = Stream(point, seed)
    log.info(f"{point.label()}: testing")
    known, outcomes = facts(stream), run_tests(stream)
    if format_ is TableOrJson.json:
        tests = [asdict(each) | {"verdict": each.verdict} for each in outcomes]
        print_json({"axes": point.to_json(), "seed": seed, "facts": known, "tests": tests})
        return 0
    for name, value in known.items():
        echo(f"{name:22}{'not within any run' if value is None else value}")
    rows = [
        [each.test, each.size, each.statistic, _p_text(each.p_value), each.verdict, each.reason]
        for each in outcomes
    ]
    print_table(point.label(), ("test", "size", "found", "p", "verdict", "reason"), rows)
    return 0


def _p_text(p: float | None) -> str:
    return "" if p is None else f"{p:.2g}"
