"""What an update takes from earlier steps: :mod:`pezoexplore.train.steps.moments` on the host.

Of a step only its slopes are kept; directions are generated again, from the step's number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pezoexplore.train.steps.moments import FLOOR, SECOND_BETA, Moments


@dataclass(frozen=True)
class Memory:
    """What is kept from earlier steps.

    Attributes:
        slopes: Projected gradients of the last steps that are replayed, oldest first, [steps][q].
        second: Second moment, and the weight of what it averages.
    """

    slopes: tuple[tuple[float, ...], ...] = ()
    second: tuple[float, float] = (0.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"slopes": [list(of_step) for of_step in self.slopes], "second": list(self.second)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` wrote; nothing kept where there is nothing."""
        if not values:
            return cls()
        return cls(tuple(map(tuple, values["slopes"])), tuple(values["second"]))

    def to_array(self, moments: Moments, queries: int) -> NDArray[np.float64]:
        """Return it as numbers, as many at every step: [2 + replay q]."""
        numbers = np.zeros(2 + moments.replay * queries)
        slopes = [slope for of_step in self.slopes for slope in of_step]
        numbers[: 2 + len(slopes)] = [*self.second, *slopes]
        return numbers

    @classmethod
    def from_array(cls, numbers: NDArray[np.float64], steps: int, queries: int) -> Self:
        """Return what :meth:`to_array` returned after so many steps."""
        slopes = numbers[2:].reshape(-1, queries)[:steps].tolist()
        return cls(tuple(map(tuple, slopes)), (float(numbers[0]), float(numbers[1])))

    def after(
        self, moments: Moments, gradients: Sequence[float]
    ) -> tuple[list[tuple[float, float]], Self]:
        """Return what an update moves by, and what is kept after it.

        Args:
            moments: What is taken from earlier steps.
            gradients: The step's projected gradients, [q].

        Returns:
            Of each direction from the oldest that is replayed to the step's last its projected
            gradient and what this is multiplied by; the memory after the step.
        """
        steps = (*self.slopes, tuple(gradients))
        decays = [1.0]
        if moments.replay:
            ages = range(len(steps) - 1, -1, -1)
            decays = [(1 - moments.beta) * moments.beta**age for age in ages]
        second, divisor = self.second, 1.0
        if moments.scalar:
            square, weight = (sum(gradients) / len(gradients)) ** 2, 1 - SECOND_BETA
            second = (
                SECOND_BETA * second[0] + weight * square,
                SECOND_BETA * second[1] + weight,
            )
            divisor = math.sqrt(second[0] / second[1]) + FLOOR
        moves = [
            (gradient, decay / divisor)
            for of_step, decay in zip(steps, decays, strict=True)
            for gradient in of_step
        ]
        kept = steps[len(steps) - min(moments.replay, len(steps)) :]
        return moves, type(self)(kept, second)
