"""What a training run costs beyond its steps: multiply-accumulates, random numbers, energy.

Energy is an estimate for a device that computes in 45 nm CMOS at 0.9 V, from the per-operation
energies in :mod:`pezoexplore.energies`.

A pass reads every weight once; what a layer hands on is written and read once an example. The
update reads and writes every weight once. Left out: control; and the generator itself, whose
energy a number depends on the target: the row of a target that knows it has it added.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.energies import ADD32_PJ, FLOAT_MAC_PJ, MULTIPLY8_PJ, access_pj
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Task

FLOAT_BITS = 32

DELIVERIES = 3
"""Times the hardware delivers a number that is drawn: for either side of a probe and the update."""


def run_costs(
    point: DesignPoint,
    task: Task,
    batch: int,
    steps: int,
    passes: int,
    reached: int | None,
    drawn: int,
) -> dict[str, float | int | None]:
    """Columns that follow from what a training run did.

    Args:
        point: The point.
        task: What it was trained on.
        batch: Examples a pass.
        steps: Steps of the run.
        passes: Work of the run in forward passes over a batch (``Trainer.passes``).
        reached: Step from which on the target was held; None if it never was.
        drawn: Random numbers that the run draws (``Trainer.random_numbers``).

    Returns:
        ``macs``, ``rng_state_bits`` and ``energy_to_target_uj_est`` (None when the target is never
        held), the generator not in it; and ``numbers_to_target``, the numbers that it delivers
        until then.
    """
    energy_pj = _run_pj(point, task, batch, passes, steps)
    share = None if reached is None else reached / steps
    return {
        "macs": passes * batch * task.model.macs,
        "rng_state_bits": rng_state_bits(point),
        "energy_to_target_uj_est": None if share is None else share * energy_pj / 1e6,
        "numbers_to_target": None if share is None else share * DELIVERIES * drawn,
    }


def mac_pj(point: DesignPoint) -> float:
    """Energy of one multiply-accumulate in the point's arithmetic, pJ."""
    if point.weight_bits is None or point.activation_bits is None:
        return FLOAT_MAC_PJ
    return ADD32_PJ + MULTIPLY8_PJ * point.weight_bits * point.activation_bits / 64


def rng_state_bits(point: DesignPoint) -> int | None:
    """Bits of state of the random-number hardware, a pool's words included; None without any.

    The copy that replay restores is not counted: it is as long again for all but a pool.
    """
    if not point.in_hardware or point.state_bits is None:
        return None
    return point.rules.state_bits(point)


def _run_pj(point: DesignPoint, task: Task, batch: int, passes: int, steps: int) -> float:
    weight_bits = task.parameters * (point.weight_bits or FLOAT_BITS)
    handed_on = batch * activations(task) * (point.activation_bits or FLOAT_BITS)
    a_pass = (
        batch * task.model.macs * mac_pj(point)
        + access_pj(weight_bits, weight_bits)
        + 2 * access_pj(handed_on, handed_on)
    )
    return float(passes * a_pass) + steps * 2 * access_pj(weight_bits, weight_bits)


def activations(task: Task) -> int:
    """Values that the layers of a task's network hand on for one example."""
    jax = load_jax()
    model, inputs = task.model, task.train.inputs[:1]
    flat = jax.ShapeDtypeStruct((model.parameters,), "float32")

    def entering(layer: int) -> Array:
        return jax.eval_shape(lambda weights: model.prefix(weights, inputs, layer), flat)

    outputs = jax.eval_shape(lambda weights: model.outputs(weights, inputs), flat)
    return sum(int(entering(layer).size) for layer in range(1, model.layers)) + int(outputs.size)
