"""What the numbers of designs are worth: verdicts on streams whose faults are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.streams.quality import Outcome, facts, raw_bytes, run_tests
from pezoexplore.streams.stream import Stream


def outcomes(**axes) -> dict[str, Outcome]:
    return {each.test: each for each in run_tests(Stream(resolve(**axes)))}


@pytest.mark.regression
def test_a_generator_with_independent_lanes_fails_nothing():
    found = outcomes(rng="xoshiro128pp", reuse="none")
    assert {each.verdict for each in found.values()} <= {"pass", "weak"}
    assert len(found) == 9


@pytest.mark.regression
def test_lanes_of_one_small_linear_state_fail_ranks_and_complexity_by_design():
    found = outcomes(reuse="phased", state_bits=16, taps="xor", bit_width=1)
    complexity = found["linear complexity, all bits"]
    assert complexity.verdict == "fail by design"
    assert "16 bits of state" in complexity.reason
    # 16 bits of state read by 31 lanes: 16 x 31 linear recurrences, and a constant.
    assert complexity.statistic == "497, 8192 expected"
    assert found["ranks of 1024 x 1024 bits"].verdict == "fail by design"
    assert found["serial, values"].verdict == "pass"
    assert found["between lanes, values"].verdict == "pass"
    assert found["serial, squares"].verdict == "none"


@pytest.mark.slow
def test_neighbouring_words_that_share_bits_correlate():
    found = outcomes(reuse="bank", state_bits=24, leap=1, bit_width=8, lanes=4)
    assert found["serial, values"].verdict == "fail by design"
    assert found["serial, values"].reason == "1 of 8 bits of a word are new"


def test_a_short_pool_repeats():
    found = outcomes(rng="xorshift32", reuse="pool", pool_size=124, lanes=4)
    assert found["serial, values"].verdict == "fail by design"
    assert "repeats after" in found["serial, values"].reason
    assert "memory" in found["linear complexity, all bits"].reason


def test_gaussians_are_compared_with_the_normal_distribution_and_have_no_bit_tests():
    found = outcomes(rng="clt", reuse="none", lanes=2)
    assert not [name for name in found if "complexity" in name or "ranks" in name]
    assert found["distribution"].statistic.startswith("divergence 0.0005")
    assert found["distribution"].reason == "approximates the normal distribution"


@pytest.mark.slow
def test_signs_of_a_count_fail_by_design_by_large_matrices():
    walsh = outcomes(rng="walsh", reuse="none")
    ranks = walsh["ranks of 1024 x 1024 bits"]
    assert (ranks.verdict, ranks.reason) == (
        "fail by design",
        "signs are quadratic in the bits of a count",
    )
    assert {one.verdict for one in walsh.values()} <= {"pass", "weak", "none", "fail by design"}


@pytest.mark.slow
def test_sobol_numbers_are_too_even():
    sobol = outcomes(rng="sobol", reuse="none", lanes=2)["distribution"]
    assert sobol.reason == "a low-discrepancy sequence is more even than chance"


def test_ternary_words_have_their_own_distribution():
    assert outcomes(rng="ternary", reuse="none", lanes=2)["distribution"].verdict == "pass"


@pytest.mark.parametrize(
    ("p", "reason", "verdict"),
    [
        (None, "", "none"),
        (0.5, "", "pass"),
        (1e-3, "known", "weak"),
        (1e-9, "", "fail"),
        (1e-9, "known", "fail by design"),
        (0.0, "known", "fail by design"),
    ],
)
def test_verdicts(p, reason, verdict):
    assert Outcome("t", "1", "0", p, reason).verdict == verdict


def test_facts_are_those_of_the_stream():
    known = facts(Stream(resolve(reuse="phased", state_bits=16, bit_width=1)))
    assert known["linear"] is True
    assert known["rng_state_bits"] == 16
    assert known["fresh_bits_per_clock"] == 1.0
    assert facts(Stream(resolve(rng="trivium", reuse="none")))["linear"] is False


@pytest.mark.parametrize(("bits", "lanes"), [(8, 3), (16, 2), (1, 31), (5, 4), (12, 1)])
@pytest.mark.parametrize("lane", [None, 0])
def test_raw_bits_are_the_words_lowest_bit_first(bits, lanes, lane):
    stream = Stream(resolve(rng="xoshiro128pp", reuse="none", bit_width=bits, lanes=lanes))
    made = b""
    for part in raw_bytes(stream, lane):
        made += part
        if len(made) > 2**20:
            break
    columns = slice(None) if lane is None else slice(lane, lane + 1)
    words = stream.beats(0, 0, 2000)[:, columns].ravel().tolist()
    whole = sum((word % 2**bits) << (i * bits) for i, word in enumerate(words))
    size = len(words) * bits // 8
    assert made[:size] == (whole % 2 ** (8 * size)).to_bytes(size, "little")


def test_raw_bits_continue_where_a_block_ends():
    stream = Stream(resolve(reuse="phased", state_bits=16, bit_width=1, lanes=5))
    parts = raw_bytes(stream)
    first, second = next(parts), next(parts)
    beats = len(first) * 8 // 5
    word = stream.beats(0, beats, 2)
    expected = np.packbits((word & 1).astype(np.uint8).ravel()[:8], bitorder="little")
    assert second[0] == expected[0]
    assert math.gcd(beats, 8) == 8
