"""Block-cyclic coordinates with stale gradients (CoCD, arXiv 2605.14373): no random numbers.

Step t probes the q coordinates t q to t q + q - 1, counted modulo d. A buffer holds the last
estimate of every coordinate, 0 before the first,

    b <- c b,    b_i <- (L(w + eps e_i) - L(w - eps e_i)) / (2 eps) for the q coordinates i,

and the update takes the whole buffer. The decay c is 1 by default, as in the authors' public code;
c near 0 is plain block-cyclic coordinate descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pezoexplore.errors import DesignError
from pezoexplore.train.backend import load_jax
from pezoexplore.train.networks.network import Array
from pezoexplore.train.task import Task


def check_coordinates(queries: int, task: Task) -> None:
    """Check that a step probes no coordinate twice.

    Raises:
        DesignError: There are more coordinates a step than weights.
    """
    if queries > task.parameters:
        raise DesignError(
            f"queries {queries}: {task.name} has {task.parameters} weights; cocd takes at most so "
            "many a step"
        )


@dataclass(frozen=True)
class Coordinates:
    """The coordinates to probe, in the place of directions.

    Attributes:
        parameters: Weights d.
        seeds: Number of seeds, which all probe the same ones.
        scale: Not used.
    """

    parameters: int
    seeds: int
    scale: float = 1.0

    def block(self, first_step: int, steps: int) -> NDArray[np.int32]:
        """Return consecutive coordinates, the first weight after the last, [steps, seeds, 1]."""
        indices = np.arange(first_step, first_step + steps) % self.parameters
        return np.broadcast_to(indices.astype(np.int32)[:, None, None], (steps, self.seeds, 1))


@dataclass(frozen=True)
class Stale:
    """Adds the earlier estimates of the other coordinates to a step's.

    Attributes:
        decay: Share of an estimate that is left after a step, c.
    """

    decay: float = 1.0

    @property
    def used(self) -> bool:
        """Whether an update takes anything from earlier steps: it does."""
        return True

    def replayed(self, steps: int) -> int:
        """Count the directions that a run replays: none."""
        return 0

    def first(self, replicas: tuple[int, int], queries: int, parameters: int) -> list[Array]:
        """Return the buffer before the first step, [seeds, rates, d]."""
        return [load_jax().numpy.zeros((*replicas, parameters))]

    def moved(
        self,
        kept: Sequence[Array],
        gradient: Array,
        slopes: Array,
        values: Array,
        scale: Array,
        step: Array,
    ) -> tuple[Array, list[Array]]:
        """Return the buffer after a step, twice: for the update and to keep.

        Args:
            kept: The buffer before the step.
            gradient: Not used: it is zero at the other coordinates.
            slopes: The step's estimates, [seeds, rates, q].
            values: Their coordinates, [seeds, q, 1], the same for all seeds.
            scale: Not used.
            step: Not used.
        """
        faded = np.float32(self.decay) * kept[0] if self.decay != 1 else kept[0]
        buffer = faded.at[:, :, values[0, :, 0]].set(slopes)
        return buffer, [buffer]
