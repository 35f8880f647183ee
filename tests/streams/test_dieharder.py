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


@pytest.mark.parametrize("test", [RANKS_6X8, ONES])
def test_eight_bits_with_shared_ones_fail_what_sees_linear_dependence(test):
    assert assessments(SHARED, test) == {"FAILED"}


@pytest.mark.parametrize("test", [RANKS_6X8, ONES])
def test_one_bit_a_lane_passes_them(test):
    assert assessments(ONE_BIT, test) <= {"PASSED", "WEAK"}


def test_a_full_period_is_more_even_than_chance():
    # 100 samples of 103,226 beats each: every one holds a period of 65,521 beats.
    assert assessments(ONE_BIT, MONOBIT) == {"FAILED"}
