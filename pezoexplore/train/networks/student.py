"""A small student within a device's budget, its distillation loss, and the halting rule.

EarlyLight (Mishra and Gupta, arXiv 2209.15560) designs a lightweight network from a large one and
a device's storage, speed and time, and trains it by distillation that halts early. Its halting
criterion was not available. **The rule here is a stand-in, not EarlyLight's**: the smoothed
validation loss is checked every so many steps; when its relative improvement has stayed under
delta for p checks in a row the teacher is dropped, and when that happens again training stops.

The loss is that of Hinton, Vinyals and Dean, arXiv 1503.02531, at temperature T,

    alpha CE(student, label) + (1 - alpha) T^2 KL(softmax(teacher / T) || softmax(student / T)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.mlp import Mlp
from pezoexplore.train.networks.network import Array, Network

WIDTH_STEPS = 64
"""Students tried: hidden widths k / 64 of the teacher's, k from 1 to this."""

WIDEST = 512
"""Widest hidden layer of a student whose teacher is no perceptron."""


@dataclass(frozen=True)
class Budget:
    """Limits of the device; None is no bound.

    Attributes:
        max_parameters: Weights it can store.
        max_macs: Multiply-accumulates of one example's forward pass.
        max_step_us: Time of one training step, microseconds; needs ``macs_per_us``.
        macs_per_us: Multiply-accumulates per microsecond.
        batch: Examples of a training step.
    """

    max_parameters: int | None = None
    max_macs: int | None = None
    max_step_us: float | None = None
    macs_per_us: float = 1000.0
    batch: int = 64

    def step_us(self, network: Network) -> float:
        """Estimate the microseconds of a two-point step: two passes, and three over the weights."""
        work = 2 * self.batch * network.macs + 3 * network.parameters
        return work / self.macs_per_us

    def holds(self, network: Network) -> bool:
        """Return whether a network is within the budget."""
        needs = (network.parameters, network.macs, self.step_us(network))
        bounds = (self.max_parameters, self.max_macs, self.max_step_us)
        return all(
            bound is None or need <= bound for need, bound in zip(needs, bounds, strict=True)
        )


@dataclass(frozen=True)
class Halting:
    """Rule for dropping the teacher and stopping (a stand-in, see the module's docstring).

    Attributes:
        delta: Relative improvement of the smoothed loss between checks that counts as progress.
        patience: Checks in a row below it (p).
        smoothing: Weight of the newest loss in the smoothed one, above 0 to 1.
        every: Steps between checks.
    """

    delta: float = 0.01
    patience: int = 3
    smoothing: float = 0.5
    every: int = 200


@dataclass(frozen=True)
class DistillationLoss:
    """Loss against targets [n, 1 + classes]: the label, then the teacher's outputs.

    Attributes:
        alpha: Share of the labels' loss; 1 leaves the teacher out.
        temperature: Temperature of the softened outputs.
    """

    alpha: float
    temperature: float

    def __call__(self, outputs: Array, targets: Array) -> Array:
        """Compute the losses of the examples, [n], in nats."""
        jax = load_jax()
        jnp = jax.numpy
        labels = targets[:, :1].astype(jnp.int32)
        logs = jax.nn.log_softmax(outputs)
        hard = -jnp.take_along_axis(logs, labels, axis=-1)[:, 0]
        if self.alpha == 1:
            return hard
        taught = jax.nn.log_softmax(targets[:, 1:] / self.temperature)
        learned = jax.nn.log_softmax(outputs / self.temperature)
        soft = (jnp.exp(taught) * (taught - learned)).sum(-1)
        return self.alpha * hard + (1 - self.alpha) * self.temperature**2 * soft


class Watch:
    """Detector of a stalled validation loss."""

    def __init__(self, halting: Halting) -> None:
        """Start with the settings of the rule."""
        self._halting = halting
        self._smoothed = math.nan
        self._flat = 0

    def stalled(self, loss: float) -> bool:
        """Return whether this check is the p-th in a row with too little improvement.

        The first check has nothing to compare with; after a stall the count restarts. A loss that
        is not finite is no improvement.
        """
        before, weight = self._smoothed, self._halting.smoothing
        self._smoothed = loss if math.isnan(before) else weight * loss + (1 - weight) * before
        if math.isnan(before) and math.isfinite(loss):
            return False
        better = before - self._smoothed >= self._halting.delta * before
        self._flat = 0 if better else self._flat + 1
        if self._flat < self._halting.patience:
            return False
        self._flat = 0
        return True


def design_student(teacher: Network, features: int, classes: int, budget: Budget) -> Mlp:
    """Design the largest student within a budget.

    Candidates are perceptrons with as many hidden layers as the teacher has, each k/64 as wide,
    k = 1 to 64; if the teacher is no perceptron, one hidden layer of 1 to 512 units. Of those
    within the budget the one with most parameters is taken.

    Args:
        teacher: The large network.
        features: Inputs of the student.
        classes: Outputs.
        budget: Limits of the student.

    Raises:
        DesignError: Not even the smallest fits.
    """
    candidates = [Mlp((features, *hidden, classes)) for hidden in _hidden_widths(teacher)]
    fitting = [student for student in candidates if budget.holds(student)]
    if not fitting:
        least = candidates[0]
        raise DesignError(
            "train: distil: no student fits the budget; the smallest has "
            f"{least.parameters} parameters, {least.macs} macs and takes "
            f"{budget.step_us(least):.3g} us per step; allow at least that"
        )
    return max(fitting, key=lambda student: (student.parameters, -student.macs))


def _hidden_widths(teacher: Network) -> list[tuple[int, ...]]:
    """Return the hidden widths of the candidates, smallest first."""
    if not isinstance(teacher, Mlp):
        return [(width,) for width in range(1, WIDEST + 1)]
    wide = teacher.sizes[1:-1]
    parts = range(1, WIDTH_STEPS + 1)
    scaled = [tuple(max(1, width * part // WIDTH_STEPS) for width in wide) for part in parts]
    return list(dict.fromkeys(scaled))
