"""What a training run costs beyond its steps: multiply-accumulates, random numbers, energy.

Energy is an estimate for a device that computes in 45 nm CMOS at 0.9 V, from the per-operation
energies in :mod:`pezoexplore.energies`.

A pass reads every weight once; a layer's outputs are written and read once per example. The
update reads and writes every weight once. Not included: control, and the generator itself, whose
energy per number depends on the target and is added to the rows of targets where it is known.
"""

from __future__ import annotations

from collections.abc import Callable

from pezoexplore.design.point import DesignPoint
from pezoexplore.energies import ADD32_PJ, FLOAT_MAC_PJ, access_pj, multiply_pj
from pezoexplore.streams.strategies.outer_product import without_stream
from pezoexplore.streams.stream import beats_per_step, strategy
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.steps.scope import scope_of
from pezoexplore.train.task import Task
from pezoexplore.train.trainer import RunCost

FLOAT_BITS = 32


def run_costs(
    point: DesignPoint,
    task: Task,
    batch: int,
    steps: int,
    cost: Callable[[int], RunCost],
    reached: int | None,
) -> dict[str, float | int | None]:
    """Compute the columns that follow from what a training run did.

    Args:
        point: The point.
        task: Network and data.
        batch: Examples per pass.
        steps: Steps of the run.
        cost: Passes and random numbers of a run of so many steps (``Trainer.cost``).
        reached: Step from which on the target was held; None if it never was.

    Returns:
        ``macs``; ``rng_state_bits``; ``random_bits_per_step``; ``energy_to_target_uj_est`` in
        microjoules, without the generator's, and ``numbers_to_target``, the numbers of all beats
        until then, those of a last beat that no weight takes included, and of outer products that
        no hardware adds up the words of each; both None where the target is never held.
    """
    found: dict[str, float | int | None] = {
        "macs": cost(steps).passes * batch * task.model.macs,
        "rng_state_bits": rng_state_bits(point),
        "random_bits_per_step": _random_bits(point, cost(steps).random_numbers / steps),
        "energy_to_target_uj_est": None,
        "numbers_to_target": None,
    }
    if reached is None:
        return found
    until = cost(reached)
    scope = scope_of(point, task)
    streams = (point.outer_products or 1) if without_stream(point) else 1
    weights = scope.numbers if scope else task.parameters
    beats = until.deliveries * beats_per_step(weights, point.lanes) * streams
    return found | {
        "energy_to_target_uj_est": _run_pj(point, task, batch, until.passes, reached) / 1e6,
        "numbers_to_target": beats * point.lanes,
    }


def mac_pj(point: DesignPoint) -> float:
    """Estimate the energy of one multiply-accumulate in the point's arithmetic, pJ."""
    if point.weight_bits is None or point.activation_bits is None:
        return FLOAT_MAC_PJ
    return ADD32_PJ + multiply_pj(point.weight_bits, point.activation_bits)


def rng_state_bits(point: DesignPoint) -> int | None:
    """Count the state bits of the random-number hardware, as its strategy does; None without it."""
    streams = point.outer_products or 1
    return strategy(point.words()).state_bits * streams if point.in_hardware else None


def _random_bits(point: DesignPoint, numbers: float) -> float | None:
    """Return the bits of so many numbers; None for floats, 0 for functions of a count."""
    if not point.draws or point.family.one_count:
        return 0
    return None if point.bit_width is None else numbers * point.bit_width


def _run_pj(point: DesignPoint, task: Task, batch: int, passes: int, steps: int) -> float:
    weight_bits = task.parameters * (point.weight_bits or FLOAT_BITS)
    outputs = batch * activations(task) * (point.activation_bits or FLOAT_BITS)
    a_pass = (
        batch * task.model.macs * mac_pj(point)
        + access_pj(weight_bits, weight_bits)
        + 2 * access_pj(outputs, outputs)
    )
    return float(passes * a_pass) + steps * 2 * access_pj(weight_bits, weight_bits)


def activations(task: Task) -> int:
    """Count the values that the layers of a task's network output for one example."""
    model, inputs = task.model, task.train.inputs[:1]
    if (counted := getattr(model, "activations", None)) is not None:
        return int(counted)
    jax = load_jax()
    flat = jax.ShapeDtypeStruct((model.parameters,), "float32")

    def entering(layer: int) -> Array:
        return jax.eval_shape(lambda weights: model.prefix(weights, inputs, layer), flat)

    outputs = jax.eval_shape(lambda weights: model.outputs(weights, inputs), flat)
    return sum(int(entering(layer).size) for layer in range(1, model.layers)) + int(outputs.size)


def step_seconds(task: Task, batch: int) -> float:
    """Return the longest time that a step of a replica may take, by the size of the network."""
    return max(1e-3, 1e-9 * float(task.model.macs) * batch)
