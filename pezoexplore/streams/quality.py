"""Tests of a stream's numbers as random numbers: what they are worth beyond training.

Each test compares the stream with independent numbers of its nominal distribution and gives a
p-value. Training needs far less than these tests ask for: generators that are linear over GF(2)
fail two of them by design and train as well. The numbers are those of one epoch, from its first
beat; a *bit stream* is the bits of the words in the order beat, lane, bit, lowest bit first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pezoexplore.streams import bit_tests
from pezoexplore.streams.bit_tests import two_sided
from pezoexplore.streams.divergence import CELL_BITS, divergence, normal_shares
from pezoexplore.streams.statistics import LAGS, lagged_correlations
from pezoexplore.streams.stream import Stream

FAIL, WEAK = 1e-6, 0.005
"""p-values below which a test fails, or is weak: the limits of dieharder."""

_BEATS, _WORDS = 2**17, 2**22
_COMPLEXITY_BITS = 2**14
_RANKS = ((32, 10_000), (1024, 32))
"""Side of the bit matrices, and how many."""

_BITS_AT_ONCE = 2**22

_EVEN = "a low-discrepancy sequence is more even than chance"
_QUADRATIC = "signs are quadratic in the bits of a count"

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Outcome of one test.

    Attributes:
        test: Its name.
        size: What was tested, in words.
        statistic: What was found, in words.
        p_value: Probability of as much or more from independent numbers; None where the test does
            not apply.
        reason: Why the stream fails it by design; empty where nothing is known.
    """

    test: str
    size: str
    statistic: str
    p_value: float | None
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether the p-value is below ``FAIL``."""
        return self.p_value is not None and self.p_value < FAIL

    @property
    def verdict(self) -> str:
        """``pass``, ``weak``, ``fail``, ``fail by design`` or ``none``."""
        if self.p_value is None:
            return "none"
        if self.failed:
            return "fail by design" if self.reason else "fail"
        return "pass" if self.p_value >= WEAK else "weak"


def facts(stream: Stream) -> dict[str, str | float | int | None]:
    """Return what is known of a hardware stream without a test, by name.

    ``period_beats`` is None where no run reaches it; ``fresh_bits_per_clock`` is of a stream that
    is never reseeded.
    """
    strategy = stream.strategy
    return {
        "period_beats": strategy.repetition.cycle,
        "fresh_bits_per_clock": strategy.fresh_bits(1),
        "output_bits_per_clock": stream.lanes * stream.point.bits,
        "rng_state_bits": strategy.state_bits,
        "linear": linear(stream),
    }


def linear(stream: Stream) -> bool:
    """Return whether every output bit is a linear function over GF(2) of the state."""
    family = stream.point.family
    steps = stream.strategy.generator.stepped is None or family.linear_steps
    return steps and family.uniform and stream.point.streams == 1


def raw_bytes(stream: Stream, lane: int | None = None, epoch: int = 0) -> Iterator[bytes]:
    """Yield the bit stream of an epoch without end, eight bits a byte, the first one lowest.

    Args:
        stream: A hardware stream.
        lane: The lane whose words to take; None for all.
        epoch: Number of reseeds or refills before the first word.
    """
    bits, start = stream.point.bits, 0
    beats = max(8, _BITS_AT_ONCE // (bits * stream.lanes) // 8 * 8)
    whole = {8: "<i1", 16: "<i2"}.get(bits)
    while True:
        words = stream.beats(epoch, start, beats)
        chosen = words if lane is None else words[:, lane : lane + 1]
        if whole is not None:
            yield chosen.astype(whole).tobytes()
        else:
            yield np.packbits(_unpacked(chosen, bits), bitorder="little").tobytes()
        start += beats


def _unpacked(words: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Return the bits of words as 0 and 1, lowest bit of each word first: uint8 [words * bits]."""
    shifted = words.astype(np.int32)[..., None] >> np.arange(bits, dtype=np.int32)
    return (shifted & 1).astype(np.uint8).ravel()


def run_tests(stream: Stream) -> list[Outcome]:
    """Run every test that applies to a hardware stream; deterministic."""
    found: list[Outcome] = []
    if stream.point.family.uniform:
        found += _complexity(stream)
        found += _ranks(stream)
    found += _correlations(stream)
    found.append(_distribution(stream))
    return [each if each.failed else replace(each, reason="") for each in found]


def _bits(stream: Stream, count: int) -> NDArray[np.uint8]:
    """Return the first bits of the bit stream."""
    words = stream.beats(0, 0, -(-count // (stream.lanes * stream.point.bits)))
    return _unpacked(words, stream.point.bits)[:count]


def _linear_reason(stream: Stream, beats: int) -> str:
    if stream.point.pooled:
        return f"a memory of {stream.point.rows} rows, read again and again"
    again = _repeats(stream, beats) or _counted(stream)
    if again or not linear(stream):
        return again
    return f"linear over GF(2): {stream.strategy.state_bits} bits of state"


def _counted(stream: Stream) -> str:
    """Return what words are that are functions of a count; nothing of others."""
    family = stream.point.family
    return (_EVEN if family.linear_steps else _QUADRATIC) if family.one_count else ""


def _repeats(stream: Stream, beats: int) -> str:
    """Return that a sample is longer than the period, if it is."""
    repetition = stream.strategy.repetition
    if repetition.cycle is not None and repetition.cycle <= beats:
        return f"repeats after {repetition.cycle} beats"
    if repetition.turn is not None and repetition.turn <= beats:
        return f"every state once in {repetition.turn} beats"
    return ""


def _complexity(stream: Stream) -> Iterator[Outcome]:
    """Find the linear complexity of lane 0's top bit, and of the bit stream."""
    size = _COMPLEXITY_BITS
    top = stream.beats(0, 0, size)[:, 0] < 0
    for name, bits, beats in (
        ("lane 0, top bit", top.astype(np.uint8), float(size)),
        ("all bits", _bits(stream, size), size / (stream.lanes * stream.point.bits)),
    ):
        length = bit_tests.linear_complexity(bits)
        yield Outcome(
            f"linear complexity, {name}",
            f"{size} bits",
            f"{length}, {size // 2} expected",
            bit_tests.complexity_p_value(length, size),
            _linear_reason(stream, int(beats)),
        )


def _ranks(stream: Stream) -> Iterator[Outcome]:
    """Find the ranks of square matrices filled with the bit stream."""
    for side, count in _RANKS:
        bits = _bits(stream, side * side * count)
        ranks = bit_tests.matrix_ranks(bits.reshape(count, side, side))
        beats = bits.size / (stream.lanes * stream.point.bits)
        yield Outcome(
            f"ranks of {side} x {side} bits",
            f"{count} matrices",
            f"ranks {ranks.min()} to {ranks.max()}",
            bit_tests.rank_p_value(ranks, side),
            _linear_reason(stream, int(beats)),
        )


def _correlations(stream: Stream) -> Iterator[Outcome]:
    """Correlate values, and squares of values, within and between lanes."""
    z = stream.z(0, 0, min(_BEATS, _WORDS // stream.lanes))
    for name, values in (("values", z), ("squares", z * z)):
        varying = values[:, values.std(axis=0, dtype=np.float64) > 1e-6]
        if not varying.shape[1]:
            for which in ("serial", "between lanes"):
                size = f"{len(z)} beats"
                yield Outcome(f"{which}, {name}", size, "squares do not vary", None)
            continue
        found = lagged_correlations(varying, False)
        yield _largest("serial", name, found.diagonal(axis1=1, axis2=2)[1:], z, stream)
        between = found[:, ~np.eye(varying.shape[1], dtype=bool)]
        if between.size:
            yield _largest("between lanes", name, between, z, stream)


def _largest(which: str, name: str, found: F64, z: NDArray[np.float32], stream: Stream) -> Outcome:
    """Judge the largest of many correlations, each normal with deviation 1 / sqrt(beats).

    The p-value is Sidak's, for independent comparisons.
    """
    largest, beats = float(np.abs(found).max()), len(z)
    single = 2 * float(ndtr(-largest * math.sqrt(beats)))
    p = -math.expm1(found.size * math.log1p(-single)) if single < 1 else 1.0
    reason = _sharing(which, stream) or _repeats(stream, beats)
    size = f"{beats} beats, lags {int(which == 'serial')} to {LAGS}, {found.size} pairs"
    return Outcome(f"{which}, {name}", size, f"largest {largest:.4f}", p, reason)


def _sharing(which: str, stream: Stream) -> str:
    """Return why words share bits, where they do by design."""
    point, strategy = stream.point, stream.strategy
    if point.family.one_count:
        return _counted(stream)
    if which == "serial":
        updates = min(point.leap or point.bits, strategy.generator.state_bits)
        shares = not strategy.taps_one_state and updates < point.bits
        return f"{updates} of {point.bits} bits of a word are new" if shares else ""
    if point.taps in ("shared", "sparse"):
        return "low bits are other lanes' high bits"
    shares = strategy.state_bits < point.lanes * point.bits and linear(stream)
    return f"{point.lanes * point.bits} output bits of {strategy.state_bits} bits" * shares


def _distribution(stream: Stream) -> Outcome:
    """Compare the frequencies of the words with the nominal ones (Pearson's chi-squared)."""
    point, beats = stream.point, _WORDS // stream.lanes
    words = stream.beats(0, 0, beats).astype(np.int32)
    shares = _nominal(stream)
    low = -1 if point.family.numbers == "ternary" else -(len(shares) // 2)
    drop = 0 if point.family.numbers == "ternary" else max(0, point.bits - CELL_BITS)
    counts = np.bincount((words >> drop).ravel() - low, minlength=len(shares))
    expected = shares * words.size
    p = two_sided(float(((counts - expected) ** 2 / expected).sum()), len(shares) - 1)
    distance = float((counts - expected)[counts > expected].sum()) / words.size
    statistic = f"total variation {distance:.2g}"
    reason = _repeats(stream, beats)
    if point.family.numbers == "normal":
        statistic = f"divergence {divergence(stream):.2g} bits"
        reason = reason or "approximates the normal distribution"
    elif point.family.one_count:
        reason = reason or _counted(stream)
    return Outcome("distribution", f"{words.size} words", statistic, p, reason)


def _nominal(stream: Stream) -> F64:
    """Return the nominal probabilities of the words, by their top bits, lowest word first."""
    numbers, bits = stream.point.family.numbers, min(stream.point.bits, CELL_BITS)
    if numbers == "ternary":
        return np.array([0.25, 0.5, 0.25])
    if numbers == "normal":
        return normal_shares(2**bits)
    return np.full(2**bits, 2.0**-bits)
