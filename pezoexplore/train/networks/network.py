"""The interface of networks: flat weights in, outputs out, cut at the layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = Any
"""A NumPy or JAX array (JAX is imported late)."""

Loss: TypeAlias = Callable[[Array, Array], Array]
"""Losses of examples, [n], from outputs [n, ...] and targets [n, ...]."""


@dataclass(frozen=True)
class Block:
    """One weight or bias tensor within the flat weights.

    Attributes:
        name: Such as ``conv1.weight``.
        start: Index of its first weight.
        shape: Its shape, row-major.
        layer: Number of its layer, from 0.
    """

    name: str
    start: int
    shape: tuple[int, ...]
    layer: int

    @property
    def size(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)

    @property
    def stop(self) -> int:
        """Index after its last weight."""
        return self.start + self.size

    def of(self, flat: Array) -> Array:
        """Return the tensor [..., *shape] within flat weights [..., d]."""
        return flat[..., self.start : self.stop].reshape(*flat.shape[:-1], *self.shape)


class Network(Protocol):
    """A network whose functions JAX can trace, one replica at a time; map over weights for more.

    Implementations are frozen and hashable: they are keys of compiled functions.
    """

    @property
    def parameters(self) -> int:
        """Number of weights d."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its tensors in the order of the flat weights, without gaps."""

    @property
    def layers(self) -> int:
        """Number of layers, from each of which a forward pass can restart."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one example's forward pass."""

    def init(self, seed: int) -> NDArray[np.float32]:
        """Return the initial weights of a training seed, float32 [d]."""

    def outputs(self, flat: Array, inputs: Array) -> Array:
        """Compute outputs [n, classes] at weights [d] on stored inputs [n, ...]."""

    def prefix(self, flat: Array, inputs: Array, layer: int) -> Array:
        """Compute the input of a layer: of layer 0 the scaled inputs [n, ...].

        The layout of others is the network's choice, for :meth:`suffix` of the same layer only;
        the size is the number of activations in every layout.
        """

    def suffix(self, flat: Array, entering: Array, layer: int) -> Array:
        """Compute outputs from the input of a layer: ``outputs`` is ``suffix`` of ``prefix``."""


def tensors_of(blocks: tuple[Block, ...], flat: Array, layer: int) -> list[Array]:
    """Return the tensors of a layer within flat weights [..., d], in order."""
    return [block.of(flat) for block in blocks if block.layer == layer]


def layout(shapes: list[tuple[str, tuple[int, ...], int]]) -> tuple[Block, ...]:
    """Lay out blocks one after the other.

    Args:
        shapes: (name, shape, layer) of each, in the order of the flat weights.
    """
    blocks: list[Block] = []
    for name, shape, layer in shapes:
        blocks.append(Block(name, blocks[-1].stop if blocks else 0, shape, layer))
    return tuple(blocks)
