from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from fixed_reference import ConvReplica, Replica
from hypothesis import given, settings
from hypothesis import strategies as st

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.errors import DesignError
from pezoexplore.streams.stream import Stream
from pezoexplore.train.fixed_loop import FixedTrainer, stream_steps
from pezoexplore.train.loop import Batches
from pezoexplore.train.networks.cnn import Cnn, Conv, deepzero_cnn
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.selection import stream_source
from pezoexplore.train.steps.fixed import Arithmetic
from pezoexplore.train.task import Split, Task
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import NEVER, Run

DIGITS = get_task("digits-mlp")


def small_task() -> Task:
    """Eight pixels of the digits, a network of 67 weights."""
    model = Mlp((8, 3, 10), input_scale=1 / 16)

    def cut(split: Split) -> Split:
        return Split(np.ascontiguousarray(split.inputs[:40, 24:32]), split.labels[:40])

    splits = {name: cut(getattr(DIGITS, name)) for name in ("train", "fit", "validation", "test")}
    return replace(DIGITS, model=model, **splits)


SMALL = small_task()
SQUARE = Cnn(
    (5, 6, 1), (Conv(2, pool=2), Conv(3, 1, same=False, width=3)), (4,), 10, input_scale=1 / 16
)
OVER_TIME = Cnn(
    *((6, 1, 2), (Conv(3, pool=2, width=1), Conv(4, width=1)), (), 10),
    input_scale=1 / 8,
    input_shift=-1.0,
    mean=True,
)


def image_task(model: Cnn) -> Task:
    """Pixels of the digits as images of a small convolution network."""
    size = int(np.prod(model.image))

    def cut(split: Split) -> Split:
        images = split.inputs[:40, 16 : 16 + size].reshape(-1, *model.image)
        return Split(np.ascontiguousarray(images), split.labels[:40])

    splits = {name: cut(getattr(DIGITS, name)) for name in ("train", "fit", "validation", "test")}
    return replace(DIGITS, model=model, **splits)


POINTS = st.fixed_dictionaries(
    {
        "weight_bits": st.sampled_from([4, 8, 12, 16]),
        "activation_bits": st.sampled_from([4, 8, 12, 16]),
        "rounding": st.sampled_from(["nearest", "stochastic"]),
        "estimator": st.sampled_from(["rge", "sign_spsa"]),
        "queries": st.sampled_from([1, 3]),
    }
)
Case = tuple[dict[str, Any], dict[str, Any]]
NUMBERS = [
    {"rng": "rademacher", "reuse": "none"},
    {"rng": "lfsr", "reuse": "phased", "state_bits": 24, "bit_width": 8},
    {"rng": "lfsr", "reuse": "bank", "bit_width": 5, "lanes": 7},
    {"rng": "xorshift32", "reuse": "pool", "pool_size": 255, "bit_width": 12, "reuse_period": 3},
]


def point_of(axes: dict[str, Any], numbers: dict[str, Any], independent: bool) -> DesignPoint:
    how = "independent" if independent and axes["rounding"] == "stochastic" else "shared"
    return resolve(**axes, **numbers, update_rounding=how)


def words_by_pass(
    point: DesignPoint, seed: int, passes: int, parameters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Values and unsigned words [passes, d] of a point's stream, one stream step after another."""
    stream = Stream(point.perturbation(), seed)
    beats = -(-parameters // point.lanes)
    found = []
    for index in range(passes):
        epoch, at = (0, index) if not point.reseeds else divmod(index, int(point.reuse_period))
        words = stream.beats(epoch, at * beats, beats).reshape(-1)[:parameters]
        found.append(words.astype(np.int64))
    words = np.stack(found)
    return (2 * words + 1 if stream.half else words), words + 2 ** (point.bits - 1)


def numbered(words: np.ndarray, bits: int) -> np.ndarray:
    number = np.zeros_like(words[0])
    for word in words:
        number = number * 2**bits + word
    return number


def by_layer(model: Mlp | Cnn, flat: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """Weight and bias of each layer in the shapes that :attr:`blocks` gives them."""
    return [
        tuple(block.of(flat) for block in model.blocks if block.layer == layer)
        for layer in range(model.layers)
    ]


def slow_replica(trainer: FixedTrainer, seed: int, arithmetic: Arithmetic) -> Replica:
    network, model = trainer.network, trainer.task.model
    start = network.quantised(trainer.task.init(seed)).astype(np.int64)
    common = (
        by_layer(model, start),
        network.scales.weights,
        network.scales.activations,
        network.weight_bits,
        network.activation_bits,
        arithmetic.exponent,
        arithmetic.update_shift,
        arithmetic.noise_bits,
        arithmetic.sign,
    )
    if isinstance(model, Mlp):
        return Replica(*common)
    return ConvReplica(*common, [(conv.same, conv.pool) for conv in model.convs], model.mean)


def slow_weights(trainer: FixedTrainer, run: Run, seed: int, column: int, scale: float) -> Any:
    """Integer weights of one replica by the reference, and D of every step."""
    point, network, task = trainer.point, trainer.network, trainer.task
    arithmetic, rates = trainer.prepare(run, scale)
    replica = slow_replica(trainer, seed, arithmetic)
    per_number = arithmetic.noise_bits // point.bits
    each = 1 + arithmetic.draws * per_number
    queries = point.queries or 1
    values, words = words_by_pass(point, seed, run.steps * queries * each, task.parameters)
    chosen = Batches([seed], len(task.fit), run.batch).block(run.steps)[:, 0]
    inputs = network.inputs(task.fit.inputs)
    moves = []
    for probed in range(run.steps * queries):
        direction = by_layer(task.model, values[probed * each])
        random = words[probed * each + 1 : (probed + 1) * each]
        random = random.reshape(arithmetic.draws, per_number, task.parameters)
        numbers = [numbered(some, point.bits) for some in random]
        drawn = iter([by_layer(task.model, some) for some in numbers])
        rounds = arithmetic.stochastic and point.bits > 1
        probe = replica.rounded(direction, next(drawn) if rounds else None)
        along = probe
        if rounds and arithmetic.independent:
            along = replica.rounded(direction, next(drawn))
        noise = next(drawn) if arithmetic.stochastic else None
        step = probed // queries
        examples, labels = inputs[chosen[step]], task.fit.labels[chosen[step]]
        _, size = replica.probed(examples, labels, int(rates[step, column]), probe)
        moves.append((size, along, noise))
        if len(moves) == queries:  # all are probed at the weights before the step
            for move in moves:
                replica.move(*move)
            moves = []
    return np.concatenate([part.ravel() for layer in replica.layers for part in layer])


@dataclass(frozen=True)
class Silenced:
    """The numbers of a stream with zeros in the steps that are chosen."""

    inner: Any
    chosen: Callable[[np.ndarray], np.ndarray]

    @property
    def scale(self) -> float:
        return float(self.inner.scale)

    def block(self, first: int, steps: int) -> np.ndarray:
        values = np.array(self.inner.block(first, steps))
        values[self.chosen(np.arange(first, first + steps))] = 0
        return values


def mark_of(place: int, repeats: int) -> Any:
    """Return the mark of a case: each generator is tested once, two of them in .ci/run."""
    return pytest.mark.regression if repeats else pytest.mark.slow if place > 1 else ()


@pytest.mark.parametrize(
    ("numbers", "independent"),
    [
        pytest.param(numbers, independent, marks=mark_of(place, repeats))
        for place, numbers in enumerate(NUMBERS)
        for independent, repeats in ((False, place % 2), (True, not place % 2))
    ],
)
def test_the_directions_of_training_are_every_nth_step_of_the_stream(
    numbers: dict[str, Any], independent: bool
) -> None:
    """Without them no weight moves; without the numbers of the roundings, weights do."""
    axes = {"weight_bits": 12, "activation_bits": 8, "rounding": "stochastic"}
    trainer = FixedTrainer(SMALL, point_of(axes, numbers, independent))
    every = stream_steps(trainer.point)
    assert every > 1
    run = Run(seeds=(0,), learning_rates=(5.0,), steps=6, batch=4, epsilon=0.05)

    def weights(chosen: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        source = Silenced(stream_source(trainer.point, SMALL)([0]), chosen)
        *_, (_, state) = trainer.train(SMALL.fit, run, source)
        return trainer.integers(state)

    start = trainer.network.quantised(SMALL.init(0))
    assert np.array_equal(weights(lambda steps: steps % every == 0)[0, 0], start)
    assert not np.array_equal(weights(lambda steps: steps % every != 0)[0, 0], start)


@pytest.mark.parametrize(
    ("estimator", "rounding"),
    [
        ("rge", "stochastic"),
        pytest.param("sign_spsa", "nearest", marks=pytest.mark.regression),
        pytest.param("rge", "nearest", marks=pytest.mark.regression),
        pytest.param("sign_spsa", "stochastic", marks=pytest.mark.regression),
    ],
)
def test_several_directions_agree_with_the_slow_reference(estimator: str, rounding: str) -> None:
    """All are probed at the weights before the step, at a third of the rate."""
    axes = {"weight_bits": 12, "activation_bits": 8, "rounding": rounding, "estimator": estimator}
    trainer = FixedTrainer(SMALL, point_of({**axes, "queries": 3}, NUMBERS[1], True))
    run = Run(seeds=(0, 3), learning_rates=(0.02, 5.0), steps=3, batch=4, epsilon=0.05)
    source = stream_source(trainer.point, SMALL)
    *_, (_, state) = trainer.run(SMALL.fit, run, source)
    expected = slow_weights(trainer, run, 3, 1, source([0]).scale)
    np.testing.assert_array_equal(trainer.integers(state)[1, 1], expected)
    one = FixedTrainer(SMALL, point_of(axes, NUMBERS[1], True))
    assert trainer.cost(7).forward_passes == 3 * one.cost(7).forward_passes
    assert trainer.cost(7).deliveries == 3 * one.cost(7).deliveries


@pytest.mark.regression
@settings(max_examples=5, deadline=None, derandomize=True)
@given(POINTS, st.sampled_from(NUMBERS), st.booleans(), st.sampled_from([1e-3, 0.05, 0.5]))
def test_agrees_with_the_slow_reference_bit_for_bit(
    axes: dict[str, Any], numbers: dict[str, Any], independent: bool, epsilon: float
) -> None:
    trainer = FixedTrainer(SMALL, point_of(axes, numbers, independent))
    run = Run(seeds=(0, 3), learning_rates=(0.02, 5.0), steps=3, batch=4, epsilon=epsilon)
    source = stream_source(trainer.point, SMALL)
    *_, (_, state) = trainer.run(SMALL.fit, run, source)
    found = trainer.integers(state)
    scale = source([0]).scale
    for row, column in ((0, 0), (1, 1)):
        expected = slow_weights(trainer, run, run.seeds[row], column, scale)
        np.testing.assert_array_equal(found[row, column], expected)


WIDE: Case = ({"weight_bits": 16, "activation_bits": 8}, NUMBERS[1])
SIGN: Case = ({"weight_bits": 8, "activation_bits": 8, "estimator": "sign_spsa"}, NUMBERS[0])
ROUNDED: Case = (
    {"weight_bits": 12, "activation_bits": 16, "rounding": "stochastic"},
    NUMBERS[2],
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "axes", "numbers"),
    [
        pytest.param(SQUARE, *WIDE, id="square w16a8"),
        pytest.param(OVER_TIME, *SIGN, id="over time w8a8 sign", marks=pytest.mark.regression),
        pytest.param(SQUARE, *ROUNDED, id="square w12a16 stochastic", marks=pytest.mark.regression),
        pytest.param(OVER_TIME, *WIDE, id="over time w16a8", marks=pytest.mark.regression),
        pytest.param(SQUARE, *SIGN, id="square w8a8 sign", marks=pytest.mark.regression),
        pytest.param(
            OVER_TIME, *ROUNDED, id="over time w12a16 stochastic", marks=pytest.mark.regression
        ),
    ],
)
def test_convolutions_agree_with_the_slow_reference_bit_for_bit(
    model: Cnn, axes: dict[str, Any], numbers: dict[str, Any]
) -> None:
    task = image_task(model)
    trainer = FixedTrainer(task, point_of(axes, numbers, independent=False))
    run = Run(seeds=(0, 3), learning_rates=(0.02, 5.0), steps=3, batch=4, epsilon=0.05)
    source = stream_source(trainer.point, task)
    *_, (_, state) = trainer.run(task.fit, run, source)
    found, start = trainer.integers(state), trainer.network.quantised(task.init(0))
    assert not np.array_equal(found[0, 1], start)
    for row, column in ((0, 0), (1, 1)):
        expected = slow_weights(trainer, run, run.seeds[row], column, source([0]).scale)
        np.testing.assert_array_equal(found[row, column], expected)


def test_what_has_no_integer_form_is_refused() -> None:
    point = fixed(8).point
    with pytest.raises(DesignError, match="a convolution network without norms"):
        FixedTrainer(replace(DIGITS, model=deepzero_cnn(2)), point)
    with pytest.raises(DesignError, match="the loss of task digits-mlp has no integer form"):
        FixedTrainer(replace(DIGITS, loss=lambda outputs, targets: outputs.sum(-1)), point)


def fixed(weight_bits: int, activation_bits: int = 8, **axes: Any) -> FixedTrainer:
    numbers = {"rng": "rademacher", "reuse": "none"}
    bits = {"weight_bits": weight_bits, "activation_bits": activation_bits}
    return FixedTrainer(DIGITS, resolve(**numbers | bits | axes))


RUN = Run(seeds=(0, 7), learning_rates=(0.003, 0.02), steps=40, epsilon=0.02)


def trained(trainer: FixedTrainer, run: Run = RUN, **options: Any) -> np.ndarray:
    directions = stream_source(trainer.point, DIGITS)(run.seeds)
    *_, (step, state) = trainer.train(DIGITS.fit, run, directions, **options)
    assert step == run.steps
    return trainer.integers(state)


@pytest.mark.regression
def test_blocks_and_stops_change_no_bit() -> None:
    trainer = fixed(12, rounding="stochastic")
    whole = trained(trainer)
    np.testing.assert_array_equal(trained(trainer, block_steps=7), whole)
    directions = stream_source(trainer.point, DIGITS)(RUN.seeds)
    handed = list(trainer.train(DIGITS.fit, RUN, directions, stops=[0, 13, 39]))
    assert [step for step, _ in handed] == [0, 13, 39, 40]
    np.testing.assert_array_equal(trainer.integers(handed[-1][1]), whole)


def test_probing_leaves_the_weights_as_they_are_at_the_rails_too() -> None:
    """A rate so small that no step moves a weight: only the probes pass over them."""
    trainer = fixed(4)
    run = replace(RUN, learning_rates=(1e-12,), steps=100)
    start = np.stack([trainer.network.quantised(DIGITS.init(seed)) for seed in run.seeds])
    assert ((start == -8) | (start == 7)).any() or np.abs(start).max() >= 3
    np.testing.assert_array_equal(trained(trainer, run)[:, 0], start)


@pytest.mark.regression
def test_integers_follow_the_float_run() -> None:
    """Wide integers take the same path as float weights, up to their resolution."""
    from pezoexplore.train.mlp_trainer import MlpTrainer

    trainer = fixed(16, 16)
    run = replace(RUN, learning_rates=(0.005,), steps=300, epsilon=2.0**-6)
    *_, (_, state) = trainer.run(DIGITS.fit, run, stream_source(trainer.point, DIGITS))
    floats = MlpTrainer(DIGITS.model)
    *_, (_, reference) = floats.run(DIGITS.fit, run, stream_source(trainer.point, DIGITS))
    start = np.stack([DIGITS.init(seed) for seed in run.seeds])
    moved = floats.weights(reference)[:, 0] - start
    error = trainer.weights(state)[:, 0] - floats.weights(reference)[:, 0]
    assert np.abs(error).max() < 0.05 * np.abs(moved).max()
    ours, theirs = trainer.score(state, DIGITS.test), floats.score(reference, DIGITS.test)
    np.testing.assert_allclose(ours.accuracy, theirs.accuracy, atol=1.0)
    np.testing.assert_allclose(ours.loss, theirs.loss, rtol=0.01)


def test_weights_at_their_rails_count_as_diverged() -> None:
    trainer = fixed(8)
    run = replace(RUN, learning_rates=(0.001, 1e4))
    *_, (_, state) = trainer.run(DIGITS.fit, run, stream_source(trainer.point, DIGITS))
    assert (state.diverged_at[:, 0] == NEVER).all()
    assert (state.diverged_at[:, 1] >= 0).all()


def test_roundings_take_numbers_from_the_same_stream() -> None:
    assert fixed(8).cost(10).random_numbers == 10 * 2410
    assert fixed(8, rounding="stochastic").cost(10).random_numbers == 10 * 2410 * 9
    wide = {"rng": "lfsr", "reuse": "phased", "state_bits": 24, "rounding": "stochastic"}
    assert fixed(8, **wide).cost(10).random_numbers == 10 * 2410 * 3
    assert fixed(8, **wide, update_rounding="independent").cost(10).random_numbers == 10 * 2410 * 4


def test_numbers_are_delivered_where_they_are_used() -> None:
    """The direction and its rounding on both sides and in the update; the update's rounding once.

    An independent rounding of the update's direction replaces the probe's there.
    """
    wide = {"rng": "lfsr", "reuse": "phased", "state_bits": 24, "rounding": "stochastic"}
    assert fixed(8).cost(10).deliveries == 10 * 3
    assert fixed(8, rounding="stochastic").cost(10).deliveries == 10 * (3 + 8)
    assert fixed(8, **wide).cost(10).deliveries == 10 * (3 + 3 + 1)
    independent = fixed(8, **wide, update_rounding="independent")
    assert independent.cost(10).deliveries == 10 * (3 + 2 + 1 + 1)


def test_a_wide_layer_is_refused() -> None:
    model = Mlp((1000, 4, 10))
    split = Split(np.zeros((4, 1000), np.uint8), np.zeros(4, np.uint8))
    task = replace(DIGITS, model=model, fit=split)
    with pytest.raises(DesignError, match="a layer of 1000 inputs is too wide to be exact"):
        _ = FixedTrainer(task, fixed(8, 16).point).network
