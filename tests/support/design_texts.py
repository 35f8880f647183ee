"""A design file, what messages say is allowed, and the message that a wrong file gets."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from pezoexplore.design.point import AXES, MAX_POOL_BITS
from pezoexplore.errors import DesignError
from pezoexplore.streams.generators.registry import names

EXAMPLE = """\
name: example
task: digits-mlp
space:
  rng: [lfsr, xorshift32]
  reuse: [none, pool, bank, phased]
  pool_size: [255, 4095]
  reuse_period: [1, 64, inf]
  bit_width: [4, 8, 12]
  state_bits: [12, 24]
  lanes: [8, 31]
  leap: [1]
  taps: [xor]
  scaling: [constant, pow2]
include: []
exclude: []
train: {steps: 4000, seeds: 5, learning_rates: [0.003, 0.005, 0.01], batch: 64, epsilon: 1.0e-3}
hardware: {targets: [xcup], clock_mhz: 200}
objectives: {maximize: [accuracy_mean], minimize: [lut, ff]}
constraints: ["lut <= 2000"]
"""

LANES = "integers 1 to 256"
POOL = f"integers 1 to {MAX_POOL_BITS} (bits of the largest target's memory)"
RANGES = "{range: [lo, hi, step]} or {powers_of_two: [lo, hi]} of positive integers"
TOP = "name, task, space, include, exclude, train, hardware, objectives, constraints"
ALL_AXES = ", ".join(AXES)
RNG = f"{', '.join(names())}, or package.module:Class"
PERIOD = "integers 1 to 1000000000 or inf"
BITS = "integers 1 to 24"
STATE = "integers 3 to 48 or null (the generator's own default)"
TARGETS = (
    "xcup, xc7, ice40, ecp5, ice40up, gowin, gatemate, osu018, or one of your own: "
    "{name: NAME, liberty: FILE} or "
    "{name: NAME, tool: TOOL, part: PART}"
)
STEPS = "integers 1 to 1000000000"
SMALL_NUMBERS = "numbers above 0, up to 1e+06"
TRAIN = (
    "steps, seeds, tuning_seeds, learning_rates, batch, epsilon, target_accuracy, momentum, "
    "weight_decay, normalise, sparsity, mask_epochs, grasp_queries, probe_workers, data"
)
NAME = "text of up to 64 letters, digits, dots, dashes and underscores"

FUZZ = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)


def message(load, text, *overrides: str, **axes) -> str:
    with pytest.raises(DesignError) as error:
        load(text, *overrides, **axes)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)
