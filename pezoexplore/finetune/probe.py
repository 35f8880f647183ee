"""One forward pass of a closure with moved weights: its loss, and what it must not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from pezoexplore.errors import PezoError
from pezoexplore.finetune.moved import MovedWeights

Closure = Callable[[], Any]
"""Runs the model forward and returns its loss: a number, or a tensor of one element."""


def loss_of(closure: Closure, weights: list[torch.Tensor], mode: MovedWeights) -> float:
    """Run a closure once; its writes to buffers are undone.

    Args:
        closure: The closure.
        weights: The weights that the mode moves.
        mode: A new mode; it then holds reads and writes of the pass.

    Raises:
        PezoError: The closure writes to weights, calls backward, reads none of the weights, or
            returns no number.
    """
    # Weights cast for one probe must not serve the other.
    torch.clear_autocast_cache()
    try:
        with _in_place(weights), torch.no_grad(), mode:
            loss = _number(closure())
    except RuntimeError as error:
        if "does not require grad" in str(error):
            raise PezoError(
                "the closure calls backward: PezoSGD needs no gradients; return the loss only"
            ) from None
        raise
    finally:
        mode.writes.undo()
        torch.clear_autocast_cache()
    if not mode.reads:
        raise PezoError(
            "the closure reads none of the optimiser's weights: it must run the model whose "
            "parameters the optimiser was given"
        )
    return loss


def _number(loss: Any) -> float:  # noqa: ANN401 - whatever a closure returns
    if isinstance(loss, torch.Tensor) and (loss.numel() != 1 or loss.is_complex()):
        raise PezoError(
            f"the closure must return its loss, one real number, not a tensor of shape "
            f"{tuple(loss.shape)} and type {loss.dtype}: return the mean over the examples"
        )
    try:
        return float(loss.detach() if isinstance(loss, torch.Tensor) else loss)
    except (TypeError, ValueError):
        raise PezoError(
            f"the closure must return its loss, one number, not {type(loss).__name__}"
        ) from None


@contextmanager
def _in_place(weights: list[torch.Tensor]) -> Iterator[None]:
    """Refuse a pass that gives weights other memory (``weight.data = ...``), and undo that.

    Raises:
        PezoError: It did, or it wrote to a weight past PyTorch's dispatcher.
    """
    before = [(weight, weight.data, weight._version) for weight in weights]
    try:
        yield
    finally:
        replaced = [(w, data) for w, data, _ in before if w.data_ptr() != data.data_ptr()]
        for weight, data in replaced:
            weight.data = data
        if replaced or any(weight._version != version for weight, _, version in before):
            undone = "; they are as before" if replaced else ""
            raise PezoError(
                "the forward pass replaces or writes to parameters (weight.data = ...): weights "
                f"may only be read while they are moved{undone}"
            )


@contextmanager
def plain_tensors() -> Iterator[None]:
    """Make tensors that may be written to later, also inside a closure's inference mode."""
    if not (torch.is_inference_mode_enabled() or torch.is_grad_enabled()):
        yield
        return
    with torch.inference_mode(False), torch.no_grad():
        yield
