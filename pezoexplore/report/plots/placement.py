"""Placement of short labels beside their markers without overlaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Candidate = tuple[tuple[float, float], float]
"""A candidate centre of a label, and the cost of its distance from the marker."""

_RADII = (6.5, 8.5, 11.0, 14.0, 18.0, 23.0, 29.0)
_ANGLES = tuple(math.radians(angle) for angle in (45, 135, 315, 225, 0, 90, 180, 270, 22, 68, 112,
                                                  158, 202, 248, 292, 338))  # fmt: skip
_SWEEPS = 3

_LABEL_COST = 40.0
_OUTSIDE_COST = 1000.0
_DISTANCE_COST = 0.25
_SPOT_COST = 1.0


@dataclass(frozen=True)
class Obstacle:
    """An area that a label should not cover.

    Attributes:
        box: Its bounding box.
        cost: Cost if it covers the whole area of a label, or of a long one two of its heights.
    """

    box: Box
    cost: float


def place_labels(
    anchors: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    obstacles: Sequence[Obstacle],
    spots: Sequence[Sequence[tuple[float, float]]] = (),
) -> list[tuple[float, float]]:
    """Choose centres for labels near their anchors, clear of each other and of obstacles.

    Each label in turn takes the cheapest of a fixed set of candidates around its anchor; a few
    sweeps over all labels let early ones move again. Deterministic: no random start.

    Args:
        anchors: Positions of the n markers, in points.
        sizes: Width and height of the n labels, in points.
        frame: Area for the labels, in points.
        obstacles: Areas they should not cover, in points.
        spots: Additional candidate centres of each label, such as the ends of an error bar.

    Returns:
        The n centres, in points.
    """
    walls = np.array([[*item.box, item.cost] for item in obstacles]).reshape(-1, 5)
    choices = []
    for index, (anchor, size) in enumerate(zip(anchors, sizes, strict=True)):
        candidates = [*_candidates(anchor, size)]
        candidates += [(spot, _SPOT_COST) for spot in (spots[index] if spots else ())]
        boxes = np.array([_around(centre, size) for centre, _ in candidates])
        base = np.array([cost for _, cost in candidates])
        outside = _OUTSIDE_COST * (_overlaps(boxes, np.array([frame])) < 0.999)[:, 0]
        choices.append((boxes, base + outside + _wall_costs(boxes, walls)))
    chosen = np.full((len(anchors), 4), np.nan)
    for _ in range(_SWEEPS):
        for index, (boxes, fixed) in enumerate(choices):
            others = np.delete(chosen, index, axis=0)
            others = others[~np.isnan(others[:, 0])]
            labels = _LABEL_COST * _overlaps(boxes, others).sum(axis=1)
            chosen[index] = boxes[np.argmin(fixed + labels)]
    return [_centre(box) for box in chosen.tolist()]


def _wall_costs(boxes: NDArray[np.float64], walls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each candidate of a label costs by the obstacles that it covers.

    Args:
        boxes: float64 [c, 4], the candidates.
        walls: float64 [n, 5], box and cost of each obstacle; there may be thousands.

    Returns:
        float64 [c].
    """
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    near = walls[((walls[:, :2] < high) & (walls[:, 2:4] > low)).all(axis=1)]
    across, up = (boxes[0, 2:] - boxes[0, :2]).tolist()
    factor = max(1.0, across / (2 * up))  # a line through a long label is no smaller a fault
    costs: NDArray[np.float64] = _overlaps(boxes, near[:, :4]) @ near[:, 4] * factor
    return costs


def _candidates(anchor: tuple[float, float], size: tuple[float, float]) -> Iterator[Candidate]:
    """Yield centres around an anchor, each with the cost of its distance."""
    for radius in _RADII:
        for rank, angle in enumerate(_ANGLES):
            reach = radius + (size[0] - size[1]) / 2 * abs(math.cos(angle))
            centre = (anchor[0] + reach * math.cos(angle), anchor[1] + radius * math.sin(angle))
            yield centre, _DISTANCE_COST * (radius - _RADII[0]) + 0.004 * rank


def _around(centre: tuple[float, float], size: tuple[float, float]) -> Box:
    across, up = size[0] / 2, size[1] / 2
    return centre[0] - across, centre[1] - up, centre[0] + across, centre[1] + up


def _centre(box: Sequence[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _overlaps(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which share of each of c boxes each of n others covers, float64 [c, n]."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    shares: NDArray[np.float64] = np.maximum(high - low, 0).prod(axis=2) / areas[:, None]
    return shares
