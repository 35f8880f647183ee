from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pezoexplore.train.loop import Batches, Loop, cosine_rates, drive
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import Run

DATA = Split(np.arange(50)[:, None], np.arange(50, dtype=np.uint8))
RUN = Run(seeds=(3, 4), learning_rates=(0.5,), steps=23, batch=4)
RATES = cosine_rates((0.5,), RUN.steps).astype(np.float32)


def traced(stops: Sequence[int], block_steps: int, first: int = 0) -> tuple[Any, Any, Any]:
    """Return the stops, the calls as (step, inputs, rate), and the requested values."""
    seen, asked = [], []

    def values(first: int, steps: int) -> tuple[np.ndarray]:
        asked.append((first, steps))
        return (np.arange(first, first + steps),)

    def advance(carried: Any, block: Any, bounds: Any) -> Any:
        start, stop, offset = bounds
        assert all(len(part) == block_steps for part in block)
        for index in range(start, stop):
            step, inputs, labels, rate = (part[index] for part in block)
            assert step == offset + index
            np.testing.assert_array_equal(inputs[..., 0], labels)
            seen.append((int(step), labels.tolist(), float(rate[0])))
        return (carried[0] + stop - start, carried[1])

    loop = Loop(DATA, RATES, values, advance, block_steps)
    states = drive(loop, (np.int32(first), np.zeros((2, 1))), RUN, stops, first)
    met = [step for step, state in states if step == state.weights]
    return met, seen, asked


@pytest.mark.parametrize("block_steps", [1, 5, 23, 40])
def test_every_step_is_fed_once_however_the_run_is_cut(block_steps: int) -> None:
    met, seen, asked = traced((0, 4, 5, 5, 22, 99), block_steps)
    assert met == [0, 4, 5, 22, 23]
    chosen = Batches(RUN.seeds, 50, RUN.batch).block(RUN.steps)
    rates = RATES[:, 0].tolist()
    assert seen == [
        (step, chosen[step].tolist(), rate) for step, rate in zip(range(23), rates, strict=True)
    ]
    assert [first for first, _ in asked] == list(range(0, 23, block_steps))


def test_a_resumed_run_is_fed_the_rest() -> None:
    _, whole, _ = traced((), 5)
    met, rest, asked = traced((2, 9), 5, first=8)
    assert met == [9, 23]
    assert rest == whole[8:]
    assert asked[0] == (8, 5)


def test_cosine_rates_fall_from_the_rate_to_nearly_nothing() -> None:
    rates = cosine_rates((0.5, 2.0), 100)
    assert rates.shape == (100, 2)
    np.testing.assert_allclose(rates[0], [0.5, 2.0])
    np.testing.assert_allclose(rates[50], [0.25, 1.0])
    assert (np.diff(rates, axis=0) < 0).all()
    assert (rates[-1] < 0.001 * rates[0]).all()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(2, 2000))
def test_batches_do_not_depend_on_how_they_are_cut(cuts: Sequence[int], examples: int) -> None:
    whole = Batches([5, 6], examples, 8).block(sum(cuts))
    pieces = Batches([5, 6], examples, 8)
    np.testing.assert_array_equal(np.concatenate([pieces.block(cut) for cut in cuts]), whole)
    assert whole.shape == (sum(cuts), 2, 8)
    assert whole.min() >= 0
    assert whole.max() < examples


def test_batches_of_a_seed_do_not_depend_on_the_others() -> None:
    both = Batches([5, 6], 1437, 64).block(50)
    np.testing.assert_array_equal(both[:, 1], Batches([6], 1437, 64).block(50)[:, 0])
    assert (both[:, 0] != both[:, 1]).mean() > 0.9
    assert len(np.unique(both)) > 1300
