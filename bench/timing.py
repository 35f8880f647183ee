"""How the speed benchmarks time contestants: in turn, processor time, the fastest of several."""

from __future__ import annotations

from collections.abc import Callable

Timed = Callable[[], float]
"""Runs once and returns seconds of processor time per step and replica."""


def fastest(contestants: dict[str, Timed], repeats: int) -> dict[str, float]:
    """Return the minimum seconds by name, alternating after a warm-up."""
    for timed in contestants.values():
        timed()
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(repeats):
        for name, timed in contestants.items():
            best[name] = min(best[name], timed())
    return best
