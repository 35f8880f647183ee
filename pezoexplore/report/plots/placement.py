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
        cost: Cost if it covers the whole area of a label.
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
    boxes: list[Box | None] = [None] * len(anchors)
    candidates = [
        [
            *_candidates(anchor, size),
            *((spot, _SPOT_COST) for spot in (spots[index] if spots else ())),
        ]
        for index, (anchor, size) in enumerate(zip(anchors, sizes, strict=True))
    ]
    walls = np.array([[*item.box, item.cost] for item in obstacles]).reshape(-1, 5)
    fixed = [
        _fixed_costs(choice, size, frame, walls)
        for choice, size in zip(candidates, sizes, strict=True)
    ]
    for _ in range(_SWEEPS):
        for index, size in enumerate(sizes):
            others = [box for other, box in enumerate(boxes) if other != index and box is not None]
            boxes[index] = _best_box(candidates[index], fixed[index], size, others)
    return [_centre(box) for box in boxes if box is not None]


def _fixed_costs(
    candidates: Sequence[Candidate],
    size: tuple[float, float],
    frame: Box,
    walls: NDArray[np.float64],
) -> list[float]:
    """Return the cost of each candidate by distance, frame and obstacles, without other labels.

    Args:
        candidates: Centres, each with the cost of its distance.
        size: Width and height of the label.
        frame: Area for the label.
        walls: float64 [n, 5], box and cost of each obstacle; there may be thousands.
    """
    costs = []
    for centre, base in candidates:
        box = _around(centre, size)
        width = np.minimum(box[2], walls[:, 2]) - np.maximum(box[0], walls[:, 0])
        height = np.minimum(box[3], walls[:, 3]) - np.maximum(box[1], walls[:, 1])
        covered = np.maximum(width, 0) * np.maximum(height, 0) / (size[0] * size[1])
        outside = _OUTSIDE_COST * (_overlap(box, frame) < 0.999)
        costs.append(base + outside + float(walls[:, 4] @ covered))
    return costs


def _candidates(anchor: tuple[float, float], size: tuple[float, float]) -> Iterator[Candidate]:
    """Yield centres around an anchor, each with the cost of its distance."""
    for radius in _RADII:
        for rank, angle in enumerate(_ANGLES):
            reach = radius + (size[0] - size[1]) / 2 * abs(math.cos(angle))
            centre = (anchor[0] + reach * math.cos(angle), anchor[1] + radius * math.sin(angle))
            yield centre, _DISTANCE_COST * (radius - _RADII[0]) + 0.004 * rank


def _best_box(
    candidates: Sequence[Candidate],
    fixed: Sequence[float],
    size: tuple[float, float],
    others: Sequence[Box],
) -> Box:
    best, best_cost = _around(candidates[0][0], size), math.inf
    for (centre, _), cost in zip(candidates, fixed, strict=True):
        if cost >= best_cost:
            continue
        box = _around(centre, size)
        total = cost + _LABEL_COST * sum(_overlap(box, other) for other in others)
        if total < best_cost:
            best, best_cost = box, total
    return best


def _around(centre: tuple[float, float], size: tuple[float, float]) -> Box:
    across, up = size[0] / 2, size[1] / 2
    return centre[0] - across, centre[1] - up, centre[0] + across, centre[1] + up


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _overlap(box: Box, other: Box) -> float:
    """Return the share of a box that another one covers."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / ((box[2] - box[0]) * (box[3] - box[1]))
