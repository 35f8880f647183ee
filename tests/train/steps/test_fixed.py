"""Outer products and replayed directions of integer weights against the slow reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fixed_reference import Replica

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.errors import DesignError
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.streams.strategies.outer_product import seed_of
from pezoexplore.streams.stream import Stream
from pezoexplore.train.costs import run_costs
from pezoexplore.train.fixed_loop import FixedTrainer
from pezoexplore.train.loop import Batches
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.selection import stream_source, trainer_of
from pezoexplore.train.steps.structured import with_layers
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

DIGITS = get_task("digits-mlp")
ONE_BIT = {"bit_width": 1, "state_bits": 16, "taps": "sparse", "rng": "lut_opt"}
INTEGERS = ONE_BIT | {"weight_bits": 16, "activation_bits": 8}
MATRICES = ((0, 3, 8), (27, 10, 3))
"""Start, rows and columns."""


def small_task() -> Task:
    """Eight pixels of the digits, a network of 67 weights."""

    def cut(split: Split) -> Split:
        return Split(np.ascontiguousarray(split.inputs[:40, 24:32]), split.labels[:40])

    splits = {name: cut(getattr(DIGITS, name)) for name in ("train", "fit", "validation", "test")}
    return replace(DIGITS, model=Mlp((8, 3, 10), input_scale=1 / 16), **splits)


SMALL = small_task()


def direction(point: DesignPoint, seed: int, step: int) -> np.ndarray:
    """Return the whole numbers of a direction: signs, their products, or half a sum of these."""
    rank, total = point.outer_products or 0, np.zeros(67, np.int64)
    for number in range(rank or 1):
        stream = Stream(point.words(), seed_of(seed, number))
        signs = 2 * stream.beats(0, 3 * step, 3).ravel().astype(np.int64) + 1
        found = signs[:67].copy()
        for start, rows, columns in MATRICES if rank else ():
            for begin in range(start + columns, start + rows * columns, columns):
                factor = signs[min(begin // 31 * 31 + 31, begin + columns) - 1]
                found[begin : begin + columns] = factor * signs[start : start + columns]
        total += found
    return total // 2 if rank > 1 else total


def by_layer(flat: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    w1, b1, w2, b2 = np.split(flat, (24, 27, 57))
    return [(w1.reshape(3, 8), b1), (w2.reshape(10, 3), b2)]


def slow_weights(trainer: FixedTrainer, run: Run, seed: int, column: int, scale: float) -> Any:
    """Return the integer weights of one replica by the reference."""
    point, network, task = trainer.point, trainer.network, trainer.task
    arithmetic, rates = trainer.prepare(run, scale)
    start = network.quantised(task.init(seed)).astype(np.int64)
    scales, more = network.scales, (arithmetic.noise_bits, arithmetic.sign)
    widths = (network.weight_bits, network.activation_bits)
    shifts = (arithmetic.exponent, arithmetic.update_shift)
    points = (scales.weights, scales.activations)
    replica = Replica(by_layer(start), *points, *widths, *shifts, *more)
    chosen = Batches([seed], len(task.fit), run.batch).block(run.steps)[:, 0]
    inputs, queries, done = network.inputs(task.fit.inputs), point.queries or 1, []
    for step in range(run.steps):
        of_ages = rates[step].reshape(1 + point.momentum_replay, -1)[:, column].tolist()
        examples, labels = inputs[chosen[step]], task.fit.labels[chosen[step]]
        probes = []
        for query in range(queries):
            values = direction(point, seed, step * queries + query)
            probe = replica.rounded(by_layer(values), None)
            difference, _ = replica.probed(examples, labels, 0, probe)
            probes.append((difference, probe))
        done.append(probes)
        for age in range(min(point.momentum_replay, step), -1, -1):
            for difference, probe in done[step - age]:
                replica.move(replica.sized(difference, of_ages[age]), probe, None)
    return np.concatenate([part.ravel() for layer in replica.layers for part in layer])


@pytest.mark.parametrize(
    ("axes", "beta"),
    [
        pytest.param({"rank": "1"}, 0.9, marks=pytest.mark.regression),
        ({"rank": "2", "queries": 2, "scaling": "constant"}, 0.9),
        pytest.param({"momentum_replay": 2}, 0.5, marks=pytest.mark.regression),
        ({"momentum_replay": 3, "queries": 2, "estimator": "sign_spsa"}, 0.9),
        pytest.param({"momentum_replay": 1, "rank": "2"}, 0.75, marks=pytest.mark.regression),
    ],
    ids=str,
)
def test_forms_agree_with_the_slow_reference_bit_for_bit(axes: dict[str, Any], beta: float) -> None:
    point = with_layers(resolve(**INTEGERS | axes), SMALL)  # as a sweep hands it on
    trainer = FixedTrainer(SMALL, point, beta=beta)
    run = Run(seeds=(0, 3), learning_rates=(0.02, 1.0), steps=5, batch=4, epsilon=0.02)
    source = stream_source(point, SMALL)
    *_, (_, state) = trainer.run(SMALL.fit, run, source)
    assert (state.diverged_at == NEVER).all()
    found, start = trainer.integers(state), trainer.network.quantised(SMALL.init(3))
    expected = slow_weights(trainer, run, 3, 1, source([0]).scale)
    np.testing.assert_array_equal(found[1, 1], expected)
    assert (expected != start).mean() > 0.4


@pytest.mark.regression
def test_blocks_change_no_bit_of_what_is_replayed() -> None:
    trainer = FixedTrainer(SMALL, resolve(**INTEGERS, momentum_replay=4))
    run = Run(seeds=(0, 3), learning_rates=(0.02,), steps=10, batch=4, epsilon=0.02)
    found = []
    for block in (2, 10):  # shorter and longer than what is replayed
        directions = stream_source(trainer.point, SMALL)(run.seeds)
        *_, (_, state) = trainer.train(SMALL.fit, run, directions, block_steps=block)
        found.append(trainer.integers(state))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    "axes",
    [{"rank": "1"}, pytest.param({"momentum_replay": 3}, marks=pytest.mark.regression)],
    ids=str,
)
def test_integers_follow_floats(axes: dict[str, Any]) -> None:
    """Sixteen bits move as floats do, but for their roundings."""
    run = Run(seeds=(0, 7), learning_rates=(0.02,), steps=40, epsilon=2**-6)
    moved = []
    for point in (resolve(**INTEGERS | axes), resolve(**ONE_BIT | axes)):
        trainer = trainer_of(point, DIGITS, TrainSettings())
        *_, (_, state) = trainer.run(DIGITS.fit, run, stream_source(point, DIGITS))
        start = np.stack([DIGITS.init(seed) for seed in run.seeds])[:, None]
        moved.append((trainer.weights(state) - start).ravel())
    assert np.corrcoef(*moved)[0, 1] > 0.99
    assert np.linalg.norm(moved[0]) == pytest.approx(np.linalg.norm(moved[1]), rel=0.1)


@pytest.mark.parametrize("axes", [{"rank": "2"}, {"momentum_replay": 3, "queries": 2}], ids=str)
def test_integers_cost_the_numbers_of_floats(axes: dict[str, Any]) -> None:
    names = ("macs", "random_bits_per_step", "numbers_to_target", "rng_state_bits")
    found = []
    for common in (INTEGERS, ONE_BIT):
        point = resolve(**common | axes)
        cost = trainer_of(point, DIGITS, TrainSettings()).cost
        costs = run_costs(point, DIGITS, 64, 50, cost, 10)
        found.append([costs[name] for name in names])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("axes", "allowed"), [({"rank": "1"}, "full"), ({"momentum_replay": 2}, "0")]
)
def test_the_engine_has_neither(axes: dict[str, Any], allowed: str) -> None:
    with pytest.raises(DesignError, match=f"the engine has none; allowed: {allowed}"):
        Shape.of(resolve(**INTEGERS | axes), 2)
