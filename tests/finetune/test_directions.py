"""The numbers on a device are those of the bit-true stream, however they are made and cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_models import CPU, EVERY_RNG, POINTS, addends

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.finetune.directions import Directions
from pezoexplore.finetune.linear import Linear
from pezoexplore.finetune.sources import (
    Cyclic,
    Host,
    Repeated,
    Rotating,
    Source,
    source,
    table_period,
)
from pezoexplore.streams.strategies.none import PerLane
from pezoexplore.streams.strategies.phased import Phased
from pezoexplore.streams.stream import Stream, strategy

PARAMETERS = 5003


@pytest.mark.parametrize("point", POINTS + EVERY_RNG, ids=lambda point: point.label())
def test_every_design_moves_weights_by_its_stream(point: DesignPoint) -> None:
    directions = Directions(point, 3, PARAMETERS, CPU, window=700)
    for step in (0, 1, 2, 5):
        expected = addends(point, 3, PARAMETERS, step, 1e-3)
        found = torch.cat([part.clone() for *_, part in directions.pieces(step, 0, 5003, 1e-3)])
        assert np.array_equal(found.numpy(), expected)
    assert np.array_equal(directions.z(0).numpy(), addends(point, 3, PARAMETERS, 0, 1.0))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.label())
def test_weights_moved_in_place_are_those_moved_into_another_tensor(point: DesignPoint) -> None:
    directions = Directions(point, 3, PARAMETERS, CPU, window=700)
    weights = torch.from_numpy(np.random.default_rng(0).normal(size=4000).astype(np.float32))
    moved = torch.empty(4000)
    expected = weights.numpy() + addends(point, 3, PARAMETERS, 2, -1e-3)[1000:5000]
    directions.add(2, 1000, weights, -1e-3, moved)
    directions.add(2, 1000, weights, -1e-3, weights)
    assert np.array_equal(moved.numpy(), expected)
    assert np.array_equal(weights.numpy(), expected)


def on_any_device(point: DesignPoint, seed: int) -> Source | None:
    """Return the variant for accelerators, on the CPU; None if there is no other."""
    made = strategy(point, seed)
    short = table_period(made)
    if point.reuse in ("bank", "phased") and short is not None:
        host = Host(point, seed, CPU)
        return Rotating(host, short) if point.reuse == "bank" else Cyclic(host, short, 1000)
    if isinstance(made, Phased | PerLane) and point.rng in ("lfsr", "xorshift32", "rademacher"):
        return Linear(made, CPU) if short is None else None
    return None


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.label())
def test_forms_for_accelerators_equal_the_stream_across_periods(point: DesignPoint) -> None:
    source = on_any_device(point, 4)
    if source is None:
        assert point.reuse in ("none", "pool")
        return
    stream = Stream(point, 4)
    period = table_period(stream.strategy) or 2**24 - 1
    # Beats 7 to 900, then some around the first turns of the bank or the phased stream.
    for epoch, start, count in ((0, 7, 893), (2, period - 5, 40), (1, 3 * period - 1, 1)):
        words = stream.beats(epoch, start, count) + 0.5 * stream.half
        exponents = stream.exponents(epoch, start, count)
        scaled = words if exponents is None else np.ldexp(words, exponents[:, None])
        assert np.array_equal(source.numbers(epoch, start, count).numpy(), scaled)


@pytest.mark.parametrize(
    "point",
    [
        resolve(state_bits=12, lanes=5),
        resolve(rng="lut_opt", taps="sparse", state_bits=16, bit_width=1),
        resolve(rng="xorshift32", reuse="pool", pool_size=1023, reuse_period=2),
        resolve(reuse="pool", pool_size=127, lanes=3),
    ],
    ids=lambda point: point.label(),
)
def test_a_repeating_stream_is_a_table_of_its_words(point: DesignPoint) -> None:
    table, stream = source(point, 4, CPU, 900), Stream(point, 4)
    assert isinstance(table, Repeated)
    period = table_period(stream.strategy) or 0
    for epoch, start, count in ((0, 0, 900), (1, period - 5, 40), (0, 3 * period - 1, 900)):
        epoch = epoch if point.reseeds else 0
        words = table.words(epoch, start, count)
        assert np.array_equal(words, stream.beats(epoch, start, count))
        assert words.dtype == np.int8


def test_a_long_state_wraps_where_the_stream_does() -> None:
    point = resolve(state_bits=22, lanes=4)
    made = strategy(point, 1)
    assert isinstance(made, Phased)
    source = Linear(made, CPU)
    for epoch in (0, 3):
        start = made.until_wrap(epoch, 0) - 20
        expected = Stream(point, 1).beats(epoch, start, 50) + 0.5
        assert np.array_equal(source.numbers(epoch, start, 50).numpy(), expected)


@given(
    window=st.integers(1, 3000),
    start=st.integers(0, 1999),
    count=st.integers(0, 2000),
    point=st.sampled_from(POINTS[:12]),
)
@settings(max_examples=60, deadline=None)
def test_neither_window_nor_range_changes_a_bit(
    window: int, start: int, count: int, point: DesignPoint
) -> None:
    count = min(count, 2000 - start)
    directions = Directions(point, 5, 2000, CPU, window=window)
    found, ends = [np.empty(0, np.float32)], [0]
    for low, high, part in directions.pieces(2, start, count, -0.25):
        assert low == ends[-1]
        ends.append(high)
        found.append(part.numpy().copy())
    assert ends[-1] == count
    expected = addends(point, 5, 2000, 2, -0.25)[start : start + count]
    assert np.array_equal(np.concatenate(found), expected)


def test_chosen_positions_get_their_numbers() -> None:
    point = resolve(state_bits=24)
    directions = Directions(point, 0, 5000, CPU, window=310)
    chosen = torch.tensor([0, 1, 308, 309, 310, 2500, 4999])
    parts = [part.clone() for *_, part in directions.picked(3, chosen, 0.5)]
    expected = addends(point, 0, 5000, 3, 0.5)[chosen.numpy()]
    assert np.array_equal(torch.cat(parts).numpy(), expected)


def test_replays_of_a_generator_that_cannot_jump_repeat_its_numbers() -> None:
    point = resolve(rng="xoshiro128pp", reuse="none", lanes=4)
    directions = Directions(point, 0, 1000, CPU, window=64)
    for step in (3, 3, 4, 2, 7):
        found = directions.z(step).numpy()
        assert np.array_equal(found, addends(point, 0, 1000, step, 1.0))


def test_seeds_give_other_directions() -> None:
    first, second = (Directions(resolve(), seed, 500, CPU).z(0) for seed in (0, 1))
    assert not torch.equal(first, second)
