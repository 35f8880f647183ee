"""What a training run costs beyond its steps: multiply-accumulates, random numbers, energy.

Energy is an estimate for a device that computes in 45 nm CMOS at 0.9 V, from the per-operation
energies of M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014:

- 32-bit float: add 0.9 pJ, multiply 3.7 pJ;
- integer: 32-bit add 0.1 pJ; 8-bit multiply 0.2 pJ, taken as proportional to the product of the
  two widths (which gives 3.2 pJ at 32 x 32 bits, where the source has 3.1);
- SRAM: 10, 20 and 100 pJ per 64 bits read or written, of 8 KB, 32 KB and 1 MB; DRAM, for what fits
  no SRAM, 2,000 pJ (the source: 1,300 to 2,600).

A pass reads every weight once; what a layer hands on is written and read once an example. The
update reads and writes every weight once. Left out: control, and the generator itself, until the
hardware stage knows its power.
"""

from __future__ import annotations

from pezoexplore.design.point import DesignPoint
from pezoexplore.train.backend import load_jax
from pezoexplore.train.network import Array
from pezoexplore.train.tasks import Task

FLOAT_BITS = 32

FLOAT_MAC_PJ = 0.9 + 3.7
ADD32_PJ = 0.1
MULTIPLY8_PJ = 0.2

MEMORIES = ((8 * 2**13, 10.0), (32 * 2**13, 20.0), (2**23, 100.0))
"""Bits an SRAM holds, and pJ per 64 bits."""

DRAM_PJ = 2000.0
"""pJ per 64 bits."""


def run_costs(
    point: DesignPoint, task: Task, batch: int, steps: int, passes: int, reached: int | None
) -> dict[str, float | int | None]:
    """Columns that follow from what a training run did.

    Args:
        point: The point.
        task: What it was trained on.
        batch: Examples a pass.
        steps: Steps of the run.
        passes: Work of the run in forward passes over a batch (``Trainer.passes``).
        reached: Step from which on the target was held; None if it never was.

    Returns:
        ``macs``, ``rng_state_bits`` and ``energy_to_target_uj_est`` (None when the target is never
        held).
    """
    energy_pj = _run_pj(point, task, batch, passes, steps)
    return {
        "macs": passes * batch * task.model.macs,
        "rng_state_bits": rng_state_bits(point),
        "energy_to_target_uj_est": None if reached is None else reached / steps * energy_pj / 1e6,
    }


def mac_pj(point: DesignPoint) -> float:
    """Energy of one multiply-accumulate in the point's arithmetic, pJ."""
    if point.weight_bits is None or point.activation_bits is None:
        return FLOAT_MAC_PJ
    return ADD32_PJ + MULTIPLY8_PJ * point.weight_bits * point.activation_bits / 64


def access_pj(bits: int, held_bits: int) -> float:
    """Energy of reading or writing some bits of a memory that holds so many, pJ."""
    per_word = next((pj for size, pj in MEMORIES if held_bits <= size), DRAM_PJ)
    return bits / 64 * per_word


def rng_state_bits(point: DesignPoint) -> int | None:
    """Bits of state of the random-number hardware, a pool's words included; None without any.

    The copy that replay restores is not counted: it is as long again for all but a pool.
    """
    if not point.in_hardware or point.state_bits is None:
        return None
    if point.reuse == "pool":
        return point.rows * point.lanes * point.bits
    return point.state_bits * (1 if point.reuse == "phased" else point.lanes)


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
