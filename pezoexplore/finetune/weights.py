"""Which weights are trained: their positions in a step, and what must hold of them and a design."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import backprop_layers
from pezoexplore.errors import DesignError, PezoError
from pezoexplore.finetune.steplog import StepRecord


class DivergedError(PezoError):
    """A loss or an updated weight is not finite."""


UNCHANGED = "weights and buffers are as they were before the step"

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""Types of weights that can be trained."""

LARGEST_ENTRY = 2.0**10
"""No entry of a direction is larger; a bound that spares most updates an exact check."""


def check_design(point: DesignPoint) -> None:
    """Check that a design can train float weights along its stream.

    Raises:
        DesignError: It cannot.
    """
    if point.estimator != "rge" or point.fixed_point or backprop_layers(point.scope):
        raise DesignError(
            "PezoSGD trains float weights by estimator rge, in scope all or sparse:S, not "
            f"{point.label()}: choose such a design"
        )


def check_same(own: dict[str, Any], other: dict[str, Any]) -> None:
    """Check that two identities are equal.

    Raises:
        DesignError: They are not; the message names what differs.
    """
    for name in own.keys() | other.keys():
        if own.get(name) != other.get(name):
            raise DesignError(f"made with another {name}: {other.get(name)}, not {own.get(name)}")


def check_losses(losses: Iterable[float], step: int) -> None:
    """Check that the losses of a step are finite.

    Raises:
        DivergedError: One is not.
    """
    for loss in losses:
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss of step {step} is {loss}: lower lr or epsilon; {UNCHANGED}"
            )


def check_record(
    record: StepRecord, expected: tuple[int, int, int], weights: list[torch.Tensor]
) -> None:
    """Check that a step can be repeated from its record.

    Args:
        record: The record.
        expected: Number of the next step, its queries, and the groups of weights.
        weights: All weights.

    Raises:
        DesignError: It cannot.
    """
    given = (record.step, len(record.gradients), len(record.rates))
    if given != expected or len(record.decays) != len(record.rates):
        raise DesignError(
            f"record of step {given[0]} with {given[1]} queries and {given[2]} groups does not "
            f"fit: the next is step {expected[0]}, with {expected[1]} and {expected[2]}"
        )
    for number in (*record.rates, *record.decays, *map(abs, record.gradients)):
        in_range(f"a number of the record of step {record.step}:", number)
    for index, row in record.still:
        if not (0 <= index < len(weights) and 0 <= row < len(weights[index])):
            raise DesignError(f"record of step {record.step}: there is no row {row} to keep")


def once(parameters: Any, seen: Iterable[torch.Tensor]) -> Any:  # noqa: ANN401 - PyTorch's own
    """Return the parameters of a group, each tensor once.

    Args:
        parameters: A tensor, tensors, or pairs of name and tensor.
        seen: Those of earlier groups.

    Raises:
        DesignError: One is in an earlier group.
    """
    if isinstance(parameters, torch.Tensor | set):
        return parameters
    earlier = {id(tensor) for tensor in seen}
    kept: dict[int, Any] = {}
    for item in parameters:
        tensor = item[1] if isinstance(item, tuple) else item
        if id(tensor) in earlier:
            raise DesignError(
                f"a parameter of shape {tuple(tensor.shape)} is in two groups: name it in one"
            )
        kept.setdefault(id(tensor), item)
    return list(kept.values())


def positions(weights: list[torch.Tensor]) -> tuple[dict[int, int], int]:
    """Return the first position of each weight, by id, and the number of positions.

    Raises:
        DesignError: A weight that cannot be trained, or none.
    """
    offsets, end = {}, 0
    for weight in weights:
        _check(weight)
        offsets[id(weight)] = end
        end += weight.numel()
    if not end:
        raise DesignError("no parameter requires a gradient: there is nothing to train")
    _check_apart(weights)
    return offsets, end


def in_range(name: str, value: float, *, positive: bool = False, below: float = math.inf) -> float:
    """Return a setting as a float.

    Raises:
        DesignError: It is no finite number of 0 or more (above 0 with ``positive``) below a limit.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < below or (number == 0 and positive):
        allowed = "above 0" if positive else "of 0 or more"
        allowed += f" and below {below:g}" if below < math.inf else ""
        raise DesignError(f"{name} {value} is out of range: it must be a number {allowed}")
    return number


def surely_finite(weight: torch.Tensor, shrink: float, factors: Iterable[float]) -> bool:
    """Return whether an update is known to leave a weight finite.

    Args:
        weight: The weight before the update.
        shrink: Factor of the weight.
        factors: Factors of the directions added to it.
    """
    if not weight.numel():
        return True
    least, most = (float(end) for end in torch.aminmax(weight.detach()))
    reach = max(abs(least), abs(most)) * max(1.0, abs(shrink))
    limit: float = torch.finfo(weight.dtype).max
    return reach + LARGEST_ENTRY * sum(map(abs, factors)) < limit


def _check(weight: torch.Tensor) -> None:
    if isinstance(weight, torch.nn.parameter.UninitializedTensorMixin):
        raise DesignError("a lazy module has no weights yet: run the model once before")
    kind = f"a weight of shape {tuple(weight.shape)}"
    if weight.dtype not in DTYPES:
        known = ", ".join(str(dtype).removeprefix("torch.") for dtype in DTYPES)
        raise DesignError(
            f"{kind} and type {weight.dtype} cannot be trained: freeze it "
            f"(requires_grad_(False)) or convert it to one of {known}"
        )
    if weight.layout != torch.strided or weight.is_meta:
        raise DesignError(f"{kind} is sparse or has no memory: cannot be trained, freeze it")
    if weight.is_inference():
        raise DesignError(f"{kind} was made under inference_mode: make the model outside it")


def _check_apart(weights: list[torch.Tensor]) -> None:
    """Check that no two weights show the same memory, nor a weight the same element twice."""
    held = sorted(
        (weight.device.type, weight.data_ptr(), *_bytes(weight), tuple(weight.shape))
        for weight in weights
        if weight.numel()
    )
    for *_, spanned, used, shape in held:
        if spanned < used:
            raise DesignError(f"a weight of shape {shape} shows elements twice (expand): clone it")
    for first, second in pairwise(held):
        if first[0] == second[0] and first[1] + first[2] > second[1]:
            raise DesignError(
                f"two parameters share memory, of shapes {first[4]} and {second[4]}: to tie "
                "weights, assign the same Parameter to both modules"
            )


def _bytes(weight: torch.Tensor) -> tuple[int, int]:
    """Return the bytes from a weight's first to its last element, and those that it needs."""
    reach = sum((n - 1) * by for n, by in zip(weight.shape, weight.stride(), strict=True))
    size = weight.element_size()
    return (int(reach) + 1) * size, weight.numel() * size
