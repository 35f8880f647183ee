"""Directions of some of the weights, and which directions a design has on given weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from pezoexplore.design.point import DesignPoint
from pezoexplore.design.training_axes import sparse_share
from pezoexplore.errors import DesignError
from pezoexplore.finetune.directions import Directions
from pezoexplore.finetune.steps.structured import StructuredDirections
from pezoexplore.streams.strategies.outer_product import layers_text
from pezoexplore.train.networks.network import layout
from pezoexplore.train.steps.scope import Scope


class ScopedDirections:
    """The numbers of directions at the weights that they move; nothing is added to the others."""

    def __init__(self, inner: Directions, places: torch.Tensor, device: torch.device) -> None:
        """Put numbers in their places.

        Args:
            inner: The numbers, as many in a step as there are places.
            places: Positions of the weights, ascending.
            device: Device of the directions.
        """
        self._inner = inner
        self._places, self._here = places.numpy(), places.to(device)

    def add(
        self, step: int, start: int, base: torch.Tensor, factor: float, out: torch.Tensor
    ) -> None:
        """Write a range of weights plus their addends, as :meth:`Directions.add`."""
        if out is not base:
            out.copy_(base)
        ends = np.array((start, start + len(base)), self._places.dtype)
        first, stop = (int(at) for at in np.searchsorted(self._places, ends))
        for low, high, addends in self._inner.pieces(step, first, stop - first, factor):
            where = self._here[first + low : first + high] - start
            out[where] = (base[where] + addends).to(out.dtype)

    def picked(
        self, step: int, positions: torch.Tensor, factor: float
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield the addends of chosen positions, as :meth:`Directions.picked`, in one piece."""
        found = torch.searchsorted(self._here, positions.to(self._here.dtype))
        found.clamp_(max=len(self._here) - 1)
        moved = (self._here[found] == positions).nonzero()[:, 0]
        addends = torch.zeros(len(positions), device=positions.device)
        for low, high, some in self._inner.picked(step, found[moved], factor):
            addends[moved[low:high]] = some
        yield 0, len(positions), addends


def places_of(point: DesignPoint, weights: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """Return the positions that directions move, ascending, on the CPU; None for all.

    Args:
        point: The design.
        weights: The weights at the start.

    Raises:
        DesignError: There is none.
    """
    share = sparse_share(point.scope)
    if share is None:
        return None
    blocks = layout([("", tuple(weight.shape), 0) for weight in weights])
    scope = Scope(blocks, share)
    if not scope.numbers:
        raise DesignError(f"scope {point.scope} keeps none of the weights; raise it")
    found = [
        scope.chosen(block, weight.detach().float().cpu().numpy().reshape(-1))
        for block, weight in zip(blocks, weights, strict=True)
    ]
    indices = np.concatenate(found)
    return torch.from_numpy(indices.astype(np.int32 if indices[-1] < 2**31 else np.int64))


def digest(places: torch.Tensor) -> str:
    """Return the SHA-256 of positions, in hexadecimal."""
    return hashlib.sha256(places.numpy().tobytes()).hexdigest()


def directions_of(
    point: DesignPoint,
    seed: int,
    weights: Sequence[torch.Tensor],
    places: torch.Tensor | None,
    device: torch.device,
    window: int | None,
) -> Directions | ScopedDirections:
    """Return a design's directions on given weights.

    Args:
        point: The design.
        seed: Master seed.
        weights: All weights in the order of their positions.
        places: As :func:`places_of` returned them at the start.
        device: Device of the directions.
        window: Numbers generated at once; None: by type of device.
    """
    if point.outer_products:
        shaped = replace(point, layers=layers_text(tuple(weight.shape) for weight in weights))
        return StructuredDirections(shaped, seed, device, window)
    if places is None:
        parameters = sum(weight.numel() for weight in weights)
        return Directions(point, seed, parameters, device, window)
    inner = Directions(point, seed, len(places), device, window)
    return ScopedDirections(inner, places, device)
