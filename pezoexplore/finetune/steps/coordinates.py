"""Coordinates in turn with stale gradients (``estimator: cocd``) for PyTorch modules.

:mod:`pezoexplore.train.steps.stale` has the rule. A probe changes one weight and puts it back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pezoexplore.finetune.weights import DivergedError, check_losses, positions


class CyclicCoordinates:
    """SGD along the last estimates of all coordinates, of which a step renews some in turn.

    Both probes see the same random numbers of PyTorch, and buffers as before the step; what the
    first pass of a step writes to buffers lasts.

    Attributes:
        param_groups: One, with the learning rate ``lr``.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        weights: Sequence[torch.Tensor],
        queries: int,
        *,
        epsilon: float,
        decay: float,
        weight_decay: float,
    ) -> None:
        """Start with estimates of zero.

        Args:
            module: The module, for its buffers.
            weights: Its trained weights.
            queries: Coordinates a step.
            epsilon: Length of a probe.
            decay: Share of an estimate that is left after a step.
            weight_decay: Pull towards zero, added to the estimates.
        """
        self._module, self._weights, self._queries = module, list(weights), queries
        starts, self._parameters = positions(self._weights)
        self._starts = [starts[id(weight)] for weight in self._weights]
        self._epsilon, self._decay, self._weight_decay = epsilon, decay, weight_decay
        self._estimates = [torch.zeros_like(one, dtype=torch.float32) for one in self._weights]
        self._steps = 0
        self.param_groups: list[dict[str, Any]] = [{"lr": 0.0}]

    def step(self, closure: Callable[[], torch.Tensor]) -> float:
        """Probe the step's coordinates, move all weights and return the mean loss of the probes.

        Raises:
            DivergedError: A loss was, or a weight now is, not finite.
        """
        with torch.no_grad():
            return self._step(closure)

    @property
    def estimates(self) -> NDArray[np.float32]:
        """Return the estimates of all coordinates, [d]."""
        joined = torch.cat([estimate.flatten() for estimate in self._estimates])
        estimates: NDArray[np.float32] = joined.cpu().numpy()
        return estimates

    def resume(self, estimates: NDArray[np.float32], steps: int) -> None:
        """Resume after so many steps from :attr:`estimates`."""
        parts = torch.from_numpy(estimates.copy()).split([one.numel() for one in self._estimates])
        for estimate, part in zip(self._estimates, parts, strict=True):
            estimate.copy_(part.view_as(estimate))
        self._steps = steps

    def _step(self, closure: Callable[[], torch.Tensor]) -> float:
        buffers = [(buffer, buffer.clone()) for buffer in self._module.buffers()]
        written: list[torch.Tensor] = []

        def loss() -> float:
            found = float(closure())
            if not written:
                written.extend(buffer.clone() for buffer, _ in buffers)
            for buffer, before in buffers:
                buffer.copy_(before)
            return found

        first, losses, renewed = self._steps * self._queries, [], []
        for at in range(first, first + self._queries):
            number, place = self._located(at % self._parameters)
            above, below = self._sides(self._weights[number], place, loss)
            losses += [above, below]
            renewed.append((number, place, (above - below) / (2 * self._epsilon)))
        check_losses(losses, self._steps)
        for estimate in self._estimates:
            estimate.mul_(self._decay)
        for number, place, slope in renewed:
            self._estimates[number][place] = slope
        for weight, estimate in zip(self._weights, self._estimates, strict=True):
            weight.sub_(self.param_groups[0]["lr"] * (estimate + self._weight_decay * weight))
        for (buffer, _), after in zip(buffers, written, strict=True):
            buffer.copy_(after)
        self._steps += 1
        if not all(weight.isfinite().all() for weight in self._weights):
            raise DivergedError("a weight is not finite")
        return sum(losses) / len(losses)

    def _sides(
        self, weight: torch.Tensor, place: tuple[int, ...], loss: Callable[[], float]
    ) -> tuple[float, float]:
        """Return the losses with one weight longer and shorter by epsilon."""
        own = weight[place].clone()
        try:
            with torch.random.fork_rng():  # the other probe's numbers
                weight[place] = own + self._epsilon
                above = loss()
            weight[place] = own - self._epsilon
            return above, loss()
        finally:
            weight[place] = own

    def _located(self, position: int) -> tuple[int, tuple[int, ...]]:
        """Return which weight holds a position, and where in it."""
        number = bisect_right(self._starts, position) - 1
        rest, place = position - self._starts[number], []
        for size in reversed(self._weights[number].shape):
            rest, at = divmod(rest, size)
            place.append(at)
        return number, tuple(reversed(place))
