"""A training step as an engine sees it: the workload of its power.

Unlike :mod:`.scenarios`, which looks for faults at the extremes, it has weights, scales and a step
size as training has them, and neither side holds a beat back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.hardware.rtl.engine import Shape
from pezoexplore.hardware.verify.engine.driver import Kind, Operation
from pezoexplore.hardware.verify.engine.model import Settings
from pezoexplore.hardware.verify.engine.script import EngineScript, Maker
from pezoexplore.train.fixed_point import rails

PASSES = 4
"""Passes of :func:`typical_script`: the first warms up, then one of each mode that moves."""


class _Typical(Maker):
    """Draws weights as a network has them."""

    def weights(self) -> NDArray[np.int32]:
        """Draw weights [d] from a normal distribution of an eighth of their range, clipped."""
        low, high = rails(self.shape.weight_bits)
        drawn = self.random.normal(0.0, (high - low + 1) / 8, self.parameters)
        return np.clip(np.rint(drawn), low, high).astype(np.int32)


def typical_settings(shape: Shape, beats: int) -> Settings:
    """Return registers as training sets them.

    The largest probe of the first half of the weights is 1/512 of the largest weight, or one if
    that is less, and of the second half it is half of that; an update moves by a third of the
    probe.

    Args:
        shape: An engine of two segments.
        beats: Beats of a pass.
    """
    lowest, highest = shape.scales
    first = max(shape.weight_bits - 10, 0) - (shape.value_bits - 1)
    return Settings(
        scales=[min(max(s, lowest), highest) for s in (first, first - 1)],
        ends=[beats * shape.lanes // 2],
        step=10923,
        step_shift=15,
    )


def typical_script(point: DesignPoint, shape: Shape, beats: int) -> EngineScript:
    """Return reset, a training step, and the first pass of the next one: :data:`PASSES` passes.

    Each is begun as by a host, and then has a beat a clock.

    Args:
        point: A point with integer weights.
        shape: Its engine, of two segments.
        beats: Beats of a pass.
    """
    maker = _Typical(point, shape, beats=beats)
    settings = typical_settings(shape, beats)
    maker.script.play(Operation(Kind.RESET, 3))
    maker.step(0, ["plus", "minus", "update"], timed=True, chosen=settings)
    maker.step(1, ["plus"], timed=True, chosen=settings)
    return maker.script
