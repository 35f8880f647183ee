"""Structured directions against outer products written out matrix by matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.streams.stream import Directions
from pezoexplore.train.costs import run_costs
from pezoexplore.train.networks.network import Block
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.steps.structured import Layout, StructuredDirections
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

TASK = get_task("digits-mlp")
BLOCKS = TASK.model.blocks
"""32 x 64 and 10 x 32 with their biases."""
ONE_BIT = {"bit_width": 1, "state_bits": 16, "taps": "sparse", "rng": "lut_opt"}


def outer(block: Block, take: Any, rank: int) -> np.ndarray:
    """Return the direction of one tensor, word by word; ``take(n)`` gives the next n words."""
    columns = block.shape[-1]
    rows = block.size // columns
    total = np.zeros((rows, columns))
    for _ in range(rank):
        row = take(rows)
        total += np.outer(row, take(columns))
    return total.ravel() / np.sqrt(rank)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_matrices_are_outer_products_and_biases_dense(rank: int) -> None:
    layout = Layout(BLOCKS, rank)
    assert layout.numbers == rank * (64 + 32 + 32 + 10) + 32 + 10
    words = np.random.default_rng(rank).integers(-99, 100, (3, 2, layout.numbers), np.int16)
    found = layout.expanded(words, 0.25)
    for place in np.ndindex(3, 2):
        left = iter(words[place].tolist())

        def take(count: int, left: Any = left) -> np.ndarray:
            return np.array([next(left) for _ in range(count)])

        for block in BLOCKS:
            dense = len(block.shape) == 1
            expected = take(block.size) if dense else 0.25 * outer(block, take, rank)
            at = found[place][block.start : block.stop]
            np.testing.assert_allclose(at, expected, rtol=1e-6, atol=1e-5)
        assert next(left, None) is None


def test_a_convolution_is_a_matrix_of_its_output_channels_and_a_small_one_dense() -> None:
    blocks = (Block("conv", 0, (3, 3, 4, 8), 0), Block("small", 288, (3, 2), 1))
    layout = Layout(blocks, 1)
    assert [layout.vectors(block) for block in blocks] == [(36, 8), (3, 2)]
    assert Layout(blocks, 2).vectors(blocks[1]) == (0, 0)
    assert Layout(blocks, 2).numbers == 2 * 44 + 6


@pytest.mark.parametrize("scaling", ["none", "constant"])
@pytest.mark.parametrize("rng", ["lfsr", "treegrng", "rademacher", "ternary", "gaussian"])
@pytest.mark.parametrize("rank", [1, 4])
def test_entries_of_a_matrix_vary_as_dense_words(rng: str, scaling: str, rank: int) -> None:
    point = resolve(
        rng=rng, reuse="none", scaling=scaling, state_bits=24 if rng == "lfsr" else None
    )
    blocks = (Block("matrix", 0, (64, 32), 0), Block("bias", 2048, (32,), 0))
    directions = StructuredDirections(point, Layout(blocks, rank), [0])
    z = directions.block(0, 400)[:, 0] * directions.scale
    dense, matrix = z[:, 2048:].std(), z[:, :2048].std()
    assert matrix == pytest.approx(dense, rel=0.03)


@pytest.mark.parametrize("period", [3, float("inf")])
def test_the_words_are_those_of_the_point_s_own_stream(period: float) -> None:
    """One-bit words make a direction of -1 and +1, of as many words as the vectors have."""
    point = resolve(**ONE_BIT, reuse_period=period)
    found = stream_source(replace(point, rank="1"), TASK)((0, 5)).block(2, 6)
    words = Directions.of(point, 180, (0, 5)).block(2, 6)
    np.testing.assert_array_equal(np.abs(found), 1)
    first = words[..., :32, None] * words[..., None, 32:96]
    np.testing.assert_array_equal(found[..., :2048], first.reshape(6, 2, 2048))
    np.testing.assert_array_equal(found[..., -10:], words[..., -10:])


@pytest.mark.parametrize(
    ("axes", "bits"),
    [
        ({}, 2410),
        ({"rank": "1"}, 180),
        ({"rank": "2"}, 318),
        ({"rank": "1", "queries": 3}, 540),
        ({"bit_width": 8}, 8 * 2410),
        ({"bit_width": 8, "rank": "4"}, 8 * 594),
        ({"rank": "1", "estimator": "sign_spsa", "momentum_replay": 4}, 180),
        ({"estimator": "cge"}, 0),
        ({"rng": "walsh", "reuse": "none", "taps": None, "state_bits": None}, 0),
    ],
)
def test_random_bits_of_a_step(axes: dict[str, Any], bits: int) -> None:
    point = resolve(**ONE_BIT | axes)
    cost = trainer_of(point, TASK, TrainSettings()).cost
    found = run_costs(point, TASK, 64, 50, cost, 10)
    assert found["random_bits_per_step"] == bits
    if point.outer_products:
        beats = -(-Layout(BLOCKS, point.outer_products).numbers // 31)
        assert found["numbers_to_target"] == cost(10).deliveries * beats * 31


def test_floats_have_no_bits() -> None:
    point = resolve(rng="gaussian", reuse="none", rank="1")
    cost = trainer_of(point, TASK, TrainSettings()).cost
    assert run_costs(point, TASK, 64, 50, cost, None)["random_bits_per_step"] is None
    assert cost(50).random_numbers == 50 * 180


@pytest.mark.parametrize("queries", [1, 2])
def test_both_loops_learn_along_rank_one(queries: int) -> None:
    point = resolve(**ONE_BIT, queries=queries, rank="1")
    trainer = trainer_of(point, TASK, TrainSettings())
    run = Run((0,), (1e-2,), 400)
    *_, (_, state) = trainer.run(TASK.fit, run, stream_source(point, TASK))
    assert (state.diverged_at == NEVER).all()
    assert trainer.score(state, TASK.validation).accuracy[0, 0] > 40
