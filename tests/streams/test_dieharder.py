"""Debian's dieharder on raw bits: the recommended designs fail rank tests, others pass."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

BIRTHDAYS, RANKS_6X8, ONES, RUNS, MONOBIT = 0, 3, 8, 15, 100

SHARED = ("--reuse", "phased", "--state-bits", "16", "--taps", "shared", "--leap", "8")
ONE_BIT = ("--reuse", "phased", "--state-bits", "16", "--bit-width", "1")
PASSING = ("--rng", "xoshiro128pp")

pytestmark = pytest.mark.regression


def assessments(design: tuple[str, ...], test: int) -> set[str]:
    """Return what dieharder says of a design's bits: PASSED, WEAK or FAILED."""
    assert shutil.which("dieharder"), "install dieharder, or leave the regression tests out"
    words = [sys.executable, "-m", "pezoexplore", "stream", "--format", "raw", *design]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as stream:
        # 200 reads raw bits from standard input.
        command = ["dieharder", "-g", "200", "-d", str(test), "-D", "assessment"]
        done = subprocess.run(command, stdin=stream.stdout, capture_output=True, text=True)
        stream.kill()
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("test", [BIRTHDAYS, RANKS_6X8, ONES, RUNS, MONOBIT])
def test_a_generator_for_everything_fails_nothing(test):
    found = assessments(PASSING, test)
    assert found and found <= {"PASSED", "WEAK"}


@pytest.mark.parametrize("design", [SHARED, ONE_BIT])
@pytest.mark.parametrize("test", [RANKS_6X8, ONES])
def test_the_recommended_designs_fail_what_sees_linear_dependence(design, test):
    assert assessments(design, test) == {"FAILED"}


def test_a_full_period_is_more_even_than_chance():
    # 100 samples of 103,226 beats each: every one holds a period of 65,535 beats.
    assert assessments(ONE_BIT, MONOBIT) == {"FAILED"}
