"""Outer products of PyTorch's directions against those that the package's own tasks train on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_models import CPU

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.finetune.steps.structured import StructuredDirections
from pezoexplore.streams.generator import Generator
from pezoexplore.train.steps.structured import StructuredDirections as Whole

SHAPES = "6x50,3,2x3x40,7,9x300,1,300x9"
D = 300 + 3 + 240 + 7 + 2700 + 1 + 2700
POINTS = [
    resolve(state_bits=16, bit_width=1, rng="lut_opt", taps="sparse", lanes=31, rank="1"),
    resolve(state_bits=16, bit_width=1, rng="lut_opt", taps="sparse", lanes=31, rank="2"),
    resolve(state_bits=24, lanes=8, rank="1", reuse_period=3),
    resolve(state_bits=24, lanes=8, rank="4", scaling="none"),
    resolve(reuse="pool", pool_size=500, lanes=16, rank="2"),
    resolve(rng="xoshiro128pp", reuse="none", lanes=9, rank="2"),
    resolve(rng="ternary", reuse="none", lanes=5, rank="1"),
    resolve(rng="gaussian", reuse="none", rank="4"),
]


def whole(point: DesignPoint, seed: int, step: int, factor: float) -> np.ndarray:
    """Return what a step adds to all weights, from the direction made as a whole."""
    made = Whole(replace(point, layers=SHAPES), [seed])
    values = made.block(step, 1)[0, 0]
    return values * np.float32(factor * made.scale)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.label())
def test_windows_of_outer_products_are_those_of_whole_directions(point: DesignPoint) -> None:
    directions = StructuredDirections(replace(point, layers=SHAPES), 3, CPU, window=70)
    assert directions.parameters == D
    for step in (0, 1, 4, 2):
        expected = whole(point, 3, step, 1e-3)
        parts = [part.clone() for *_, part in directions.pieces(step, 0, D, 1e-3)]
        np.testing.assert_array_equal(torch.cat(parts).numpy(), expected)
    chosen = torch.tensor([0, 49, 50, 299, 300, 303, 343, 3000, D - 1])
    picked = [part.clone() for *_, part in directions.picked(4, chosen, 0.5)]
    np.testing.assert_array_equal(torch.cat(picked).numpy(), whole(point, 3, 4, 0.5)[chosen])


@given(
    window=st.integers(1, 3000),
    start=st.integers(0, D - 1),
    count=st.integers(0, D),
    point=st.sampled_from(POINTS[:4]),
)
@settings(max_examples=40, deadline=None)
def test_neither_window_nor_range_changes_a_bit_of_a_product(
    window: int, start: int, count: int, point: DesignPoint
) -> None:
    count = min(count, D - start)
    directions = StructuredDirections(replace(point, layers=SHAPES), 5, CPU, window=window)
    base = torch.linspace(-1, 1, count)
    out = torch.empty(count)
    directions.add(2, start, base, -0.25, out)
    expected = base.numpy() + whole(point, 5, 2, -0.25)[start : start + count]
    np.testing.assert_array_equal(out.numpy(), expected)


def test_a_generator_that_cannot_jump_goes_back_to_replayed_products_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = resolve(rng="xoshiro128pp", reuse="none", lanes=9, rank="2", momentum_replay=2)
    directions = StructuredDirections(replace(point, layers=SHAPES), 3, CPU, window=700)
    for step in range(4):
        directions.z(step)
    skipped: list[int] = []
    skip = Generator.skip

    def counted(self: Generator, states: np.ndarray, count: int) -> None:
        skipped.append(count)
        skip(self, states, count)

    monkeypatch.setattr(Generator, "skip", counted)
    found = [directions.z(step).numpy() for step in (1, 2, 3)]
    assert skipped and max(skipped) < D / 9  # less than a step
    monkeypatch.undo()
    for step, z in zip((1, 2, 3), found, strict=True):
        np.testing.assert_array_equal(z, whole(point, 3, step, 1.0))
