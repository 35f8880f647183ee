"""Accuracy against the reference by size of the network."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pezoexplore.analysis.size.scale import scale_of
from pezoexplore.design.point import DesignPoint, resolve

REFERENCE = resolve(rng="gaussian", reuse="none")
PHASED, POOL = resolve(lanes=8), resolve(rng="clt", reuse="pool", pool_size=127)
SIZES = {"large": 90_000, "small": 300, "middle": 2410}
SEEDS = {
    (task, point): np.random.default_rng(place).normal(50, 5, 6).round(2)
    for place, (task, point) in enumerate(
        (task, point) for task in SIZES for point in (REFERENCE, PHASED, POOL)
    )
}


def row(task: str, point: DesignPoint, target: str = "xcup") -> dict[str, object]:
    seeds = SEEDS[task, point]
    return {
        **point.to_json(),
        "status": "ok",
        "target": target,
        "task": task,
        "parameters": SIZES[task],
        "accuracy_mean": seeds.mean(),
        "accuracy_per_seed": ";".join(map(str, seeds)),
    }


ROWS = [row(*key, target=target) for key in SEEDS for target in ("xcup", "ice40")]


def test_differences_are_paired_by_seed_within_each_task():
    sizes, lines = scale_of(ROWS)
    assert [(size.task, size.parameters) for size in sizes] == [
        ("small", 300), ("middle", 2410), ("large", 90_000),
    ]  # fmt: skip
    assert {line.point for line in lines} == {PHASED, POOL}
    for line in lines:
        for size in sizes:
            gaps = SEEDS[size.task, line.point] - SEEDS[size.task, REFERENCE]
            low, high = stats.t.interval(0.95, 5, gaps.mean(), stats.sem(gaps))
            found = line.differences[size.task]
            assert found.mean == pytest.approx(gaps.mean())
            assert (found.mean - found.half, found.mean + found.half) == pytest.approx((low, high))
            assert size.reference == pytest.approx(SEEDS[size.task, REFERENCE].mean())
    last = [line.differences["large"].mean for line in lines]
    assert last == sorted(last, reverse=True)


def test_a_task_without_a_finished_reference_is_left_out():
    broken = [
        r | {"status": "failed:train"} if r["task"] == "small" and r["rng"] == "gaussian" else r
        for r in ROWS
    ]
    sizes, lines = scale_of(broken)
    assert [size.task for size in sizes] == ["middle", "large"]
    assert all(set(line.differences) == {"middle", "large"} for line in lines)


def test_one_task_or_none_has_no_sizes():
    assert scale_of([r for r in ROWS if r["task"] == "small"]) == ([], [])
    alone = [{k: v for k, v in r.items() if k not in ("task", "parameters")} for r in ROWS]
    assert scale_of(alone) == ([], [])


def test_a_design_need_not_be_on_every_task():
    kept = [r for r in ROWS if (r["task"], r["reuse"]) != ("large", "phased")]
    _, lines = scale_of(kept)
    assert {line.point: set(line.differences) for line in lines} == {
        PHASED: {"small", "middle"},
        POOL: set(SIZES),
    }
