from __future__ import annotations

import pytest

from pezoexplore.design.point import DesignPoint, resolve
from pezoexplore.design.space import TrainSettings
from pezoexplore.energies import access_pj
from pezoexplore.train.costs import (
    activations,
    mac_pj,
    rng_state_bits,
    run_costs,
    step_seconds,
)
from pezoexplore.train.selection import trainer_of
from pezoexplore.train.tasks.registry import get_task
from pezoexplore.train.trainer import RunCost

TASK = get_task("digits-mlp")
INTEGERS = {"weight_bits": 16, "activation_bits": 8}


def test_multiply_accumulates_of_the_source() -> None:
    assert mac_pj(resolve()) == pytest.approx(4.6)
    assert mac_pj(resolve(weight_bits=8, activation_bits=8)) == pytest.approx(0.3)
    assert mac_pj(resolve(**INTEGERS)) == pytest.approx(0.5)


def test_a_larger_memory_costs_more_an_access() -> None:
    assert access_pj(64, 8 * 8192) == 10
    assert access_pj(64, 8 * 8192 + 1) == 20
    assert access_pj(640, 32 * 8192 + 1) == 1000
    assert access_pj(64, 2**23 + 1) == 2000


def test_a_layer_hands_on_what_the_next_one_takes() -> None:
    assert activations(TASK) == 32 + 10


@pytest.mark.parametrize(
    ("point", "bits"),
    [
        (resolve(reuse="phased", state_bits=24, lanes=31), 24),
        (resolve(reuse="bank", lanes=31), 31 * 8),
        (resolve(rng="xorshift32", reuse="none", lanes=8), 8 * 32),
        (resolve(reuse="pool", pool_size=100, lanes=8), 13 * 8 * 8),
        (resolve(rng="gaussian", reuse="none"), None),
        (resolve(estimator="cge"), None),
        # One generator for several lanes: ceil(31 / lanes served) states.
        (resolve(rng="lut_opt", reuse="none"), 6 * 48),
        (resolve(rng="sobol", reuse="none"), 32 + 31 * 8),
        (resolve(rng="walsh", reuse="none"), 32),
        (resolve(rng="xormix", reuse="none"), 32 + 8 * 32),
        (resolve(rng="lut_sr", reuse="none"), 8 * 521),
        (resolve(rng="trivium", reuse="none"), 4 * 288),
        (resolve(rng="xoshiro128pp", reuse="none"), 8 * 128),
        (resolve(rng="table_hadamard", reuse="none"), 8 * 33),
        # A filler for a refilled pool.
        (resolve(reuse="pool", pool_size=100, lanes=8, reuse_period=4), 13 * 8 * 8 + 8),
        (resolve(rng="trivium", reuse="pool", pool_size=31, reuse_period=1), 31 * 8 + 288),
    ],
)
def test_state_bits(point: DesignPoint, bits: int | None) -> None:
    assert rng_state_bits(point) == bits


def two_point(steps: int) -> RunCost:
    return RunCost(2 * steps, 2 * steps, 2410 * steps, 3 * steps)


def test_energy_by_hand() -> None:
    """Digits MLP, w16a8, 100 steps of two passes over 64 examples, the target held at 25."""
    costs = run_costs(resolve(**INTEGERS, lanes=31), TASK, 64, 100, two_point, 25)
    macs = 64 * (64 * 32 + 32 * 10)
    assert costs["macs"] == 200 * macs
    weights = 2410 * 16 / 64 * 10  # 4.8 KB: the 8 KB memory
    handed_on = 64 * 42 * 8 / 64 * 10
    run_pj = 200 * (macs * 0.5 + weights + 2 * handed_on) + 100 * 2 * weights
    assert costs["energy_to_target_uj_est"] == pytest.approx(run_pj / 4 * 1e-6)
    # Either side of the probe and the update, in whole beats: 78 of 31 for 2,410 weights.
    assert costs["numbers_to_target"] == 25 * 3 * 78 * 31


def test_no_energy_to_a_target_that_is_never_held() -> None:
    costs = run_costs(resolve(), TASK, 64, 100, two_point, None)
    assert costs["energy_to_target_uj_est"] is None
    assert costs["numbers_to_target"] is None
    assert costs["macs"] == 200 * 64 * TASK.model.macs


@pytest.mark.parametrize(
    ("axes", "probes"),
    [
        ({"estimator": "rge"}, 2),
        ({"estimator": "rge", "queries": 3}, 2),
        ({"estimator": "rge_onesided", "queries": 4}, 1),
        ({"estimator": "sign_spsa"}, 2),
        ({"estimator": "forward_gradient", "queries": 2}, 1),
        ({"weight_bits": 16, "activation_bits": 8}, 2),
    ],
)
def test_a_direction_is_delivered_for_each_pass_along_it_and_for_the_update(
    axes: dict[str, str | int], probes: int
) -> None:
    """The column of random numbers, of passes and the generator's share of energy agree."""
    cost = trainer_of(resolve(**axes), TASK, TrainSettings()).cost(10)
    directions = cost.random_numbers // TASK.parameters
    assert directions * TASK.parameters == cost.random_numbers
    assert cost.deliveries == directions * (probes + 1)
    base = 10 if axes.get("estimator") == "rge_onesided" else 0
    assert cost.forward_passes == directions * probes + base


@pytest.mark.parametrize("estimator", ["cge", "backprop"])
def test_what_draws_no_numbers_delivers_none(estimator: str) -> None:
    cost = trainer_of(resolve(estimator=estimator), TASK, TrainSettings()).cost(10)
    assert (cost.random_numbers, cost.deliveries) == (0, 0)


def test_energy_to_a_target_is_that_of_a_run_as_long() -> None:
    """The scores and masks of a sparse estimate are paid before its first step."""
    point = resolve(estimator="cge_sparse", lanes=31)
    cost = trainer_of(point, TASK, TrainSettings()).cost
    short, long = (run_costs(point, TASK, 64, steps, cost, 10) for steps in (10, 1000))
    for name in ("energy_to_target_uj_est", "numbers_to_target"):
        assert short[name] == long[name]


@pytest.mark.parametrize("task", ["digits-mlp", "mnist-mlp-25k"])
def test_a_step_may_take_longer_the_larger_the_network(task):
    macs = get_task(task).model.macs
    assert step_seconds(get_task(task), 64) == pytest.approx(max(1e-3, 64e-9 * macs))
    assert step_seconds(get_task(task), 6400) == pytest.approx(6400e-9 * macs)
