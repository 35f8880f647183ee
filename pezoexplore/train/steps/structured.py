"""Structured directions: of each weight matrix a sum of outer products of the stream's words.

With rank r the direction of a matrix of m rows and n columns is

    Z = c / sqrt(r) sum_{k=1..r} u_k v_k^T,

u_k of m and v_k of n consecutive words of the stream, u_1 v_1 u_2 v_2 and so on: r (m + n) numbers
instead of m n (LOZO, arXiv 2410.07698; EGGROLL, arXiv 2511.16652). c is what makes the entries of
Z vary as dense words do: with scaled words of variance 1, as with ``scaling: constant``, it is 1;
without scaling it is one over their deviation. A tensor of more than two axes is a matrix whose
columns are its last axis (of a convolution the output channels). Vectors such as biases are dense,
and so is a matrix that has no more weights than its vectors would have words.

Words are taken in the order of the flat weights; every step starts on a beat, as with dense ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pezoexplore.design.point import DesignPoint
from pezoexplore.streams.stream import Directions, Stream
from pezoexplore.train.networks.network import Block
from pezoexplore.train.steps.scope import scope_of
from pezoexplore.train.task import Task


@dataclass(frozen=True)
class Layout:
    """Where the words of a step go.

    Attributes:
        blocks: The network's tensors in the order of the flat weights, without gaps.
        rank: Outer products of a matrix, r.
    """

    blocks: tuple[Block, ...]
    rank: int

    def vectors(self, block: Block) -> tuple[int, int]:
        """Return rows and columns of a tensor made of outer products; (0, 0) of a dense one."""
        if len(block.shape) < 2:
            return 0, 0
        columns = block.shape[-1]
        rows = block.size // columns
        return (rows, columns) if self.rank * (rows + columns) < block.size else (0, 0)

    @cached_property
    def numbers(self) -> int:
        """Words of a direction."""
        return sum(self.rank * sum(self.vectors(block)) or block.size for block in self.blocks)

    def expanded(self, words: NDArray[Any], unit: float) -> NDArray[np.float32]:
        """Return directions [..., d] in the units of the words [..., numbers].

        Args:
            words: Values of the stream.
            unit: One over their deviation.
        """
        size = self.blocks[-1].stop
        found = np.empty((*words.shape[:-1], size), np.float32)
        at = 0
        for block in self.blocks:
            rows, columns = self.vectors(block)
            entries = found[..., block.start : block.stop]
            if not rows:
                entries[...] = words[..., at : at + block.size]
                at += block.size
                continue
            total = np.zeros((*words.shape[:-1], rows, columns), np.float32)
            for _ in range(self.rank):
                row = words[..., at : at + rows].astype(np.float32)
                column = words[..., at + rows : at + rows + columns].astype(np.float32)
                total += row[..., :, None] * column[..., None, :]
                at += rows + columns
            factor = np.float32(unit / np.sqrt(self.rank))
            entries[...] = (total * factor).reshape(entries.shape)
        return found


class StructuredDirections:
    """Makes the structured directions of each training step, for several seeds at once.

    Attributes:
        scale: z = values * scale.
    """

    def __init__(self, point: DesignPoint, layout: Layout, seeds: Sequence[int]) -> None:
        """Build the streams of a point, one a master seed."""
        self._dense = Directions.of(point, layout.numbers, seeds)
        self._layout, self.scale = layout, self._dense.scale
        scaled = replace(point, scaling="constant") if point.family.scaled else point
        self._unit = Stream(scaled).value_scale

    def block(self, first_step: int, steps: int) -> NDArray[np.float32]:
        """Return the values of a run of steps, [steps, seeds, d]."""
        return self._layout.expanded(self._dense.block(first_step, steps), self._unit)


def layout_of(point: DesignPoint, task: Task) -> Layout | None:
    """Return the layout of a point's structured directions on a task; None of dense ones."""
    if not point.outer_products:
        return None
    scope = scope_of(point, task)
    return Layout(scope.blocks if scope else task.model.blocks, point.outer_products)


def numbers_of(point: DesignPoint, task: Task) -> int | None:
    """Return the numbers that a direction takes from the stream; None: one for each weight."""
    numbered = layout_of(point, task) or scope_of(point, task)
    return numbered.numbers if numbered else None
