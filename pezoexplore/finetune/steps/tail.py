"""The last layers by PyTorch's own gradient, the others along directions: ``scope: last:N``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from pezoexplore.finetune.optimizer import PezoSGD
from pezoexplore.finetune.weights import UNCHANGED, DivergedError


class Hybrid:
    """A step of :class:`PezoSGD` for the first weights, and of SGD for the last ones.

    The gradient is that of the same batch at the weights before the step. Its pass changes no
    buffer and takes none of PyTorch's random numbers from the probes.

    Attributes:
        param_groups: Those of both.
    """

    def __init__(self, module: torch.nn.Module, first: PezoSGD, last: torch.optim.SGD) -> None:
        """Join the optimisers of a module's first and last trained weights."""
        self._module, self._first, self._last = module, first, last
        self._front, self._tail = (
            [weight for group in of.param_groups for weight in group["params"]]
            for of in (first, last)
        )
        self.param_groups: list[dict[str, Any]] = [*first.param_groups, *last.param_groups]

    def step(self, closure: Callable[[], torch.Tensor]) -> float:
        """Move all weights and return the mean loss of the probes.

        Raises:
            PezoError: As :meth:`PezoSGD.step`, or the gradient is not finite; nothing is moved.
        """
        gradients = self._gradients(closure)
        if not all(gradient.isfinite().all() for gradient in gradients):
            raise DivergedError(f"the gradient of the last layers is not finite; {UNCHANGED}")
        mean = self._first.step(closure)
        for weight, gradient in zip(self._tail, gradients, strict=True):
            weight.grad = gradient
        self._last.step()
        self._last.zero_grad()
        return mean

    def _gradients(self, closure: Callable[[], torch.Tensor]) -> list[torch.Tensor]:
        """Return the gradient of the last weights; those that the loss does not read have zeros."""
        buffers = [(buffer, buffer.clone()) for buffer in self._module.buffers()]
        try:
            for weight in self._front:  # so that no activation of theirs is kept
                weight.requires_grad_(False)
            with torch.random.fork_rng(), torch.enable_grad():
                found = torch.autograd.grad(closure(), self._tail, allow_unused=True)
        finally:
            for weight in self._front:
                weight.requires_grad_(True)
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)
        return [
            torch.zeros_like(weight) if gradient is None else gradient
            for weight, gradient in zip(self._tail, found, strict=True)
        ]
