"""Directions of outer products in training: those of the stream, and products of values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pezoexplore.design.point import resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.streams.strategies.outer_product import Layout, seed_of
from pezoexplore.streams.stream import Directions, Stream
from pezoexplore.train.costs import run_costs
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.steps.structured import StructuredDirections, layout_of
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

TASK = get_task("digits-mlp")
LAYERS = "32x64,32,10x32,10"
ONE_BIT = {"bit_width": 1, "state_bits": 16, "taps": "sparse", "rng": "lut_opt"}


@pytest.mark.parametrize("scaling", ["none", "constant"])
@pytest.mark.parametrize("rng", ["lfsr", "treegrng", "rademacher", "ternary", "gaussian"])
@pytest.mark.parametrize("rank", ["1", "4"])
def test_entries_of_a_matrix_vary_as_dense_words(rng: str, scaling: str, rank: str) -> None:
    bits = 24 if rng == "lfsr" else None
    point = resolve(rng=rng, reuse="none", scaling=scaling, state_bits=bits, rank=rank)
    directions = StructuredDirections(replace(point, layers="64x32,32"), [0])
    z = directions.block(0, 400)[:, 0] * directions.scale
    dense, matrix = z[:, 2048:].std(), z[:, 32:2048].std()
    assert matrix == pytest.approx(dense, rel=0.03)


@pytest.mark.parametrize("period", [3, float("inf")])
def test_rank_one_of_one_bit_is_the_stream_that_the_hardware_shows(period: float) -> None:
    point = resolve(**ONE_BIT, reuse_period=period, rank="1")
    found = stream_source(point, TASK)((0, 5)).block(2, 6)
    for at, seed in enumerate((0, 5)):
        stream = Stream(replace(point, layers=LAYERS).hardware(), seed)
        for step in range(6):
            epoch, first = divmod(2 + step, period) if period == 3 else (0, 2 + step)
            words = stream.beats(int(epoch), int(first) * 78, 78).ravel()[:2410]
            np.testing.assert_array_equal(found[step, at], 2 * words + 1)


@pytest.mark.parametrize(("bits", "rank"), [(1, 2), (8, 2), (1, 4)])
def test_higher_ranks_are_sums_of_streams_of_their_own_seeds(bits: int, rank: int) -> None:
    point = resolve(**ONE_BIT | {"bit_width": bits, "rank": str(rank), "scaling": "constant"})
    found = stream_source(point, TASK)((7,))
    layout = layout_of(point, TASK)
    assert layout == Layout(((32, 64), (32,), (10, 32), (10,)), rank, 31)
    total = np.zeros((10, 32))
    for seed in (seed_of(7, number) for number in range(rank)):
        dense = Directions.of(point.words(), 2410, [seed])
        z = dense.block(3, 1)[0, 0] * dense.scale
        row, rest = z[2080:2112], [1.0]
        for first in range(2112, 2400, 32):
            rest.append(z[min(first // 31 * 31 + 31, first + 32) - 1])
        total += np.outer(rest, row)
    scaled = found.block(3, 1)[0, 0, 2080:2400].reshape(10, 32) * found.scale
    if bits == 1:
        assert set(np.unique(found.block(3, 1))) == set(range(-rank // 2, rank // 2 + 1))
    np.testing.assert_allclose(scaled, total / np.sqrt(rank), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("axes", "bits"),
    [
        ({}, 2410),
        ({"rank": "1"}, 178),
        ({"rank": "2"}, 356),
        ({"rank": "1", "queries": 3}, 534),
        ({"bit_width": 8}, 8 * 2410),
        ({"bit_width": 8, "rank": "4"}, 8 * 712),
        ({"rank": "1", "estimator": "sign_spsa", "momentum_replay": 4}, 178),
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
        delivered = cost(10).deliveries * 78 * 31
        apart = point.outer_products if point.bits > 1 else 1  # what no hardware adds up
        assert found["numbers_to_target"] == delivered * apart
        assert found["rng_state_bits"] == 16 * point.outer_products


def test_floats_have_no_bits() -> None:
    point = resolve(rng="gaussian", reuse="none", rank="1")
    cost = trainer_of(point, TASK, TrainSettings()).cost
    assert run_costs(point, TASK, 64, 50, cost, None)["random_bits_per_step"] is None
    assert cost(50).random_numbers == 50 * 178


@pytest.mark.parametrize("queries", [1, 2])
@pytest.mark.parametrize("rank", ["1", "2"])
def test_both_loops_learn_along_few_products(queries: int, rank: str) -> None:
    point = resolve(**ONE_BIT, queries=queries, rank=rank)
    trainer = trainer_of(point, TASK, TrainSettings())
    run = Run((0,), (1e-2,), 1000)
    *_, (_, state) = trainer.run(TASK.fit, run, stream_source(point, TASK))
    assert (state.diverged_at == NEVER).all()
    assert trainer.score(state, TASK.validation).accuracy[0, 0] > 40
