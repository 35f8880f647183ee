"""Comparison of an engine's trace with the expectation of its script."""

from __future__ import annotations

from collections.abc import Iterator

from pezoexplore.hardware.verify.engine.script import EngineScript
from pezoexplore.hardware.verify.trace import MismatchError


def check_engine(script: EngineScript, trace: list[str]) -> int:
    """Compare a whole trace with the expected lines.

    Returns:
        Weights compared.

    Raises:
        MismatchError: At the first line where the two differ.
    """
    lines, wanted = iter(enumerate(trace, 1)), iter(script.expected)
    for expected in wanted:
        if expected == "c":
            _check_cut(lines, wanted)
            continue
        number, shown = next(lines, (len(trace) + 1, "nothing"))
        if shown != expected and not (expected == "t" and shown.startswith("t ")):
            raise MismatchError(f"line {number}: RTL shows {shown}, expected {expected}")
    for number, shown in lines:
        raise MismatchError(f"line {number}: RTL shows {shown}, expected nothing more")
    return script.words


def _check_cut(lines: Iterator[tuple[int, str]], wanted: Iterator[str]) -> None:
    """Check that some of the beats up to the line ``.`` came, and their number."""
    beats = []
    for expected in wanted:
        if expected == ".":
            break
        beats.append(expected)
    for count, (number, shown) in enumerate(lines):
        if shown == f"c {count}" and 0 < count < len(beats):
            return
        if count >= len(beats) or shown != beats[count]:
            raise MismatchError(f"line {number}: RTL shows {shown} before a reset")
