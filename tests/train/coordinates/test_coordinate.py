from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from coordinate_reference import cge

from pezoexplore.train.backend import load_jax
from pezoexplore.train.coordinates.coordinate import (
    Everywhere,
    Point,
    Workers,
    gradient,
    padded_coordinates,
    train_by_coordinates,
)
from pezoexplore.train.general_loop import Sgd, Start
from pezoexplore.train.networks.cnn import Cnn, Conv
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Network
from pezoexplore.train.probes import Probe
from pezoexplore.train.task import Split
from pezoexplore.train.trainer import Run

NETWORKS: dict[str, Network] = {
    "dense": Mlp((6, 5, 7, 3), input_scale=0.1),
    "convolutions": Cnn(
        (6, 6, 2), (Conv(4, groups=2, pool=2), Conv(3, same=False)), (), 3, input_scale=0.1
    ),
    "mean": Cnn((4, 4, 1), (Conv(3, groups=1, pool=2),), (), 3, input_scale=0.1, mean=True),
}
DENSE = NETWORKS["dense"]
RNG = np.random.default_rng(5)
EPSILON = 1e-2


def cross_entropy(outputs: Any, labels: Any) -> Any:
    jax = load_jax()
    logs = jax.nn.log_softmax(outputs)
    return -jax.numpy.take_along_axis(logs, labels[:, None].astype(int), axis=-1)[:, 0]


def batch_of(network: Network, *lead: int) -> tuple[np.ndarray, np.ndarray]:
    shape = network.image if isinstance(network, Cnn) else (6,)
    inputs = RNG.integers(0, 17, size=(*lead, *shape)).astype(np.uint8)
    return inputs, RNG.integers(0, 3, size=lead).astype(np.uint8)


def point_of(network: Network, seeds: int = 2, rates: int = 2, batch: int = 9) -> Point:
    drawn = [[network.init(3 * seed + rate) for rate in range(rates)] for seed in range(seeds)]
    weights = np.array(drawn) + RNG.normal(0, 0.1, (seeds, rates, network.parameters))
    return Point(weights.astype(np.float32), *batch_of(network, seeds, batch), EPSILON)


def whole_passes(network: Network, point: Point) -> np.ndarray:
    """Return the plain estimate of every replica."""
    jax = load_jax()

    def of_replica(flat: Any, inputs: Any, targets: Any) -> Any:
        def losses(weights: Any) -> Any:
            return cross_entropy(network.outputs(weights, inputs), targets)

        return cge(losses, flat, np.float32(EPSILON))[0]

    over_rates = jax.vmap(of_replica, (0, None, None))
    estimates = jax.jit(jax.vmap(over_rates))(point.weights, point.inputs, point.targets)
    return np.asarray(estimates)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reuse"),
    [
        ("dense", True),
        pytest.param("convolutions", True, marks=pytest.mark.regression),
        pytest.param("mean", True, marks=pytest.mark.regression),
        pytest.param("mean", False, marks=pytest.mark.regression),
    ],
)
def test_agrees_with_whole_passes(name: str, reuse: bool) -> None:
    network = NETWORKS[name]
    point = point_of(network)
    found, sound = gradient(
        Probe(network, cross_entropy, reuse), point, Everywhere(network, 2).at(0)
    )
    expected = whole_passes(network, point)
    assert np.asarray(sound).all()
    assert (np.abs(expected).max(axis=-1) > 0.02).all()
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_only_the_chosen_coordinates_are_estimated() -> None:
    point, probe = point_of(DENSE), Probe(DENSE, cross_entropy)
    whole = np.asarray(gradient(probe, point, Everywhere(DENSE, 2).at(0))[0])
    chosen = [np.array([0, 5, 40, DENSE.parameters - 1]), np.array([7, 90])]
    found = np.asarray(gradient(probe, point, padded_coordinates(DENSE, chosen))[0])
    expected = np.zeros_like(whole)
    for seed, mine in enumerate(chosen):
        expected[seed][:, mine] = whole[seed][:, mine]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.regression
def test_workers_change_no_bit() -> None:
    point, probe = point_of(DENSE), Probe(DENSE, cross_entropy)
    everywhere = Everywhere(DENSE, 2).at(0)
    with Workers(2) as workers:
        shared = gradient(probe, point, everywhere, workers)[0]
    np.testing.assert_array_equal(shared, gradient(probe, point, everywhere)[0])


RUN = Run(seeds=(0, 4), learning_rates=(0.1, 0.3), steps=12, batch=9, epsilon=EPSILON)


def trained(stops: tuple[int, ...] = (), weight_decay: float = 0.0) -> dict[int, np.ndarray]:
    """Weights at each stop."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, size=50).astype(np.uint8)
    inputs = rng.integers(0, 9, size=(50, 6)).astype(np.uint8)
    flat = np.array([DENSE.init(seed) for seed in RUN.seeds])
    start = Start(np.stack([flat, flat], axis=1))
    probe, masks = Probe(DENSE, cross_entropy), Everywhere(DENSE, len(RUN.seeds))
    sgd = Sgd(weight_decay=weight_decay)
    steps = train_by_coordinates(probe, sgd, Split(inputs, labels), RUN, masks, start, stops)
    return {step: np.asarray(state.weights) for step, state in steps}


def test_stops_change_no_bit() -> None:
    handed = trained(stops=(0, 5, 40))
    assert list(handed) == [0, 5, 12]
    np.testing.assert_array_equal(handed[12], trained()[12])
    np.testing.assert_array_equal(handed[0][1, 0], DENSE.init(4))


def test_weight_decay_shrinks_the_weights() -> None:
    plain, decayed = trained()[12], trained(weight_decay=0.5)[12]
    assert np.linalg.norm(decayed) < 0.8 * np.linalg.norm(plain)
